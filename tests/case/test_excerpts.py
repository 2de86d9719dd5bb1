"""The lines around quoted ones: which are read, from what, and how many."""

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from analyzer.bundle.budget import Budget
from analyzer.bundle.named_paths import STDIN
from analyzer.case.excerpts import (
    FAR,
    LONGEST,
    MOST_FAR,
    MOST_NEAR,
    MOST_PACKED,
    MOST_WIDE,
    NEAR,
    PACKED,
    SMALL,
    Wide,
    ranges_of,
    read_excerpts,
    wide_ranges,
)
from analyzer.model.packed_lines import PackedLines, unpacked
from analyzer.model.report import Excerpt
from analyzer.model.source import Source
from tests.support.bundle import BundleBuilder

LINES = [f"Nov 22 10:00:00 jupiter SM: [1] line {number}" for number in range(1, 501)]


def line(number: int, member: str = "var/log/SMlog", bundle: str = "b") -> Source:
    return Source(bundle=bundle, member=member, line=number)


def built() -> BundleBuilder:
    builder = BundleBuilder().log("var/log/SMlog", LINES).log("var/log/SMlog.1.gz", LINES)
    return builder.log("var/log/xensource.log", LINES)


@pytest.mark.parametrize(
    "write",
    [
        lambda builder, path: builder.write_tar(path / "b.tar.bz2"),
        lambda builder, path: builder.write_zip(path / "b.zip"),
        lambda builder, path: builder.write_folder(path / "b"),
    ],
    ids=["tar", "zip", "folder"],
)
def test_lines_around_a_line_are_read_from_every_shape_of_a_bundle(
    write: Callable[[BundleBuilder, Path], Path], tmp_path: Path
) -> None:
    path = write(built(), tmp_path)
    bundle = path.name if path.is_dir() else f"{path.name}:{built().folder}"
    wanted = [line(200, bundle=bundle), line(3, "var/log/SMlog.1.gz", bundle)]
    (late, early), _ = read_excerpts([path], wanted, Budget())
    assert (late.first, late.lines) == (200 - FAR, tuple(LINES[200 - FAR - 1 : 200 + FAR]))
    assert (early.first, early.lines) == (1, tuple(LINES[: 3 + FAR]))
    assert late.member < early.member


def test_places_that_touch_are_one() -> None:
    assert ranges_of([line(200), line(300), line(402)]) == {
        ("b", "var/log/SMlog"): [(150, 350), (352, 452)]
    }


def test_many_quoted_lines_get_few_around_them_and_then_none() -> None:
    (ranges,) = ranges_of(line(number * 1000) for number in range(1, 1000)).values()
    widths = [last - first for first, last in ranges]
    assert widths == [2 * FAR] * MOST_FAR + [2 * NEAR] * (MOST_NEAR - MOST_FAR)


def test_long_line_is_cut_and_a_byte_that_is_no_text_is_replaced(tmp_path: Path) -> None:
    content = b"x" * 5000 + b"\n\xff\n"
    path = BundleBuilder().file("var/log/SMlog", content).write_folder(tmp_path)
    (excerpt,), _ = read_excerpts([path], [line(1, bundle=path.name)], Budget())
    assert excerpt.lines == ("x" * LONGEST + " […]", "\ufffd")
    assert isinstance(excerpt, Excerpt)


def test_what_cannot_be_read_twice_has_none(tmp_path: Path) -> None:
    gone = tmp_path / "gone.tar"
    assert read_excerpts([STDIN, gone], [line(1, bundle="stdin"), line(1)], Budget()) == ((), ())


def test_a_member_as_a_whole_has_none() -> None:
    assert ranges_of([line(0)]) == {}


def test_of_a_small_member_all_is_carried(tmp_path: Path) -> None:
    few = LINES[: SMALL // len(LINES[0]) - 20]
    path = built().log("var/log/daemon.log", few).write_folder(tmp_path / "b")
    (excerpt,), _ = read_excerpts([path], [line(60, "var/log/daemon.log", path.name)], Budget())
    assert (excerpt.first, excerpt.lines) == (1, tuple(few))


# Whole members, packed

SMLOG = ("b", "var/log/SMlog")
XENSOURCE = ("b", "var/log/xensource.log")


def test_short_members_are_wanted_whole_and_long_ones_as_far_as_there_is_room() -> None:
    long = MOST_WIDE * 2
    quoted = [line(MOST_WIDE), line(7, XENSOURCE[1])]
    wide = wide_ranges(quoted, {SMLOG: long, XENSOURCE: 500})
    assert wide[XENSOURCE] == [(1, 500)]
    ((first, last),) = wide[SMLOG]
    assert first > 1
    assert last < long
    assert MOST_WIDE - 502 <= last - first <= MOST_WIDE - 500
    assert abs((MOST_WIDE - first) - (last - MOST_WIDE)) <= 1


def test_of_a_member_of_unknown_length_nothing_is_packed() -> None:
    assert wide_ranges([line(7)], {}) == {}
    assert wide_ranges([], {SMLOG: 500}) == {}


def packed_of(path: Path, content: list[str], quoted: int) -> tuple[PackedLines, ...]:
    written = BundleBuilder().log("var/log/SMlog", content).write_folder(path)
    sources = [line(quoted, bundle=written.name)]
    lengths = {(written.name, "var/log/SMlog"): len(content)}
    wide = Wide(quoted=sources, lengths=lengths, shown=lambda text: text.replace("\t", "<tab>"))
    return read_excerpts([written], sources, Budget(), wide=wide)[1]


def test_whole_member_is_packed_in_parts_that_follow_each_other(tmp_path: Path) -> None:
    content = [f"{number}\tline of a log" for number in range(1, PACKED * 2 + 10)]
    parts = packed_of(tmp_path, content, 7)
    assert [(part.first, part.count) for part in parts] == [
        (1, PACKED),
        (PACKED + 1, PACKED),
        (PACKED * 2 + 1, 9),
    ]
    lines = [text for part in parts for text in unpacked(part.packed)]
    assert lines == [text.replace("\t", "<tab>") for text in content]


def test_what_packs_badly_is_carried_as_far_as_a_page_has_room(tmp_path: Path) -> None:
    """Random text: the part with the quoted line stays, those far from it go."""
    chance = random.Random(1)  # noqa: S311 - no secret
    content = [chance.randbytes(150).hex() for _ in range(12_000)]
    parts = packed_of(tmp_path, content, 5000)
    assert sum(len(part.packed) for part in parts) <= MOST_PACKED
    assert any(part.first <= 5000 <= part.last for part in parts)
    assert 0 < sum(part.count for part in parts) < len(content)
