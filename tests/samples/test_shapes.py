"""The same status report in any shape gives the same findings; half of one still gives some.

The usual run has every shape of a pool of two hosts, and of one host those that a user meets most;
``WHOLE=1`` has every sample here in every shape.
"""

import bz2
import io
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cache
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from analyzer.errors import InputError
from analyzer.model.finding import Verdict
from analyzer.model.report import Report
from analyzer.rules.load import load_catalogue
from analyzer.run import Options
from tests.samples.verdicts import Said, outcome_of, read, said
from tests.support.bundle import BundleBuilder, xencenter_zip
from tests.support.whole import WHOLE
from tests.world.build_samples import FOLDER
from tests.world.recipes import RECIPES
from tests.world.sample import Recipe

Shape = Callable[[Path, tuple[BundleBuilder, ...]], Report]


def _recipe(name: str) -> Recipe:
    return next(recipe for recipe in RECIPES if recipe.name == name)


def _stdin(folder: Path, reports: tuple[BundleBuilder, ...]) -> Report:  # noqa: ARG001 - a Shape
    stream = io.BytesIO(reports[0].stream())
    return read(Path("-"), options=Options(stdin=stream))


def _zip_of_tars(folder: Path, reports: tuple[BundleBuilder, ...]) -> Report:
    path = folder / "ticket.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for report in reports:
            tar = report.write_tar(folder / f"{report.host}.tar.bz2")
            archive.write(tar, tar.name)
    return read(path)


SHAPES: dict[str, Shape] = {
    "tar": lambda to, reports: read(*(r.write_tar(to / f"{r.host}.tar", None) for r in reports)),
    "tar.gz": lambda to, reports: read(*(r.write_tar(to / f"{r.host}.tgz", "gz") for r in reports)),
    "tar.xz": lambda to, reports: read(*(r.write_tar(to / f"{r.host}.txz", "xz") for r in reports)),
    "suffix that lies": lambda to, reports: read(
        *(r.write_tar(to / f"{r.host}.log", "bz2") for r in reports)
    ),
    "zip": lambda to, reports: read(*(r.write_zip(to / f"{r.host}.zip") for r in reports)),
    "folder": lambda to, reports: read(*(r.write_folder(to / r.host) for r in reports)),
    "folder around": lambda to, reports: read(
        *(r.write_folder(to / r.host).parent for r in reports)
    ),
    "XenCenter zip": lambda to, reports: read(xencenter_zip(to / "x.zip", reports)),
    "XenCenter zip of tars": lambda to, reports: read(
        xencenter_zip(to / "x.zip", reports, raw_tars=True)
    ),
    "zip of tar.bz2": _zip_of_tars,
}


@cache
def _plain(name: str) -> tuple[tuple[BundleBuilder, ...], tuple[Said, ...]]:
    """Return a sample's status reports and what is said of them as tar.bz2."""
    reports = _recipe(name).tell().reports
    with TemporaryDirectory() as folder:
        paths = [r.write_tar(Path(folder) / f"{r.host}.tar.bz2") for r in reports]
        return reports, said(read(*paths))


EACH = [
    *(("two-host-pool", shape) for shape in SHAPES),
    *(("nbd-trouble", shape) for shape in ("zip", "folder")),
    ("lvm-no-space", "tar"),
]
ALL = list(product(("lvm-no-space", "nbd-trouble", "two-host-pool"), SHAPES))


@pytest.mark.parametrize(("name", "shape"), ALL if WHOLE else EACH)
def test_shape_changes_nothing(tmp_path: Path, name: str, shape: str) -> None:
    reports, expected = _plain(name)
    assert said(SHAPES[shape](tmp_path, reports)) == expected


def test_stream_on_standard_input_changes_nothing(tmp_path: Path) -> None:
    reports = _recipe("nbd-trouble").tell().reports
    expected = said(read(reports[0].write_tar(tmp_path / "b.tar.bz2")))
    assert said(_stdin(tmp_path, reports)) == expected


def test_order_of_the_reports_changes_nothing(tmp_path: Path) -> None:
    reports = _recipe("two-host-pool").tell().reports
    paths = [report.write_tar(tmp_path / f"{report.host}.tar.bz2") for report in reports]
    assert said(read(*paths)) == said(read(*reversed(paths)))


def test_filter_changes_nothing() -> None:
    archive = FOLDER / "healthy-cbt.tar.bz2"
    assert said(read(archive)) == said(read(archive, options=Options(filtered=False)))


def test_one_host_of_a_pool_rules_out_no_log_line(tmp_path: Path) -> None:
    master = _recipe("two-host-pool").tell().reports[0]
    report = read(master.write_tar(tmp_path / "master.tar.bz2"))
    ruled_out = {o.rule for o in report.outcomes if o.verdict is Verdict.RULED_OUT}
    assert not ruled_out & set(_reading("smlog"))


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.name)
def test_half_an_archive_still_gives_a_report(recipe: Recipe) -> None:
    report, kept = _half_read(recipe)
    assert report.coverage
    assert report.omissions
    assert not all(bundle.complete for bundle in report.bundles)
    _rules_out_nothing_that_was_lost(recipe, report, kept)


def _rules_out_nothing_that_was_lost(recipe: Recipe, report: Report, kept: set[str]) -> None:
    lost = {path for path in _paths(recipe) if path not in kept}
    for source, start in (("smlog", "var/log/SMlog"), ("daemon_log", "var/log/daemon.log")):
        if any(path.split("/", 1)[1].startswith(start) for path in lost):
            verdicts = {outcome_of(report, rule).verdict for rule in _reading(source)}
            assert Verdict.RULED_OUT not in verdicts, source


@pytest.mark.parametrize("cut", [0, 1, 37, 512, 4096])
def test_start_of_an_archive_that_holds_nothing_is_named(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "start.tar.bz2"
    path.write_bytes((FOLDER / "host-crash.tar.bz2").read_bytes()[:cut])
    with pytest.raises(InputError, match=r"start\.tar\.bz2"):
        read(path)


@cache
def _reading(source: str) -> tuple[str, ...]:
    """Return the rules that cannot be ruled out without a log."""
    catalogue = load_catalogue()
    texts = (*(rule.text for rule in catalogue.rules), *catalogue.checks)
    return tuple(text.id for text in texts if source in text.needs)


def _paths(recipe: Recipe) -> list[str]:
    return [file.name for report in recipe.tell().reports for file in report.packed()]


def _half_read(recipe: Recipe) -> tuple[Report, set[str]]:
    """Return the report of half a sample, and the names of the members that are whole in it."""
    with TemporaryDirectory() as folder:
        cut, kept = _halved(recipe, Path(folder))
        return read(cut), kept


def _halved(recipe: Recipe, folder: Path) -> tuple[Path, set[str]]:
    """Cut a sample in half; returns its path and the names of the members that are whole."""
    whole = FOLDER / f"{recipe.name}{recipe.suffix}"
    data = whole.read_bytes()[: whole.stat().st_size // 2]
    path = folder / whole.name
    path.write_bytes(data)
    if recipe.suffix == ".zip":
        with zipfile.ZipFile(whole) as archive:
            ends = {e.filename: e.header_offset + e.compress_size + 512 for e in archive.filelist}
        inside = {name.split("/", 1)[-1] for name, end in ends.items() if end < len(data)}
        return path, {name.replace("OpaqueRef_", "OpaqueRef:") for name in inside}
    plain = bz2.BZ2Decompressor().decompress(data)
    with tarfile.open(fileobj=io.BytesIO(plain)) as archive:
        return path, set(_whole(archive, len(plain)))


def _whole(archive: tarfile.TarFile, size: int) -> Iterator[str]:
    with suppress(tarfile.TarError):
        for entry in archive:
            if entry.offset_data + entry.size <= size:
                yield entry.name
