"""Clocks that were set; summer time is no incident, and a boot is one of its own."""

from collections.abc import Iterable, Iterator
from datetime import timedelta

from analyzer.model.clock import ClockChange, ClockChangeKind, HostClock
from analyzer.model.incident import IncidentKind
from analyzer.rebuilt.incidents.draft import Draft, Hosts

_HOUR, _MINUTE = 3600, 60


def clock_incidents(clocks: Iterable[HostClock], hosts: Hosts) -> Iterator[Draft]:
    """Yield the times that clocks were set back or forward."""
    for clock in clocks:
        for change in clock.changes:
            if change.kind in (ClockChangeKind.BACK, ClockChangeKind.FORWARD):
                yield _draft(change, hosts)


def _draft(change: ClockChange, hosts: Hosts) -> Draft:
    key = hosts.key(change.bundle)
    where = "back" if change.kind is ClockChangeKind.BACK else "forward"
    least = "at least " if change.more else ""
    by = f" by {least}{_time(abs(change.seconds))}" if change.seconds is not None else ""
    return Draft(
        kind=IncidentKind.CLOCK_STEPPED,
        host=key,
        title=f"The clock of host {hosts.name(key)} was set {where}{by}",
        began=change.at,
        ended=change.at,
        confidence=change.confidence,
        events=(),
        rows=(change.before, change.after),
        last_seen=change.at,
        count=1,
    )


def _time(seconds: float) -> str:
    """Return a length of time as people say it.

    >>> _time(3600), _time(3725), _time(95), _time(12)
    ('1 h', '1 h 2 min', '1 min 35 s', '12 s')
    """
    whole = round(timedelta(seconds=seconds).total_seconds())
    hours, rest = divmod(whole, _HOUR)
    minutes, left = divmod(rest, _MINUTE)
    parts = [(hours, "h"), (minutes, "min"), (0 if hours else left, "s")]
    return " ".join(f"{number} {unit}" for number, unit in parts if number) or "0 s"
