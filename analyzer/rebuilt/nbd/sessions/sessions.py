"""NBD as it was served: the lives of xapi-nbd, its connections, and how many there were at a time.

From daemon.log alone; which disk a connection read comes from the database, from what the master's
xapi logged, or from SM. A process whose beginning the log does not show may have served others
before: what it did then is not known, and is never taken for nothing.
"""

from collections.abc import Iterator, Sequence

from analyzer.case.case import Case
from analyzer.case.derived import derived
from analyzer.model.finding import Confidence
from analyzer.model.moment import Moment
from analyzer.model.nbd import ClientTrouble, Concurrency, NbdSession, ServerRun
from analyzer.model.terms import HOST_BOOTED
from analyzer.rebuilt.calls.attachments import disk_attachments
from analyzer.rebuilt.nbd.sessions.counts import Life, counted
from analyzer.rebuilt.nbd.sessions.disks import (
    Activations,
    DisksOfVbds,
    VbdDisk,
    disk_in,
    disks_by_vbd,
)
from analyzer.rebuilt.nbd.sessions.fates import Rows, fate_of
from analyzer.rebuilt.nbd.sessions.lines import CONNECTION_KINDS, OF_VBDS, SERVER_KINDS, by_host
from analyzer.rebuilt.nbd.sessions.queue import Connection
from analyzer.rebuilt.nbd.sessions.runs import Run, Runs, server_run
from analyzer.rebuilt.nbd.sessions.walk import walked
from analyzer.values import dataclass

__all__ = ["concurrency", "nbd_sessions", "server_runs"]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Served:
    """All that xapi-nbd did on one host: each life with its connections."""

    lives: tuple[tuple[Run, tuple[NbdSession, ...]], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """What the case knows beside the lines of xapi-nbd."""

    case: Case
    disks: DisksOfVbds
    activations: Activations


def nbd_sessions(case: Case) -> tuple[NbdSession, ...]:
    """Return every connection that was seen, by host, in the order of their first lines."""
    return tuple(
        each for served in _served_by_hosts(case) for _, own in served.lives for each in own
    )


def server_runs(case: Case) -> tuple[ServerRun, ...]:
    """Return every life of xapi-nbd that was seen, by host, in the order of time."""
    return tuple(
        server_run(run, run.begun.host)
        for served in _served_by_hosts(case)
        for run, _ in served.lives
    )


@derived
def concurrency(case: Case) -> tuple[Concurrency, ...]:
    """Return how many clients each host served over time; one per host that served any."""
    concurrency_of_hosts: list[Concurrency] = []
    for served in _served_by_hosts(case):
        lives = [
            Life(
                begin=run.begun.moment,
                end=_end_of_run(run, after),
                whole=run.started is not None,
                sessions=sessions,
            )
            for (run, sessions), after in zip(
                served.lives, [*(run for run, _ in served.lives[1:]), None], strict=True
            )
        ]
        if any(life.sessions for life in lives):
            first = served.lives[0][0].begun
            concurrency_of_hosts.append(counted(first.host, first.source.bundle, lives))
    return tuple(concurrency_of_hosts)


def _end_of_run(run: Run, after: Run | None) -> Moment | None:
    """Return when a life was over at the latest: the next cannot listen before."""
    if run.over and run.ended is not None:
        return run.ended.moment
    return after.begun.moment if after is not None else None


@derived
def _served_by_hosts(case: Case) -> tuple[_Served, ...]:
    serve_hosts: list[_Served] = []
    known = _Known(
        case=case, disks=disks_by_vbd(case), activations=Activations(disk_attachments(case))
    )
    events = case.events.of(*CONNECTION_KINDS, *SERVER_KINDS, HOST_BOOTED)
    held = known.disks.lines_of({line.fields["vbd"] for line in events if line.kind in OF_VBDS})
    for own in by_host(case, events).values():
        # The lives that the events of one host show, with the lines of their clients.
        host_runs = Runs()
        for event in own:
            if event.kind == HOST_BOOTED:
                host_runs.booted(event)
            else:
                host_runs.take(event)
        runs = host_runs.runs
        # What the database of a host's pool had of VBDs when its report was taken.
        bundle = own[0].source.bundle
        report = case.world.report(bundle)
        captured = report.captured_at if report else None
        uuid = report.host_uuid if report else None
        for pool in case.pools:
            if bundle in pool.bundles or (uuid and pool.host(uuid)):
                whole = pool.complete and bool(pool.vbds or pool.vms)
                references = frozenset(vbd.ref for vbd in pool.vbds)
                rows: Rows = Rows(references=references if whole else None, captured=captured)
                break
        else:
            rows = Rows(references=None, captured=captured)
        lives = (
            (run, tuple(_sessions_of_run(run, runs[place + 1 :], known, rows)))
            for place, run in enumerate(runs)
        )
        if runs:
            serve_hosts.append(_Served(lives=tuple(lives)))
    del held
    return tuple(serve_hosts)


def _sessions_of_run(
    run: Run, after: Sequence[Run], known: _Known, rows: Rows
) -> Iterator[NbdSession]:
    for connection in walked(run.lines):
        fate = fate_of(connection, run, after, known.disks, rows)
        disk = _disk_of_connection(connection, known)
        caught = connection.exception
        invalid = caught is not None and caught.trouble is ClientTrouble.SESSION_INVALID
        first = connection.events[0]
        order = list(Confidence)
        line = connection.client or connection.plugging
        began_at = line.moment if line is not None else None
        if connection.goodbye is not None:
            said_goodbye: bool | None = True if connection.goodbye in connection.events else None
        else:
            ended = connection.unplugging is not None or connection.caught is not None
            said_goodbye = False if ended and connection.joined is Confidence.CERTAIN else None
        yield NbdSession(
            host=first.host,
            bundle=first.source.bundle,
            pid=run.pid,
            events=(*connection.events, *((fate.line,) if fate.line else ())),
            fate=fate.fate,
            joined=max(connection.joined, fate.sure, key=order.index),
            began=began_at,
            ended=fate.ended,
            trouble=caught.trouble if caught else None,
            code=caught.code if caught else None,
            vbd=connection.vbd,
            vdi=disk.vdi if disk else None,
            session=next(iter(caught.parameters), None) if caught and invalid else None,
            rows=disk.rows if disk else (),
            vdi_joined=disk.sure if disk else Confidence.CERTAIN,
            goodbye=said_goodbye,
        )
    run.lines.clear()


def _disk_of_connection(connection: Connection, known: _Known) -> VbdDisk | None:
    """Return the disk of a connection, by the surest thing that names it."""
    own = known.disks.get(connection.vbd)
    if own is not None and own.vdi is not None:
        return own
    parameters = connection.exception.parameters if connection.exception else ()
    vdi = disk_in(parameters, known.case.pools)
    if vdi is not None:
        return VbdDisk(vdi=vdi, rows=())
    if connection.plugging is not None and connection.serving is not None:
        return known.activations.near(connection.plugging) or own
    return own
