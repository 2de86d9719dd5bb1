"""CBT could not be turned on because the SR had no space for the log.

SM looks for space on a volume group before it creates the log, and gets the file system's own
error on a file-based SR; both end as error 457 (sm `VDI.py` configure_blocktracking()). cbt-util
ignores a full file system when it closes the file: the next command then finds the log too short,
is tried twenty times, and the error reads like a timeout.
"""

import re
from collections.abc import Iterable, Iterator

from analyzer.case.case import Case
from analyzer.checks.calls.call_finding import (
    Burst,
    Told,
    bursts,
    cut_off,
    quoted_row,
    retried_since,
    tell,
)
from analyzer.checks.observation import Observation
from analyzer.checks.tools.calls import Call, Method, calls, is_uuid
from analyzer.checks.tools.finding import Row, quote
from analyzer.checks.tools.snapshot_log import Failure, Reason, full_now
from analyzer.model.event import Event
from analyzer.model.finding import Basis, Confidence, Finding, Gap, Severity
from analyzer.model.operation import Command, Result
from analyzer.model.rule import RuleText
from analyzer.model.sentence import Size, say
from analyzer.model.terms import LOG_VOLUME_SIZE

# 457 where enable_cbt caught it (sm, VDI.py), 44 where the volume group had no room for the
# log's own volume (sm, LVHDSR.py).
_CODES = ("SR_BACKEND_FAILURE_457", "SR_BACKEND_FAILURE_44", "SR_BACKEND_FAILURE")
_FULL = re.compile(
    r"There is insufficient space|No space left on device|insufficient free space"
    r"|Insufficient free extents|Not enough space!"
)
_FREE = re.compile(r"free space: ([0-9]{1,18}), need: ([0-9]{1,18})")
_ENOSPC, _EIO = 28, 5
_TOO_SHORT = re.compile(r"Failed to (?:read|write) (?:CBT |meta|bitmap)")
_TIMED_OUT = re.compile(r"Connection timed out|Input/output error")


def examine(case: Case, text: RuleText) -> Iterator[Observation]:
    """Claim the calls of VDI.enable_cbt that failed for want of space.

    A log that was cut short is want of space where the SR was full, and a gap where nobody knows.
    """
    found = calls(case, Method.ENABLE)
    # The row of a full SR, if the log of this call was cut short on it.
    mine = bursts(
        found,
        lambda call: (
            _says_full(call)
            or bool(
                full_now(case, _failure_without_space(case, call))
                if _cut_short(call) and call.line
                else ()
            )
        ),
    )
    for burst in mine:
        yield _finding_of_burst(case, text, burst)
    claimed = {id(call) for burst in mine for call in burst}
    for call in found:
        if id(call) not in claimed:
            yield from _gaps_of_call(case, call)


def _says_full(call: Call) -> bool:
    if call.code not in _CODES:
        return False
    return bool(_FULL.search(call.reason)) or bool(_lines_about_space(call))


def _lines_about_space(call: Call) -> tuple[Event, ...]:
    """Return the lines of SM's run that say that there was no space."""
    run = call.operation
    if run is None or run.result is not Result.FAILED:
        return ()
    notes = [note for note in run.notes if note.message.startswith("Not enough space!")]
    broken = [each.event for each in run.commands if _no_space(each)]
    return tuple([*notes, *broken][:2])


def _no_space(command: Command) -> bool:
    full = command.rc == _ENOSPC or _FULL.search(command.stderr) is not None
    return command.result is Result.FAILED and full


def _cut_short(call: Call) -> bool:
    if call.code not in _CODES or not _TIMED_OUT.search(call.reason):
        return False
    commands = call.operation.commands if call.operation else ()
    return not commands or any(c.rc == _EIO and _TOO_SHORT.search(c.stderr) for c in commands)


def _failure_without_space(case: Case, call: Call) -> Failure:
    """Return the call as what `full_now` asks about: a disk whose log found no space."""
    line = call.line
    assert line is not None  # whoever claims a call has a line of it
    return Failure(
        vdi=call.vdi,
        sr=_sr_of_call(case, call),
        line=line,
        alert=None,
        reason=Reason.NO_SPACE,
        because=(),
    )


def _sr_of_call(case: Case, call: Call) -> str | None:
    known = case.world.vdi(call.vdi) if call.vdi else None
    row = case.world.sr_of(known) if known else None
    if row is not None:
        return row.uuid
    return call.operation.sr if call.operation else None


def _finding_of_burst(case: Case, text: RuleText, burst: Burst) -> Finding:
    last = burst[-1]
    short = not _says_full(last)
    full = full_now(case, _failure_without_space(case, last)) if last.line else ()
    row = case.world.vdi(last.vdi)
    on = row is not None and row.cbt_enabled is True
    told = Told(
        words=text.case("cut-short") if short else (text.title, text.detail),
        confidence=Confidence.LIKELY if short else Confidence.CERTAIN,
        basis=Basis.BOTH if full else Basis.SYMPTOM,
        severity=Severity.INFO if on else None,
        values={
            **_space_fields_of_sr(case, last),
            "now": "When the database was written, CBT was on." if on else "",
            "full": "Its storage had no room for a log either when the report was made."
            if full
            else "",
            **({"without": last.vdi} if not on and is_uuid(last.vdi) else {}),
        },
        evidence=(*map(quote, _lines_about_space(last)), *full, *quoted_row(row, "cbt_enabled")),
    )
    return tell(case, text, burst, told, retried_since(case, burst))


def _space_fields_of_sr(case: Case, call: Call) -> Row:
    """Return the fields about the SR: its name, the room it had, and how to look at it."""
    sr = _sr_of_call(case, call)
    sizes = next(
        (m for event in _lines_about_space(call) if (m := _FREE.search(event.message))), None
    )
    room = (
        say(
            "SM found {free} free and needed {needed}.",
            free=Size(int(sizes[1])),
            needed=Size(int(sizes[2])),
        )
        if sizes
        else ""
    )
    need = Size(int(sizes[2]) if sizes else LOG_VOLUME_SIZE)
    if sr is None:
        return {"sr_name": "of the disk", "room": room, "need": need}
    row = case.world.sr(sr)
    volumes = row is not None and (row.type or "").startswith("lvm")
    name = (row.name_label if row else None) or sr
    place = "group" if volumes else "mounted"
    return {"sr": sr, "sr_name": name, place: sr, "room": room, "need": need}


def _gaps_of_call(case: Case, call: Call) -> Iterable[Gap]:
    if call.code == "SR_BACKEND_FAILURE_457" and not call.reason:
        yield cut_off(call, "smlog", "turning CBT on")
    elif _cut_short(call):
        sr = _sr_of_call(case, call)
        yield Gap(
            need="df",
            host=call.line.host if call.line else "",
            why=say(
                "CBT of disk {vdi} could not be turned on at {at} because its log was cut short or "
                "could not be read; that is a full SR or an input/output error, and nothing shows "
                "how full the SR was",
                vdi=call.vdi,
                at=call.at,
            ),
            settle_with=f"df -h /run/sr-mount/{sr}" if sr else "df -h",
        )
