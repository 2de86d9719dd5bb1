"""What was measured on the real SM: which remedy passes four nights, and which is refused for ever.

Each state is lived on the model, each remedy is done as a person would, and the planner is asked.
"""

from collections.abc import Sequence
from dataclasses import replace

from analyzer.model.cbt import NO_LOG
from analyzer.model.finding import Subject
from analyzer.model.goal import Goal, StepKind
from analyzer.model.plan import Plan
from analyzer.plans.acts import BASELINE, Act, Do, play
from analyzer.plans.case import DiskCase
from analyzer.plans.planning import plan_disk
from analyzer.sm.by_hand import cut_bitmap, cut_header, remove_log, set_child
from analyzer.sm.comparing import ENDLESS, list_changed_blocks
from analyzer.sm.snapshots import snapshot, vdi_delete
from analyzer.sm.state import State, one_disk
from analyzer.sm.tracking import attach, crash, detach, disable, enable
from tests.plans.follow import four_nights

DISK = "disk"
OK = ["ok"] * 4
UNRELATED = ["Source and target VDI are unrelated"] * 4
OFF, ON, FULL = Act(do=Do.DISABLE), Act(do=Do.ENABLE), Act(do=Do.BASELINE)
DELETE = Act(do=Do.DELETE, name="s1")
CUT = Act(do=Do.CHILD, name="s1", to=NO_LOG)


def used(*names: str) -> State:
    state = attach(enable(one_disk(DISK), DISK).state, DISK).state
    for name in names:
        state = snapshot(state, DISK, name).state
    return state


def crashed() -> State:
    """CBT went off by an error, with s1 there, and is on again."""
    state = attach(crash(used("s1"), DISK).state, DISK).state
    return enable(state, DISK).state


def mended() -> State:
    """The same, and a new baseline b was taken."""
    return snapshot(crashed(), DISK, "b").state


def every_backup_full() -> State:
    """The same, and s1 was deleted after that: every comparison is refused from then on."""
    state = vdi_delete(mended(), "s1").state
    state = snapshot(state, DISK, "n0").state
    assert not list_changed_blocks(state, "b", "n0").ok
    return vdi_delete(state, "b").state


def after(state: State, *acts: Act) -> State:
    for act in acts:
        result = play(act, state, DISK)
        assert result.ok, act
        state = result.state
    return state


def case(state: State, base: str, *goals: Goal, retention: Sequence[str] = ()) -> DiskCase:
    return DiskCase(
        disk=DISK,
        state=state,
        goals=frozenset(goals or {Goal.INCREMENTAL}),
        subject=Subject(type="VDI", uuid=DISK),
        base=base,
        retention=frozenset(retention),
    )


def does(plan: Plan) -> list[str]:
    return [step.text.split(" of ")[0].split(" for ")[0] for step in plan.steps]


def test_crash_then_mended_needs_nothing() -> None:
    assert four_nights(mended(), DISK, "b") == OK
    plan = plan_disk(case(mended(), "b"))
    assert (plan.steps, plan.proven, str(plan.cost)) == ((), True, "nothing")


def test_crash_then_mended_says_which_snapshot_to_keep_and_how_to_free_it() -> None:
    (keep,) = plan_disk(case(mended(), "b")).keep
    assert keep.snapshot == "s1"
    assert keep.first is not None
    assert keep.first.commands == (
        "cbt-util set -n /run/sr-mount/<SR>/s1.cbtlog -c 00000000-0000-0000-0000-000000000000",
    )
    assert four_nights(after(mended(), CUT, DELETE), DISK, "b") == OK


def test_deleting_the_old_snapshot_and_keeping_the_baseline_is_refused_for_ever() -> None:
    assert four_nights(after(mended(), DELETE), DISK, "b") == UNRELATED


def test_deleting_both_and_a_new_baseline_passes() -> None:
    state = after(mended(), DELETE, Act(do=Do.DELETE, name="b"), FULL)
    assert four_nights(state, DISK, BASELINE) == OK


def test_cutting_the_pointer_passes_whether_the_old_snapshot_stays_or_goes() -> None:
    assert four_nights(after(mended(), CUT), DISK, "b") == OK
    assert four_nights(after(mended(), CUT, DELETE), DISK, "b") == OK
    plan = plan_disk(case(mended(), "b", Goal.INCREMENTAL, retention=["s1"]))
    assert does(plan) == ["Let the log"]
    assert str(plan.cost) == "nothing"
    assert plan.alternative is not None
    assert plan.alternative.cost.full_backups == 1


def test_old_snapshot_deleted_before_the_baseline_passes() -> None:
    state = after(crashed(), DELETE, FULL)
    assert four_nights(state, DISK, BASELINE) == OK


def test_comparison_across_the_gap_is_answered_and_cutting_ends_that() -> None:
    detached = detach(mended(), DISK).state
    answer = list_changed_blocks(detached, "s1", DISK)
    assert answer.ok
    assert answer.left_out
    plan = plan_disk(case(mended(), "b", Goal.INCREMENTAL, Goal.NO_SILENT_LOSS))
    assert does(plan) == ["Let the log"]
    assert str(plan.cost) == "nothing"


def test_lost_log_with_old_snapshots() -> None:
    lost = remove_log(used("s1"), DISK).state
    begun = after(lost, OFF, ON, FULL)
    assert four_nights(after(begun, DELETE), DISK, BASELINE) == UNRELATED
    assert four_nights(after(lost, CUT, OFF, ON, FULL, DELETE), DISK, BASELINE) == OK
    plan = plan_disk(case(lost, "s1", Goal.INCREMENTAL))  # which the backup deletes after the next
    assert does(plan) == ["Let the log", "Turn CBT off", "Turn CBT on", "Let the backup"]
    assert str(plan.cost) == "one full backup"
    older = remove_log(used("s1", "s2"), DISK).state
    plan = plan_disk(case(older, "", Goal.INCREMENTAL, retention=["s1", "s2"]))
    assert does(plan) == ["Let the log", "Turn CBT off", "Turn CBT on"]
    assert plan.steps[0].commands[0].split("/")[-1].startswith("s2.cbtlog -c 0000")


def test_short_log_needs_no_hand() -> None:
    short = cut_bitmap(used("s1"), DISK).state
    assert four_nights(after(short, OFF, ON, FULL, DELETE), DISK, BASELINE) == OK
    plan = plan_disk(case(short, "s1", Goal.INCREMENTAL))
    assert does(plan) == ["Let the backup"]  # its snapshot takes the short log away


def test_log_without_header_is_removed_only_because_nothing_else_passes() -> None:
    broken = cut_header(detach(used("s1"), DISK).state, DISK).state
    assert not disable(broken, DISK).ok
    assert attach(broken, DISK).code == "SR_BACKEND_FAILURE_46"
    gone = after(broken, Act(do=Do.REMOVE, name=DISK))
    assert four_nights(after(gone, OFF, ON, FULL, DELETE), DISK, BASELINE) == UNRELATED
    assert four_nights(after(gone, CUT, OFF, ON, FULL, DELETE), DISK, BASELINE) == OK
    plan = plan_disk(case(broken, "", Goal.INCREMENTAL, Goal.STARTS, retention=["s1"]))
    assert [step.kind for step in plan.steps] == [
        StepKind.LOOK,
        StepKind.DO,
        StepKind.DESTROYS,
        StepKind.DO,
        StepKind.DO,
    ]
    assert does(plan)[2:] == ["Remove the log", "Turn CBT off", "Turn CBT on"]
    assert str(plan.cost) == "one full backup, one broken log lost"


def test_no_space_for_a_new_log_at_a_snapshot() -> None:
    full = replace(used("s1"), room=False)
    state = replace(snapshot(full, DISK, "s2").state, room=True)
    assert not state.vdis[DISK].cbt_enabled
    begun = after(state, ON, FULL, DELETE, Act(do=Do.DELETE, name="s2"))
    assert four_nights(begun, DISK, BASELINE) == OK
    plan = plan_disk(case(state, "", Goal.INCREMENTAL, retention=["s1", "s2"]))
    assert does(plan) == ["Turn CBT on"]
    full = replace(state, room=False)
    assert does(plan_disk(case(full, "", Goal.INCREMENTAL))) == [
        "Make room on the SR",
        "Turn CBT on",
    ]


def test_every_backup_is_full() -> None:
    state = every_backup_full()
    assert four_nights(state, DISK, "n0") == UNRELATED
    begun = after(state, OFF, ON, FULL)
    assert four_nights(begun, DISK, BASELINE) == OK
    deleted = after(begun, Act(do=Do.DELETE, name="n0"))  # its log still names the disk
    assert four_nights(deleted, DISK, BASELINE) == UNRELATED
    set_both = (Act(do=Do.PARENT, name=DISK, to="n0"), Act(do=Do.CHILD, name="n0", to=DISK))
    assert four_nights(after(state, *set_both), DISK, "n0") == OK


def test_every_backup_full_is_mended_by_pointers_at_no_price() -> None:
    plan = plan_disk(case(every_backup_full(), "n0"))
    assert plan.proven
    assert str(plan.cost) == "nothing"
    assert {step.kind for step in plan.steps} == {StepKind.DO}
    assert plan.alternative is not None
    assert str(plan.alternative.cost) == "one full backup"


def test_users_own_disable_cuts_the_pointer() -> None:
    state = after(used("s1"), OFF, ON, FULL, DELETE)
    assert four_nights(state, DISK, BASELINE) == OK


def test_circle_of_old_logs_is_cut_where_comparisons_would_have_no_end() -> None:
    circle = set_child(used("s1", "s2", "s3"), "s2", "s1").state
    detached = detach(circle, DISK).state
    assert list_changed_blocks(detached, "s1", DISK).outcome == ENDLESS
    assert four_nights(circle, DISK, "s3") == OK
    plan = plan_disk(case(circle, "s3", Goal.INCREMENTAL, Goal.NO_SILENT_LOSS))
    assert does(plan) == ["Let the log"]
    assert (str(plan.cost), plan.proven) == ("nothing", True)
    sound = plan_disk(case(used("s1", "s2", "s3"), "s3", Goal.INCREMENTAL, Goal.NO_SILENT_LOSS))
    assert sound.steps == ()
