"""The binary log: its header, its bitmap, its LVM padding, and every way it can be damaged."""

import struct
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.model.terms import CBT_BLOCK
from analyzer.parsers.storage.cbtlog_format import PARTS, read_cbtlog, unreadable

DISK = "3f0c7a52-91d4-4e08-b7c6-2a5de8140b93"
OTHER = "0d9f6b3e-7c15-4a82-9be4-5f2a1c8d7e60"
NAME = f"{DISK}.cbtlog"


def image(
    *, parent: str = "", child: str = "", flag: int = 1, size: int = 0, bitmap: bytes = b""
) -> bytes:
    pointers = b"".join(UUID(p).bytes if p else bytes(16) for p in (parent, child))
    return pointers + struct.pack("<i4sQ", flag, b"junk", size) + bitmap


def test_header_is_read_with_uuids_as_they_print() -> None:
    log = read_cbtlog(image(parent=OTHER, size=CBT_BLOCK, bitmap=b"\0"), NAME)
    assert (log.uuid, log.parent, log.child) == (DISK, OTHER, "")
    assert (log.consistent, log.size, log.problem) == (1, CBT_BLOCK, "")


def test_padding_that_was_never_written_says_nothing() -> None:
    assert read_cbtlog(image(flag=0), NAME).consistent == 0


def test_blocks_are_counted_from_the_lowest_bit() -> None:
    log = read_cbtlog(image(size=9 * CBT_BLOCK, bitmap=b"\x01\x01"), NAME)
    assert log.bits == 2
    assert log.spread == (1, 0, 0, 0, 0, 0, 0, 0, 1)


def test_size_that_is_no_whole_block_counts_the_last_one() -> None:
    log = read_cbtlog(image(size=8 * CBT_BLOCK + 1, bitmap=b"\0\x01"), NAME)
    assert (log.expected_bytes, log.bits) == (2, 1)


def test_bits_behind_the_last_block_are_no_blocks() -> None:
    assert read_cbtlog(image(size=4 * CBT_BLOCK, bitmap=b"\xff"), NAME).bits == 4


def test_rest_of_an_lvm_volume_is_not_read() -> None:
    log = read_cbtlog(image(size=8 * CBT_BLOCK, bitmap=b"\x0f" + b"\xff" * 4096), NAME)
    assert (log.bitmap_bytes, log.bits, log.problem) == (1, 4, "")


def test_cut_bitmap_is_a_problem() -> None:
    log = read_cbtlog(image(size=32 * CBT_BLOCK, bitmap=b"\xff"), NAME)
    assert log.problem == "the bitmap is cut: 1 of 4 bytes are there"
    assert log.header


@pytest.mark.parametrize("length", [0, 1, 47])
def test_file_without_a_whole_header_has_no_values(length: int) -> None:
    log = read_cbtlog(bytes(length), NAME)
    assert not log.header
    assert log.problem


def test_flag_that_is_neither_0_nor_1_is_a_problem() -> None:
    assert "flag is 7" in read_cbtlog(image(flag=7), NAME).problem


def test_absurd_size_costs_no_memory() -> None:
    log = read_cbtlog(image(size=(1 << 64) - 1, bitmap=b"\xff" * 64), NAME)
    assert "larger than any disk" in log.problem
    assert log.spread == ()


@pytest.mark.parametrize(
    "name",
    [
        f"/dev/VG_XenStorage-{OTHER}/{DISK}.cbtlog",
        f"VG_XenStorage--{OTHER.replace('-', '--')}-{DISK.replace('-', '--')}.cbtlog",
        f"C:\\logs\\{DISK.upper()}.cbtlog",
        f"copy of {DISK} (1).bin",
    ],
)
def test_disk_is_the_last_uuid_of_the_name(name: str) -> None:
    assert read_cbtlog(b"", name).uuid == DISK


def test_name_without_uuid_gives_none() -> None:
    assert unreadable("live.cbtlog", "gone").uuid == ""


@given(st.binary(max_size=300), st.text(max_size=60))
def test_any_bytes_under_any_name_give_an_answer(data: bytes, name: str) -> None:
    log = read_cbtlog(data, name)
    assert log.header == (len(data) >= 48)
    assert log.bits <= 8 * log.bitmap_bytes <= 8 * max(len(data) - 48, 0)


@given(st.binary(min_size=1, max_size=64), st.integers(0, 7))
def test_parts_of_the_disk_sum_up_to_what_is_marked(bitmap: bytes, less: int) -> None:
    log = read_cbtlog(image(size=(8 * len(bitmap) - less) * CBT_BLOCK, bitmap=bitmap), NAME)
    assert sum(log.spread) == log.bits
    assert len(log.spread) <= PARTS
    assert log.problem == ""
