"""Which of two lots of events agree on a key and may lie near in time, by their ranges."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import NamedTuple


class Span(NamedTuple):
    """The key of an event, None if it has none, and its range in microseconds."""

    key: tuple[str, ...] | None
    earliest: int
    latest: int


def near(ones: Sequence[Span], others: Sequence[Span], within: int) -> Iterator[tuple[int, int]]:
    """Yield the places of those that agree and whose ranges come as near as `within`."""
    known: dict[tuple[str, ...], list[tuple[int, Span]]] = {}
    for place, span in enumerate(others):
        if span.key is not None:
            known.setdefault(span.key, []).append((place, span))
    groups = {key: _Group(spans) for key, spans in known.items()}
    for place, span in enumerate(ones):
        group = groups.get(span.key) if span.key is not None else None
        if group is not None:
            meeting = group.meeting(span.earliest - within, span.latest + within)
            yield from ((place, other) for other in meeting)


class _Group:
    """The spans of one key, ordered by their beginnings."""

    def __init__(self, spans: Sequence[tuple[int, Span]]) -> None:
        self._spans = sorted(spans, key=lambda placed: placed[1].earliest)
        self._earliest = [span.earliest for _, span in self._spans]
        self._reach = list(accumulate((span.latest for _, span in self._spans), max))

    def meeting(self, earliest: int, latest: int) -> Sequence[int]:
        """Return the places of those that meet a range, in the order of places."""
        start = bisect_left(self._reach, earliest)
        stop = bisect_right(self._earliest, latest)
        return sorted(place for place, span in self._spans[start:stop] if span.latest >= earliest)
