"""Entries of the full timeline: everything that was kept, in one order, with what is made of it."""

from dataclasses import dataclass
from enum import StrEnum

from analyzer.model.event import Level
from analyzer.model.finding import Severity
from analyzer.model.moment import Moment
from analyzer.model.source import Source


class EntryKind(StrEnum):
    """What an entry is: a kept record, or something that was made of several."""

    RECORD = "record"
    FINDING = "finding"
    INCIDENT_BEGAN = "incident began"
    INCIDENT_ENDED = "incident ended"
    HOLE = "nothing was read"
    CLOCK = "the clock changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of the full timeline.

    ``kinds`` are the selectors that kept the record, or what else it is called (a rule's id, an
    incident's). ``title`` is said by us, ``message`` by the program, ``text`` is verbatim.
    ``findings`` and ``incidents`` are the ids of those that quote this line, ``severity`` is the
    worst of the findings. ``about`` tells that its order to some other entry shown is not known.
    ``count`` stands for repetitions that were folded into it, ``until`` is the end of what lasts.
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
    about: bool = False
