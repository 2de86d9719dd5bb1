"""Storage that did not answer: what the kernel, iscsid and multipathd of a host say of it.

A line names a server, a device, a map of paths or an iSCSI connection; the SRs behind it are
those that the host's mounts and physical volumes, or the device configuration of its PBDs, show.
One path of several that fails is no outage, a device that is known to hold no SR is none either
(a disk to boot from, a stick, a CD).
"""

import re
from collections.abc import Hashable, Iterator, Mapping, Sequence
from datetime import timedelta

from analyzer.case.case import Case, HostReport
from analyzer.case.derived import derived
from analyzer.model.event import Event
from analyzer.model.finding import Confidence
from analyzer.model.incident import IncidentKind
from analyzer.model.terms import UUID
from analyzer.model.xapi import Pbd
from analyzer.rebuilt.incidents.boots import Boot, booted_between, boots_of
from analyzer.rebuilt.incidents.draft import Draft, Hosts

BEGINS = (
    "storage-trouble.nfs",
    "storage-trouble.smb",
    "storage-trouble.block",
    "storage-trouble.filesystem",
    "storage-trouble.iscsi",
    "storage-trouble.iscsi-lost",
    "storage-trouble.paths",
)
ENDS = ("storage-trouble.nfs-ok", "storage-trouble.iscsi-ok", "storage-trouble.paths-ok")

_WAITING = (  # a line will say that it is over
    "storage-trouble.nfs",
    "storage-trouble.iscsi",
    "storage-trouble.iscsi-lost",
    "storage-trouble.paths",
)
_ONE_OUTAGE = timedelta(minutes=10)
_ONE_HOUR = timedelta(hours=1)
_NAMED = 3
_UUID = f"({UUID})"
_MOUNTED = re.compile(rf"/run/sr-mount/{_UUID}(?:/|$)")  # sm SR.MOUNT_BASE
_GROUP = re.compile(rf"^(?:VG_XenStorage|XSLocalEXT)-{_UUID}$")  # sm LVHDSR.py, EXTSR.py
_PART = re.compile(r"^(?:p?[0-9]{1,3})$")
_THINGS: Mapping[str, str] = {
    "server": "server {thing}",
    "device": "device {thing}",
    "map": "all paths of {thing}",
    "connection": "iSCSI connection {thing}",
}


def repositories_behind(case: Case, event: Event) -> frozenset[str]:
    """Return the SRs that are certainly behind what an event names, as its host saw it."""
    named = (event.fields.get(kind, "") for kind in ("device", "map", "server"))
    return _srs_of_device(case, event.source.bundle, *named)


@derived
def _srs_of_device(case: Case, bundle: str, device: str, scsi: str, server: str) -> frozenset[str]:
    report = case.world.report(bundle)
    if report is None:
        return frozenset()
    found: set[str] = set()
    if device:
        found |= set(_on_device(report, f"/dev/{device}"))
    if scsi:
        found |= set(_on_device(report, f"/dev/mapper/{scsi}"))
        found |= set(_srs_plugged_with(case, report, "SCSIid", scsi))
    if server:
        # The SRs mounted from a server, by NFS or SMB.
        on_server: list[str] = []
        for mount in report.mounts.mounts if report.mounts else ():
            name = (
                mount.device.rpartition(":/")[0].strip("[]")
                or mount.device.strip("/").split("/")[0]
            )
            if name == server and (match := _MOUNTED.search(mount.path)):
                on_server.append(match[1])
        found |= set(on_server)
        found |= set(_srs_plugged_with(case, report, "server", server))
    return frozenset(found)


def _on_device(report: HostReport, device: str) -> Iterator[str]:
    """Yield the SRs on a device: only where `pvs` or `df` gives exactly this one."""
    for volume, group in report.pvs.volumes if report.pvs else ():
        if volume == device and (match := _GROUP.match(group)):
            yield match[1]
    for mount in report.mounts.mounts if report.mounts else ():
        if mount.device == device and (match := _MOUNTED.search(mount.path)):
            yield match[1]


def _srs_plugged_with(case: Case, report: HostReport, key: str, value: str) -> Iterator[str]:
    """Yield the SRs that a host plugs with this in their device configuration."""
    for pool in case.pools:
        for pbd in pool.pbds:
            host, sr = pool.host(pbd.host), pool.sr(pbd.sr)
            own = host is not None and host.uuid == report.host_uuid
            if own and sr is not None and _configured_text(pbd, key) == value:
                yield sr.uuid


def _configured_text(pbd: Pbd, key: str) -> str:
    text = (pbd.device_config or {}).get(key, "")
    return text.strip("/\\").split("/")[0] if key == "server" else text


def outage_incidents(case: Case, hosts: Hosts) -> Iterator[Draft]:
    """Yield the outages, one for each host and each thing that did not answer."""
    for key, events in hosts.grouped(case.events.of(*BEGINS, *ENDS)).items():
        for lines in _outages_by_thing(events, case, boots_of(case).get(key, ())):
            last = lines[-1]
            told = [line for line in lines if line.kind not in ENDS]
            certain = frozenset(sr for line in told for sr in repositories_behind(case, line))
            suspected = certain or _srs_suspected(
                case, told[0].source.bundle, told[0].fields.get("device", "")
            )
            first = told[0]
            if "connection" in first.fields or not bool(certain):
                confidence_of_certain: Confidence = Confidence.POSSIBLE
            else:
                confidence_of_certain = (
                    Confidence.LIKELY if "device" in first.fields else Confidence.CERTAIN
                )
            # Name what did not answer; of many the first.
            name = next(name for name in _THINGS if name in told[0].fields)
            things = list(dict.fromkeys(line.fields[name] for line in told))
            more = f" and {len(things) - _NAMED} more" if len(things) > _NAMED else ""
            told_in_words = _THINGS[name].format(thing=", ".join(things[:_NAMED]) + more)
            yield Draft(
                kind=IncidentKind.SR_OUTAGE,
                host=key,
                title=f"Storage did not answer on host {hosts.name(key)}: {told_in_words}",
                began=told[0].moment,
                ended=last.moment if last.kind in ENDS else None,
                confidence=confidence_of_certain,
                events=(told[0], told[-1], last),
                subjects=[hosts.repository(sr) for sr in sorted(suspected)],
                count=sum(line.count for line in told),
                last_seen=last.moment,
            )


def _outages_by_thing(
    events: Sequence[Event], case: Case, boots: Sequence[Boot]
) -> Sequence[Sequence[Event]]:
    """Put the lines about one thing together; one that fails again soon has not ended before."""
    found: list[list[Event]] = []
    last: dict[Hashable, list[Event]] = {}
    for event in events:
        # What did not answer, devices by the SRs on them; None for one that holds none.
        device = event.fields.get("device")
        if device is None:
            thing: Hashable | None = tuple(sorted(event.fields.items()))
        else:
            what_found = repositories_behind(case, event) or _srs_suspected(
                case, event.source.bundle, device
            )
            if not what_found and device.startswith("dm-"):
                thing = "mapped devices"
            else:
                thing = (
                    None
                    if not what_found and _known_without(case, event)
                    else (what_found or device)
                )
        lines = last.get(thing)
        if thing is None or (event.kind in ENDS and (not lines or lines[-1].kind in ENDS)):
            continue
        if lines and _goes_on(lines[-1], event) and not booted_between(boots, lines[-1], event):
            lines.append(event)
        elif event.kind not in ENDS:
            last[thing] = [event]
            found.append(last[thing])
    return found


def _goes_on(last: Event, event: Event) -> bool:
    """Tell whether a line is of the outage that another is of.

    A line that stands for others, of the hour before it, joins them.
    """
    waits = last.kind in _WAITING
    return waits or last.moment.within(event.moment, _ONE_HOUR if event.count > 1 else _ONE_OUTAGE)


@derived
def _srs_suspected(case: Case, bundle: str, device: str) -> frozenset[str]:
    """Return the SRs on partitions of a disk, of which not all may be hit."""
    report = case.world.report(bundle)
    if report is None or not device:
        return frozenset()
    disk = f"/dev/{device}"
    known = [volume for volume, _ in (report.pvs.volumes if report.pvs else ())]
    known += [mount.device for mount in (report.mounts.mounts if report.mounts else ())]
    parts = {name for name in known if name.startswith(disk) and _PART.match(name[len(disk) :])}
    return frozenset(sr for part in parts for sr in _on_device(report, part))


def _known_without(case: Case, event: Event) -> bool:
    """Tell whether a device is known to hold no SR: all volumes were listed, and it is none.

    What a mapped device (``dm-5``) stands for is not listed.
    """
    report = case.world.report(event.source.bundle)
    device = event.fields.get("device", "")
    whole = report is not None and report.pvs is not None and report.pvs.complete
    return whole and bool(device) and not device.startswith("dm-")
