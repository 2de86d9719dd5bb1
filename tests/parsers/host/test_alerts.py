"""Alerts as xapi stores them."""

from datetime import UTC, datetime

import pytest

from analyzer.model.host import Alert
from analyzer.parsers.host import alerts
from tests.parsers.memory_member import facts, problems

DISK = "6b0c1a3e-52d7-4f19-8c55-0d9e61f7a2b4"
UUID = "0f3a8f0e-5a0c-4a88-9a46-35d5f3a3a3c1"
PATH = f"var/xapi/blobs/messages/VDI/{DISK}/1732269961.00000"
BODY = f"Changed Block Tracking metadata is inconsistent for disk {DISK}."
XML = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    "<message><generation>81234</generation><ref>OpaqueRef:3c1f</ref>"
    "<name>VDI_CBT_METADATA_INCONSISTENT</name><priority>3</priority><cls>VDI</cls>"
    f"<obj_uuid>{DISK}</obj_uuid><timestamp>20241122T10:06:01Z</timestamp>"
    f"<uuid>{UUID}</uuid><body>{BODY}</body></message>"
)


def alert(content: str, path: str = PATH) -> Alert:
    (found,) = facts(alerts.PARSER, path, content)
    assert isinstance(found, Alert)
    return found


def told(content: str | bytes) -> tuple[str, ...]:
    return problems(facts(alerts.PARSER, PATH, content))


@pytest.mark.parametrize(
    "path",
    [
        PATH,
        "var/xapi/blobs/messages/1732269961.00000",
        "var/xapi/blobs/messages/refs/OpaqueRef_3c1f",
        "var/xapi/blobs/messages/gen/81234",
        f"var/lib/xcp/blobs/messages/uuids/{UUID}",
    ],
)
def test_every_copy_is_claimed(path: str) -> None:
    assert alerts.PARSER.claims(path, b"")


def test_other_blobs_are_not_claimed() -> None:
    assert not alerts.PARSER.claims("var/xapi/blobs/rrds/1", b"")


def test_an_alert_is_read() -> None:
    found = alert(XML)
    assert (found.name, found.priority, found.cls) == ("VDI_CBT_METADATA_INCONSISTENT", 3, "VDI")
    assert (found.obj_uuid, found.uuid, found.body) == (DISK, UUID, BODY)


def test_its_time_is_exact() -> None:
    moment = alert(XML).moment
    assert (
        moment.at
        == moment.earliest
        == moment.latest
        == datetime(2024, 11, 22, 10, 6, 1, tzinfo=UTC)
    )
    assert moment.dated_by == "alert"


def test_it_quotes_its_line() -> None:
    found = alert(XML)
    assert found.source.line == 2
    assert found.text == XML.split("\n")[1]


def test_escapes_are_decoded() -> None:
    assert alert(XML.replace(BODY, "a &lt;b&gt; &amp; c")).body == "a <b> & c"


@pytest.mark.parametrize("priority", ["high", ""])
def test_a_priority_that_is_no_number_is_none(priority: str) -> None:
    assert alert(XML.replace("<priority>3<", f"<priority>{priority}<")).priority is None


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("", "it is empty"),
        (XML[:-30], "cut short: not the XML of an alert"),
        (XML.replace("<message>", "<!DOCTYPE message><message>"), "refused"),
        ('<!DOCTYPE x [<!ENTITY a "b">]><message/>', "refused"),
        ("<messages/>", "not an alert"),
        (XML.replace("<uuid>", "<no>").replace("</uuid>", "</no>"), "not an alert"),
        (XML.replace("20241122T", "20241322T"), "an alert without a time"),
        (XML.replace("10:06:01Z", "10:06:01"), "an alert without a time"),
        (
            '<?xml version="1.0" encoding="nonsense"?><message/>',
            "cut short: not the XML of an alert",
        ),
        (XML + " " * 2_000_000, "it is too long"),
    ],
)
def test_what_is_no_alert_is_a_problem(content: str, why: str) -> None:
    (problem,) = told(content)
    assert problem.startswith(why)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("20241122T10:06:01Z", datetime(2024, 11, 22, 10, 6, 1, tzinfo=UTC)),
        ("2024-11-22T10:06:01Z", datetime(2024, 11, 22, 10, 6, 1, tzinfo=UTC)),
        ("2024-11-22T10:06:01.25Z", datetime(2024, 11, 22, 10, 6, 1, 250000, tzinfo=UTC)),
        ("20241122T10:06:01+00:00", datetime(2024, 11, 22, 10, 6, 1, tzinfo=UTC)),
        ("20241122T10:06:01", None),
        ("20240230T10:06:01Z", None),
        ("never", None),
    ],
)
def test_times_of_all_releases_are_read(text: str, expected: datetime | None) -> None:
    assert alerts.read_time(text) == expected
