"""Words of kept lines are unpacked where they are asked for, and lie by the objects they tell of."""

from array import array
from itertools import pairwise
from unittest.mock import patch

from hypothesis import given
from hypothesis import strategies as st

from analyzer.cli import case_lines
from analyzer.cli.case_lines import PackedWords, packed_steps, packed_words, steps_of
from analyzer.model.terms import UUID_PATTERN
from analyzer.story.names import uuids_known
from analyzer.story.timeline.lines import Laying
from tests.cli.case_files import BY_NAME
from tests.golden.outputs import sample_read


@given(st.binary(min_size=1, max_size=99), st.integers(0, 98), st.integers(0, 99))
def test_words_are_those_that_were_packed(words: bytes, start: int, length: int) -> None:
    start = min(start, len(words) - 1)
    with patch.object(case_lines, "_PIECE", 7):
        kept = PackedWords(packed_words(words))
        assert bytes(kept) == words
        assert kept[start : start + length] == words[start : start + length]


@given(st.dictionaries(st.text(max_size=3), st.lists(st.integers(-200, 70_000), min_size=1)))
def test_steps_are_found_by_their_uuid(steps: dict[str, list[int]]) -> None:
    kept = {
        uuid: array("b" if min(own) >= -128 and max(own) < 128 else "i", own)
        for uuid, own in steps.items()
    }
    packed = packed_steps(kept)
    assert {uuid: list(steps_of(uuid, packed)) for uuid in steps} == steps
    assert not steps_of("none", packed)


def test_lines_of_one_disk_lie_beside_each_other() -> None:
    case, _ = sample_read(BY_NAME["host-crash.tar.bz2"])
    block = next(Laying(case, {}, uuids_known(case)).blocks())
    own = block.words.decode().split("\n")[:-1]
    disks = {disk.uuid for disk in case.pools[0].vdis}
    told = [frozenset(UUID_PATTERN.findall(line)) & disks for line in own]
    named = [next(iter(each)) for each in told if len(each) == 1]
    changes = sum(one != other for one, other in pairwise(named))
    assert len(set(named)) > 2
    assert changes < 4 * len(set(named))  # in the order of time six times as often
