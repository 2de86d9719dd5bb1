"""Incidents: what befell hosts and SRs, as facts with evidence.

Each kind is found by a module of its own (``_incident_*.py``). A storm of lines is one incident;
what an orderly reboot does to xapi, xapi-nbd and the SRs of its host is none.
"""

from collections.abc import Iterable, Iterator

from analyzer.case.case import Case
from analyzer.case.derived import derived
from analyzer.model.clock import ClockChangeKind, HostClock
from analyzer.model.incident import Incident, IncidentKind
from analyzer.rebuilt.incidents.draft import Draft, Hosts, incident_of
from analyzer.rebuilt.incidents.hosts import host_incidents
from analyzer.rebuilt.incidents.machines import machine_incidents
from analyzer.rebuilt.incidents.new_disks import new_disk_incidents
from analyzer.rebuilt.incidents.services import (
    nbd_incidents,
    toolstack_incidents,
    upgrade_incidents,
)
from analyzer.rebuilt.incidents.space import space_incidents, unplug_incidents
from analyzer.rebuilt.incidents.storage import outage_incidents
from analyzer.rebuilt.incidents.tapdisks import tapdisk_incidents

# Clocks that were set; summer time is no incident, and a boot is one of its own.


def clock_incidents(clocks: Iterable[HostClock], hosts: Hosts) -> Iterator[Draft]:
    """Yield the times that clocks were set back or forward."""
    for clock in clocks:
        for change in clock.changes:
            if change.kind in (ClockChangeKind.BACK, ClockChangeKind.FORWARD):
                key = hosts.key(change.bundle)
                where = "back" if change.kind is ClockChangeKind.BACK else "forward"
                yield Draft(
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


__all__ = ["incidents"]


@derived
def incidents(case: Case) -> tuple[Incident, ...]:
    """Return all incidents, ordered by their beginning, then by host and id."""
    hosts = Hosts(case)
    downs = _incidents_of_drafts(host_incidents(case, hosts), hosts)
    drafts = (
        *tapdisk_incidents(case, hosts),
        *outage_incidents(case, hosts),
        *space_incidents(case, hosts),
        *unplug_incidents(case, hosts, downs),
        *toolstack_incidents(case, hosts),
        *nbd_incidents(case, hosts),
        *upgrade_incidents(case, hosts),
        *clock_incidents(case.clocks, hosts),
        *machine_incidents(case, hosts),
        *new_disk_incidents(case, hosts),
    )
    return tuple(sorted((*downs, *_incidents_of_drafts(drafts, hosts)), key=_order_of_incident))


def _incidents_of_drafts(drafts: Iterable[Draft], hosts: Hosts) -> tuple[Incident, ...]:
    return tuple(incident_of(draft, hosts) for draft in drafts)


def _order_of_incident(incident: Incident) -> tuple[object, ...]:
    return (incident.began.at, incident.host, incident.kind.name, incident.id)
