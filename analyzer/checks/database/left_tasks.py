"""Tasks of NBD exports that are pending although nobody is connected: the client never ended them.

A client makes a task so that people see what it does (`task.create`), and has to set its status
and destroy it; xapi does neither for it. Such tasks hold nothing and keep nothing from running, but
are taken for backups that hang.
"""

import re
from collections.abc import Iterator

from analyzer.case.case import Case, HostReport
from analyzer.case.pool import PoolState
from analyzer.checks.observation import LookedAt, Observation
from analyzer.checks.tools.finding import found, pool_name, pool_or_hosts
from analyzer.model.finding import Basis, Confidence, Evidence, Severity
from analyzer.model.nbd import NBD_PORT
from analyzer.model.rule import RuleText

_OF_NBD = re.compile(r"\bNBD\b")
_MANY = 3  # a task is made before its client connects: a backup that just begins has one or two
_SHOWN = 3


def left_tasks(case: Case, text: RuleText, pool: PoolState) -> Iterator[Observation]:
    """Yield the pending tasks of NBD exports, where no host of the pool has a client of NBD."""
    reports = tuple(case.world.reports_of(pool))
    # The pending tasks of NBD exports by uuid; each host lists all of the pool.
    tasks = {
        task.uuid: task
        for report in reports
        for task in (report.tasks.tasks if report.tasks else ())
        if task.status == "pending" and _OF_NBD.search(task.name)
    }
    if not any(report.tasks for report in reports):
        return
    yield LookedAt("task_list")
    alone = not case.hosts_missing(pool) and all(map(_nobody_connected, reports))
    if len(tasks) < _MANY or not alone:
        return
    names = sorted({task.name for task in tasks.values()})
    yield found(
        text,
        text.case("tasks"),
        basis=Basis.STATE,
        confidence=Confidence.LIKELY,
        severity=Severity.INFO,
        subjects=pool_or_hosts(case, pool, ()),
        rows=[
            {
                "number": str(len(tasks)),
                "pool": pool_name(pool),
                "name": names[0],
                "tasks": next(iter(tasks)),
            }
        ],
        evidence=tuple(
            Evidence(source=task.source, text=task.text) for task in list(tasks.values())[:_SHOWN]
        ),
        count=len(tasks),
    )


def _nobody_connected(report: HostReport) -> bool:
    """Tell whether a host surely has no client of NBD, as its list of sockets says."""
    sockets = report.sockets
    if sockets is None or not sockets.complete:
        return False
    return not any(
        socket.state == "ESTAB" and NBD_PORT in (socket.local_port, socket.peer_port)
        for socket in sockets.sockets
    )
