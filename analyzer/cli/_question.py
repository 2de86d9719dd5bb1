"""What ``analyze --about … --when …`` asks, from words to an object and a time."""

from typing import TYPE_CHECKING

from analyzer.cli._case import the_one
from analyzer.cli._timeline_asked import newest_of
from analyzer.cli._times import local_times, period

if TYPE_CHECKING:
    from analyzer.model.question import Question
    from analyzer.render.words.zone import Zone
    from analyzer.story.pages import Judged


def asked(judged: "Judged", about: str | None, when: str | None, zone: "Zone") -> "Question":
    """Return what answers the question.

    Raises:
        UsageError: no object fits or several do, or the time is none.
    """
    from analyzer.story.question import question_of

    names = judged.names
    every = (*names.vms, *names.disks, *names.hosts, *names.srs)
    known = the_one(every, "object", about, "--about") if about is not None else None
    if when is None:
        return question_of(judged, known, None, "")
    hosts = {host.bundle: host.name for host in judged.report.hosts}
    if known and known.bundles:
        hosts = {bundle: hosts[bundle] for bundle in known.bundles}
    span = period(when, "--when", local_times(zone, hosts), newest_of(judged.report))
    read = f"{when.strip()}, read as {span.first:%Y-%m-%d %H:%M:%S} to {span.last:%H:%M:%S} UTC"
    if span.first.date() != span.last.date():
        read = f"{when.strip()}, read as {span.first:%F %T} to {span.last:%F %T} UTC"
    how = "" if zone.is_utc else f", in the zone {zone.name}"
    return question_of(judged, known, (span.first, span.last), f"{read}{how}")
