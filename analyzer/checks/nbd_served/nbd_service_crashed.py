"""xapi-nbd ended without being told to, could not start, or had to be killed.

What a stop leaves behind, a service that systemd calls failed, is another rule's
(``nbd-service-failed-after-stop``). Each (host, kind of end) is one finding: systemd starts the
service again after a crash (``Restart=on-failure``), and one cause ends it many times.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from types import MappingProxyType

from analyzer.case.case import Case, HostReport
from analyzer.case.time.order import mark
from analyzer.checks.observation import LookedAt, Observation
from analyzer.checks.tools.finding import found, host_subject, quote, quote_ends, times
from analyzer.checks.tools.nbd_service import listens_after, runs_by_host, shown_failed
from analyzer.checks.tools.purposes import unused
from analyzer.model.event import Event
from analyzer.model.finding import Basis, Confidence, Evidence, Finding, Gap, Severity
from analyzer.model.nbd import ServerRun
from analyzer.model.rule import RuleText
from analyzer.model.sentence import say
from analyzer.model.terms import HOST_BOOTED, NBD_UNITS

RULE = "nbd-service-crashed"
_SETTLE = "journalctl -u xapi-nbd; zgrep -h xapi-nbd /var/log/daemon.log*"
Runs = tuple[ServerRun, ...]
SILENT, HUNG, LIMIT, KILLED = "silent", "hung", "limit", "killed"
ADDRESS, CERTIFICATE, XAPI, OTHER = "address", "certificate", "xapi", "other"
_STARTED = "Caught unexpected exception: "
# Login takes up to five minutes (consts.ml); an unplug may wait for the SR.
_STARTS = timedelta(minutes=15)
_STOP_TAKES = timedelta(seconds=120)
_TEXTS = (
    ("EADDRINUSE", ADDRESS),
    ("Certificate_error", CERTIFICATE),
    ("Private_key_error", CERTIFICATE),
    ("Unmatching_keys", CERTIFICATE),
    ("xapi-ssl.pem", CERTIFICATE),
    ("certfile argument", CERTIFICATE),
    ("Failed to log in via xapi", XAPI),
    ("Unix.ECONNREFUSED", XAPI),
)
# Which steps make sense after which end.
_STEPS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "port": frozenset({ADDRESS, OTHER, LIMIT}),
        "kernel": frozenset({KILLED, OTHER}),
        "pem": frozenset({CERTIFICATE}),
        "login": frozenset({XAPI, SILENT}),
    }
)


def examine(case: Case, text: RuleText) -> Iterator[Observation]:
    """Judge each host by how each life of its xapi-nbd ended."""
    for report, runs in runs_by_host(case):
        groups: dict[str, list[ServerRun]] = {}
        for place, run in enumerate(runs):
            if _told_too_late(case, runs, place):
                yield _gap_of_runs(report, "daemon.log begins when xapi-nbd had just ended")
            elif kind := _kind_of(case, runs, place):
                groups.setdefault(kind, []).append(run)
        for kind, own in groups.items():
            yield _finding_of_runs(case, text, report, runs=runs, kind=kind, own=own)
        explained = any(run.stop is not None or run.crashed for run in runs)
        if shown_failed(report) is not None and not explained:
            yield _gap_of_runs(
                report, "systemd shows xapi-nbd as failed, and no log shows how it ended"
            )
    yield LookedAt("systemctl")


def _gap_of_runs(report: HostReport, why: str) -> Gap:
    return Gap(need="daemon_log", host=report.name, why=why, settle_with=_SETTLE)


def _finding_of_runs(
    case: Case,
    text: RuleText,
    report: HostReport,
    *,
    runs: Runs,
    kind: str,
    own: Sequence[ServerRun],
) -> Finding:
    back = listens_after(runs, own[-1])
    ends = [_lines_of(run, kind)[-1] for run in own]
    values = {
        "host": report.name,
        "said": _as_it_said(kind, own[-1], ends[-1]),
        "after": _what_came_after(report, back),
        **{step: report.name for step, kinds in _STEPS.items() if kind in kinds},
        **times(ends),
    }
    failed = shown_failed(report) if back is None else None
    if unused(case):
        severity_of_crash: Severity | None = Severity.INFO
    elif back is None and not _runs_now(report):
        severity_of_crash = None
    else:
        severity_of_crash = Severity.INFO if kind == XAPI else Severity.WARNING
    return found(
        text,
        (text.title, text.detail) if kind == OTHER else text.case(kind),
        basis=Basis.BOTH if failed else Basis.SYMPTOM,
        confidence=Confidence.LIKELY if kind == SILENT else Confidence.CERTAIN,
        subjects=(host_subject(report),),
        rows=[values],
        evidence=(
            *quote_ends([event for run in own for event in _lines_of(run, kind)]),
            *_state_quoted(report, back),
        ),
        events=ends,
        severity=severity_of_crash,
    )


def _as_it_said(kind: str, run: ServerRun, end: Event) -> str:
    """Return the exception, or what systemd said."""
    if text := _said_by(run):
        return f"{text}." if kind == CERTIFICATE else f"xapi-nbd said: {text}."
    return f"systemd said: {(run.killed or end).message}." if kind in (KILLED, OTHER) else ""


def _what_came_after(report: HostReport, back: ServerRun | None) -> str:
    if back is not None and back.listening is not None:
        return say("It listened again at {at}.", at=back.listening.moment)
    if _runs_now(report):
        return "It ran again when the report was taken."
    return "What was read does not show that it ever listened again: no NBD client is served."


def _runs_now(report: HostReport) -> bool:
    return report.services is not None and NBD_UNITS[0] in report.services.running


def _state_quoted(report: HostReport, back: ServerRun | None) -> tuple[Evidence, ...]:
    """Quote what shows that it came back, or that it did not."""
    if back is not None and back.listening is not None:
        return (quote(back.listening),)
    failed = shown_failed(report)
    return (Evidence(source=failed.source, text=failed.text),) if failed else ()


def _kind_of(case: Case, runs: Sequence[ServerRun], place: int) -> str:
    """Return what went wrong with a life of xapi-nbd, "" if nothing, as far as is known."""
    run = runs[place]
    if run.crashed:
        text = _said_by(run)
        for part, kind in _TEXTS:
            if part in text:
                return kind
        if run.exception is None and run.killed is not None:
            return KILLED
        return LIMIT if run.exception is None and _only_limited(run) else OTHER
    if run.killed is not None and run.stop is not None:
        # Whether the host may have booted after a stop, before the next start: it was down.
        later = runs[place + 1 :]
        assert run.stop is not None
        stop, order = mark(run.stop), case.order
        starts = [mark(each.events[0]) for each in later[:1] if each.events]
        host_went_down = any(
            not order.surely_before(mark(event), stop)
            and not any(order.surely_before(start, mark(event)) for start in starts)
            for event in case.events.of(HOST_BOOTED)
            if event.source.bundle == run.bundle
        )
        return "" if host_went_down else HUNG
    if run.limit is not None:
        return LIMIT
    return SILENT if _never_listened(case, run, runs[place + 1 :]) else ""


def _only_limited(run: ServerRun) -> bool:
    """Tell whether systemd gave up before it noted any failure of the process."""
    if run.limit is None:
        return False
    return run.failed is None or run.limit.moment.at <= run.failed.moment.at


def _said_by(run: ServerRun) -> str:
    """Return the exception that xapi-nbd died of, as it printed it, "" if it printed none."""
    return run.exception.message.partition(_STARTED)[2] if run.exception else ""


def _lines_of(run: ServerRun, kind: str) -> list[Event]:
    """Return the lines that show what went wrong, in their order."""
    if kind == SILENT:
        return [event for event in (run.started, run.last) if event is not None]
    found = (run.exception, run.stop, run.killed, run.failed, run.limit)
    lines = {event.source: event for event in found if event is not None}
    return sorted(lines.values(), key=lambda event: (event.moment.at, event.source))


def _told_too_late(case: Case, runs: Sequence[ServerRun], place: int) -> bool:
    """Tell whether a stop may stand before the first line that was read."""
    run = runs[place]
    begins = case.window("daemon_log")
    unseen = run.started is None and run.last is None and place == 0
    if not unseen or run.failed is None or begins is None:
        return False
    return run.failed.moment.at - begins[0].at < _STOP_TAKES


def _never_listened(case: Case, run: ServerRun, later: Sequence[ServerRun]) -> bool:
    """Tell whether a start was seen, had time enough, and led to nothing that was seen."""
    if run.started is None or run.listening is not None or run.ended is not None or later:
        return False
    window = case.window("daemon_log")
    served = run.last is not None and run.last.kind.startswith("nbd-connection.")
    return (
        not served
        and window is not None
        and case.gap("daemon_log", run.bundle) is None
        and not any(h.bundle == run.bundle for h in case.unread("daemon_log", run.started.moment))
        and window[1].at - run.started.moment.at > _STARTS
    )
