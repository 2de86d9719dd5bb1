"""What a parser is, and what it hands on.

Two kinds. A `LogParser` reads one line at a time and is only shown the lines that some selector
asks for (`analyzer.parsers.scan`); a `DocumentParser` reads a whole member and yields facts.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from enum import Enum
from types import MappingProxyType
from typing import NamedTuple, Protocol, TypeAlias, runtime_checkable

from analyzer.bundle.member import Member
from analyzer.model.event import Level
from analyzer.model.source import Source
from analyzer.values import dataclass


class Stamp(NamedTuple):
    """A reading of a wall clock as it is written: BSD style has no year and no offset.

    A tuple, because nearly each line that is kept has its own.
    """

    month: int
    day: int
    hour: int
    minute: int
    second: int
    microsecond: int = 0
    year: int | None = None
    offset: timedelta | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Witness:
    """A place where one line or file shows local time and UTC side by side.

    ``local`` is naive host time, ``utc`` is aware; ``kind`` says what it is ("audit.log").
    ``text`` quotes the line, "" where there is none.
    """

    line: int
    local: Stamp
    utc: datetime
    kind: str
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Uptime:
    """A line that shows, beside its stamp, for how many seconds the host has been up.

    The stamp follows the wall clock, the uptime no clock that anybody sets: both sides of a place
    where they do not agree tell by how much the wall clock was set.
    """

    line: int
    local: Stamp
    seconds: float
    text: str


class Record(NamedTuple):
    """One log record, not dated yet. ``line`` counts from 1, ``lines`` are physical lines.

    ``message`` is what the program said, without the syslog head and the program's own prefix
    (SM's ``[pid]``, xapi's bracket), escapes decoded, the lines of a traceback joined by LF;
    ``text`` is verbatim. ``count`` is 1, or N for "message repeated N times". A tuple, because
    one is made for each line that meets Python.
    """

    line: int
    lines: int
    stamp: Stamp
    syslog_host: str
    process: str
    message: str
    text: str
    pid: int | None = None
    task: str | None = None
    level: Level | None = None
    count: int = 1  # type: ignore[assignment]  # nobody counts in a record as in a tuple


# What a selector may go with beside kinds of lines.
CURRENT_OPERATIONS = "current-operations"  # the database shows one of an SR, disk, VBD or VM
SEVERAL_REPORTS = "several-reports"
CONDITIONS = frozenset({CURRENT_OPERATIONS, SEVERAL_REPORTS})


@dataclass(frozen=True, slots=True, kw_only=True)
class Selector:
    """A kind of record that a rule, a check or a state builder wants.

    ``message`` is an RE2 pattern (ASCII, no line feed; ``^`` and ``$`` only at its ends) searched
    in `Record.message`; its named groups become fields. ``process`` narrows it to a program. Where
    ``only_with`` names kinds or conditions, lines of it are read only where one of these is there.
    """

    id: str
    parser: str
    message: str
    process: str | None = None
    only_with: tuple[str, ...] = ()


class Hit(NamedTuple):
    """A selector that matched a record, with its captures; a tuple, because they are so many."""

    selector: str
    fields: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Jump:
    """Two neighbouring lines whose stamps are far apart: ``line`` is that of the second.

    ``seconds`` is by how much the stamps go on (a silence) or, negative, back. Without years a
    leap day may make it a day too long. ``before_line`` is the number of the first, the texts
    quote both. ``held`` tells of a jump back that the lines behind it go on from there: a line
    that was only written late is followed by others of the time before.
    """

    line: int
    before: Stamp
    after: Stamp
    seconds: float
    before_line: int = 0
    before_text: str = ""
    after_text: str = ""
    held: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """The first or the last line of a file that has a stamp."""

    line: int
    stamp: Stamp
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LogStats:
    """What is known of a whole log member, whatever the selectors kept.

    ``shapes`` are the commonest forms of lines not understood. ``turns`` are the places where
    the year changes: (line, by how many years), +1 or -1 where only months tell. ``dated`` are
    lines whose stamps carry a year, ``leap_days`` lines of a 29 February without one (a sample
    of each). ``longest_cut`` is the whole length in bytes of the longest line that was cut at
    ``line_limit``. ``blank`` are lines of white space, which are understood. ``hidden`` are lines,
    or parts glued to another line, that were not understood and in which a selector may find
    something (the first 10,000 are counted), ``hidden_shape`` is the form of the first.
    ``backward`` are the turns of -1 with the stamp of the line before. ``silences`` are the
    longest stretches without a line, of five minutes and more, ``jumps`` the places where the
    stamps go back, both in the order of lines. ``uptimes`` are the first and the last line that
    shows the uptime, and both sides of each place where it and the stamps do not agree. ``edges``
    are the first and the last line with a stamp. ``marks`` are how many lines and bytes of the
    member are before the next, about every MiB; none where its lines do not end with LF.
    """

    lines: int
    not_understood: int
    shapes: tuple[tuple[str, int], ...]
    first: Stamp | None
    last: Stamp | None
    turns: tuple[tuple[int, int], ...]
    witnesses: tuple[Witness, ...]
    longest_cut: int = 0
    dated: tuple[tuple[int, Stamp], ...] = ()
    leap_days: tuple[int, ...] = ()
    line_limit: int = 0
    blank: int = 0
    hidden: int = 0
    hidden_shape: str = ""
    backward: tuple[tuple[int, Stamp], ...] = ()
    silences: tuple[Jump, ...] = ()
    jumps: tuple[Jump, ...] = ()
    uptimes: tuple[Uptime, ...] = ()
    edges: tuple[Edge, Edge] | None = None
    marks: tuple[tuple[int, int], ...] = ()


class Body(NamedTuple):
    """What stands behind the syslog tag, taken apart by a format; as in `Record`."""

    process: str
    message: str
    pid: int | None = None
    task: str | None = None
    level: Level | None = None
    count: int = 1  # type: ignore[assignment]  # nobody counts in a record as in a tuple


class Joint(Enum):
    """How a line of the same program and pid relates to the open record before it."""

    PART = "part of it, more may come"
    LAST = "part of it, and its end"
    NEW = "not part of it: the record was whole before"


# What `LogParser.usual` takes from a line: host, process, message, pid, task, level.
Usual: TypeAlias = tuple[str, str, str, int | None, str | None, Level | None]
# What a line's head says: its stamp, the host, and (tag, pid, what follows).
Split: TypeAlias = tuple[Stamp, str, tuple[str, int | None, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class LogParser:
    """A line-oriented log written through syslog: data and functions, one value per format.

    ``name`` is what patterns call it (``smlog``). ``rest`` is an RE2 pattern, without line feed,
    for the beginning of what follows ``<stamp> <host> `` on a line that is understood. ``always``
    is an RE2 pattern for lines that must be parsed whatever the selectors ask (openers of
    multi-line records, escapes).

    ``parse(tag, pid, text)`` takes what follows the tag apart; None: not understood, exactly
    where ``rest`` does not match. ``opens(record)`` tells whether later lines of the same program
    and pid may belong to it, ``joint(message, line)`` whether such a line does, given the
    message so far. ``witness(text)`` is the UTC time a line carries beside its local stamp.
    ``split(line)`` takes the head of a log apart that only looks like syslog's; ``rest`` then
    stands behind the stamp and one word. ``usual(line, head)`` takes a whole line apart whose host
    begins at an offset, as all the others would and in less time; None: it is to be read in full.

    ``failure`` is an RE2 pattern for messages that say something failed, ``loud`` one for lines
    whose level says so, ``setting`` one for lines that tell what a process is at, so that its
    failures can be told of; None where a log tells nothing of the kind. ``naming`` is one for those
    of the latter that name a disk beside: the others are read only where their process fails.
    """

    name: str
    rest: str
    parse: Callable[[str, int | None, str], Body | None]
    always: str | None = None
    opens: Callable[[Record], bool] | None = None
    joint: Callable[[str, str], Joint] | None = None
    witness: Callable[[str], datetime | None] | None = None
    uptime: Callable[[str], float | None] | None = None
    split: Callable[[str], Split | None] | None = None
    usual: Callable[[str, int], Usual | None] | None = None
    failure: str | None = None
    loud: str | None = None
    setting: str | None = None
    naming: str | None = None


class Fact(Protocol):
    """What a document says, or a `ParseProblem`; `analyzer.sources` names the types there are."""

    @property
    def source(self) -> Source:
        """Return where it stands."""


@runtime_checkable
class DocumentParser(Protocol):
    """A file that is read whole. ``name`` is what `needs` calls it (``lvs``, ``xapi_db``)."""

    @property
    def name(self) -> str:
        """Return what `needs` and the ledger call the source."""

    def claims(self, path: str, head: bytes) -> bool:
        """Tell whether this is its file: by its path, and for loose files by its head."""

    def read(self, member: Member, limit: int) -> Iterator[Fact]:
        """Yield what the member says; a fault in it is a `ParseProblem`, never an exception."""
