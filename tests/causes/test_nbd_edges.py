"""The shipped edges of NBD and of busy SRs: what is joined, and what is left alone."""

from dataclasses import replace

import pytest

from analyzer.case.case import Case
from analyzer.causes import find_causes, load_edges
from analyzer.model.finding import Evidence, Finding
from analyzer.model.report import Cause
from analyzer.model.source import Source
from tests.causes.test_causes import finding, outcomes
from tests.checks.support import (
    JUPITER,
    OTHER_VDI,
    POOL,
    SATURN,
    SNAPSHOT,
    SR,
    VDI,
    CaseBuilder,
    at,
    control_domain,
    examine,
    sr,
    vbd,
    vdi,
)

LEFT = "vdi-left-attached-to-dom0"
VBD = "3f0b7c9e-52d4-4e0a-9a44-6d1f0c2b8e17"
STARTED = "xapi-nbd[5102]: main: Starting xapi-nbd: port = '10809'; certfile = 'x'\n"


def case(daemon: str = "") -> Case:
    rows = (sr(), vdi(), vdi(OTHER_VDI), vdi(SNAPSHOT, is_a_snapshot=True))
    return CaseBuilder().host().database(*rows).daemon_log(daemon).build()


def found(
    rule: str, when: str | None, *subjects: tuple[str, str], last: str | None = None
) -> Finding:
    log = "var/log/daemon.log" if rule.startswith("nbd") else "var/log/xensource.log"
    return finding(rule, subjects, when=when, last=last, title=rule, member=log)


def told(built: Case, *findings: Finding) -> tuple[Cause, ...]:
    return find_causes(outcomes(*findings), built, load_edges())[1]


def is_explained(built: Case, cause: Finding, effect: Finding) -> bool:
    """Tell whether the two are one cause, told by the first."""
    causes = told(built, cause, effect)
    if len(causes) == 1:
        assert causes[0].title.startswith(cause.title)
    return len(causes) == 1


HOST, SATURNS, DISK = ("Host", JUPITER), ("Host", SATURN), ("VDI", SNAPSHOT)


def test_crash_of_the_server_explains_what_it_left_attached() -> None:
    crash = found("nbd-service-crashed", "13:00:00", HOST)
    assert is_explained(case(), crash, found(LEFT, "13:00:00", DISK, HOST))


def test_crash_of_another_host_does_not() -> None:
    crash = finding(
        "nbd-service-crashed",
        (SATURNS,),
        when="13:00:00",
        title="crash",
        bundle="saturn",
        member="var/log/daemon.log",
    )
    assert not is_explained(case(), crash, found(LEFT, "13:00:00", DISK, HOST))


def test_crash_before_the_plug_by_a_month_does_not() -> None:
    later = found(LEFT, None, DISK, HOST)
    crash = found("nbd-service-crashed", "13:00:00", HOST)
    assert not is_explained(case(), crash, later)


def test_crash_and_leftover_of_real_lines_are_one_cause() -> None:
    log = (
        "13:32:41 xapi-nbd[3102]: main: Got new client\n"
        f"13:32:42 xapi-nbd[3102]: main: Plugging VBD OpaqueRef:{VBD}\n"
        "15:00:00 systemd[1]: xapi-nbd.service: main process exited, code=killed, status=9/KILL\n"
        "15:00:00 systemd[1]: Unit xapi-nbd.service entered failed state.\n"
    )
    rows = (sr(), vdi(SNAPSHOT, is_a_snapshot=True), control_domain(), vbd(VBD))
    built = CaseBuilder().host().database(*rows).daemon_log(log).build()
    (left,) = examine(built, LEFT).findings
    crash = found("nbd-service-crashed", "15:00:00", HOST)
    assert is_explained(built, crash, left)


def test_left_disk_explains_that_its_changed_blocks_were_refused() -> None:
    left = found(LEFT, "13:00:00", DISK, HOST)
    refused = found("cbt-list-target-attached", "14:00:00", DISK)
    other = found("cbt-list-target-attached", "14:00:00", ("VDI", VDI))
    assert is_explained(case(), left, refused)
    assert not is_explained(case(), left, other)


def test_left_disk_explains_the_limit_of_its_host() -> None:
    left = found(LEFT, "13:00:00", DISK, HOST)
    assert is_explained(case(), left, found("nbd-connection-limit", "18:00:00", HOST))


def test_disk_left_on_one_host_does_not_explain_the_limit_of_another() -> None:
    left = found(LEFT, "13:00:00", DISK, HOST)
    elsewhere = Evidence(
        source=Source(bundle="saturn", member="var/log/SMlog", line=9), text="…", at=at("13:00:00")
    )
    left = replace(left, evidence=(*left.evidence, elsewhere))
    built = CaseBuilder().host().host("saturn", SATURN).build()
    limit = finding("nbd-connection-limit", (SATURNS,), when="18:00:00", bundle="saturn")
    assert not is_explained(built, left, limit)


def test_disk_left_explains_the_limit_that_its_connection_filled_even_after_a_start() -> None:
    left = found(LEFT, "13:00:00", DISK, HOST)
    limit = found("nbd-connection-limit", "18:00:00", HOST, DISK)
    assert is_explained(case(f"15:00:00 {STARTED}"), left, limit)


def test_start_of_the_server_in_between_refutes_it() -> None:
    left = found(LEFT, "13:00:00", DISK, HOST)
    limit = found("nbd-connection-limit", "18:00:00", HOST)
    assert not is_explained(case(f"15:00:00 {STARTED}"), left, limit)


def test_descriptors_that_ran_out_explain_the_crash() -> None:
    leak = found("nbd-descriptor-leak", "13:00:00", HOST)
    assert is_explained(case(), leak, found("nbd-service-crashed", "13:00:01", HOST))
    assert not is_explained(case(), leak, found("nbd-service-crashed", "15:00:01", HOST))


@pytest.mark.parametrize(("when", "explained"), [("15:30:00", True), ("19:00:00", False)])
def test_busy_sr_explains_sessions_that_end_in_its_time(when: str, *, explained: bool) -> None:
    busy = found("sr-busy-retry", "13:00:00", ("SR", SR), ("Pool", POOL), last="14:00:00")
    invalid = found("nbd-session-invalid", when, HOST, ("Pool", POOL))
    assert is_explained(case(), busy, invalid) is explained


def test_missing_log_explains_that_there_is_no_metadata() -> None:
    missing = found("cbt-log-missing", None, DISK)
    refused = found("cbt-destroy-cbt-not-enabled", "14:00:00", DISK)
    assert is_explained(case(), missing, refused)
