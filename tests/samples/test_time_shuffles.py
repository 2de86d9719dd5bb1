"""The order of members and the shape of the archive change nothing that is said.

The usual run has each shape and each story; every story in every shape are for ``WHOLE=1``.
"""

import json
import re
from collections.abc import Callable, Sequence
from functools import cache
from itertools import product
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import pytest

from analyzer.model.report import Report
from analyzer.render.data.json import render_json
from tests.samples.verdicts import read
from tests.support.bundle import BundleBuilder
from tests.support.whole import WHOLE
from tests.world import story_time
from tests.world.pack import Compression, compressed, tar, zipped

STORIES = ("crash_across_zones", "two_troubles", "clock_set_back", "summer_time_ends")
Shape = Callable[[Path, Sequence[BundleBuilder], Random], Report]


def _tars(
    folder: Path, reports: Sequence[BundleBuilder], random: Random, compression: Compression | None
) -> Report:
    """Read the reports as tars, members and paths in any order."""
    paths = []
    for report in reports:
        members = report.packed()
        random.shuffle(members)
        path = folder / f"{report.host}.tar"
        path.write_bytes(compressed(tar(members), compression))
        paths.append(path)
    random.shuffle(paths)
    return read(*paths)


def _zips(folder: Path, reports: Sequence[BundleBuilder], random: Random) -> Report:
    paths = []
    for report in reports:
        members = report.packed()
        random.shuffle(members)
        path = folder / f"{report.host}.zip"
        path.write_bytes(zipped(members))
        paths.append(path)
    return read(*paths)


SHAPES: dict[str, Shape] = {
    "tar": lambda to, reports, random: _tars(to, reports, random, None),
    "tar.bz2": lambda to, reports, random: _tars(to, reports, random, "bz2"),
    "tar.gz": lambda to, reports, random: _tars(to, reports, random, "gz"),
    "tar.xz": lambda to, reports, random: _tars(to, reports, random, "xz"),
    "folders": lambda to, reports, _: read(*(r.write_folder(to / r.host).parent for r in reports)),
    "zip": _zips,
}


def _said(report: Report) -> object:
    """Return report.json without what names the archives themselves."""
    text = render_json(report)
    names = {host.bundle: f"report of {host.name}" for host in report.hosts}
    for name in sorted(names, key=len, reverse=True):
        text = text.replace(json.dumps(name)[1:-1], names[name])
    document = json.loads(text)
    for bundle in document["bundles"]:
        del bundle["kind"], bundle["sha256"]
    del document["answer"]["given"]
    return document


@cache
def _plain(name: str) -> object:
    reports = getattr(story_time, name)().reports
    with TemporaryDirectory() as folder:
        return _said(read(*(r.write_tar(Path(folder) / f"{r.host}.tar", None) for r in reports)))


EACH = [(STORIES[place % len(STORIES)], shape) for place, shape in enumerate(SHAPES)]


@pytest.mark.parametrize(("name", "shape"), product(STORIES, SHAPES) if WHOLE else EACH)
def test_members_and_shape_change_nothing(tmp_path: Path, name: str, shape: str) -> None:
    reports = getattr(story_time, name)().reports
    random = Random(f"{name}/{shape}")  # noqa: S311 - the same order in every run
    assert _said(SHAPES[shape](tmp_path, reports, random)) == _plain(name)


@pytest.mark.parametrize("seed", range(6 if WHOLE else 2))
def test_any_order_of_members_gives_the_same_report(tmp_path: Path, seed: int) -> None:
    reports = story_time.crash_across_zones().reports
    random = Random(seed)  # noqa: S311 - the same order in every run
    assert _said(_tars(tmp_path, reports, random, None)) == _plain("crash_across_zones")


def test_what_is_left_out_of_the_comparison_is_little() -> None:
    assert not re.search(r"\.tar", json.dumps(_plain("crash_across_zones")))
