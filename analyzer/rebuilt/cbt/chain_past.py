"""What was known of a log at a moment of its past.

A log may have thousands of states, and a rule asks about each of its moments. So a log's past is
laid out once: by who tells of it, with the least time from each place on, where the last entry
before a time is looked up by halving.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cached_property
from itertools import accumulate
from typing import TypeGuard, TypeVar

from analyzer.case.time.order import Order
from analyzer.model.cbt import CbtLog, Change, Known
from analyzer.model.event import Event
from analyzer.model.finding import Confidence
from analyzer.model.moment import Moment
from analyzer.rebuilt.cbt.log_calls import Place, place
from analyzer.rebuilt.cbt.replay import EXISTS, FIELDS, Entry, known

_Sorted = TypeVar("_Sorted", datetime, Place)
_NO_TIME = timedelta(0)


class States:
    """All states of one log, in the order of the replay."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        self._entries = entries

    @cached_property  # nobody asks for the past of most logs
    def _tellers_by_place(self) -> Sequence["_Teller"]:
        by_teller: dict[tuple[str, str], list[int]] = {}
        for at, entry in enumerate(self._entries):
            by_teller.setdefault((entry.step.source.bundle, entry.step.actor), []).append(at)
        return [_Teller(*who, self._entries, own) for who, own in by_teller.items()]

    @cached_property
    def _places_about(self) -> Mapping[str, Sequence[int]]:
        """Field → the places of the entries that were about it."""
        return {
            name: [at for at, entry in enumerate(self._entries) if name in entry.fields]
            for name in FIELDS
        }

    def at(self, when: Moment | Event, order: Order) -> CbtLog:
        """Return the state at a moment or just before a line; its changes are not told."""
        last = max(teller.before(when, order) for teller in self._tellers_by_place)
        first = self._entries[0].state
        state = self._entries[last].state if last >= 0 else CbtLog(sr=first.sr, uuid=first.uuid)
        # The entries behind `last` that are not certainly after, in their order.
        places = (
            at for teller in self._tellers_by_place for at in teller.in_doubt(last, when, order)
        )
        in_doubt = [self._entries[at] for at in sorted(places)]
        values = {
            name: self._read_next(name, last)
            if value is None
            else _weighed_value(value, name, in_doubt)
            for name, value in ((name, known(state, name)) for name in FIELDS)
        }
        return replace(state, **values)  # type: ignore[arg-type]  # fields of CbtLog

    def _read_next(self, name: str, last: int) -> Known[object] | None:
        """Return what the next entry that tells of a field says of the time before it."""
        about = self._places_about[name]
        following = bisect_right(about, last)
        if following == len(about):
            return None
        entry = self._entries[about[following]]
        # What the first later entry tells of the time before it.
        then = known(entry.state, name)
        if then is None or then.confidence is Confidence.POSSIBLE:
            return None
        if entry.step.read:
            return replace(then, confidence=Confidence.LIKELY, since=None)
        if name != EXISTS or entry.step.confidence is not Confidence.CERTAIN:
            return None
        # SM makes and renames only logs that are not there, and removes only one that is.
        made = entry.step.change in (Change.CREATED, Change.ARRIVED)
        return Known(value=not made, evidence=then.evidence, confidence=Confidence.LIKELY)


class _Teller:
    """What one report tells of one actor: the places of these entries among all of a log."""

    def __init__(
        self, bundle: str, actor: str, entries: Sequence[Entry], own: Sequence[int]
    ) -> None:
        self._bundle = bundle
        self._actor = actor
        self._entries = entries
        self._own = own
        steps = [entries[at].step for at in own]
        self._latest = _least_from_here([step.moment.latest for step in steps])
        self._earliest = _least_from_here([step.moment.earliest for step in steps])
        self._places = _least_from_here([place(step.source) for step in steps])

    def before(self, when: Moment | Event, order: Order) -> int:
        """Return the last of the entries that is certainly before, -1 if none is."""
        if self._in_one_log(when):
            number = bisect_left(self._places, place(when.source))
        else:
            apart, moment = self._how_far_apart(when, order)
            number = bisect_left(self._latest, moment.earliest - apart)
        return self._own[number - 1] if number else -1

    def in_doubt(self, last: int, when: Moment | Event, order: Order) -> Iterator[int]:
        """Yield the entries behind `last` that are not certainly after."""
        if self._in_one_log(when):
            return
        apart, moment = self._how_far_apart(when, order)
        limit = moment.latest + apart
        for number in range(bisect_right(self._own, last), bisect_right(self._earliest, limit)):
            if self._entries[self._own[number]].step.moment.earliest <= limit:
                yield self._own[number]

    def _in_one_log(self, when: Moment | Event) -> TypeGuard[Event]:
        """Tell whether the lines of one log are compared, whatever their stamps say."""
        return (
            isinstance(when, Event)
            and self._bundle == when.source.bundle
            and self._actor == when.host
        )

    def _how_far_apart(self, when: Moment | Event, order: Order) -> tuple[timedelta, Moment]:
        """Return how far the clocks may be apart, and the moment."""
        if isinstance(when, Moment):
            return _NO_TIME, when
        bundle = when.source.bundle
        apart = _NO_TIME if bundle == self._bundle else order.apart(self._bundle, bundle)
        return apart, when.moment


def _least_from_here(values: Sequence[_Sorted]) -> Sequence[_Sorted]:
    """Return for each place the least value from there to the end.

    >>> _least_from_here([(0, 1), (0, 3), (0, 2)])
    [(0, 1), (0, 2), (0, 2)]
    """
    return list(accumulate(reversed(values), min))[::-1]


def _weighed_value(value: Known[object], name: str, in_doubt: Iterable[Entry]) -> Known[object]:
    """Return a field's value, less sure if it may be over."""
    for entry in in_doubt:
        then = known(entry.state, name) if name in entry.fields else value
        if then is None or then.value != value.value:
            return replace(value, confidence=Confidence.POSSIBLE)
    return value
