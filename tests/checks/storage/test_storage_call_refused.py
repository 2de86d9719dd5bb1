"""Calls that ended with an error: what they are told as, and by whom."""

from pathlib import Path

import pytest

from analyzer.model.finding import Outcome, Severity, Verdict
from analyzer.model.goal import Standing
from analyzer.model.report import Report
from analyzer.run import analyze
from tests.support.bundle import BundleBuilder
from tests.support.clock import utc
from tests.world.objects import GIB
from tests.world.releases import XCP_NG_8_2
from tests.world.world import World

UUID = "6b0c1a3e-9d1f-4c55-8a47-2f60b7c0e913"
RULE = "storage-call-refused"
XAPI, SM, DAEMON = "var/log/xensource.log", "var/log/SMlog", "var/log/daemon.log"


def _world() -> World:
    world = World("refused calls", utc("2024-11-22 04:00:00"), release=XCP_NG_8_2)
    storage = world.storage("SAN", "nfs")
    world.network("Backup", "xenbr1", "eth1", "198.51.100", ("nbd",))
    world.serve()
    machine = world.machine("web", storage, [20 * GIB])
    world.start(machine)
    world.enable_cbt(machine.disks[0])
    world.snapshot(machine.disks[0])
    return world


def _report(folder: Path, log: str, *lines: str, world: World | None = None) -> Report:
    """Read the report of a pool in which these lines were written last."""
    world = world or _world()
    bundle: BundleBuilder = world.bundle(world.master)
    stamp = f"Nov 22 05:30:00 {world.master.name} "
    old = bundle.content(log).decode()
    bundle.log(log, old + "".join(f"{stamp}{line}\n" for line in lines))
    if lines and log == XAPI:  # so that both logs are of the same time
        released = f"{stamp}SM: [911] lock: released /var/lock/sm/x/sr\n"
        bundle.log(SM, bundle.content(SM).decode() + released)
    return analyze([bundle.write_tar(folder / "b.tar.bz2")])


def _outcome(report: Report, rule: str = RULE) -> Outcome:
    return next(outcome for outcome in report.outcomes if outcome.rule == rule)


def _failed(call: str, error: str, task: str = "R:0a1b2c3d4e5f") -> str:
    return f"xapi: [error||1 ||backtrace] {call} {task} failed with exception {error}"


def test_nothing_refused_is_ruled_out(tmp_path: Path) -> None:
    assert _outcome(_report(tmp_path, XAPI)).verdict is Verdict.RULED_OUT


def test_a_disc_that_is_in_the_drive_already_is_no_trouble(tmp_path: Path) -> None:
    drive = "OpaqueRef:0c6d9f6e-3a27-41b1-a9a6-37a4d8a2b7b5"
    line = _failed("VBD.insert", f"Server_error(VBD_NOT_EMPTY, [ {drive} ])")
    (finding,) = _outcome(_report(tmp_path, XAPI, line)).findings
    assert finding.severity is Severity.INFO


def test_that_a_command_of_lvm_is_tried_again_is_no_trouble(tmp_path: Path) -> None:
    report = _report(tmp_path, SM, "SM: [911] *** lvremove failed on attempt #0")
    assert (report.unexplained, _outcome(report).findings) == ((), ())


_IN_USE = "SM: [911] FAILED in util.pread: (rc 5) stdout: '', stderr: '  Logical volume a/b in use."
_COMMANDS = [
    ("lvremove", "['/sbin/lvremove', '-f', '/dev/VG_XenStorage-a/VHD-b']"),
    ("lvremove", f"['/sbin/lvremove', '-f', '/dev/VG_XenStorage-a/{UUID}.cbtlog']"),
    ("lvchange -an", "['/sbin/lvchange', '-an', '/dev/VG_XenStorage-a/VHD-b']"),
    ("lvchange -an", f"['/sbin/lvchange', '-an', '/dev/VG_XenStorage-a/{UUID}.cbtlog']"),
]


def _failed_tries(called: str, command: str, count: int) -> list[str]:
    """Return the lines of tries that fail, the last of them without what follows it."""
    lines: list[str] = []
    for number in range(count):
        lines += [f"SM: [911] {command}", _IN_USE, "SM: [911] '"]
        lines += [f"SM: [911] *** {called} failed on attempt #{number}"]
    return lines[:-1]


@pytest.mark.parametrize(("called", "command"), _COMMANDS)
@pytest.mark.parametrize("tries", [1, 10])
def test_a_command_of_lvm_that_failed_to_the_last_is_told(
    tmp_path: Path, tries: int, called: str, command: str
) -> None:
    report = _report(tmp_path, SM, *_failed_tries(called, command, tries))
    assert sum(group.count for group in report.unexplained) == tries


@pytest.mark.parametrize(("called", "command"), _COMMANDS)
@pytest.mark.parametrize("tries", [1, 9])
def test_a_command_of_lvm_that_was_done_in_the_end_is_no_trouble(
    tmp_path: Path, tries: int, called: str, command: str
) -> None:
    lines = _failed_tries(called, command, tries)
    lines += [f"SM: [911] *** {called} failed on attempt #{tries - 1}", f"SM: [911] {command}"]
    done = _report(tmp_path, SM, *lines, "SM: [911]   pread SUCCESS")
    assert (done.unexplained, _outcome(done).findings) == ((), ())
    for end in (("SM: [912]   pread SUCCESS",), ()):  # of another process, or never seen
        report = _report(tmp_path, SM, *lines, *end)
        assert sum(group.count for group in report.unexplained) == tries


def test_what_failed_beside_a_command_of_lvm_that_was_done_is_told(tmp_path: Path) -> None:
    called, command = _COMMANDS[0]
    lines = _failed_tries(called, command, 2)
    other = [line.replace("[911]", "[912]") for line in lines]
    end = [f"SM: [911] *** {called} failed on attempt #1", f"SM: [911] {command}"]
    report = _report(tmp_path, SM, *other, *lines, *end, "SM: [911]   pread SUCCESS")
    (group,) = report.unexplained
    assert (group.count, {"[912]" in each.text for each in group.evidence}) == (2, {True})


def test_a_call_is_told_with_its_disk(tmp_path: Path) -> None:
    world = _world()
    disk = world.machines[0].disks[0]
    line = _failed("Async.VDI.copy", f"Server_error(VDI_IN_USE, [ {disk.ref}; copy ])")
    (finding,) = _outcome(_report(tmp_path, XAPI, line, world=world)).findings
    assert finding.subjects[0].uuid == disk.uuid
    assert finding.evidence[0].text.endswith(line)
    assert finding.severity is Severity.WARNING


def test_a_code_that_is_in_no_table_is_told_by_its_name(tmp_path: Path) -> None:
    line = _failed("VDI.snapshot", "Server_error(FROBNICATION_DENIED, [ x ])")
    (finding,) = _outcome(_report(tmp_path, XAPI, line)).findings
    assert "FROBNICATION_DENIED" in finding.title
    assert finding.severity is Severity.ERROR


def test_a_call_that_is_about_no_storage_is_not_this_rules(tmp_path: Path) -> None:
    report = _report(tmp_path, XAPI, _failed("role.create", "Server_error(ROLE_X, [ ])"))
    assert _outcome(report).verdict is Verdict.RULED_OUT
    assert [group.code for group in report.unexplained] == ["ROLE_X"]


def test_what_another_rule_tells_is_not_told_twice(tmp_path: Path) -> None:
    line = _failed("Async.VDI.enable_cbt", "Server_error(LICENCE_RESTRICTION, [ restrict_cbt ])")
    report = _report(tmp_path, XAPI, line)
    assert _outcome(report, "cbt-not-licensed").verdict is Verdict.FOUND
    assert _outcome(report).verdict is Verdict.RULED_OUT


def test_a_refusal_after_which_the_same_went_well_is_no_fault(tmp_path: Path) -> None:
    world = _world()
    disk = world.machines[0].disks[0]
    entry = (
        f"SM: [{{pid}}] vdi_delete {{{{'sr_uuid': '{world.storages[0].uuid}', 'vdi_uuid': "
        f"'{disk.uuid}', 'vdi_ref': '{disk.ref}', 'args': [], 'command': 'vdi_delete'}}}}"
    )
    bundle = world.bundle(world.master)
    host = world.master.name
    refused = _failed("VDI.destroy", f"Server_error(VDI_IN_USE, [ {disk.ref}; destroy ])")
    bundle.log(XAPI, bundle.content(XAPI).decode() + f"Nov 22 05:30:00 {host} {refused}\n")
    again = "".join(
        f"Nov 22 05:30:{second:02d} {host} {line}\n"
        for second, line in (
            (20, entry.format(pid=911)),
            (21, "SM: [911] lock: released /var/lock/sm/x/sr"),
            (40, entry.format(pid=912)),
        )
    )
    bundle.log(SM, bundle.content(SM).decode() + again)
    report = analyze([bundle.write_tar(tmp_path / "b.tar.bz2")])
    (finding,) = _outcome(report).findings
    assert (finding.severity, finding.state) == (Severity.INFO, Standing.OVER)
    assert "[911] vdi_delete" in finding.evidence[-1].text


def _created(call: str, sr: str) -> list[str]:
    said = "The request is missing the serverpath parameter"
    return [
        f"SM: [911] {call} {{'sr_uuid': '{sr}', 'args': ['0'], 'command': '{call}'}}",
        f"SM: [911] Raising exception [101, {said}]",
        f"SM: [911] ***** generic exception: {call}: EXCEPTION <class 'SR.SROSError'>, {said}",
    ]


@pytest.mark.parametrize("call", ["sr_create", "sr_probe"])
def test_an_sr_that_could_not_be_made_leaves_nothing(tmp_path: Path, call: str) -> None:
    (finding,) = _outcome(_report(tmp_path, SM, *_created(call, UUID))).findings
    assert (finding.severity, finding.state) == (Severity.INFO, Standing.OVER)
    assert "serverpath" in finding.title


@pytest.mark.parametrize(("call", "is_there"), [("sr_attach", False), ("sr_create", True)])
def test_an_sr_that_is_there_or_in_use_is_an_error(
    tmp_path: Path, call: str, is_there: bool
) -> None:
    world = _world()
    sr = world.storages[0].uuid if is_there else UUID
    (finding,) = _outcome(_report(tmp_path, SM, *_created(call, sr), world=world)).findings
    assert (finding.severity, finding.state) == (Severity.ERROR, Standing.UNKNOWN)


def test_an_unknown_word_of_xapi_nbd_makes_rules_about_nbd_doubt(tmp_path: Path) -> None:
    line = "xapi-nbd[2407]: main: Caught exception while handling client: Odd.Frobnication(3)"
    report = _report(tmp_path, DAEMON, line)
    outcome = _outcome(report, "nbd-connection-limit")
    assert outcome.verdict is Verdict.CANNOT_TELL
    assert "Odd.Frobnication" in outcome.reason


def test_without_it_they_are_ruled_out(tmp_path: Path) -> None:
    report = _report(tmp_path, DAEMON)
    assert _outcome(report, "nbd-connection-limit").verdict is Verdict.RULED_OUT
