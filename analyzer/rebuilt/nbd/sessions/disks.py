"""Which disk a connection read: from the VBD's row, xapi's lines, the exception, or SM's calls.

xapi-nbd prints only the reference of its VBD. The master's xapi writes the reference beside the
VBD's uuid in the task that makes it, and the disk in the same task (`message_forwarding.ml`,
`xapi_vbd.ml`); audit.log names both when the VBD is destroyed (`rbac_audit.ml`, add_dummy_args).
"""

import re
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from types import MappingProxyType

from analyzer.case.case import Case
from analyzer.case.pool import PoolState, quote
from analyzer.model.event import Event
from analyzer.model.finding import Confidence, Evidence
from analyzer.model.operation import AccessMode, Attachment
from analyzer.model.terms import UUID
from analyzer.values import dataclass

ASKED, MADE = "nbd-vbd.asked", "nbd-vbd.made"
AUDITED, DESTROYED = "nbd-vbd.audited", "nbd-vbd.destroyed"

_REF = re.compile(r"OpaqueRef:[0-9a-f-]{36}")
_UUID = re.compile(rf"\b{UUID}\b")
# From "Plugging VBD" to SM's activation, while no other disk is plugged on the host.
_ACTIVATES = timedelta(seconds=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class VbdDisk:
    """What is known of a VBD by its reference; ``rows`` quotes what says so."""

    vbd_uuid: str | None
    vdi: str | None
    rows: tuple[Evidence, ...]
    sure: Confidence = Confidence.CERTAIN


def disks_by_vbd(case: Case) -> Mapping[str, VbdDisk]:
    """Return reference of a VBD → its disk; the database speaks before the logs."""
    known = {event.fields["vbd"]: _disk_of_destroyed(event) for event in case.events.of(DESTROYED)}
    asked = {_task_of_event(event): event for event in case.events.of(AUDITED)}
    asked |= {_task_of_event(event): event for event in case.events.of(ASKED)}
    for event in case.events.of(MADE):
        disk_asked = asked.get(_task_of_event(event))
        vdi = disk_asked.fields["vdi"] if disk_asked and event.task else None
        rows = (
            _line_of_event(event),
            *((_line_of_event(disk_asked),) if disk_asked and vdi else ()),
        )
        known[event.fields["vbd"]] = VbdDisk(vbd_uuid=event.fields["uuid"], vdi=vdi, rows=rows)
    for pool in case.pools:
        row_of_vbd = {}
        for vbd in pool.vbds:
            if vbd.ref:
                disk = pool.vdi(vbd.vdi)
                text = quote(vbd, "vdi", "vm", "mode", "currently_attached")
                row = Evidence(source=vbd.source, text=text)
                row_of_vbd[vbd.ref] = VbdDisk(
                    vbd_uuid=vbd.uuid, vdi=disk.uuid if disk else None, rows=(row,)
                )
        known |= row_of_vbd
    return MappingProxyType(known)


def _task_of_event(event: Event) -> tuple[str, str | None]:
    return event.source.bundle, event.task


def _disk_of_destroyed(event: Event) -> VbdDisk:
    fields = event.fields
    return VbdDisk(vbd_uuid=fields["uuid"], vdi=fields["vdi"], rows=(_line_of_event(event),))


def _line_of_event(event: Event) -> Evidence:
    return Evidence(source=event.source, text=event.text, at=event.moment)


def disk_in(parameters: Sequence[str], pools: Sequence[PoolState]) -> str | None:
    """Return the disk that xapi's parameters name, by reference or uuid, None if none does.

    Of a disk that no database has, only the uuid after the word VDI is one.
    """
    if parameters[:1] == ("VDI",) and len(parameters) > 1 and _UUID.fullmatch(parameters[1]):
        return parameters[1]
    for text in parameters:
        for key in (*_REF.findall(text), *_UUID.findall(text)):
            for pool in pools:
                if (disk := pool.vdi(key)) is not None:
                    return disk.uuid
    return None


class Activations:
    """SM's read-only activations by host, for a VBD that nothing else names."""

    def __init__(self, attachments: Sequence[Attachment]) -> None:
        self._by_host: dict[str, list[tuple[datetime, Attachment]]] = {}
        for each in attachments:
            if each.began is not None and each.mode is not AccessMode.READ_WRITE:
                self._by_host.setdefault(each.host, []).append((each.began.at, each))
        for found in self._by_host.values():
            found.sort(key=lambda pair: pair[0])

    def near(self, plugging: Event) -> VbdDisk | None:
        """Return the only disk that was activated on the host just after a plug, if only one."""
        own = self._by_host.get(plugging.host, [])
        begin, end = plugging.moment.at, plugging.moment.at + _ACTIVATES
        first = bisect_left(own, begin, key=lambda pair: pair[0])
        last = bisect_left(own, end, key=lambda pair: pair[0])
        if last - first != 1:
            return None
        found = own[first][1]
        rows = tuple(_line_of_event(event) for event in found.events[:1])
        return VbdDisk(vbd_uuid=None, vdi=found.vdi, rows=rows, sure=Confidence.POSSIBLE)
