from analyzer.model.finding import Basis, Confidence, Severity
from analyzer.model.host import ServiceStates
from analyzer.model.source import Source
from tests.checks.support import CAPTURED, JUPITER, SATURN, CaseBuilder

RULE = "nbd-service-failed-after-stop"
STOPPING = "13:32:40 systemd[1]: Stopping NBD server that exposes XenServer disks...\n"
SIGNAL = "13:32:40 xapi-nbd[3102]: main: Caught signal -11, cleaning up\n"
EXITED = "13:32:41 systemd[1]: xapi-nbd.service: main process exited, code=exited, status=2/INVALIDARGUMENT\n"
FAILED = "13:32:41 systemd[1]: Unit xapi-nbd.service entered failed state.\n13:32:41 systemd[1]: xapi-nbd.service failed.\n"
STARTED = "13:32:42 systemd[1]: Started NBD server that exposes XenServer disks.\n"
STORY = STOPPING + SIGNAL + EXITED + FAILED


def moved(text: str, minute: str) -> str:
    """Return the same lines at another minute of the hour."""
    return text.replace("13:32:", f"13:{minute}:")


def test_failure_after_a_stop_is_told_as_information() -> None:
    (finding,) = CaseBuilder().host().daemon_log(STORY).examine(RULE).findings
    assert finding.severity is Severity.INFO
    assert finding.action[0].step.startswith("Do not chase")


def test_several_lines_about_one_failure_count_once() -> None:
    (finding,) = CaseBuilder().host().daemon_log(STORY).examine(RULE).findings
    assert finding.count == 1


def test_stop_and_failure_are_quoted() -> None:
    (finding,) = CaseBuilder().host().daemon_log(STORY).examine(RULE).findings
    texts = " ".join(evidence.text for evidence in finding.evidence)
    assert "Caught signal" in texts
    assert "entered failed state" in texts


def test_shown_and_logged_together_are_certain() -> None:
    (finding,) = CaseBuilder().host().service("failed").daemon_log(STORY).examine(RULE).findings
    assert (finding.basis, finding.confidence) == (Basis.BOTH, Confidence.CERTAIN)


def test_shown_failed_after_a_stop_without_a_note_is_likely() -> None:
    built = CaseBuilder().host().service("failed").daemon_log(STOPPING + SIGNAL)
    (finding,) = built.examine(RULE).findings
    assert finding.confidence is Confidence.LIKELY
    assert built.examine(RULE).gaps == ()


def test_restarts_of_a_host_are_one_finding() -> None:
    log = STORY + STARTED + moved(STORY, "45")
    (finding,) = CaseBuilder().host().daemon_log(log).examine(RULE).findings
    assert finding.count == 2


def test_each_host_is_a_finding() -> None:
    built = CaseBuilder().host().daemon_log(STORY).host("saturn", SATURN).daemon_log(STORY)
    assert [f.subjects[0].uuid for f in built.examine(RULE).findings] == [JUPITER, SATURN]


def test_two_reports_of_one_host_are_one_finding() -> None:
    built = CaseBuilder().host(bundle="old", captured=CAPTURED.replace(hour=14)).daemon_log(STORY)
    (finding,) = built.host(bundle="new").daemon_log(STORY).examine(RULE).findings
    assert finding.count == 1


def test_failure_without_a_stop_is_left_to_the_rule_about_crashes() -> None:
    built = CaseBuilder().host().service("failed").daemon_log(FAILED)
    assert (built.examine(RULE).findings, built.examine(RULE).gaps) == ((), ())
    assert len(built.examine("nbd-service-crashed").findings) == 1


def test_shown_failed_with_nothing_logged_is_a_gap() -> None:
    examined = CaseBuilder().host().service("failed").examine(RULE)
    assert (examined.findings, len(examined.gaps)) == ((), 1)


def test_crash_after_a_restart_is_not_excused_by_the_stop_before() -> None:
    examined = CaseBuilder().host().daemon_log(STOPPING + STARTED + moved(FAILED, "33"))
    assert examined.examine(RULE).findings == ()
    assert len(examined.examine("nbd-service-crashed").findings) == 1


def test_failure_long_after_a_stop_is_not_excused() -> None:
    built = CaseBuilder().host().daemon_log(STOPPING + moved(FAILED, "55"))
    assert built.examine(RULE).findings == ()
    assert len(built.examine("nbd-service-crashed").findings) == 1


def test_stop_that_had_to_be_killed_is_not_excused() -> None:
    killed = "13:33:30 systemd[1]: xapi-nbd.service stop-sigterm timed out. Killing.\n"
    examined = CaseBuilder().host().daemon_log(STOPPING + killed + moved(FAILED, "33"))
    assert examined.examine(RULE).findings == ()


def test_stop_that_ended_by_timeout_is_not_excused() -> None:
    failed = "13:33:00 systemd[1]: xapi-nbd.service: Failed with result 'timeout'.\n"
    built = CaseBuilder().host().daemon_log(STOPPING + failed)
    assert built.examine(RULE).findings == ()
    assert len(built.examine("nbd-service-crashed").findings) == 1


def test_earlier_stop_hides_no_crash_behind_do_not_chase_this() -> None:
    log = STORY + STARTED + moved(FAILED, "50")
    built = CaseBuilder().host().service("failed").daemon_log(log)
    (finding,) = built.examine(RULE).findings
    assert "told by nbd-service-crashed" in finding.detail
    assert (finding.basis, finding.count) == (Basis.SYMPTOM, 1)
    assert len(built.examine("nbd-service-crashed").findings) == 1


def test_start_limit_after_a_stop_is_not_excused() -> None:
    limit = "13:33:00 systemd[1]: start request repeated too quickly for xapi-nbd.service\n"
    built = CaseBuilder().host().daemon_log(STOPPING + limit + moved(FAILED, "50"))
    assert built.examine(RULE).findings == ()
    assert len(built.examine("nbd-service-crashed").findings) == 1


def test_running_service_is_ruled_out() -> None:
    built = CaseBuilder().host().service("active").daemon_log(STOPPING + SIGNAL + STARTED)
    examined = built.examine(RULE)
    assert (examined.findings, examined.gaps, examined.not_applicable) == ((), (), "")


def test_other_unit_that_failed_is_not_ours() -> None:
    examined = CaseBuilder().host().service("failed", "ntpd.service").examine(RULE)
    assert (examined.findings, examined.gaps) == ((), ())


def test_nothing_read_is_never_not_applicable() -> None:
    assert CaseBuilder().host().examine(RULE).not_applicable == ""


def test_failed_units_that_nobody_names_are_a_gap() -> None:
    source = Source(bundle="jupiter", member="systemctl-status.out")
    states = ServiceStates(source=source, complete=True, services=(), failed_units=2)
    (gap,) = CaseBuilder().host().shows(services=states).examine(RULE).gaps
    assert "counts 2 failed units without naming them" in gap.why


def test_failed_units_of_which_ours_is_none_are_no_gap() -> None:
    source = Source(bundle="jupiter", member="systemctl-status.out")
    states = ServiceStates(
        source=source,
        complete=True,
        services=(),
        failed_units=2,
        running=("xapi-nbd.service",),
    )
    assert CaseBuilder().host().shows(services=states).examine(RULE).gaps == ()


def test_failed_units_beside_a_crash_that_was_logged_are_no_gap() -> None:
    source = Source(bundle="jupiter", member="systemctl-status.out")
    states = ServiceStates(source=source, complete=True, services=(), failed_units=1)
    built = CaseBuilder().host().daemon_log(FAILED).shows(services=states)
    assert built.examine(RULE).gaps == ()
