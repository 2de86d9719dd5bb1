"""What the planner is given: a disk, what is wanted of it, and what is not known."""

from collections.abc import Mapping, Sequence
from dataclasses import field, replace
from enum import StrEnum
from itertools import product
from math import prod
from types import MappingProxyType
from typing import NamedTuple

from analyzer.model.finding import Subject
from analyzer.model.goal import Goal
from analyzer.sm.state import Body, Log, State
from analyzer.values import dataclass

MOST_WORLDS = 32
EFFORT_OF_A_DISK = 3_000_000  # ten seconds, or a few
_MOST_PLAYED = 512  # disks and snapshots: the logs alone of a year of backups, and more


class About(StrEnum):
    """What can be unknown of a log."""

    EXISTS = "whether it is there"
    BODY = "how much of it can be read"
    CONSISTENT = "its flag"
    PARENT = "its parent"
    CHILD = "its child"
    ENABLED = "whether the database says that CBT is on"


THERE, GONE = "there", "gone"
YES, NO = "yes", "no"
_VALUES: Mapping[About, tuple[str, ...]] = MappingProxyType(
    {
        About.EXISTS: (THERE, GONE),
        About.BODY: (Body.WHOLE.value, Body.CUT.value),
        About.CONSISTENT: (YES, NO),
        About.ENABLED: (YES, NO),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Question:
    """Something about one log (for ENABLED: the disk) that the bundle does not answer."""

    name: str
    about: About


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubt:
    """A question, and the answers that are possible; for pointers names, ``NO_LOG`` for none.

    Without ``values`` they are those of the kind: there or gone, whole or header cut, yes or no.
    """

    question: Question
    values: tuple[str, ...] = ()

    @property
    def possible(self) -> tuple[str, ...]:
        """Return the possible answers."""
        return self.values or _VALUES[self.question.about]


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """One way things can be: a state, and how it answers the questions that matter in it."""

    state: State
    answers: Mapping[Question, str] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Where the commands are typed. ``sr`` is its uuid; ``mount`` the folder of file SRs.

    ``mount`` is /run/sr-mount, up to sm 3 /var/run/sr-mount. ``attached_on`` is the host that the
    disk is attached to, ``master`` the one that SM changes the SR on, "" where that is not known.
    ``names`` are words for uuids.
    """

    sr: str = "<SR>"
    mount: str = "/run/sr-mount"
    attached_on: str = ""
    master: str = ""
    names: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


class EffortSpentError(Exception):
    """All that may be played for a disk, or for all of them, was played."""

    def __init__(self) -> None:
        super().__init__("as much as is tried for one report, or for one disk, was tried before")


class Answer(NamedTuple):
    """What the model answered, without names; what that took, and the last of it."""

    text: str
    spent: int
    last: int


class Effort:
    """How much may still be played on the model: a night takes one for each disk and snapshot.

    Counted, so that the same report has the same plans on every machine. ``answers`` are those of
    other disks, by the form of the question (`alike`): they are counted as if they were played,
    but ``played`` is what was, and one for each disk and snapshot that a form was made of.
    """

    def __init__(
        self, left: int = EFFORT_OF_A_DISK, answers: dict[bytes, Answer] | None = None
    ) -> None:
        self.left = left
        self.answers = answers
        self.played = 0
        self.last = 0  # what was spent last
        # By id the states that were asked of: what they are apart from names, and their names.
        self.states: dict[int, tuple[State, bytes, Mapping[str, int | str]]] = {}
        # By id a state, and as each answer to a doubt makes it: findings and plan ask the same.
        self.answered: dict[tuple[int, Doubt], tuple[State, tuple[State, ...]]] = {}

    def spend(self, number: int) -> None:
        """Take so much of it.

        Raises:
            EffortSpentError: there is no more.
        """
        if self.left <= 0:
            raise EffortSpentError
        self.left -= number
        self.played += number
        self.last = number

    def spend_as(self, answer: Answer, number: int) -> None:
        """Take as much as an answer took; to find it took `number`.

        Raises:
            EffortSpentError: there was no more before the last of it.
        """
        self.played += number
        if answer.spent and self.left - (answer.spent - answer.last) <= 0:
            self.left = min(self.left, 0)
            raise EffortSpentError
        self.left -= answer.spent
        self.last = answer.last


@dataclass(frozen=True, slots=True, kw_only=True)
class DiskCase:
    """A disk at the end of a bundle.

    ``state`` has every log that may be there, with what is most likely of it; ``doubts`` say
    where it could be otherwise. ``base`` is the snapshot that the next backup will compare with,
    "" if the next one is a full one anyway; ``retention`` are snapshots that something will
    delete sooner or later; ``unneeded`` those that may go to give space back. ``purges`` is
    whether the backup destroys the data of its snapshots and keeps their logs.
    """

    disk: str
    state: State
    goals: frozenset[Goal]
    subject: Subject
    base: str = ""
    retention: frozenset[str] = frozenset()
    unneeded: frozenset[str] = frozenset()
    purges: bool = False
    doubts: tuple[Doubt, ...] = ()
    site: Site = Site()
    effort: Effort = field(default_factory=Effort, compare=False)

    @property
    def too_many_to_play(self) -> str:
        """Return why it is not played on the model, "" if it is."""
        if (number := len(self.state.vdis)) <= _MOST_PLAYED:
            return ""
        return f"it has {number - 1} snapshots, and the model plays at most {_MOST_PLAYED - 1}"


def count_worlds(doubts: Sequence[Doubt]) -> int:
    """Return in how many ways things can be, at most."""
    return prod(len(doubt.possible) for doubt in doubts)


def worlds(state: State, doubts: Sequence[Doubt]) -> tuple[World, ...]:
    """Return every way things can be, the likely one first where the doubts name it first."""
    distinct_worlds: list[World] = []
    seen: list[State] = []
    for values in product(*(doubt.possible for doubt in doubts)):
        asked = {doubt.question: value for doubt, value in zip(doubts, values, strict=True)}
        changed = state
        for question, value in asked.items():
            changed = _state_if_answered(changed, question, value)
        if changed in seen:
            continue
        seen.append(changed)
        gone = {q.name for q, value in asked.items() if (q.about, value) == (About.EXISTS, GONE)}
        matters = {
            question: value
            for question, value in asked.items()
            if question.name not in gone or question.about in {About.EXISTS, About.ENABLED}
        }
        distinct_worlds.append(World(state=changed, answers=matters))
    return tuple(distinct_worlds)


def otherwise(case: DiskCase, doubt: Doubt) -> Sequence[State]:
    """Return the state of a disk as each answer to one doubt makes it."""
    state, known = case.state, case.effort.answered
    key = id(state), doubt
    if key not in known or known[key][0] is not state:
        made = (_state_if_answered(state, doubt.question, value) for value in doubt.possible)
        known[key] = state, tuple(made)
    return known[key][1]


def _state_if_answered(state: State, question: Question, value: str) -> State:
    if question.about is About.ENABLED:
        vdi = replace(state.vdis[question.name], cbt_enabled=value == YES)
        return replace(state, vdis={**state.vdis, question.name: vdi})
    log = state.logs.get(question.name)
    if log is None:
        return state
    if (question.about, value) == (About.EXISTS, GONE):
        rest = {name: each for name, each in state.logs.items() if name != question.name}
        return replace(state, logs=rest)
    return replace(
        state, logs={**state.logs, question.name: _log_of_about(log, question.about, value)}
    )


def _log_of_about(log: Log, about: About, value: str) -> Log:
    match about:
        case About.BODY:
            recorded = log.recorded if value == Body.WHOLE.value else ()
            return replace(log, body=Body(value), recorded=recorded)
        case About.CONSISTENT:
            return replace(log, consistent=value == YES)
        case About.PARENT:
            return replace(log, parent=value)
        case About.CHILD:
            return replace(log, child=value)
        case About.EXISTS | About.ENABLED:
            return log
