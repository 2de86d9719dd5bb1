"""Each story of NBD is judged as it tells: its rule finds, no other does, healthy pools none."""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from analyzer.model.finding import Verdict
from analyzer.model.report import Report
from tests.samples.verdicts import outcome_of, read, subjects
from tests.support.bundle import BundleBuilder, xencenter_zip
from tests.support.whole import WHOLE
from tests.world.build_samples import RULES, expected
from tests.world.recipes_nbd import STORIES
from tests.world.sample import Recipe, Sample

NAMES = [story.name for story in STORIES]
_GREEN = (Verdict.RULED_OUT, Verdict.NOT_APPLICABLE)


def _story(name: str) -> Recipe:
    return next(story for story in STORIES if story.name == name)


@cache
def _told(name: str) -> tuple[Report, Sample]:
    with TemporaryDirectory() as folder:
        path, sample = _story(name).write(Path(folder))
        return read(path), sample


@pytest.mark.parametrize("name", NAMES)
def test_every_rule_answers_as_the_story_tells(name: str) -> None:
    report, sample = _told(name)
    got = {rule: outcome_of(report, rule).verdict.value for rule in RULES}
    assert got == {rule: expected(sample, rule)["verdict"] for rule in RULES}


@pytest.mark.parametrize("name", [name for name in NAMES if _story(name).tell().found])
def test_every_finding_names_its_subjects(name: str) -> None:
    report, sample = _told(name)
    for rule, wanted in sample.found.items():
        found = [subjects(finding) for finding in outcome_of(report, rule).findings]
        assert len(found) == len(wanted), rule
        assert all(any(set(uuids) <= names for names in found) for uuids in wanted), rule


@pytest.mark.parametrize("name", NAMES)
def test_every_line_is_understood(name: str) -> None:
    report, _ = _told(name)
    assert {row.member: row.shapes for row in report.coverage if row.not_understood} == {}


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_omitted_or_misread(name: str) -> None:
    report, _ = _told(name)
    assert [(o.member, o.why) for o in report.omissions] == []
    assert [(str(p.source), p.what) for p in report.problems] == []


LOSSES = [
    ("nbd-crashed", "nbd-service-crashed", "var/log/daemon.log"),
    ("nbd-limit", "nbd-connection-limit", "var/log/daemon.log"),
    ("nbd-sessions-over", "nbd-session-invalid", "var/log/daemon.log"),
    ("nbd-tls", "nbd-tls-mismatch", "var/log/daemon.log"),
    ("nbd-unreadable", "nbd-read-failed", "var/log/daemon.log"),
    ("nbd-plug-refused", "nbd-attach-refused", "var/log/daemon.log"),
    ("nbd-out-of-descriptors", "nbd-descriptor-leak", "var/log/daemon.log"),
    ("nbd-device-timeout", "nbd-device-timeout", "var/log/kern.log"),
    ("nbd-sr-busy", "sr-busy-retry", "var/log/xensource.log"),
    ("nbd-firewall-closed", "nbd-address-configuration", "iptables-nvL.out"),
    ("nbd-firewalld-closed", "nbd-address-configuration", "firewall-cmd--list-all-zones.out"),
    ("nbd-in-dom0", "nbd-client-in-dom0", "ss-nampio.out"),
    ("nbd-no-address", "nbd-info-no-pif-address", "xapi-db"),
    ("nbd-sr-elsewhere", "nbd-info-sr-not-connected", "xapi-db"),
    ("nbd-host-bare", "nbd-host-without-address", "xapi-db"),
    ("nbd-shared-subnet", "nbd-address-shared-subnet", "xapi-db"),
    ("nbd-cable-out", "nbd-address-unreachable-network", "xapi-db"),
    ("nbd-left-by-refusal", "vdi-left-attached-to-dom0", "xapi-db"),
    ("stuck-keys", "database-stuck-keys", "xapi-db"),
    ("invalid-snapshot-of", "database-invalid-snapshot-of", "xapi-db"),
    ("cbt-old-snapshots", "cbt-enabled-on-old-snapshots", "xapi-db"),
    ("cbt-orphans", "cbt-leftover-metadata-vdis", "xapi-db"),
    ("cbt-migration", "cbt-migration-blocked", "var/log/xensource.log"),
]


WAYS = {
    "removed": BundleBuilder.remove,
    "emptied": BundleBuilder.empty,
    "timed out": BundleBuilder.timeout,
}
# Each fault in one way, each way for a third of the faults; with WHOLE=1 each fault in every way.
LOST = [
    (*loss, way)
    for place, loss in enumerate(LOSSES)
    for turn, way in enumerate(WAYS)
    if WHOLE or turn == place % len(WAYS)
]


@pytest.mark.parametrize(("name", "rule", "start", "loss"), LOST)
def test_a_fault_whose_source_is_lost_is_never_ruled_out(
    tmp_path: Path, name: str, rule: str, start: str, loss: str
) -> None:
    reports = _story(name).tell().reports
    for report in reports:
        _lose(report, start, loss)
    outcome = outcome_of(read(xencenter_zip(tmp_path / "x.zip", reports)), rule)
    assert outcome.verdict not in _GREEN, outcome.reason


@pytest.mark.parametrize("name", [n for n in NAMES if n.startswith("nbd-healthy")])
def test_a_healthy_pool_in_part_has_no_finding_either(tmp_path: Path, name: str) -> None:
    story = _story(name).tell()
    for number, report in enumerate(story.reports):
        single = read(report.write_tar(tmp_path / f"{number}.tar", None))
        found = {outcome.rule for outcome in single.outcomes if outcome.findings}
        assert found <= set(story.found)


@pytest.mark.parametrize("name", NAMES)
def test_references_of_vbds_lead_to_a_row_or_to_its_end(name: str) -> None:
    report = _story(name).tell().reports[0]
    lines = list(_lines(report, "var/log/daemon.log"))
    plugged = {found[1] for line in lines if (found := re.search(r": Plugging VBD (\S+)", line))}
    text = "\n".join(line for line in lines if "Plugging" not in line)
    database = report.content("xapi-db-dumped.xml").decode()
    unclear = {ref for ref in plugged if ref not in text and ref not in database}
    assert unclear <= _cleaned_at_start(report, plugged)


def _cleaned_at_start(report: BundleBuilder, refs: set[str]) -> set[str]:
    """Return the VBDs that xapi-nbd destroyed at a start, when it names them by their uuids."""
    created = {
        found[2]: found[1]
        for line in _lines(report, "var/log/xensource.log")
        if (found := re.search(r"VBD\.create \(device = \d+; uuid = (\S+); ref = (\S+)\)", line))
    }
    text = "\n".join(_lines(report, "var/log/daemon.log"))
    return {ref for ref in refs if f"Cleaning up VBD with UUID {created.get(ref, '-')}" in text}


def _lines(report: BundleBuilder, start: str) -> Iterator[str]:
    for path in report.paths():
        if path.startswith(start) and not path.endswith(".gz"):
            yield from report.content(path).decode().splitlines()


def _lose(report: BundleBuilder, start: str, loss: str) -> None:
    lost = [path for path in report.paths() if path.startswith(start)]
    assert lost, f"{report.host} has nothing of {start}"
    for path in lost:
        if loss == "timed out" and path.startswith("var/"):
            report.remove(path)
        else:
            WAYS[loss](report, path)
