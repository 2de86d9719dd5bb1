"""Calls of the CBT methods of xapi: each once, from whatever lines tell of it.

xapi logs a call when it takes it (`message_forwarding.ml`), when it refuses it there, and when it
failed, as often as it is passed on (`debug.ml`); `rbac_audit.ml` logs the result with the disks'
uuids; the storage manager logs what it did. Lines of one call share the short form of its task
(``R:`` and twelve digits, `ref.ml`); what SM did is joined by it, or by disks and time where SM
was given a task of its own.
"""

import re
from bisect import bisect_left
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from enum import StrEnum

from analyzer.case.case import Case
from analyzer.case.derived import derived
from analyzer.case.time.order import Mark, began, mark
from analyzer.model.event import Event
from analyzer.model.moment import Moment
from analyzer.model.operation import Operation, Raised, Result
from analyzer.model.terms import BACKEND, OPAQUE_REF, UUID_PATTERN
from analyzer.rebuilt.calls.operations import sm_operations
from analyzer.values import dataclass

# What the error of a call says: its code, and the words behind it.

_PARAMETERS = re.compile(
    r"(?:Server_error\(\"?|: |'ERROR:)[A-Z][A-Z0-9_]*\"?(?:,|:) \[ ?(.*)", re.DOTALL
)
_END_OF_AUDIT = " ]' 'API' '"
_LONGEST = 300


def code_and_reason(event: Event) -> tuple[str, str]:
    """Return the error's code and its parameters, from a line that a selector took as an error."""
    found = _PARAMETERS.search(event.message)
    words = found[1].partition(_END_OF_AUDIT)[0] if found else ""
    shown = " ".join(words.split()).rstrip(" ])").strip("; ")
    return event.fields["code"], shown[:_LONGEST]


def of_raised(raised: Sequence[Raised]) -> tuple[int | None, str]:
    """Return the number and the words of the error that a run of SM ended with.

    Errors that were caught on the way stand before it, each perhaps on several lines.
    """
    ends = [each for each in raised if each.final] or list(raised)
    known = [each for each in ends if each.code is not None] or ends
    if not known:
        return None, ""
    return known[-1].code, " ".join(known[-1].text.split())[:_LONGEST]


def ref_in(reason: str) -> str:
    """Return the first reference among the parameters of an error, "" where there is none."""
    found = OPAQUE_REF.search(reason)
    return found[0] if found else ""


ASKED, COMPARED = "cbt-calls.asked", "cbt-calls.compared"
REFUSED, FAILED = "cbt-calls.refused", "cbt-calls.failed"
AUDITED, AUDITED_PAIR = "cbt-calls.audited", "cbt-calls.audited-pair"
_TELLING = (FAILED, REFUSED, AUDITED, AUDITED_PAIR)  # of a failure, the best first
_TASK = re.compile(r"\bR:([0-9a-f]{12})\b")
_FULL_TASK = re.compile(r"OpaqueRef:([0-9a-f]{8})-([0-9a-f]{4})-")
# SM starts after xapi took the call and ends before xapi logs the failure.
_SAME_CALL = timedelta(minutes=2)
_NEIGHBOURS = 20


class Method(StrEnum):
    """A method of xapi's class VDI; SM's command is called like it."""

    ENABLE = "enable_cbt"
    DESTROY = "data_destroy"
    LIST = "list_changed_blocks"


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call. ``vdi`` and ``to`` are uuids, an OpaqueRef that no database resolves, or "".

    ``to`` is "" but for LIST. ``code`` is xapi's error, "" where no failure is logged, ``reason``
    what stands behind it; ``done`` tells that a good end is logged. ``lines`` are xapi's own, in
    order of time.
    """

    method: Method
    vdi: str
    to: str = ""
    code: str = ""
    reason: str = ""
    done: bool = False
    lines: tuple[Event, ...] = ()
    operation: Operation | None = None

    @property
    def disks(self) -> tuple[str, str]:
        """Return what it was about."""
        return (self.vdi, self.to)

    @property
    def line(self) -> Event | None:
        """Return the line that says best what happened; None: SM was seen, and no line of it."""
        for kind in _TELLING if self.code else ():
            for event in self.lines:
                if event.kind == kind and ("code" in event.fields):
                    return event
        return self._own_line

    @property
    def at(self) -> Moment:
        """Return when it was made, or when it failed where only that is logged."""
        if self.lines:
            return self.lines[0].moment
        assert self.operation is not None  # a call is made of lines or of an operation
        return self.operation.first

    @property
    def mark(self) -> Mark:
        """Return when it was made, and the line that tells it."""
        if self.lines:
            return mark(self.lines[0])
        assert self.operation is not None
        return began(self.operation)

    @property
    def _own_line(self) -> Event | None:
        if self.operation is not None:
            raised = [each.event for each in self.operation.raised]
            if raised or self.operation.entry:
                return raised[-1] if raised else self.operation.entry
        return self.lines[-1] if self.lines else None


def is_uuid(key: str) -> bool:
    """Tell whether `key` is a uuid, which commands take, and not a reference."""
    return UUID_PATTERN.fullmatch(key) is not None


@derived
def calls(case: Case, method: Method) -> tuple[Call, ...]:
    """Return every call of a method, failed or not, in order of time."""
    told: list[Call] = []
    for lines in _lines_of_calls(case).get(method.value, ()):
        failed = [e for kind in _TELLING for e in lines if e.kind == kind and "code" in e.fields]
        code, reason = code_and_reason(failed[0]) if failed else ("", "")
        named = [event for event in lines if "vdi" in event.fields]
        vdi, to = _best_name(case, named, "vdi"), _best_name(case, named, "to")
        if not named and method is not Method.LIST:
            vdi = resolve(case, ref_in(reason))
        elif not to and method is Method.LIST and code == "VDI_IN_USE":
            to = resolve(case, ref_in(reason))
        audits = [e for e in lines if e.kind in (AUDITED, AUDITED_PAIR) and "code" not in e.fields]
        told.append(
            Call(
                method=method,
                vdi=vdi,
                to=to,
                code=code,
                reason=reason,
                done=bool(audits) and not failed,
                lines=tuple(lines),
            )
        )
    joined = _with_operations(case, method, _unnamed_lines_merged(told))
    return tuple(sorted(joined, key=lambda call: (call.at.at, call.disks)))


@derived
def _lines_of_calls(case: Case) -> Mapping[str, Collection[Sequence[Event]]]:
    """Return method → the lines of each call of it, those that name no task alone."""
    found: dict[str, dict[object, list[Event]]] = {}
    for event in case.events.of(ASKED, COMPARED, *_TELLING):
        groups = found.setdefault(event.fields["method"], {})
        groups.setdefault(_short_task(event) or event.source, []).append(event)
    return {method: groups.values() for method, groups in found.items()}


def resolve(case: Case, key: str) -> str:
    """Return the uuid of a disk named by uuid or reference; the name itself where unknown."""
    if not key or is_uuid(key):
        return key
    row = case.world.vdi(key)
    return row.uuid if row else key


def _short_task(event: Event) -> str:
    """Return the short form of the task that a line belongs to, "" where it does not say."""
    found = _TASK.search(event.fields.get("call") or event.task or "")
    return found[1] if found else ""


def _best_name(case: Case, named: Sequence[Event], field: str) -> str:
    """Return a disk as a uuid where any line of the call gives it."""
    keys = [resolve(case, event.fields.get(field, "")) for event in named]
    return next((key for key in keys if is_uuid(key)), keys[0] if keys else "")


def _unnamed_lines_merged(told: Iterable[Call]) -> list[Call]:
    """Add the lines that name no task to the call they are of, by disks, error and time."""
    ordered = sorted(told, key=lambda call: call.at.at)
    built = [call for call in ordered if _short_task(call.lines[0])]
    index = _Index(built)
    for call in ordered:
        if _short_task(call.lines[0]):
            continue
        near = (place for place in index.around(call) if built[place].disks == call.disks)
        place = next((place for place in near if _is_same(built[place], call)), None)
        if place is None:
            built.append(call)
        else:
            whole, done = built[place], built[place].done or call.done
            built[place] = replace(
                whole,
                lines=tuple(
                    sorted((*whole.lines, *call.lines), key=lambda e: (e.moment.at, e.source))
                ),
                done=done,
            )
    return built


def _is_same(call: Call, other: Call) -> bool:
    return call.code == other.code and call.lines[-1].moment.within(other.at, _SAME_CALL)


class _Index:
    """Calls by their first disk and time, so that a script that asks every minute costs little."""

    def __init__(self, told: Sequence[Call]) -> None:
        self._places: dict[str, list[int]] = {}
        for place in sorted(range(len(told)), key=lambda place: told[place].at.at):
            self._places.setdefault(told[place].vdi, []).append(place)
        self._times = {
            disk: [told[place].at.at for place in places] for disk, places in self._places.items()
        }

    def around(self, call: Call) -> Sequence[int]:
        """Return the places of the calls about the same disk that are nearest in time."""
        middle = bisect_left(self._times.get(call.vdi, []), call.at.at)
        places = self._places.get(call.vdi, [])
        return places[max(middle - _NEIGHBOURS, 0) : middle + _NEIGHBOURS]


def _with_operations(case: Case, method: Method, told: Sequence[Call]) -> list[Call]:
    """Add what SM did to each call; what SM did for no call that is logged is one by itself."""
    built, index, taken = list(told), _Index(told), set[int]()
    by_task = {_short_task(line): place for place, call in enumerate(told) for line in call.lines}
    for operation in _operations_of_method(case, method):
        code, reason = (
            of_raised(operation.raised) if operation.result is Result.FAILED else (None, "")
        )
        shown = (
            ""
            if operation.result is not Result.FAILED
            else f"{BACKEND}_{code}"
            if code
            else BACKEND
        )
        own = Call(
            method=method,
            vdi=operation.vdi or resolve(case, operation.arguments.get("vdi_ref", "")),
            to=resolve(case, operation.args[0]) if method is Method.LIST and operation.args else "",
            code=shown,
            reason=reason,
            done=operation.result is Result.SUCCEEDED,
            operation=operation,
        )
        task = _FULL_TASK.search(operation.task or "")
        place = by_task.get(task[1] + task[2]) if task else None
        if place is None:
            free = [place for place in index.around(own) if place not in taken]
            fits = [place for place in free if _fits_call(own, told[place])]
            place = min(fits, key=lambda place: abs(told[place].at.at - own.at.at), default=None)
        if place is None:
            built.append(own)
        else:
            built[place] = _joined_with_sm(built[place], own)
            taken.add(place)
    return built


def _operations_of_method(case: Case, method: Method) -> tuple[Operation, ...]:
    """Return SM's runs of a method, each once though two reports of a host hold it."""
    seen: dict[object, Operation] = {}
    for run in sm_operations(case):
        if run.name == f"vdi_{method.value}":
            seen.setdefault((run.host, run.pid, run.vdi, run.first.at), run)
    return tuple(seen.values())


def _fits_call(own: Call, call: Call) -> bool:
    """Tell whether what SM did can be of this call: same disks, same time, no other end."""
    if is_uuid(own.to) and is_uuid(call.to) and own.to != call.to:
        return False  # a reference that no database resolves may be of either
    if call.code and not call.code.startswith(BACKEND):
        return False  # xapi refused it, SM never heard of it
    if (own.done and call.code) or (call.done and own.code):
        return False
    ends = (call.lines[0].moment, call.lines[-1].moment)
    return any(own.at.within(end, _SAME_CALL) for end in ends) or (
        ends[0].at <= own.at.at <= ends[1].at
    )


def _joined_with_sm(call: Call, own: Call) -> Call:
    return replace(
        call,
        vdi=call.vdi if is_uuid(call.vdi) else own.vdi or call.vdi,
        to=call.to if is_uuid(call.to) else own.to or call.to,
        code=call.code or own.code,
        reason=call.reason or own.reason,
        done=(call.done or own.done) and not (call.code or own.code),
        operation=call.operation or own.operation,
    )
