"""What a rule says: a verdict, and with FOUND the findings and their evidence."""

import hashlib
from dataclasses import field
from enum import StrEnum

from analyzer.model.goal import Goal, Standing, StepKind
from analyzer.model.hole import Hole
from analyzer.model.moment import Moment
from analyzer.model.source import Source
from analyzer.values import dataclass


class Severity(StrEnum):
    """What a defect costs the pool."""

    CRITICAL = "critical"
    ERROR = "error"
    WARNING = "warning"
    INFO = "info"

    @property
    def rank(self) -> int:
        """Return 0 for the worst, so that sorting puts it first."""
        return list(Severity).index(self)


class Confidence(StrEnum):
    """How sure a finding is, see the rule catalogue."""

    CERTAIN = "certain"
    LIKELY = "likely"
    POSSIBLE = "possible"


class Basis(StrEnum):
    """What a finding rests on."""

    SYMPTOM = "symptom"
    STATE = "state"
    BOTH = "symptom and state"


class Verdict(StrEnum):
    """The one answer that every rule gives in every run."""

    FOUND = "found"
    CANNOT_TELL = "cannot-tell"
    ERROR = "error"
    RULED_OUT = "ruled-out"
    NOT_APPLICABLE = "not-applicable"


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Subject:
    """An object that a finding is about; ``uuid`` is a host name where no uuid is known.

    ``told`` is what people call it where that is more than its name: a disk "VM/disk", a snapshot
    by what it is of, with when it was ``taken``. They tell no two objects apart.
    """

    type: str
    uuid: str
    name: str | None = None
    told: str | None = field(default=None, compare=False)
    taken: Moment | None = field(default=None, compare=False)

    @property
    def kind(self) -> str:
        """Return what kind of object it is, as people say it."""
        if self.type == "VDI":
            return "disk"
        return self.type if self.type.isupper() else self.type.lower()

    @property
    def called(self) -> str:
        """Return its name, else its uuid."""
        return self.name or self.uuid


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """One thing to do next, in the imperative, with real uuids; ``risk`` if it has one.

    ``answered_by`` is the source of a status report that makes the step needless where it was
    read whole. A step that destroys says what is ``lost``, and under which ``precondition`` it
    may be done.
    """

    step: str
    risk: str | None = None
    kind: StepKind = StepKind.DO
    lost: str = ""
    precondition: str = ""
    answered_by: str = ""


class EvidenceRole(StrEnum):
    """What a quotation says of what it is quoted for."""

    SHOWS = "it shows it: dates and marks come from it"
    ANSWER = "it was answered so on the way to it"
    BACKGROUND = "it tells of another time"
    STATE = "it shows what was so when the report was made"


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """A verbatim quotation and where it stands.

    What has no time of its own, such as a row or a listing, is a state; it tells no quotations
    apart which ``role`` they have.
    """

    source: Source
    text: str
    at: Moment | None = None
    role: EvidenceRole = field(default=EvidenceRole.SHOWS, compare=False)

    def __post_init__(self) -> None:
        if self.at is None:
            object.__setattr__(self, "role", EvidenceRole.STATE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One defect. It cannot be built without evidence.

    Its texts are sentences (`analyzer.model.sentence`) wherever they hold a value.
    ``wrong_if`` completes "this would be wrong if …". ``explained_by`` holds ids of findings.
    ``id`` is derived from what was found, the same in every run and archive shape.
    ``fingerprint`` is the same as long as the same rule finds it on the same objects in the same
    state, whatever lines of it are left: two findings may share it. "" until it is judged.
    ``goals`` and ``action`` are what it asks of the plan of its object, whose id is ``plan``.
    ``state`` is whether it goes on at the end of the bundle, ``state_why`` what shows that, and
    ``over_since`` since when it is over, where that was seen.

    Raises:
        ValueError: no evidence.
    """

    rule: str
    title: str
    severity: Severity
    confidence: Confidence
    basis: Basis
    subjects: tuple[Subject, ...]
    detail: str
    action: tuple[Advice, ...]
    evidence: tuple[Evidence, ...]
    first_seen: Moment | None = None
    last_seen: Moment | None = None
    count: int = 1
    wrong_if: str = ""
    references: tuple[str, ...] = ()
    explained_by: tuple[str, ...] = ()
    fingerprint: str = ""
    goals: tuple[Goal, ...] = ()
    plan: str = ""
    state: Standing = Standing.UNKNOWN
    state_why: str = ""
    over_since: Moment | None = None
    id: str = field(init=False, default="")

    def __post_init__(self) -> None:
        if not self.evidence:
            msg = f"{self.rule}: a finding needs evidence"
            raise ValueError(msg)
        parts = [self.rule, *(f"{s.type} {s.uuid}" for s in self.subjects), self.evidence[0].text]
        digest = hashlib.sha256(chr(0).join(parts).encode(errors="replace")).hexdigest()
        object.__setattr__(self, "id", f"F-{self.rule}-{digest[:8]}")

    @property
    def shown_by(self) -> Evidence:
        """Return the quotation that shows it, rather than one of another time."""
        every = self.evidence
        return next((each for each in every if each.role is EvidenceRole.SHOWS), every[0])


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Gap:
    """Something that was needed and not there: why, and the command that would settle it."""

    need: str
    host: str
    why: str
    settle_with: str


SHORTENED = "worst and latest findings are told"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The answer of one rule; exactly one per rule per run.

    ``window`` is what a RULED_OUT holds for: (from, to), None when the rule needs no log.
    ``holes`` are the stretches of that time that were not read.
    ``doubt`` is what a FOUND could not tell all the same: where there may be more, "" if nowhere.
    ``gaps`` are what it could not look at: by them it is known what a doubt is about.
    ``by_nature`` is a CANNOT_TELL of what no status report shows: all that can be read was read,
    and speaks against it.
    """

    rule: str
    title: str
    severity: Severity
    verdict: Verdict
    reason: str
    settle_with: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    window: tuple[Moment, Moment] | None = None
    doubt: str = ""
    holes: tuple[Hole, ...] = ()
    gaps: tuple[Gap, ...] = ()
    by_nature: bool = False

    @property
    def is_shortened(self) -> bool:
        """Tell whether it has more findings than are told."""
        return any(gap.why.endswith(SHORTENED) for gap in self.gaps)
