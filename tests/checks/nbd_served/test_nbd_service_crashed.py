"""xapi-nbd ended without being told to, could not start, or had to be killed."""

import pytest

from analyzer.model.finding import Basis, Confidence, Finding, Severity
from analyzer.model.host import ServiceStates
from analyzer.model.source import Source
from tests.checks.support import JUPITER, SATURN, CaseBuilder, network
from tests.rebuilt.nbd.nbd_log import NbdLog

RULE = "nbd-service-crashed"
KILLED = "xapi-nbd.service: main process exited, code=killed, status=9/KILL"
EXITED = "xapi-nbd.service: main process exited, code=exited, status=2/INVALIDARGUMENT"
FAILED = "Unit xapi-nbd.service entered failed state."
LIMIT = "start request repeated too quickly for xapi-nbd.service"
ADDRESS = 'Caught unexpected exception: Unix.Unix_error(Unix.EADDRINUSE, "bind", "")'
LOGIN = (
    "Caught unexpected exception: "
    'Failure("Failed to log in via xapi\'s Unix domain socket in 300.000000 seconds")'
)
BOOT = "10:30:00 kernel: [    0.000000] Linux version 4.19.0+1"


def begin(log: NbdLog) -> NbdLog:
    return log.say("Starting xapi-nbd: port = '10809'; certfile = '/etc/xensource/xapi-ssl.pem'")


def built(log: NbdLog) -> CaseBuilder:
    return CaseBuilder().host().daemon_log(log.text)


def only(log: NbdLog) -> Finding:
    (finding,) = built(log).examine(RULE).findings
    return finding


def test_killed_and_back_is_a_warning_that_says_since_when() -> None:
    finding = only(NbdLog().start().systemd(KILLED).systemd(FAILED).process(1300).start())
    assert finding.severity is Severity.WARNING
    assert "was killed" in finding.title
    assert "status=9/KILL" in finding.detail
    assert "listened again at 2024-06-10 10:00:11 UTC" in finding.detail
    assert (finding.subjects[0].uuid, finding.count) == (JUPITER, 1)


def test_killed_and_gone_is_an_error() -> None:
    finding = only(NbdLog().start().systemd(KILLED))
    assert finding.severity is Severity.ERROR
    assert "no NBD client is served" in finding.detail


def test_service_shown_failed_is_quoted_beside_the_crash() -> None:
    log = NbdLog().start().systemd(KILLED)
    (finding,) = built(log).service("failed").examine(RULE).findings
    assert finding.basis is Basis.BOTH
    assert finding.evidence[-1].source.member == "systemctl-status.out"


def test_exit_that_nothing_announced_is_a_crash() -> None:
    finding = only(NbdLog().start().systemd(EXITED).systemd(FAILED))
    assert finding.title == "xapi-nbd ended without being told to"
    assert finding.confidence is Confidence.CERTAIN


def test_port_that_is_taken_is_named_as_that() -> None:
    log = begin(NbdLog()).say("Setting up server socket").say(ADDRESS).systemd(EXITED)
    assert "its port was taken" in only(log).title


@pytest.mark.parametrize(
    "exception",
    [
        "Ssl.Certificate_error(_)",
        "Ssl.Private_key_error(_)",
        'Failure("Please supply a certfile argument")',
        'Unix.Unix_error(Unix.ENOENT, "open", "/etc/xensource/xapi-ssl.pem")',
    ],
)
def test_certificate_that_cannot_be_used_is_named_as_that(exception: str) -> None:
    log = begin(NbdLog()).say(f"Caught unexpected exception: {exception}").systemd(EXITED)
    finding = only(log)
    assert "TLS certificate" in finding.title
    assert exception in finding.detail


def test_xapi_that_did_not_answer_is_blamed_and_costs_little_once_it_is_back() -> None:
    finding = only(begin(NbdLog()).say(LOGIN).systemd(EXITED).process(1300).start())
    assert finding.severity is Severity.INFO
    assert "The fault is with xapi" in finding.detail


def test_crash_in_a_loop_is_one_finding() -> None:
    log = NbdLog()
    for pid in range(2000, 2010):
        begin(log.process(pid)).say(ADDRESS).systemd(EXITED).systemd(FAILED).wait(10)
    finding = only(log)
    assert finding.count == 10
    assert len(finding.evidence) <= 6


def test_different_ends_are_different_findings() -> None:
    log = begin(NbdLog()).say(ADDRESS).systemd(EXITED).process(1300).start().systemd(KILLED)
    assert len(built(log).examine(RULE).findings) == 2


def test_start_limit_alone_is_told() -> None:
    log = NbdLog().start().signal().stopped().wait(300).systemd(LIMIT).systemd(FAILED)
    assert only(log).title == "systemd gave up starting xapi-nbd"


def test_stop_that_hung_is_told_and_is_no_crash() -> None:
    log = NbdLog().start().signal().wait(85)
    log.systemd("xapi-nbd.service stop-sigterm timed out. Killing.").systemd(KILLED)
    log.systemd(FAILED).process(1300).start()
    finding = only(log)
    assert "did not stop" in finding.title
    assert finding.severity is Severity.WARNING


def test_stop_that_hung_while_the_host_went_down_is_no_finding() -> None:
    log = NbdLog().start().signal().wait(85)
    log.systemd("xapi-nbd.service stop-sigterm timed out. Killing.").systemd(KILLED)
    log.at("10:31:00").process(900).start()
    assert built(log).kern_log(BOOT).examine(RULE).findings == ()


def test_start_that_never_came_to_listen_is_likely() -> None:
    finding = only(begin(NbdLog()).say("Initialising TLS"))
    assert "never listened" in finding.title
    assert finding.confidence is Confidence.LIKELY


@pytest.mark.parametrize(
    "log",
    [
        pytest.param(begin(NbdLog(start="19:50:00")), id="the log ends too soon"),
        pytest.param(begin(NbdLog()).open(1), id="it serves a client, so it listens"),
        pytest.param(NbdLog().say("Initialising TLS"), id="the start was not seen"),
        pytest.param(begin(NbdLog()).process(1300).start(), id="another start followed"),
    ],
)
def test_start_without_listening_that_proves_nothing(log: NbdLog) -> None:
    examined = built(log).examine(RULE)
    assert (examined.findings, examined.gaps) == ((), ())


@pytest.mark.parametrize(
    "log",
    [
        pytest.param(NbdLog().start().signal().stopped(), id="a stop"),
        pytest.param(
            NbdLog().start().signal().systemd(EXITED).systemd(FAILED),
            id="a stop of an old release",
        ),
        pytest.param(NbdLog().start().signal().stopped().process(1300).start(), id="a restart"),
        pytest.param(NbdLog().start().process(1300).start(), id="an end that nothing shows"),
        pytest.param(
            NbdLog().start().open(1).caught("End_of_file").open(2).close(2), id="a busy day"
        ),
        pytest.param(
            NbdLog().systemd("Unit xapi-nbd.path entered failed state."), id="another unit"
        ),
    ],
)
def test_what_is_no_crash(log: NbdLog) -> None:
    examined = built(log).examine(RULE)
    assert (examined.findings, examined.gaps) == ((), ())


def test_host_that_lost_power_did_not_crash_xapi_nbd() -> None:
    log = NbdLog().start().at("10:31:00").process(900).start()
    assert built(log).kern_log(BOOT).examine(RULE).findings == ()


def test_end_at_the_very_beginning_of_the_log_may_follow_a_stop() -> None:
    examined = built(NbdLog(start="00:00:20").systemd(EXITED).systemd(FAILED)).examine(RULE)
    assert examined.findings == ()
    assert "begins when xapi-nbd had just ended" in examined.gaps[0].why


def test_shown_failed_without_any_line_is_a_gap() -> None:
    examined = CaseBuilder().host().service("failed").examine(RULE)
    assert (examined.findings, len(examined.gaps)) == ((), 1)


def test_shown_failed_after_a_stop_is_the_other_rule_s() -> None:
    examined = built(NbdLog().start().signal()).service("failed").examine(RULE)
    assert (examined.findings, examined.gaps) == ((), ())


def test_crash_costs_nothing_where_nobody_uses_nbd() -> None:
    log = NbdLog().start().systemd(KILLED)
    (finding,) = built(log).database(network()).examine(RULE).findings
    assert finding.severity is Severity.INFO


def test_each_host_is_judged_by_itself() -> None:
    case = built(NbdLog().start().systemd(KILLED)).host("saturn", SATURN)
    findings = case.daemon_log(NbdLog().start().text).examine(RULE).findings
    assert [finding.subjects[0].uuid for finding in findings] == [JUPITER]


def test_process_that_runs_at_capture_is_said_to_run() -> None:
    case = built(NbdLog().start().systemd(KILLED))
    source = Source(bundle="jupiter", member="systemctl-status.out")
    running = ServiceStates(
        source=source, complete=True, services=(), running=("xapi-nbd.service",)
    )
    (finding,) = case.shows(services=running).examine(RULE).findings
    assert "ran again when the report was taken" in finding.detail
    assert finding.severity is Severity.WARNING


def test_steps_fit_what_ended_it() -> None:
    text = 'Caught unexpected exception: Unix.Unix_error(Unix.EADDRINUSE, "bind", "")'
    finding = only(NbdLog().start().say(text))
    steps = " ".join(step.step for step in finding.action)
    assert "ss -tlnp" in steps
    assert "openssl" not in steps
