"""What was known of a log at a moment of its past."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from analyzer.case.time.order import Mark, Order, mark
from analyzer.model.cbt import CbtLog, Change, Known
from analyzer.model.event import Event
from analyzer.model.finding import Confidence
from analyzer.model.moment import Moment
from analyzer.rebuilt.cbt.log_calls import place
from analyzer.rebuilt.cbt.replay import EXISTS, FIELDS, Entry, known


def state_at(entries: Sequence[Entry], when: Moment | Event, order: Order) -> CbtLog:
    """Return a log's state at a moment or just before a line, from all its states in order."""
    sides = [_side(entry, when, order) for entry in entries]
    last = max((at for at, side in enumerate(sides) if side < 0), default=-1)
    first = entries[0].state
    state = entries[last].state if last >= 0 else CbtLog(sr=first.sr, uuid=first.uuid)
    later = list(zip(entries, sides, strict=True))[last + 1 :]
    in_doubt = [entry for entry, side in later if side == 0]
    values = {
        name: _read_next(name, later) if value is None else _weighed(value, name, in_doubt)
        for name, value in ((name, known(state, name)) for name in FIELDS)
    }
    return replace(state, **values)  # type: ignore[arg-type]  # fields of CbtLog


def _side(entry: Entry, when: Moment | Event, order: Order) -> int:
    """Return -1 for an entry certainly before, 1 for one certainly after, 0 where in doubt."""
    step = entry.step
    if isinstance(when, Event):
        own = step.source
        if own.bundle == when.source.bundle and step.actor == when.host:
            return -1 if place(own) < place(when.source) else 1
        if own.bundle != when.source.bundle:
            return _elsewhere(Mark(at=step.moment, source=own), mark(when), order)
        when = when.moment
    if step.moment.certainly_before(when):
        return -1
    return 1 if when.certainly_before(step.moment) else 0


def _elsewhere(one: Mark, other: Mark, order: Order) -> int:
    if order.surely_before_elsewhere(one, other):
        return -1
    return 1 if order.surely_before_elsewhere(other, one) else 0


def _weighed(value: Known[object], name: str, in_doubt: Iterable[Entry]) -> Known[object]:
    """Return a field's value, less sure if it may be over."""
    for entry in in_doubt:
        then = known(entry.state, name) if name in entry.fields else value
        if then is None or then.value != value.value:
            return replace(value, confidence=Confidence.POSSIBLE)
    return value


def _read_next(name: str, later: Iterable[tuple[Entry, int]]) -> Known[object] | None:
    """Return what the next entry that tells of a field says of the time before it."""
    for entry, _ in later:
        if name in entry.fields:
            return _read_back(entry, name, known(entry.state, name))
    return None


def _read_back(entry: Entry, name: str, then: Known[object] | None) -> Known[object] | None:
    """Return what the first later entry tells of the time before it."""
    if then is None or then.confidence is Confidence.POSSIBLE:
        return None
    if entry.step.read:
        return replace(then, confidence=Confidence.LIKELY, since=None)
    if name != EXISTS or entry.step.confidence is not Confidence.CERTAIN:
        return None
    # SM makes and renames only logs that are not there, and removes only one that is.
    made = entry.step.change in (Change.CREATED, Change.ARRIVED)
    return Known(value=not made, evidence=then.evidence, confidence=Confidence.LIKELY)
