"""One plan per object: what to do, in order, what it costs, and whether it has been proven."""

from dataclasses import dataclass
from enum import StrEnum

from analyzer.model.finding import Subject


class Goal(StrEnum):
    """What a plan is for. Rules name goals, never steps of their own."""

    INCREMENTAL = "incremental backups again"
    NO_SILENT_LOSS = "no comparison leaves blocks out"
    STARTS = "the VM can start"
    SPACE = "space back"
    NBD_REACHABLE = "NBD reachable"


class StepKind(StrEnum):
    """What a step does to the system."""

    LOOK = "look"
    DO = "do"
    DESTROYS = "destroys"


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
class Answer:
    """What one answer to a *look* means: ``when`` it is seen, the rest of the plan is this."""

    when: str
    means: str
    plan: "Plan"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step: ``text`` in the imperative, ``why``, the commands and the host they are for.

    A *look* has answers, or a precondition: what must be seen before going on, else stop. A step
    that *destroys* says what is lost and under which precondition it may be done.

    Raises:
        ValueError: a look without meaning, or a destroying step that does not say what is lost.
    """

    kind: StepKind
    text: str
    why: str = ""
    commands: tuple[str, ...] = ()
    where: str = ""
    lost: str = ""
    precondition: str = ""
    answers: tuple[Answer, ...] = ()

    def __post_init__(self) -> None:
        if (self.kind is StepKind.LOOK) != bool(self.answers or self._is_check):
            raise ValueError("a look has answers or a precondition, and nothing else has answers")
        if (self.kind is StepKind.DESTROYS) != bool(self.lost):
            raise ValueError("a step that destroys says what is lost, and no other does")
        if self.kind is StepKind.DESTROYS and not self.precondition:
            raise ValueError("a step that destroys has a precondition")

    @property
    def _is_check(self) -> bool:
        return self.kind is StepKind.LOOK and bool(self.precondition)


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
    the dearest.

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

    def __post_init__(self) -> None:
        kinds = [step.kind for step in self.steps]
        looks = kinds.count(StepKind.LOOK)
        if any(kind is not StepKind.LOOK for kind in kinds[:looks]):
            raise ValueError("a plan looks before it does")
        if kinds[:1] == [StepKind.DESTROYS]:
            raise ValueError("a plan never begins by destroying")
