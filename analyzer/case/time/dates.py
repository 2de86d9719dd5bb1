"""Dates in a report that lie behind the time at which it was made: some clock was wrong.

xapi's database and its alerts hold UTC by the master's clock; a report holds nothing younger than
itself.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from analyzer.case.case import HostReport
from analyzer.case.gather import BundleContent
from analyzer.model.host import Alert
from analyzer.model.moment import Moment
from analyzer.model.sentence import say
from analyzer.model.xapi import Vdi, XapiDatabase
from analyzer.parsers.host.alerts import read_time

_SLACK = timedelta(minutes=10)  # a report is made in minutes, and clocks differ a little


def later_than_capture(content: BundleContent, report: HostReport) -> tuple[str, ...]:
    """Return a sentence for each source with such dates: the last of them, and how many."""
    captured = report.captured_at
    if captured is None or not captured.year_known:
        return ()
    limit = captured.latest + _SLACK
    sources: dict[str, list[tuple[datetime, str]]] = {}
    for member, at, what in _dates_in_facts(content):
        if at > limit:
            sources.setdefault(member, []).append((at, what))
    return tuple(
        say(
            "{member}: {what} is of {at}{more}, after the report was made",
            member=member,
            what=max(found)[1],
            at=Moment.exact(max(found)[0], member),
            more=f", and {len(found) - 1} more" if len(found) > 1 else "",
        )
        for member, found in sorted(sources.items())
    )


def _dates_in_facts(content: BundleContent) -> Iterator[tuple[str, datetime, str]]:
    """Yield (source, time, what it is of)."""
    for fact in content.facts:
        if isinstance(fact, Alert):
            yield "alerts", fact.moment.at, f"the alert {fact.name} {fact.uuid}"
        elif isinstance(fact, XapiDatabase):
            for row in fact.objects:
                at = read_time(row.snapshot_time or "") if isinstance(row, Vdi) else None
                if at is not None:
                    yield fact.source.member, at, f"the snapshot of disk {row.uuid}"
