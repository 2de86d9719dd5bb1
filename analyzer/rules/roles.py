"""Which of the lines that a finding quotes show it, and which tell of another time."""

from dataclasses import replace

from analyzer.model.finding import Evidence, EvidenceRole, Finding


def with_roles(finding: Finding) -> Finding:
    """Return the finding with each quotation's role; its dates say when it was.

    A line that was certainly written before the first or after the last sign of it, such as the
    one that shows that CBT was on, is background.
    """
    return replace(finding, evidence=tuple(_with_role(finding, each) for each in finding.evidence))


def _with_role(finding: Finding, evidence: Evidence) -> Evidence:
    first, last, at = finding.first_seen, finding.last_seen, evidence.at
    if at is None or evidence.role is EvidenceRole.ANSWER:
        return evidence
    before = first is not None and at.certainly_before(first)
    after = last is not None and last.certainly_before(at)
    role = EvidenceRole.BACKGROUND if before or after else EvidenceRole.SHOWS
    return replace(evidence, role=role)
