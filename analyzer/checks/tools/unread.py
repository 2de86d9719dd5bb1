"""Findings that rest on a replay are held back where lines that would undo them may be unread.

A pointer, a flag or a log that the replay knows may have been changed in a part of SMlog that is
missing, or by a host whose report was not given: the pool master may have been another one then.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from analyzer.case.case import Case
from analyzer.model.finding import Confidence, Finding, Gap, Severity
from analyzer.model.sentence import say

_OTHER_COPY = "SMlog of that time from the host itself, or from its syslog server"
_NOT_GIVEN = "{detail} The report of {hosts} was not given: what undid this may stand in its SMlog."


def held_back(case: Case, findings: Iterable[Finding]) -> Iterator[Finding | Gap]:
    """Say what may be said: nothing over a hole, and no more than possible without a host."""
    lost = next((gap for each in case.hosts if (gap := case.gap("smlog", each.bundle))), None)
    for finding in findings:
        if hole := lost or _gap_of_silence(case, finding):
            disks = ", ".join(subject.uuid for subject in finding.subjects if subject.type == "VDI")
            why = say(
                "it would be so for disk {disks}, unless what undid it is unread: {why}",
                disks=disks,
                why=hole.why,
            )
            yield Gap(need=hole.need, host=hole.host, why=why, settle_with=hole.settle_with)
        elif hosts := _hosts_missing(case, finding):
            severity = max(finding.severity, Severity.WARNING, key=lambda severity: severity.rank)
            yield replace(
                finding,
                severity=severity,
                confidence=Confidence.POSSIBLE,
                detail=say(_NOT_GIVEN, detail=finding.detail, hosts=", ".join(hosts)),
            )
        else:
            yield finding


def _gap_of_silence(case: Case, finding: Finding) -> Gap | None:
    """Return where SMlog is silent against its rhythm after the first line that was replayed."""
    moments = [item.at for item in finding.evidence if item.at is not None]
    since = min(moments, key=lambda moment: moment.earliest, default=None)
    hole = next(iter(case.unread("smlog", since)), None)
    if hole is None:
        return None
    why = say("{kind}, from {began} to {ended}", kind=hole.kind, began=hole.began, ended=hole.ended)
    return Gap(need="smlog", host=hole.host, why=why, settle_with=_OTHER_COPY)


def _hosts_missing(case: Case, finding: Finding) -> tuple[str, ...]:
    """Return the hosts that could have written a shared SR of the finding and were not given."""
    repositories = {subject.uuid for subject in finding.subjects if subject.type == "SR"}
    for pool in case.pools:
        disks = (subject.uuid for subject in finding.subjects if subject.type == "VDI")
        if any(pool.vdi(uuid) is not None for uuid in disks) and any(
            (row := pool.sr(uuid)) is not None and row.shared is not False for uuid in repositories
        ):
            return case.hosts_missing(pool) if case.world.reports_of(pool) else ()
    return ()
