"""xapi-nbd "failed" after a stop: no error; what matters is to tell it from a crash.

Until 2019 the daemon ended a stop with an exception, which systemd counts as a failure (comment
in xen-api `ocaml/nbd/src/main.ml`). A failure without a stop before it is something else.
"""

from collections.abc import Iterator, Sequence

from analyzer.case.case import Case, HostReport
from analyzer.checks.observation import Observation
from analyzer.checks.tools.finding import found, host_subject, quote_ends, times
from analyzer.checks.tools.nbd_service import runs_by_host, shown_failed
from analyzer.model.event import Event
from analyzer.model.finding import Basis, Confidence, Evidence, Finding, Gap
from analyzer.model.host import ServiceState
from analyzer.model.nbd import ServerRun
from analyzer.model.rule import RuleText
from analyzer.model.terms import NBD_UNITS

RULE = "nbd-service-failed-after-stop"


def examine(case: Case, text: RuleText) -> Iterator[Observation]:
    """Judge each host by what systemd shows and logged, and by what came before it."""
    for report, runs in runs_by_host(case):
        yield from _examine_host(report, text, runs)


def _examine_host(
    report: HostReport, text: RuleText, runs: Sequence[ServerRun]
) -> Iterator[Finding | Gap]:
    """Answer for one host; a crash is the rule's that tells of crashes, and explains the state."""
    benign = [run for run in runs if run.failed is not None and _in_order(run)]
    bad = [run for run in runs if _ended_badly(run)]
    shown = shown_failed(report)
    stop = runs[-1].stop if runs and _in_order(runs[-1]) else None
    if benign or (shown is not None and stop is not None):
        yield _finding_of_benign_stop(
            report, text, benign, shown if stop else None, stop, others=bool(bad)
        )
    if shown is not None and stop is None and not (runs and _ended_badly(runs[-1])):
        yield Gap(
            need="daemon_log",
            host=report.name,
            why="xapi-nbd is failed, and neither a stop nor a crash precedes it in what was read",
            settle_with="journalctl -u xapi-nbd; zgrep -h xapi-nbd /var/log/daemon.log*",
        )
    elif not benign and not bad and (unnamed := _unnamed_failures(report)):
        yield Gap(
            need="systemctl",
            host=report.name,
            why=(
                f"systemd counts {unnamed} failed units without naming them, xapi-nbd runs no "
                "process, and daemon.log shows neither its stop nor its failure"
            ),
            settle_with="systemctl status xapi-nbd",
        )


def _in_order(run: ServerRun) -> bool:
    """Tell whether a stop ended it, and nothing else did."""
    return run.stop is not None and not _ended_badly(run)


def _ended_badly(run: ServerRun) -> bool:
    return run.crashed is True or run.killed is not None or run.limit is not None


def _unnamed_failures(report: HostReport) -> int:
    """Return how many units failed of which xapi-nbd may be one.

    ``systemctl status``, as the collector runs it, counts the failed units and names only those
    that have processes.
    """
    states = report.services
    if states is None or not states.failed_units:
        return 0
    named = {unit.unit for unit in states.services} | set(states.running)
    return 0 if named.intersection(NBD_UNITS) else states.failed_units


def _finding_of_benign_stop(
    report: HostReport,
    text: RuleText,
    benign: Sequence[ServerRun],
    shown: ServiceState | None,
    stop: Event | None,
    *,
    others: bool,
) -> Finding:
    lines = [event for run in benign for event in (run.stop, run.failed) if event is not None] or (
        [stop] if stop else []
    )
    noted = [run.failed for run in benign if run.failed is not None] or lines
    state = (Evidence(source=shown.source, text=shown.text),) if shown else ()
    both = bool(shown and benign)
    told = text.case("beside") if others else (text.title, text.detail)
    return found(
        text,
        told if benign else text.case("shown"),
        basis=Basis.BOTH if shown else Basis.SYMPTOM,
        confidence=Confidence.LIKELY if shown and not both else Confidence.CERTAIN,
        subjects=(host_subject(report),),
        rows=[{"host": report.name, **times(noted)}],
        evidence=(*state, *quote_ends(lines)),
        events=noted,
    )
