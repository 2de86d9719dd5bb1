"""Given back: files beside the reports are known by their content, whatever they are called."""

import io
import os
import tarfile
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from analyzer.model.finding import Outcome, Verdict
from analyzer.model.report import Presence, Report
from analyzer.run import analyze
from tests.support.bundle import BundleBuilder
from tests.world.story_nbd_healthy import nbd_healthy
from tests.world.story_refused import cbt_refused_nfs

LISTING, SOCKETS, CHAINS = "ls-lR-%run%sr-mount.out", "ss-nampio.out", "iptables-nvL.out"


def _reports() -> tuple[BundleBuilder, dict[str, str]]:
    (report,) = cbt_refused_nfs().reports
    taken = {name: report.content(name).decode() for name in (LISTING, SOCKETS, CHAINS)}
    for name in taken:
        report.remove(name)
    return report, taken


def _lay(folder: Path, files: Mapping[str, str | bytes], at: datetime | None = None) -> list[Path]:
    paths = []
    for name, content in files.items():
        path = folder / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        if at is not None:
            os.utime(path, (at.timestamp(), at.timestamp()))
        paths.append(path)
    return paths


def _one_folder(listing: str) -> str:
    """Return the listing of the one SR, as `ls -la` prints it: it names no folder."""
    return "total 41943040\n" + listing.split("total 41943040\n")[1]


def _verdict(report: Report, rule: str) -> Verdict:
    return next(each.verdict for each in report.outcomes if each.rule == rule)


@pytest.fixture(scope="module")
def report_alone() -> tuple[BundleBuilder, dict[str, str]]:
    return _reports()


def test_loose_files_settle_what_could_not_be_told(
    tmp_path: Path, report_alone: tuple[BundleBuilder, dict[str, str]]
) -> None:
    report, taken = report_alone
    bundle = report.write_tar(tmp_path / "b.tar.bz2")
    at = report.captured_at + timedelta(days=2)
    files = {"new 1.txt": _one_folder(taken[LISTING]), "sock": taken[SOCKETS], "x": taken[CHAINS]}
    alone, joined = analyze([bundle]), analyze([*_lay(tmp_path, files, at), bundle])

    assert _verdict(alone, "cbt-log-missing") is Verdict.CANNOT_TELL
    assert _verdict(alone, "nbd-client-in-dom0") is Verdict.CANNOT_TELL
    assert [each.rule for each in joined.settled if each.verdict is Verdict.RULED_OUT] == [
        "cbt-log-missing",
        "nbd-address-configuration",
        "nbd-client-in-dom0",
    ]
    assert {file.member: file.source for file in joined.given_back} == {
        "new 1.txt": "sr_listing",
        "sock": "sockets",
        "x": "firewall",
    }
    assert all(file.taken and file.taken.latest == at for file in joined.given_back)
    assert len(joined.hosts) == 1


def test_what_a_later_file_shows_is_said_to_be_later(
    tmp_path: Path, report_alone: tuple[BundleBuilder, dict[str, str]]
) -> None:
    report, taken = report_alone
    rows = [row for row in _one_folder(taken[LISTING]).splitlines() if ".cbtlog" not in row]
    bundle = report.write_tar(tmp_path / "b.tar.bz2")
    late = _lay(tmp_path, {"ls.txt": "\n".join(rows) + "\n"}, datetime(2024, 12, 24, tzinfo=UTC))
    found = analyze([bundle, *late])
    (missing,) = {
        finding.detail[-160:]
        for outcome in found.outcomes
        if outcome.rule == "cbt-log-missing"
        for finding in outcome.findings[:1]
    }
    assert "ls.txt was made after the report, by 2024-12-24 00:00 UTC" in missing


def test_what_cannot_be_used_is_named(
    tmp_path: Path, report_alone: tuple[BundleBuilder, dict[str, str]]
) -> None:
    bundle = report_alone[0].write_tar(tmp_path / "b.tar.bz2")
    log = bytes(32) + b"\1\0\0\0\0\0\0\0" + (1 << 30).to_bytes(8, "little") + bytes(2048)
    packed = tmp_path / "ticket.tar.gz"
    with tarfile.open(packed, "w:gz") as archive:
        for name, content in {"mail.txt": b"see below\n", "a.bin": log}.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    unused = [e for e in analyze([bundle, packed]).ledger if e.presence is Presence.NOT_USED]
    assert [(entry.members, entry.why) for entry in unused] == [
        (
            ("a.bin",),
            (
                "a.bin: a CBT log, of which disk its name does not tell: name it "
                "<uuid of the disk>.cbtlog"
            ),
        ),
        (
            ("mail.txt",),
            (
                "mail.txt: nothing in it is known here: neither a listing, nor a table, a log or a "
                "record of xe"
            ),
        ),
    ]


def test_a_table_of_one_host_is_nobodys_where_several_were_given(tmp_path: Path) -> None:
    one, other = nbd_healthy().reports
    taken = one.content(SOCKETS).decode()
    paths = [
        one.remove(SOCKETS).write_tar(tmp_path / "1.tar.bz2"),
        other.remove(SOCKETS).write_tar(tmp_path / "2.tar.bz2"),
    ]
    unnamed = analyze([*paths, *_lay(tmp_path, {"ss.txt": taken})])
    assert [e.members for e in unnamed.ledger if e.presence is Presence.NOT_USED] == [("ss.txt",)]

    named = analyze([*paths, *_lay(tmp_path, {f"ss on {other.host}.txt": taken})])
    assert [file.joined_to.partition(":")[0] for file in named.given_back] == ["2.tar.bz2"]


def test_pasted_lines_are_of_the_host_of_the_report(tmp_path: Path) -> None:
    (report,) = cbt_refused_nfs().reports
    lines = report.content("var/log/SMlog").decode().splitlines()
    kept = [line for line in lines if "opterr=" not in line and "excep" not in line]
    paste = [line for line in lines if line not in kept]
    assert paste
    report.log("var/log/SMlog", kept)
    bundle = report.write_tar(tmp_path / "b.tar.bz2")
    (pasted,) = _lay(tmp_path, {"from the mail": "\n".join(("Hello,", *paste)) + "\n"})
    alone, joined = analyze([bundle]), analyze([bundle, pasted])

    assert len(joined.hosts) == 1
    assert [(file.member, file.source) for file in joined.given_back] == [
        ("from the mail", "smlog")
    ]
    untold = Verdict.CANNOT_TELL
    assert not [o.rule for o in joined.outcomes if o.verdict is untold and not _untold(alone, o)]
    quoted = {
        item.source.bundle
        for outcome in joined.outcomes
        for finding in outcome.findings
        for item in finding.evidence
    }
    assert "from the mail" in quoted


def _untold(report: Report, outcome: Outcome) -> bool:
    return _verdict(report, outcome.rule) is Verdict.CANNOT_TELL
