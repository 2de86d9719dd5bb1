import bz2
import gzip
import hashlib
import io
import os
import tarfile
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest

from analyzer.bundle.archive import Progress, open_bundle
from analyzer.bundle.budget import Budget
from analyzer.errors import InputError, UsageError
from tests.bundle.shapes import (
    LINE,
    MTIME,
    PACKERS,
    REPORT,
    by_path,
    contents,
    folder,
    opened,
    piped,
    report,
    tar,
    whys,
    written,
    zipped,
)

PLAIN = {
    path.removeprefix(f"{REPORT}/"): gzip.decompress(data) if path.endswith(".gz") else data
    for path, data in report().items()
}


@pytest.mark.parametrize("shape", PACKERS)
def test_every_shape_gives_the_same_members(shape: str, tmp_path: Path) -> None:
    archive = opened(written(tmp_path, f"x.{shape}", PACKERS[shape](report())))
    assert by_path(archive) == PLAIN
    assert archive.complete
    assert archive.omissions == ()


@pytest.mark.parametrize("shape", PACKERS)
def test_every_shape_on_standard_input_gives_the_same_members(shape: str) -> None:
    archive = piped(PACKERS[shape](report()))
    assert by_path(archive) == PLAIN
    assert archive.complete


@pytest.mark.parametrize("shape", PACKERS)
def test_the_suffix_does_not_matter(shape: str, tmp_path: Path) -> None:
    assert by_path(opened(written(tmp_path, "report.dat", PACKERS[shape](report())))) == PLAIN


def test_an_unpacked_folder_gives_the_same_members(tmp_path: Path) -> None:
    archive = opened(folder(report(), tmp_path / "ticket"))
    assert by_path(archive) == PLAIN
    assert archive.kind == "folder"
    assert archive.complete


def test_the_folder_of_a_report_itself_may_be_given(tmp_path: Path) -> None:
    archive = opened(folder(report(), tmp_path) / REPORT)
    assert {bundle for bundle, _ in contents(archive)} == {REPORT}


def test_a_folder_is_read_in_sorted_order(tmp_path: Path) -> None:
    names = [member.path for member in opened(folder(report(""), tmp_path)).members()]
    assert names == sorted(names)


@pytest.mark.parametrize(
    ("shape", "kind"),
    [("tar", "tar"), ("tar.bz2", "tar.bz2"), ("tar.bz2.gz", "tar.bz2.gz"), ("zip", "zip")],
)
def test_the_kind_is_named_after_the_content(shape: str, kind: str, tmp_path: Path) -> None:
    assert opened(written(tmp_path, "x", PACKERS[shape](report()))).kind == kind
    assert piped(PACKERS[shape](report())).kind == f"stdin {kind}"


def test_a_status_report_is_named_after_archive_and_folder(tmp_path: Path) -> None:
    archive = opened(written(tmp_path, "x.tar", tar(report())))
    assert {bundle for bundle, _ in contents(archive)} == {f"x.tar:{REPORT}"}


def test_an_archive_can_be_given_another_name(tmp_path: Path) -> None:
    for data in (tar({"SMlog": LINE}), LINE):
        path = written(tmp_path, "SMlog", data)
        archive = open_bundle(path, budget=Budget(), name="a/SMlog")
        assert archive.name == "a/SMlog"
        assert contents(archive) == {("a/SMlog", "var/log/SMlog"): LINE}
    archive = open_bundle(tmp_path, budget=Budget(), name="b")
    assert set(contents(archive)) == {("b", "var/log/SMlog")}


def test_the_folder_where_one_stands_has_its_own_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder(report(), tmp_path) / REPORT)
    assert opened(Path()).name == REPORT
    assert opened(Path("..")).name == tmp_path.name


def test_an_archive_of_logs_only_works(tmp_path: Path) -> None:
    archive = opened(written(tmp_path, "x.tgz", gzip.compress(tar({"var/log/SMlog": LINE}))))
    assert contents(archive) == {("x.tgz", "var/log/SMlog"): LINE}


def test_the_digest_is_that_of_the_file_as_given(tmp_path: Path) -> None:
    data = PACKERS["tar.bz2"](report())
    archive = opened(written(tmp_path, "x", data))
    assert archive.sha256 == hashlib.sha256(data).hexdigest()
    assert archive.sha256 is archive.sha256


def test_a_folder_has_no_digest(tmp_path: Path) -> None:
    assert opened(folder(report(), tmp_path)).sha256 is None


@pytest.mark.parametrize("shape", ["tar", "tar.bz2", "zip"])
def test_the_digest_of_a_stream_is_that_of_all_that_came(shape: str) -> None:
    data = PACKERS[shape](report())
    archive = piped(data)
    contents(archive)
    assert archive.sha256 == hashlib.sha256(data).hexdigest()


def test_a_stream_that_was_not_read_to_its_end_has_no_digest() -> None:
    archive = open_bundle(
        None, budget=Budget(total=8000), stdin=io.BytesIO(tar({"var/log/SMlog": LINE * 9000}))
    )
    contents(archive)
    assert archive.stopped
    assert archive.sha256 is None


def test_tar_keeps_the_time_of_a_member(tmp_path: Path) -> None:
    archive = opened(written(tmp_path, "x", tar(report())))
    times = {member.mtime for member in archive.members()}
    assert times == {datetime.fromtimestamp(MTIME, UTC)}


def test_a_folder_keeps_the_time_of_a_member(tmp_path: Path) -> None:
    path = written(tmp_path, "SMlog", LINE)
    os.utime(path, (MTIME, MTIME))
    (member,) = opened(tmp_path).members()
    assert member.mtime == datetime.fromtimestamp(MTIME, UTC)


def test_zip_has_no_times(tmp_path: Path) -> None:
    archive = opened(written(tmp_path, "x", zipped(report())))
    assert {member.mtime for member in archive.members()} == {None}


def test_a_time_before_1970_is_none(tmp_path: Path) -> None:
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w") as archive:
        info = tarfile.TarInfo("SMlog")
        info.mtime = -5
        archive.addfile(info)
    (member,) = opened(written(tmp_path, "x", target.getvalue())).members()
    assert member.mtime is None


def test_a_member_that_is_not_read_is_passed_over(tmp_path: Path) -> None:
    for shape, pack in PACKERS.items():
        archive = opened(written(tmp_path, shape, pack(report())))
        assert [member.path for member in archive.members()] == list(PLAIN)
        assert archive.complete


def test_a_member_that_is_read_in_part_is_passed_over(tmp_path: Path) -> None:
    for shape, pack in PACKERS.items():
        archive = opened(written(tmp_path, shape, pack(report())))
        assert [member.read(3) for member in archive.members()] == [
            data[:3] for data in PLAIN.values()
        ]


def test_members_come_once(tmp_path: Path) -> None:
    archive = opened(written(tmp_path, "x", tar(report())))
    archive.members()
    with pytest.raises(ValueError, match="once"):
        archive.members()


def test_progress_reaches_the_size_of_the_input(tmp_path: Path) -> None:
    noise = os.urandom(2 << 20)
    for data in (tar({"a": noise}), bz2.compress(tar({"a": noise})), zipped({"a": noise})):
        path = written(tmp_path, "x", data)
        seen: list[Progress] = []
        contents(open_bundle(path, budget=Budget(), progress=seen.append))
        assert seen[-1].total == len(data)
        assert 0.9 * len(data) < seen[-1].done <= len(data) + 8192
        assert seen[-1].member == "a"


def test_progress_of_a_stream_has_no_total() -> None:
    seen: list[Progress] = []
    data = io.BytesIO(tar({"a": bytes(1 << 20)}))
    contents(open_bundle(None, budget=Budget(), stdin=data, progress=seen.append))
    assert seen[-1].total is None


# One file


@pytest.mark.parametrize("name", ["SMlog", "SMlog.1", "daemon.log.3", "SMlog.2.gz"])
def test_a_single_log_is_put_where_syslog_writes_it(name: str, tmp_path: Path) -> None:
    data = gzip.compress(LINE) if name.endswith(".gz") else LINE
    archive = opened(written(tmp_path, name, data))
    assert archive.kind == "log"
    assert contents(archive) == {(name, f"var/log/{name}"): LINE}


def test_a_single_log_of_another_name_can_be_told(tmp_path: Path) -> None:
    path = written(tmp_path, "customer.txt.3", LINE)
    (member,) = open_bundle(path, budget=Budget(), log_as="smlog").members()
    assert member.path == "customer.txt.3"
    assert member.log is not None
    assert (member.log.family, member.log.rotation) == ("var/log/SMlog", 3)


def test_a_log_on_standard_input_can_be_told() -> None:
    archive = open_bundle(None, budget=Budget(), stdin=io.BytesIO(LINE), log_as="kern_log")
    assert archive.kind == "stdin log"
    assert by_path(archive) == {"stdin": LINE}


def test_telling_a_log_does_not_hide_an_archive(tmp_path: Path) -> None:
    path = written(tmp_path, "x", tar(report()))
    assert open_bundle(path, budget=Budget(), log_as="smlog").kind == "tar"


def test_an_unknown_log_name_is_the_users_fault(tmp_path: Path) -> None:
    path = written(tmp_path, "x.txt", LINE)
    with pytest.raises(UsageError, match="expected one of smlog"):
        open_bundle(path, budget=Budget(), log_as="syslog")


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("xapi-db.xml", "xapi-db.xml"),
        ("lvs.out", "lvs.out"),
        ("pool.conf", "etc/xensource/pool.conf"),
        ("lvs.out.gz", "lvs.out"),
    ],
)
def test_a_single_document_is_known_by_its_name(name: str, path: str, tmp_path: Path) -> None:
    data = gzip.compress(b"x") if name.endswith(".gz") else b"x"
    archive = opened(written(tmp_path, name, data))
    assert archive.kind == "document"
    assert by_path(archive) == {path: b"x"}


@pytest.mark.parametrize(
    "text",
    [
        b"<?xml version='1.0'?><database/>",
        b"\n<database>",
        b"uuid ( RO)    : 5f9c\n",
        b"total 4\n-rw-r--r-- 1 root root 4 Jun 10 13:32 6b0c1a3e.cbtlog\n",
    ],
)
def test_a_single_document_is_known_by_its_content(text: bytes, tmp_path: Path) -> None:
    assert by_path(opened(written(tmp_path, "from customer.txt", text))) == {
        "from customer.txt": text
    }


# What cannot be opened


def test_a_path_that_does_not_exist_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.tar: No such file.*check the path"):
        opened(tmp_path / "none.tar")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "empty"),
        (b"hello\n", "neither an archive nor a file of a status report"),
        (b"\x28\xb5\x2f\xfd rest", "zstd, which is not read: pack it again"),
        (b"7z\xbc\xaf\x27\x1c rest", "7-Zip"),
        (b"B", "neither an archive"),
        (b"BZh91AY&SY", "nothing in it can be read"),
        (b"\x1f\x8b\x08\x00", "nothing in it can be read"),
        (b"\xfd7zXZ\0\0\0", "nothing in it can be read"),
        (gzip.compress(b"", mtime=0), "empty"),
        (tar({"SMlog": LINE})[:300], "neither an archive"),
    ],
)
def test_a_file_without_anything_readable_is_refused(
    data: bytes, message: str, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match=message):
        opened(written(tmp_path, "x.tar.bz2", data))


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="the folder is empty"):
        opened(tmp_path)


def test_standard_input_that_is_not_there_is_refused() -> None:
    with pytest.raises(InputError, match="stdin: nothing to read"):
        open_bundle(None, budget=Budget())


def test_a_named_pipe_is_read_as_a_stream(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    writer = os.open(path, os.O_WRONLY)
    os.write(writer, tar({"SMlog": LINE}))
    os.set_blocking(reader, True)
    archive = opened(Path(f"/dev/fd/{reader}"))
    os.close(writer)
    assert by_path(archive) == {"var/log/SMlog": LINE}
    assert archive.kind == "stdin tar"
    os.close(reader)


# Archives inside archives


def test_a_zip_of_several_reports_gives_them_all(tmp_path: Path) -> None:
    hosts = {
        "a.tar.bz2": PACKERS["tar.bz2"](report()),
        "host b/b.tgz": PACKERS["tar.gz"](report()),
        "c.zip": PACKERS["zip"](report()),
    }
    found = contents(opened(written(tmp_path, "ticket.zip", zipped(hosts))))
    assert {bundle for bundle, _ in found} == {
        f"ticket.zip:a.tar.bz2:{REPORT}",
        f"ticket.zip:host b/b.tgz:{REPORT}",
        f"ticket.zip:c.zip:{REPORT}",
    }
    assert len(found) == 3 * len(PLAIN)


def test_a_folder_of_several_reports_gives_them_all(tmp_path: Path) -> None:
    files = {name: pack(report()) for name, pack in PACKERS.items()}
    found = contents(opened(folder(files, tmp_path / "ticket")))
    assert {bundle for bundle, _ in found} == {f"ticket:{name}:{REPORT}" for name in PACKERS}
    assert len(found) == len(PACKERS) * len(PLAIN)


def test_xencenters_zip_has_a_report_per_host(tmp_path: Path) -> None:
    stamp = "2024-06-10-13-32-41"
    files = report(f"{stamp}-bugtool-jupiter/{REPORT}") | report(f"{stamp}-bugtool-orca/{REPORT}")
    files[f"{stamp}-Coordinators.txt"] = b"Server 'jupiter' is a coordinator of pool 'one'\n"
    found = contents(opened(written(tmp_path, "s.zip", zipped(files))))
    assert {bundle for bundle, _ in found} == {
        f"s.zip:{stamp}-bugtool-jupiter/{REPORT}",
        f"s.zip:{stamp}-bugtool-orca/{REPORT}",
        "s.zip",
    }


def test_xencenters_zip_may_hold_raw_tars(tmp_path: Path) -> None:
    files = {"2024-bugtool-jupiter.tar": tar(report())}
    found = contents(opened(written(tmp_path, "s.zip", zipped(files))))
    assert {bundle for bundle, _ in found} == {f"s.zip:2024-bugtool-jupiter.tar:{REPORT}"}


def test_the_systemd_archive_belongs_to_its_report(tmp_path: Path) -> None:
    inner = tar({f"{REPORT}/etc/systemd/system/x.service": b"[Unit]\n"})
    files = report() | {f"{REPORT}/etc/systemd.tar": inner}
    found = contents(opened(written(tmp_path, "x.tar", tar(files))))
    assert found[f"x.tar:{REPORT}", "etc/systemd/system/x.service"] == b"[Unit]\n"
    assert {bundle for bundle, _ in found} == {f"x.tar:{REPORT}"}


def test_a_cut_systemd_archive_is_named_as_the_member_it_is(tmp_path: Path) -> None:
    inner = tar({f"{REPORT}/etc/systemd/system/x.service": bytes(2000)})[:1500]
    files = report() | {f"{REPORT}/etc/systemd.tar": inner}
    archive = opened(written(tmp_path, "x.tar", tar(files)))
    contents(archive)
    assert {(omission.bundle, omission.member) for omission in archive.omissions} == {
        (f"x.tar:{REPORT}", "etc/systemd.tar"),
        (f"x.tar:{REPORT}", "etc/systemd/system/x.service"),
    }


def test_a_log_is_never_opened_as_an_archive(tmp_path: Path) -> None:
    data = tar({"x": b"y"})
    archive = opened(written(tmp_path, "x", tar({"var/log/SMlog.2.gz": gzip.compress(data)})))
    assert by_path(archive) == {"var/log/SMlog.2.gz": data}


def test_a_log_whose_name_says_gz_may_be_plain(tmp_path: Path) -> None:
    archive = opened(written(tmp_path, "x", tar({"var/log/SMlog.2.gz": LINE})))
    assert by_path(archive) == {"var/log/SMlog.2.gz": LINE}


def test_a_foreign_archive_inside_is_an_omission(tmp_path: Path) -> None:
    files = {"host.tar.zst": b"\x28\xb5\x2f\xfd rest"} | report()
    archive = opened(written(tmp_path, "x", tar(files)))
    assert by_path(archive) == PLAIN
    assert whys(archive) == "host.tar.zst: packed with zstd: not read"
    assert not archive.complete


# Names


def test_the_first_of_two_members_of_one_name_is_kept(tmp_path: Path) -> None:
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w") as archive:
        for data in (b"first", b"second"):
            info = tarfile.TarInfo("SMlog")
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    opened_archive = opened(written(tmp_path, "x", target.getvalue()))
    assert by_path(opened_archive) == {"var/log/SMlog": b"first"}
    assert "a second member of this name" in whys(opened_archive)
    assert opened_archive.complete


@pytest.mark.parametrize("form", [tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_long_names_are_read_whole(form: int, tmp_path: Path) -> None:
    name = f"{REPORT}/var/xapi/blobs/messages/" + "x" * 300
    archive = opened(written(tmp_path, "x", tar({name: b"a", "SMlog": b"b"}, form)))
    assert by_path(archive) == {name.removeprefix(f"{REPORT}/"): b"a", "var/log/SMlog": b"b"}


def test_backslashes_of_windows_packers_are_folders(tmp_path: Path) -> None:
    data = zipped({"host/var/log/SMlog": LINE}).replace(
        b"host/var/log/SMlog", b"host\\var\\log\\SMlog"
    )
    assert by_path(opened(written(tmp_path, "x", data))) == {"var/log/SMlog": LINE}


def test_concatenated_tars_are_read_on(tmp_path: Path) -> None:
    data = tar({"SMlog": LINE}) + tar({"daemon.log": LINE})
    assert set(by_path(opened(written(tmp_path, "x", data)))) == {
        "var/log/SMlog",
        "var/log/daemon.log",
    }


def test_compressed_streams_in_a_row_are_one(tmp_path: Path) -> None:
    data = tar(report())
    rows = {
        "gz": b"".join(gzip.compress(data[at : at + 999]) for at in range(0, len(data), 999)),
        "bz2": b"".join(bz2.compress(data[at : at + 9999]) for at in range(0, len(data), 9999)),
    }
    for name, packed in rows.items():
        archive = opened(written(tmp_path, name, packed + bytes(100)))
        assert by_path(archive) == PLAIN
        assert archive.complete


def test_an_entry_without_a_name_costs_no_other(tmp_path: Path) -> None:
    path = written(tmp_path, "x.zip", zipped(report()))
    with zipfile.ZipFile(path, "a") as target, target.open(zipfile.ZipInfo(""), "w") as entry:
        entry.write(LINE)
    archive = opened(path)
    assert "var/log/SMlog" in by_path(archive)
    assert "it has no name" in whys(archive)


def test_a_bitmap_that_sums_up_to_no_checksum_is_no_tar(tmp_path: Path) -> None:
    bitmap = b"\xff" * 256 + bytes(256)
    path = f"{REPORT}/cbtlogs/0b0ebb4c-0a2e-4f55-9fd8-4b24d9d9b3a0.cbtlog"
    archive = opened(written(tmp_path, "x.tar", tar({**report(), path: bitmap})))
    assert bitmap in by_path(archive).values()
