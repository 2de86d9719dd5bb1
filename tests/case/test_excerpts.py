"""The lines around quoted ones: which are read, from what, and how many."""

from collections.abc import Callable
from pathlib import Path

import pytest

from analyzer.bundle.budget import Budget
from analyzer.case.excerpts import (
    FAR,
    LONGEST,
    MOST_FAR,
    MOST_NEAR,
    NEAR,
    SMALL,
    ranges_of,
    read_excerpts,
)
from analyzer.case.reading import STDIN
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
    late, early = read_excerpts([path], wanted, Budget())
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
    (excerpt,) = read_excerpts([path], [line(1, bundle=path.name)], Budget())
    assert excerpt.lines == ("x" * LONGEST + " […]", "\ufffd")
    assert isinstance(excerpt, Excerpt)


def test_what_cannot_be_read_twice_has_none(tmp_path: Path) -> None:
    gone = tmp_path / "gone.tar"
    assert read_excerpts([STDIN, gone], [line(1, bundle="stdin"), line(1)], Budget()) == ()


def test_a_member_as_a_whole_has_none() -> None:
    assert ranges_of([line(0)]) == {}


def test_of_a_small_member_all_is_carried(tmp_path: Path) -> None:
    few = LINES[: SMALL // len(LINES[0]) - 20]
    path = built().log("var/log/daemon.log", few).write_folder(tmp_path / "b")
    (excerpt,) = read_excerpts([path], [line(60, "var/log/daemon.log", path.name)], Budget())
    assert (excerpt.first, excerpt.lines) == (1, tuple(few))
