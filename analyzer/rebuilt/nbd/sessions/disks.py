"""Which disk a connection read: from the VBD's row, xapi's lines, the exception, or SM's calls.

xapi-nbd prints only the reference of its VBD. The master's xapi writes the reference beside the
VBD's uuid in the task that makes it, and the disk in the same task (`message_forwarding.ml`,
`xapi_vbd.ml`); audit.log names both when the VBD is destroyed (`rbac_audit.ml`, add_dummy_args).
"""

import re
from bisect import bisect_left
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from functools import cached_property
from itertools import chain

from analyzer.case.case import Case
from analyzer.case.derived import derived
from analyzer.case.pool import PoolState, quote
from analyzer.model.event import Event
from analyzer.model.finding import Confidence, Evidence
from analyzer.model.operation import AccessMode, Attachment
from analyzer.model.terms import UUID
from analyzer.values import dataclass

ASKED, MADE = "nbd-vbd.asked", "nbd-vbd.made"
AUDITED, DESTROYED = "nbd-vbd.audited", "nbd-vbd.destroyed"

_REF = re.compile(r"OpaqueRef:[0-9a-f-]{36}")
_REF_IN_BYTES = re.compile(_REF.pattern.encode())
_UUID = re.compile(rf"\b{UUID}\b")
# From "Plugging VBD" to SM's activation, while no other disk is plugged on the host.
_ACTIVATES = timedelta(seconds=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class VbdDisk:
    """The disk of a VBD; ``rows`` quotes what says so."""

    vdi: str | None
    rows: tuple[Evidence, ...]
    sure: Confidence = Confidence.CERTAIN


class DisksOfVbds:
    """What the database, and else the logs, tell of VBDs by their references.

    Virtual machines have most of them: lines become events of those that are asked for.
    """

    def __init__(self, case: Case) -> None:
        self._events = case.events
        self._lines: dict[bytes, list[int]] = {}
        for line in case.events.in_brief(DESTROYED, MADE):
            for reference in _REF_IN_BYTES.findall(line.said):
                self._lines.setdefault(reference, []).append(line.row)
        told = (*case.events.in_brief(AUDITED), *case.events.in_brief(ASKED))
        self._asked = {(line.bundle, line.task): line.row for line in told if line.task}
        self._in_database = {
            vbd.ref: (pool, vbd) for pool in case.pools for vbd in pool.vbds if vbd.ref
        }

    def lines_of(self, vbds: Collection[str]) -> Sequence[Event]:
        """Return the lines that tell of VBDs.

        While somebody holds them, what is asked of one VBD takes a tenth of the time.
        """
        rows = (self._lines.get(vbd.encode(errors="replace"), ()) for vbd in vbds)
        lines = self._events.at(list(chain.from_iterable(rows)))
        asked = (self._asked.get((line.source.bundle, line.task or "")) for line in lines)
        return (*lines, *self._events.at([row for row in asked if row is not None]))

    @cached_property
    def uuids(self) -> Mapping[str, str]:
        """Return the uuids of all VBDs that are known."""
        told = (*self._events.of(DESTROYED), *self._events.of(MADE))
        return {
            **{event.fields["vbd"]: event.fields["uuid"] for event in told},
            **{vbd: row.uuid for vbd, (_, row) in self._in_database.items()},
        }

    def uuid(self, vbd: str | None) -> str | None:
        """Return the uuid of a VBD as `uuids` has it, None if it is not known."""
        if vbd is None:
            return None
        if vbd in self._in_database:
            return self._in_database[vbd][1].uuid
        lines = self._events.at(self._lines.get(vbd.encode(errors="replace"), ()))
        # To find what lines of audit.log name takes ten times as long.
        told = sorted(lines, key=lambda line: line.kind == MADE)[::-1]
        return next((line.fields["uuid"] for line in told if line.fields["vbd"] == vbd), None)

    def get(self, vbd: str | None) -> VbdDisk | None:
        """Return what is known of a VBD."""
        if vbd is None:
            return None
        if vbd in self._in_database:
            pool, row = self._in_database[vbd]
            disk = pool.vdi(row.vdi)
            text = quote(row, "vdi", "vm", "mode", "currently_attached")
            return VbdDisk(
                vdi=disk.uuid if disk else None, rows=(Evidence(source=row.source, text=text),)
            )
        lines = self._events.at(self._lines.get(vbd.encode(errors="replace"), ()))
        own = [line for line in lines if line.fields["vbd"] == vbd]
        made = [line for line in own if line.kind == MADE]
        if not made:
            return _disk_of_destroyed(own[-1]) if own else None
        asked = self._asked.get((made[-1].source.bundle, made[-1].task or ""))
        told = (made[-1], *(self._events.at([asked]) if asked is not None else ()))
        return VbdDisk(
            vdi=told[1].fields["vdi"] if asked is not None else None,
            rows=tuple(map(_line_of_event, told)),
        )


@derived
def disks_by_vbd(case: Case) -> DisksOfVbds:
    """Return which disks VBDs are of."""
    return DisksOfVbds(case)


def _disk_of_destroyed(event: Event) -> VbdDisk:
    return VbdDisk(vdi=event.fields["vdi"], rows=(_line_of_event(event),))


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
        return VbdDisk(vdi=found.vdi, rows=rows, sure=Confidence.POSSIBLE)
