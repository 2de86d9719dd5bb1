"""Blocks through memory: in the order in which they were put, the places used again and again."""

import sys
from collections.abc import Callable

import pytest

from analyzer.beside import Begun
from analyzer.bundle._stream import BLOCK
from analyzer.case.shared_blocks import PLACES, SharedBlocks


def test_blocks_come_in_the_order_in_which_they_were_put() -> None:
    shared = SharedBlocks()
    blocks = [bytes([65 + number]) * (BLOCK - number) for number in range(2 * PLACES + 3)]
    for block in blocks:
        shared.put(block)
        assert shared.take(len(block)) == block


@pytest.mark.skipif(sys.platform != "linux", reason="forks are used on Linux only")
def test_a_fork_sees_what_is_put_and_the_other_way_round() -> None:
    shared = SharedBlocks()
    shared.put(b"one")
    shared.put(b"other")
    back = SharedBlocks()

    def answer(_told: Callable[[], None]) -> bytes:
        back.put(shared.take(3))
        return shared.take(5)

    assert Begun[None, bytes](answer, worth_it=True).made() == b"other"
    assert back.take(3) == b"one"
