"""What the tests of this folder compare of a report."""

from pathlib import Path
from typing import TypeAlias

from analyzer.model.finding import Finding, Outcome
from analyzer.model.report import Report
from analyzer.run import Options, analyze

Said: TypeAlias = tuple[str, str, tuple[tuple[object, ...], ...]]


def read(*paths: Path, options: Options | None = None) -> Report:
    """Analyze paths with the default options."""
    return analyze(list(paths), options or Options())


def outcome_of(report: Report, rule: str) -> Outcome:
    """Return the one outcome of a rule."""
    (outcome,) = [outcome for outcome in report.outcomes if outcome.rule == rule]
    return outcome


def said(report: Report) -> tuple[Said, ...]:
    """Return all that is said of the pool, apart from where it was read."""
    return tuple(
        (
            outcome.rule,
            outcome.verdict.value,
            tuple(sorted(map(_finding, outcome.findings), key=repr)),
        )
        for outcome in report.outcomes
    )


def subjects(finding: Finding) -> frozenset[str]:
    """Return the uuids that a finding is about."""
    return frozenset(subject.uuid for subject in finding.subjects)


def _finding(finding: Finding) -> tuple[object, ...]:
    texts = tuple(evidence.text for evidence in finding.evidence)
    return (sorted(subjects(finding)), finding.title, finding.count, texts)
