"""The columns that every export of the full timeline has, Timesketch's first."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType

from analyzer.model.entry import Entry, EntryKind
from analyzer.model.moment import LocalMoment, Moment
from analyzer.model.terms import EPOCH, MICROSECOND

Value = str | int | None

COLUMNS = (
    *("message", "datetime", "timestamp_desc", "timestamp", "host", "source", "bundle", "member"),
    *("line", "earliest", "latest", "until", "dated_by", "order", "kind", "title", "severity"),
    *("findings", "incidents", "vdi", "sr", "vbd", "session", "task", "process", "pid", "level"),
    *("count", "text"),
)
_DESCRIBED: Mapping[EntryKind, str] = MappingProxyType(
    {
        EntryKind.RECORD: "Log line",
        EntryKind.FINDING: "Line quoted by a finding",
        EntryKind.INCIDENT_BEGAN: "Incident began",
        EntryKind.INCIDENT_ENDED: "Incident ended",
        EntryKind.HOLE: "Nothing was read from here",
        EntryKind.CLOCK: "Clock changed",
        EntryKind.RUN: "Backup run began",
        EntryKind.SESSION: "NBD session began",
    }
)


class Columns:
    """Entries by column; ``raw`` makes the verbatim record the message.

    ``datetime`` and ``timestamp`` are None where the year is unknown. ``order`` is "about" where
    the order to another entry is not known.
    """

    def __init__(self, *, raw: bool = False) -> None:
        self._raw = raw
        self._moment: Moment | None = None
        self._times: tuple[str | None, int | None, str, str] = None, None, "", ""

    def of(self, entry: Entry) -> dict[str, Value]:
        """Return an entry by column."""
        moment, source = entry.moment, entry.source
        if moment is not self._moment:  # neighbours share theirs
            self._moment, self._times = moment, _times_of_moment(moment)
        at, ticks, earliest, latest = self._times
        return {
            "message": entry.text if self._raw and entry.text else summary(entry),
            "datetime": at,
            "timestamp_desc": _DESCRIBED[entry.what],
            "timestamp": ticks,
            "host": entry.host,
            "source": entry.lane,
            "bundle": source.bundle,
            "member": source.member,
            "line": source.line,
            "earliest": earliest,
            "latest": latest,
            "until": iso_local(entry.until, entry.until.at) if entry.until else None,
            "dated_by": moment.dated_by,
            "order": "about" if entry.about else "",
            "kind": " ".join(entry.kinds),
            "title": entry.title,
            "severity": entry.severity.value if entry.severity else None,
            "findings": " ".join(entry.findings),
            "incidents": " ".join(entry.incidents),
            "vdi": entry.vdi,
            "sr": entry.sr,
            "vbd": entry.vbd,
            "session": entry.session,
            "task": entry.task,
            "process": entry.process,
            "pid": entry.pid,
            "level": entry.level.value if entry.level else None,
            "count": entry.count,
            "text": entry.text,
        }


def _times_of_moment(moment: Moment) -> tuple[str | None, int | None, str, str]:
    """Return when it was, as text and in microseconds, and the ends of its range."""
    at = iso_local(moment, moment.at)
    earliest = at if moment.earliest == moment.at else iso_local(moment, moment.earliest)
    latest = iso_local(moment, moment.latest)
    if not moment.year_known:
        return None, None, earliest, latest
    return at, (moment.at - EPOCH) // MICROSECOND, earliest, latest


def summary(entry: Entry) -> str:
    """Return what is said of an entry in one text: our words, then the program's."""
    severity = f"[{entry.severity.upper()}] " if entry.severity else ""
    said = spoken(entry)
    if not entry.title:
        return said
    kind = f"{entry.what}: " if entry.what in (EntryKind.RUN, EntryKind.SESSION) else ""
    title = f"{severity}{kind}{entry.title}"
    return f"{title}: {said}" if said else title


def spoken(entry: Entry) -> str:
    """Return the message with the program that said it."""
    if not entry.process:
        return entry.message
    pid = f"[{entry.pid}]" if entry.pid is not None else ""
    return f"{entry.process}{pid}: {entry.message}"


def iso_local(moment: Moment, time: datetime) -> str:
    """Return a time of a moment as ISO 8601 with the offset of the zone it is shown in."""
    shown = time.astimezone(moment.zone) if isinstance(moment, LocalMoment) else time
    return shown.isoformat(timespec="microseconds")
