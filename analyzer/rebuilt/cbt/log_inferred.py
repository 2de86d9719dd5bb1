"""What SM's lines tell of CBT logs without saying it.

A file that goes leaves no line, and what ``cbt-util get`` answered is not logged; the order of
the calls in VDI.py of sm (`delete`, `_cbt_snapshot`, `configure_blocktracking`,
`list_changed_blocks`, `_disable_cbt_on_error`) and FileSR.py (`FileVDI.delete`) tells both.

It is not asked of the model of SM, which goes from a known state to the next: lines begin
anywhere, most of what was before is unknown, and each value has to keep the line that it rests
on. The tests hold it against the model instead, over random lives, from whatever line on.
"""

from collections.abc import Iterator, Mapping, Sequence

from analyzer.model.cbt import Change
from analyzer.model.event import Event
from analyzer.model.finding import Confidence
from analyzer.model.operation import Operation, Result
from analyzer.model.terms import CBT_METADATA, NOBODY, UNRELATED_DISKS
from analyzer.rebuilt.cbt.log_calls import Call, Verb
from analyzer.rebuilt.cbt.log_paths import LogPath
from analyzer.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Inference:
    """A change that took place right after the line ``after``; ``told_by`` is its evidence."""

    change: Change
    log: LogPath
    after: Event
    told_by: Event
    value: str = ""
    confidence: Confidence = Confidence.CERTAIN
    weak: bool = False
    of_known: bool = False


def inferred(
    operation: Operation,
    calls: Sequence[Call],
    volumes: Mapping[str, bool],
    destroyed: frozenset[str],
) -> Iterator[Inference]:
    """Yield what an operation did and read without a line of its own."""
    name = operation.name or _name_by(calls)
    yield from _logs_walked(operation, calls)
    yield from _logs_dropped(operation, calls, volumes)
    match name:
        case "vdi_delete":
            yield from _neighbours_of_deleted(calls)
            yield from _files_deleted(operation, calls, volumes)
            yield from _deleted_untold(operation, calls, volumes, destroyed)
        case "vdi_snapshot":
            yield from _older_than_snapshot(calls)
            yield from _unfinished_snapshot(operation, calls)
            # The disk that a snapshot was taken of without a word about its log: it had none.
            if operation.entry is None or calls or operation.result is not Result.SUCCEEDED:
                return
            yield Inference(
                change=Change.MISSED,
                log=LogPath(sr=operation.sr or "", disk=operation.vdi or "", volume=None),
                after=operation.entry,
                told_by=operation.entry,
                confidence=Confidence.LIKELY,
                of_known=True,
            )
        case "vdi_disable_cbt":
            yield from _turned_off(operation, calls, volumes)
        case "vdi_enable_cbt":
            # The file that SM takes away again when CBT could not be turned on.
            made = [call for call in calls if call.verb is Verb.CREATE]
            if made and operation.result is Result.FAILED and volumes.get(made[0].log.sr) is False:
                yield _inference_of_removal(calls[-1], Confidence.LIKELY, made[0].log)
        case "":
            yield from _perhaps_removed(calls, volumes)
        case _:
            return


def _name_by(calls: Sequence[Call]) -> str:
    """Name an operation whose entry line was not seen by what only it does; "" if in doubt."""
    verbs = {call.verb for call in calls}
    if Verb.RENAME in verbs:
        return "vdi_snapshot"
    if Verb.COALESCE in verbs:
        return "vdi_delete"
    if verbs & {Verb.CREATE, Verb.ALLOCATE, Verb.DROP}:
        return ""
    asked = [call for call in calls if call.verb is not Verb.REMOVE][:2]
    match [(call.verb, call.option, call.value) for call in asked]:
        case [(Verb.GET, "-p", _), (Verb.GET, "-c", _)] if asked[0].log == asked[1].log:
            return "vdi_delete"
        case [(Verb.GET, "-p", _), (Verb.SET, "-c", value)] if value == NOBODY:
            return "vdi_disable_cbt"
        case _:
            return ""


def _perhaps_removed(calls: Sequence[Call], volumes: Mapping[str, bool]) -> Iterator[Inference]:
    """Yield the file whose pointers were read, and that nothing touched after: it may be gone.

    So ends what is left of a delete or a disable whose first lines are in a log that is lost.
    """
    made = {Verb.CREATE, Verb.ALLOCATE, Verb.WALK}
    first = calls[0] if calls else None
    if first is None or first.verb is not Verb.GET or first.option not in ("-p", "-c"):
        return
    touched = any(call.log == first.log and call.verb is not Verb.GET for call in calls)
    if volumes.get(first.log.sr) is False and not touched and not made & {c.verb for c in calls}:
        yield _inference_of_removal(calls[-1], Confidence.POSSIBLE, first.log)


def _logs_walked(operation: Operation, calls: Sequence[Call]) -> Iterator[Inference]:
    """Yield what list_changed_blocks read: the child it went on to, and that one's size."""
    asked: Call | None = None
    for call in calls:
        got = call.verb is Verb.GET and call.done
        if got and call.option == "-c":
            asked = call
        elif asked and (call.verb is Verb.WALK or (got and call.option == "-s")):
            yield _inference_of_read(Change.CHILD, asked, asked, call, call.log.disk)
            asked = None
        elif got or call.verb is Verb.SET:
            asked = None
        if call.verb is Verb.WALK:
            yield _inference_of_read(Change.SIZE, call, call, call, call.value)
    if asked is not None and operation.name == "vdi_list_changed_blocks":
        ends = (raised for raised in operation.raised if UNRELATED_DISKS in raised.text)
        for raised in ends:
            yield Inference(
                change=Change.CHILD,
                log=asked.log,
                after=asked.event,
                told_by=raised.event,
                confidence=Confidence.LIKELY,
                weak=True,
            )


def _inference_of_read(
    change: Change, whose: Call, after: Call, told_by: Call, value: str
) -> Inference:
    return Inference(
        change=change, log=whose.log, after=after.event, told_by=told_by.event, value=value
    )


def _logs_dropped(
    operation: Operation, calls: Sequence[Call], volumes: Mapping[str, bool]
) -> Iterator[Inference]:
    """Yield the logs that went after the sentence of an error; volumes go with a line."""
    for call in calls:
        kept_as_volume = volumes.get(call.log.sr)
        if call.verb is Verb.DROP and kept_as_volume is not True:
            # SM writes the sentence before it removes the log
            went_on = operation.result is not Result.UNKNOWN or operation.lines[-1] != call.event
            sure = kept_as_volume is False and went_on
            yield _inference_of_removal(call, Confidence.LIKELY if sure else Confidence.POSSIBLE)


def _inference_of_removal(
    call: Call, confidence: Confidence, log: LogPath | None = None
) -> Inference:
    return Inference(
        change=Change.REMOVED,
        log=log or call.log,
        after=call.event,
        told_by=call.event,
        confidence=confidence,
    )


def _value_got(calls: Sequence[Call], option: str) -> Call | None:
    """Return the first successful ``cbt-util get`` of a field."""
    got = (call for call in calls if call.verb is Verb.GET and call.option == option and call.done)
    return next(got, None)


def _neighbours_of_deleted(calls: Sequence[Call]) -> Iterator[Inference]:
    """Yield parent and child of a deleted log: SM links the two to each other."""
    parent, child = _value_got(calls, "-p"), _value_got(calls, "-c")
    if parent is None or child is None or parent.log != child.log:
        return
    # Where the coalesce is; what is set after it undoes a failed one.
    merges = (at for at, call in enumerate(calls) if call.verb is Verb.COALESCE)
    for call in calls[: next(merges, len(calls))]:
        if call.verb is not Verb.SET or not call.done or call.log.disk == parent.log.disk:
            continue
        if call.option == "-c":
            yield _inference_of_read(Change.PARENT, parent, parent, call, call.log.disk)
            yield _inference_of_read(Change.CHILD, child, child, call, call.value)
        elif call.option == "-p":
            yield _inference_of_read(Change.CHILD, child, child, call, call.log.disk)
            yield _inference_of_read(Change.PARENT, parent, parent, call, call.value)


def _files_deleted(
    operation: Operation, calls: Sequence[Call], volumes: Mapping[str, bool]
) -> Iterator[Inference]:
    """Yield the file that goes after it was merged, or at once where there is no child."""
    parent, child = _value_got(calls, "-p"), _value_got(calls, "-c")
    merge = next((call for call in calls if call.verb is Verb.COALESCE), None)
    last = merge or child
    if last is None or volumes.get(last.log.sr) is not False:
        return
    if merge is not None:
        if merge.result is not Result.FAILED:
            sure = Confidence.LIKELY if merge.done else Confidence.POSSIBLE
            yield _inference_of_removal(merge, sure, merge.other)
    elif parent is not None and operation.result is not Result.FAILED:
        ended = operation.result is Result.SUCCEEDED and bool(operation.name)
        sure = Confidence.LIKELY if ended else Confidence.POSSIBLE
        yield _inference_of_removal(calls[-1], sure, last.log)


def _deleted_untold(
    operation: Operation,
    calls: Sequence[Call],
    volumes: Mapping[str, bool],
    destroyed: frozenset[str],
) -> Iterator[Inference]:
    """Yield the log of a deleted disk that no command names: there was none, or it went in silence.

    `VDI.delete()` reads the pointers of a log that is there. Only FileVDI.delete() of a disk that
    is nothing but a log unlinks it before, as if it were the disk, neighbours untold. What one was
    is not always in the call: its data may have been destroyed before the first line.
    """
    sr, vdi = operation.sr or "", operation.vdi or ""
    told = any(call.verb is not Verb.DROP for call in calls)
    if operation.entry is None or told or not vdi:
        return
    only_log = operation.arguments.get("vdi_type") == CBT_METADATA or vdi in destroyed
    unlinked = only_log and volumes.get(sr) is False
    ended = operation.result is Result.SUCCEEDED
    if not unlinked and operation.result is Result.FAILED:
        return
    yield Inference(
        change=Change.REMOVED if volumes.get(sr) is False else Change.MISSED,
        log=LogPath(sr=sr, disk=vdi, volume=volumes.get(sr)),
        after=operation.entry,
        told_by=operation.entry,
        confidence=Confidence.LIKELY if ended else Confidence.POSSIBLE,
        of_known=not unlinked,
    )


def _older_than_snapshot(calls: Sequence[Call]) -> Iterator[Inference]:
    """Yield the parent that the log had when it became the snapshot's.

    SM tells an existing parent its new child; where it goes on without, no such log was there.
    """
    renamed = next((call for call in calls if call.verb is Verb.RENAME), None)
    new = renamed.other if renamed else None
    asked = _value_got(calls, "-p")
    if new is None or asked is None or asked.log.disk != new.disk:
        return
    later = calls[calls.index(asked) + 1 :]
    if not later:
        return
    first = later[0]
    if first.verb is Verb.SET and first.option == "-c" and first.value == new.disk:
        if first.done:
            yield _inference_of_read(Change.PARENT, asked, asked, first, first.log.disk)
        return
    yield Inference(
        change=Change.PARENT,
        log=asked.log,
        after=asked.event,
        told_by=first.event,
        confidence=Confidence.LIKELY,
        weak=True,
    )


def _unfinished_snapshot(operation: Operation, calls: Sequence[Call]) -> Iterator[Inference]:
    """Yield the new log of the disk that a snapshot was about to make when its lines end.

    SM renames the disk's log to the snapshot's and makes the disk a new one; in between it has
    none, and that is no loss.
    """
    renamed = next((call for call in calls if call.verb is Verb.RENAME), None)
    made = any(call.verb in (Verb.CREATE, Verb.ALLOCATE) for call in calls)
    if renamed is not None and not made and operation.result is Result.UNKNOWN:
        yield Inference(
            change=Change.CREATED,
            log=renamed.log,
            after=calls[-1].event,
            told_by=calls[-1].event,
            confidence=Confidence.POSSIBLE,
        )


def _turned_off(
    operation: Operation, calls: Sequence[Call], volumes: Mapping[str, bool]
) -> Iterator[Inference]:
    """Yield the parent of a log whose disk was turned off, and its file that went before."""
    asked = _value_got(calls, "-p")
    if asked is None:
        return
    told = next((call for call in calls if call.verb is Verb.SET and call.option == "-c"), None)
    if told is not None and told.done:
        yield _inference_of_read(Change.PARENT, asked, asked, told, told.log.disk)
    if volumes.get(asked.log.sr) is False:
        sure = told is not None or operation.result is Result.SUCCEEDED
        yield _inference_of_removal(asked, Confidence.LIKELY if sure else Confidence.POSSIBLE)
