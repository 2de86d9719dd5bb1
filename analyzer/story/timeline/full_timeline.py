"""The full timeline: what happened, among all kept records of all hosts, in one order.

Sorted by time, then host, member and line. Two entries whose ranges overlap are not ordered by
that: `Entry.about` says so, except for lines of one file that stand in their order.
"""

from collections.abc import Iterator, Mapping

from analyzer.case.case import Case
from analyzer.case.log_coverage import Window, log_window
from analyzer.model.entry import Entry, EntryKind
from analyzer.model.report import Report
from analyzer.sources import LOGS
from analyzer.story.timeline.happenings import marked, quoted, records
from analyzer.story.timeline.order import in_order
from analyzer.story.timeline.wanted import Naming, Wanted, chosen, fits_kind
from analyzer.values import dataclass

__all__ = ["Unseen", "Wanted", "fits_kind", "full_timeline", "unseen"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Unseen:
    """A log of a host: the time that was read of it, or why it was not."""

    bundle: str
    host: str
    need: str
    why: str
    settle_with: str
    window: Window | None


def full_timeline(
    case: Case, report: Report, titles: Mapping[str, str], wanted: Wanted
) -> tuple[Entry, ...]:
    """Return the entries that are asked for; ``titles`` names the kinds that set the scene."""
    named = Naming(case, wanted).fits if wanted.narrow else None
    quotes = quoted(report)
    kept = records(case.events.within(wanted.first, wanted.last), titles)
    entries = [*(marked(entry, quotes) for entry in kept), *beside_records(report)]
    return in_order(entry for entry in entries if chosen(entry, wanted, named))


def beside_records(report: Report) -> Iterator[Entry]:
    """Yield what happened beside the lines that were kept."""
    return (entry for entry in report.happenings if entry.what is not EntryKind.RECORD)


def unseen(case: Case, report: Report, wanted: Wanted) -> tuple[Unseen, ...]:
    """Return each log of the hosts that are asked for, with what was read of it."""
    return tuple(
        _log(case, report, host.bundle, host.name, need)
        for host in case.hosts
        if not wanted.bundles or host.bundle in wanted.bundles
        for need in LOGS
    )


def _log(case: Case, report: Report, bundle: str, host: str, need: str) -> Unseen:
    gap = case.gap(need, bundle)
    rows = [row for row in report.coverage if (row.bundle, row.parser) == (bundle, need)]
    return Unseen(
        bundle=bundle,
        host=host,
        need=need,
        why=gap.why if gap else "",
        settle_with=gap.settle_with if gap else "",
        window=log_window(rows) if rows else None,
    )
