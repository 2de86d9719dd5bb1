"""The lives of xapi-nbd as the two rules about its service see them."""

from collections.abc import Sequence

from analyzer.case.case import Case, HostReport
from analyzer.case.world import by_host
from analyzer.model.host import ServiceState
from analyzer.model.nbd import ServerRun
from analyzer.model.terms import NBD_UNITS
from analyzer.rebuilt.nbd.sessions.sessions import server_runs


def runs_by_host(
    case: Case,
) -> tuple[tuple[HostReport, tuple[ServerRun, ...]], ...]:
    """Return each host's newest report and the lives of its xapi-nbd, the oldest first."""
    runs = server_runs(case)
    found = []
    for reports in by_host(case.hosts):
        bundles = {report.bundle for report in reports}
        found.append((reports[-1], tuple(run for run in runs if run.bundle in bundles)))
    return tuple(found)


def shown_failed(report: HostReport) -> ServiceState | None:
    """Return xapi-nbd as systemd shows it, if it shows it as failed."""
    units = report.services.services if report.services else ()
    return next(
        (each for each in units if each.unit in NBD_UNITS and each.active == "failed"), None
    )


def listens_after(runs: Sequence[ServerRun], run: ServerRun) -> ServerRun | None:
    """Return the first later life that came to listen, None if none did."""
    later = runs[runs.index(run) + 1 :]
    return next((each for each in later if each.listening is not None), None)
