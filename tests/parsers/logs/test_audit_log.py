from datetime import UTC, datetime

import pytest

from analyzer.model.event import Level
from analyzer.parsers.logs import audit_log
from tests.parsers._member import record, scanned

PARSER = audit_log.PARSER
LINE = (
    "Nov 22 11:06:01 jupiter xapi: [20241122T10:06:01.123Z|audit||12 HTTPS|VDI.snapshot R:0123|"
    "audit] ('trackid=1' 'a' 'root' 'ALLOWED' 'OK' 'API' 'VDI.snapshot' (('vdi' 'x')))\n"
)
PLAIN = "Nov 22 11:06:01 jupiter xapi: started\n"


def test_call_is_the_message() -> None:
    found = record(PARSER, LINE)
    assert (found.level, found.task) == (Level.AUDIT, "VDI.snapshot R:0123")
    assert found.message.startswith("('trackid=1'")


def test_witness_has_local_time_and_utc() -> None:
    (witness,) = scanned(PARSER, LINE)[1].witnesses
    assert (witness.line, witness.local.hour) == (1, 11)
    assert witness.utc == datetime(2024, 11, 22, 10, 6, 1, 123000, tzinfo=UTC)


def test_first_and_last_line_of_a_block_are_witnesses() -> None:
    lines = [LINE.replace("11:06:01", f"11:06:{second:02}") for second in range(10, 40)]
    witnesses = scanned(PARSER, "".join(lines))[1].witnesses
    assert [(w.line, w.local.second) for w in witnesses] == [(1, 10), (30, 39)]


def test_witness_is_looked_for_behind_other_lines() -> None:
    witnesses = scanned(PARSER, PLAIN * 3 + LINE + PLAIN * 3)[1].witnesses
    assert [w.line for w in witnesses] == [4]


def test_rubbish_is_no_witness() -> None:
    assert scanned(PARSER, "rubbish\n" * 20)[1].witnesses == ()


@pytest.mark.parametrize(
    "text",
    [
        LINE.replace("[2024", "message repeated 2 times: [ [2024"),
        LINE.replace("20241122T", "20249922T"),
        PLAIN,
    ],
)
def test_line_that_does_not_tell_its_utc_is_no_witness(text: str) -> None:
    found = scanned(PARSER, text)[1]
    assert (found.witnesses, found.not_understood) == ((), 0)
