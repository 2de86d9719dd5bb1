"""What was known of a log at a moment of its past."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from analyzer.model.cbt import CbtLog, Change, Known
from analyzer.model.event import Event
from analyzer.model.finding import Confidence
from analyzer.model.moment import Moment
from analyzer.state._log_calls import place
from analyzer.state._replay import EXISTS, FIELDS, Entry, known


def state_at(entries: Sequence[Entry], when: Moment | Event) -> CbtLog:
    """Return a log's state at a moment or just before a line, from all its states in order."""
    sides = [_side(entry, when) for entry in entries]
    last = max((at for at, side in enumerate(sides) if side < 0), default=-1)
    first = entries[0].state
    state = entries[last].state if last >= 0 else CbtLog(sr=first.sr, uuid=first.uuid)
    later = list(zip(entries, sides, strict=True))[last + 1 :]
    values = {name: _field(state, name, later) for name in FIELDS}
    return replace(state, **values)  # type: ignore[arg-type]  # fields of CbtLog


def _side(entry: Entry, when: Moment | Event) -> int:
    """Return -1 for an entry certainly before, 1 for one certainly after, 0 where in doubt."""
    step = entry.step
    if isinstance(when, Event):
        own = step.source
        if own.bundle == when.source.bundle and step.actor == when.host:
            return -1 if place(own) < place(when.source) else 1
        when = when.moment
    if step.moment.certainly_before(when):
        return -1
    return 1 if when.certainly_before(step.moment) else 0


def _field(state: CbtLog, name: str, later: Iterable[tuple[Entry, int]]) -> Known[object] | None:
    """Return a field's value: of the state, less sure if it may be over, or what was read next."""
    value = known(state, name)
    for entry, side in later:
        if name not in entry.fields:
            continue
        then = known(entry.state, name)
        if value is None:
            return _read_back(entry, name, then)
        if side == 0 and (then is None or then.value != value.value):
            return replace(value, confidence=Confidence.POSSIBLE)
    return value


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
