"""Clients came with a session that xapi did not know; what became of it."""

import pytest

from analyzer.checks.nbd_served.nbd_session_invalid import track_id
from analyzer.model.finding import Confidence, Finding, Severity
from analyzer.model.host import Role
from tests.checks.support import JUPITER, SATURN, CaseBuilder
from tests.rebuilt.nbd.nbd_log import NbdLog

RULE = "nbd-session-invalid"
SESSION = "OpaqueRef:0c1d2e3f-4a5b-4c6d-8e7f-90a1b2c3d4e5"
OTHER = "OpaqueRef:1c1d2e3f-4a5b-4c6d-8e7f-90a1b2c3d4e5"
EXPIRED = (
    "{time} xapi: [debug||35 ||DB GC D:5d1f0c2b8e17|db_gc_util] Session.destroy _ref={ref} "
    "uuid=c7f1b2a9-3e4d-4a5b-9c6d-0e1f2a3b4c5d trackid=5f4dcc3b5aa765d61d8327deb882cf99 "
    "(last active 20240609T10:05:55Z): Timed out session in group 'External' because {why}"
)
STARTED = "{time} xapi: [debug||0 |XAPI SERVER STARTING D:a6bd9ee95f3f|xapi] (Re)starting xapi, pid: 32351"


def refused(*sessions: str) -> NbdLog:
    log = NbdLog().start()
    for session in sessions or (SESSION,):
        log.client().caught(f"Server_error(SESSION_INVALID, [ {session} ])")
    return log


def built(log: NbdLog) -> CaseBuilder:
    return CaseBuilder().host().daemon_log(log.text)


def only(builder: CaseBuilder) -> Finding:
    (finding,) = builder.examine(RULE).findings
    return finding


def test_refusals_are_one_finding_of_the_host() -> None:
    finding = only(built(refused(SESSION, OTHER)))
    assert (finding.severity, finding.count) == (Severity.WARNING, 2)
    assert finding.confidence is Confidence.CERTAIN
    assert [subject.uuid for subject in finding.subjects] == [JUPITER]


@pytest.mark.parametrize(
    ("why", "told"),
    [
        ("of its age", "because of its age"),
        ("max number of sessions was exceeded", "because there were too many sessions"),
    ],
)
def test_session_that_xapi_ended_is_said_to_be_ended_by_it(why: str, told: str) -> None:
    line = EXPIRED.format(time="09:30:00", ref=SESSION, why=why)
    finding = only(built(refused()).xensource_log(line))
    assert "xapi had ended the session at 2024-06-10 09:30:00 UTC" in finding.detail
    assert told in finding.detail
    assert "Timed out session" in finding.evidence[-1].text
    assert not any("Look for the end" in step.step for step in finding.action)


def test_master_s_log_speaks_for_a_supporter() -> None:
    line = EXPIRED.format(time="09:30:00", ref=SESSION, why="of its age")
    builder = CaseBuilder().host("saturn", SATURN).daemon_log(refused().text)
    assert "xapi had ended" in only(builder.host().xensource_log(line)).title


def test_end_of_another_session_explains_nothing() -> None:
    line = EXPIRED.format(time="09:30:00", ref=OTHER, why="of its age")
    assert "xapi had ended" not in only(built(refused()).xensource_log(line)).title


def test_end_after_the_refusal_explains_nothing() -> None:
    line = EXPIRED.format(time="11:30:00", ref=SESSION, why="of its age")
    assert "xapi had ended" not in only(built(refused()).xensource_log(line)).title


def test_sessions_of_which_nothing_was_read_are_counted() -> None:
    line = EXPIRED.format(time="09:30:00", ref=SESSION, why="of its age")
    finding = only(built(refused(SESSION, OTHER)).xensource_log(line))
    assert "Of 1 other sessions no such line was read." in finding.detail


def test_logout_is_what_is_left_where_the_master_s_log_shows_nothing() -> None:
    finding = only(built(refused()).database())
    assert "what is left is that the client logged out" in finding.detail
    assert any(track_id(SESSION) in step.step for step in finding.action)


def test_start_of_the_master_s_xapi_leaves_the_reason_open() -> None:
    line = STARTED.format(time="09:30:00")
    finding = only(built(refused()).database().xensource_log(line))
    assert "what is left" not in finding.detail
    assert "xapi of the master was restarted" in finding.detail


def test_master_that_was_not_given_leaves_the_reason_open() -> None:
    hosts = ((JUPITER, "jupiter"), (SATURN, "saturn"))
    builder = built(refused()).shows(role=Role.SUPPORTER)
    assert "what is left" not in only(builder.database(hosts=hosts)).detail


def test_log_of_xapi_that_is_missing_leaves_the_reason_open() -> None:
    builder = built(refused()).without("xensource_log").database()
    assert "what is left" not in only(builder).detail


def test_old_printing_has_no_reference_and_is_still_told() -> None:
    log = NbdLog().start().client().caught('API_errors.Server_error("SESSION_INVALID", _)')
    finding = only(built(log).database())
    assert "what is left" not in finding.detail
    assert not any("trackid=5" in step.step for step in finding.action)


def test_refusals_hours_apart_are_two_findings() -> None:
    log = refused().wait(9000).client().caught(f"Server_error(SESSION_INVALID, [ {OTHER} ])")
    assert len(built(log).examine(RULE).findings) == 2


@pytest.mark.parametrize(
    "exception",
    [
        'Failure("No session_id parameter provided")',
        "Server_error(UUID_INVALID, [ VDI; 6b0c1a3e-9d1f-4c55-8a47-2f60b7c0e913 ])",
        "End_of_file",
    ],
)
def test_other_failures_of_clients_are_not_of_the_session(exception: str) -> None:
    log = NbdLog().start().client().caught(exception)
    assert built(log).examine(RULE).findings == ()


def logout(time: str, session: str = SESSION) -> str:
    """Return the line of a client that logs out."""
    return (
        f"{time} xapi: [ info||35 HTTPS 192.0.2.51->:::80|session.logout R:5d1f0c2b8e17|xapi_session] "
        f"Session.destroy {track_id(session)}\n"
    )


def login(time: str, session: str = SESSION) -> str:
    """Return the line of a client that logs in."""
    return (
        f"{time} xapi: [ info||34 HTTPS 192.0.2.51->:::80|session.login_with_password R:4d1f0c2b8e17|"
        f"xapi_session] Session.create {track_id(session)} pool=false uname=root "
        "originator=Backup Agent 12.1 is_local_superuser=true auth_user_sid= parent=\n"
    )


def test_client_that_had_logged_out_is_named_with_the_line() -> None:
    finding = only(built(refused()).xensource_log(login("09:20:00") + logout("09:30:00")))
    assert "192.0.2.51 (Backup Agent 12.1) had logged out at 2024-06-10 09:30:00" in finding.detail
    assert [evidence.text.split("] ")[1].split(" ")[0] for evidence in finding.evidence[-2:]] == [
        "Session.create",
        "Session.destroy",
    ]
    assert not any("Look for the end" in step.step for step in finding.action)


def test_logout_whose_login_was_not_read_is_still_told() -> None:
    finding = only(built(refused()).xensource_log(logout("09:30:00")))
    assert "192.0.2.51 had logged out at" in finding.detail


@pytest.mark.parametrize(("time", "session"), [("23:30:00", SESSION), ("09:30:00", OTHER)])
def test_logout_after_the_refusal_or_of_another_session_explains_nothing(
    time: str, session: str
) -> None:
    finding = only(built(refused()).xensource_log(logout(time, session)))
    assert "had logged out" not in finding.detail
