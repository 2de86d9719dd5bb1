"""Findings on the terminal, below whatever somebody asked for."""

from collections.abc import Iterator, Sequence

from analyzer.model.finding import Finding
from analyzer.render.words.view import visible


def found_text(findings: Sequence[Finding]) -> Iterator[str]:
    """Yield the lines of findings, or that there are none."""
    for finding in findings:
        yield f"  [{finding.severity.upper()}] {visible(finding.title)}"
        yield f"      {finding.id}; {finding.confidence}"
    if not findings:
        yield "  none; `cbtriage analyze` says what could not be checked"
