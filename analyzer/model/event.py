"""One thing that a log says happened."""

from collections.abc import Mapping
from dataclasses import field
from enum import StrEnum
from types import MappingProxyType

from analyzer.model.moment import Moment
from analyzer.model.source import Source
from analyzer.values import dataclass


class Level(StrEnum):
    """How loud the program was; not what it costs the pool (that is `Severity`)."""

    DEBUG = "debug"
    INFO = "info"
    WARN = "warn"
    ERROR = "error"
    AUDIT = "audit"


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """A log record that some rule or state builder asked for.

    ``kind`` is the id of the selector that kept it; ``fields`` are that selector's named
    groups. ``text`` is verbatim, with all physical lines of the record; ``count`` is 1 plus
    the repetitions that syslog folded into a "message repeated N times" line. ``host`` is the
    name of the host whose bundle this is.
    """

    moment: Moment
    source: Source
    kind: str
    parser: str
    host: str
    process: str
    message: str
    text: str
    pid: int | None = None
    task: str | None = None
    level: Level | None = None
    count: int = 1
    fields: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
