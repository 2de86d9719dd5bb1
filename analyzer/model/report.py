"""All that a renderer may see."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

from analyzer.model.clock import HostClock
from analyzer.model.disk import DiskView
from analyzer.model.entry import Entry
from analyzer.model.error_group import ErrorGroup
from analyzer.model.finding import Confidence, Evidence, Outcome, Severity, Subject, Verdict
from analyzer.model.goal import Standing
from analyzer.model.hole import Hole
from analyzer.model.host import Role
from analyzer.model.incident import Incident
from analyzer.model.moment import Moment
from analyzer.model.nbd_view import NbdView
from analyzer.model.packed_lines import PackedLines
from analyzer.model.plan import Plan
from analyzer.model.question import Question
from analyzer.model.run import BackupRun
from analyzer.model.source import Source
from analyzer.values import dataclass


class Presence(StrEnum):
    """What became of a source that a status report should have."""

    PRESENT = "present"
    NOT_REQUESTED = "not requested"
    OMITTED_BY_CAP = "omitted by a size cap"
    TIMED_OUT = "timed out"
    EMPTY = "empty"
    DAMAGED = "damaged"
    ROTATED_AWAY = "rotated away"
    OVER_BUDGET = "over our reading budget"
    BY_DESIGN = "not collected by design"
    ABSENT = "absent"
    NOT_USED = "not used"


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerEntry:
    """One expected source of one bundle: its fate, why, and the command that fetches it.

    ``source`` is the name of the parser that reads it (``smlog``, ``xapi_db``, …); ``members``
    are the members that were seen for it.
    """

    bundle: str
    source: str
    members: tuple[str, ...]
    presence: Presence
    why: str
    settle_with: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenFile:
    """A file that was given back beside the reports, joined to one of them.

    ``source`` is the name of what it is, as in a `LedgerEntry`; ``taken`` is when it was made, None
    where nothing tells; ``joined_to`` is the name of the report.
    """

    bundle: str
    member: str
    source: str
    joined_to: str
    taken: Moment | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """A doubt that what was given back settled: what could not be told, and what is told now."""

    rule: str
    title: str
    doubt: str
    verdict: Verdict
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Omission:
    """Something that was skipped, cut or refused, and why."""

    bundle: str
    member: str
    why: str
    settle_with: str


CUT_SHORT = "cut short: "


@dataclass(frozen=True, slots=True, kw_only=True)
class ParseProblem:
    """A piece of a member that its parser did not understand, or a fault of ours on it.

    ``what`` begins with `CUT_SHORT` where the member does not hold what was collected.
    """

    source: Source
    what: str

    @property
    def is_loss(self) -> bool:
        """Tell whether something of the member is lost, not only of an odd form."""
        return self.what.startswith(CUT_SHORT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """What was read of one member, and the time it covers.

    ``shapes`` are the commonest forms of lines not understood: (form, count), digits as ``9``.
    ``not_used`` lines were understood, and nobody asked for what they say.
    ``blank`` lines hold white space only, and are understood. ``longest_cut`` is the length in
    bytes of the longest line that was cut at ``line_limit`` (``--max-line``), 0 without any.
    ``hidden`` are lines not understood that look like something a rule asks for, and
    ``hidden_like`` is the form of the first.
    """

    bundle: str
    member: str
    parser: str
    lines: int
    events: int
    not_understood: int
    not_used: int
    first: Moment | None
    last: Moment | None
    dated_by: str
    shapes: tuple[tuple[str, int], ...] = ()
    blank: int = 0
    longest_cut: int = 0
    line_limit: int = 0
    hidden: int = 0
    hidden_like: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BundleInfo:
    """One status report. ``sha256`` is of the file or stream given, None for a folder."""

    name: str
    kind: str
    sha256: str | None
    captured_at: Moment | None
    complete: bool
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolInfo:
    """A pool of the run; ``name`` is None and ``uuid`` too where its row was not read.

    ``database`` says which copy it is known from and why that one, ``complete`` that the copy was
    read to its end; ``master`` is a host's uuid, ``hosts_missing`` are the names of members
    whose report was not given.
    """

    uuid: str | None
    name: str | None
    master: str | None
    complete: bool
    database: str
    bundles: tuple[str, ...]
    hosts_missing: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SrInfo:
    """An SR of the database; ``type`` is what its row says, None where it says nothing."""

    sr: Subject
    type: str | None
    pool: Subject | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """An installed package that CBT or NBD depends on; ``version`` is with its release."""

    name: str
    version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HostInfo:
    """One host of the run; ``pool`` is a pool's uuid, None where no database names the host."""

    uuid: str | None
    name: str
    role: Role
    product: str
    bundle: str
    utc_offset_minutes: int | None
    clock_skew_seconds: float | None = None
    database: str = ""
    pool: str | None = None
    packages: tuple[Package, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CauseLink:
    """A step of a cause's chain: ``order`` is how it stands in time to the step before it.

    ``finding`` is a finding's id, None for an incident or a context line.
    """

    title: str
    at: Moment | None
    order: str
    finding: str | None
    source: Source | None
    incident: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Considered:
    """Something else that could have been the cause, and why it was dropped.

    One that is ``suspected`` was not dropped: ``why`` is what is missing to prove it.
    """

    title: str
    why: str
    source: Source | None = None
    suspected: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """A root trouble and the findings that it explains, worst and earliest first.

    ``confidence`` is that of the weakest link of the sentence; ``chain`` are its events in order.
    ``state`` is whether any of its findings goes on at the end of the bundle.
    """

    id: str
    title: str
    severity: Severity
    findings: tuple[str, ...]
    first_seen: Moment | None
    last_seen: Moment | None
    next_action: str
    context: tuple[Source, ...] = ()
    confidence: Confidence | None = None
    chain: tuple[CauseLink, ...] = ()
    considered: tuple[Considered, ...] = ()
    state: Standing = Standing.UNKNOWN


@dataclass(frozen=True, slots=True, kw_only=True)
class Suppressed:
    """Known noise: a pattern, how often it was seen, and why it is no finding."""

    pattern: str
    count: int
    reason: str
    example: Evidence | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """A finding, or an error that nobody explains, which the user accepts: its id and his words.

    ``until`` is the last day of it, "" for ever; ``expired``: the report is of a later day, and
    it counts again.
    """

    id: str
    rule: str
    object: str
    reason: str
    until: str
    expired: bool


class SpanKind(StrEnum):
    """What a span of the timeline is."""

    ATTACHED = "disks active"
    SNAPSHOT = "snapshots"
    COALESCE = "coalesces"


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineSpan:
    """Something of a disk that lasted on a host; ``vdi`` is a uuid, "" where it is not known."""

    kind: SpanKind
    host: str
    began: Moment
    ended: Moment
    what: str
    vdi: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HourCount:
    """How many lines and alerts of one host were kept in the hour that begins at ``hour``."""

    hour: datetime
    host: str
    lines: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Excerpt:
    """Lines of a member around those that are quoted, from line ``first`` on, without a gap.

    Long lines are cut. It is what a reader sees who has the report and not the bundle.
    """

    bundle: str
    member: str
    first: int
    lines: tuple[str, ...]

    @property
    def last(self) -> int:
        """Return the number of its last line."""
        return self.first + len(self.lines) - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The whole answer.

    ``unexplained`` are the errors that the logs tell of and no finding or incident explains,
    ``explained_errors`` the others. ``plans`` are what to do, one for each object of a finding.
    ``accepted`` is what the user accepts of both.
    ``happenings`` is all that has a time and tells something, in its order: the lines that findings
    quote or that set the scene, incidents, holes, changes of clocks, backup runs, NBD sessions.
    ``given_back`` are the files that were joined to the reports, ``settled`` the doubts that they
    settled. ``question`` is what was asked, if anything was.
    Of several pools ``parts`` has the report of each, judged by itself, and the rest is what they
    say together; of one pool it is empty.
    ``excerpts`` are the lines around those that are quoted, as many as there is room for, and
    ``packed`` as much of the members that are quoted, packed: report.json has no room for it.
    """

    version: str
    catalogue: str
    options: Mapping[str, str]
    bundles: tuple[BundleInfo, ...]
    hosts: tuple[HostInfo, ...]
    causes: tuple[Cause, ...]
    outcomes: tuple[Outcome, ...]
    coverage: tuple[Coverage, ...]
    ledger: tuple[LedgerEntry, ...]
    omissions: tuple[Omission, ...]
    problems: tuple[ParseProblem, ...]
    suppressed: tuple[Suppressed, ...]
    happenings: tuple[Entry, ...]
    disks: tuple[DiskView, ...] = ()
    clocks: tuple[HostClock, ...] = ()
    holes: tuple[Hole, ...] = ()
    incidents: tuple[Incident, ...] = ()
    runs: tuple[BackupRun, ...] = ()
    nbd: tuple[NbdView, ...] = ()
    hours: tuple[HourCount, ...] = ()
    pools: tuple[PoolInfo, ...] = ()
    srs: tuple[SrInfo, ...] = ()
    unexplained: tuple[ErrorGroup, ...] = ()
    explained_errors: tuple[ErrorGroup, ...] = ()
    accepted: tuple[Accepted, ...] = ()
    given_back: tuple[GivenFile, ...] = ()
    settled: tuple[Settled, ...] = ()
    question: Question | None = None
    plans: tuple[Plan, ...] = ()
    parts: "tuple[Report, ...]" = ()
    excerpts: tuple[Excerpt, ...] = ()
    packed: tuple[PackedLines, ...] = ()
    spans: tuple[TimelineSpan, ...] = ()
