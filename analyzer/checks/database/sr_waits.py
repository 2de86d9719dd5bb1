"""Waits for a busy SR, put together from the lines that xapi writes at each try.

A call that finds its SR marked waits 1 to 20 seconds and tries again, for two hours at most
(xen-api `helpers.ml` `retry`, `Repeat_with_uniform_backoff.standard`); each try is a line.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import groupby

from analyzer.case.case import Case
from analyzer.case.time.order import mark
from analyzer.model.event import Event

WAITED, GAVE_UP = "sr-busy-retry.waited", "sr-busy-retry.gave-up"
_TASK = re.compile(r"\bR:[0-9a-f]{12}\b")
# A try comes 20 seconds after the one before at the latest; xapi itself may be slow.
_ONE_WAIT = timedelta(minutes=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """One call waiting for one SR: its tries, and the line that says it gave up.

    ``length`` is how long it waited at least.
    """

    call: str
    sr: str
    tries: tuple[Event, ...]
    length: timedelta
    gave_up: Event | None = None

    @property
    def events(self) -> tuple[Event, ...]:
        """Return all of its lines, in order."""
        return (*self.tries, *((self.gave_up,) if self.gave_up else ()))

    @property
    def behind(self) -> tuple[tuple[str, tuple[Event, ...]], ...]:
        """Return (blocker, its tries) one after the other; "" for one that is not named."""
        groups = groupby(self.tries, key=blocker_of)
        return tuple((blocker, tuple(events)) for blocker, events in groups)


def length_of(case: Case, events: Sequence[Event]) -> timedelta:
    """Return how long lies between the first and the last event, at least."""
    return case.order.least_between(mark(events[0]), mark(events[-1]))


def blocker_of(event: Event) -> str:
    """Return the task that held the SR, "" where xapi does not say (before July 2025)."""
    return event.fields.get("blocker") or ""


def waits(case: Case) -> tuple[Wait, ...]:
    """Return all waits, in order of time."""
    groups: dict[tuple[str, ...], list[Event]] = {}
    for event in case.events.of(WAITED):
        key = (event.source.bundle, event.fields["call"], event.fields["sr"], _task(event))
        groups.setdefault(key, []).append(event)
    ends = {(e.source.bundle, e.fields["task"]): e for e in case.events.of(GAVE_UP)}
    found = [
        _wait(case, part, ends.get((key[0], key[3])))
        for key, events in groups.items()
        for part in _parts(events)
    ]
    return tuple(sorted(found, key=lambda wait: (wait.tries[0].moment.at, wait.tries[0].source)))


def _task(event: Event) -> str:
    found = _TASK.search(event.task or "")
    return found[0] if found else ""


def _parts(events: Iterable[Event]) -> list[list[Event]]:
    """Part the tries where more time passed than between two tries of one wait."""
    parts: list[list[Event]] = []
    for event in events:
        if parts and parts[-1][-1].moment.within(event.moment, _ONE_WAIT):
            parts[-1].append(event)
        else:
            parts.append([event])
    return parts


def _wait(case: Case, tries: Sequence[Event], end: Event | None) -> Wait:
    near = end is not None and tries[-1].moment.within(end.moment, _ONE_WAIT)
    return Wait(
        call=tries[0].fields["call"],
        sr=tries[0].fields["sr"],
        tries=tuple(tries),
        length=length_of(case, [*tries, *([end] if end and near else ())]),
        gave_up=end if near else None,
    )
