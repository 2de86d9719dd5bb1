"""xapi-nbd ended without being told to, could not start, or had to be killed.

What a stop leaves behind, a service that systemd calls failed, is another rule's
(``nbd-service-failed-after-stop``). Each (host, kind of end) is one finding: systemd starts the
service again after a crash (``Restart=on-failure``), and one cause ends it many times.
"""

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType

from analyzer.case.case import Case, HostReport
from analyzer.checks.nbd_served.nbd_crash import (
    ADDRESS,
    CERTIFICATE,
    KILLED,
    LIMIT,
    OTHER,
    SILENT,
    XAPI,
    kind_of,
    lines_of,
    said_by,
    told_too_late,
)
from analyzer.checks.observation import LookedAt, Observation
from analyzer.checks.tools.finding import found, host_subject, quote, quote_ends, times
from analyzer.checks.tools.nbd_service import UNITS, listens_after, runs_by_host, shown_failed
from analyzer.checks.tools.purposes import unused
from analyzer.model.event import Event
from analyzer.model.finding import Basis, Confidence, Evidence, Finding, Gap, Severity
from analyzer.model.nbd import ServerRun
from analyzer.model.rule import RuleText
from analyzer.model.sentence import say

RULE = "nbd-service-crashed"
_SETTLE = "journalctl -u xapi-nbd; zgrep -h xapi-nbd /var/log/daemon.log*"
# Which steps make sense after which end.
_STEPS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "port": frozenset({ADDRESS, OTHER, LIMIT}),
        "kernel": frozenset({KILLED, OTHER}),
        "pem": frozenset({CERTIFICATE}),
        "login": frozenset({XAPI, SILENT}),
    }
)
Runs = tuple[ServerRun, ...]


def examine(case: Case, text: RuleText) -> Iterator[Observation]:
    """Judge each host by how each life of its xapi-nbd ended."""
    for report, runs in runs_by_host(case):
        yield from _examine(case, text, report, runs)
    yield LookedAt("systemctl")


def _examine(case: Case, text: RuleText, report: HostReport, runs: Runs) -> Iterator[Finding | Gap]:
    groups: dict[str, list[ServerRun]] = {}
    for place, run in enumerate(runs):
        if told_too_late(case, runs, place):
            yield _gap(report, "daemon.log begins when xapi-nbd had just ended")
        elif kind := kind_of(case, runs, place):
            groups.setdefault(kind, []).append(run)
    for kind, own in groups.items():
        yield _finding(case, text, report, runs=runs, kind=kind, own=own)
    explained = any(run.stop is not None or run.crashed for run in runs)
    if shown_failed(report) is not None and not explained:
        yield _gap(report, "systemd shows xapi-nbd as failed, and no log shows how it ended")


def _gap(report: HostReport, why: str) -> Gap:
    return Gap(need="daemon_log", host=report.name, why=why, settle_with=_SETTLE)


def _finding(
    case: Case,
    text: RuleText,
    report: HostReport,
    *,
    runs: Runs,
    kind: str,
    own: Sequence[ServerRun],
) -> Finding:
    back = listens_after(runs, own[-1])
    ends = [lines_of(run, kind)[-1] for run in own]
    values = {
        "host": report.name,
        "said": _said(kind, own[-1], ends[-1]),
        "after": _after(report, back),
        **{step: report.name for step, kinds in _STEPS.items() if kind in kinds},
        **times(ends),
    }
    failed = shown_failed(report) if back is None else None
    return found(
        text,
        (text.title, text.detail) if kind == OTHER else text.case(kind),
        basis=Basis.BOTH if failed else Basis.SYMPTOM,
        confidence=Confidence.LIKELY if kind == SILENT else Confidence.CERTAIN,
        subjects=(host_subject(report),),
        rows=[values],
        evidence=(*_quoted(own, kind), *_state(report, back)),
        events=ends,
        severity=_severity(case, report, kind, back),
    )


def _said(kind: str, run: ServerRun, end: Event) -> str:
    """Return the exception, or what systemd said."""
    if text := said_by(run):
        return f"{text}." if kind == CERTIFICATE else f"xapi-nbd said: {text}."
    return f"systemd said: {(run.killed or end).message}." if kind in (KILLED, OTHER) else ""


def _after(report: HostReport, back: ServerRun | None) -> str:
    if back is not None and back.listening is not None:
        return say("It listened again at {at}.", at=back.listening.moment)
    if _runs(report):
        return "It ran again when the report was taken."
    return "What was read does not show that it ever listened again: no NBD client is served."


def _runs(report: HostReport) -> bool:
    return report.services is not None and UNITS[0] in report.services.running


def _severity(case: Case, report: HostReport, kind: str, back: ServerRun | None) -> Severity | None:
    if unused(case):
        return Severity.INFO
    if back is None and not _runs(report):
        return None
    return Severity.INFO if kind == XAPI else Severity.WARNING


def _quoted(own: Sequence[ServerRun], kind: str) -> tuple[Evidence, ...]:
    return quote_ends([event for run in own for event in lines_of(run, kind)])


def _state(report: HostReport, back: ServerRun | None) -> tuple[Evidence, ...]:
    """Quote what shows that it came back, or that it did not."""
    if back is not None and back.listening is not None:
        return (quote(back.listening),)
    failed = shown_failed(report)
    return (Evidence(source=failed.source, text=failed.text),) if failed else ()
