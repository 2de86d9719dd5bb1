"""Stretches of time, half open, in the ticks of a state's clock (any whole number that grows)."""

from typing import TypeAlias

from analyzer.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Span:
    """From ``since`` up to, but without, ``until``."""

    since: int
    until: int


Spans: TypeAlias = tuple[Span, ...]  # ordered, apart from each other


def joined(*many: Spans) -> Spans:
    """Return what any of them covers.

    >>> joined((Span(since=1, until=3),), (Span(since=3, until=4),))
    (Span(since=1, until=4),)
    """
    merged: list[Span] = []
    for span in sorted(span for spans in many for span in spans):
        if merged and span.since <= merged[-1].until:
            until = max(merged[-1].until, span.until)
            merged[-1] = Span(since=merged[-1].since, until=until)
        else:
            merged.append(span)
    return tuple(merged)


def without(spans: Spans, *others: Spans) -> Spans:
    """Return what the first covers and none of the others does.

    >>> without((Span(since=1, until=9),), (Span(since=3, until=4),))
    (Span(since=1, until=3), Span(since=4, until=9))
    """
    left = list(spans)
    for hole in joined(*others):
        left = [
            part
            for span in left
            for part in (
                Span(since=span.since, until=min(span.until, hole.since)),
                Span(since=max(span.since, hole.until), until=span.until),
            )
            if part.since < part.until
        ]
    return tuple(left)


def within(spans: Spans, since: int, until: int) -> Spans:
    """Return the part between two times.

    >>> within((Span(since=1, until=9),), 4, 20)
    (Span(since=4, until=9),)
    """
    cut = (Span(since=max(s.since, since), until=min(s.until, until)) for s in spans)
    return tuple(span for span in cut if span.since < span.until)
