"""The full timeline: what happened, among all kept records of all hosts, in one order.

Sorted by time, then host, member and line. Two entries whose ranges overlap are not ordered by
that: `Entry.about` says so, except for lines of one file that stand in their order.
"""

from collections.abc import Mapping

from analyzer.case.case import Case
from analyzer.model.entry import Entry, Unseen
from analyzer.model.report import Report
from analyzer.story.timeline.asked import asked, unseen_of
from analyzer.story.timeline.lines import LaidLines
from analyzer.story.timeline.wanted import Wanted


def full_timeline(
    case: Case, report: Report, titles: Mapping[str, str], wanted: Wanted
) -> tuple[Entry, ...]:
    """Return the entries that are asked for; ``titles`` names the kinds that set the scene."""
    return told(case, report, titles, wanted)[0]


def told(
    case: Case, report: Report, titles: Mapping[str, str], wanted: Wanted
) -> tuple[tuple[Entry, ...], tuple[Unseen, ...], int]:
    """Return the entries that are asked for, the logs that they are of, and the events kept."""
    lines = LaidLines(case, report, titles, frozenset().union(*wanted.objects))
    return asked(lines, wanted), unseen_of(lines.index, wanted), lines.index.count
