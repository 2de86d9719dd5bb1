"""Who had which disk active, where and when: from SM's calls and from the database.

A disk is active from the start of its tapdisk (``vdi_activate``, ``tap-ctl open``) to its end
(``vdi_deactivate``, ``tap-ctl close``) or to the next boot of the host. While it is, its
``sm_config`` holds ``host_<OpaqueRef of the host>`` = ``RW`` or ``RO`` (``blktap2.VDI._add_tag``).
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import field, replace
from datetime import datetime
from itertools import accumulate, groupby
from types import MappingProxyType

from analyzer.bundle.names import log_name
from analyzer.case.case import Case, HostReport
from analyzer.case.derived import derived
from analyzer.case.events import EventTable
from analyzer.case.pool import PoolState
from analyzer.case.quotation import quote
from analyzer.model.event import Event
from analyzer.model.finding import Evidence
from analyzer.model.moment import Moment
from analyzer.model.operation import AccessMode, Attachment, Command, Operation, Result
from analyzer.model.terms import HOST_BOOTED
from analyzer.model.xapi import Host, Vdi
from analyzer.rebuilt.calls.operations import sm_operations
from analyzer.values import dataclass

DOM0 = "dom0"

_HOST_KEY = re.compile(r"host_(OpaqueRef:.+)")
_CALLS = ("vdi_activate", "vdi_deactivate")
_MODES: Mapping[str, AccessMode] = MappingProxyType(
    {
        "true": AccessMode.READ_WRITE,
        "false": AccessMode.READ_ONLY,
        "RW": AccessMode.READ_WRITE,
        "RO": AccessMode.READ_ONLY,
    }
)


@dataclass(slots=True, kw_only=True)
class _Span:
    """One activation while its lines are read."""

    vdi: str
    host: str
    mode: AccessMode = AccessMode.UNKNOWN
    began: Moment | None = None
    ended: Moment | None = None
    cbt_log: bool | None = None
    over: bool = False
    events: list[Event] = field(default_factory=list)

    def attachment(self) -> Attachment:
        return Attachment(
            vdi=self.vdi,
            host=self.host,
            mode=self.mode,
            events=tuple(self.events),
            began=self.began,
            ended=self.ended,
            open_at_capture=not self.over,
            cbt_log=self.cbt_log,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    """What the database says of one disk on one host."""

    mode: AccessMode
    rows: tuple[Evidence, ...]
    vm: str | None = None


@derived
def disk_attachments(case: Case) -> tuple[Attachment, ...]:
    """Return who had which disk active, ordered by (disk, host, beginning)."""
    return attachments_of(sm_operations(case), case.pools, case.hosts, case.events)


@derived
def attachments_of_disks(case: Case) -> Mapping[str, Sequence[Attachment]]:
    """Return disk → who had it active, ordered by (host, beginning)."""
    found: dict[str, list[Attachment]] = {}
    for each in disk_attachments(case):
        found.setdefault(each.vdi, []).append(each)
    return found


def attachments_of(
    operations: Sequence[Operation],
    pools: Sequence[PoolState],
    hosts: Sequence[HostReport],
    events: EventTable,
) -> tuple[Attachment, ...]:
    """Return every activation that was seen, ordered by (disk, host, beginning).

    One that SMlog shows without an end is open at capture if the database agrees; where the
    database has the disk and not the host's key, nobody knows, because it may be an older copy.
    """
    logged = _each_once(span.attachment() for span in _spans_of_operations(operations, events))
    rows = _rows_of_pools(pools, hosts)
    known = frozenset(vdi.uuid for pool in pools for vdi in pool.vdis if vdi.sm_config is not None)
    found: list[Attachment] = []
    for one in logged:
        joined_row = rows.get((one.vdi, one.host))
        if not one.open_at_capture:
            found.append(one)
        elif joined_row is None:
            found.append(replace(one, open_at_capture=None if (one.vdi in known) else True))
        else:
            mode = joined_row.mode if one.mode is AccessMode.UNKNOWN else one.mode
            found.append(replace(one, mode=mode, vm=joined_row.vm, rows=joined_row.rows))
    there = {(one.vdi, one.host) for one in logged if one.open_at_capture}
    found += [_of_row(key, row) for key, row in rows.items() if key not in there]
    return tuple(sorted(found, key=_order_of_attachment))


def _order_of_attachment(attachment: Attachment) -> tuple[object, ...]:
    moment = attachment.began or attachment.ended
    when = moment.at.isoformat() if moment else "~"
    return (attachment.vdi, attachment.host, when)


def _each_once(attachments: Iterable[Attachment]) -> Sequence[Attachment]:
    """Leave out what a second, older report of the same host shows again, if without its end."""
    best: dict[tuple[object, ...], Attachment] = {}
    for one in attachments:
        moment = one.began or one.ended
        key = (one.vdi, one.host, one.began is None, moment.at if moment else None)
        before = best.get(key)
        if before is None or (before.ended is None and one.ended is not None):
            best[key] = one
    return tuple(best.values())


def _of_row(key: tuple[str, str], row: _Row) -> Attachment:
    return Attachment(
        vdi=key[0],
        host=key[1],
        mode=row.mode,
        events=(),
        open_at_capture=True,
        vm=row.vm,
        rows=row.rows,
    )


def _spans_of_operations(operations: Sequence[Operation], events: EventTable) -> Iterator[_Span]:
    """Yield the activations of each host in turn, boots between the calls."""
    steps: list[tuple[str, Operation | Event]] = [
        (operation.bundle, operation)
        for operation in operations
        if operation.vdi and (operation.name in _CALLS or any(map(_is_tap, operation.commands)))
    ]
    steps += [(event.source.bundle, event) for event in events.of(HOST_BOOTED)]
    steps.sort(key=lambda step: step[0])
    for _, own in groupby(steps, key=lambda step: step[0]):
        host_steps = _in_order([step for _, step in own])
        active: dict[str, _Span] = {}
        for host_step in host_steps:
            if isinstance(host_step, Event):
                for span in active.values():
                    _end_of_span(span, host_step.moment, [host_step])
                    yield span
                active.clear()
            elif (over := _span_taken(active, host_step)) is not None:
                yield over
        yield from active.values()


def _in_order(steps: Sequence[Operation | Event]) -> Sequence[Operation | Event]:
    """Return calls in the order of their lines, and boots among them by time.

    A clock that was set back makes a later line look earlier.
    """
    calls = sorted((each for each in steps if isinstance(each, Operation)), key=_place_of_call)
    latest = list(accumulate((call.first.at for call in calls), max))
    keyed: list[tuple[datetime, int, Operation | Event]] = [
        *((at, 0, call) for at, call in zip(latest, calls, strict=True)),
        *((each.moment.at, 1, each) for each in steps if isinstance(each, Event)),
    ]
    return [step for _, _, step in sorted(keyed, key=lambda entry: entry[:2])]


def _place_of_call(call: Operation) -> tuple[int, int]:
    source = call.lines[0].source
    name = log_name(source.member)
    return (-name.rotation if name else 0, source.line)


def _span_taken(active: dict[str, _Span], call: Operation) -> _Span | None:
    """Let a call begin, change or end an activation; return one that is over."""
    vdi = call.vdi or ""
    tap = [(command, command.argv[1]) for command in call.commands if _is_tap(command)]
    verbs = {verb for command, verb in tap if command.result is not Result.FAILED}
    if call.result is Result.FAILED:
        return None
    if call.name == "vdi_activate" or "open" in verbs:
        before = active.get(vdi)
        opened = [command for command, verb in tap if verb == "open"]
        mode = _MODES.get(call.args[0] if call.args else "", AccessMode.UNKNOWN)
        if mode is AccessMode.UNKNOWN and opened:
            mode = AccessMode.READ_ONLY if "-R" in opened[-1].argv else AccessMode.READ_WRITE
        active[vdi] = _Span(
            vdi=call.vdi or "",
            host=call.host,
            mode=mode,
            began=call.first,
            cbt_log=_log_given(tap),
            events=_lines_of_call(call, tap),
        )
        if before is not None:
            before.over = True
        return before
    if call.name == "vdi_deactivate" or "close" in verbs:
        span = active.pop(vdi, None) or _Span(vdi=vdi, host=call.host)
        _end_of_span(span, call.last, _lines_of_call(call, tap))
        return span
    if "unpause" in verbs and vdi in active:
        active[vdi].cbt_log = _log_given(tap)
        active[vdi].events += _lines_of_call(call, tap)
    return None


def _is_tap(command: Command) -> bool:
    return len(command.argv) > 1 and command.argv[0].endswith("tap-ctl")


def _log_given(tap: Sequence[tuple[Command, str]]) -> bool | None:
    """Tell whether the tapdisk's last command line names a CBT log; None where none was seen."""
    started = [command.argv for command, verb in tap if verb in ("open", "unpause")]
    return any(option in started[-1] for option in ("-C", "-c")) if started else None


def _lines_of_call(call: Operation, tap: Sequence[tuple[Command, str]]) -> list[Event]:
    entry = [call.entry] if call.entry else []
    return [*entry, *(command.event for command, verb in tap if verb != "pause")]


def _end_of_span(span: _Span, moment: Moment, events: Sequence[Event]) -> None:
    span.ended = moment
    span.over = True
    span.events += events


def _rows_of_pools(
    pools: Sequence[PoolState], hosts: Sequence[HostReport]
) -> Mapping[tuple[str, str], _Row]:
    """Return what the database and xapi say is active now, by (disk, name of the host)."""
    names = {report.host_uuid: report.name for report in hosts if report.host_uuid}
    found: dict[tuple[str, str], _Row] = {}
    for pool in pools:
        for vdi in pool.vdis:
            for host, row in _of_disk(pool, vdi):
                key = (vdi.uuid, names.get(host.uuid) or host.name_label or host.uuid)
                found[key] = _merged_rows(found.get(key), row)
    for report in hosts:
        for datapath in report.diagnostics.datapaths if report.diagnostics else ():
            if datapath.active:
                key = (datapath.vdi, report.name)
                # What xapi's storage layer says; the domain 0 is dom0 itself, as of xapi-nbd.
                found[key] = _merged_rows(
                    found.get(key),
                    _Row(
                        mode=_MODES[datapath.mode],
                        rows=(Evidence(source=datapath.source, text=datapath.text),),
                        vm=DOM0 if datapath.name.startswith("vbd/0/") else None,
                    ),
                )
    return found


def _merged_rows(first: _Row | None, other: _Row) -> _Row:
    if first is None:
        return other
    mode = other.mode if first.mode is AccessMode.UNKNOWN else first.mode
    return _Row(mode=mode, rows=(*first.rows, *other.rows), vm=first.vm or other.vm)


def _of_disk(pool: PoolState, vdi: Vdi) -> Iterator[tuple[Host, _Row]]:
    for key, value in (vdi.sm_config or {}).items():
        found = _HOST_KEY.fullmatch(key)
        host = pool.host(found[1]) if found else None
        if host is not None:
            quoted = Evidence(source=vdi.source, text=quote(vdi, "sm_config"))
            mode = _MODES.get(value, AccessMode.UNKNOWN)
            yield host, _Row(mode=mode, rows=(quoted,))
    for vbd in pool.vbds_of(vdi):
        machine = pool.vm(vbd.vm)
        host = pool.host(machine.resident_on) if machine else None
        if vbd.currently_attached and machine is not None and host is not None:
            vbd_quoted = Evidence(
                source=vbd.source, text=quote(vbd, "VM", "VDI", "mode", "currently_attached")
            )
            of_vbd = _Row(
                mode=_MODES.get(vbd.mode or "", AccessMode.UNKNOWN),
                rows=(vbd_quoted,),
                vm=DOM0 if machine.is_control_domain else machine.uuid,
            )
            yield host, of_vbd
