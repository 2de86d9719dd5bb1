"""Steps: what an operation of SM did to CBT logs, one change of one log each, with its evidence."""

from collections.abc import Iterator, Mapping, Sequence

from analyzer.model.cbt import NO_LOG, Change
from analyzer.model.event import Event
from analyzer.model.finding import Confidence, Evidence
from analyzer.model.moment import Moment
from analyzer.model.operation import Operation, Result
from analyzer.model.source import Source
from analyzer.model.terms import NOBODY
from analyzer.rebuilt.cbt.log_calls import Call, Verb, place
from analyzer.rebuilt.cbt.log_inferred import inferred
from analyzer.values import dataclass

Order = tuple[int, int, int]
_CHANGES: Mapping[Verb, Change] = {
    Verb.CREATE: Change.CREATED,
    Verb.ALLOCATE: Change.CREATED,
    Verb.COALESCE: Change.MERGED,
    Verb.RENAME: Change.RENAMED,
    Verb.REMOVE: Change.REMOVED,
}
_NO_SUCH_FILE = 2  # cbt-util's status is errno
_FIELDS: Mapping[str, Change] = {
    "-p": Change.PARENT,
    "-c": Change.CHILD,
    "-s": Change.SIZE,
    "-f": Change.CONSISTENT,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A change of a log, or (``read``) a look at it.

    ``actor`` is who made or saw it: steps of one actor are in true order, those of two are so
    only where their moments do not overlap. ``weak`` fills in what is not known, and else says at
    most that the log which a pointer names is not there; ``listed`` is what a bundle showed,
    nobody knows since when it was so; ``of_known`` says nothing of a log that no line told of.
    """

    change: Change
    sr: str
    uuid: str
    moment: Moment
    actor: str
    evidence: Evidence
    value: str = ""
    confidence: Confidence = Confidence.CERTAIN
    read: bool = False
    weak: bool = False
    listed: bool = False
    of_known: bool = False
    order: Order = (0, 0, 0)

    @property
    def source(self) -> Source:
        """Return where the step's line stands."""
        return self.evidence.source


def steps_of(
    operation: Operation,
    calls: Sequence[Call],
    volumes: Mapping[str, bool],
    destroyed: frozenset[str],
) -> tuple[Step, ...]:
    """Return the steps of an operation in order.

    ``calls`` are what it did to logs. ``volumes`` tells of which SRs the logs are volumes (files
    leave no line when they go), and ``destroyed`` which disks are nothing but a log.
    """
    steps = [step for call in calls for step in _steps_said(operation, calls, call)]
    inferred_step: list[Step] = []
    for each in inferred(operation, calls, volumes, destroyed):
        after = each.after
        inferred_step.append(
            Step(
                change=each.change,
                sr=each.log.sr,
                uuid=each.log.disk,
                moment=after.moment,
                actor=operation.host,
                evidence=quoted(each.told_by),
                value=NO_LOG if each.value == NOBODY else each.value,
                confidence=each.confidence,
                read=each.change not in (Change.REMOVED, Change.CREATED),
                weak=each.weak,
                of_known=each.of_known,
                order=(*place(after.source), 3),
            )
        )
    steps += inferred_step
    return tuple(sorted((step for step in steps if step.sr), key=lambda step: step.order))


def _steps_said(operation: Operation, calls: Sequence[Call], call: Call) -> Iterator[Step]:
    """Yield what a line itself says, under its result."""
    if call.rc == _NO_SUCH_FILE and call.log.volume is False:  # a volume may only be inactive
        yield _step_of_operation(operation, call, Change.MISSED, read=True)
    if call.result is Result.FAILED or call.verb is Verb.DROP:
        return
    if call.verb is Verb.MISS:
        yield _step_of_operation(operation, call, Change.MISSED, read=True)
        return
    if call.done and call.verb not in (Verb.CREATE, Verb.ALLOCATE):
        yield _step_of_operation(operation, call, Change.SEEN, read=True)
    change = _FIELDS[call.option] if call.verb is Verb.SET else _CHANGES.get(call.verb)
    if change is not None:
        value = call.other.disk if call.other else call.value
        # How sure a change is; the rename of a file has no result, what follows shows it.
        if call.done:
            confidence_of_operation: Confidence = Confidence.CERTAIN
        elif call.verb is not Verb.RENAME or call.log.volume is not False:
            confidence_of_operation = Confidence.POSSIBLE
        else:
            later = calls[calls.index(call) + 1 :]
            if any(each.done and each.log == call.other for each in later):
                confidence_of_operation = Confidence.CERTAIN
            else:
                went_on = bool(later) and operation.result is Result.SUCCEEDED
                confidence_of_operation = Confidence.LIKELY if went_on else Confidence.POSSIBLE
        yield _step_of_operation(operation, call, change, value, confidence_of_operation)


def _step_of_operation(
    operation: Operation,
    call: Call,
    change: Change,
    value: str = "",
    confidence: Confidence = Confidence.CERTAIN,
    *,
    read: bool = False,
) -> Step:
    return Step(
        change=change,
        sr=call.log.sr,
        uuid=call.log.disk,
        moment=call.event.moment,
        actor=operation.host,
        evidence=quoted(call.event),
        value=NO_LOG if value == NOBODY else value,
        confidence=confidence,
        read=read,
        order=(*place(call.event.source), 1 if read else 2),
    )


def quoted(event: Event) -> Evidence:
    """Return a line as evidence."""
    return Evidence(source=event.source, text=event.text, at=event.moment)
