import struct

import pytest

from analyzer.model.cbt import CbtLogFile
from analyzer.model.source import Source
from analyzer.parsers import document_parser
from analyzer.parsers.storage import cbtlog
from tests.parsers.memory_member import facts, problems

VDI = "6b0c1a3e-9d1f-4c55-8a47-2f60b7c0e913"
PARENT = "91c3e5d0-7a41-4f0e-8f6b-55d1c0b7a2e4"
PATH = f"ticket/{VDI}.cbtlog"


def image(bitmap: bytes = b"\x05", size: int = 8 * 65536, flag: int = 1) -> bytes:
    """Return a log with a parent and no child."""
    parent = bytes.fromhex(PARENT.replace("-", ""))
    return struct.pack("<16s16si4sQ", parent, bytes(16), flag, b"junk", size) + bitmap


def read(content: bytes, *, limit: int = 1 << 20) -> tuple[CbtLogFile, tuple[str, ...]]:
    log, *rest = facts(cbtlog.PARSER, PATH, content, limit=limit)
    assert isinstance(log, CbtLogFile)
    return log, problems(tuple(rest))


@pytest.mark.parametrize(
    "path", [f"{VDI}.cbtlog", PATH, f"var/run/sr-mount/x/{VDI}.cbtlog", f"{VDI.upper()}.CBTLOG"]
)
def test_log_is_known_by_its_name_wherever_it_lies(path: str) -> None:
    assert document_parser(path, b"") is cbtlog.PARSER


@pytest.mark.parametrize("path", ["x.cbtlog", f"{VDI}.cbtlog.txt", f"{VDI}.vhd", f"a{VDI}.cbtlog"])
def test_other_files_are_not_taken_for_a_log(path: str) -> None:
    assert not cbtlog.PARSER.claims(path, b"")


def test_header_and_bitmap_are_read() -> None:
    log, wrong = read(image())
    assert (log.uuid, log.parent, log.child) == (VDI, PARENT, "")
    assert (log.consistent, log.size, log.bits) == (1, 8 * 65536, 2)
    assert (log.bitmap_bytes, log.expected_bytes, log.header) == (1, 1, True)
    assert log.source == Source(bundle="b1", member=PATH)
    assert wrong == ()


def test_rest_of_the_volume_is_passed_over() -> None:
    log, wrong = read(image() + b"\xff" * 4096)
    assert (log.bits, log.bitmap_bytes, wrong) == (2, 1, ())


@pytest.mark.parametrize("length", [0, 1, 47])
def test_file_shorter_than_a_header_is_a_problem(length: int) -> None:
    log, wrong = read(image()[:length])
    assert (log.header, len(wrong)) == (False, 1)


def test_bitmap_that_is_cut_is_a_problem() -> None:
    log, wrong = read(image(b"\x01", size=1 << 30))
    assert (log.bitmap_bytes, log.expected_bytes) == (1, 2048)
    assert wrong == ("the bitmap is cut: 1 of 2048 bytes are there",)


def test_absurd_size_is_a_problem_and_not_a_lot_of_memory() -> None:
    _, wrong = read(image(size=(1 << 64) - 1))
    assert len(wrong) == 1


def test_flag_that_is_no_flag_is_a_problem() -> None:
    _, wrong = read(image(flag=7))
    assert len(wrong) == 1


def test_no_more_is_read_than_the_limit_allows() -> None:
    log, wrong = read(image(b"\x01" * 2048, size=1 << 30), limit=1000)
    assert (log.bitmap_bytes, len(wrong)) == (952, 1)
