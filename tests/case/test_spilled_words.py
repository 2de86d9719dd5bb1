"""Words beyond what is held in memory are read from a file as if they were there."""

import mmap
import tempfile
from unittest.mock import patch

from analyzer.case import spilled_words
from analyzer.case.spilled_words import SpilledWords, give_back

PIECE = bytes(range(256)) * 4096  # 1 MiB


def test_what_is_over_the_room_lies_in_a_file() -> None:
    words = SpilledWords(in_memory=len(PIECE))
    first, second = words.hold(PIECE), words.hold(PIECE[::-1])
    assert first is PIECE
    assert isinstance(second, mmap.mmap)
    for _ in range(2):
        assert second[1000:300_000] == PIECE[::-1][1000:300_000]
        give_back([first, second, second])


def test_small_pieces_stay_and_so_do_those_over_the_number_of_mappings() -> None:
    words = SpilledWords(in_memory=0)
    assert words.hold(b"few") == b"few"
    with patch.object(spilled_words, "_MOST_MAPPED", 1):
        assert isinstance(words.hold(PIECE), mmap.mmap)
        assert words.hold(PIECE) is PIECE


def test_without_a_place_for_files_words_stay_in_memory() -> None:
    with patch.object(tempfile, "TemporaryFile", side_effect=OSError):
        assert SpilledWords(in_memory=0).hold(PIECE) is PIECE
