"""The answer of a command is quoted with what SM made of it."""

from analyzer.model.finding import EvidenceRole, Finding
from tests.golden.outputs import sample_read
from tests.world.build_samples import FOLDER


def found(sample: str, rule: str) -> Finding:
    _, report = sample_read(FOLDER / sample)
    (outcome,) = (each for each in report.outcomes if each.rule == rule)
    return outcome.findings[0]


def test_answer_above_a_failed_resize_is_quoted_and_changes_no_date() -> None:
    finding = found("resize-failed.tar.bz2", "cbt-disabled-resize-failed")
    (answer,) = (each for each in finding.evidence if each.role is EvidenceRole.ANSWER)
    shown = finding.evidence[0].source
    assert "'/usr/sbin/cbt-util'" in answer.text
    assert "(rc 5)" in answer.text
    assert (answer.source.member, answer.source.line) < (shown.member, shown.line)
    assert finding.first_seen == finding.evidence[0].at


def test_refusal_before_any_command_has_no_answer() -> None:
    finding = found("lvm-no-space.tar.bz2", "cbt-disabled-no-space")
    assert EvidenceRole.ANSWER not in {each.role for each in finding.evidence}
