"""The exit status of a run, and of each of its pools."""

from analyzer.case.log_coverage import lines_fault
from analyzer.model.finding import Severity, Verdict
from analyzer.model.hole import HoleKind
from analyzer.model.report import Presence, Report
from analyzer.render.words.summary import others, untold

FINDINGS, DAMAGED, INTERNAL = 1, 4, 5
_LOST = frozenset({Presence.DAMAGED, Presence.OVER_BUDGET, Presence.TIMED_OUT})
# What every host has and no rule can do without: xapi and SM write to their logs all the time.
_ALWAYS = frozenset({"smlog", "xapi_db", "xensource_log"})
_NOT_THERE = frozenset(Presence) - {Presence.PRESENT}
_CUT = frozenset({HoleKind.CUT, HoleKind.ENDED})


def exit_status(
    report: Report, least: Severity | None = Severity.WARNING, *, strict: bool = False
) -> int:
    """Return 5 where our own code failed, 1 for findings, 4 for not all read or told, else 0.

    What broke without a rule to explain it counts like findings. Of several pools the worst
    answer is that of the run. ``least`` is the severity from which a finding counts.
    """
    if report.parts:
        found = {exit_status(part, least, strict=strict) for part in report.parts}
        return next(status for status in (INTERNAL, FINDINGS, DAMAGED, 0) if status in found)
    if any(outcome.verdict is Verdict.ERROR for outcome in report.outcomes):
        return INTERNAL
    ranks = [finding.severity.rank for outcome in report.outcomes for finding in outcome.findings]
    ranks += [trouble.severity.rank for trouble in others(report)]
    if least and any(rank <= least.rank for rank in ranks):
        return FINDINGS
    if not _is_whole(report):
        return DAMAGED
    if strict and untold(report):
        return DAMAGED
    return 0


def _is_whole(report: Report) -> bool:
    """Tell whether what any status report has was there, and was read as it was collected."""
    if report.omissions or not all(bundle.complete for bundle in report.bundles):
        return False
    if any(problem.is_loss for problem in report.problems):
        return False
    if any(
        entry.presence in _LOST or (entry.source in _ALWAYS and entry.presence in _NOT_THERE)
        for entry in report.ledger
    ):
        return False
    if any(hole.kind in _CUT and not hole.whole_host for hole in report.holes):
        return False
    if any(row.lines > row.blank and lines_fault(row) for row in report.coverage):
        return False
    if report.coverage and not any(row.lines > row.not_understood for row in report.coverage):
        return False
    told = {Verdict.FOUND, Verdict.RULED_OUT}
    return any(outcome.verdict in told for outcome in report.outcomes)
