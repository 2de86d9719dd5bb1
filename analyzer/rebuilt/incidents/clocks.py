"""Clocks that were set; summer time is no incident, and a boot is one of its own."""

from collections.abc import Iterable, Iterator

from analyzer.model.clock import ClockChange, ClockChangeKind, HostClock
from analyzer.model.incident import IncidentKind
from analyzer.rebuilt.incidents.draft import Draft, Hosts


def clock_incidents(clocks: Iterable[HostClock], hosts: Hosts) -> Iterator[Draft]:
    """Yield the times that clocks were set back or forward."""
    for clock in clocks:
        for change in clock.changes:
            if change.kind in (ClockChangeKind.BACK, ClockChangeKind.FORWARD):
                yield _draft_of_change(change, hosts)


def _draft_of_change(change: ClockChange, hosts: Hosts) -> Draft:
    key = hosts.key(change.bundle)
    where = "back" if change.kind is ClockChangeKind.BACK else "forward"
    return Draft(
        kind=IncidentKind.CLOCK_STEPPED,
        host=key,
        title=f"The clock of host {hosts.name(key)} was set {where}{change.by}",
        began=change.at,
        ended=change.at,
        confidence=change.confidence,
        events=(),
        rows=(change.before, change.after),
        last_seen=change.at,
        count=1,
    )
