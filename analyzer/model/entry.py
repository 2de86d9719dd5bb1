"""Happenings: what was kept of the logs and what was made of it, in one order of time.

`Report.happenings` are those that tell something; `cbtriage timeline` tells them among all the
lines that were kept. Every drawing, table and export of time is made of these entries.
"""

from enum import StrEnum

from analyzer.model.event import Level
from analyzer.model.finding import Severity
from analyzer.model.moment import Moment
from analyzer.model.source import Source
from analyzer.values import dataclass


class EntryKind(StrEnum):
    """What an entry is: a kept record, or something that was made of several."""

    RECORD = "record"
    FINDING = "finding"
    INCIDENT_BEGAN = "incident began"
    INCIDENT_ENDED = "incident ended"
    HOLE = "nothing was read"
    CLOCK = "the clock changed"
    RUN = "backup run"
    SESSION = "NBD session"

    @property
    def is_line(self) -> bool:
        """Tell whether it is a line of a log (or an alert), not something made of several."""
        return self in (EntryKind.RECORD, EntryKind.FINDING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """Something that happened.

    ``kinds`` are the selectors that kept the record, or what else it is called (a rule's id, an
    incident's). ``title`` is said by us, ``message`` by the program, ``text`` is verbatim.
    ``findings`` and ``incidents`` are the ids of those that quote this line, ``severity`` is the
    worst of the findings. ``about`` tells that its order to some other entry shown is not known.
    ``count`` stands for repetitions that were folded into it, ``until`` is the end of what lasts,
    and where ``open`` only when it was last seen. ``host`` is "" for what is of a whole pool.
    ``objects`` are the uuids of what an incident befell, or of the disks of a backup run.
    """

    moment: Moment
    what: EntryKind
    host: str
    lane: str
    source: Source
    kinds: tuple[str, ...]
    title: str
    message: str
    text: str
    process: str = ""
    pid: int | None = None
    task: str | None = None
    level: Level | None = None
    sr: str | None = None
    vdi: str | None = None
    vbd: str | None = None
    session: str | None = None
    count: int = 1
    findings: tuple[str, ...] = ()
    incidents: tuple[str, ...] = ()
    severity: Severity | None = None
    until: Moment | None = None
    open: bool = False
    objects: tuple[str, ...] = ()
    about: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Unseen:
    """A log of a host: the time that was read of it, or why it was not."""

    bundle: str
    host: str
    need: str
    why: str
    settle_with: str
    window: tuple[Moment, Moment] | None
