"""Whatever a rule needs is taken from a healthy bundle: the rule must never say ruled out.

The usual run loses each source in one way, and in each way a third of them: what is told of a lost
source does not depend on the way, and `test_verdicts` breaks every source of every rule in every
way on made-up ledgers. ``WHOLE=1`` loses each in every way.
"""

from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from analyzer.model.finding import Verdict
from analyzer.model.hole import HoleKind
from analyzer.rules.load import load_catalogue
from analyzer.run import analyze
from tests.support.bundle import BundleBuilder
from tests.support.whole import WHOLE
from tests.world.sample import told_once
from tests.world.story_healthy import healthy_cbt
from tests.world.story_nbd_healthy import nbd_healthy

MEMBERS = {
    "daemon_log": ("var/log/daemon.log",),
    "kern_log": ("var/log/kern.log",),
    "lvs": ("lvs.out",),
    "packages": ("rpm-qa.out",),
    "pool_conf": ("etc/xensource/pool.conf",),
    "sm_diagnostics": ("sm_diagnostics.out",),
    "smlog": ("var/log/SMlog",),
    "systemctl": ("systemctl-status.out",),
    "user_log": ("var/log/user.log",),
    "xensource_log": ("var/log/xensource.log",),
    "xapi_db": ("xapi-db.xml", "xapi-db-dumped.xml"),
    # the volumes and the listing of the SRs, which cbt-log-missing asks for itself
    "logs of disks": ("lvs.out", "ls-lR-%run%sr-mount.out"),
}
# Sources that not every rule of NBD needs, in all their forms, with the rules that ask for them.
ASKED_BESIDE = {
    "firewall": (
        ("iptables-nvL.out", "nft-list-ruleset.out", "firewall-cmd--list-all-zones.out"),
        ("nbd-address-configuration",),
    ),
    "sockets": (
        ("ss-nampio.out", "ss-nampi.out", "netstat-anop.out"),
        ("nbd-address-configuration", "nbd-client-in-dom0"),
    ),
}
LOSSES: dict[str, Callable[[BundleBuilder, str], BundleBuilder]] = {
    "removed": BundleBuilder.remove,
    "emptied": BundleBuilder.empty,
    "timed out": BundleBuilder.timeout,
}
GREEN = (Verdict.RULED_OUT, Verdict.NOT_APPLICABLE)


@cache
def _needs() -> dict[str, tuple[str, ...]]:
    catalogue = load_catalogue()
    texts = (*(rule.text for rule in catalogue.rules), *catalogue.checks)
    return {text.id: text.needs for text in texts}


_cbt, _nbd = told_once(healthy_cbt), told_once(nbd_healthy)


def _bundle() -> BundleBuilder:
    return _cbt().reports[0]


def test_every_needed_source_is_taken_away_here() -> None:
    assert {need for needs in _needs().values() for need in needs} <= MEMBERS.keys()


LOST = [
    (source, loss)
    for place, source in enumerate(MEMBERS)
    for turn, loss in enumerate(LOSSES)
    if WHOLE or turn == place % len(LOSSES)
]


@pytest.mark.parametrize(("source", "loss"), LOST)
def test_lost_source_is_never_ruled_out(tmp_path: Path, source: str, loss: str) -> None:
    bundle = _bundle()
    there = [path for path in bundle.paths() if path in MEMBERS[source]]
    assert there, "the healthy bundle must hold what is taken away"
    for path in there:
        LOSSES[loss](bundle, path)
    report = analyze([bundle.write_tar(tmp_path / "b.tar", compression=None)])
    verdicts = {outcome.rule: outcome.verdict for outcome in report.outcomes}
    needing = {rule for rule, needs in _needs().items() if source in needs}
    if source == "logs of disks":
        needing = {"cbt-log-missing"}
    assert {rule: verdicts[rule] for rule in needing if verdicts[rule] in GREEN} == {}


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("source", ASKED_BESIDE)
def test_what_a_rule_asks_for_beside_its_needs_is_missed_too(
    tmp_path: Path, source: str, loss: str
) -> None:
    paths, rules = ASKED_BESIDE[source]
    files = []
    for number, bundle in enumerate(_nbd().reports):
        for path in set(paths) & set(bundle.paths()):
            LOSSES[loss](bundle, path)
        files.append(bundle.write_tar(tmp_path / f"{number}.tar", compression=None))
    verdicts = {outcome.rule: outcome.verdict for outcome in analyze(files).outcomes}
    assert {rule: verdicts[rule] for rule in rules if verdicts[rule] in GREEN} == {}


@pytest.mark.parametrize("source", ["smlog", "daemon_log", "xensource_log"])
def test_a_rotated_file_that_is_lost_is_a_hole_and_never_ruled_out(
    tmp_path: Path, source: str
) -> None:
    (live,) = MEMBERS[source]
    bundle = _bundle().remove(f"{live}.1")
    report = analyze([bundle.write_tar(tmp_path / "b.tar", compression=None)])
    (hole,) = (hole for hole in report.holes if hole.source == source)
    assert (hole.kind, hole.expected) == (HoleKind.ROTATED, f"{live}.1")
    verdicts = {outcome.rule: outcome.verdict for outcome in report.outcomes}
    needing = {rule for rule, needs in _needs().items() if source in needs}
    assert {rule: verdicts[rule] for rule in needing if verdicts[rule] in GREEN} == {}


def test_nothing_is_lost_and_every_rule_is_green(tmp_path: Path) -> None:
    report = analyze([_bundle().write_tar(tmp_path / "b.tar", compression=None)])
    open_ = [o for o in report.outcomes if o.verdict not in GREEN and not o.by_nature]
    assert [outcome.rule for outcome in open_] == []
    assert report.holes == ()
