"""Which errors nobody explains: a line that was never seen before, and ordinary life."""

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

import pytest

from analyzer.case.errors.trouble import Trouble
from analyzer.case.events import EventTable
from analyzer.model.error_group import ErrorGroup
from analyzer.model.event import Event
from analyzer.model.finding import Severity
from analyzer.model.report import Report
from analyzer.model.source import Source
from analyzer.render.words.status import exit_status
from analyzer.render.words.summary import Tone, headline
from analyzer.rules import verdict
from analyzer.run import analyze
from analyzer.story.errors import explain
from tests.support.bundle import BundleBuilder
from tests.support.clock import utc
from tests.support.whole import fifths
from tests.world.objects import GIB
from tests.world.releases import ALL_RELEASES, Release
from tests.world.routine import backup, noise
from tests.world.world import World

SR = "0d2b6bd6-53d4-2f51-9e6c-1f8de3b4f0a7"
DISK = "6b0c1a3e-9d1f-4c55-8a47-2f60b7c0e913"
DISK_2 = "c1f4f1a2-0f5e-4f8b-9d3c-77b1c2a90e64"


def _entry(pid: int, call: str, disk: str = DISK) -> str:
    return f"SM: [{pid}] {call} {{'sr_uuid': '{SR}', 'vdi_uuid': '{disk}', 'command': '{call}'}}"


def _read(folder: Path, log: str, *lines: str) -> Report:
    text = "".join(
        f"Nov 22 09:{minute:02d}:00 jupiter {line}\n" for minute, line in enumerate(lines)
    )
    return analyze([BundleBuilder().log(log, text).write_tar(folder / "b.tar.bz2")])


def _sm(folder: Path, *lines: str) -> tuple[ErrorGroup, ...]:
    report = _read(folder, "var/log/SMlog", *lines)
    return (*report.unexplained, *report.explained_errors)


@pytest.mark.parametrize(
    ("log", "line"),
    [
        ("var/log/SMlog", "SM: [7] The frobnicator failed to frobnicate"),
        ("var/log/SMlog", "SMGC: [7] The frobnicator could not be reached"),
        (
            "var/log/xensource.log",
            "xapi: [error||1 ||storage_x] The frobnicator is upset",
        ),
        ("var/log/daemon.log", "xapi-nbd[7]: main: Caught exception: Odd.Frobnication(3)"),
        ("var/log/daemon.log", "tapdisk[7]: ERROR: errno -5 at frobnicate"),
        ("var/log/kern.log", "kernel: [  90.123456] Buffer I/O error on dev dm-9, block 7"),
        ("var/log/daemon.log", "systemd[1]: Failed to start The XenServer NBD server."),
        ("var/log/user.log", "nbd_client_manager: [ERROR] frobnication was denied"),
    ],
)
def test_a_line_that_nobody_ever_saw_comes_up(tmp_path: Path, log: str, line: str) -> None:
    report = _read(tmp_path, log, line)
    (group,) = report.unexplained
    assert group.evidence[0].text.endswith(line)
    assert headline(report).tone is not Tone.CLEAR
    assert exit_status(report) == 1


@pytest.mark.parametrize(
    ("log", "line"),
    [
        (
            "var/log/SMlog",
            "SM: [7] Failed to lock /var/lock/sm/x/sr on first attempt, blocked by PID 9",
        ),
        ("var/log/SMlog", "SM: [7] GC: recieved SIGTERM"),
        ("var/log/kern.log", "kernel: [   1.123456] ACPI: probe failed with error -19"),
        ("var/log/xensource.log", "xapi: [debug||1 ||dummytaskhelper] no error"),
        ("var/log/daemon.log", "systemd[1]: Failed to start Machine Check Exception Logging."),
        ("var/log/daemon.log", "ovs-vswitchd: ovs|00071|connmgr|WARN|xapi0: connection failed"),
    ],
)
def test_noise_does_not(tmp_path: Path, log: str, line: str) -> None:
    assert _read(tmp_path, log, line).unexplained == ()


def test_one_failure_told_by_many_lines_is_one_error(tmp_path: Path) -> None:
    groups = _sm(
        tmp_path,
        _entry(7, "vdi_activate"),
        "SM: [7] FAILED in util.pread: (rc 5) stdout: '', stderr: '  create ioctl failed: busy'",
        "SM: [7] Raising exception [46, The VDI is not available [opterr=busy]]",
        "SM: [7] ***** generic exception: vdi_activate: EXCEPTION <class 'SR.SROSError'>, "
        "The VDI is not available [opterr=busy]",
        "SM: [7] ***** LVHDSR: EXCEPTION <class 'SR.SROSError'>, "
        "The VDI is not available [opterr=busy]",
    )
    (group,) = [each for each in groups if each.code]
    assert (group.code, group.calls[0]) == ("SR_BACKEND_FAILURE_46", "vdi_activate")
    assert {subject.uuid for subject in group.subjects} >= {SR, DISK}
    assert group.severity is Severity.ERROR


def test_the_same_error_of_two_disks_is_two(tmp_path: Path) -> None:
    raised = (
        "***** generic exception: vdi_attach: EXCEPTION <class 'SR.SROSError'>, General IO error"
    )
    groups = _sm(
        tmp_path,
        _entry(7, "vdi_attach"),
        f"SM: [7] {raised}",
        _entry(8, "vdi_attach", DISK_2),
        f"SM: [8] {raised}",
    )
    assert sorted(group.subjects[0].uuid for group in groups) == sorted((DISK, DISK_2))


def test_an_error_that_repeats_is_counted_with_its_rate(tmp_path: Path) -> None:
    lines = [f"SMGC: [{pid}] Coalesce failed, skipping" for pid in range(7, 19)]
    (group,) = _sm(tmp_path, *lines)
    assert group.count == 12
    assert group.per_hour == 60


def test_a_code_is_told_with_its_meaning_and_the_number_in_words(tmp_path: Path) -> None:
    (group,) = _sm(
        tmp_path,
        "SM: [7] Raising exception [81, Failed to clone VDI [opterr=VDI clone failed error 13]]",
    )
    assert group.code == "SR_BACKEND_FAILURE_81"
    assert "access denied" in group.meaning
    assert group.next_step


def test_a_code_that_nobody_knows_is_told_by_its_name(tmp_path: Path) -> None:
    report = _read(
        tmp_path,
        "var/log/xensource.log",
        "xapi: [error||1 ||backtrace] VDI.snapshot R:0a1b2c3d4e5f failed with exception "
        "Server_error(FROBNICATION_DENIED, [ x ])",
    )
    (group,) = report.explained_errors
    assert (group.code, group.calls) == ("FROBNICATION_DENIED", ("VDI.snapshot",))
    assert group.near_backup


def test_what_is_kept_is_bounded_whatever_a_log_says(tmp_path: Path) -> None:
    lines = (f"SM: [7] the {'q' * (n % 60)}{chr(97 + n % 26)} unit failed {n}" for n in range(6000))
    text = "".join(f"Nov 22 09:00:00 jupiter {line}\n" for line in lines)
    report = analyze([BundleBuilder().log("var/log/SMlog", text).write_tar(tmp_path / "b.tar.bz2")])
    assert sum(group.count for group in report.unexplained) == 6000
    assert len(report.unexplained) < 2000


@pytest.mark.parametrize("release", fifths(ALL_RELEASES), ids=lambda release: release.version)
@pytest.mark.parametrize("kind", ["lvm", "lvmoiscsi", "nfs"])
def test_ordinary_life_holds_no_error_that_nobody_explains(
    tmp_path: Path, release: Release, kind: str
) -> None:
    world = World("ordinary", utc("2024-11-22 04:00:00"), release=release)
    storage = world.storage("SAN", kind)
    world.network("Backup", "xenbr1", "eth1", "198.51.100", ("nbd",))
    world.serve()
    machine = world.machine("web", storage, [20 * GIB])
    world.start(machine)
    for disk in machine.disks:
        world.enable_cbt(disk)
    backup(world, machine.disks, backup(world, machine.disks, {}))
    noise(world)
    report = analyze([world.bundle(world.master).write_tar(tmp_path / "b.tar.bz2")])
    assert [group.title for group in report.unexplained] == []
    findings = [each for outcome in report.outcomes for each in outcome.findings]
    assert [each.title for each in findings if each.severity is not Severity.INFO] == []


def test_a_line_that_is_not_understood_and_says_failed_lets_nothing_be_ruled_out(
    tmp_path: Path,
) -> None:
    report = _read(tmp_path, "var/log/SMlog", "SM: the frobnicator failed", "SM: [7] usual")
    (row,) = report.coverage
    assert (row.hidden, row.not_understood, row.not_used) == (1, 1, 1)
    assert headline(report).tone is not Tone.CLEAR


@pytest.mark.parametrize(
    ("log", "one", "other"),
    [
        (
            "var/log/SMlog",
            "SM: [7] Raising exception [81, Failed to clone VDI [opterr=error 13]]",
            "SM: [7] ***** generic exception: vdi_clone: EXCEPTION <class 'x'>, not there",
        ),
        (
            "var/log/SMlog",
            "SM: [7] ***** generic exception: vdi_attach: EXCEPTION <class 'x'>, no [opterr=one]",
            "SM: [7] ***** generic exception: vdi_detach: EXCEPTION <class 'x'>, Quite another",
        ),
        (
            "var/log/SMlog",
            "SMGC: [7] coalesce: EXCEPTION <class 'util.SMException'>, one",
            "SMGC: [7] gc: EXCEPTION <class 'TypeError'>, another",
        ),
    ],
)
def test_two_errors_of_one_process_in_a_second_are_two(
    tmp_path: Path, log: str, one: str, other: str
) -> None:
    text = "".join(f"Nov 22 09:00:00 jupiter {line}\n" for line in (one, other))
    report = analyze([BundleBuilder().log(log, text).write_tar(tmp_path / "b.tar.bz2")])
    groups = (*report.unexplained, *report.explained_errors)
    quoted = [{each.source.line for each in group.evidence} for group in groups]
    assert sorted(map(sorted, quoted)) == [[1], [2]]


def test_in_a_storm_nothing_is_asked_once_for_each_pair(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of 30 findings and as many errors that none of them explains: 900 pairs."""
    held: list[Trouble] = []
    looks: list[int] = []
    befell, look = explain._befell_its_object, EventTable.first_of_lines  # noqa: SLF001 - what is counted

    def counted_befell(told: explain._Told, trouble: Trouble) -> bool:
        held.append(trouble)
        return befell(told, trouble)

    def counted_look(table: EventTable, lines: Collection[Source]) -> Mapping[Source, Event]:
        looks.append(len(lines))
        return look(table, lines)

    monkeypatch.setattr(explain, "_befell_its_object", counted_befell)
    monkeypatch.setattr(EventTable, "first_of_lines", counted_look)
    words = [chr(97 + n // 26) + chr(97 + n % 26) for n in range(60)]
    report = _read(
        tmp_path,
        "var/log/xensource.log",
        *(
            f"xapi: [error||{n} ||backtrace] Async.{'VDI.destroy' if n % 2 else 'SR.scan'} "
            f"R:{n:012x} failed with exception Server_error(CODE_{word.upper()}, [ {word} ])"
            for n, word in enumerate(words)
        ),
    )
    findings = [finding for outcome in report.outcomes for finding in outcome.findings]
    assert (len(findings), len(report.unexplained)) == (30, 30)
    assert len(held) <= len(report.unexplained)
    assert max(looks) >= len(findings)
    assert len(looks) <= 3


@pytest.mark.parametrize(
    ("codes", "left"),
    [
        ([f"AA, [ OpaqueRef:{n:08x}-{SR[9:]} ]" for n in range(12)], 0),
        ([f"{letter * 2}, [ {letter} ]" for letter in "ABCDEFGHIJKL"], 8),
    ],
)
def test_beyond_the_findings_that_are_told_no_error_is_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, codes: Sequence[str], left: int
) -> None:
    """Of 12 refusals four are told: an error of their kind is theirs, any other comes up."""
    monkeypatch.setattr(verdict, "_MOST", 4)
    report = _read(
        tmp_path,
        "var/log/xensource.log",
        *(
            f"xapi: [error||{n} ||backtrace] Async.VDI.destroy R:{n:012x} failed with exception "
            f"Server_error(CODE_{code})"
            for n, code in enumerate(codes)
        ),
    )
    (outcome,) = (outcome for outcome in report.outcomes if outcome.findings)
    assert (len(outcome.findings), outcome.is_shortened) == (4, True)
    assert "8 more were found and are left out" in outcome.doubt
    assert len(report.unexplained) == left
    assert len(report.unexplained) + len(report.explained_errors) == 12
    assert exit_status(report) == 1


def test_what_multipathd_says_of_a_path_that_the_kernel_gave_up_is_explained(
    tmp_path: Path,
) -> None:
    line = "Nov 22 09:00:00 jupiter {}\n"
    builder = BundleBuilder().log(
        "var/log/daemon.log", line.format("multipathd[7]: sdd: mark as failed")
    )
    kernel = "kernel: [  90.123456] device-mapper: multipath: {} path 8:48."
    for what, explained in (("Failing", 1), ("Odd failed", 0)):
        builder.log("var/log/kern.log", line.format(kernel.format(what)))
        report = analyze([builder.write_tar(tmp_path / f"{explained}.tar.bz2")])
        own = [each for each in report.unexplained if each.process == "multipathd"]
        assert len(own) == 1 - explained
