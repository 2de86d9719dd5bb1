"""What to do first about an incident that no finding tells of."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from analyzer.model.disk import LogKind
from analyzer.model.incident import Incident, IncidentKind
from analyzer.model.report import Report

_MOST = 3
_AFTER_A_CRASH = "Look at the crash dump and the power of the host"
_UNLESS_CLOSED = (
    "start its VMs before they are backed up again: a snapshot hides the crash from CBT"
)
_NEXT: Mapping[IncidentKind, str] = MappingProxyType(
    {
        IncidentKind.HOST_FENCED: (
            "Look at xha.log for the heartbeat that failed, network or storage"
        ),
        IncidentKind.TAPDISK_CRASHED: (
            "Look whether its disk is still in use: tap-ctl list; the VM's disk is gone until the "
            "VM is started again; take a full backup of it"
        ),
        IncidentKind.SR_OUTAGE: (
            "Look at the path to the storage (server, switch, multipath -ll); then whether disks "
            "and CBT logs on it came through: take a full backup of what was written meanwhile"
        ),
        IncidentKind.SR_FULL: (
            "Make room: delete snapshots that nobody needs or move a disk away, then scan the SR"
        ),
    }
)


def next_step(report: Report, incident: Incident) -> str:
    """Return what to do first, "" where nothing is known to help."""
    if incident.kind is not IncidentKind.HOST_CRASHED:
        return _NEXT.get(incident.kind, "")
    left = list(_disks_nobody_has(report, consistent=False))
    if left:
        names = ", ".join(left[:_MOST]) + (f" and {len(left) - _MOST} more" if left[_MOST:] else "")
        return (
            f"Start the VMs of {names} before they are backed up again: their CBT logs were not "
            "closed; the start turns CBT off, a snapshot before it hides that changes are lacking"
        )
    if any(_disks_nobody_has(report, consistent=None)):
        return f"{_AFTER_A_CRASH}; {_UNLESS_CLOSED}"
    return _AFTER_A_CRASH


def _disks_nobody_has(report: Report, *, consistent: bool | None) -> Iterator[str]:
    """Yield the live disks that nobody has attached and whose log has that flag."""
    for disk in report.disks:
        for log in disk.chain.logs:
            if (
                disk.vdi
                and log.kind is LogKind.LIVE
                and log.exists is not False
                and not log.attached
                and log.consistent is consistent
            ):
                yield "/".join([*(vm.called for vm in disk.vms[:1]), disk.vdi.called])
