"""Parts of a case file are written as they are made, into one zip of two files."""

import io
import tempfile
import zipfile
from collections.abc import Callable
from typing import IO
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.cli.case_parts import Parts, file_aside

PIECES = st.lists(st.binary(max_size=9), max_size=3)
PARTS = st.dictionaries(st.text("abc", min_size=1, max_size=3), PIECES, max_size=4)


@given(PARTS, PARTS, PARTS, st.booleans())
def test_parts_of_another_file_stand_behind_the_own_ones(
    first: dict[str, list[bytes]],
    own: dict[str, list[bytes]],
    last: dict[str, list[bytes]],
    stored: bool,
) -> None:
    begun, others = Parts(io.BytesIO()), Parts(io.BytesIO())
    put(begun, "1", first, stored=stored)
    put(others, "2", own, stored=stored)
    parts = Parts(begun.whole(), more=True)
    with patch("analyzer.cli.case_parts._BLOCK", 5):
        parts.take(others)
    last["last"] = []
    put(parts, "3", last, stored=stored)
    with zipfile.ZipFile(parts.whole()) as made:
        assert made.testzip() is None
        told = {name: made.read(name) for name in made.namelist()}
    groups = {"1": first, "2": own, "3": last}
    assert told == {
        number + name: b"".join(pieces)
        for number, group in groups.items()
        for name, pieces in group.items()
    }
    assert list(told) == [number + name for number, group in groups.items() for name in group]


def put(parts: Parts, before: str, group: dict[str, list[bytes]], *, stored: bool) -> None:
    for name, pieces in group.items():
        parts.put(before + name, iter(pieces), stored=stored)


@pytest.mark.parametrize("aside", [file_aside, io.BytesIO])
def test_same_parts_make_the_same_bytes(aside: Callable[[], IO[bytes]]) -> None:
    made = []
    for _ in range(2):
        parts = Parts(aside())
        parts.put("a.json", b"[1]")
        with parts.whole() as file:
            made.append(file.read())
    assert made[0] == made[1]


def test_without_a_place_for_files_it_is_held_in_memory() -> None:
    with patch.object(tempfile, "TemporaryFile", side_effect=OSError):
        assert isinstance(file_aside(), io.BytesIO)
