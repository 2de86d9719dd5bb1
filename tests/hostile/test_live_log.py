"""A live log of which a part is gone is not whole: nothing is ruled out over what is lost of it."""

import bz2
import io
import tarfile
import zipfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from analyzer.bundle.names import log_name
from analyzer.model.finding import Verdict
from analyzer.model.report import LedgerEntry, Presence, Report
from analyzer.render.words.status import DAMAGED, FINDINGS, exit_status
from analyzer.run import Options, analyze

SAMPLES = Path(__file__).parents[2] / "sample_bundles"
LIVE = "var/log/SMlog"
RULE = "cbt-disabled-inconsistent-log"
BLOCK = 64 << 10

Change = Callable[[bytes], bytes]


@cache
def members(sample: str) -> tuple[tuple[tarfile.TarInfo, bytes], ...]:
    stream = io.BytesIO(bz2.decompress((SAMPLES / f"{sample}.tar.bz2").read_bytes()))
    with tarfile.open(fileobj=stream) as archive:
        return tuple((info, file.read()) for info in archive if (file := archive.extractfile(info)))


def changed(folder: Path, change: Callable[[str, bytes], bytes | None]) -> Report:
    """Return the report on a healthy host of whose files some are changed, or (None) gone."""
    path = folder / "report.tar"
    with tarfile.open(path, "w") as archive:
        for info, content in members("healthy-cbt"):
            now = change(info.name.partition("/")[2], content)
            if now is not None:
                entry = tarfile.TarInfo(info.name)
                entry.size, entry.mtime = len(now), info.mtime
                archive.addfile(entry, io.BytesIO(now))
    return analyze([path], Options(jobs=1))


def with_live_log(folder: Path, change: Change) -> Report:
    return changed(folder, lambda path, data: change(data) if path == LIVE else data)


def in_ledger(report: Report, source: str) -> LedgerEntry:
    return next(entry for entry in report.ledger if entry.source == source)


def verdict(report: Report, rule: str = RULE) -> Verdict:
    return next(outcome.verdict for outcome in report.outcomes if outcome.rule == rule)


def status(report: Report) -> int:
    return exit_status(report)


def ends_early(data: bytes) -> bytes:
    lines = data.splitlines(keepends=True)
    return b"".join(lines[: len(lines) // 2])


def begins_late(data: bytes) -> bytes:
    lines = data.splitlines(keepends=True)
    return b"".join(lines[len(lines) // 2 :])


def loses_its_last_minutes(data: bytes) -> bytes:
    """Leave out the last three minutes, which is far less than the log is often silent for."""
    return data[: data.index(b"Nov 22 10:0")] if b"Nov 22 10:0" in data else data


def zeros_inside(data: bytes) -> bytes:
    middle = len(data) // 2
    return data[:middle] + bytes(BLOCK) + data[middle + BLOCK :]


def mostly_zeros(data: bytes) -> bytes:
    return data[: len(data) // 5] + bytes(len(data) * 4 // 5)


def one_zero(data: bytes) -> bytes:
    return data[:-40] + b"\0" + data[-39:]


def one_delete(data: bytes) -> bytes:
    """Write a DEL, which is one bit from a letter, and which rsyslog writes as #177."""
    return data[:-40] + b"\x7f" + data[-39:]


LOSSES: tuple[Change, ...] = (
    ends_early,
    begins_late,
    loses_its_last_minutes,
    zeros_inside,
    mostly_zeros,
    one_zero,
    one_delete,
)


def test_the_log_as_it_was_rules_out(tmp_path: Path) -> None:
    report = with_live_log(tmp_path, lambda data: data)
    assert verdict(report) is Verdict.RULED_OUT
    assert status(report) == 0


@pytest.mark.parametrize("loss", LOSSES)
def test_a_log_of_which_a_part_is_lost_rules_nothing_out(tmp_path: Path, loss: Change) -> None:
    assert verdict(with_live_log(tmp_path, loss)) is Verdict.CANNOT_TELL


@pytest.mark.parametrize("loss", LOSSES)
def test_a_log_of_which_a_part_is_lost_is_never_exit_0(tmp_path: Path, loss: Change) -> None:
    assert status(with_live_log(tmp_path, loss)) in (FINDINGS, DAMAGED)


@pytest.mark.parametrize(
    ("loss", "said"),
    [
        (ends_early, "it ends at"),
        (begins_late, f"the beginning of {LIVE} is lost"),
        (loses_its_last_minutes, "usual is a line when the file is written"),
        (zeros_inside, "65,536 zero bytes stand where lines were"),
        (one_zero, "1 zero byte stands where lines were"),
    ],
)
def test_the_ledger_names_what_is_lost(tmp_path: Path, loss: Change, said: str) -> None:
    assert said in in_ledger(with_live_log(tmp_path, loss), "smlog").why


def test_a_dropped_live_log_rules_nothing_out(tmp_path: Path) -> None:
    report = changed(tmp_path, lambda path, data: None if path == LIVE else data)
    assert verdict(report) is Verdict.CANNOT_TELL
    assert status(report) == DAMAGED


def test_a_report_without_any_log_is_never_exit_0(tmp_path: Path) -> None:
    report = changed(tmp_path, lambda path, data: None if log_name(path) else data)
    assert status(report) == DAMAGED


def test_an_inventory_alone_is_never_exit_0(tmp_path: Path) -> None:
    report = changed(tmp_path, lambda path, data: data if path == "inventory.xml" else None)
    assert status(report) == DAMAGED


def test_half_a_database_is_never_exit_0(tmp_path: Path) -> None:
    report = changed(
        tmp_path, lambda path, data: data[: len(data) // 2] if "xapi-db" in path else data
    )
    assert in_ledger(report, "xapi_db").presence is Presence.DAMAGED
    assert status(report) == DAMAGED


@pytest.mark.parametrize(
    ("path", "loss"),
    [
        ("xapi-db.xml", lambda data: data[: len(data) // 2]),  # the other copy is whole
        ("lvs.out", lambda data: data[:-10]),
        ("etc/xensource/pool.conf", lambda data: data[: len(data) // 2]),
    ],
)
def test_half_a_file_is_never_exit_0(tmp_path: Path, path: str, loss: Change) -> None:
    report = changed(tmp_path, lambda each, data: loss(data) if each == path else data)
    assert status(report) == DAMAGED


def test_what_is_wrong_in_a_zip_is_met_behind_the_end_of_a_document(tmp_path: Path) -> None:
    path = tmp_path / "report.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for info, content in members("healthy-cbt"):
            archive.writestr(info.name, content)
    data = path.read_bytes()
    path.write_bytes(data.replace(b"<database>", b"<database<", 1))
    report = analyze([path], Options(jobs=1))
    assert len(report.omissions) == 1
    assert report.omissions[0].member.startswith("xapi-db")


def test_logs_in_utf_16_are_never_exit_0(tmp_path: Path) -> None:
    report = changed(
        tmp_path,
        lambda path, data: (
            data.decode(errors="replace").encode("utf-16")
            if log_name(path) and not path.endswith(".gz")
            else data
        ),
    )
    assert status(report) == DAMAGED
    assert verdict(report) is Verdict.CANNOT_TELL


def test_of_two_members_of_one_name_none_rules_anything_out(tmp_path: Path) -> None:
    path = tmp_path / "report.tar"
    with tarfile.open(path, "w") as archive:
        for info, content in members("healthy-cbt"):
            copies = 2 if info.name.endswith(f"/{LIVE}") else 1
            for number in range(copies):
                entry = tarfile.TarInfo(info.name)
                text = content[: len(content) // 2] if number < copies - 1 else content
                entry.size, entry.mtime = len(text), info.mtime
                archive.addfile(entry, io.BytesIO(text))
    report = analyze([path], Options(jobs=1))
    assert verdict(report) is Verdict.CANNOT_TELL
    assert "a second member of this name" in in_ledger(report, "smlog").why


@pytest.mark.parametrize("share", [0.1, 0.4, 0.7, 0.95])
def test_a_tar_cut_at_the_border_of_a_member_is_never_exit_0(tmp_path: Path, share: float) -> None:
    whole = members("healthy-cbt")
    path = tmp_path / "report.tar"
    with tarfile.open(path, "w") as archive:
        for info, content in whole[: int(len(whole) * share)]:
            entry = tarfile.TarInfo(info.name)
            entry.size, entry.mtime = len(content), info.mtime
            archive.addfile(entry, io.BytesIO(content))
        border = archive.offset
    path.write_bytes(path.read_bytes()[:border])
    report = analyze([path], Options(jobs=1))
    assert status(report) == DAMAGED
    assert in_ledger(report, "inventory").presence is Presence.DAMAGED


def begins_in_a_line(data: bytes) -> bytes:
    return data[data.index(b"\n", len(data) // 2) + 40 :]


def is_wrapped(data: bytes) -> bytes:
    """Break the lines as a mail program does."""
    lines = data.splitlines()
    return b"".join(line[at : at + 76] + b"\n" for line in lines for at in range(0, len(line), 76))


@pytest.mark.parametrize("change", [begins_in_a_line, is_wrapped])
@pytest.mark.parametrize("path", [LIVE, f"{LIVE}.1", "var/log/xensource.log"])
def test_log_with_what_is_no_line_is_not_whole(tmp_path: Path, change: Change, path: str) -> None:
    report = changed(tmp_path, lambda name, data: change(data) if name == path else data)
    assert status(report) != 0
    rule = RULE if "SMlog" in path else "cbt-enable-no-space"
    assert verdict(report, rule) is not Verdict.RULED_OUT


def test_logs_under_each_others_names_rule_nothing_out(tmp_path: Path) -> None:
    other = {LIVE: "var/log/xensource.log", "var/log/xensource.log": LIVE}
    known = {info.name.partition("/")[2]: content for info, content in members("healthy-cbt")}
    report = changed(tmp_path, lambda path, data: known[other[path]] if path in other else data)
    assert verdict(report) is Verdict.CANNOT_TELL
    assert verdict(report, "cbt-enable-no-space") is Verdict.CANNOT_TELL
    assert status(report) != 0
