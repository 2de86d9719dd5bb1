"""``cbtriage show session``: which connections, as text or JSON, and an exit status."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from analyzer.cli.main import app
from analyzer.errors import UsageError
from analyzer.rebuilt.nbd.sessions.sessions import concurrency, nbd_sessions, server_runs
from analyzer.render.data.json import answers_json
from analyzer.render.terminal.session_text import session_text, unread_text
from analyzer.story.nbd.served import unread_logs
from tests.checks.support import JUPITER, SATURN, VDI, CaseBuilder, vbd, vdi
from tests.rebuilt.nbd.nbd_log import NbdLog, ref, uuid

SAMPLES = Path(__file__).resolve().parents[2] / "sample_bundles"
TROUBLE = str(SAMPLES / "nbd-trouble.tar.bz2")
EXITED = "xapi-nbd.service: main process exited, code=exited, status=1/FAILURE"


def cbtriage(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


def page(log: NbdLog, builder: CaseBuilder | None = None) -> str:
    case = (builder or CaseBuilder().host()).daemon_log(log.text).build()
    names = {disk.uuid: disk.name_label or "" for pool in case.pools for disk in pool.vdis}
    return session_text(nbd_sessions(case), server_runs(case), concurrency(case), (), names)


def test_logs_that_were_not_read_are_said_to_be_unread() -> None:
    hosts = ((JUPITER, "jupiter"), (SATURN, "saturn"))
    case = CaseBuilder().host().database(vdi(), hosts=hosts).without("daemon_log").build()
    assert [gap.host for gap in unread_logs(case)] == ["jupiter", "saturn"]
    text = unread_text(unread_logs(case))
    assert "daemon.log of saturn: no status report of this host was given" in text
    assert unread_text(()) == ""
    (first, _) = json.loads(answers_json(unread=unread_logs(case)))["unread"]
    assert first["need"] == "daemon_log"


def test_disk_that_could_not_be_let_go_is_not_said_to_be_refused() -> None:
    log = NbdLog().start().open(1).close(1).caught("Server_error(DEVICE_DETACH_REJECTED, [ x ])")
    assert "the disk could not be let go (DEVICE_DETACH_REJECTED)" in page(log)


def test_all_connections_are_shown_with_server_and_findings() -> None:
    done = cbtriage("show", "session", TROUBLE, "-q")
    assert done.exit_code == 1
    assert "served 16 at a time at the peak" in done.stdout
    assert "ended by an exception: the client's session was not valid (SESSION_INVALID)" in (
        done.stdout
    )
    assert "FINDINGS" in done.stdout


def test_one_connection_is_shown_by_its_vbd() -> None:
    every = json.loads(cbtriage("show", "session", "--json", TROUBLE, "-q").stdout)
    vbd_ref = next(each["vbd"] for each in every["connections"] if each["vbd"])
    done = cbtriage("show", "session", "--json", vbd_ref, TROUBLE, "-q")
    assert [each["vbd"] for each in json.loads(done.stdout)["connections"]] == [vbd_ref]


def test_json_has_runs_counts_and_evidence() -> None:
    document = json.loads(cbtriage("show", "session", "--json", TROUBLE, "-q").stdout)
    assert document["concurrency"][0]["peak"] == 16
    assert document["servers"][0]["crashed"] is False
    assert document["connections"][0]["lines"][0]["member"].startswith("var/log/daemon.log")


def test_pid_selects_what_the_process_served() -> None:
    every = json.loads(cbtriage("show", "session", "--json", TROUBLE, "-q").stdout)
    pid = every["servers"][0]["pid"]
    done = cbtriage("show", "session", "--json", str(pid), TROUBLE, "-q")
    assert len(json.loads(done.stdout)["connections"]) == len(every["connections"])


def test_nothing_that_fits_is_a_usage_error() -> None:
    done = cbtriage("show", "session", "ffffffff", TROUBLE, "-q")
    assert isinstance(done.exception, UsageError)
    assert "no NBD connection" in str(done.exception)


def test_name_without_a_bundle_is_a_usage_error() -> None:
    done = cbtriage("show", "session", "no-such-file.tar.bz2")
    assert isinstance(done.exception, UsageError)


def test_connection_without_a_finding_exits_with_0() -> None:
    every = json.loads(cbtriage("show", "session", "--json", TROUBLE, "-q").stdout)
    quiet = next(each for each in every["connections"] if each["fate"] == "closed")
    done = cbtriage("show", "session", quiet["vbd"], TROUBLE, "-q")
    assert done.exit_code in (0, 1)
    assert quiet["vbd"] in done.stdout


def test_disk_is_shown_with_its_name_and_what_says_so() -> None:
    row = vbd(uuid(1), VDI, ref=ref(1))
    builder = CaseBuilder().host().database(vdi(), row)
    shown = page(NbdLog(start="19:00:00").start().open(1), builder)
    assert f"disk web-01 0 {VDI}\n" in shown
    assert '<table name="VBD">' in shown


@pytest.mark.parametrize(
    ("log", "words"),
    [
        (NbdLog().start().systemd(EXITED), "ended without being told to"),
        (NbdLog().start().signal().stopped(), "was stopped"),
        (NbdLog().start(), "no end was seen"),
        (
            NbdLog().start().systemd(EXITED.replace("1/FAILURE", "0/SUCCESS")),
            "its end was seen",
        ),
        (
            NbdLog().start().signal().systemd("xapi-nbd.service stop-sigterm timed out. Killing."),
            "was told to stop, and was killed",
        ),
    ],
)
def test_end_of_the_server_is_said(log: NbdLog, words: str) -> None:
    assert words in page(log)


def test_doubt_is_said() -> None:
    shown = page(NbdLog().client().client().accepted().plug(1))
    assert "that these lines are of one connection is likely" in shown
    assert "perhaps 16" in shown


def test_process_without_a_pid_is_shown() -> None:
    assert "pid unknown" in page(NbdLog().systemd(EXITED))


def test_long_lists_are_cut_and_say_so() -> None:
    log = NbdLog().start()
    for _ in range(510):
        log.say("Got new client").caught("End_of_file")
    assert "and 10 connections more" in page(log)


def test_hostile_text_does_not_reach_the_terminal() -> None:
    assert "\x1b" not in page(NbdLog().start().client().caught("x\x1b[31m"))
