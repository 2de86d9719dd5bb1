"""Whether something listened on the NBD port when the report was made, and if not, why.

xapi-nbd cleans up what an earlier run left before it listens, and waits up to five minutes for
xapi to let it in (xen-api `ocaml/nbd/src/main.ml`, `local_xapi_session.ml`). It is started when
the host has a certificate (`scripts/xapi-nbd.path`).
"""

from collections.abc import Iterator
from datetime import timedelta
from enum import Enum

from analyzer.case.case import Case, HostReport
from analyzer.model.event import Event
from analyzer.model.finding import Confidence, Evidence
from analyzer.model.nbd import NBD_PORT
from analyzer.model.network import Socket
from analyzer.rebuilt.nbd.reach.obstacle import Obstacle, Trouble
from analyzer.rebuilt.nbd.reach.places import Offer
from analyzer.rebuilt.nbd.sessions.sessions import server_runs

_ANY = ("*", "0.0.0.0", "::", "")  # noqa: S104  # addresses that are read, not bound to
_START_TAKES = timedelta(minutes=6)
_MOST = 2


class Silence(Enum):
    """Why nothing listened."""

    STOPPED = "it had been told to stop"
    STARTING = "it was starting"
    CRASHED = "it had ended by itself"
    UNEXPLAINED = "nothing that was read tells why"


def listeners(report: HostReport | None) -> tuple[Socket, ...] | None:
    """Return what listened on the NBD port; None where the sockets are not all known."""
    if report is None or report.sockets is None:
        return None
    if not (report.sockets.complete or report.sockets.listeners):
        return None
    # dom0 always listens for ssh or xapi: a listing without any listener shows something else.
    heard = [each for each in report.sockets.sockets if each.state == "LISTEN"]
    return tuple(each for each in heard if each.local_port == NBD_PORT) if heard else None


def connections(report: HostReport | None, address: str) -> tuple[Socket, ...]:
    """Return the clients that were connected to the NBD port of an address, but the host itself."""
    shown = report.sockets.sockets if report and report.sockets else ()
    own = {each.local_address for each in shown}
    return tuple(
        each
        for each in shown
        if each.state == "ESTAB"
        and each.local_port == NBD_PORT
        and each.local_address == address
        and each.peer_address not in own
    )


def silence(case: Case, report: HostReport) -> tuple[Silence, Event | None]:
    """Return why nothing listened, and the line that tells so."""
    runs = [run for run in server_runs(case) if run.bundle == report.bundle]
    if not runs:
        return Silence.UNEXPLAINED, None
    last = runs[-1]
    if last.crashed:
        return Silence.CRASHED, last.ended
    if last.stop is not None:
        return Silence.STOPPED, last.stop
    taken, begun = report.captured_at, last.started
    if begun is not None and taken is not None and begun.moment.within(taken, _START_TAKES):
        return Silence.STARTING, begun
    return Silence.UNEXPLAINED, last.listening or begun


def listen_obstacles(case: Case, offer: Offer) -> Iterator[Obstacle]:
    """Yield that nothing listened at an offered address."""
    found = listeners(offer.report)
    if found is None or offer.report is None or ":" in offer.bare:
        return
    if any(each.local_address in (*_ANY, offer.bare) for each in found):
        return
    why, event = silence(case, offer.report)
    yield Obstacle(
        trouble=Trouble.SILENT,
        what=f"nothing listened on port {NBD_PORT} of {offer.place}; {why.value}",
        confidence=Confidence.LIKELY if why is Silence.STARTING else Confidence.CERTAIN,
        evidence=silence_evidence(offer.report, event),
    )


def silence_evidence(report: HostReport, event: Event | None) -> tuple[Evidence, ...]:
    """Quote what listened instead, the state of the service and what it logged last."""
    shown = report.sockets.sockets if report.sockets else ()
    heard = [each for each in shown if each.state == "LISTEN"][:_MOST]
    units = report.services.services if report.services else ()
    line = (Evidence(source=event.source, text=event.text, at=event.moment),) if event else ()
    return (
        *line,
        *(Evidence(source=u.source, text=u.text) for u in units if u.unit == "xapi-nbd.service"),
        *(Evidence(source=each.source, text=each.text) for each in heard),
    )
