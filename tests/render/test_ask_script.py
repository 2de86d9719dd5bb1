"""The script of `cbtriage ask`, run in a made-up dom0, and its answers joined to the report."""

import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest

from analyzer.model.finding import Verdict
from analyzer.model.host import Role
from analyzer.model.report import HostInfo, Presence, Report
from analyzer.render.ask_script import ask_script
from analyzer.run import analyze
from analyzer.story.asks import Ask, Asks, Form, Unasked, asks_of
from tests.support.bundle import BundleBuilder
from tests.world.dom0 import Dom0
from tests.world.recipes import RECIPES
from tests.world.story_hazards import cbt_hazards_lvm
from tests.world.story_refused import cbt_refused_nfs

SHELLCHECK = Path(sys.executable).with_name("shellcheck")
LOST = (
    "lvs.out",
    "vgs.out",
    "df-alT.out",
    "ls-lR-%run%sr-mount.out",
    "iptables-nvL.out",
    "ss-nampio.out",
    "ip-s-addr.out",
    "ip-route.out",
    "rpm-qa.out",
    "systemctl-status.out",
    "xapi_cert.out",
    "sm_diagnostics.out",
    "etc/xensource/pool.conf",
)


def _reports(reports: Iterable[BundleBuilder], folder: Path) -> tuple[list[Path], list[Dom0]]:
    """Return the reports without what was lost of them, and the hosts that still have it."""
    paths, hosts = [], []
    for number, report in enumerate(reports):
        hosts.append(Dom0(folder / f"host{number}", report))
        for name in LOST:
            report.remove(name)
        for log in ("SMlog", "daemon.log"):
            report.empty(next(p for p in report.paths() if p.startswith(f"var/log/{log}.")))
        paths.append(report.write_tar(folder / f"{number}.tar.bz2"))
    return paths, hosts


def _answered(hosts: Iterable[Dom0], script: str, folder: Path, shell: str = "dash") -> list[Path]:
    answers = []
    for number, host in enumerate(hosts):
        own = folder / f"answers{number}"
        own.mkdir()
        answers.append(host.run(script, own, shell))
    return answers


def _untold(report: Report) -> dict[str, str]:
    return {
        outcome.rule: outcome.reason
        for outcome in report.outcomes
        if outcome.verdict is Verdict.CANNOT_TELL and outcome.gaps
    }


def test_answers_settle_what_could_not_be_told(tmp_path: Path) -> None:
    paths, hosts = _reports(cbt_refused_nfs().reports, tmp_path)
    first = analyze(paths)
    script = ask_script(asks_of(first), first.hosts)
    answers = _answered(hosts, script, tmp_path)
    second = analyze([*paths, *answers])

    assert {"cbt-log-missing", "nbd-client-in-dom0", "known-defect"} <= _untold(first).keys()
    assert _untold(second) == {}
    assert {each.rule for each in second.settled} >= _untold(first).keys()
    assert {file.taken is not None for file in second.given_back} == {True}
    assert {"smlog", "daemon_log", "lvs"} <= {file.source for file in second.given_back}
    assert len(second.hosts) == len(first.hosts)
    assert [e for e in second.ledger if e.presence is Presence.NOT_USED] == []
    assert list(hosts[0].calls) == []


@pytest.mark.slow
def test_logs_in_volumes_are_read_where_they_are_active_or_may_be_activated(
    tmp_path: Path,
) -> None:
    (report,) = cbt_hazards_lvm().reports
    host = Dom0(tmp_path / "host", report)
    inactive = min(report.inactive)
    active = min(set(report.beside) - report.inactive)
    asks = Asks(
        asks=tuple(
            Ask(form=Form.LOG, command=(path,), file=f"cbt-util-{Path(path).stem}.txt")
            for path in (active, inactive)
        )
    )
    bundle = report.write_tar(tmp_path / "b.tar.bz2")
    (looked,) = _answered([host], ask_script(asks, ()), tmp_path)
    assert list(host.calls) == []
    seen = analyze([bundle, looked])
    assert [Path(active).stem in file.member for file in seen.given_back] == [True]
    (unread,) = [e for e in seen.ledger if e.presence is Presence.NOT_USED]
    assert "it is not active on this host" in unread.why

    script = ask_script(asks, (), activate=True)
    folder = tmp_path / "again"
    folder.mkdir()
    (activated,) = _answered([host], script, folder, "bash")
    called = [call.replace(str(host.root), "") for call in host.calls]
    assert called == [f"lvchange -ay {inactive}", f"lvchange -an {inactive}"]
    assert len(analyze([bundle, activated]).given_back) == len(asks.asks)


def test_nothing_of_a_bundle_leaves_the_comments() -> None:
    evil = "x\nreboot\r$(reboot) `reboot` \u2028reboot 'reboot"
    name = f"jupiter\n{evil}"
    host = HostInfo(
        uuid="u",
        name=name,
        role=Role.MASTER,
        product="",
        bundle="b",
        utc_offset_minutes=0,
        database="",
    )
    ask = Ask(form=Form.PLAIN, command=("true",), file="a b'c", host="u", rules=("r",), why=(evil,))
    unasked = Unasked(rules=("r",), host=name, why=evil, settle_with=evil)
    script = ask_script(Asks(asks=(ask,), unasked=(unasked,)), (host,))
    code = [line for line in script.splitlines() if not line.startswith("#")]
    assert not [line for line in code if "reboot" in line]
    assert script.isascii()
    assert "    keep 'a b'\"'\"'c' 0 true" in code


@pytest.mark.parametrize("activate", [False, True])
def test_the_script_is_clean(tmp_path: Path, activate: bool) -> None:
    path = "/dev/VG_XenStorage-1b0c5d2e-0000-4000-8000-000000000001/6b0c1a3e.cbtlog"
    asks = Asks(
        asks=(
            Ask(form=Form.LOG, command=(path,), file="l"),
            Ask(form=Form.COPY, command=("SMlog",), file="var/log/SMlog", host="u"),
            Ask(form=Form.ECHOED, command=("ls", "-la"), file="e", host="u"),
        )
    )
    script = tmp_path / "ask.sh"
    script.write_text(ask_script(asks, (), activate=activate))
    found = subprocess.run(
        (SHELLCHECK, "--norc", "-s", "sh", "-o", "all", "-e", "SC2250,SC2310,SC2312", script),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (found.stdout, found.returncode) == ("", 0)


@pytest.mark.slow
@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.name)
def test_every_doubt_of_a_sample_is_settled_or_has_a_reason(tmp_path: Path, recipe: object) -> None:
    """What the second run asks for again has to be what the host does not have."""
    paths, hosts = _reports(recipe.tell().reports, tmp_path)  # type: ignore[attr-defined]
    first = analyze(paths)
    asks = asks_of(first)
    second = analyze([*paths, *_answered(hosts, ask_script(asks, first.hosts), tmp_path)])
    left = asks_of(second)
    assert [(ask.file, ask.why) for ask in left.asks] == []
    assert {each.why for each in left.unasked} <= {each.why for each in asks.unasked}
