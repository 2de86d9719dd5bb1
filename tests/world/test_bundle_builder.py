"""The builder writes what xen-bugtool writes; checked with the standard library alone."""

import gzip
import hashlib
import io
import tarfile
import xml.etree.ElementTree as ET
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.support.bundle import BundleBuilder, xencenter_zip
from tests.world.pack import stored_gzip


def _builder() -> BundleBuilder:
    return (
        BundleBuilder()
        .log("var/log/SMlog", ["new"])
        .log("var/log/SMlog", ["old"], rotation=1)
        .log("var/log/SMlog", ["older"], rotation=2)
        .file("lvs.out", "  LV VG\n", mtime=datetime(2024, 11, 22, 9, 0, tzinfo=UTC))
    )


def _names(data: bytes) -> list[str]:
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        return archive.getnames()


def test_commands_come_first_and_inventory_last() -> None:
    builder = _builder().file("etc/systemd.tar", b"")
    assert _names(builder.stream()) == [
        "bug-report-20241122100601/lvs.out",
        "bug-report-20241122100601/var/log/SMlog",
        "bug-report-20241122100601/var/log/SMlog.1",
        "bug-report-20241122100601/var/log/SMlog.2.gz",
        "bug-report-20241122100601/xen-bugtool.log",
        "bug-report-20241122100601/inventory.xml",
        "bug-report-20241122100601/etc/systemd.tar",
    ]


def test_second_rotation_is_gzipped() -> None:
    assert gzip.decompress(_builder().content("var/log/SMlog.2.gz")) == b"older\n"


@pytest.mark.parametrize("size", [0, 1, 65535, 65536, 200_000])
def test_stored_gzip_is_readable(size: int) -> None:
    content = bytes(number % 251 for number in range(size))
    assert gzip.decompress(stored_gzip(content)) == content


def test_captured_is_local_time_and_mtime_is_not() -> None:
    with tarfile.open(fileobj=io.BytesIO(_builder().stream())) as archive:
        times = {entry.name.split("/", 1)[1]: entry.mtime for entry in archive}
    captured = datetime(2024, 11, 22, 9, 6, 1, tzinfo=UTC).timestamp()
    assert times["var/log/SMlog"] == captured
    assert times["lvs.out"] == captured - 361


def test_inventory_has_the_md5_of_every_file() -> None:
    builder = _builder()
    root = ET.fromstring(builder.content("inventory.xml"))  # noqa: S314 - our own document
    sums = {e.attrib["filename"]: e.attrib["md5sum"] for e in root.iter("inventory-entry")}
    name = f"{builder.folder}/lvs.out"
    assert sums[name] == hashlib.md5(b"  LV VG\n", usedforsecurity=False).hexdigest()


def test_timeout_is_appended() -> None:
    assert _builder().timeout("lvs.out").content("lvs.out") == b"  LV VG\n\n** timeout **\n"


def test_timeout_of_nothing_is_all_there_is() -> None:
    assert BundleBuilder().timeout("vgs.out").content("vgs.out") == b"\n** timeout **\n"


def test_removed_file_is_gone_even_the_builders_own() -> None:
    assert _builder().remove("inventory.xml").remove("lvs.out").paths() == (
        "var/log/SMlog",
        "var/log/SMlog.1",
        "var/log/SMlog.2.gz",
        "xen-bugtool.log",
    )


def test_removed_file_can_come_back() -> None:
    assert _builder().remove("lvs.out").empty("lvs.out").content("lvs.out") == b""


def test_omission_is_told_in_the_log() -> None:
    builder = _builder().omitted("var/log/SMlog", "xenserver-logs")
    text = builder.content("xen-bugtool.log").decode()
    assert "Omitting /var/log/SMlog, size constraint of xenserver-logs exceeded\n" in text
    assert "var/log/SMlog" not in builder.paths()


def test_same_builder_same_bytes(tmp_path: Path) -> None:
    first = _builder().write_tar(tmp_path / "a").read_bytes()
    assert first == _builder().write_tar(tmp_path / "b").read_bytes()


def test_zip_and_folder_hold_the_same(tmp_path: Path) -> None:
    builder = _builder()
    with zipfile.ZipFile(builder.write_zip(tmp_path / "b.zip")) as archive:
        zipped = {name: archive.read(name) for name in archive.namelist()}
    folder = builder.write_folder(tmp_path)
    assert zipped == {
        f"{builder.folder}/{path}": (folder / path).read_bytes() for path in builder.paths()
    }


def test_xencenter_zip_renames_what_windows_cannot_hold(tmp_path: Path) -> None:
    builder = BundleBuilder().file("var/xapi/blobs/messages/refs/OpaqueRef:ab", "x")
    with zipfile.ZipFile(xencenter_zip(tmp_path / "x.zip", [builder])) as archive:
        names = archive.namelist()
    top = "2024-11-22-10-08-12-bugtool-jupiter/bug-report-20241122100601"
    assert f"{top}/var/xapi/blobs/messages/refs/OpaqueRef_ab" in names


def test_xencenter_zip_tells_names_apart_that_differ_in_case(tmp_path: Path) -> None:
    builder = BundleBuilder().file("root/Note", "1").file("root/note", "2")
    with zipfile.ZipFile(xencenter_zip(tmp_path / "x.zip", [builder])) as archive:
        assert any(name.endswith("/root/note (1)") for name in archive.namelist())


def test_xencenter_zip_names_the_coordinator(tmp_path: Path) -> None:
    hosts = [BundleBuilder(host="jupiter"), BundleBuilder(host="saturn")]
    with zipfile.ZipFile(xencenter_zip(tmp_path / "x.zip", hosts)) as archive:
        text = archive.read("2024-11-22-10-08-12-Coordinators.txt").decode()
    assert text.splitlines() == [
        "Server 'jupiter' is a coordinator of pool 'orion'",
        "Server 'saturn' is a supporter of pool 'orion'",
    ]


def test_xencenter_zip_may_hold_raw_tars(tmp_path: Path) -> None:
    builder = _builder()
    with zipfile.ZipFile(xencenter_zip(tmp_path / "x.zip", [builder], raw_tars=True)) as archive:
        data = archive.read("2024-11-22-10-08-12-bugtool-jupiter.tar")
    assert _names(data) == _names(builder.stream())
