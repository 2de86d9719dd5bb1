"""What is to be done for disks with a past, and whether what befell them is over."""

from unittest.mock import patch

import pytest

from analyzer.checks.observation import Examined
from analyzer.model.finding import Outcome, Severity, Verdict
from analyzer.model.goal import Goal, Standing, StepKind
from analyzer.model.plan import Plan
from analyzer.plans.planning import plan_disk
from analyzer.story.disks.index import index
from analyzer.story.plans.disk_plans import disk_case, disk_plan
from analyzer.story.plans.object_plans import Planned, plan_all
from tests.checks.cbt.test_cbt_hazards import STALE, broken, snapshot
from tests.checks.chain_story import NONE, Story
from tests.checks.nbd_info.test_nbd_network_purpose_mixed import REFUSED
from tests.checks.nbd_info.test_nbd_network_purpose_mixed import RULE as MIXED
from tests.checks.support import OTHER_NETWORK, SR, VDI, CaseBuilder, lvs, network, pbd, sr, vdi

INCONSISTENT = "cbt-disabled-inconsistent-log"
N1 = "11111111-7a41-4f0e-8f6b-55d1c0b7a2e4"
N2 = "22222222-7a41-4f0e-8f6b-55d1c0b7a2e4"
N3 = "33333333-7a41-4f0e-8f6b-55d1c0b7a2e4"


def outcome(rule: str, seen: Examined) -> Outcome:
    return Outcome(
        rule=rule,
        title=rule,
        severity=Severity.ERROR,
        verdict=Verdict.FOUND,
        reason="",
        findings=seen.findings,
    )


def planned(built: CaseBuilder, *rules: str) -> Planned:
    return plan_all(built.build(), [outcome(rule, built.examine(rule)) for rule in rules])


def only_plan(made: Planned) -> Plan:
    (plan,) = made.plans
    return plan


def commands(plan: Plan) -> list[str]:
    return [command for step in plan.steps for command in step.commands]


def mended() -> CaseBuilder:
    """Return a disk whose CBT an error turned off, on again, with a snapshot from before."""
    story = broken().snapshot(VDI, N2).wait()
    old = next(uuid for uuid in story.logs if uuid not in {VDI, N2})
    rows = (snapshot(old, "01:30:00"), snapshot(N2, "03:00:00"))
    return CaseBuilder().host().smlog(story.end().lines).database(sr(kind="nfs"), vdi(), *rows)


def test_mended_disk_is_asked_for_a_pointer_and_nothing_is_lost() -> None:
    plan = only_plan(planned(mended(), INCONSISTENT, STALE))
    assert (plan.proven, str(plan.cost)) == (True, "nothing")
    assert all(step.kind is not StepKind.DESTROYS for step in plan.steps)
    assert [command.split(" -c ")[-1] for command in commands(plan)] == [NONE]


def test_error_is_over_where_only_the_pointer_it_left_is_not() -> None:
    made = planned(mended(), INCONSISTENT, STALE)
    assert [each.findings[0].state for each in made.outcomes] == [Standing.OVER, Standing.NOW]


def test_two_findings_of_a_disk_have_one_plan() -> None:
    made = planned(mended(), INCONSISTENT, STALE)
    found = [finding for each in made.outcomes for finding in each.findings]
    assert len(found) == 2
    assert {finding.plan for finding in found} == {only_plan(made).id}
    assert set(only_plan(made).findings) == {finding.id for finding in found}


def test_old_snapshot_of_a_mended_disk_is_kept_until_its_pointer_is_cut() -> None:
    case = mended().build()
    asked = disk_case(case, index(case, ()), VDI, (Goal.INCREMENTAL,))
    assert asked is not None
    plan = plan_disk(asked)
    assert (plan.steps, plan.proven) == ((), True)
    (keep,) = plan.keep
    assert keep.first is not None
    assert f"{keep.snapshot}.cbtlog -c {NONE}" in keep.first.commands[-1]


def test_lost_log_costs_a_full_backup_and_no_snapshot() -> None:
    story = Story(volumes=True).enable(VDI).wait().snapshot(VDI, N1).wait()
    built = CaseBuilder().host().smlog(story.end().lines).lvs(lvs(f"{N1}.cbtlog"))
    built = built.database(sr(), pbd(), vdi(), snapshot(N1, "01:30:00"))
    plan = only_plan(planned(built, "cbt-log-missing"))
    assert (plan.proven, str(plan.cost)) == (True, "one full backup")
    assert all(step.kind is StepKind.DO for step in plan.steps)
    typed = " ".join(commands(plan))
    assert f"{N1}.cbtlog -c {NONE}" in typed
    assert typed.index("vdi-disable-cbt") < typed.index("vdi-enable-cbt")


def test_pointer_that_an_error_leaves_is_cut_where_the_logs_do_not_reach_back_to_it() -> None:
    body = f"Changed Block Tracking metadata is inconsistent for disk {VDI}."
    built = CaseBuilder().host().alert("VDI_CBT_METADATA_INCONSISTENT", VDI, "02:00:00", body)
    built = built.database(sr(kind="nfs"), vdi(cbt_enabled=False), snapshot(N1, "01:30:00"))
    plan = only_plan(planned(built, INCONSISTENT))
    first, second = commands(plan)
    assert (plan.proven, str(plan.cost)) == (True, "one full backup")
    assert f"{N1}.cbtlog -c {NONE}" in first
    assert "vdi-enable-cbt" in second


def test_log_of_a_snapshot_that_nothing_compares_with_any_more_asks_for_nothing() -> None:
    story = Story(volumes=True).enable(VDI).wait().snapshot(VDI, N1).wait().snapshot(VDI, N2).wait()
    del story.logs[N2]
    story.snapshot(VDI, N3).wait()
    lost = snapshot(N2, "02:00:00", cbt_enabled=False)
    rows = (snapshot(N1, "01:30:00"), lost, snapshot(N3, "02:40:00"))
    built = CaseBuilder().host().smlog(story.end().lines)
    built = built.lvs(lvs(f"{N1}.cbtlog", f"{N3}.cbtlog", f"{VDI}.cbtlog"))
    case = built.database(sr(), pbd(), vdi(), *rows).build()
    plan = disk_plan(case, index(case, ()), VDI)
    assert plan is not None
    assert (plan.steps, plan.proven, str(plan.cost)) == ((), True, "nothing")


def lost(again: bool) -> CaseBuilder:
    story = Story().enable(VDI).wait().lose(VDI).wait()
    if again:
        story.enable(VDI).wait()
    row = vdi(cbt_enabled=again)
    return CaseBuilder().host().smlog(story.end().lines).database(sr(kind="nfs"), row)


@pytest.mark.parametrize("again", [True, False], ids=["on again", "still off"])
def test_error_is_over_once_cbt_is_on_again(again: bool) -> None:
    made = planned(lost(again), INCONSISTENT)
    (finding,) = made.outcomes[0].findings
    assert finding.state is (Standing.OVER if again else Standing.NOW)
    assert (finding.over_since is not None) is again
    assert bool(only_plan(made).steps) is not again


def test_disk_that_the_whole_database_does_not_have_is_over() -> None:
    story = Story().enable(VDI).wait().lose(VDI).wait()
    built = CaseBuilder().host().smlog(story.end().lines).database(sr(kind="nfs"))
    (finding,) = planned(built, INCONSISTENT).outcomes[0].findings
    assert finding.state is Standing.OVER


def test_disk_of_a_database_that_was_not_read_whole_is_not_known() -> None:
    story = Story().enable(VDI).wait().lose(VDI).wait()
    built = CaseBuilder().host().smlog(story.end().lines)
    made = planned(built.database(sr(kind="nfs"), complete=False), INCONSISTENT)
    assert made.outcomes[0].findings[0].state is Standing.UNKNOWN
    assert only_plan(made).doubt


@pytest.mark.parametrize(
    ("purposes", "state"),
    [
        ((("nbd",), ()), Standing.OVER),
        ((("nbd",), ("insecure_nbd",)), Standing.NOW),
        ((("nbd",), None), Standing.UNKNOWN),
    ],
    ids=["mended", "mixed", "not shown"],
)
def test_purposes_that_refused_clients_are_over_once_the_rows_have_one(
    purposes: tuple[tuple[str, ...], tuple[str, ...] | None], state: Standing
) -> None:
    first, second = purposes
    rows = (network(purpose=first), network(OTHER_NETWORK, second))
    made = planned(CaseBuilder().host().daemon_log(REFUSED).database(*rows), MIXED)
    assert [finding.state for finding in made.outcomes[0].findings] == [state]


def test_commands_name_the_folder_of_the_repository() -> None:
    (command,) = commands(only_plan(planned(mended(), STALE)))
    assert f"/run/sr-mount/{SR}/" in command


def test_beyond_what_all_disks_may_try_it_is_told_that_nothing_was_tried() -> None:
    with patch("analyzer.story.plans.object_plans._EFFORT", 0):
        made = planned(mended(), INCONSISTENT, STALE)
    plan = only_plan(made)
    assert "no plan was tried" in plan.doubt
    assert not plan.proven
    assert {each.findings[0].state for each in made.outcomes} == {Standing.UNKNOWN}
