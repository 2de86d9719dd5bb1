"""A hostile archive ends in a report: no traceback, and nothing written outside the folder."""

import bz2
import gzip
import io
import os
import subprocess
import sys
import tarfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pytest

from analyzer.bundle.budget import MIB, Budget
from analyzer.judging import MAY_BE_CHANGED
from analyzer.model.finding import Verdict
from analyzer.model.report import Report
from analyzer.run import Options, analyze
from tests.support.bundle import BundleBuilder
from tests.support.clock import utc
from tests.world.objects import GIB
from tests.world.world import World

TOP = "bug-report-20241122100601"
SENTENCE = "Changed Block Tracking metadata is inconsistent for disk {}."
DISK = "6b0c1a3e-9d1f-4c55-8a47-2f60b7c0e913"
LINE = f"Nov 22 10:06:00 jupiter SM: [2451] {SENTENCE.format(DISK)}\n"
DTD = (
    b'<?xml version="1.0"?><!DOCTYPE database [<!ENTITY a "aaaaaaaaaa">'
    b'<!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]><database><manifest/>'
    b'<table name="VDI"><row ref="OpaqueRef:1" uuid="&b;"/></table></database>'
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    """A tar entry that no honest collector writes."""

    name: str
    kind: bytes = tarfile.REGTYPE
    content: bytes = b""
    target: str = ""


def _tar(path: Path, entries: Iterable[_Entry]) -> Path:
    with tarfile.open(path, "w", format=tarfile.GNU_FORMAT) as archive:
        for entry in entries:
            info = tarfile.TarInfo(entry.name)
            info.type = entry.kind
            info.linkname = entry.target
            info.size = len(entry.content)
            archive.addfile(info, io.BytesIO(entry.content))
    return path


def _read(path: Path, **options: object) -> Report:
    budget = options.get("budget")
    return analyze([path], Options(budget=budget) if isinstance(budget, Budget) else Options())


def _found(report: Report) -> list[str]:
    return [finding.evidence[0].text for o in report.outcomes for finding in o.findings]


def _log(text: str | bytes, path: str = "var/log/SMlog") -> BundleBuilder:
    return BundleBuilder().log(path, text)


HONEST = _Entry(name=f"{TOP}/var/log/SMlog", content=LINE.encode())
ESCAPES = (
    _Entry(name="../../escaped.txt", content=b"x"),
    _Entry(name=f"{TOP}/../../../escaped.txt", content=b"x"),
    _Entry(name="/escaped-absolute.txt", content=b"x"),
    _Entry(name=f"{TOP}/var/log/../../../../escaped/SMlog", content=LINE.encode()),
    _Entry(name="C:\\escaped.txt", content=b"x"),
    _Entry(name=f"{TOP}/..\\..\\escaped.txt", content=b"x"),
)
SPECIAL = (
    _Entry(name=f"{TOP}/var/log/SMlog.1", kind=tarfile.SYMTYPE, target="/etc/passwd"),
    _Entry(name=f"{TOP}/var/log/SMlog.2", kind=tarfile.LNKTYPE, target="../../etc/shadow"),
    _Entry(name=f"{TOP}/var/log/daemon.log", kind=tarfile.CHRTYPE),
    _Entry(name=f"{TOP}/var/log/kern.log", kind=tarfile.BLKTYPE),
    _Entry(name=f"{TOP}/var/log/user.log", kind=tarfile.FIFOTYPE),
)


@pytest.mark.parametrize("entry", [*ESCAPES, *SPECIAL], ids=lambda entry: repr(entry.name))
def test_entry_is_skipped_and_listed(tmp_path: Path, entry: _Entry) -> None:
    report = _read(_tar(tmp_path / "b.tar", [entry, HONEST]))
    assert len(report.omissions) >= 1
    assert any(SENTENCE.format(DISK) in text for text in _found(report))


def test_log_that_is_a_link_is_no_reason_to_rule_out(tmp_path: Path) -> None:
    link = _Entry(name=f"{TOP}/var/log/SMlog", kind=tarfile.SYMTYPE, target="/var/log/SMlog")
    other = _Entry(name=f"{TOP}/var/log/daemon.log", content=b"")
    report = _read(_tar(tmp_path / "b.tar", [link, other]))
    assert Verdict.RULED_OUT not in {outcome.verdict for outcome in report.outcomes}


def test_symbolic_link_in_a_folder_is_not_followed(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.write_text(LINE)
    folder = BundleBuilder().write_folder(tmp_path / "in")
    (folder / "var" / "log").mkdir(parents=True)
    (folder / "var" / "log" / "SMlog").symlink_to(outside)
    assert _found(_read(folder)) == []


def test_bomb_ends_at_the_budget(tmp_path: Path) -> None:
    noise = b"Nov 22 10:06:00 jupiter SM: [2451] lock: opening lock file /var/lock/sm/x/sr\n"
    bundle = _log(noise * (16 * MIB // len(noise))).write_tar(tmp_path / "b.tar.bz2")
    report = _read(bundle, budget=Budget(total=8 * MIB))
    assert any(omission.why for omission in report.omissions)
    assert Verdict.RULED_OUT not in {outcome.verdict for outcome in report.outcomes}


def test_archive_inside_archives_ends_at_the_depth(tmp_path: Path) -> None:
    content = _log(LINE).stream()
    for level in range(8):
        content = _bundle_of(f"inner{level}.tar", content)
    path = tmp_path / "b.tar"
    path.write_bytes(content)
    honest = _log(LINE).write_tar(tmp_path / "honest.tar.bz2")
    report = analyze([path, honest], Options())
    assert report.omissions


def test_more_members_than_allowed_are_an_omission(tmp_path: Path) -> None:
    names = [_Entry(name=f"{TOP}/root/{number}", content=b"x") for number in range(300)]
    report = _read(_tar(tmp_path / "b.tar", [HONEST, *names]), budget=Budget(members=100))
    assert report.omissions


@pytest.mark.parametrize("member", ["xapi-db.xml", "xapi-db-dumped.xml", "inventory.xml"])
def test_document_type_is_refused(tmp_path: Path, member: str) -> None:
    bundle = _log(LINE).file(member, DTD).write_tar(tmp_path / "b.tar.bz2")
    report = _read(bundle)
    assert _found(report)
    assert "aaaaaaaaaaaaaaaaaaaa" not in repr(report)


def test_document_type_in_an_alert_is_refused(tmp_path: Path) -> None:
    alert = DTD.replace(b"database", b"message")
    path = "var/xapi/blobs/messages/1732266361.00000"
    assert _found(_read(_log(LINE).file(path, alert).write_tar(tmp_path / "b.tar.bz2")))


def test_deeply_nested_document_is_a_problem_only(tmp_path: Path) -> None:
    deep = "<database>" + "<table name='VDI'>" * 100_000
    assert _found(_read(_log(LINE).file("xapi-db.xml", deep).write_tar(tmp_path / "b.tar.bz2")))


HOSTILE_LINES: dict[str, bytes] = {
    "five megabytes": b"Nov 22 10:06:00 jupiter SM: [1] " + b"A" * (5 * MIB) + b"\n",
    "five megabytes of brackets": b"Nov 22 10:06:00 jupiter SM: [1] " + b"[" * (5 * MIB) + b"\n",
    "invalid UTF-8": b"Nov 22 10:06:00 jupiter SM: [1] \xff\xfe\x80 \xc3\x28\n",
    "colours": b"Nov 22 10:06:00 jupiter SM: [1] \x1b[31m\x1b]0;title\x07\x1b[2J\n",
    "zeros": b"\x00" * 4096 + b"\n",
    "zeros in a line": b"Nov 22 10:06:00 jupiter SM: [1] a\x00b\x00\n",
    "carriage returns": b"Nov 22 10:06:00 jupiter SM: [1] x\r\r\r\n",
    "impossible time": b"Feb 31 25:61:61 jupiter SM: [1] x\n",
    "command without arguments": b"Nov 22 10:06:00 jupiter SM: [1] ['/usr/sbin/cbt-util', 'get']\n",
    "commands without arguments": b"".join(
        b"Nov 22 10:06:00 jupiter SM: [1] ['%s']\n" % program
        for program in (
            b"",
            b"cbt-util",
            b"lvcreate",
            b"lvrename",
            b"lvremove",
            b"tap-ctl",
            b"vhd-util",
        )
    ),
    "unclosed record": b"Nov 22 10:06:00 jupiter SM: [1] FAILED in util.pread: (rc 5) stdout: '\n",
    "repeated for ever": b"Nov 22 10:06:00 jupiter SM: message repeated 99999999999999999999 times: [ x]\n",
    "half a dictionary": b"Nov 22 10:06:00 jupiter SM: [1] vdi_activate {'a': "
    + b"(" * 5000
    + b"\n",
    "separators": "Nov 22 10:06:00 jupiter SM: [1] \u2028\u2029\u0085\x0b\x0c\u202e\n".encode(),
}


@pytest.mark.parametrize("content", HOSTILE_LINES.values(), ids=HOSTILE_LINES)
def test_line_costs_no_other_line(tmp_path: Path, content: bytes) -> None:
    report = _read(_log(content + LINE.encode() + content).write_tar(tmp_path / "b.tar.bz2"))
    assert any(SENTENCE.format(DISK) in text for text in _found(report))


def test_line_numbers_survive_odd_separators(tmp_path: Path) -> None:
    text = HOSTILE_LINES["separators"] + HOSTILE_LINES["carriage returns"] + LINE.encode()
    report = _read(_log(text).write_tar(tmp_path / "b.tar.bz2"))
    lines = [e.source.line for o in report.outcomes for f in o.findings for e in f.evidence]
    assert lines[0] == 3


def _hostile(folder: Path) -> Path:
    """Write an archive that has everything at once, and return it."""
    world = World("hostile", utc("2024-11-22 05:00:00"))
    script = "<script>alert(1)</script>"
    machine = world.machine(f"{script}\x1b[31m{{{{7*7}}}}", world.storage("s", "lvm"), [GIB])
    world.start(machine)
    world.enable_cbt(machine.disks[0])
    world.crash(world.master)
    world.start(machine)
    report = world.bundle(world.master)
    smlog = b"".join(HOSTILE_LINES.values()) + f"{script} </pre>\n".encode()
    report.log("var/log/SMlog", smlog + report.content("var/log/SMlog"))
    for path in ("xapi-db.xml", "xapi-db-dumped.xml"):
        report.file(path, report.content(path).replace(b"\x1b", b""))
    honest = [_Entry(name=file.name, content=file.content) for file in report.packed()]
    return _tar(folder / f"{script.replace('/', '')}.tar", [*ESCAPES, *SPECIAL, *honest])


def _run(archive: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    argv = [sys.executable, "-m", "analyzer", "analyze", str(archive), "-o", str(folder / "out")]
    environment = {**os.environ, "NO_COLOR": "1", "PYTHONWARNINGS": "error"}
    root = Path(__file__).resolve().parents[2]
    return subprocess.run(
        argv, capture_output=True, text=True, check=False, cwd=root, env=environment
    )


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, subprocess.CompletedProcess[str]]:
    """Run the command on the worst archive; returns the folder around it and the result."""
    folder = tmp_path_factory.mktemp("hostile")
    return folder, _run(_hostile(folder), folder)


Run = tuple[Path, subprocess.CompletedProcess[str]]


def test_command_ends_with_findings(run: Run) -> None:
    _, result = run
    assert result.returncode == 1, result.stderr


def test_command_shows_no_traceback(run: Run) -> None:
    _, result = run
    assert "Traceback" not in result.stdout + result.stderr


def test_nothing_is_written_outside_the_output_folder(run: Run) -> None:
    folder, _ = run
    written = {path.relative_to(folder).parts[0] for path in folder.rglob("*")}
    assert written == {"out", "<script>alert(1)<script>.tar"}
    assert not list(folder.parent.glob("**/escaped*"))
    assert not Path("/escaped-absolute.txt").exists()


def test_terminal_gets_no_control_characters(run: Run) -> None:
    _, result = run
    assert not set(result.stdout + result.stderr) & {"\x1b", "\x00", "\x07", "\x0b", "\u202e"}


@pytest.mark.parametrize("wrong", ["<script>alert", "{{7*7}}</script", "\x1b", "\x00", "\u202e"])
def test_page_has_nothing_of_it_alive(run: Run, wrong: str) -> None:
    folder, _ = run
    page = (folder / "out" / "report.html").read_text("utf-8")
    assert wrong not in page


def _bundle_of(name: str, content: bytes) -> bytes:
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w") as archive:
        info = tarfile.TarInfo(name)
        info.size = len(content)
        archive.addfile(info, io.BytesIO(content))
    return target.getvalue()


SAMPLES = Path(__file__).parents[2] / "sample_bundles"


def _sample(name: str) -> bytes:
    return bz2.decompress((SAMPLES / f"{name}.tar.bz2").read_bytes())


def _verdicts(path: Path) -> dict[str, Verdict]:
    return {outcome.rule: outcome.verdict for outcome in _read(path).outcomes}


def test_a_wrong_checksum_of_the_archive_rules_nothing_out(tmp_path: Path) -> None:
    packed = bytearray(gzip.compress(_sample("lvm-no-space"), 1))
    whole = tmp_path / "whole.tar.gz"
    whole.write_bytes(packed)
    packed[-8] ^= 1
    broken = tmp_path / "broken.tar.gz"
    broken.write_bytes(packed)
    before, after = _verdicts(whole), _verdicts(broken)
    assert Verdict.RULED_OUT in before.values()
    assert not {Verdict.RULED_OUT, Verdict.NOT_APPLICABLE} & set(after.values())
    found, left = (
        {rule for rule, verdict in verdicts.items() if verdict is Verdict.FOUND}
        for verdicts in (before, after)
    )
    rests_on_it = {
        MAY_BE_CHANGED in str(finding.detail)
        for outcome in _read(broken).outcomes
        for finding in outcome.findings
        if finding.evidence[0].source.member == "var/log/SMlog"  # no md5 sum binds a live log
    }
    assert rests_on_it == {True}
    assert left
    assert left <= found, "what rests on all that a log says may be withdrawn, nothing is added"


@pytest.mark.parametrize(
    "line",
    [
        b"\0" * (2 << 20) + LINE.encode(),
        b"Nov 22 10:05:59 jupiter SM: [1] lock: rele" + LINE.encode(),
        LINE.removeprefix("Nov 22 ").encode(),
    ],
    ids=["cut at our limit", "glued to half a line", "torn"],
)
def test_a_sentence_in_a_line_nobody_understood_is_not_ruled_out(
    tmp_path: Path, line: bytes
) -> None:
    path = tmp_path / "report.tar"
    with (
        tarfile.open(fileobj=io.BytesIO(_sample("healthy-cbt"))) as source,
        tarfile.open(path, "w") as target,
    ):
        for info in source:
            file = source.extractfile(info)
            content = file.read() if file else b""
            content += line if info.name.endswith("/SMlog") else b""
            info.size = len(content)
            target.addfile(info, io.BytesIO(content))
    assert _verdicts(path)["cbt-disabled-inconsistent-log"] is Verdict.CANNOT_TELL
