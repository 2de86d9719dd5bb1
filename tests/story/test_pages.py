"""What second questions are answered agrees with the analysis, on every object of every sample."""

from collections.abc import Iterator
from functools import cache
from itertools import combinations, pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from analyzer.model.call import Answer
from analyzer.model.finding import Confidence, Finding, Outcome, Verdict
from analyzer.model.goal import Standing
from analyzer.model.nbd import InfoStep, NbdInfo
from analyzer.model.pages import (
    COMPARE,
    DISK,
    HOST,
    NBD_INFO,
    NETWORK,
    SR,
    VM,
    NbdInfoPage,
    PageKind,
)
from analyzer.model.report import Report
from analyzer.story.pages import MAKERS, Judged, page_of
from tests.golden.outputs import EACH_SAMPLE, SAMPLES, sample_read

each_sample = pytest.mark.parametrize("path", EACH_SAMPLE)

# Which rule tells of the step that leaves the answer empty.
RULES = {
    InfoStep.PLUGGED: "nbd-info-sr-not-connected",
    InfoStep.PURPOSE: "nbd-info-no-nbd-network",
    InfoStep.ADDRESS: "nbd-info-no-pif-address",
}
TAKEN = "xapi-nbd could not start because its port was taken"
AT_THE_END = "on port 10809 when the report was made"
OF_ENDPOINTS = ("nbd-address-configuration", "nbd-address-unreachable-network")


@cache
def judged(path: Path) -> Judged:
    return Judged(*sample_read(path))


@cache
def infos(path: Path) -> tuple[NbdInfoPage, ...]:
    own = judged(path)
    return tuple(page_of(own, NBD_INFO, disk.uuid) for disk in own.names.disks)


def pages(own: Judged, kind: PageKind[Any]) -> Iterator[Any]:
    """Yield all pages of a kind."""
    maker = next(each for each in MAKERS if each.kind is kind)
    yield from (maker.make(own, key) for key in maker.keys(own))


@each_sample
def test_each_snapshot_is_compared_with_the_next_and_with_its_disk(path: Path) -> None:
    own = judged(path)
    maker = next(each for each in MAKERS if each.kind is COMPARE)
    keys = list(maker.keys(own))
    assert len(keys) == len(set(keys))
    dated = {disk.uuid: disk.taken.at for disk in own.names.disks if disk.taken}
    for owner, members in own.disks.members.items():
        snapshots = sorted(members & dated.keys(), key=lambda uuid: (dated[uuid], uuid))
        pairs = [*pairwise([*snapshots, owner]), *((each, owner) for each in snapshots)]
        assert {f"{older} {newer}" for older, newer in pairs} <= set(keys)


@pytest.mark.parametrize("rows", [0, 40_000, 400_000])
def test_any_two_of_a_disk_are_compared_as_far_as_there_is_room(rows: int) -> None:
    """A report of many rows takes long enough for all pairs of its disks."""
    snapshots = {owner: [f"{owner}{number:02}" for number in range(20)] for owner in "ab"}
    dated = [
        SimpleNamespace(uuid=uuid, taken=SimpleNamespace(at=place))
        for own in snapshots.values()
        for place, uuid in enumerate(own)
    ]
    own = SimpleNamespace(
        names=SimpleNamespace(disks=dated),
        disks=SimpleNamespace(members={owner: {owner, *own} for owner, own in snapshots.items()}),
        case=SimpleNamespace(events=range(rows)),
    )
    found = list(next(each for each in MAKERS if each.kind is COMPARE).keys(own))  # type: ignore[arg-type]
    every = {
        f"{older} {newer}"
        for owner, own_snapshots in snapshots.items()
        for older, newer in combinations([*own_snapshots, owner], 2)
    }
    assert len(found) == len(set(found))
    assert set(found) <= every
    assert len(found) == min(len(every), 2 * (66 + 9 + 9) + 100 + rows // 400)
    assert {"a09 a", "b00 b01"} <= set(found[: 2 * (66 + 9 + 9)])


def outcome_of(report: Report, rule: str) -> Outcome:
    return next(outcome for outcome in report.outcomes if outcome.rule == rule)


def going_on(report: Report, rule: str) -> Iterator[Finding]:
    yield from (f for f in outcome_of(report, rule).findings if f.state is not Standing.OVER)


def about(info: NbdInfo) -> set[str]:
    parts = [part for each in info.endpoints for part in (each.host, each.network, each.pif)]
    return {part.uuid for part in (info.sr, *parts)}


@each_sample
def test_step_that_leaves_the_nbd_answer_empty_is_ruled_out_by_no_rule(path: Path) -> None:
    report = judged(path).report
    for page in infos(path):
        step, info = page.info.stopped_at, page.info
        if info.answer is Answer.FAILS and step in RULES:
            outcome = outcome_of(report, RULES[step])
            assert outcome.verdict in (Verdict.FOUND, Verdict.CANNOT_TELL), (info.vdi, step)
            assert outcome.verdict is not Verdict.FOUND or page.plans
        if info.answer is Answer.OK:
            found = [f for rule in RULES.values() for f in going_on(report, rule)]
            assert not [f for f in found if about(info) & {s.uuid for s in f.subjects}]


@each_sample
def test_address_that_is_called_unusable_has_a_finding_or_was_stopped(path: Path) -> None:
    report = judged(path).report
    of_nbd = [f for o in report.outcomes if o.rule.startswith("nbd-") for f in o.findings]
    for page in infos(path):
        for endpoint in page.info.endpoints:
            named = {endpoint.host.uuid, endpoint.network.uuid, endpoint.pif.uuid}
            for warning in endpoint.warnings:
                told = [f for f in of_nbd if named & {s.uuid for s in f.subjects}]
                stopped = "told to stop" in warning.what
                doubtful = warning.confidence is not Confidence.CERTAIN
                assert told or stopped or doubtful, (endpoint.address, warning.what)
                assert stopped or doubtful or page.plans, (endpoint.address, warning.what)


@each_sample
def test_address_with_a_certain_finding_is_not_called_usable(path: Path) -> None:
    report = judged(path).report
    found = [f for rule in OF_ENDPOINTS for f in going_on(report, rule)]
    told = [f for f in found if f.confidence is Confidence.CERTAIN]
    for page in infos(path):
        for endpoint in page.info.endpoints:
            own = {endpoint.pif.uuid}
            on_both = {endpoint.host.uuid, endpoint.network.uuid}
            for finding in told:
                subjects = {subject.uuid for subject in finding.subjects}
                if own & subjects or on_both <= subjects:
                    assert endpoint.warnings, (endpoint.address, finding.title)


@each_sample
def test_pool_with_both_purposes_warns_in_every_nbd_answer(path: Path) -> None:
    report = judged(path).report
    mixed = any(going_on(report, "nbd-network-purpose-mixed"))
    answers = [page.info for page in infos(path) if page.info.endpoints]
    for info in answers:
        assert any("insecure" in warning.what for warning in info.warnings) is mixed


@each_sample
def test_service_that_ended_goes_on_where_its_address_is_called_silent(path: Path) -> None:
    for finding in outcome_of(judged(path).report, "nbd-service-crashed").findings:
        host = finding.subjects[0].uuid
        ends = [e for page in infos(path) for e in page.info.endpoints if e.host.uuid == host]
        silent = any("nothing listened" in w.what for e in ends for w in e.warnings)
        assert (finding.state is Standing.NOW) is silent, finding.title
        assert (finding.state is Standing.OVER) is not silent, finding.title


def test_service_that_runs_again_needs_no_step() -> None:
    path = next(path for path in SAMPLES if "nbd-mixed" in path.name)
    report = judged(path).report
    states = {f.title: f for f in outcome_of(report, "nbd-service-crashed").findings}
    over, now = states["xapi-nbd was killed"], states[TAKEN]
    assert (over.state, over.state_why) == (Standing.OVER, f"xapi-nbd listened {AT_THE_END}")
    assert (now.state, now.state_why) == (Standing.NOW, f"nothing listened {AT_THE_END}")
    plans = {plan.id: plan for plan in report.plans}
    typed = {id_: [c for s in plan.steps for c in s.commands] for id_, plan in plans.items()}
    assert "systemctl start xapi-nbd" not in typed[over.plan]
    assert "systemctl start xapi-nbd" in typed[now.plan]
    assert "systemctl status xapi-nbd" not in typed[now.plan]


@each_sample
def test_nbd_answers_print_plans_of_the_report_only(path: Path) -> None:
    report = judged(path).report
    for page in infos(path):
        assert set(page.plans) <= set(report.plans)


@each_sample
def test_comparison_that_was_refused_and_still_is_is_not_answered(path: Path) -> None:
    own = judged(path)
    for outcome in own.report.outcomes:
        for finding in outcome.findings if outcome.rule.startswith("cbt-list-") else ():
            disks = [s.uuid for s in finding.subjects if s.type == "VDI"]
            if finding.state is not Standing.NOW or len(disks) != 2:
                continue
            judgement = page_of(own, COMPARE, f"{disks[0]} {disks[1]}").judgement
            assert judgement.answer is not Answer.OK, finding.title


@each_sample
def test_pages_of_objects_tell_the_findings_of_the_report(path: Path) -> None:
    own = judged(path)
    of_report = {finding.id: finding for finding in own.findings}
    shown: set[str] = set()
    for kind in (DISK, VM, NETWORK):
        for page in pages(own, kind):
            assert all(of_report[finding.id] is finding for finding in page.findings)
            shown |= {finding.id for finding in page.findings}
    for page in pages(own, HOST):
        shown |= {finding.id for finding in (*page.view.about, *page.view.on_logs)}
    for page in pages(own, SR):
        shown |= {finding.id for finding in page.view.findings}
    types = {"VDI", "VM", "Network", "Host", "SR"}
    for finding in own.findings:
        if types & {subject.type for subject in finding.subjects}:
            assert finding.id in shown, finding.title
