"""A member is read once more from where it lies, whatever it lies in, and nothing before it."""

import bz2
import gzip
from collections.abc import Iterator
from pathlib import Path

import pytest

from analyzer.bundle import _parallel
from analyzer.bundle.again import log_from_mark, member_again
from analyzer.bundle.archive import Archive, open_bundle
from analyzer.bundle.budget import Budget
from analyzer.model.places import MemberPlace, ReportPlaces
from tests.bundle.shapes import Files, report, tar, zipped

LOGS: Files = {"inner/var/log/SMlog": b"Jun 10 13:32:41 jupiter SM: [1] text\n" * 9}
FILES: Files = report() | {"bug/etc/systemd.tar": tar(LOGS), "bug/x": b"a", "x.tgz": b"y" * 700}


def given(shape: str, folder: Path) -> Path:
    path = folder / f"b.{shape}"
    match shape:
        case "tar":
            path.write_bytes(tar(FILES))
        case "tar.gz":
            path.write_bytes(gzip.compress(tar(FILES)))
        case "tar.bz2":
            path.write_bytes(bz2.compress(tar(FILES), 1))
        case "zip":
            path.write_bytes(zipped(FILES))
        case "folder":
            for name, content in FILES.items():
                file = path / name
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(content)
        case _:
            path = folder / "SMlog.2.gz"
            path.write_bytes(FILES[f"{next(iter(FILES)).partition('/')[0]}/var/log/SMlog.2.gz"])
    return path


def places(archive: Archive) -> Iterator[tuple[ReportPlaces, MemberPlace, bytes]]:
    """Yield where each member lies, with its content."""
    found = [(member, b"".join(member.blocks())) for member in archive.members()]
    for member, content in found:
        entry = member.entry
        place = MemberPlace(
            path=member.path,
            stored=entry.name if entry else "",
            start=entry.start if entry else None,
            size=entry.size if entry else 0,
            plain=member.plain,
        )
        own = ReportPlaces(bundle=member.bundle, given=archive.name, blocks=archive.blocks)
        yield own, place, content


@pytest.mark.parametrize("shape", ["tar", "tar.gz", "tar.bz2", "zip", "folder", "log"])
def test_member_comes_back_whole(
    shape: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_parallel, "_WORTH_IT", 1)
    path, budget = given(shape, tmp_path), Budget()
    seen = list(places(open_bundle(path, budget=budget)))
    assert len(seen) > 10 or shape == "log"
    assert any(own.blocks for own, _, _ in seen) is (shape == "tar.bz2")
    for own, place, content in seen:
        read = [
            ((each.bundle, each.path), b"".join(each.blocks()), each.loss)
            for each in member_again(path, own, place, budget)
        ]
        assert read == [((own.bundle, place.path), content, None)]
    plain = [place.path for _, place, _ in seen if place.plain]
    assert ("var/log/SMlog" in plain) is (shape not in ("zip", "log"))
    assert "var/log/SMlog.2.gz" not in plain


@pytest.mark.parametrize("shape", ["tar", "tar.gz", "tar.bz2", "folder"])
def test_log_is_read_from_a_mark_on(
    shape: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_parallel, "_WORTH_IT", 1)
    path, budget = given(shape, tmp_path), Budget()
    seen = places(open_bundle(path, budget=budget))
    for own, place, content in seen:
        if place.plain:
            before = len(content) // 2
            rest = log_from_mark(path, own, place, before, budget)
            assert b"".join(rest.blocks()) == content[before:]
            assert rest.loss is None


@pytest.mark.parametrize("blocks", [((8, 0), (4, 9)), ((-1, 0), (9, 9)), ((0, 0), (1 << 60, 9))])
def test_blocks_of_another_file_are_not_used(
    blocks: tuple[tuple[int, int], ...], tmp_path: Path
) -> None:
    path = given("tar.bz2", tmp_path)
    assert _parallel.unpacked_from(path, blocks, 0) is None


def test_blocks_that_are_not_there_end_it_as_damage_does(tmp_path: Path) -> None:
    path = tmp_path / "a.bz2"
    path.write_bytes(bz2.compress(b"line\n" * 100_000, 1))
    wrong = ((33, 0), (80, 99_981), (path.stat().st_size * 8 - 90, 500_000))
    stream = _parallel.unpacked_from(path, wrong, 120_000)
    assert stream is not None
    assert b"".join(iter(lambda: stream.read(1 << 20), b"")) == b""
    assert stream.loss is not None


def test_nothing_comes_of_a_place_that_an_input_has_no_more(tmp_path: Path) -> None:
    path = given("zip", tmp_path)
    own = ReportPlaces(bundle="b", given="b.zip")
    assert not list(member_again(path, own, MemberPlace(path="x", stored="no such"), Budget()))
