"""What was unpacked, kept for a second look: whole or not at all, and nothing left behind."""

import io
import tempfile
from collections.abc import Iterable
from pathlib import Path

import pytest

from analyzer.bundle.budget import Budget
from analyzer.bundle.spool import Spool
from analyzer.case.excerpts import read_excerpts
from analyzer.model.source import Source
from analyzer.run import Options, analyze
from tests.support.bundle import BundleBuilder

LINES = [f"Nov 22 10:00:00 jupiter SM: [1] line {number}" for number in range(1, 501)]
QUOTED = Source(bundle="b", member="var/log/SMlog", line=200)


def joined(blocks: Iterable[bytes] | None) -> bytes | None:
    return None if blocks is None else b"".join(blocks)


def test_members_come_back_whole_in_whichever_order_their_blocks_came() -> None:
    spool = Spool()
    one, other = spool.keeper("b", "one"), spool.keeper("b", "other")
    one(b"a" * 10)
    one(b"b")
    other(b"c")
    one(b"d")
    assert joined(spool.blocks("b", "one")) == b"a" * 10 + b"bd"
    assert joined(spool.blocks("b", "other")) == b"c"
    assert spool.blocks("b", "third") is None


def test_what_has_no_room_is_not_here_in_part() -> None:
    spool = Spool(most=10)
    one, other = spool.keeper("b", "one"), spool.keeper("b", "other")
    one(b"12345")
    other(b"1234567")
    one(b"12")
    assert joined(spool.blocks("b", "one")) == b"1234512"
    assert spool.blocks("b", "other") is None
    one(b"1234")
    assert spool.blocks("b", "one") is None


def test_full_disk_costs_a_second_reading_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = BundleBuilder().log("var/log/SMlog", LINES).write_tar(tmp_path / "b.tar.gz")

    def full(**_: object) -> object:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(tempfile, "TemporaryFile", full)
    spool = Spool()
    spool.keeper("b", "var/log/SMlog")(b"text")
    assert spool.blocks("b", "var/log/SMlog") is None
    quoted = [Source(bundle=f"b.tar.gz:{BundleBuilder().folder}", member="var/log/SMlog", line=200)]
    (excerpt,), _ = read_excerpts([path], quoted, Budget(), spool=spool)
    assert LINES[199] in excerpt.lines


def test_lines_around_those_of_standard_input_are_shown() -> None:
    path = Path("sample_bundles/host-crash.tar.bz2")
    report = analyze(
        [Path("-")], Options(stdin=io.BytesIO(path.read_bytes()), jobs=1, context=True)
    )
    by_path = analyze([path], Options(jobs=1, context=True))
    assert [each.lines for each in report.excerpts] == [each.lines for each in by_path.excerpts]
    assert report.excerpts
