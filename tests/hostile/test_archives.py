"""Archives that are cut, damaged, or made to do harm."""

import bz2
import gzip
import io
import lzma
import os
import random
import struct
import subprocess
import sys
import tarfile
import time
import tracemalloc
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from analyzer.bundle.archive import Archive, open_bundle
from analyzer.bundle.budget import Budget
from analyzer.errors import InputError
from tests.bundle.shapes import (
    LINE,
    MTIME,
    PACKERS,
    REPORT,
    Files,
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


def chance(seed: object) -> random.Random:
    """Return the same chance in every run."""
    return random.Random(str(seed))  # noqa: S311 - nothing here is secret


# Logs that no packer makes much smaller, so that a cut hits each of them.
NOISE = {
    f"{REPORT}/var/log/{name}": chance(name).randbytes(40_000).hex().encode()
    for name in ("SMlog", "SMlog.1", "daemon.log", "xensource.log")
}


def read(archive: Archive) -> dict[str, bytes]:
    found = by_path(archive)
    assert len(found) == len(set(found))
    return found


def is_prefix(found: Files, whole: Files) -> bool:
    return all(whole[path].startswith(data) for path, data in found.items())


# Cut


@pytest.mark.parametrize("share", [0.15, 0.5, 0.9])
@pytest.mark.parametrize("shape", PACKERS)
def test_a_cut_archive_gives_all_up_to_the_cut(shape: str, share: float, tmp_path: Path) -> None:
    whole = PACKERS[shape](NOISE)
    path = written(tmp_path, "x", whole[: int(len(whole) * share)])
    if shape.startswith("tar.bz2"):
        with pytest.raises(
            InputError, match=r"data damaged near its byte .* nothing in it can be read"
        ):
            opened(path)
        return
    archive = opened(path)
    found = read(archive)
    plain = {path.removeprefix(f"{REPORT}/"): data for path, data in NOISE.items()}
    assert is_prefix(found, plain)
    # a block of bzip2 holds 900 kB: here each member, or the tar, is one, and a cut one is lost
    least = (
        80_000 * int(4 * share) if "bz" in shape else share * sum(map(len, plain.values())) - 3000
    )
    assert sum(map(len, found.values())) >= least
    assert not archive.complete
    assert archive.omissions


@pytest.mark.parametrize("shape", PACKERS)
def test_a_cut_anywhere_never_fails(shape: str, tmp_path: Path) -> None:
    whole = PACKERS[shape](report())
    places = chance(shape).sample(range(len(whole)), min(60, len(whole)))
    for place in {*places, 0, 1, 2, 3, 4, 10, 18, 100, 512, 513, len(whole) - 1}:
        try:
            archive = opened(written(tmp_path, "x", whole[:place]))
        except InputError:
            continue
        assert is_prefix(read(archive), PLAIN)


@pytest.mark.parametrize("shape", [shape for shape in PACKERS if "tar.bz2" not in shape])
def test_a_cut_stream_gives_what_the_cut_file_gives(shape: str, tmp_path: Path) -> None:
    whole = PACKERS[shape](NOISE)
    cut = whole[: len(whole) // 2]
    assert read(piped(cut)) == read(opened(written(tmp_path, "x", cut)))


def test_the_cut_member_says_how_much_is_lost(tmp_path: Path) -> None:
    whole = tar({"SMlog": LINE * 100})
    (member,) = opened(written(tmp_path, "x", whole[: 512 + 67])).members()
    assert b"".join(member.blocks()) == LINE
    assert member.damage == (
        "the archive is cut at byte 579 of its unpacked content: "
        "the last 6,633 of its 6,700 bytes are lost"
    )


def test_a_tar_cut_between_members_is_not_complete(tmp_path: Path) -> None:
    whole = tar({"SMlog": b"x" * 512, "SMlog.1": b"y" * 512})
    archive = opened(written(tmp_path, "x", whole[:1024]))
    assert read(archive) == {"var/log/SMlog": b"x" * 512}
    assert not archive.complete
    assert "no end mark: cut at byte 1,024" in whys(archive)


def test_a_tar_cut_in_a_header_is_not_complete(tmp_path: Path) -> None:
    whole = tar({"SMlog": b"x" * 512, "SMlog.1": b"y" * 512})
    archive = opened(written(tmp_path, "x", whole[:1300]))
    assert read(archive) == {"var/log/SMlog": b"x" * 512}
    assert "cut inside a header at byte 1,300" in whys(archive)


def test_a_cut_rotated_log_gives_its_lines_up_to_the_cut(tmp_path: Path) -> None:
    noise = chance(1).randbytes(200_000).hex().encode()
    packed = gzip.compress(noise)
    cut = packed[: len(packed) // 2]
    archive = opened(written(tmp_path, "x", tar({"SMlog.3.gz": cut, "SMlog.4.gz": packed})))
    found = {}
    damage = {}
    for member in archive.members():
        found[member.path] = member.read(1 << 20)
        damage[member.path] = member.damage
    half = found["var/log/SMlog.3.gz"]
    assert noise.startswith(half)
    assert len(half) > 0.45 * len(noise)
    assert f"gz data damaged near its byte {len(cut):,}" in damage["var/log/SMlog.3.gz"]
    assert found["var/log/SMlog.4.gz"] == noise
    assert damage["var/log/SMlog.4.gz"] == ""
    assert not archive.complete


# Large enough for the parallel decoder


def big_bzip2() -> tuple[bytes, bytes]:
    data = chance(3).randbytes(1_500_000).hex().encode()
    return data, bz2.compress(tar({"SMlog": data, "SMlog.1": LINE}))


def damaged(kind: str, packed: bytes) -> bytes:
    middle = len(packed) // 2
    match kind:
        case "cut":
            return packed[:middle]
        case "cut with a good end":
            return packed[:middle] + packed[-12:]
        case "last byte":
            return packed[:-1]
        case "one bit":
            return packed[:middle] + bytes([packed[middle] ^ 4]) + packed[middle + 1 :]
        case "zeros":
            return packed[:middle] + bytes(1000) + packed[middle + 1000 :]
        case _:
            return packed[:middle] + b"x" * 77 + packed[middle:]


@pytest.mark.parametrize("cores", [1, 2])
@pytest.mark.parametrize(
    "kind", ["cut", "cut with a good end", "last byte", "one bit", "zeros", "inserted"]
)
def test_a_damaged_bzip2_gives_its_blocks_up_to_the_damage(
    kind: str, cores: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("analyzer.bundle._parallel.cores", lambda: cores)
    data, packed = big_bzip2()
    archive = opened(written(tmp_path, "x.tar.bz2", damaged(kind, packed)))
    found = by_path(archive)["var/log/SMlog"]
    assert data.startswith(found)
    assert len(found) >= 900_000 - 2048
    assert not archive.complete
    assert "bz2 data damaged near its byte" in whys(archive)


def test_a_large_bzip2_is_whole(tmp_path: Path) -> None:
    data, packed = big_bzip2()
    archive = opened(written(tmp_path, "x.tar.bz2", packed))
    assert by_path(archive)["var/log/SMlog"] == data
    assert archive.complete


def test_a_damaged_head_between_bzip2_streams_is_not_taken_for_the_end(tmp_path: Path) -> None:
    data = chance(3).randbytes(1_500_000).hex().encode()
    whole = tar({"SMlog": data})
    first, second = bz2.compress(whole[:1_000_000]), bytearray(bz2.compress(whole[1_000_000:]))
    second[0] = 0
    archive = opened(written(tmp_path, "x.tar.bz2", first + bytes(second)))
    assert by_path(archive)["var/log/SMlog"] == data[: 1_000_000 - 512]
    assert not archive.complete


@pytest.mark.parametrize("read_all", ["sum(map(len, next(m).blocks()))", "next(m).read(5)"])
def test_the_interpreter_ends_well_while_an_archive_is_open(read_all: str, tmp_path: Path) -> None:
    path = written(tmp_path, "x.tar.bz2", big_bzip2()[1])
    script = (
        "import sys; from pathlib import Path\n"
        "from analyzer.bundle.archive import open_bundle; from analyzer.bundle.budget import Budget\n"
        f"m = open_bundle(Path(sys.argv[1]), budget=Budget()).members()\nprint({read_all})"
    )
    run = subprocess.run(
        [sys.executable, "-c", script, str(path)], capture_output=True, check=False, timeout=60
    )
    assert (run.returncode, run.stderr) == (0, b"")


# Damaged in the middle


@pytest.mark.parametrize(
    "shape", ["tar", "gnu.tar", "tar.gz", "tar.bz2", "tar.xz", "zip", "stored.zip", "streamed.zip"]
)
def test_damage_anywhere_never_fails(shape: str, tmp_path: Path) -> None:
    whole = PACKERS[shape](report())
    dice = chance(shape)
    for _ in range(60):
        data = bytearray(whole)
        place = dice.randrange(len(data))
        data[place : place + dice.choice([1, 1, 40])] = dice.randbytes(dice.choice([1, 30]))
        try:
            archive = opened(written(tmp_path, "x", bytes(data)))
        except InputError:
            continue
        contents(archive)
        assert not any(
            ".." in bundle + path for bundle, path in contents_names(bytes(data), shape, tmp_path)
        )


def contents_names(data: bytes, shape: str, place: Path) -> list[tuple[str, str]]:
    archive = opened(written(place, shape, data))
    return [(member.bundle, member.path) for member in archive.members()]


def test_a_damaged_tar_header_loses_one_member_only(tmp_path: Path) -> None:
    data = bytearray(tar({"SMlog": b"a" * 600, "SMlog.1": b"b" * 600, "SMlog.2": b"c" * 600}))
    data[1536 + 20] ^= 1
    archive = opened(written(tmp_path, "x", bytes(data)))
    assert read(archive) == {"var/log/SMlog": b"a" * 600, "var/log/SMlog.2": b"c" * 600}
    assert "bytes 1,536 to 3,072 are no tar entries" in whys(archive)
    assert not archive.complete


def test_the_first_tar_header_may_be_damaged(tmp_path: Path) -> None:
    data = bytearray(tar({"SMlog": b"a" * 600, "SMlog.1": b"b" * 600}))
    data[20] ^= 1
    archive = opened(written(tmp_path, "x", bytes(data)))
    assert read(archive) == {"var/log/SMlog.1": b"b" * 600}
    assert not archive.complete


def test_an_altered_byte_in_a_zip_is_found_by_its_checksum(tmp_path: Path) -> None:
    data = bytearray(zipped({"SMlog": LINE, "SMlog.1": LINE}, zipfile.ZIP_STORED))
    data[45] ^= 1
    archive = opened(written(tmp_path, "x", bytes(data)))
    found = read(archive)
    assert len(found["var/log/SMlog"]) == len(LINE)
    assert found["var/log/SMlog.1"] == LINE
    assert whys(archive) == (
        "var/log/SMlog: checksum wrong: any part of what was read from it may be changed, "
        "what is quoted too"
    )


def test_a_damaged_zip_member_leaves_the_others_whole(tmp_path: Path) -> None:
    whole = zipped(NOISE)
    data = whole[:9000] + bytes(50) + whole[9050:]
    for archive in (opened(written(tmp_path, "x", data)), piped(data)):
        found = read(archive)
        assert len(found) == len(NOISE)
        assert found["var/log/xensource.log"] == NOISE[f"{REPORT}/var/log/xensource.log"]
        assert not archive.complete


def test_a_zip_whose_first_mark_is_damaged_is_read_by_its_directory(tmp_path: Path) -> None:
    data = bytearray(zipped({"SMlog": LINE, "SMlog.1": LINE}))
    data[1] = 0
    archive = opened(written(tmp_path, "x", bytes(data)))
    assert read(archive) == {"var/log/SMlog.1": LINE}
    assert whys(archive) == "SMlog: its data is not where the directory of the zip says"


@pytest.mark.parametrize("garbage", [b"\0" * 3000, b"garbage " * 1000])
def test_what_follows_the_end_of_a_tar_is_no_member(garbage: bytes, tmp_path: Path) -> None:
    archive = opened(written(tmp_path, "x", tar(report()) + garbage))
    assert read(archive) == PLAIN
    assert archive.complete == (not garbage.strip(b"\0"))


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress])
def test_garbage_after_compressed_data_is_told(
    pack: Callable[[bytes], bytes], tmp_path: Path
) -> None:
    archive = opened(written(tmp_path, "x", pack(tar(report())) + b"garbage"))
    assert read(archive) == PLAIN
    assert not archive.complete
    assert "what follows the end of the compressed data is something else" in whys(archive)


def test_a_disk_error_is_a_loss() -> None:
    class Failing(io.BytesIO):
        def read1(self, size: int | None = -1) -> bytes:
            if self.tell() > 2000:
                raise OSError(5, "Input/output error")
            return super().read1(min(size or 0, 1000))

    archive = open_bundle(None, budget=Budget(), stdin=Failing(tar({"SMlog": LINE * 100})))
    found = read(archive)["var/log/SMlog"]
    assert (LINE * 100).startswith(found)
    assert "reading failed at byte" in whys(archive)


# Names and types that do harm


def special(kind: bytes, name: str = "SMlog.1", target: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.mtime = kind, target, MTIME
    return info


def tar_of(*infos: tarfile.TarInfo) -> bytes:
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w") as archive:
        for info in infos:
            archive.addfile(info, io.BytesIO(bytes(info.size)))
        good = tarfile.TarInfo("SMlog")
        good.size = len(LINE)
        archive.addfile(good, io.BytesIO(LINE))
    return target.getvalue()


@pytest.mark.parametrize(
    ("kind", "why"),
    [
        (tarfile.SYMTYPE, "a symbolic link to /etc/passwd"),
        (tarfile.LNKTYPE, "a hard link to /etc/passwd"),
        (tarfile.CHRTYPE, "a device"),
        (tarfile.BLKTYPE, "a device"),
        (tarfile.FIFOTYPE, "a pipe"),
        (b"Z", "an entry of type b'Z'"),
        (b"S", "a sparse file"),
    ],
)
def test_what_is_no_file_is_listed_and_not_read(kind: bytes, why: str, tmp_path: Path) -> None:
    info = special(kind, target="/etc/passwd")
    archive = opened(written(tmp_path, "x", tar_of(info)))
    assert read(archive) == {"var/log/SMlog": LINE}
    assert whys(archive) == f"SMlog.1: not read: {why}"
    assert archive.complete


def test_the_target_of_a_link_is_made_printable(tmp_path: Path) -> None:
    info = special(tarfile.SYMTYPE, target="\x1b[31m\u202e")
    archive = opened(written(tmp_path, "x", tar_of(info)))
    read(archive)
    assert whys(archive).isprintable()


def test_directories_are_no_omission(tmp_path: Path) -> None:
    archive = opened(written(tmp_path, "x", tar_of(special(tarfile.DIRTYPE, "var/"))))
    assert read(archive) == {"var/log/SMlog": LINE}
    assert archive.omissions == ()


@pytest.mark.parametrize(
    "name",
    ["/etc/passwd", "../../x", "var/../../x", "..\\..\\x", "C:\\x", "var/log/..", "\\\\host\\x"],
)
def test_a_name_that_leads_outside_is_listed_and_not_read(name: str, tmp_path: Path) -> None:
    for data in (tar_of(special(tarfile.REGTYPE, name)), zipped({name: b"x", "SMlog": LINE})):
        archive = opened(written(tmp_path, "x", data))
        assert read(archive) == {"var/log/SMlog": LINE}
        assert "its name leads outside of the archive" in whys(archive)


def test_nothing_is_written_to_disk(tmp_path: Path) -> None:
    path = written(tmp_path, "x", tar_of(special(tarfile.REGTYPE, "../evil")))
    read(opened(path))
    assert list(tmp_path.iterdir()) == [path]


def test_names_that_act_on_a_terminal_are_escaped(tmp_path: Path) -> None:
    files = {"a\x1b[31m\u202eb\x07.txt": b"x"}
    for data in (tar(files), zipped(files)):
        (path,) = read(opened(written(tmp_path, "x", data)))
        assert path == "a\\x1b[31m\\u202eb\\x07.txt"


def test_a_name_that_is_no_text_is_escaped(tmp_path: Path) -> None:
    data = tar({"a\udcff": b"x"})
    assert set(read(opened(written(tmp_path, "x", data)))) == {"a\\xff"}


def test_links_of_a_folder_are_not_followed(tmp_path: Path) -> None:
    folder(report(""), tmp_path / "ticket")
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "secret").write_bytes(b"x")
    (tmp_path / "ticket" / "link").symlink_to(tmp_path / "outside")
    (tmp_path / "ticket" / "loop").symlink_to(tmp_path / "ticket")
    os.mkfifo(tmp_path / "ticket" / "pipe")
    archive = opened(tmp_path / "ticket")
    assert read(archive) == PLAIN
    assert whys(archive).splitlines() == [
        "link: not read: a symbolic link",
        "loop: not read: a symbolic link",
        "pipe: not read: a pipe",
    ]


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_an_unreadable_file_of_a_folder_is_a_loss(tmp_path: Path) -> None:
    written(tmp_path, "SMlog", LINE).chmod(0)
    archive = opened(tmp_path)
    assert read(archive) == {}
    assert not archive.complete


def test_a_file_of_a_folder_that_vanishes_is_a_loss(tmp_path: Path) -> None:
    folder({"SMlog": LINE, "SMlog.1": LINE, "sub/x": b""}, tmp_path)
    archive = opened(tmp_path)
    members = archive.members()
    next(members)
    (tmp_path / "SMlog.1").unlink()
    (tmp_path / "sub" / "x").unlink()
    assert [member.path for member in members] == []
    assert "SMlog.1: not readable: No such file or directory" in whys(archive)


def test_an_encrypted_zip_member_is_listed(tmp_path: Path) -> None:
    data = bytearray(zipped({"SMlog": LINE}))
    data[6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    for archive in (opened(written(tmp_path, "x", bytes(data))), piped(bytes(data))):
        assert read(archive) == {}
        assert "SMlog: not read: encrypted" in whys(archive)


def test_an_unknown_packing_in_a_zip_is_listed(tmp_path: Path) -> None:
    data = bytearray(zipped({"SMlog": LINE, "SMlog.1": LINE}))
    data[8] = 9
    data[data.index(b"PK\x01\x02") + 10] = 9
    for archive in (opened(written(tmp_path, "x", bytes(data))), piped(bytes(data))):
        assert read(archive) == {"var/log/SMlog.1": LINE}
        assert "SMlog: not read: packed by zip's method 9" in whys(archive)


def test_a_symbolic_link_in_a_zip_is_listed(tmp_path: Path) -> None:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        info = zipfile.ZipInfo("SMlog")
        info.external_attr = 0o120777 << 16
        archive.writestr(info, "/etc/passwd")
    found = opened(written(tmp_path, "x", target.getvalue()))
    assert read(found) == {}
    assert whys(found) == "SMlog: not read: a symbolic link"


# Bombs


def test_the_limit_of_all_bytes_ends_the_archive(tmp_path: Path) -> None:
    archive = opened(written(tmp_path, "x", gzip.compress(tar(NOISE))), total=100_000)
    found = read(archive)
    assert 0 < sum(map(len, found.values())) <= 100_000
    assert not archive.complete
    assert "our limit of 100,000 bytes in all was reached" in archive.stopped
    assert "--max-total" in archive.omissions[-1].settle_with


@pytest.mark.parametrize("shape", PACKERS)
def test_the_limit_of_a_member_ends_that_member_only(shape: str, tmp_path: Path) -> None:
    archive = opened(written(tmp_path, "x", PACKERS[shape](NOISE)), member=1000)
    found = read(archive)
    assert {len(data) for data in found.values()} == {1000}
    assert len(found) == len(NOISE)
    assert archive.stopped == ""
    assert {omission.settle_with for omission in archive.omissions} == {
        "run again with a higher --max-member if you trust the archive"
    }


def test_a_member_just_at_its_limit_is_whole(tmp_path: Path) -> None:
    archive = opened(written(tmp_path, "x", tar({"SMlog": bytes(1000)})), member=1000)
    assert len(read(archive)["var/log/SMlog"]) == 1000
    assert archive.complete


@pytest.mark.parametrize("shape", PACKERS)
def test_the_ratio_ends_a_bomb(shape: str, tmp_path: Path) -> None:
    if "stored" in shape or shape.endswith("tar"):
        return
    data = PACKERS[shape]({"SMlog": bytes(20_000_000)})
    archive = opened(written(tmp_path, "x", data), ratio=20, ratio_floor=1_000_000)
    assert len(read(archive).get("var/log/SMlog", b"")) < 3_000_000
    assert "times the size of the archive" in archive.stopped
    assert "--max-ratio" in archive.omissions[-1].settle_with


def test_a_bomb_that_nobody_reads_ends_too(tmp_path: Path) -> None:
    data = gzip.compress(tar({"a": bytes(20_000_000), "SMlog": LINE}))
    archive = opened(written(tmp_path, "x", data), total=1_000_000)
    assert [member.path for member in archive.members()] == ["a"]
    assert archive.stopped


def test_the_limit_of_members_ends_the_archive(tmp_path: Path) -> None:
    archive = opened(written(tmp_path, "x", tar({f"f{n}": b"x" for n in range(50)})), members=10)
    assert len(read(archive)) == 10
    assert "our limit of 10 members was reached" in archive.stopped
    assert len(archive.omissions) == 1


def test_archives_are_opened_up_to_the_depth(tmp_path: Path) -> None:
    data = tar({"SMlog": LINE})
    for _ in range(5):
        data = zipped({"inner": data, "SMlog.1": b"x"})
    archive = opened(written(tmp_path, "x", data), depth=3)
    found = contents(archive)
    assert {bundle for bundle, _ in found} == {"x", "x:inner", "x:inner:inner"}
    assert whys(archive) == "inner: our limit of 3 archives inside each other was reached"
    assert "--max-depth" in archive.omissions[0].settle_with


def test_layers_of_compression_end_too(tmp_path: Path) -> None:
    data = LINE
    for _ in range(9):
        data = gzip.compress(data)
    archive = opened(written(tmp_path, "x", tar({"SMlog.gz.gz": data, "SMlog": LINE})))
    assert read(archive) == {"var/log/SMlog": LINE}
    assert "packed with more than 4 layers of compression" in whys(archive)


def test_a_wide_tree_of_archives_ends_quickly(tmp_path: Path) -> None:
    data = zipped({"x": b"x"})
    for _ in range(4):
        data = zipped({f"{n}.zip": data for n in range(16)})
    start = time.process_time()
    archive = opened(written(tmp_path, "x", data))
    contents(archive)
    assert time.process_time() - start < 20
    assert not archive.complete
    assert len(archive.omissions) < 500


def test_a_bomb_is_read_in_bounded_memory(tmp_path: Path) -> None:
    path = written(tmp_path, "x", bz2.compress(tar({"SMlog": bytes(50_000_000)})))
    tracemalloc.start()
    for member in opened(path).members():
        for _block in member.blocks():
            pass
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 60_000_000


def test_an_extended_header_of_any_size_is_not_kept(tmp_path: Path) -> None:
    info = special(b"x")
    info.size = 3 << 20
    archive = opened(written(tmp_path, "x", tar_of(info)))
    assert read(archive) == {"var/log/SMlog": LINE}
    assert "an extended header of 3,145,728 bytes was passed over" in whys(archive)


@pytest.mark.parametrize(
    "record",
    [
        b"",
        b"x",
        b"99999999999999 path=x\n",
        b"0 a=b\n",
        b"11 size=-5\n",
        b"10 size=x\n",
        b"15 mtime=1e400\n",
        b"11 mtime=x\n",
    ],
)
def test_odd_extended_headers_change_nothing(record: bytes, tmp_path: Path) -> None:
    info = special(b"x")
    info.size = len(record)
    whole = info.tobuf(tarfile.USTAR_FORMAT) + record.ljust(512, b"\0") + tar({"SMlog": LINE})
    assert read(opened(written(tmp_path, "x", whole))) == {"var/log/SMlog": LINE}


def test_sparse_files_are_passed_over_with_their_maps(tmp_path: Path) -> None:
    info = special(b"S")
    info.size = 512
    block = bytearray(info.tobuf(tarfile.GNU_FORMAT))
    block[482] = 1
    checksum = 256 + sum(block[:148]) + sum(block[156:])
    block[148:156] = b"%06o\0 " % checksum
    maps = bytearray(1024)
    maps[504] = 1
    whole = bytes(block) + bytes(maps) + b"z" * 512 + tar({"SMlog": LINE})
    archive = opened(written(tmp_path, "x", whole))
    assert read(archive) == {"var/log/SMlog": LINE}
    assert whys(archive) == "SMlog.1: not read: a sparse file"


def test_sparse_files_of_pax_are_passed_over(tmp_path: Path) -> None:
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w") as archive:
        info = tarfile.TarInfo("SMlog.1")
        info.size, info.pax_headers = 4, {"GNU.sparse.major": "1"}
        archive.addfile(info, io.BytesIO(b"data"))
    found = opened(written(tmp_path, "x", target.getvalue()))
    assert read(found) == {}
    assert whys(found) == "SMlog.1: not read: a sparse file"


def test_defaults_of_pax_hold_for_all_members(tmp_path: Path) -> None:
    target = io.BytesIO()
    headers = {"mtime": "1718026361.5"}
    with tarfile.open(fileobj=target, mode="w", pax_headers=headers) as archive:
        archive.addfile(tarfile.TarInfo("SMlog"))
        archive.addfile(tarfile.TarInfo("SMlog.1"))
    members = list(opened(written(tmp_path, "x", target.getvalue())).members())
    assert {member.mtime.timestamp() for member in members if member.mtime} == {1718026361.5}


def test_an_xz_that_asks_for_gigabytes_is_refused(tmp_path: Path) -> None:
    filters = [{"id": lzma.FILTER_LZMA2, "dict_size": 1 << 30}]
    data = lzma.compress(tar({"SMlog": LINE}), filters=filters)
    with pytest.raises(InputError, match="Memory usage limit exceeded"):
        opened(written(tmp_path, "x", data))


def test_a_zip_with_a_huge_directory_is_read_by_its_entries(tmp_path: Path) -> None:
    data = bytearray(zipped({"SMlog": LINE}))
    place = data.rindex(b"PK\x05\x06")
    data[place + 12 : place + 16] = struct.pack("<I", 1 << 30)
    archive = opened(written(tmp_path, "x", bytes(data)))
    assert read(archive) == {"var/log/SMlog": LINE}
    assert not archive.complete


def test_sizes_of_zip64_are_read_in_a_stream() -> None:
    target = io.BytesIO()
    with (
        zipfile.ZipFile(target, "w") as archive,
        archive.open("SMlog", "w", force_zip64=True) as entry,
    ):
        entry.write(LINE)
    found = piped(target.getvalue())
    assert read(found) == {"var/log/SMlog": LINE}
    assert found.complete


def test_stored_data_may_hold_the_mark_of_its_end() -> None:
    data = b"PK\x07\x08" * 3000 + LINE
    found = piped(PACKERS["streamed-stored.zip"]({"SMlog": data, "SMlog.1": LINE}))
    assert read(found) == {"var/log/SMlog": data, "var/log/SMlog.1": LINE}


def test_deflate_is_read_up_to_the_damaged_byte(tmp_path: Path) -> None:
    data = chance(5).randbytes(100_000).hex().encode()
    packed = bytearray(gzip.compress(data))
    packed[60_000:60_040] = bytes(40)
    (member,) = opened(written(tmp_path, "SMlog.1.gz", bytes(packed))).members()
    found = member.read(1 << 20)
    good = zlib.decompressobj(31).decompress(bytes(packed[:60_000]))
    assert found.startswith(good)
    assert member.damage


def test_garbage_between_zip_entries_is_told() -> None:
    first = zipped({"SMlog": LINE})
    entry = first[: first.index(b"PK\x01\x02")]
    found = piped(entry + b"garbage " * 9 + zipped({"SMlog.1": LINE}))
    assert set(read(found)) == {"var/log/SMlog", "var/log/SMlog.1"}
    assert "are no zip entries: what was there is lost" in whys(found)


def test_garbage_at_the_end_of_a_cut_zip_is_told() -> None:
    first = zipped({"SMlog": LINE})
    found = piped(first[: first.index(b"PK\x01\x02")] + b"garbage " * 300_000)
    assert set(read(found)) == {"var/log/SMlog"}
    assert "the zip is cut at byte" in whys(found)


def test_a_zip_member_packed_with_bzip2_into_a_pipe_is_listed() -> None:
    found = piped(
        PACKERS["streamed.zip"]({"SMlog": LINE}).replace(b"\x08\0\x08\0", b"\x08\0\x0c\0")
    )
    assert read(found) == {}
    assert "packed with bzip2, and its size is lost" in whys(found)


def test_directories_of_a_zip_are_no_omission() -> None:
    found = piped(zipped({"var/": b"", "var/log/SMlog": LINE}))
    assert read(found) == {"var/log/SMlog": LINE}
    assert found.omissions == ()


def test_a_name_that_is_no_utf8_is_read_as_zip_says(tmp_path: Path) -> None:
    data = zipped({"a-e.txt": b"x"}).replace(b"a-e.txt", b"a-\x82.txt")
    for archive in (opened(written(tmp_path, "x", data)), piped(data)):
        assert read(archive) == {"a-é.txt": b"x"}


def test_a_zip_whose_end_lies_is_no_zip(tmp_path: Path) -> None:
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 7, 7, 1, 1, 46, 0, 0)
    locator = struct.pack("<4sLQL", b"PK\x06\x07", 7, 0, 9)
    with pytest.raises(InputError):
        opened(written(tmp_path, "x", b"x" * 100 + locator + end))


def test_padding_between_compressed_streams_may_end_anywhere() -> None:
    second = gzip.compress(tar({"SMlog": LINE}))
    for cut in range(1 << 16, (1 << 16) + 4):
        rows = gzip.compress(tar({"SMlog.1": LINE})[:-1024], 0)
        data = rows + bytes(cut - len(rows)) + second
        assert set(read(piped(data))) == {"var/log/SMlog", "var/log/SMlog.1"}
