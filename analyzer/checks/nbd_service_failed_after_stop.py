"""xapi-nbd "failed" after a stop: no error; what matters is to tell it from a crash.

Until 2019 the daemon ended a stop with an exception, which systemd counts as a failure (comment
in xen-api `ocaml/nbd/src/main.ml`). A failure without a stop before it is something else.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from analyzer.checks._api import Examined
from analyzer.checks._finding import (
    by_host,
    found,
    host_subject,
    in_words,
    quote_ends,
    times,
)
from analyzer.model.event import Event
from analyzer.model.finding import Basis, Confidence, Evidence, Finding, Gap
from analyzer.model.host import ServiceState
from analyzer.model.rule import RuleText
from analyzer.state.case import Case, HostReport

RULE = "nbd-service-failed-after-stop"
SIGNAL, STOPPING = f"{RULE}.signal", f"{RULE}.stopping"
STARTING, FAILED, KILLED = f"{RULE}.starting", f"{RULE}.failed", f"{RULE}.killed"
_UNITS = ("xapi-nbd.service", "xapi-nbd")
# systemd lets a service take 90 seconds to stop.
_STOP_TAKES = timedelta(seconds=120)
# The lines about one failure.
_ONE_FAILURE = timedelta(seconds=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Failure:
    """systemd noted a failure; ``stop`` is the stop just before it, None if there was none."""

    event: Event
    stop: Event | None


class NbdServiceFailedAfterStop:
    """Judge each host by itself."""

    id = RULE

    def examine(self, case: Case, text: RuleText) -> Examined:
        """Look at what systemd shows and logged, and at what came before it."""
        events = case.events.of(SIGNAL, STOPPING, STARTING, FAILED, KILLED)
        answers = [
            answer for reports in by_host(case.hosts) for answer in _examine(reports, text, events)
        ]
        return Examined(
            findings=tuple(answer for answer in answers if isinstance(answer, Finding)),
            gaps=tuple(answer for answer in answers if isinstance(answer, Gap)),
        )


def _examine(
    reports: Sequence[HostReport], text: RuleText, events: Sequence[Event]
) -> Iterable[Finding | Gap]:
    """Answer for one host; of several reports the newest says what systemd shows."""
    report = reports[-1]
    bundles = {each.bundle for each in reports}
    own = [event for event in events if event.source.bundle in bundles]
    failures = _failures(own)
    benign = [failure for failure in failures if failure.stop is not None]
    crashes = [failure.event for failure in failures if failure.stop is None]
    shown = _shown_failed(report)
    stop = _stop_behind(shown, own, failures)
    if crashes:  # "do not chase this" would be read first, and hide it
        yield _crash(
            report, f"systemd noted that xapi-nbd failed at {in_words(crashes[-1].moment)}"
        )
    elif benign or (shown is not None and stop is not None):
        yield _finding(report, text, benign, shown if stop else None, stop)
    elif shown is not None and stop is None:
        yield _crash(report, "xapi-nbd is failed")
    elif not failures and (unnamed := _unnamed_failures(report)):
        yield _not_named(report, unnamed)


def _failures(events: Sequence[Event]) -> tuple[_Failure, ...]:
    """Return the failures, the several lines about one of them as one."""
    found: list[_Failure] = []
    stop: Event | None = None
    unclean = {event.source for event in events if event.kind == KILLED}
    for event in events:
        if event.kind in (SIGNAL, STOPPING):
            stop = event
        elif event.kind == STARTING or (event.kind == KILLED and stop is not None):
            stop = None  # what follows is not the end of that stop, or not a clean one
        elif event.kind == FAILED and not (found and _soon(found[-1].event, event, _ONE_FAILURE)):
            clean = stop if event.source not in unclean else None
            near = clean is not None and _soon(clean, event, _STOP_TAKES)
            found.append(_Failure(event=event, stop=clean if near else None))
    return tuple(found)


def _soon(first: Event, then: Event, distance: timedelta) -> bool:
    return then.moment.at - first.moment.at <= distance


def _shown_failed(report: HostReport) -> ServiceState | None:
    units = report.services.services if report.services else ()
    return next((u for u in units if u.unit in _UNITS and u.active == "failed"), None)


def _unnamed_failures(report: HostReport) -> int:
    """Return how many units failed of which xapi-nbd may be one.

    ``systemctl status``, as the collector runs it, counts the failed units and names only those
    that have processes.
    """
    states = report.services
    if states is None or not states.failed_units:
        return 0
    named = {unit.unit for unit in states.services} | set(states.running)
    return 0 if named.intersection(_UNITS) else states.failed_units


def _stop_behind(
    shown: ServiceState | None, events: Sequence[Event], failures: Sequence[_Failure]
) -> Event | None:
    """Return the stop that left the service as it is shown.

    That is the stop of the last failure that was noted; where the log has none, the last thing
    that the log has of the service, if that is a stop.
    """
    if shown is None:
        return None
    if failures:
        return failures[-1].stop
    turns = [event for event in events if event.kind in (SIGNAL, STOPPING, STARTING, KILLED)]
    return turns[-1] if turns and turns[-1].kind in (SIGNAL, STOPPING) else None


def _finding(
    report: HostReport,
    text: RuleText,
    benign: Sequence[_Failure],
    shown: ServiceState | None,
    stop: Event | None,
) -> Finding:
    lines = _lines(benign) or ([stop] if stop else [])
    noted = [failure.event for failure in benign] or lines
    state = (Evidence(source=shown.source, text=shown.text),) if shown else ()
    both = bool(shown and benign)
    return found(
        text,
        (text.title, text.detail) if benign else text.case("shown"),
        basis=Basis.BOTH if shown else Basis.SYMPTOM,
        confidence=Confidence.LIKELY if shown and not both else Confidence.CERTAIN,
        subjects=(host_subject(report),),
        rows=[{"host": report.name, **times(noted)}],
        evidence=(*state, *quote_ends(lines)),
        events=noted,
    )


def _lines(benign: Sequence[_Failure]) -> list[Event]:
    return [event for failure in benign for event in (failure.stop, failure.event) if event]


def _not_named(report: HostReport, number: int) -> Gap:
    return Gap(
        need="systemctl",
        host=report.name,
        why=(
            f"systemd counts {number} failed units without naming them, xapi-nbd runs no "
            "process, and daemon.log shows neither its stop nor its failure"
        ),
        settle_with="systemctl status xapi-nbd",
    )


def _crash(report: HostReport, what: str) -> Gap:
    return Gap(
        need="daemon_log",
        host=report.name,
        why=f"{what}, and no stop precedes it in what was read; look for a crash",
        settle_with="journalctl -u xapi-nbd; zgrep -h xapi-nbd /var/log/daemon.log*",
    )


CHECK = NbdServiceFailedAfterStop()
