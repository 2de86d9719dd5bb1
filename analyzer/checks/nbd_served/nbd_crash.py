"""What ended xapi-nbd, of the lines that it and systemd wrote."""

from collections.abc import Sequence
from datetime import timedelta

from analyzer.case.case import Case
from analyzer.case.time.order import mark
from analyzer.model.event import Event
from analyzer.model.nbd import ServerRun

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


def kind_of(case: Case, runs: Sequence[ServerRun], place: int) -> str:
    """Return what went wrong with a life of xapi-nbd, "" if nothing, as far as is known."""
    run = runs[place]
    if run.crashed:
        return _of_crash(run)
    if run.killed is not None and run.stop is not None:
        return "" if _host_went_down(case, run, runs[place + 1 :]) else HUNG
    if run.limit is not None:
        return LIMIT
    return SILENT if _never_listened(case, run, runs[place + 1 :]) else ""


def _of_crash(run: ServerRun) -> str:
    text = said_by(run)
    for part, kind in _TEXTS:
        if part in text:
            return kind
    if run.exception is None and run.killed is not None:
        return KILLED
    return LIMIT if run.exception is None and _only_limited(run) else OTHER


def _only_limited(run: ServerRun) -> bool:
    """Tell whether systemd gave up before it noted any failure of the process."""
    if run.limit is None:
        return False
    return run.failed is None or run.limit.moment.at <= run.failed.moment.at


def said_by(run: ServerRun) -> str:
    """Return the exception that xapi-nbd died of, as it printed it, "" if it printed none."""
    return run.exception.message.partition(_STARTED)[2] if run.exception else ""


def lines_of(run: ServerRun, kind: str) -> list[Event]:
    """Return the lines that show what went wrong, in their order."""
    if kind == SILENT:
        return [event for event in (run.started, run.last) if event is not None]
    found = (run.exception, run.stop, run.killed, run.failed, run.limit)
    lines = {event.source: event for event in found if event is not None}
    return sorted(lines.values(), key=lambda event: (event.moment.at, event.source))


def told_too_late(case: Case, runs: Sequence[ServerRun], place: int) -> bool:
    """Tell whether a stop may stand before the first line that was read."""
    run = runs[place]
    begins = case.window("daemon_log")
    unseen = run.started is None and run.last is None and place == 0
    if not unseen or run.failed is None or begins is None:
        return False
    return run.failed.moment.at - begins[0].at < _STOP_TAKES


def _host_went_down(case: Case, run: ServerRun, later: Sequence[ServerRun]) -> bool:
    """Tell whether the host may have booted after a stop, before the next start: it was down."""
    assert run.stop is not None
    stop, order = mark(run.stop), case.order
    starts = [mark(each.events[0]) for each in later[:1] if each.events]
    return any(
        not order.surely_before(mark(event), stop)
        and not any(order.surely_before(start, mark(event)) for start in starts)
        for event in case.events.of("host-booted")
        if event.source.bundle == run.bundle
    )


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
