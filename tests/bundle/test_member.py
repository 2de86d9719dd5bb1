from pathlib import Path

from analyzer.bundle.member import ConcreteMember
from tests.bundle.shapes import LINE, opened, tar, written


def only(tmp_path: Path, data: bytes, **limits: int) -> ConcreteMember:
    (member,) = opened(written(tmp_path, "x", tar({"SMlog": data})), **limits).members()
    return member


def test_blocks_are_no_larger_than_asked_for_and_never_empty(tmp_path: Path) -> None:
    sizes = [len(block) for block in only(tmp_path, LINE * 10).blocks(100)]
    assert sum(sizes) == 10 * len(LINE)
    assert max(sizes) <= 100
    assert min(sizes) > 0


def test_reading_goes_on_where_it_stands(tmp_path: Path) -> None:
    member = only(tmp_path, b"abcdef")
    assert (member.read(2), member.read(0), member.read(3), member.read(9)) == (
        b"ab",
        b"",
        b"cde",
        b"f",
    )
    assert member.size_read == 6


def test_the_head_is_not_consumed(tmp_path: Path) -> None:
    member = only(tmp_path, b"abcdef")
    assert (member.head(), member.head(2), member.read(9)) == (b"abcdef", b"ab", b"abcdef")


def test_the_tail_is_the_last_64_bytes(tmp_path: Path) -> None:
    data = bytes(range(200))
    for size in (1, 7, 64, 1000):
        member = only(tmp_path, data)
        for _ in member.blocks(size):
            pass
        assert member.tail == data[-64:]


def test_damage_shows_when_reading_meets_it(tmp_path: Path) -> None:
    (member,) = opened(written(tmp_path, "x", tar({"SMlog": LINE * 100})[:2000])).members()
    member.read(1000)
    assert member.damage == ""
    member.read(10_000)
    assert "bytes are lost" in member.damage


def test_asking_for_nothing_does_not_end_a_member(tmp_path: Path) -> None:
    member = only(tmp_path, LINE, member=len(LINE) - 1)
    assert member.read(0) == b""
    assert member.damage == ""
