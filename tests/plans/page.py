"""docs/plans.md: what the planner says in the commonest troubles, each played on the model.

``python -m tests.plans.page`` writes it; a test holds it against the planner.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from analyzer.model.goal import Goal
from analyzer.plans.acts import BASELINE, Act, Do, play
from analyzer.plans.case import worlds
from analyzer.plans.planning import plan_disk
from analyzer.render.words.plan_lines import plan_lines
from analyzer.sm.by_hand import cut_bitmap, cut_header, remove_log
from analyzer.sm.state import State
from analyzer.sm.tracking import detach
from tests.plans.follow import followed, four_nights
from tests.plans.test_remedies import (
    DELETE,
    DISK,
    after,
    case,
    crashed,
    every_backup_full,
    mended,
    used,
)

PAGE = Path(__file__).resolve().parents[2] / "docs" / "plans.md"
_ALL = (Goal.INCREMENTAL, Goal.NO_SILENT_LOSS)
_HEAD = """\
<!-- Written by `python -m tests.plans.page` from the planner itself: change it there. -->

# Plans, and their proof

For each disk in trouble there is one plan. Its candidates are made in the order of their price, and each is
played on a model of SM before it is offered: after it, four nights of snapshot, comparison and deletion of
the old snapshot must give four incremental backups that leave nothing out. The first that passes is the
plan. The model was held against the real programs, see [the architecture](ARCHITECTURE.md).

Below, `disk` is the disk, `s1`, `s2` its older snapshots, `b` the base of the next backup. What is said here
of each state was played while this page was written.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """A state that hosts end up in; ``wrong`` is what people do, and what came of it is played."""

    title: str
    happened: str
    state: Callable[[], State]
    base: str
    goals: tuple[Goal, ...] = _ALL
    retention: Sequence[str] = ()
    wrong: tuple[str, tuple[Act, ...]] | None = None


TROUBLES = (
    Trouble(
        title="A host crashed, CBT went off and on again, and a full backup was made since",
        happened="SM turned CBT off at the next attach, because the log was not closed. Somebody turned"
        " it on again, and the backup took a new base. `s1` is from before.",
        state=mended,
        base="b",
        wrong=("delete `s1`, and keep the base", (DELETE,)),
    ),
    Trouble(
        title="The same, before the first full backup",
        happened="CBT is on again, but no snapshot was taken since.",
        state=crashed,
        base="",
        retention=("s1",),
    ),
    Trouble(
        title="Every backup is a full one since the crash",
        happened="As above, then `s1` was deleted: SM joined what must not be joined, and refuses every"
        " comparison from then on.",
        state=every_backup_full,
        base="n0",
        wrong=("wait for the next night", ()),
    ),
    Trouble(
        title="The disk's log is gone, and the database says that CBT is on",
        happened="The log was removed by hand, or lost with the file system.",
        state=lambda: remove_log(used("s1"), DISK).state,
        base="s1",
        wrong=(
            "turn CBT off and on, take a full backup, delete `s1`",
            (Act(do=Do.DISABLE), Act(do=Do.ENABLE), Act(do=Do.BASELINE), DELETE),
        ),
    ),
    Trouble(
        title="The log is short: the file system was full while it was written",
        happened="Its header can be read, the end of its bitmap is not there.",
        state=lambda: cut_bitmap(used("s1"), DISK).state,
        base="s1",
        goals=(Goal.INCREMENTAL,),
    ),
    Trouble(
        title="The log has no header, and the VM does not start",
        happened="Every command that reads the log fails; SM cannot turn CBT off (error 46).",
        state=lambda: cut_header(detach(used("s1"), DISK).state, DISK).state,
        base="",
        goals=(Goal.INCREMENTAL, Goal.STARTS),
        retention=("s1",),
    ),
)  # fmt: skip


def page() -> str:
    """Return the page, played now."""
    parts = [_HEAD, *(part for trouble in TROUBLES for part in _part(trouble))]
    return "\n".join(parts).rstrip() + "\n"


def _part(trouble: Trouble) -> Iterator[str]:
    asked = case(trouble.state(), trouble.base, *trouble.goals, retention=trouble.retention)
    plan = plan_disk(asked)
    (world, *_) = worlds(asked.state, asked.doubts)
    state, base = followed(plan, world, asked)
    yield f"## {trouble.title}\n"
    yield f"{trouble.happened}\n"
    yield from _logs(trouble.state())
    yield f"If nothing is done: {_nights(trouble.state(), trouble.base)}.\n"
    if trouble.wrong:
        what, acts = trouble.wrong
        begun = after(trouble.state(), *acts)
        last = BASELINE if any(act.do is Do.BASELINE for act in acts) else trouble.base
        yield f"What people do: {what}. Then: {_nights(begun, last)}.\n"
    yield f"**The plan** costs {plan.cost}:\n"
    yield from (
        f"{'  ' * line.depth}- {_text(line.text, code=line.code)}" for line in plan_lines(plan)
    )
    yield f"\nAfter it: {_nights(state, base)}.\n"


def _text(text: str, *, code: bool) -> str:
    return f"`{text}`" if code else text


def _logs(state: State) -> Iterator[str]:
    yield "| log | parent | child | closed in order | body |"
    yield "| --- | --- | --- | --- | --- |"
    for name, log in state.logs.items():
        closed = "yes" if log.consistent else "no"
        yield f"| {name} | {log.parent or '-'} | {log.child or '-'} | {closed} | {log.body} |"
    yield ""


def _nights(state: State, base: str) -> str:
    """Return what four nights of backups from a base come to."""
    if not base:
        first = play(Act(do=Do.BASELINE), state, DISK)
        if not first.ok:
            return f"no backup, its snapshot fails with “{first.code or first.outcome}”"
        return f"one full backup, then {_nights(first.state, BASELINE)}"
    nights = four_nights(state, DISK, base)
    if all(night == "ok" for night in nights):
        return "four incremental backups"
    failed = next(night for night in nights if night != "ok")
    return f"{nights.count('ok')} of 4 backups are incremental; the others fail with “{failed}”"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
