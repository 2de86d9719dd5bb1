"""Which of the lines that a finding quotes show it, and which tell of another time."""

from dataclasses import replace

from analyzer.model.finding import Evidence, EvidenceRole, Finding


def with_roles(finding: Finding) -> Finding:
    """Return the finding with each quotation's role; its dates say when it was.

    A line that was certainly written before the first or after the last sign of it, such as the
    one that shows that CBT was on, is background.
    """
    with_role: list[Evidence] = []
    for each in finding.evidence:
        first, last, at = finding.first_seen, finding.last_seen, each.at
        if at is None or each.role is EvidenceRole.ANSWER:
            with_role.append(each)
        else:
            before = first is not None and at.certainly_before(first)
            after = last is not None and last.certainly_before(at)
            role = EvidenceRole.BACKGROUND if before or after else EvidenceRole.SHOWS
            with_role.append(replace(each, role=role))
    return replace(finding, evidence=tuple(with_role))
