"""What xapi-nbd has not destroyed yet: VBDs_to_clean_up."""

import pytest

from analyzer.model.network import VbdsToCleanUp
from analyzer.parsers.host import nbd_files
from tests.parsers.memory_member import facts, problems

FIRST = "5c2f7b9e-41d0-4a8e-93b6-0e7d1f6a2c84"
SECOND = "e19d3a07-6b52-4f7c-8d24-b3a50c9e7f16"
LEFTOVERS = f"{SECOND}\n{FIRST}\n"


def read(content: str, damage: str = "") -> VbdsToCleanUp:
    found = facts(nbd_files.PARSER, "VBDs_to_clean_up", content, damage=damage)[0]
    assert isinstance(found, VbdsToCleanUp)
    return found


@pytest.mark.parametrize(
    "path", ["var/lib/xapi-nbd/VBDs_to_clean_up", "VBDs_to_clean_up", "x/VBDs_to_clean_up.txt"]
)
def test_the_file_is_claimed_by_name(path: str) -> None:
    assert nbd_files.PARSER.claims(path, b"")


def test_other_files_are_not_claimed() -> None:
    assert not nbd_files.PARSER.claims("vbds.txt", LEFTOVERS.encode())


def test_uuids_are_read_with_their_places() -> None:
    found = read(LEFTOVERS)
    assert [(uuid, source.line) for uuid, source in found.vbds] == [(SECOND, 1), (FIRST, 2)]
    assert found.complete


@pytest.mark.parametrize("content", ["", "\n"])
def test_an_empty_file_says_that_nothing_is_left(content: str) -> None:
    assert (read(content).vbds, read(content).complete) == ((), True)


def test_an_empty_file_that_is_damaged_says_nothing() -> None:
    assert not read("", damage="the archive ends here").complete


@pytest.mark.parametrize(
    "content", [LEFTOVERS[:-1], LEFTOVERS[:-5], f"{FIRST}\n** timeout **\n", FIRST]
)
def test_a_cut_file_is_not_complete(content: str) -> None:
    assert not read(content).complete


def test_a_line_that_is_no_uuid_is_a_problem() -> None:
    text = f"cat: no such file\n{LEFTOVERS}"
    assert not read(text).complete
    assert [uuid for uuid, _ in read(text).vbds] == [SECOND, FIRST]
    assert problems(facts(nbd_files.PARSER, "x", text)) == ("no uuid of a VBD",)
