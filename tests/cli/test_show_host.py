"""``show host``: which host is meant, and what its page and its object say."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from analyzer.cli.main import app
from analyzer.errors import InputError, UsageError
from analyzer.model.finding import Confidence, Evidence, Gap, Subject
from analyzer.model.host import Role, ServiceState
from analyzer.model.host_view import HostLog, HostSr, HostView
from analyzer.model.nbd import InfoWarning, SessionFate
from analyzer.model.nbd_view import NbdHost, NbdNetwork, NbdPlace, NbdRun, PlaceState
from analyzer.model.source import Source
from analyzer.render.data.json import answers_json
from analyzer.render.terminal.host_text import host_text
from analyzer.run import load_case
from analyzer.story.objects.host import host_view, known_hosts
from tests.checks.support import JUPITER, SATURN, CaseBuilder, at, pbd, sr

SAMPLES = Path(__file__).resolve().parents[2] / "sample_bundles"
HEALTHY = str(SAMPLES / "healthy-cbt.tar.bz2")
TROUBLE = str(SAMPLES / "nbd-trouble.tar.bz2")
POOL = str(SAMPLES / "two-host-pool.zip")
ROW = Evidence(source=Source(bundle="a", member="xapi-db.xml"), text="<row/>")
EMPTY = HostView(
    host=Subject(type="Host", uuid=JUPITER, name="jupiter"),
    pool=None,
    role=Role.UNKNOWN,
    product="",
    bundles=(),
    captured_at=None,
    database="",
    enabled=None,
    live=None,
    packages=(),
    logs=(),
    unread=(),
    service=None,
    nbd=None,
    places=(),
    storages=(),
    about=(),
    on_logs=(),
)


def cbtriage(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


def test_host_is_shown_by_name_with_findings_and_exit_status() -> None:
    done = cbtriage("show", "host", "jupiter", TROUBLE, "-q")
    assert done.exit_code == 1
    for part in ("jupiter", "WHAT WAS READ", "NBD SERVER", "NETWORK INTERFACES", "FINDINGS ABOUT"):
        assert part in done.stdout
    assert " connections: " in done.stdout


def test_all_hosts_are_shown_without_a_name() -> None:
    done = cbtriage("show", "host", POOL, "-q", "--json")
    assert len({host["uuid"] for host in json.loads(done.stdout)["host_pages"]}) == 2


@pytest.mark.parametrize("length", [36, 8])
def test_host_is_found_by_uuid_or_its_beginning(length: int) -> None:
    case, _ = load_case([Path(POOL)])
    wanted = known_hosts(case)[1].uuid
    done = cbtriage("show", "host", wanted[:length], POOL, "-q", "--json")
    assert [host["uuid"] for host in json.loads(done.stdout)["host_pages"]] == [wanted]


def test_unknown_host_is_a_usage_error_that_lists_the_hosts() -> None:
    done = cbtriage("show", "host", "pluto", HEALTHY, "-q")
    assert isinstance(done.exception, UsageError)
    assert "jupiter" in str(done.exception)


def test_first_word_that_is_a_file_is_no_host(tmp_path: Path) -> None:
    one = tmp_path / "jupiter"
    shutil.copy(HEALTHY, one)
    assert "jupiter" in cbtriage("show", "host", str(one), HEALTHY, "-q").stdout


def test_missing_report_is_no_input() -> None:
    assert isinstance(cbtriage("show", "host", "no-such.zip", "-q").exception, InputError)


def test_host_without_a_report_is_shown_as_not_read() -> None:
    built = (
        CaseBuilder()
        .host()
        .database(sr(), pbd(SATURN), hosts=((JUPITER, "jupiter"), (SATURN, "saturn")))
    )
    case = built.build()
    _, report = load_case([Path(HEALTHY)])
    saturn = next(host for host in known_hosts(case) if host.name == "saturn")
    view = host_view(case, report, saturn)
    assert (view.bundles, view.role, view.live) == ((), Role.UNKNOWN, True)
    text = host_text(view)
    assert "not given" in text
    assert "plugged" in text
    assert "ended in order" not in text


def test_host_that_no_database_knows_is_shown_by_its_report() -> None:
    case = CaseBuilder().host("pluto", None).build()
    (known,) = known_hosts(case)
    assert (known.uuid, known.name, known.row) == ("", "pluto", None)


def test_newest_of_two_reports_speaks() -> None:
    built = CaseBuilder().host(bundle="old", captured=None).host(bundle="new")
    (known,) = known_hosts(built.build())
    assert known.bundles == ("old", "new")


def test_role_of_a_host_without_a_report_comes_from_the_pool() -> None:
    case, report = load_case([Path(POOL)])
    roles = {}
    for known in known_hosts(case):
        bare = replace(known, reports=())
        roles[known.name] = host_view(case, report, bare).role
    assert sorted(roles.values()) == [Role.MASTER, Role.SUPPORTER]


def full() -> HostView:
    run = NbdRun(
        bundle="a",
        pid=None,
        started=at("08:00:00"),
        listening=None,
        ended=at("09:00:00"),
        crashed=True,
        evidence=(ROW,),
    )
    gap = Gap(need="daemon_log", host="jupiter", why="it is\x1b cut", settle_with="xen-bugtool")
    nbd = NbdHost(
        host=EMPTY.host,
        bundles=("a",),
        sessions=2,
        fates=((SessionFate.CLOSED, 2),),
        unread=(gap,),
        runs=(run,) * 12,
        runs_left_out=3,
    )
    network = NbdNetwork(
        network=Subject(type="Network", uuid="n", name=None),
        bridge="xenbr1",
        purpose=None,
        places=(),
        evidence=ROW,
    )
    place = NbdPlace(
        host=JUPITER,
        pif="p",
        device="eth1",
        addresses=(),
        state=PlaceState.EMPTY,
        carrier=False,
        evidence=ROW,
        warnings=(InfoWarning(what="the link is down", confidence=Confidence.LIKELY, evidence=()),),
    )
    service = ServiceState(
        source=ROW.source,
        unit="xapi-nbd",
        active="failed",
        text=" Active: failed",
        since=None,
        journal=(),
    )
    return replace(
        EMPTY,
        bundles=("a", "b"),
        logs=(
            HostLog(need="smlog", bundle="a", window=(at("01:00:00"), at("02:00:00")), gap=gap),
            HostLog(need="smlog", bundle="b", window=None, gap=None),
        ),
        unread=(replace(gap, settle_with=""),),
        service=service,
        nbd=nbd,
        places=((network, place),),
        storages=(HostSr(sr=Subject(type="SR", uuid="s"), type=None, attached=None),),
    )


def test_page_never_shows_a_damaged_log_as_whole() -> None:
    text = host_text(full())
    assert "2024-06-10 01:00:00 UTC to 2024-06-10 02:00:00 UTC; NOT WHOLE: it is\\x1b cut" in text
    assert "no time is known" in text


def test_page_tells_of_crashes_and_of_what_it_leaves_out() -> None:
    text = host_text(full())
    assert "5 earlier runs not shown" in text
    assert "never listened; crashed, 2024-06-10 09:00:00 UTC" in text
    assert "LINK DOWN" in text
    assert "warned of: the link is down" in text
    assert "Active: failed" in text


def test_object_has_null_for_what_is_not_known() -> None:
    empty, whole = json.loads(answers_json(host_pages=[EMPTY, full()]))["host_pages"]
    assert (empty["pool"], empty["nbd"], empty["enabled"]) == (None, None, None)
    assert whole["service"]["text"] == " Active: failed"
    assert whole["nbd"]["runs"][0]["crashed"] is True
    assert whole["interfaces"][0]["network"]["purpose"] is None
    assert whole["logs"][1]["window"] is None
