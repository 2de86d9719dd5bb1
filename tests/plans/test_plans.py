from dataclasses import replace

import pytest

from analyzer.model.finding import Subject
from analyzer.model.goal import Goal, StepKind
from analyzer.model.plan import Cost, Plan, Step
from analyzer.plans.case import (
    MOST_WORLDS,
    About,
    DiskCase,
    Doubt,
    Effort,
    Question,
    Site,
    count_worlds,
    worlds,
)
from analyzer.plans.commands import answer_words, look_for, path
from analyzer.plans.planning import plan_disk
from analyzer.sm.by_hand import cut_header, remove_log
from analyzer.sm.snapshots import snapshot
from analyzer.sm.state import Body, SrKind, State
from analyzer.sm.tracking import detach
from tests.plans.count_plans import ends
from tests.plans.test_remedies import case, does, every_backup_full, mended, used

SITE = Site(sr="sr", attached_on="h2", names={"s1": "the first", "vm": "before update"})


def on_volumes(state: State) -> State:
    return replace(state, sr=SrKind.VOLUMES)


def test_log_of_a_snapshot_is_activated_on_the_master_and_deactivated() -> None:
    asked = replace(case(on_volumes(mended()), "b", Goal.INCREMENTAL, retention=["s1"]), site=SITE)
    (step,) = plan_disk(asked).steps
    volume = "/dev/VG_XenStorage-sr/s1.cbtlog"
    assert step.where == "the SR master"
    assert step.commands == (
        f"lvchange -ay {volume}",
        f"cbt-util set -n {volume} -c 00000000-0000-0000-0000-000000000000",
        f"lvchange -an {volume}",
    )


def test_log_of_an_attached_disk_is_set_where_it_is_attached() -> None:
    asked = replace(case(on_volumes(every_backup_full()), "n0"), site=SITE)
    by_log = {
        step.commands[0].split("/")[-1].split(".")[0]: step for step in plan_disk(asked).steps
    }
    live = by_log["disk"]
    assert live.where == "h2"
    assert live.commands == ("cbt-util set -n /dev/VG_XenStorage-sr/disk.cbtlog -p n0",)
    nobody = plan_disk(replace(asked, site=Site(sr="sr")))
    assert {step.where for step in nobody.steps} >= {"the host that the disk is attached to"}


def test_older_file_srs_lie_elsewhere() -> None:
    site = Site(sr="sr", mount="/var/run/sr-mount")
    asked = replace(case(mended(), "b", Goal.INCREMENTAL, retention=["s1"]), site=site)
    (step,) = plan_disk(asked).steps
    assert step.commands[0].startswith("cbt-util set -n /var/run/sr-mount/sr/s1.cbtlog ")


def test_what_is_not_known_and_makes_a_difference_is_looked_at_first() -> None:
    doubt = Doubt(question=Question(name="disk", about=About.EXISTS))
    plan = plan_disk(replace(case(used("s1"), "s1"), doubts=(doubt,)))
    (look,) = plan.steps
    assert look.kind is StepKind.LOOK
    assert look.commands == ("ls -l /run/sr-mount/<SR>/disk.cbtlog",)
    there, gone = look.answers
    assert (there.when, there.means, there.plan.steps) == (
        "it is listed",
        "nothing has to be done",
        (),
    )
    assert (gone.when, does(gone.plan)[-3:]) == (
        "there is none",
        ["Turn CBT off", "Turn CBT on", "Let the backup"],
    )
    assert plan.cost == gone.plan.cost
    assert plan.proven


def test_what_is_not_known_and_makes_no_difference_is_not_looked_at() -> None:
    doubt = Doubt(question=Question(name="s1", about=About.CONSISTENT))
    assert plan_disk(replace(case(mended(), "b"), doubts=(doubt,))).steps == ()


@pytest.mark.parametrize("sr", list(SrKind))
@pytest.mark.parametrize(
    ("about", "values"),
    [
        (About.BODY, tuple(body.value for body in Body)),
        (About.CONSISTENT, ()),
        (About.EXISTS, ()),
    ],
)
def test_doubt_that_changes_the_price_is_looked_at(
    sr: SrKind, about: About, values: tuple[str, ...]
) -> None:
    state = replace(detach(used("s1"), "disk").state, sr=sr)
    doubt = Doubt(question=Question(name="disk", about=about), values=values)
    plan = plan_disk(replace(case(state, "s1"), doubts=(doubt,)))
    assert plan.proven
    assert [answer.when for answer in plan.steps[0].answers] == [
        answer_words(doubt.question, value, case(state, "s1")) for value in doubt.possible
    ]


@pytest.mark.parametrize(
    ("name", "about", "values", "steps"),
    [
        ("disk", About.PARENT, ("s1", ""), ["Let the log"]),
        ("disk", About.ENABLED, (), ["Turn CBT on"]),
        ("s1", About.CHILD, ("disk", ""), []),  # the next snapshot sets it
    ],
)
def test_what_passes_either_way_at_the_same_price_is_done_without_a_look(
    name: str, about: About, values: tuple[str, ...], steps: list[str]
) -> None:
    doubt = Doubt(question=Question(name=name, about=about), values=values)
    plan = plan_disk(replace(case(used("s1"), "s1"), doubts=(doubt,)))
    assert (does(plan), plan.proven, str(plan.cost)) == (steps, True, "nothing")


@pytest.mark.parametrize("sr", list(SrKind))
@pytest.mark.parametrize(
    ("about", "command", "value", "words"),
    [
        (About.PARENT, "cbt-util get -n PATH -p", "s1", "s1"),
        (About.CHILD, "cbt-util get -n PATH -c", "", "00000000-0000-0000-0000-000000000000"),
        (About.CONSISTENT, "cbt-util get -n PATH -f", "yes", "1"),
        (About.ENABLED, "xe vdi-param-get uuid=s1 param-name=cbt-enabled", "no", "false"),
    ],
)
def test_every_question_has_its_command(
    sr: SrKind, about: About, command: str, value: str, words: str
) -> None:
    asked = case(replace(used("s1"), sr=sr), "s1")
    question = Question(name="s1", about=about)
    look = look_for(question, asked)
    assert command.replace("PATH", path(asked, "s1")) in look.commands
    assert answer_words(question, value, asked) == words


def test_nothing_is_asked_of_a_log_that_is_gone() -> None:
    doubts = tuple(
        Doubt(question=Question(name="disk", about=about)) for about in (About.EXISTS, About.BODY)
    )
    assert len(worlds(used("s1"), doubts)) == 3
    assert all(
        each.proven for each in ends(plan_disk(replace(case(used("s1"), "s1"), doubts=doubts)))
    )


def test_too_many_doubts_leave_those_that_change_something() -> None:
    names = [f"s{n}" for n in range(9)]
    doubts = tuple(
        Doubt(question=Question(name=name, about=About.EXISTS)) for name in (*names, "disk")
    )
    assert count_worlds(doubts) > MOST_WORLDS
    plan = plan_disk(replace(case(used(*names), "s8"), doubts=doubts))
    assert plan.proven
    assert plan.doubt.startswith("taken as likely: whether it is there (s0), ")
    assert "s8" not in plan.doubt
    assert [step.text for step in plan.steps] == ["Look whether s8 has a log."]


def test_snapshot_of_a_vm_snapshot_is_not_deleted_without_saying_so() -> None:
    state = snapshot(used("s0"), "disk", "s1", owner="vm").state
    state = snapshot(state, "disk", "s2").state
    asked = replace(case(state, "s2", Goal.SPACE), unneeded=frozenset({"s1"}), site=SITE)
    plan = plan_disk(asked)
    assert [step.kind for step in plan.steps] == [StepKind.LOOK, StepKind.DESTROYS]
    assert "belongs to the VM snapshot before update" in plan.steps[1].lost
    assert plan.steps[1].commands == ("xe vdi-destroy uuid=s1",)
    assert str(plan.cost) == "one snapshot lost"


def test_space_alone_may_not_break_backups_that_work() -> None:
    asked = replace(case(mended(), "b", Goal.SPACE), unneeded=frozenset({"s1"}))
    plan = plan_disk(asked)
    assert plan.proven
    assert does(plan)[1].startswith("Let the log")


def test_goal_to_start_asks_for_no_backup() -> None:
    state = cut_header(detach(used("s1"), "disk").state, "disk").state
    plan = plan_disk(case(state, "s1", Goal.STARTS))
    assert does(plan) == ["Look whether the log", "Remove the log"]
    assert str(plan.cost) == "one broken log lost"


def test_disable_says_what_the_database_has_wrong() -> None:
    plan = plan_disk(case(remove_log(used(), "disk").state, ""))
    assert plan.steps[0].why.startswith("The database says that it is on, but there is no log")


def test_removing_a_volume_is_another_command() -> None:
    state = on_volumes(cut_header(detach(used("s1"), "disk").state, "disk").state)
    plan = plan_disk(case(state, "s1", Goal.STARTS))
    assert plan.steps[1].commands == (
        (
            "lvremove -f /dev/VG_XenStorage-<SR>/disk.cbtlog "
            "--config 'global{metadata_read_only=0}'"
        ),  # sm.spec.in turns it on for all but SM
    )
    assert plan.steps[1].precondition == "Go on only where the command still fails."
    assert plan.steps[0].commands[1].startswith("cbt-util get -n /dev/")


def test_volume_that_a_tapdisk_has_open_is_removed_by_the_master_with_the_vm_off() -> None:
    plan = plan_disk(case(on_volumes(cut_header(used("s1"), "disk").state), "s1"))
    removal = next(step for step in plan.steps if "lvremove" in step.commands[0])
    assert removal.where == "the SR master"
    assert "The VM has to be off" in removal.precondition


def test_no_way_out_is_said() -> None:
    state = used("s1")
    vdis = {**state.vdis, "s1": replace(state.vdis["s1"], use=state.vdis["disk"].use)}
    asked = replace(case(replace(state, vdis=vdis), "", Goal.SPACE), unneeded=frozenset({"s1"}))
    plan = plan_disk(asked)
    assert (plan.proven, plan.doubt, plan.steps) == (False, "no space is given back", ())


SUBJECT = Subject(type="VDI", uuid="d")
LOOK = Step(kind=StepKind.LOOK, text="Look.", precondition="Go on if so.")
DESTROY = Step(kind=StepKind.DESTROYS, text="Delete.", lost="all", precondition="Nobody needs it.")
DO = Step(kind=StepKind.DO, text="Do.")


def test_plan_never_begins_by_destroying() -> None:
    with pytest.raises(ValueError, match="begins by destroying"):
        Plan(object=SUBJECT, goals=(), steps=(DESTROY,))
    with pytest.raises(ValueError, match="looks before"):
        Plan(object=SUBJECT, goals=(), steps=(DO, LOOK))
    assert Plan(object=SUBJECT, goals=(), steps=(LOOK, DO, DESTROY)).cost == Cost()


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": StepKind.DO, "text": "Do.", "lost": "all"},
        {"kind": StepKind.DESTROYS, "text": "Delete."},
        {"kind": StepKind.DESTROYS, "text": "Delete.", "lost": "all"},
    ],
)
def test_step_says_what_its_kind_demands(wrong: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="a step that destroys"):
        Step(**wrong)  # type: ignore[arg-type]


def test_case_is_made_of_what_is_known() -> None:
    asked = DiskCase(disk="d", state=State(), goals=frozenset(), subject=SUBJECT)
    assert (asked.doubts, asked.base, asked.site.mount) == ((), "", "/run/sr-mount")


def test_disk_of_more_snapshots_than_are_played_has_no_plan() -> None:
    asked = case(mended(), "b", Goal.INCREMENTAL)
    vdis = dict(asked.state.vdis)
    one = vdis["s1"]
    for number in range(600):
        vdis[f"more{number}"] = one
    plan = plan_disk(replace(asked, state=replace(asked.state, vdis=vdis)))
    assert (plan.steps, plan.proven) == ((), False)
    assert f"it has {len(vdis) - 1} snapshots" in plan.doubt
    assert plan_disk(asked).proven


def test_of_many_snapshots_the_newest_are_tried_before_they_are_deleted() -> None:
    asked = case(mended(), "b", Goal.INCREMENTAL)
    state = asked.state
    for number in range(40):
        state = snapshot(state, asked.disk, f"more{number}").state
    (first, *_) = plan_disk(replace(asked, state=state, base="more39")).keep
    assert "oldest snapshots may be deleted was not tried" in first.text


def test_what_may_be_tried_is_counted_and_what_was_not_is_told() -> None:
    asked = case(mended(), "b", Goal.INCREMENTAL)
    counted = replace(asked, effort=Effort(1_000_000))
    whole = plan_disk(counted)
    needed = 1_000_000 - counted.effort.left
    assert whole.proven
    assert whole.keep
    nothing = plan_disk(replace(asked, effort=Effort(1)))
    assert (nothing.steps, nothing.proven) == ((), False)
    assert "no plan was tried to its end" in nothing.doubt
    told = [plan_disk(replace(asked, effort=Effort(number))) for number in range(1, needed)]
    assert {plan.steps for plan in told if plan.proven} == {whole.steps}
    assert any("may be deleted was not tried" in plan.keep[0].text for plan in told if plan.keep)
