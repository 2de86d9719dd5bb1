"""The answer of a command is quoted with what SM made of it."""

from pathlib import Path

from analyzer.model.finding import Evidence, EvidenceRole, Finding
from analyzer.run import analyze
from tests.checks.storage.test_storage_call_refused import XAPI, _failed, _outcome, _report, _world
from tests.golden.outputs import sample_read
from tests.world.build_samples import FOLDER
from tests.world.emit_sm import SmProcess
from tests.world.exports import Refusal


def found(sample: str, rule: str) -> Finding:
    _, report = sample_read(FOLDER / sample)
    (outcome,) = (each for each in report.outcomes if each.rule == rule)
    return outcome.findings[0]


def answers(finding: Finding) -> list[Evidence]:
    return [each for each in finding.evidence if each.role is EvidenceRole.ANSWER]


def test_answer_above_a_failed_resize_is_quoted_and_changes_no_date() -> None:
    finding = found("resize-failed.tar.bz2", "cbt-disabled-resize-failed")
    (answer,) = answers(finding)
    shown = finding.evidence[0].source
    assert "'/usr/sbin/cbt-util'" in answer.text
    assert "(rc 5)" in answer.text
    assert (answer.source.member, answer.source.line) < (shown.member, shown.line)
    assert finding.first_seen == finding.evidence[0].at


def test_refusal_before_any_command_has_no_answer() -> None:
    finding = found("lvm-no-space.tar.bz2", "cbt-disabled-no-space")
    assert not answers(finding)


def test_answers_of_a_tool_tried_again_are_quoted_once() -> None:
    finding = found("cbt-hazards-nfs.tar.bz2", "cbt-leftover-metadata-vdis")
    (answer,) = answers(finding)
    assert "(rc 5)" in answer.text


def test_error_that_a_finding_quotes_already_is_no_answer() -> None:
    finding = found("cbt-comparisons-lvm.tar.bz2", "cbt-list-unrelated")
    assert not answers(finding)


def refused_call(folder: Path, *lines: str) -> Finding:
    """Return the finding about a call of xapi whose task logged these lines at last."""
    report = _report(folder, XAPI, *lines)
    (finding,) = _outcome(report).findings
    return finding


HEAD = "xapi: [error||1 ||Async.VDI.copy R:0a1b2c3d4e5f|sm_fs_ops] "
OTHERS = "xapi: [error||7 ||Async.VDI.copy R:9a1b2c3d4e5f|sm_fs_ops] "
BEHIND = "Caught exception in sparse_dd: No space left on device"
INTERNAL = _failed("Async.VDI.copy", "Server_error(INTERNAL_ERROR, [ sparse_dd failed ])")


def test_exception_behind_the_generic_one_is_quoted_of_its_task(tmp_path: Path) -> None:
    finding = refused_call(tmp_path, OTHERS + "Failed to flush", HEAD + BEHIND, INTERNAL)
    (answer,) = answers(finding)
    assert answer.text.endswith(BEHIND)


def test_errors_of_other_tasks_and_below_are_no_answers(tmp_path: Path) -> None:
    finding = refused_call(tmp_path, OTHERS + BEHIND, INTERNAL, HEAD + "Failed to clean up")
    assert not answers(finding)


def test_answer_behind_a_refused_nbd_client_is_the_command_of_sm(tmp_path: Path) -> None:
    world = _world()
    disk = next(each for each in world.disks.values() if each.is_a_snapshot)
    sm = SmProcess(world.master)
    sm.enter("vdi_attach", disk.storage, {"args": [], "vdi_uuid": disk.uuid})
    sm.fail(
        "/usr/bin/vhd-util", "query", "-n", disk.path, code=74, stderr="EBADMSG on " + disk.path
    )
    text = "The VDI is not available [opterr=Error opening VDI]"
    sm.raising(46, text)
    sm.exception("vdi_attach", sm.error_class, text, (("SRCommand.py", 113, "run", "x()"),))
    refusal = Refusal(code="SR_BACKEND_FAILURE_46", params=("", text, ""))
    world.exports.open(disk, world.master, refusal=refusal)
    report = analyze([world.bundle(world.master).write_tar(tmp_path / "b.tar.bz2")])
    (finding,) = _outcome(report, "nbd-attach-refused").findings
    (answer,) = answers(finding)
    assert "(rc 74)" in answer.text
