"""What a parser is, and what it hands on.

Two kinds. A `LogParser` reads one line at a time and is only shown the lines that some selector
asks for (`analyzer.parsers.scan`); a `DocumentParser` reads a whole member and yields facts.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Protocol, TypeAlias

from analyzer.bundle.member import Member
from analyzer.model.event import Level
from analyzer.model.host import (
    Alert,
    HostInventory,
    Packages,
    PoolMembership,
    ServiceStates,
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

    ``turns`` are the places where the month jumps over New Year: (line, +1 or -1).
    """

    lines: int
    not_understood: int
    shapes: tuple[tuple[str, int], ...]
    first: Stamp | None
    last: Stamp | None
    turns: tuple[tuple[int, int], ...]
    witnesses: tuple[Witness, ...]
    longest_cut: int = 0


class LogParser(Protocol):
    """A line-oriented log written through syslog.

    ``name`` is what patterns call it (``smlog``), ``families`` the log families it reads
    (``var/log/SMlog``). ``rest`` is an RE2 pattern, without line feed, for what may follow
    ``<stamp> <host> `` on a line that is understood. ``always`` is an RE2 pattern for lines that
    must be parsed whatever the selectors ask (openers of multi-line records, escapes).
    """

    name: str
    families: tuple[str, ...]
    rest: str
    always: str | None

    def parse(self, record: Record) -> Record | None:
        """Take a record whose message is all after the syslog tag apart; None: not understood."""

    def continued_by(self, opener: Record, line: Record) -> bool | None:
        """Tell whether `line` continues `opener`: True, False (not it), None (opener is whole)."""

    def witness(self, record: Record) -> datetime | None:
        """Return the UTC time that this line carries beside its local stamp, if any."""


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
    | Packages
    | Alert
    | ParseProblem
)


class DocumentParser(Protocol):
    """A file that is read whole. ``name`` is what `needs` calls it (``lvs``, ``xapi_db``)."""

    name: str

    def claims(self, path: str, head: bytes) -> bool:
        """Tell whether this is its file: by its path, and for loose files by its head."""

    def read(self, member: Member, limit: int) -> Iterator[Fact]:
        """Yield what the member says; a fault in it is a `ParseProblem`, never an exception."""
