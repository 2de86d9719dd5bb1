"""A disk could not be attached for a client, or not be let go, or not be read."""

import pytest

from analyzer.model.finding import Confidence, Finding, Severity
from analyzer.model.goal import Standing
from tests.checks.support import JUPITER, SNAPSHOT, VDI, CaseBuilder, vbd, vdi
from tests.rebuilt.nbd.nbd_log import NbdLog, ref, uuid

RULE, READ = "nbd-attach-refused", "nbd-read-failed"
IN_USE = f"Server_error(VDI_IN_USE, [ OpaqueRef:{VDI}; attach ])"
BROKEN = (
    "Server_error(SR_BACKEND_FAILURE_46, [ ; The VDI is not available "
    f"[opterr=VDI {VDI} unavailable]; ])"
)
PARTIAL = 'Failure("Partial failure during a Block.read: Disconnected; terminating the session")'


def built(log: NbdLog) -> CaseBuilder:
    return CaseBuilder().host().daemon_log(log.text).database(vdi())


def only(log: NbdLog, rule: str = RULE) -> Finding:
    (finding,) = built(log).examine(rule).findings
    return finding


def refused(exception: str = IN_USE) -> NbdLog:
    return NbdLog().start().client().accepted().plug(1).destroy(1).caught(exception)


def test_refused_plug_names_the_disk_and_the_error() -> None:
    finding = only(refused())
    assert "web-01 0" in finding.title
    assert "VDI_IN_USE" in finding.detail
    assert [subject.uuid for subject in finding.subjects] == [JUPITER, VDI]
    assert (finding.severity, finding.confidence) == (Severity.ERROR, Confidence.CERTAIN)


def test_error_of_the_storage_is_told_with_its_words() -> None:
    assert "unavailable" in only(refused(BROKEN)).detail


def test_refused_create_is_told_too() -> None:
    log = NbdLog().start().client().accepted().caught(IN_USE)
    assert "refused to attach" in only(log).detail


def test_error_before_the_disk_was_to_be_attached_is_not_called_an_attach() -> None:
    finding = only(NbdLog().start().client().caught("Server_error(HOST_STILL_BOOTING, [  ])"))
    assert "attach" not in finding.title
    assert "HOST_STILL_BOOTING" in finding.detail
    assert finding.severity is Severity.WARNING


def test_disk_that_nothing_names_is_told_without_one() -> None:
    log = NbdLog().start().client().accepted().caught("Server_error(NO_HOSTS_AVAILABLE, [  ])")
    finding = only(log)
    assert [subject.type for subject in finding.subjects] == ["Host"]
    assert not any("{" in step.step for step in finding.action)


def test_many_tries_are_one_finding() -> None:
    log = refused()
    for _ in range(5):
        log.client().accepted().plug(2).destroy(2).caught(IN_USE)
    assert only(log).count == 6


def tried_again(log: NbdLog) -> Finding:
    """Return the finding where VBD 5 of the log is of the same disk."""
    task = "VBD.create R:03a940e24a95"
    asked = f"10:00:12 xapi: [ info||4 UNIX /x|{task}|message_forwarding] VBD.create: VM = '{SNAPSHOT} (dom0)'; VDI = '{VDI}'"
    made = f"10:00:12 xapi: [debug||4 UNIX /x|{task}|xapi_vbd] VBD.create (device = autodetect; uuid = {SNAPSHOT}; ref = {ref(5)})"
    (finding,) = built(log).xensource_log(f"{asked}\n{made}").examine(RULE).findings
    return finding


def test_try_that_worked_soon_after_makes_it_a_warning() -> None:
    finding = tried_again(refused().open(5).close(5))
    assert finding.severity is Severity.WARNING
    assert "worked" in finding.detail


def test_disk_that_was_served_later_shows_that_it_is_over() -> None:
    finding = tried_again(refused().wait(7200).open(5))
    assert (finding.severity, finding.state) == (Severity.ERROR, Standing.OVER)
    assert (finding.over_since, "Serving" in finding.evidence[-1].text) == (
        finding.evidence[-1].at,
        True,
    )


def test_another_disk_that_was_served_later_shows_nothing() -> None:
    assert tried_again(refused().wait(7200).open(6)).state is Standing.UNKNOWN


def test_try_that_worked_before_by_the_log_is_no_later_one() -> None:
    log = NbdLog(start="10:20:00").start().open(5).close(5).at("10:00:20").client().accepted()
    finding = tried_again(log.plug(1).destroy(1).caught(IN_USE))
    assert finding.severity is Severity.ERROR


def test_try_worked_though_its_client_left_without_a_word() -> None:
    log = refused().open(5).unplug(5).destroy(5).caught("End_of_file")
    assert tried_again(log).severity is Severity.WARNING


def test_try_works_while_it_is_served() -> None:
    assert tried_again(refused().open(5)).severity is Severity.WARNING


def test_try_that_is_still_being_plugged_has_not_worked_yet() -> None:
    log = refused().client().accepted().plug(5)
    assert tried_again(log).severity is Severity.ERROR


def test_device_that_did_not_appear_is_a_case_of_its_own() -> None:
    log = NbdLog().start().client().accepted().plug(1).unplug(1).destroy(1)
    log.caught('Unix.Unix_error(Unix.ENOENT, "open", "/dev/sm/backend/x")')
    assert "its device did not appear" in only(log).title


def test_disk_that_could_not_be_let_go_is_a_case_of_its_own() -> None:
    log = NbdLog().start().open(1).close(1).caught("Server_error(DEVICE_DETACH_REJECTED, [ x ])")
    assert "could not be let go" in only(log).title


@pytest.mark.parametrize(
    "exception",
    [
        "End_of_file",
        "Server_error(SESSION_INVALID, [ OpaqueRef:0c1d2e3f-4a5b-4c6d-8e7f-90a1b2c3d4e5 ])",
        f"Server_error(UUID_INVALID, [ VDI; {SNAPSHOT} ])",
        'Failure("Server busy: already at maximum 16 connections.")',
        "Ssl.Accept_error(Ssl.Error_ssl)",
    ],
)
def test_client_s_own_mistake_is_not_blamed_on_the_disk(exception: str) -> None:
    log = NbdLog().start().client().caught(exception)
    assert built(log).examine(RULE).findings == ()


def test_what_fails_because_the_server_stops_is_no_finding() -> None:
    log = NbdLog().start().open(1).signal().unplug(1).destroy(1).caught(IN_USE).stopped()
    assert built(log).examine(RULE).findings == ()


def test_failed_read_names_the_host() -> None:
    log = NbdLog().start().open(1).unplug(1).destroy(1).caught(PARTIAL)
    finding = only(log, READ)
    assert finding.severity is Severity.ERROR
    assert "Partial failure" in finding.detail
    assert any(ref(1) in evidence.text for evidence in finding.evidence)


def test_failed_read_of_a_known_disk_names_it() -> None:
    log = NbdLog().start().open(1).unplug(1).destroy(1).caught(PARTIAL)
    call = f"10:00:09 SM: [99] vdi_activate {{'args': ['false'], 'vdi_uuid': '{VDI}', 'sr_uuid': 'x', 'command': 'vdi_activate'}}"
    (finding,) = built(log).smlog(call).examine(READ).findings
    assert [subject.uuid for subject in finding.subjects] == [JUPITER, VDI]
    assert finding.confidence is Confidence.LIKELY


def test_read_that_the_stop_broke_off_is_no_finding() -> None:
    log = NbdLog().start().open(1).signal(ref(1)).caught(PARTIAL).stopped()
    assert built(log).examine(READ).findings == ()


def test_clients_that_end_in_order_are_no_finding() -> None:
    log = NbdLog().start().open(1).close(1).client().caught("End_of_file")
    assert built(log).examine(READ).findings == ()
    assert built(log).examine(RULE).findings == ()


def test_steps_after_a_failed_release_are_about_the_vbd_and_not_the_backup() -> None:
    rows = (vdi(), vbd(uuid(1), VDI, ref=ref(1)))
    log = NbdLog().start().open(1).close(1).caught("Server_error(DEVICE_DETACH_REJECTED, [ x ])")
    builder = CaseBuilder().host().daemon_log(log.text).database(*rows)
    (finding,) = builder.examine(RULE).findings
    steps = " ".join(step.step for step in finding.action)
    assert "vbd-unplug" in steps
    assert "Run the backup" not in steps


def test_steps_after_a_refused_plug_are_about_the_backup() -> None:
    steps = " ".join(step.step for step in only(refused()).action)
    assert "Run the backup of disk web-01 0" in steps
    assert "vbd-unplug" not in steps
