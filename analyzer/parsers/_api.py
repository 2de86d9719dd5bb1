"""What a parser is, and what it hands on.

Two kinds. A `LogParser` reads one line at a time and is only shown the lines that some selector
asks for (`analyzer.parsers.scan`); a `DocumentParser` reads a whole member and yields facts.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum
from types import MappingProxyType
from typing import Protocol, TypeAlias

from analyzer.bundle.member import Member
from analyzer.model.cbt import CbtLogFile
from analyzer.model.event import Level
from analyzer.model.host import (
    Alert,
    HostInventory,
    Packages,
    PoolMembership,
    ServiceStates,
    SmDiagnostics,
)
from analyzer.model.network import (
    FirewalldListing,
    HostCertificate,
    Interfaces,
    IptablesListing,
    NftListing,
    Routes,
    Sockets,
    VbdsToCleanUp,
)
from analyzer.model.report import ParseProblem
from analyzer.model.storage import (
    DeviceLinks,
    LvmVolumes,
    Mounts,
    PhysicalVolumes,
    SrListing,
    VolumeGroups,
)
from analyzer.model.xapi import XapiDatabase


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """A reading of a wall clock as it is written: BSD style has no year and no offset."""

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
    """

    line: int
    local: Stamp
    utc: datetime
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One log record, not dated yet. ``line`` counts from 1, ``lines`` are physical lines.

    ``message`` is what the program said, without the syslog head and the program's own prefix
    (SM's ``[pid]``, xapi's bracket), escapes decoded, the lines of a traceback joined by LF;
    ``text`` is verbatim. ``count`` is 1, or N for "message repeated N times".
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
    count: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Selector:
    """A kind of record that a rule, a check or a state builder wants.

    ``message`` is an RE2 pattern (ASCII, no line feed; ``^`` and ``$`` only at its ends) searched
    in `Record.message`; its named groups become fields. ``process`` narrows it to a program.
    """

    id: str
    parser: str
    message: str
    process: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """A selector that matched a record, with its captures."""

    selector: str
    fields: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


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
    ``backward`` are the turns of -1 with the stamp of the line before.
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """What stands behind the syslog tag, taken apart by a format; as in `Record`."""

    process: str
    message: str
    pid: int | None = None
    task: str | None = None
    level: Level | None = None
    count: int = 1


class Joint(Enum):
    """How a line of the same program and pid relates to the open record before it."""

    PART = "part of it, more may come"
    LAST = "part of it, and its end"
    NEW = "not part of it: the record was whole before"


@dataclass(frozen=True, slots=True, kw_only=True)
class LogParser:
    """A line-oriented log written through syslog: data and functions, one value per format.

    ``name`` is what patterns call it (``smlog``), ``families`` the log families it reads
    (``var/log/SMlog``). ``rest`` is an RE2 pattern, without line feed, for the beginning of what
    follows ``<stamp> <host> `` on a line that is understood. ``always`` is an RE2 pattern for
    lines that must be parsed whatever the selectors ask (openers of multi-line records, escapes).

    ``parse(tag, pid, text)`` takes what follows the tag apart; None: not understood, exactly
    where ``rest`` does not match. ``opens(record)`` tells whether later lines of the same program
    and pid may belong to it, ``joint(message, line)`` whether such a line does, given the
    message so far. ``witness(text)`` is the UTC time a line carries beside its local stamp.
    """

    name: str
    families: tuple[str, ...]
    rest: str
    parse: Callable[[str, int | None, str], Body | None]
    always: str | None = None
    opens: Callable[[Record], bool] | None = None
    joint: Callable[[str, str], Joint] | None = None
    witness: Callable[[str], datetime | None] | None = None


Fact: TypeAlias = (
    XapiDatabase
    | LvmVolumes
    | VolumeGroups
    | PhysicalVolumes
    | SrListing
    | DeviceLinks
    | Mounts
    | HostInventory
    | PoolMembership
    | ServiceStates
    | SmDiagnostics
    | Packages
    | Alert
    | CbtLogFile
    | Interfaces
    | Routes
    | IptablesListing
    | NftListing
    | FirewalldListing
    | Sockets
    | HostCertificate
    | VbdsToCleanUp
    | ParseProblem
)


class DocumentParser(Protocol):
    """A file that is read whole. ``name`` is what `needs` calls it (``lvs``, ``xapi_db``)."""

    @property
    def name(self) -> str:
        """Return what `needs` and the ledger call the source."""

    def claims(self, path: str, head: bytes) -> bool:
        """Tell whether this is its file: by its path, and for loose files by its head."""

    def read(self, member: Member, limit: int) -> Iterator[Fact]:
        """Yield what the member says; a fault in it is a `ParseProblem`, never an exception."""
