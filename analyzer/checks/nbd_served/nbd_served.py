"""What the rules about NBD connections share: whose host, which disk, which lines may be quoted."""

from collections.abc import Sequence

from analyzer.case.case import Case
from analyzer.checks.tools.finding import quote, quote_ends
from analyzer.model.event import Event
from analyzer.model.finding import Confidence, Evidence, Subject
from analyzer.model.nbd import NbdSession
from analyzer.model.sentence import Value

UNKNOWN_DISK = "that nothing names"


def host_of(case: Case, event: Event) -> Subject:
    """Return the host of an event as the subject of a finding."""
    report = case.world.report(event.source.bundle)
    uuid = report.host_uuid if report else None
    return Subject(type="Host", uuid=uuid or event.host, name=event.host)


def disk_called(case: Case, vdi: str | None) -> str:
    """Return what to call a disk in a sentence."""
    return UNKNOWN_DISK if vdi is None else case.world.named("VDI", vdi)


def since(session: NbdSession) -> Value:
    """Return since when a connection was there, in words."""
    return session.began or "before the log begins"


def own_lines(session: NbdSession) -> tuple[Event, ...]:
    """Return the lines that are certainly of a connection: all, or those that name its VBD."""
    if session.joined is Confidence.CERTAIN:
        return session.events
    return tuple(event for event in session.events if session.vbd and session.vbd in event.message)


def disk_rows(sessions: Sequence[NbdSession], most: int = 2) -> tuple[Evidence, ...]:
    """Return what says which disks connections read, each once."""
    rows = dict.fromkeys(row for session in sessions for row in session.rows)
    return tuple(rows)[:most]


def ended_by(sessions: Sequence[NbdSession]) -> list[Event]:
    """Return the lines of the exceptions that ended connections, in order of time."""
    found = [
        event
        for session in sessions
        for event in session.events
        if "exception while handling client: " in event.message
    ]
    return sorted(found, key=lambda event: (event.moment.at, event.source))


def said(events: Sequence[Event]) -> str:
    """Return the exception of the last of one or more lines, as xapi-nbd printed it."""
    text = events[-1].message.partition("exception while handling client: ")[2]
    return f"xapi-nbd said: {text or events[-1].message}"


def quoted(events: Sequence[Event], sessions: Sequence[NbdSession]) -> tuple[Evidence, ...]:
    """Return exceptions as evidence, then the last lines that name the VBD, then the disk's."""
    named_lines = [event for session in sessions[-1:] for event in own_lines(session)]
    more = [event for event in named_lines if event not in events]
    lines = tuple(quote(event) for event in more[-3:])
    return (*quote_ends(events, 4), *lines, *disk_rows(sessions))
