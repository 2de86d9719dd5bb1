"""What xapi-nbd did on each host, as the report shows it: counts, concurrency, runs."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field
from datetime import UTC, datetime
from enum import StrEnum
from typing import TypeVar

from analyzer.case.case import Case, HostReport
from analyzer.model.event import Event
from analyzer.model.finding import Evidence, Gap, Subject
from analyzer.model.nbd import (
    Concurrency,
    Dom0Attachment,
    NbdSession,
    ServerRun,
)
from analyzer.model.nbd_view import NbdHost, NbdRun
from analyzer.story.nbd.places import FindingIds
from analyzer.values import dataclass

MOST_RUNS = 500
_AGAINST = ("interfaces", "firewall", "sockets")
_NOT_GIVEN = "no status report of this host was given"
Word = TypeVar("Word", bound=StrEnum)


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """What was rebuilt of all hosts' NBD servers and of the disks that control domains hold.

    ``read_until`` is bundle → the time of the last line of its daemon.log.
    """

    sessions: tuple[NbdSession, ...] = ()
    runs: tuple[ServerRun, ...] = ()
    concurrency: tuple[Concurrency, ...] = ()
    attachments: tuple[Dom0Attachment, ...] = ()
    read_until: Mapping[str, datetime] = field(default_factory=dict)

    def of(self, bundles: Iterable[str]) -> "Served":
        """Return what some bundles tell, without attachments: these belong to a pool."""
        own = frozenset(bundles)
        return Served(
            sessions=tuple(each for each in self.sessions if each.bundle in own),
            runs=tuple(each for each in self.runs if each.bundle in own),
            concurrency=tuple(each for each in self.concurrency if each.bundle in own),
            read_until={each: end for each, end in self.read_until.items() if each in own},
        )


def hosts_of(
    case: Case, members: Mapping[Subject, Sequence[HostReport]], served: Served, ids: FindingIds
) -> tuple[NbdHost, ...]:
    """Return the hosts by name and uuid, those without a report among them."""
    order = sorted(members, key=lambda host: (host.name or host.uuid, host.uuid))
    return tuple(_host_of_reports(case, host, members[host], served, ids) for host in order)


def _host_of_reports(
    case: Case, host: Subject, reports: Sequence[HostReport], served: Served, ids: FindingIds
) -> NbdHost:
    own = served.of(report.bundle for report in reports)
    latest = max(reports, key=_captured_at, default=None)
    # The sources that no report of the host has whole.
    name = host.name or host.uuid
    if not reports:
        settle = f"xen-bugtool --yestoall  # on {name}"
        gaps_of_host: tuple[Gap, ...] = (
            Gap(need="daemon_log", host=name, why=_NOT_GIVEN, settle_with=settle),
        )
    else:
        gaps = {case.gap("daemon_log", report.bundle) for report in reports}
        gaps_of_host = tuple(sorted(gap for gap in gaps if gap is not None))
    return NbdHost(
        host=host,
        bundles=tuple(sorted(report.bundle for report in reports)),
        certificate=latest.certificate if latest else None,
        expired=_certificate_expired(latest),
        unread=gaps_of_host,
        unchecked=tuple(
            need for need in _AGAINST if all(case.gap(need, report.bundle) for report in reports)
        ),
        sessions=len(own.sessions),
        fates=_tally_of_words([session.fate for session in own.sessions]),
        troubles=_tally_of_words([session.trouble for session in own.sessions if session.trouble]),
        concurrency=own.concurrency,
        runs=tuple(_run_of_server(run) for run in own.runs[-MOST_RUNS:]),
        runs_left_out=max(len(own.runs) - MOST_RUNS, 0),
        findings=ids.get(host.uuid, ()),
        read_until=max(own.read_until.values(), default=None),
    )


def _captured_at(report: HostReport) -> datetime:
    moment = report.captured_at
    return moment.at if moment else datetime.min.replace(tzinfo=UTC)


def _certificate_expired(report: HostReport | None) -> bool | None:
    """Tell whether the certificate had ended at the capture; None where a time is missing."""
    if report is None or report.certificate is None or report.captured_at is None:
        return None
    end = report.certificate.not_after
    if end is None:
        return None
    if end < report.captured_at.earliest:
        return True
    return False if end > report.captured_at.latest else None


def _tally_of_words(words: Sequence[Word]) -> tuple[tuple[Word, int], ...]:
    """Return how often each word occurs, in the order of their definition."""
    counts = Counter(words)
    return tuple((word, counts[word]) for word in type(words[0]) if counts[word]) if words else ()


def quoted(event: Event) -> Evidence:
    """Return the line of an event as evidence."""
    return Evidence(source=event.source, text=event.text, at=event.moment)


def _run_of_server(run: ServerRun) -> NbdRun:
    death = (run.stop, run.exception, run.failed, run.killed, run.limit)
    points = (run.started, run.listening, *death, run.ended)
    shown = [event for event in points if event is not None] or list(run.events[:1])
    return NbdRun(
        bundle=run.bundle,
        pid=run.pid,
        started=run.started.moment if run.started else None,
        listening=run.listening.moment if run.listening else None,
        ended=run.ended.moment if run.ended else None,
        crashed=run.crashed,
        evidence=tuple({event.source: quoted(event) for event in shown}.values()),
    )
