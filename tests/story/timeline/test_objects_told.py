"""Which known objects rows name is what a search for each of them finds."""

from uuid import UUID

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from analyzer.story.timeline.objects_told import ObjectsTold, RowsTold

KNOWN = [str(UUID(int=number << 97 | 7, version=4)) for number in range(3)]
OTHER = str(UUID(int=1 << 90, version=4))
PIECES = st.sampled_from([*KNOWN, OTHER, KNOWN[0].upper(), KNOWN[1][:-1], "-", "--", "a", " ", "é"])
WORDS = st.lists(st.lists(PIECES, max_size=4).map("".join), max_size=6)


@given(WORDS)
def test_rows_name_what_stands_in_them(words: list[str]) -> None:
    objects = ObjectsTold(KNOWN, {})
    lengths = [len(each.encode()) + 1 for each in words]
    told = objects.named([each.encode() for each in words], np.cumsum(lengths, dtype=int) - 1)
    expected = [{uuid for uuid in KNOWN if uuid in each.lower()} for each in words]
    assert [objects.sets[number] for number in told.tolist()] == expected


@given(st.lists(st.tuples(*2 * [st.frozensets(st.sampled_from(KNOWN))]), min_size=1))
def test_two_sets_are_joined(pairs: list[tuple[frozenset[str], frozenset[str]]]) -> None:
    objects = ObjectsTold(KNOWN, {})
    numbers = [[objects.number(each) for each in side] for side in zip(*pairs, strict=True)]
    joined = objects.joined(*(np.array(side) for side in numbers))
    assert [objects.sets[number] for number in joined.tolist()] == [a | b for a, b in pairs]


def test_words_lie_with_the_object_of_the_fewest_calls() -> None:
    disk, sr, other = KNOWN
    objects = ObjectsTold(KNOWN, {disk: 2, sr: 9, other: 3})
    told = [objects.number(frozenset(each)) for each in ((other,), (sr, disk), (), (disk,))]
    assert objects.in_groups(np.array(told)).tolist() == [2, 1, 3, 0]


def test_rows_of_an_object_are_those_of_all_its_parts() -> None:
    rows = RowsTold({"b": [1], "a": [0, 1]}, [np.array([2, 5]), np.array([0, 3])])
    assert [(uuid, own.tolist()) for uuid, own in rows.items()] == [
        ("a", [0, 2, 3, 5]),
        ("b", [0, 3]),
    ]
