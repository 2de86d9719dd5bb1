"""The plans of the sample bundles: played on the model of SM, and the same in every command."""

from collections.abc import Iterator
from pathlib import Path
from unittest.mock import PropertyMock, patch

import pytest

from analyzer.model.disk import DiskState
from analyzer.model.goal import Goal, StepKind
from analyzer.model.pages import HOST, NETWORK
from analyzer.model.pages import SR as SR_PAGE
from analyzer.model.plan import Plan, Step
from analyzer.plans.case import MOST_WORLDS, count_worlds
from analyzer.plans.planning import plan_disk
from analyzer.story.disks.index import index
from analyzer.story.pages import MAKERS, Judged
from analyzer.story.plans.disk_plans import disk_case, disk_plan
from analyzer.story.plans.shown import PlansShown
from tests.golden.outputs import EACH_SAMPLE, SAMPLES, sample_read
from tests.plans.follow import every_world, followed, four_nights

_OF_DISKS = {Goal.INCREMENTAL, Goal.NO_SILENT_LOSS}
each_sample = pytest.mark.parametrize("path", EACH_SAMPLE)


def steps_of(plan: Plan) -> Iterator[Step]:
    """Yield every step that a plan prints."""
    for step in (*plan.steps, *(plan.alternative.steps if plan.alternative else ())):
        yield step
        for answer in step.answers:
            yield from steps_of(answer.plan)
    yield from (keep.first for keep in plan.keep if keep.first)


@each_sample
def test_plan_of_every_disk_passes_four_nights(path: Path) -> None:
    case, report = sample_read(path)
    known = index(case, report.outcomes)
    for printed in report.plans:
        if printed.object.type != "VDI" or not _OF_DISKS & set(printed.goals):
            continue
        asked = disk_case(case, known, printed.object.uuid, printed.goals)
        if asked is None:
            assert printed.doubt
            continue
        plan = plan_disk(asked)
        assert [step for step in printed.steps if step in plan.steps] == list(plan.steps)
        assert plan.proven
        assert count_worlds(asked.doubts) <= MOST_WORLDS
        for world in every_world(asked):
            state, base = followed(plan, world, asked)
            ends = four_nights(state, asked.disk, base)
            assert set(ends) <= {"ok"}, (printed.object, ends)


@each_sample
def test_every_finding_refers_to_the_one_plan_of_its_object(path: Path) -> None:
    _, report = sample_read(path)
    plans = {plan.id: plan for plan in report.plans}
    assert len(plans) == len(report.plans)
    assert len({plan.object.uuid for plan in report.plans}) == len(report.plans)
    for finding in (finding for outcome in report.outcomes for finding in outcome.findings):
        assert finding.id in plans[finding.plan].findings
        assert finding.state_why


@each_sample
def test_no_cause_begins_by_destroying(path: Path) -> None:
    _, report = sample_read(path)
    firsts = {plan.next for plan in report.plans if plan.steps}
    assert not any(plan.steps[0].kind is StepKind.DESTROYS for plan in report.plans if plan.steps)
    for cause in report.causes:
        assert any(cause.next_action.startswith(first) for first in firsts) or (
            cause.next_action.startswith(("Nothing is to be done", "No step is known"))
        )


@each_sample
def test_deletion_of_a_snapshot_that_a_vm_snapshot_holds_says_so(path: Path) -> None:
    case, report = sample_read(path)
    held = {
        vdi.uuid
        for pool in case.pools
        for vdi in pool.vdis
        for vbd in pool.vbds_of(vdi)
        if (vm := pool.vm(vbd.vm)) and vm.is_a_snapshot
    }
    for step in (step for plan in report.plans for step in steps_of(plan)):
        typed = f"{step.text} {' '.join(step.commands)}"
        if any(f"xe vdi-destroy uuid={uuid}" in typed for uuid in held):
            assert "VM snapshot" in step.lost


@each_sample
def test_commands_show_the_plan_of_the_report_and_no_other(path: Path) -> None:
    case, report = sample_read(path)
    known = index(case, report.outcomes)
    plans = {plan.object.uuid: plan for plan in report.plans if plan.object.type == "VDI"}
    shown = PlansShown(report)
    for disk, own in known.members.items():
        made = (plans[disk],) if disk in plans else ()
        assert {shown.of_disk(case, known, uuid) for uuid in own} == {made}
    judged = Judged(case, report)
    for kind, types in ((HOST, {"Host"}), (SR_PAGE, {"SR"}), (NETWORK, {"Network", "PIF"})):
        maker = next(each for each in MAKERS if each.kind is kind)
        paged = {plan for key in maker.keys(judged) for plan in maker.make(judged, key).plans}
        assert paged == {plan for plan in report.plans if plan.object.type in types}


def test_plan_of_each_of_many_pages_is_looked_up() -> None:
    case, report = sample_read(SAMPLES[0])
    known = index(case, report.outcomes)
    with patch.object(Plan, "id", PropertyMock(return_value="P-1")) as named:
        shown = PlansShown(report)
        for uuid in known.rows:
            shown.of_disk(case, known, uuid)
            shown.named(["P-1"])
    assert named.call_count == len(report.plans) > 0


@each_sample
def test_disk_that_is_sound_needs_nothing(path: Path) -> None:
    case, report = sample_read(path)
    known = index(case, report.outcomes)
    for disk in report.disks:
        if disk.state is DiskState.SOUND and disk.vdi:
            plan = disk_plan(case, known, disk.vdi.uuid)
            assert plan is not None
            # of a full SR there is more to say than of its disks
            assert [step for step in plan.steps if step.commands] == []
