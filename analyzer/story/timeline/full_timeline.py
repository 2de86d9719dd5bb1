"""The full timeline: what happened, among all kept records of all hosts, in one order.

Sorted by time, then host, member and line. Two entries whose ranges overlap are not ordered by
that: `Entry.about` says so, except for lines of one file that stand in their order.
"""

from collections.abc import Mapping

from analyzer.case.case import Case
from analyzer.model.entry import Entry
from analyzer.model.report import Report
from analyzer.story.timeline.asked import Local, Timeline, asked, timeline
from analyzer.story.timeline.lines import LaidLines, laid
from analyzer.story.timeline.wanted import Wanted


def full_timeline(
    case: Case, report: Report, titles: Mapping[str, str], wanted: Wanted
) -> tuple[Entry, ...]:
    """Return the entries that are asked for; ``titles`` names the kinds that set the scene."""
    return asked(_laid(case, report, titles, wanted), wanted)


def told(
    case: Case,
    report: Report,
    titles: Mapping[str, str],
    wanted: Wanted,
    local: Local | None = None,
) -> Timeline:
    """Return what is asked for, and what is said beside it."""
    return timeline(_laid(case, report, titles, wanted), wanted, local)


def _laid(case: Case, report: Report, titles: Mapping[str, str], wanted: Wanted) -> LaidLines:
    return laid(case, report, titles, frozenset().union(*wanted.objects))
