"""What ``cbtriage timeline`` is asked for, from words to objects and instants."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from difflib import get_close_matches
from typing import TYPE_CHECKING

from analyzer.cli._case import the_disk, the_one
from analyzer.cli._times import local_times, period
from analyzer.errors import UsageError
from analyzer.values import dataclass

if TYPE_CHECKING:
    from analyzer.cli._case import Reading
    from analyzer.model.names import Names
    from analyzer.model.report import Report
    from analyzer.model.source import Source
    from analyzer.render.words.zone import Zone
    from analyzer.story.timeline.wanted import Wanted

_LEAST_SESSION = 6
_MADE = ("clock", "finding", "hole", "incident", "record", "run", "session")
_NEAR = 5
_NO_TIME = datetime(1, 1, 1, tzinfo=UTC)  # nothing was dated: a date without year is none


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The filters as they were written."""

    vdis: tuple[str, ...]
    vms: tuple[str, ...]
    sr: str | None
    host: str | None
    session: str | None
    around: str | None
    minutes: int
    since: str | None
    until: str | None
    kinds: tuple[str, ...]


def _kinds(reading: "Reading", kinds: Sequence[str]) -> tuple[str, ...]:
    """Return the kinds as they are.

    Raises:
        UsageError: one is no rule, pattern, selector or kind of entry, nor stands for any.
    """
    from analyzer.model.code import code
    from analyzer.model.incident import IncidentKind
    from analyzer.story.timeline.wanted import fits_kind

    known = [*_MADE, *(code(kind) for kind in IncidentKind), *(reading.kinds if kinds else ())]
    for kind in kinds:
        if not fits_kind(known, (kind,)):
            near = get_close_matches(kind, known, _NEAR, 0.5)
            hint = f"; near it are {', '.join(near)}" if near else ""
            no_kind = (
                f"--kind {_printable(kind)}: no rule, pattern or selector is called so{hint}; "
                f"`cbtriage rules list` names the rules; {', '.join(_MADE)} are kinds of entries"
            )
            raise UsageError(no_kind)
    return tuple(kinds)


def wanted_of(asked: Asked, reading: "Reading", zone: "Zone") -> "Wanted":
    """Return the filters in objects and instants.

    Raises:
        UsageError: an object is not known or not clear, or a time is none.
    """
    from analyzer.story.timeline.wanted import Wanted

    bundles: frozenset[str] = frozenset()
    if asked.host is not None:
        bundles = frozenset(hosts_asked(reading.report, reading.names, asked.host))
    first, last = _window_of_asked(asked, reading, zone)
    session, lines = _session_of_reading(reading, asked.session)
    disks = {the_disk(reading.names, each, "--vdi").uuid for each in asked.vdis}
    for each in asked.vms:
        vm = the_one(reading.names.vms, "VM", each, "--vm")
        disks |= {
            vm.uuid,
            *(
                disk.uuid
                for disk in reading.names.disks
                if disk.uuid in vm.parts or disk.owner in vm.parts
            ),
        }
    storage = [_of_sr(reading.names, asked.sr)] if asked.sr is not None else []
    return Wanted(
        first=first,
        last=last,
        bundles=bundles,
        objects=(*([frozenset(disks)] if disks else []), *storage),
        session=session,
        lines=lines,
        kinds=_kinds(reading, asked.kinds),
    )


def hosts_asked(report: "Report", names: "Names", wanted: str | None) -> Mapping[str, str]:
    """Return bundle → name of the host that is meant, of all hosts without.

    Raises:
        UsageError: no host fits, several do, or no report of it was given.
    """
    known = {host.bundle: host.name for host in report.hosts}
    if wanted is None:
        return known
    host = the_one(names.hosts, "host", wanted, "--host")
    if not host.bundles:
        msg = f"--host {_printable(wanted)}: no status report of this host was given"
        raise UsageError(msg)
    return {bundle: known[bundle] for bundle in host.bundles}


def _of_sr(names: "Names", wanted: str) -> frozenset[str]:
    """Return the uuids of an SR and of the disks in it.

    Raises:
        UsageError: no SR fits, or several do.
    """
    once = {sr.uuid: sr for sr in names.srs}  # two pools may know one SR
    sr = the_one(tuple(once.values()), "SR", wanted, "--sr")
    return frozenset({sr.uuid, *sr.parts})


def _session_of_reading(reading: "Reading", wanted: str | None) -> "tuple[str, frozenset[Source]]":
    """Return the text that names a session, and the lines of the NBD connections it fits.

    Raises:
        UsageError: it is too short to tell sessions apart.
    """
    if wanted is None:
        return "", frozenset()
    from analyzer.model.pages import sessions_fitting

    text = wanted.strip().lower().removeprefix("opaqueref:").removeprefix("trackid=")
    found = sessions_fitting(reading.sessions, reading.names, wanted) if text else ()
    sessions = [each.session for each in found]
    lines = frozenset(event.source for session in sessions for event in session.events)
    if len(text) < _LEAST_SESSION and not lines:
        msg = (
            f"--session {_printable(wanted)}: no NBD connection fits; of the reference or track id "
            f"of a session give at least {_LEAST_SESSION} characters"
        )
        raise UsageError(msg)
    return (text if len(text) >= _LEAST_SESSION else ""), lines


def _window_of_asked(
    asked: Asked, reading: "Reading", zone: "Zone"
) -> tuple[datetime | None, datetime | None]:
    """Return the time that is asked for.

    Raises:
        UsageError: a time is none, or the end lies before the beginning.
    """
    if not (asked.since or asked.until or asked.around):
        return None, None
    report, newest = reading.report, newest_of(reading.report)
    local = local_times(zone.of(report), hosts_asked(report, reading.names, asked.host))
    first = period(asked.since, "--from", local, newest).first if asked.since else None
    last = period(asked.until, "--to", local, newest).last if asked.until else None
    if asked.around:
        middle, reach = period(asked.around, "--around", local, newest), asked.minutes
        around = (middle.first - timedelta(minutes=reach), middle.last + timedelta(minutes=reach))
        first = max(first, around[0]) if first else around[0]
        last = min(last, around[1]) if last else around[1]
    if first and last and first > last:
        msg = f"the time asked for ends before it begins: {first:%F %T} UTC to {last:%F %T} UTC"
        raise UsageError(msg)
    return first, last


def newest_of(report: "Report") -> datetime:
    """Return the newest time that a bundle knows of, for dates without a year."""
    made = [bundle.captured_at for bundle in report.bundles]
    read = [moment for row in report.coverage for moment in (row.first, row.last)]
    known = [moment.at for moment in (*made, *read) if moment and moment.year_known]
    return max(known, default=_NO_TIME)


def _printable(text: str) -> str:
    return text if text.isprintable() else ascii(text)
