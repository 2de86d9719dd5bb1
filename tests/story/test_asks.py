"""Ask: a gap becomes a command of a known form, and nothing else of its text."""

from dataclasses import replace

import pytest

from analyzer.model.finding import Gap, Outcome, Severity, Verdict
from analyzer.model.host import Role
from analyzer.model.report import HostInfo
from analyzer.sources import SOURCES
from analyzer.story.asks import Asks, Form, asks_of
from tests.render.support import rich_report

SR = "1b0c5d2e-0000-4000-8000-000000000001"
DISK = "6b0c1a3e-77aa-4c1e-9d1f-5a3c2b1e0f00"
HOST = "82ec53de-63fe-4620-82bf-dce0ab9c1386"
LOG = f"/dev/VG_XenStorage-{SR}/{DISK}.cbtlog"


def _asks(*gaps: Gap) -> Asks:
    outcome = Outcome(
        rule="r",
        title="t",
        severity=Severity.ERROR,
        verdict=Verdict.CANNOT_TELL,
        reason="",
        gaps=gaps,
    )
    host = HostInfo(
        uuid=HOST,
        name="jupiter",
        role=Role.MASTER,
        product="",
        bundle="b",
        utc_offset_minutes=None,
        database="",
    )
    return asks_of(replace(rich_report(), outcomes=(outcome,), hosts=(host,)))


def _gap(need: str, settle_with: str, why: str = "why") -> Gap:
    return Gap(need=need, host="jupiter", why=why, settle_with=settle_with)


@pytest.mark.parametrize(
    ("need", "settle_with", "commands"),
    [
        ("sr_listing", f"ls -l /run/sr-mount/{SR}", [("ls", "-la", f"/run/sr-mount/{SR}")]),
        ("lvs", f"lvs VG_XenStorage-{SR}", [("lvs", "--units", "b")]),
        ("lvs", f"lvs --units b VG_XenStorage-{SR}; dmesg", [("lvs", "--units", "b")]),
        ("smlog", "xen-bugtool --entries=xenserver-logs --yestoall", [("SMlog",)]),
        ("cbtlog", f"cbt-util get -c -n {LOG}", [(LOG,)]),
        (
            "xapi_db",
            f"xe vdi-param-get uuid={DISK} param-name=snapshot-time; date",
            [("xe", "vdi-param-list", f"uuid={DISK}")],
        ),
        (
            "xapi_db",
            f"xe pbd-list sr-uuid={SR} params=host-uuid,currently-attached",
            [("xe", "pbd-list", f"sr-uuid={SR}", "params=uuid,host-uuid,currently-attached")],
        ),
        ("sockets", "ss -tnp 'dport = :10809'", [("ss", "-nampio")]),
        ("firewall", "xen-bugtool --yestoall", [("iptables", "-nvL")]),
    ],
)
def test_known_forms_become_commands(
    need: str, settle_with: str, commands: list[tuple[str, ...]]
) -> None:
    asks = _asks(_gap(need, settle_with))
    assert ([ask.command for ask in asks.asks], asks.unasked) == (commands, ())


@pytest.mark.parametrize(
    "settle_with",
    [
        f"xe vdi-param-list uuid={DISK}; rm -rf /",
        f"ls -l /run/sr-mount/{SR}/$(reboot)",
        f"cbt-util get -c -n {LOG}\nreboot",
        "xe vdi-param-list uuid=`reboot`",
        f"xe vdi-destroy uuid={DISK}",
        "cat /etc/shadow",
        "xen-bugtool --yestoall  # on saturn",
        "",
    ],
)
def test_what_has_no_known_form_is_not_asked(settle_with: str) -> None:
    asks = _asks(_gap("xapi_db", settle_with))
    assert (asks.asks, [each.settle_with for each in asks.unasked]) == ((), [settle_with])


def test_one_command_serves_all_that_want_it() -> None:
    gaps = (_gap("sockets", "ss -nampio", "a"), _gap("sockets", "ss -tnp", "b"))
    (ask,) = _asks(*gaps).asks
    assert (ask.form, ask.host, ask.why) == (Form.PLAIN, HOST, ("a", "b"))


def test_a_command_of_a_source_is_asked_of_its_host_or_has_a_reason() -> None:
    """Where a source says how it is collected, the form is known here, but for the whole ones."""
    whole = {"alerts", "bugtool_log", "inventory", "xapi_db", "cbtlog", "xe_params", "sr_listing"}
    asked = {kind.name for kind in SOURCES if _asks(_gap(kind.name, kind.settle_with)).asks}
    assert asked == {kind.name for kind in SOURCES} - whole
