"""Stretches of time that are half open: what is joined, left out and cut."""

from itertools import combinations, pairwise, product

from analyzer.sm.spans import Span, Spans, joined, within, without

TICKS = range(7)
ALL = [(), *((Span(since=a, until=b),) for a, b in combinations(TICKS, 2))]


def ticks(spans: Spans) -> set[int]:
    return {tick for span in spans for tick in range(span.since, span.until)}


def apart(spans: Spans) -> bool:
    return all(one.until < two.since for one, two in pairwise(spans))


def test_joined_covers_what_any_covers_in_pieces_that_are_apart() -> None:
    for one, two, three in product(ALL, repeat=3):
        made = joined(one, two, three)
        assert ticks(made) == ticks(one) | ticks(two) | ticks(three)
        assert apart(made)


def test_without_covers_what_only_the_first_covers() -> None:
    for one, two, three in product(ALL, repeat=3):
        made = without(one, two, three)
        assert ticks(made) == ticks(one) - ticks(two) - ticks(three)
        assert all(span.since < span.until for span in made)


def test_within_covers_what_lies_between_two_times() -> None:
    for one, (since, until) in product(ALL, combinations(TICKS, 2)):
        assert ticks(within(one, since, until)) == ticks(one) & set(range(since, until))
