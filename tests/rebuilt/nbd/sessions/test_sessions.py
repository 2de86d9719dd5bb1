"""NBD as it was served: connections told apart, their ends, server lives, how many at a time."""

import pytest

from analyzer.case.case import Case
from analyzer.model.finding import Confidence
from analyzer.model.nbd import ClientTrouble, NbdSession, SessionFate
from analyzer.rebuilt.nbd.sessions.lines import caught_by
from analyzer.rebuilt.nbd.sessions.sessions import concurrency, nbd_sessions, server_runs
from tests.checks.support import JUPITER, SATURN, SNAPSHOT, VDI, CaseBuilder, vbd, vdi
from tests.rebuilt.nbd.nbd_log import NbdLog, ref, uuid

BUSY = 'Failure("Server busy: already at maximum 16 connections.")'
INVALID = "Server_error(SESSION_INVALID, [ OpaqueRef:0c1d2e3f-4a5b-4c6d-8e7f-90a1b2c3d4e5 ])"
KILLED = "xapi-nbd.service: main process exited, code=killed, status=9/KILL"
EXITED = "xapi-nbd.service: main process exited, code=exited, status=2/INVALIDARGUMENT"


def fates(case: Case) -> list[SessionFate]:
    return [session.fate for session in nbd_sessions(case)]


def only(case: Case) -> NbdSession:
    (session,) = nbd_sessions(case)
    return session


@pytest.mark.parametrize(
    ("text", "trouble"),
    [
        (INVALID, ClientTrouble.SESSION_INVALID),
        ('API_errors.Server_error("SESSION_INVALID", _)', ClientTrouble.SESSION_INVALID),
        (BUSY, ClientTrouble.SERVER_BUSY),
        ('Failure("Contradictory XenServer configuration: nbd', ClientTrouble.PURPOSES_MIXED),
        (
            'Failure("Refusing connection: no network has purpose nbd or insecure_nbd:")',
            ClientTrouble.NO_PURPOSE,
        ),
        (
            'Failure("Failed to log in via xapi\'s Unix domain socket in 300.000000 seconds")',
            ClientTrouble.XAPI_DOWN,
        ),
        ('Unix.Unix_error(Unix.ECONNREFUSED, "connect", "")', ClientTrouble.XAPI_DOWN),
        (
            'Failure("Client requested export over cleartext channel but server is in FORCEDTLS mode.")',
            ClientTrouble.PLAIN_ON_TLS,
        ),
        (
            'Failure("client does not report Fixed_newstyle and server is in FORCEDTLS mode.")',
            ClientTrouble.PLAIN_ON_TLS,
        ),
        (
            'Failure("Client requested abort (before negotiating TLS).")',
            ClientTrouble.CLIENT_ABORT,
        ),
        ("Nbd__Server.Client_requested_abort", ClientTrouble.CLIENT_ABORT),
        ("Ssl.Accept_error(Ssl.Error_ssl)", ClientTrouble.TLS_HANDSHAKE),
        ("Ssl.Accept_error(1)", ClientTrouble.TLS_HANDSHAKE),
        ("Ssl.Read_error(Ssl.Error_syscall)", ClientTrouble.CLIENT_GONE),
        ("Ssl.Read_error(6)", ClientTrouble.CLIENT_GONE),
        ("Ssl.Write_error(Ssl.Error_ssl)", ClientTrouble.NETWORK),
        (
            "Ssl.Read_error(Ssl.Error_ssl): error:0A000126:SSL routines::unexpected eof while reading",
            ClientTrouble.CLIENT_GONE,
        ),
        ('Failure("No session_id parameter provided")', ClientTrouble.NO_SESSION),
        (f"Server_error(UUID_INVALID, [ VDI; {VDI} ])", ClientTrouble.VDI_GONE),
        ("Server_error(UUID_INVALID, [ VM; x ])", ClientTrouble.VBD_REFUSED),
        ("Server_error(VDI_IN_USE, [ OpaqueRef:1; attach ])", ClientTrouble.VBD_REFUSED),
        ('API_errors.Server_error("VDI_IN_USE", _)', ClientTrouble.VBD_REFUSED),
        (
            "Server_error(SR_BACKEND_FAILURE_46, [ ; The VDI is n<truncated>",
            ClientTrouble.VBD_REFUSED,
        ),
        ("End_of_file", ClientTrouble.CLIENT_GONE),
        ('Unix.Unix_error(Unix.ECONNRESET, "read", "")', ClientTrouble.NETWORK),
        ('Unix.Unix_error(Unix.EPIPE, "write", "")', ClientTrouble.NETWORK),
        ('Unix.Unix_error(Unix.ETIMEDOUT, "read", "")', ClientTrouble.NETWORK),
        ('Unix.Unix_error(Unix.ENOENT, "open", "/dev/sm/x")', ClientTrouble.DEVICE_MISSING),
        ('Unix.Unix_error(Unix.EIO, "read", "")', ClientTrouble.STORAGE),
        (
            'Failure("Partial failure during a Block.read: x; terminating the session")',
            ClientTrouble.STORAGE,
        ),
        ('Unix.Unix_error(Unix.EBADF, "read", "")', ClientTrouble.OTHER),
        ("Stack_overflow", ClientTrouble.OTHER),
        ("", ClientTrouble.OTHER),
    ],
)
def test_exceptions_are_told_apart(text: str, trouble: ClientTrouble) -> None:
    assert caught_by(f"main: Caught exception while handling client: {text}").trouble is trouble


def test_code_of_a_cut_exception_is_kept() -> None:
    assert caught_by("Server_error(SR_BACKEND_FAILURE_46, [ ; The<truncated>").code == (
        "SR_BACKEND_FAILURE_46"
    )


def test_connection_alone_is_joined_for_certain() -> None:
    session = only(NbdLog().start().open(1).close(1).case())
    assert (session.fate, session.joined) == (SessionFate.CLOSED, Confidence.CERTAIN)
    assert (session.vbd, session.pid, session.goodbye) == (ref(1), 1234, True)
    assert len(session.events) == 7
    assert session.began == session.events[0].moment
    assert session.ended == session.events[-1].moment


def test_forty_connections_in_turn_are_forty() -> None:
    log = NbdLog().start()
    for number in range(40):
        log.open(number).close(number)
    sessions = nbd_sessions(log.case())
    assert {(session.fate, session.joined) for session in sessions} == {
        (SessionFate.CLOSED, Confidence.CERTAIN)
    }
    assert len(sessions) == 40
    assert concurrency(log.case())[0].peak == 1


def test_client_without_a_goodbye_is_seen_to_fail() -> None:
    log = NbdLog().start().open(1).unplug(1).destroy(1).caught("End_of_file")
    session = only(log.case())
    assert (session.fate, session.trouble) == (SessionFate.FAILED, ClientTrouble.CLIENT_GONE)
    assert session.goodbye is False


def test_refused_plug_is_the_vbd_that_was_never_unplugged() -> None:
    log = NbdLog().start().open(1)
    log.client().accepted().plug(2).destroy(2).caught("Server_error(VDI_IN_USE, [ x; attach ])")
    first, second = nbd_sessions(log.case())
    assert (first.fate, first.vbd) == (SessionFate.OPEN, ref(1))
    assert (second.fate, second.vbd, second.code) == (SessionFate.FAILED, ref(2), "VDI_IN_USE")
    assert second.joined is Confidence.CERTAIN


def test_refused_create_has_no_vbd() -> None:
    log = NbdLog().start().client().accepted().caught("Server_error(RBAC_PERMISSION_DENIED, [  ])")
    session = only(log.case())
    assert (session.vbd, session.trouble) == (None, ClientTrouble.VBD_REFUSED)


def test_refused_unplug_belongs_to_the_connection_that_left() -> None:
    log = NbdLog().start().open(1).goodbye().unplug(1).destroy(1)
    log.caught("Server_error(OPERATION_NOT_ALLOWED, [ VBD still attached ])")
    session = only(log.case())
    assert (session.fate, session.code) == (SessionFate.FAILED, "OPERATION_NOT_ALLOWED")


def test_clients_between_each_other_are_counted_right_and_called_likely() -> None:
    log = NbdLog().start().client().client().accepted().plug(1).accepted().plug(2)
    log.close(2).close(1)
    sessions = nbd_sessions(log.case())
    assert [session.fate for session in sessions] == [SessionFate.CLOSED] * 2
    assert {session.joined for session in sessions} == {Confidence.LIKELY}
    assert concurrency(log.case())[0].peak == 2


def test_exception_that_two_may_have_had_is_only_possible() -> None:
    log = NbdLog().start().open(1).client().unplug(1).destroy(1).caught("End_of_file")
    gone = nbd_sessions(log.case())[0]
    assert (gone.fate, gone.joined) == (SessionFate.FAILED, Confidence.POSSIBLE)


def test_exception_of_the_handshake_is_never_given_to_a_plugged_disk() -> None:
    log = NbdLog().start().open(1).unplug(1).destroy(1)
    log.client().caught("Ssl.Accept_error(Ssl.Error_ssl)")
    first, second = nbd_sessions(log.case())
    assert first.fate is SessionFate.CLOSED
    assert (second.trouble, second.joined) == (ClientTrouble.TLS_HANDSHAKE, Confidence.CERTAIN)


def test_leave_that_was_another_s_does_not_lose_the_exception() -> None:
    log = NbdLog().start().open(1).open(2).goodbye().unplug(1).destroy(1).caught("End_of_file")
    log.unplug(2).destroy(2)
    first, second = nbd_sessions(log.case())
    assert (first.fate, first.joined) == (SessionFate.FAILED, Confidence.LIKELY)
    assert second.fate is SessionFate.CLOSED


def test_exception_minutes_after_the_vbd_is_gone_is_another_s() -> None:
    log = NbdLog().start().open(1).unplug(1).destroy(1).client().wait(400).caught("End_of_file")
    first, second = nbd_sessions(log.case())
    assert first.fate is SessionFate.CLOSED
    assert (second.fate, second.vbd) == (SessionFate.FAILED, None)


def test_client_turned_away_is_the_one_that_came_last() -> None:
    log = NbdLog().start().client().client().caught(BUSY)
    first, second = nbd_sessions(log.case())
    assert first.fate is SessionFate.OPEN
    assert second.trouble is ClientTrouble.SERVER_BUSY


def test_client_that_hangs_does_not_take_the_lines_of_those_after_it() -> None:
    log = NbdLog().start().client().wait(600)
    log.open(1).close(1).wait(600).open(2).close(2)
    hanging, first, second = nbd_sessions(log.case())
    assert (hanging.fate, len(hanging.events)) == (SessionFate.OPEN, 1)
    assert [first.vbd, second.vbd] == [ref(1), ref(2)]
    assert {first.joined, second.joined} == {Confidence.LIKELY}


def test_client_that_hung_and_goes_on_is_told() -> None:
    log = NbdLog().start().client().wait(600).caught("End_of_file")
    session = only(log.case())
    assert (session.fate, session.joined) == (SessionFate.FAILED, Confidence.CERTAIN)


def test_invalid_session_is_named() -> None:
    session = only(NbdLog().start().client().caught(INVALID).case())
    assert session.session == "OpaqueRef:0c1d2e3f-4a5b-4c6d-8e7f-90a1b2c3d4e5"


def test_repeated_lines_are_as_many_connections() -> None:
    log = NbdLog().start().say("Got new client")
    log.lines.append("10:00:09 xapi-nbd[1234]: message repeated 2 times: [ main: Got new client]")
    assert len(nbd_sessions(log.case())) == 3


def test_open_at_the_end_of_the_log_is_open_and_not_leaked() -> None:
    assert fates(NbdLog().start().open(1).case()) == [SessionFate.OPEN]


def test_stop_that_cleans_up_leaves_nothing() -> None:
    log = NbdLog().start().open(1).client().signal(ref(1)).stopped()
    assert fates(log.case()) == [SessionFate.STOPPED] * 2


def test_connection_that_ends_in_the_stop_was_ended_by_it() -> None:
    log = NbdLog().start().open(1).open(2).signal().unplug(1).destroy(1)
    log.caught('Unix.Unix_error(Unix.EBADF, "read", "")').unplug(2).destroy(2).stopped()
    assert fates(log.case()) == [SessionFate.STOPPED] * 2


def test_clean_up_that_finds_nothing_is_done() -> None:
    gone = f"Caught exception while cleaning up VBD with ref {ref(1)}: Server_error(HANDLE_INVALID, [ VBD; x ])"
    log = NbdLog().start().open(1).signal(ref(1)).say(gone).stopped()
    assert fates(log.case()) == [SessionFate.STOPPED]


def test_clean_up_that_failed_and_no_start_after_it_is_a_leak() -> None:
    failed = f"Caught exception while cleaning up VBD with ref {ref(1)}: Server_error(DEVICE_DETACH_REJECTED, [ x ])"
    log = NbdLog().start().open(1).signal(ref(1)).say(failed).stopped()
    assert fates(log.case()) == [SessionFate.LEAKED]


def test_crash_that_the_next_start_cleans_up_is_no_leak() -> None:
    log = NbdLog().start().open(1).systemd(KILLED).process(1300).start(uuid(1))
    session = only(log.case())
    assert (session.fate, session.joined) == (SessionFate.STOPPED, Confidence.LIKELY)


def test_crash_that_the_next_start_does_not_clean_up_is_a_leak() -> None:
    log = NbdLog().start().open(1).systemd(KILLED).process(1300).start()
    session = only(log.case())
    assert (session.fate, session.joined) == (SessionFate.LEAKED, Confidence.LIKELY)


def test_start_that_is_still_cleaning_up_tells_nothing() -> None:
    log = NbdLog().start().open(1).systemd(KILLED).process(1300)
    log.say("Starting xapi-nbd: port = '10809'; certfile = '/etc/xensource/xapi-ssl.pem'")
    assert fates(log.case()) == [SessionFate.UNKNOWN]


def test_host_that_booted_has_let_go_of_everything() -> None:
    log = NbdLog().start().open(1)
    boot = "10:30:00 kernel: [    0.000000] Linux version 4.19.0+1"
    log.at("10:31:00").process(900).start()
    built = CaseBuilder().host().daemon_log(log.text).kern_log(boot)
    assert fates(built.build()) == [SessionFate.STOPPED]
    assert [run.crashed for run in server_runs(built.build())] == [None, None]


def test_uuid_that_is_known_is_the_one_that_must_be_cleaned() -> None:
    log = NbdLog().start().open(1).systemd(KILLED).process(1300).start(uuid(2))
    row = vbd(uuid(1), VDI, ref=ref(1))
    built = CaseBuilder().host().daemon_log(log.text).database(vdi(), row)
    assert fates(built.build()) == [SessionFate.LEAKED]


def test_own_uuid_that_was_cleaned_is_certain() -> None:
    log = NbdLog().start().open(1).systemd(KILLED).process(1300).start(uuid(1))
    row = vbd(uuid(1), VDI, ref=ref(1))
    session = only(CaseBuilder().host().daemon_log(log.text).database(vdi(), row).build())
    assert (session.fate, session.joined) == (SessionFate.STOPPED, Confidence.CERTAIN)
    assert session.events[-1].message.endswith(uuid(1))


def test_vbd_that_the_database_has_long_after_is_a_leak() -> None:
    log = NbdLog().start().open(1).close(1)
    row = vbd(uuid(1), VDI, ref=ref(1))
    session = only(CaseBuilder().host().daemon_log(log.text).database(vdi(), row).build())
    assert (session.fate, session.joined) == (SessionFate.LEAKED, Confidence.LIKELY)


def test_vbd_that_a_stale_database_may_still_have_is_closed() -> None:
    log = NbdLog(start="19:00:00").start().open(1).close(1)
    row = vbd(uuid(1), VDI, ref=ref(1))
    case = CaseBuilder().host().daemon_log(log.text).database(vdi(), row).build()
    assert fates(case) == [SessionFate.CLOSED]


def test_open_connection_that_the_database_does_not_have_is_not_known() -> None:
    log = NbdLog().start().open(1)
    case = CaseBuilder().host().daemon_log(log.text).database(vdi(), vbd(uuid(2), VDI)).build()
    assert fates(case) == [SessionFate.UNKNOWN]
    assert [low for _, low, _ in concurrency(case)[0].points] == [1, 0]


def test_database_that_was_not_read_whole_says_nothing_of_absence() -> None:
    built = CaseBuilder().host().daemon_log(NbdLog().start().open(1).text)
    case = built.database(vdi(), vbd(uuid(2), VDI), complete=False).build()
    assert fates(case) == [SessionFate.OPEN]


def test_log_that_begins_in_the_middle_shows_an_end_without_a_beginning() -> None:
    session = only(NbdLog().goodbye().unplug(1).destroy(1).case())
    assert (session.began, session.fate, session.vbd) == (None, SessionFate.CLOSED, ref(1))


def test_exception_of_a_connection_that_was_not_seen_is_one_of_its_own() -> None:
    session = only(NbdLog().caught("End_of_file").case())
    assert (session.began, session.fate) == (None, SessionFate.FAILED)


def test_read_error_is_not_given_to_a_connection_without_a_disk() -> None:
    text = 'Failure("Partial failure during a Block.read: x; terminating the session")'
    waiting, lost = nbd_sessions(NbdLog().start().client().caught(text).case())
    assert (waiting.fate, lost.trouble) == (SessionFate.OPEN, ClientTrouble.STORAGE)


def test_disk_is_found_by_the_row_of_the_vbd() -> None:
    log = NbdLog(start="19:00:00").start().open(1)
    row = vbd(uuid(1), VDI, ref=ref(1))
    session = only(CaseBuilder().host().daemon_log(log.text).database(vdi(), row).build())
    assert (session.vdi, session.vdi_joined) == (VDI, Confidence.CERTAIN)
    assert '<table name="VBD">' in session.rows[0].text


def test_disk_is_found_by_the_task_that_made_the_vbd_on_the_master() -> None:
    task = "VBD.create R:03a940e24a95"
    asked = f"10:00:07 xapi: [ info||48 UNIX /x||{task}|message_forwarding] VBD.create: VM = '{uuid(9)} (dom0)'; VDI = '{VDI}'"
    made = f"10:00:07 xapi: [debug||48 UNIX /x||{task}|xapi_vbd] VBD.create (device = autodetect; uuid = {uuid(1)}; ref = {ref(1)})"
    made = made.replace("||VBD", "|VBD")
    asked = asked.replace("||VBD", "|VBD")
    built = CaseBuilder().host("saturn", SATURN).daemon_log(NbdLog().start().open(1).text)
    session = only(built.host().xensource_log(f"{asked}\n{made}").build())
    assert (session.vdi, session.host) == (VDI, "saturn")
    assert len(session.rows) == 2


def test_vbd_of_another_task_names_no_disk() -> None:
    asked = f"10:00:07 xapi: [ info||48 UNIX /x|VBD.create R:03a940e24a95|message_forwarding] VBD.create: VM = '{uuid(9)} (dom0)'; VDI = '{VDI}'"
    made = f"10:00:07 xapi: [debug||48 UNIX /x|VBD.create R:13a940e24a95|xapi_vbd] VBD.create (device = autodetect; uuid = {uuid(1)}; ref = {ref(1)})"
    built = CaseBuilder().host().daemon_log(NbdLog().start().open(1).text)
    assert only(built.xensource_log(f"{asked}\n{made}").build()).vdi is None


def test_disk_is_found_in_the_audit_of_the_destruction() -> None:
    line = (
        "10:00:20 xapi: [20240610T10:00:20.123Z|audit||4 UNIX /x|VBD.destroy R:13a940e24a96|audit] "
        "('trackid=5f4dcc3b5aa765d61d8327deb882cf99' 'LOCAL_SUPERUSER' '' 'ALLOWED' 'OK' 'API' "
        f"'VBD.destroy' (('self' '' '{uuid(1)}' '{ref(1)}') ('VDI' 'web \\'01' '{VDI}' '{ref(7)}')))"
    )
    built = CaseBuilder().host().daemon_log(NbdLog().start().open(1).close(1).text)
    assert only(built.audit_log(line).build()).vdi == VDI


def test_disk_is_found_in_the_exception() -> None:
    log = NbdLog().start().client().caught(f"Server_error(UUID_INVALID, [ VDI; {SNAPSHOT} ])")
    assert only(log.case()).vdi == SNAPSHOT


def test_disk_is_found_by_the_reference_in_the_exception() -> None:
    log = NbdLog().start().client().accepted()
    log.caught(f"Server_error(VDI_IN_USE, [ OpaqueRef:{VDI}; attach ])")
    assert only(CaseBuilder().host().daemon_log(log.text).database(vdi()).build()).vdi == VDI


def test_only_activation_at_the_plug_names_the_disk_as_possible() -> None:
    call = f"10:00:09 SM: [99] vdi_activate {{'args': ['false'], 'vdi_uuid': '{VDI}', 'sr_uuid': '{JUPITER}', 'command': 'vdi_activate'}}"
    built = CaseBuilder().host().daemon_log(NbdLog().start().open(1).text).smlog(call)
    session = only(built.build())
    assert (session.vdi, session.vdi_joined) == (VDI, Confidence.POSSIBLE)


def test_two_activations_at_the_plug_name_none() -> None:
    call = "10:00:09 SM: [{}] vdi_activate {{'args': ['false'], 'vdi_uuid': '{}', 'sr_uuid': 'x', 'command': 'vdi_activate'}}"
    text = "\n".join(call.format(pid, disk) for pid, disk in ((98, VDI), (99, SNAPSHOT)))
    built = CaseBuilder().host().daemon_log(NbdLog().start().open(1).text).smlog(text)
    assert only(built.build()).vdi is None


def test_at_the_limit_the_count_is_the_limit_however_many_were_seen() -> None:
    log = NbdLog().open(1).client().caught(BUSY)
    (count,) = concurrency(log.case())
    assert count.peak == 16
    assert count.points[0][1:] == (1, 16)


def test_process_that_ran_before_the_log_may_serve_others() -> None:
    (count,) = concurrency(NbdLog().open(1).close(1).case())
    assert {high for _, _, high in count.points} == {16}


def test_process_seen_from_its_start_has_exact_counts() -> None:
    log = NbdLog().start().open(1).open(2).close(1).close(2)
    (count,) = concurrency(log.case())
    assert [point[1:] for point in count.points] == [(1, 1), (2, 2), (1, 1), (0, 0)]
    assert count.peak == 2


def test_end_of_the_process_ends_its_connections() -> None:
    log = NbdLog().start().open(1).systemd(KILLED).process(1300).start().open(2)
    (count,) = concurrency(log.case())
    assert count.peak == 1


def test_end_that_may_be_another_s_lowers_only_the_lower_bound() -> None:
    log = NbdLog().start().open(1).client().unplug(1).destroy(1).caught("End_of_file")
    (count,) = concurrency(log.case())
    assert count.points[-1][1:] == (1, 2)


def test_hosts_are_counted_apart() -> None:
    built = CaseBuilder().host().daemon_log(NbdLog().start().open(1).text)
    case = built.host("saturn", SATURN).daemon_log(NbdLog().start().open(2).text).build()
    assert [(each.host, each.peak) for each in concurrency(case)] == [("jupiter", 1), ("saturn", 1)]


def test_host_that_served_nobody_is_not_counted() -> None:
    assert concurrency(NbdLog().start().case()) == ()


def test_healthy_run_has_all_its_lines() -> None:
    (run,) = server_runs(NbdLog().start().signal().stopped().case())
    assert (run.pid, run.crashed) == (1234, False)
    assert run.started is not None
    assert run.listening is not None
    assert run.stop is not None
    assert "Caught signal" in run.stop.message
    assert run.ended is not None
    assert "Stopped" in run.ended.message


def test_stop_of_an_old_release_is_no_crash() -> None:
    log = NbdLog().start().signal().systemd(EXITED)
    log.systemd("Unit xapi-nbd.service entered failed state.").systemd("xapi-nbd.service failed.")
    (run,) = server_runs(log.case())
    assert (run.crashed, run.killed) == (False, None)


def test_end_without_a_signal_is_a_crash() -> None:
    (first, second) = server_runs(NbdLog().start().systemd(EXITED).process(1300).start().case())
    assert (first.crashed, second.crashed) == (True, None)


def test_exit_with_status_0_is_no_crash() -> None:
    text = "xapi-nbd.service: Main process exited, code=exited, status=0/SUCCESS"
    (run,) = server_runs(NbdLog().start().systemd(text).case())
    assert (run.crashed, run.ended is not None) == (None, True)


def test_exception_that_nobody_handles_is_a_crash() -> None:
    text = 'Caught unexpected exception: Unix.Unix_error(Unix.EADDRINUSE, "bind", "")'
    (run,) = server_runs(NbdLog().start().say(text).case())
    assert run.crashed is True


def test_terminated_by_systemd_before_it_could_handle_signals_is_a_stop() -> None:
    log = NbdLog().start().systemd("Stopping NBD server that exposes XenServer disks...")
    log.systemd("xapi-nbd.service: main process exited, code=killed, status=15/TERM")
    (run,) = server_runs(log.case())
    assert (run.crashed, run.killed) == (False, None)


def test_kill_of_a_stop_that_hangs_is_noted_and_is_no_crash() -> None:
    log = NbdLog().start().signal().wait(90)
    log.systemd("xapi-nbd.service stop-sigterm timed out. Killing.").systemd(KILLED)
    (run,) = server_runs(log.case())
    assert (run.crashed, run.killed is not None) == (False, True)


def test_pid_that_comes_back_is_another_life() -> None:
    log = NbdLog().start().open(1).signal(ref(1)).stopped().wait(300).start().open(2)
    assert len(server_runs(log.case())) == 2
    assert fates(log.case()) == [SessionFate.STOPPED, SessionFate.OPEN]


def test_process_that_systemd_notes_late_is_one_life() -> None:
    log = (
        NbdLog()
        .say("Starting xapi-nbd: port = '10809'")
        .systemd("Started NBD server that exposes XenServer disks.")
    )
    log.say("Listening for incoming connections")
    assert len(server_runs(log.case())) == 1


def test_end_that_nothing_shows_is_not_called_a_crash() -> None:
    log = NbdLog().start().process(1300).start()
    assert [run.crashed for run in server_runs(log.case())] == [None, None]


def test_systemd_alone_is_a_life_without_pid() -> None:
    (run,) = server_runs(NbdLog().systemd(EXITED).case())
    assert (run.pid, run.crashed) == (None, True)


def test_parameters_longer_than_a_record_can_be_are_cut() -> None:
    (told,) = caught_by(f"Server_error(SESSION_INVALID, [ {'A' * 5_000} ])").parameters
    assert len(told) <= 1024
