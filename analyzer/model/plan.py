"""One plan per object: what to do, in order, what it costs, and whether it has been proven."""

import hashlib

from analyzer.model.finding import Subject
from analyzer.model.goal import Goal, StepKind
from analyzer.model.sentence import say, without_stop
from analyzer.values import dataclass

NOTHING = "Nothing is to be done."


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What a plan costs: full backups, and the uuids of snapshots and of logs that are lost."""

    full_backups: int = 0
    snapshots: tuple[str, ...] = ()
    logs: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Return it in words.

        >>> str(Cost(full_backups=1, snapshots=("a", "b")))
        'one full backup, 2 snapshots lost'
        """
        counts = (
            (self.full_backups, "one full backup", "full backups"),
            (len(self.snapshots), "one snapshot lost", "snapshots lost"),
            (len(self.logs), "one broken log lost", "broken logs lost"),
        )
        words = (one if n == 1 else f"{n} {many}" for n, one, many in counts if n)
        return ", ".join(words) or "nothing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch:
    """What one answer to a *look* means: ``when`` it is seen, the rest of the plan is this."""

    when: str
    means: str
    plan: "Plan"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step: ``text`` in the imperative, ``why``, the commands and the host they are for.

    A *look* may have answers, or a precondition: what must be seen before going on, else stop. A
    step that *destroys* says what is lost and under which precondition it may be done. ``risk``
    is what else it may bring. ``brief`` is the text as an answer says it, where that cannot be
    made of it any more: text that a report.json gives back has no moments in it.

    Raises:
        ValueError: answers to what is no look, or a loss that is not told or told for nothing.
    """

    kind: StepKind
    text: str
    why: str = ""
    commands: tuple[str, ...] = ()
    where: str = ""
    risk: str = ""
    lost: str = ""
    precondition: str = ""
    answers: tuple[Branch, ...] = ()
    brief: str = ""

    def __post_init__(self) -> None:
        if self.answers and self.kind is not StepKind.LOOK:
            raise ValueError("nothing but a look has answers")
        if (self.kind is StepKind.DESTROYS) != bool(self.lost):
            raise ValueError("a step that destroys says what is lost, and no other does")
        if self.kind is StepKind.DESTROYS and not self.precondition:
            raise ValueError("a step that destroys has a precondition")


@dataclass(frozen=True, slots=True, kw_only=True)
class Keep:
    """A snapshot that must not be deleted as things stand, and what to do first if it must."""

    snapshot: str
    text: str
    first: Step | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Alternative:
    """Another way that passes as well, and its price."""

    steps: tuple[Step, ...]
    cost: Cost


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The one plan for an object; looks come first, the rest in the order of doing.

    Without steps, nothing is to be done. ``proven`` is whether it was played on the model of SM
    and passed, in every branch; ``doubt`` says what could not be. Where the first step is a look
    with answers it is the only one: each answer has a plan of its own, and ``cost`` is that of
    the dearest. ``findings`` are the ids of those that it is for.

    Raises:
        ValueError: a look after another step, or a destroying step first.
    """

    object: Subject
    goals: tuple[Goal, ...]
    steps: tuple[Step, ...] = ()
    cost: Cost = Cost()
    proven: bool = False
    doubt: str = ""
    keep: tuple[Keep, ...] = ()
    alternative: Alternative | None = None
    findings: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """Return what it is called: the same for the same object in every run."""
        named = f"{self.object.type} {self.object.uuid}".encode(errors="replace")
        return f"P-{hashlib.sha256(named).hexdigest()[:8]}"

    @property
    def next(self) -> str:
        """Return the first step on one line, "" where nothing is to be done."""
        if not self.steps:
            return ""
        step = self.steps[0]
        typed = "; ".join(step.commands)
        where = f" (on {step.where})" if typed and step.where else ""
        if not typed:
            return step.text
        return say("{text}{where}: {typed}", text=without_stop(step.text), where=where, typed=typed)

    def __post_init__(self) -> None:
        kinds = [step.kind for step in self.steps]
        looks = kinds.count(StepKind.LOOK)
        if any(kind is not StepKind.LOOK for kind in kinds[:looks]):
            raise ValueError("a plan looks before it does")
        if kinds[:1] == [StepKind.DESTROYS]:
            raise ValueError("a plan never begins by destroying")
