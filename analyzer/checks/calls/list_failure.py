"""The specific reason of a failed comparison; the one place that decides which rule it is of.

Error 460 is a catch-all (sm `VDI.py` list_changed_blocks()): SM looks whether both disks have a
log, then follows child pointers from vdi_from on until it meets vdi_to or no log. How far it came
is in SMlog; why, in the rebuilt logs and the database. Where the two disagree, SMlog is believed.
"""

from analyzer.case.case import Case
from analyzer.checks.calls.call_finding import quoted_row
from analyzer.checks.calls.list_pair import (
    Pair,
    Stage,
    blind_release,
    cannot_be_compared,
    may_be_unseen,
    off_by_rows,
    other_sr,
    pair_of,
    reversed_by_rows,
    two_disks,
)
from analyzer.checks.calls.list_reason import Judged, Reason
from analyzer.checks.tools.calls import Call, is_uuid
from analyzer.checks.tools.finding import quote
from analyzer.model.cbt import Walk, WalkEnd
from analyzer.model.event import Event
from analyzer.model.finding import Basis, Confidence, Evidence
from analyzer.model.operation import Command, Result
from analyzer.model.terms import SAME_DISK

_OF_COMMAND = "SR_BACKEND_FAILURE_202"
_NO_LOG = {
    WalkEnd.NO_LOG_FROM: Reason.FROM_OFF,
    WalkEnd.NO_LOG_TO: Reason.TO_OFF,
    WalkEnd.NOT_SUPPORTED: Reason.NOT_SUPPORTED,
}
_SIZES = "Cannot calculate changed blocks with"
_SHORT = "is less than expected size"
_ENOENT, _EIO = 2, 5
MAYBE_OFF = "one of the two disks had no CBT log at that time"
MAYBE_REVERSED = "the two were given in the wrong order"
MAYBE_UNRELATED = "the logs of the two are not of one chain"
MAYBE_BROKEN = "a log between the two is missing, or a pointer to it is stale"
MAYBE_DEFECT = (
    "sm has the defect of XCP-ng's 3.2.12-17.2 and 3.2.12-17.3, which takes metadata disks of "
    "file-based SRs for disks without CBT"
)


def judge(case: Case, call: Call) -> Judged | None:
    """Return why a comparison failed; None where it did not, or where xapi itself refused it."""
    match call.code:
        case "SR_BACKEND_FAILURE_460":
            return _not_related(case, call)
        case "SR_BACKEND_FAILURE_459":
            # Whether SM found a log shorter than its disk needs, which is another rule's.
            return (
                None
                if any(_SHORT in note.message for note in _notes_of_sm(call))
                else _certainly(call, Reason.SIZES, _size_lines(call))
            )
        case code if code == _OF_COMMAND:
            # Judge by the command that failed; a log that is gone or too short is another rule's.
            if command_unread(call):
                return None
            commands = call.operation.commands if call.operation else ()
            failed = [each for each in commands if each.result is Result.FAILED][-1:]
            if any(_is_of_log(each) for each in failed):
                return None
            return _certainly(call, Reason.COMMAND, tuple(each.event for each in failed))
        case "INTERNAL_ERROR":
            rows = other_sr(case, call)
            return _likely_so(call, Reason.OTHER_SR, rows) if rows else None
        case _:
            return None


def _not_related(case: Case, call: Call) -> Judged:
    if SAME_DISK in call.reason or (call.vdi and call.vdi == call.to):
        return _certainly(call, Reason.SAME)
    if cannot_be_compared(case, call):
        return _likely_so(call, Reason.NOT_A_SNAPSHOT, ())
    pair = pair_of(case, call)
    match pair.stage:
        case Stage.BEFORE:
            # Judge a comparison that failed before any log was read: SM took one to have no log.
            if pair.ahead.end in _NO_LOG or not may_be_unseen(case, pair.call):
                reached = pair.ahead.end is WalkEnd.REACHED
                # Judge a comparison of which only SM knew which log was missing.
                return (None if reached else _judged_by_cbt_off(case, pair)) or _judged_as(
                    pair, Reason.EITHER_OFF, Confidence.LIKELY
                )
            if packages := blind_release(case):
                return _judged_as(pair, Reason.DEFECT, Confidence.LIKELY, packages)
            return _judged_as(
                pair, Reason.OPEN, Confidence.POSSIBLE, open_=(MAYBE_OFF, MAYBE_DEFECT)
            )
        case Stage.WALKED:
            # Judge a walk of which only SMlog knows where it ended.
            return (
                _judged_by_way_back(case, pair)
                or _where_it_ends(case, pair)
                or _judged_as(
                    pair,
                    Reason.STOPPED,
                    Confidence.POSSIBLE,
                    stop=pair.stop,
                    open_=(MAYBE_BROKEN, MAYBE_UNRELATED, MAYBE_REVERSED),
                )
            )
        case Stage.UNSEEN:
            found = (
                _judged_by_cbt_off(case, pair)
                or _judged_by_way_back(case, pair)
                or _where_it_ends(case, pair)
            )
            return found or _left_open(case, pair)


def _judged_by_cbt_off(case: Case, pair: Pair) -> Judged | None:
    """Judge by the logs that are known not to be there, then by the database's flags."""
    reason = _NO_LOG.get(pair.ahead.end)
    if reason is not None:
        sure = _sure_of(pair.ahead, pair.stage is Stage.BEFORE)
        return _judged_as(pair, reason, sure, pair.ahead.evidence)
    off = off_by_rows(case, pair.call)
    return _judged_as(pair, off[0], Confidence.LIKELY, off[1]) if off else None


def _judged_by_way_back(case: Case, pair: Pair) -> Judged | None:
    """Judge by the way back: where vdi_to leads to vdi_from, the order was wrong."""
    if pair.back.end is WalkEnd.REACHED:
        sure = _sure_of(pair.back, True)
        return _judged_as(pair, Reason.REVERSED, sure, pair.back.evidence)
    rows = reversed_by_rows(case, pair.call)
    return _judged_as(pair, Reason.REVERSED, Confidence.LIKELY, rows) if rows else None


def _where_it_ends(case: Case, pair: Pair) -> Judged | None:
    """Judge by where the rebuilt chain ends, if that is where SM's own walk ended."""
    seen, ahead = pair.stage is Stage.WALKED, pair.ahead
    if rows := two_disks(case, pair.call):
        sure = Confidence.CERTAIN if seen else Confidence.LIKELY
        return _judged_as(pair, Reason.OTHER_DISK, sure, rows, stop=pair.stop)
    if lost := _lost_after(pair):
        like = Confidence.LIKELY
        return _judged_as(pair, Reason.BROKEN, like, ahead.evidence, stop=pair.stop, next_=lost)
    if ahead.end is not WalkEnd.CHAIN_ENDS or (pair.stop and pair.stop != ahead.at):
        return None
    reason = Reason.BROKEN if ahead.next else Reason.ENDS
    sure = _sure_of(ahead, seen)
    return _judged_as(pair, reason, sure, ahead.evidence, stop=ahead.at, next_=ahead.next)


def _lost_after(pair: Pair) -> str:
    """Return the log that comes after SM's last one by the replay, and that SM did not find."""
    path = (pair.call.vdi, *pair.ahead.visited)
    if not pair.stop or pair.stop not in path[:-1]:
        return ""
    return path[path.index(pair.stop) + 1]


def _left_open(case: Case, pair: Pair) -> Judged:
    maybe = [MAYBE_OFF, MAYBE_REVERSED, MAYBE_UNRELATED, MAYBE_BROKEN]
    if may_be_unseen(case, pair.call):
        maybe.append(MAYBE_DEFECT)
    rows = (*quoted_row(case.world.vdi(pair.call.vdi), "cbt_enabled", "snapshot_of"),)
    rows += quoted_row(case.world.vdi(pair.call.to), "cbt_enabled", "snapshot_of")
    return _judged_as(pair, Reason.OPEN, Confidence.POSSIBLE, rows, open_=tuple(maybe))


def _sure_of(walk: Walk, seen: bool) -> Confidence:
    """Return certain where the walk is, and SMlog shows SM ending as it does."""
    return walk.confidence if seen else Confidence.LIKELY


def _judged_as(
    pair: Pair,
    reason: Reason,
    confidence: Confidence,
    evidence: tuple[Evidence, ...] = (),
    *,
    stop: str = "",
    next_: str = "",
    open_: tuple[str, ...] = (),
) -> Judged:
    return Judged(
        call=pair.call,
        reason=reason,
        confidence=confidence,
        basis=Basis.BOTH if evidence and not open_ else Basis.SYMPTOM,
        evidence=(*(quote(event) for event in pair.steps), *evidence),
        stop=stop,
        next=next_,
        open_=open_,
        settle_with=pair.ahead.settle_with if open_ else "",
    )


def _certainly(call: Call, reason: Reason, lines: tuple[Event, ...] = ()) -> Judged:
    return Judged(
        call=call,
        reason=reason,
        confidence=Confidence.CERTAIN,
        basis=Basis.SYMPTOM,
        evidence=tuple(quote(line) for line in lines),
    )


def _likely_so(call: Call, reason: Reason, rows: tuple[Evidence, ...]) -> Judged:
    return Judged(
        call=call,
        reason=reason,
        confidence=Confidence.LIKELY,
        basis=Basis.BOTH,
        evidence=rows,
    )


def _notes_of_sm(call: Call) -> tuple[Event, ...]:
    return call.operation.notes if call.operation else ()


def _size_lines(call: Call) -> tuple[Event, ...]:
    """Return the line with which SM says what does not fit, and those of the log it was reading."""
    notes = _notes_of_sm(call)
    wrong = [n for n, note in enumerate(notes) if note.message.startswith(_SIZES)]
    return notes[max(wrong[-1] - 2, 0) : wrong[-1] + 1] if wrong else ()


def command_unread(call: Call) -> bool:
    """Tell whether the logs begin within the call: neither its disks nor what failed are known."""
    commands = call.operation.commands if call.operation else ()
    failed = any(each.result is Result.FAILED for each in commands)
    return call.code == _OF_COMMAND and not failed and not is_uuid(call.vdi)


def _is_of_log(command: Command) -> bool:
    """Tell whether cbt-util found no log, or one that is too short, which only files can be."""
    if not command.argv or not command.argv[0].endswith("cbt-util"):
        return False
    on_volume = any(part.startswith("/dev/") for part in command.argv)
    return command.rc == _ENOENT or (command.rc == _EIO and not on_volume)
