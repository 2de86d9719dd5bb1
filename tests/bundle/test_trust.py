"""What a wrong checksum says of all that came before it, and what the listed sums say."""

import bz2
import gzip
import hashlib
import lzma
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from analyzer.bundle.archive import Archive
from analyzer.bundle.inventory import read_inventory
from analyzer.bundle.ledger import SeenMember, build_ledger
from analyzer.model.report import LedgerEntry, Presence
from tests.bundle.shapes import LINE, REPORT, by_path, opened, report, tar, whys, written, zipped

CHANGED = "any part of what was read from it may be changed, what is quoted too"
LOGS = ("smlog", "xensource_log")
READ = (*LOGS, "lvs", "pool_conf", "xapi_db")


def listing(files: dict[str, bytes], others: dict[str, str]) -> bytes:
    """Return an inventory of `files`, with other sums for some of them."""
    sums = {
        path: others.get(path.rpartition("/")[2]) or hashlib.md5(data).hexdigest()  # noqa: S324 - as xen-bugtool does
        for path, data in files.items()
        if not path.endswith(("inventory.xml", "xen-bugtool.log"))
    }
    rows = "".join(
        f'<inventory-entry capability="x" filename="{path}" md5sum="{md5}"/>'
        for path, md5 in sums.items()
    )
    return f"<system-status-inventory>{rows}</system-status-inventory>".encode()


def listed(
    *, altered: dict[str, bytes] | None = None, others: dict[str, str] | None = None
) -> dict[str, bytes]:
    """Return a small report with sums, some files altered after these were taken."""
    files = report()
    files[f"{REPORT}/inventory.xml"] = listing(files, others or {})
    return files | {f"{REPORT}/{path}": data for path, data in (altered or {}).items()}


def fates(archive: Archive) -> dict[str, LedgerEntry]:
    """Read all of an archive and return its ledger by source."""
    seen: list[SeenMember] = []
    inventory = None
    for member in archive.members():
        data = member.read(1 << 30)
        if member.path == "inventory.xml":
            inventory = read_inventory(data)
        seen.append(SeenMember.of(member))
    ledger = build_ledger(seen[0].bundle, seen, inventory, None)
    return {entry.source: entry for entry in ledger}


def in_damage(archive: Archive) -> set[str]:
    return {name for name, entry in fates(archive).items() if entry.presence is Presence.DAMAGED}


def wrong_gzip_sum(data: bytes) -> bytes:
    packed = bytearray(gzip.compress(data))
    packed[-8] ^= 1
    return bytes(packed)


def flipped_xz(data: bytes) -> bytes:
    """Alter the last data block of an xz, far behind all that is small."""
    packed = bytearray(lzma.compress(data))
    packed[-60] ^= 1
    return bytes(packed)


def with_ballast() -> dict[str, bytes]:
    noise = b"".join(hashlib.sha256(bytes([n % 251, n // 251])).digest() for n in range(2000))
    return listed() | {f"{REPORT}/ballast.bin": noise}


@pytest.mark.parametrize("pack", [wrong_gzip_sum, flipped_xz])
def test_a_wrong_checksum_makes_everything_read_before_it_damaged(
    tmp_path: Path, pack: Callable[[bytes], bytes]
) -> None:
    path = written(tmp_path, "x", pack(tar(with_ballast())))
    known = fates(opened(path))
    assert {known[source].presence for source in READ} == {Presence.DAMAGED}
    assert all(CHANGED in known[source].why for source in READ)


@pytest.mark.parametrize("pack", [wrong_gzip_sum, flipped_xz])
def test_a_wrong_checksum_is_an_omission_that_warns_of_what_is_quoted(
    tmp_path: Path, pack: Callable[[bytes], bytes]
) -> None:
    archive = opened(written(tmp_path, "x", pack(tar(with_ballast()))))
    by_path(archive)
    assert CHANGED in whys(archive)
    assert not archive.complete


def test_a_wrong_gzip_sum_is_called_so(tmp_path: Path) -> None:
    archive = opened(written(tmp_path, "x", wrong_gzip_sum(tar(listed()))))
    by_path(archive)
    assert f"incorrect data check: checksum wrong: {CHANGED}" in whys(archive)


@pytest.mark.parametrize("pack", [gzip.compress, lzma.compress, bz2.compress])
def test_a_mere_cut_changes_nothing_that_was_read(
    tmp_path: Path, pack: Callable[[bytes], bytes]
) -> None:
    archive = opened(written(tmp_path, "x", pack(tar(with_ballast()))[:-5]))
    by_path(archive)
    assert "cut" in whys(archive)
    assert "may be changed" not in whys(archive)


def test_what_a_damaged_bzip2_gave_was_checked(tmp_path: Path) -> None:
    packed = bytearray(bz2.compress(tar(with_ballast()), 1))
    packed[-40] ^= 1
    archive = opened(written(tmp_path, "x", bytes(packed)))
    found = by_path(archive)
    assert found["var/log/SMlog"] == LINE * 300
    assert "may be changed" not in whys(archive)


def test_rubbish_behind_a_gzip_changes_nothing_in_it(tmp_path: Path) -> None:
    archive = opened(written(tmp_path, "x", gzip.compress(tar(listed())) + b"rubbish"))
    assert not in_damage(archive) & set(READ)


def test_a_wrong_sum_of_one_packed_log_is_about_that_log(tmp_path: Path) -> None:
    files = listed()
    files[f"{REPORT}/var/log/SMlog.2.gz"] = wrong_gzip_sum(LINE * 100)
    known = fates(opened(written(tmp_path, "x", tar(files))))
    assert known["smlog"].presence is Presence.DAMAGED
    assert CHANGED in known["smlog"].why
    assert known["xensource_log"].presence is Presence.PRESENT


def test_a_wrong_sum_around_an_archive_reaches_into_it(tmp_path: Path) -> None:
    outer = {"host.tar.bz2": bz2.compress(tar(listed())), "ballast.bin": bytes(range(256)) * 99}
    archive = opened(written(tmp_path, "x", wrong_gzip_sum(tar(outer))))
    assert set(READ) <= in_damage(archive)


def test_a_wrong_sum_of_an_inner_archive_stays_in_it(tmp_path: Path) -> None:
    files = {
        "one.tar.gz": wrong_gzip_sum(tar(listed())),
        "two.tar.gz": gzip.compress(tar(listed())),
    }
    archive = opened(written(tmp_path, "x", tar(files)))
    seen = []
    for member in archive.members():
        member.read(1 << 30)
        seen.append(SeenMember.of(member))
    assert {bool(member.changed) for member in seen if "one.tar" in member.bundle} == {True}
    assert {bool(member.changed) for member in seen if "two.tar" in member.bundle} == {False}


def test_a_wrong_sum_in_a_zip_reaches_the_tar_that_lies_there(tmp_path: Path) -> None:
    data = bytearray(zipped({"host.tar": tar(listed())}, zipfile.ZIP_STORED))
    data[data.index(LINE) + 20] ^= 1
    assert set(READ) <= in_damage(opened(written(tmp_path, "x.zip", bytes(data))))


def test_files_with_the_listed_sums_are_present(tmp_path: Path) -> None:
    known = fates(opened(written(tmp_path, "x", tar(listed()))))
    assert {known[source].presence for source in READ} == {Presence.PRESENT}


@pytest.mark.parametrize(
    ("path", "data", "source"),
    [
        ("lvs.out", b"  LV VG\n", "lvs"),
        ("xapi-db.xml", b"<database/>", "xapi_db"),
        ("var/log/SMlog.1", LINE * 100, "smlog"),
        ("var/log/SMlog.2.gz", gzip.compress(LINE * 50, mtime=0), "smlog"),
    ],
)
def test_a_closed_file_with_another_sum_is_damaged(
    tmp_path: Path, path: str, data: bytes, source: str
) -> None:
    entry = fates(opened(written(tmp_path, "x", tar(listed(altered={path: data})))))[source]
    assert entry.presence is Presence.DAMAGED
    assert f"{path}: its md5 sum is not the one in inventory.xml" in entry.why


def test_a_rotated_log_with_another_sum_may_have_rotated_meanwhile(tmp_path: Path) -> None:
    altered = {"var/log/SMlog.1": LINE * 100}
    entry = fates(opened(written(tmp_path, "x", tar(listed(altered=altered)))))["smlog"]
    assert "or the log was rotated while the report was made" in entry.why


@pytest.mark.parametrize(
    ("path", "data", "source"),
    [
        ("var/log/SMlog", LINE * 290, "smlog"),
        ("etc/xensource/pool.conf", b"slave:192.0.2.7", "pool_conf"),
    ],
)
def test_a_file_that_lives_never_fits_its_sum(
    tmp_path: Path, path: str, data: bytes, source: str
) -> None:
    archive = opened(written(tmp_path, "x", tar(listed(altered={path: data}))))
    assert fates(archive)[source].presence is Presence.PRESENT


def test_what_is_no_md5_sum_is_not_compared(tmp_path: Path) -> None:
    archive = opened(written(tmp_path, "x", tar(listed(others={"lvs.out": "0"}))))
    assert fates(archive)["lvs"].presence is Presence.PRESENT


def test_a_file_that_was_not_read_to_its_end_has_no_sum(tmp_path: Path) -> None:
    archive = opened(written(tmp_path, "x", tar({f"{REPORT}/lvs.out": b"  LV VG\n" * 9999})))
    (member,) = archive.members()
    assert (member.read(10), member.md5) == (b"  LV VG\n  ", "")


def test_a_rotated_log_that_ends_inside_a_line_is_cut(tmp_path: Path) -> None:
    files = report() | {f"{REPORT}/var/log/SMlog.1": LINE * 100 + LINE[:30]}
    entry = fates(opened(written(tmp_path, "x", tar(files))))["smlog"]
    assert entry.presence is Presence.DAMAGED
    assert "var/log/SMlog.1: its last line has no end" in entry.why


@pytest.mark.parametrize(("end", "open_"), [(b"", False), (b"  x", True)])
def test_an_output_has_whole_lines(tmp_path: Path, end: bytes, open_: bool) -> None:
    archive = opened(written(tmp_path, "x", tar({f"{REPORT}/lvs.out": b"  LV\n" + end})))
    for member in archive.members():
        member.read(100)
        assert SeenMember.of(member).unfinished is open_


def test_a_live_log_may_end_inside_a_line(tmp_path: Path) -> None:
    files = report() | {f"{REPORT}/var/log/SMlog": LINE * 100 + LINE[:30]}
    entry = fates(opened(written(tmp_path, "x", tar(files))))["smlog"]
    assert entry.presence is Presence.PRESENT


@pytest.mark.parametrize("name", ["SMlog-20241120", "SMlog-20241120.gz", "SMlog.old", "SMlog~"])
def test_a_log_of_another_name_is_an_omission(tmp_path: Path, name: str) -> None:
    archive = opened(written(tmp_path, "x", tar(report() | {f"{REPORT}/var/log/{name}": LINE})))
    assert f"var/log/{name}" not in by_path(archive)
    assert f"{name}: its name is not that of a rotated log" in whys(archive)


@pytest.mark.parametrize("name", ["SMlogger", "audit", "boot.log", "xensource.log.3"])
def test_other_files_beside_the_logs_are_no_omission(tmp_path: Path, name: str) -> None:
    archive = opened(written(tmp_path, "x", tar({f"{REPORT}/var/log/{name}": LINE})))
    assert f"var/log/{name}" in by_path(archive)
    assert whys(archive) == ""
