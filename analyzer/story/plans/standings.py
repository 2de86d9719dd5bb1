"""Whether what was found goes on at the end of the bundle, or is over, and what shows it."""

from collections.abc import Iterator
from dataclasses import replace

from analyzer.case.case import Case, HostReport
from analyzer.model.finding import Basis, Evidence, EvidenceRole, Finding
from analyzer.model.goal import GOALS_OF_DISKS, Standing
from analyzer.model.moment import Moment
from analyzer.model.nbd import NBD_PORT
from analyzer.model.operation import Result
from analyzer.model.terms import NBD_UNITS
from analyzer.plans.case import (
    MOST_WORLDS,
    DiskCase,
    EffortSpentError,
    count_worlds,
    otherwise,
    worlds,
)
from analyzer.plans.nights import flaw
from analyzer.rebuilt.nbd.info.nbd_purposes import purposes_of
from analyzer.rebuilt.nbd.reach.listen import listeners
from analyzer.rebuilt.nbd.reach.places import age_of_report
from analyzer.sm.state import State
from analyzer.story.disks.index import COMPARE, DiskIndex
from analyzer.story.plans.ended import ending_of
from analyzer.values import dataclass

# What was backed up meanwhile lacks blocks, whatever the logs are like now.
_UNTIL_A_FULL_BACKUP = frozenset(
    {"cbt-incomplete-changed-blocks", "cbt-inconsistency-hidden", "cbt-tapdisk-without-log"}
)
_CALLS = ("cbt-list-", "cbt-destroy-", "cbt-enable-on-", "cbt-migration-")
OF_SERVICE = frozenset({"nbd-service-crashed", "nbd-service-failed-after-stop"})
_MIXED = "nbd-network-purpose-mixed"
_SERVER = "xapi-nbd"
_QUOTED = 4
_NIGHTS = "four nights of backups pass on a model of SM, from the state at the end"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stand:
    """How a finding stands at the end, what shows it, and since when it is over.

    ``shown`` are lines that show it and that the finding does not quote yet.
    """

    state: Standing = Standing.UNKNOWN
    why: str = ""
    since: Moment | None = None
    shown: tuple[Evidence, ...] = ()


def stand_of(
    case: Case, known: DiskIndex, finding: Finding, disk: str, asked: DiskCase | None
) -> Stand:
    """Return how a finding stands; ``disk`` is the live disk that it is about, "" for none."""
    if (
        disk
        and finding.rule.startswith("cbt-")
        and (disk not in known.rows and bool(case.pools) and all(p.complete for p in case.pools))
    ):
        return Stand(state=Standing.OVER, why="the disk is no longer in the database")
    if GOALS_OF_DISKS & set(finding.goals):
        return _of_disk(known, finding, disk, asked)
    if finding.state is Standing.OVER:  # its rule saw the end of it
        return Stand(state=finding.state, why=finding.state_why, since=finding.over_since)
    if finding.rule.startswith(_CALLS):
        return Stand(why="a call was refused; whether it is made again is not known")
    if finding.rule in OF_SERVICE:
        hosts = {subject.uuid for subject in finding.subjects}
        own = [r for r in case.hosts if hosts & {r.host_uuid or r.name, r.name}]
        return _of_service(max(own, key=age_of_report)) if own else Stand()
    if finding.rule == _MIXED and case.pools:
        purposes = [purposes_of(pool) for pool in case.pools]
        if all(each.known and not each.mixed for each in purposes):
            return Stand(state=Standing.OVER, why="at the end the networks have no such purposes")
    return _of_what_happened(case, finding)


def _of_what_happened(case: Case, finding: Finding) -> Stand:
    """Tell by the lines behind those of a finding, else by what the finding rests on."""
    why, lines = ending_of(case, finding)
    if lines:
        shown = lines if len(lines) <= _QUOTED else (*lines[: _QUOTED - 1], lines[-1])
        quoted = tuple(
            Evidence(source=e.source, text=e.text, at=e.moment, role=EvidenceRole.BACKGROUND)
            for e in shown
        )
        return Stand(state=Standing.OVER, why=why, since=lines[-1].moment, shown=quoted)
    if finding.basis is Basis.SYMPTOM:
        return Stand(why="only what happened was seen, not how it is at the end")
    return Stand(state=Standing.NOW, why="it is so in the state that the bundle shows")


def _of_disk(known: DiskIndex, finding: Finding, disk: str, asked: DiskCase | None) -> Stand:
    if asked is None:
        return Stand(why="the database that was read does not have the disk")
    if asked.too_many_to_play:
        return Stand(why=asked.too_many_to_play)
    wanted = replace(asked, goals=GOALS_OF_DISKS & frozenset(finding.goals))
    try:
        flaws = [flaw(wanted, state, ()) for state in _possible_states(asked)]
    except EffortSpentError as spent:
        return Stand(why=f"it was not tried on the model: {spent}")
    if all(flaws):
        text = flaws[0]
        for uuid, name in asked.site.names.items():
            text = text.replace(uuid, name)
        return Stand(state=Standing.NOW, why=f"played on a model of SM: {text}")
    if any(flaws):
        return Stand(why="it hangs on what the bundle does not show of the logs")
    if finding.rule in _UNTIL_A_FULL_BACKUP:
        return Stand(
            why="SM finds nothing wrong with the logs; "
            "whether a full backup was made since is not known"
        )
    # The call that shows first, after a trouble, that it is over.
    own = known.members.get(disk, frozenset((disk,)))
    calls = {id(op): op for uuid in own for op in known.calls.get(uuid, ())}
    after = [
        op
        for op in calls.values()
        if op.result is Result.SUCCEEDED
        and op.name in {"vdi_enable_cbt", COMPARE}
        and (finding.last_seen is not None and finding.last_seen.certainly_before(op.first))
    ]
    mended = min(after, key=lambda op: (op.first.at, op.name), default=None)
    if mended is None:
        return Stand(state=Standing.OVER, why=_NIGHTS)
    what = "a comparison was answered" if mended.name == COMPARE else "CBT was turned on again"
    return Stand(state=Standing.OVER, why=f"{what}, and {_NIGHTS}", since=mended.first)


def _possible_states(asked: DiskCase) -> Iterator[State]:
    """Yield the ways a disk can be; of very many, those that differ in one thing."""
    if count_worlds(asked.doubts) <= MOST_WORLDS:
        yield from (world.state for world in worlds(asked.state, asked.doubts))
        return
    yield asked.state
    for doubt in asked.doubts:
        yield from otherwise(asked, doubt)


def _of_service(report: HostReport) -> Stand:
    """Tell by systemd, else by what listened on its port, whether xapi-nbd ran at the end."""
    services = report.services.services if report.services else ()
    active = [unit.active for unit in services if unit.unit in NBD_UNITS]
    if active:
        state = Standing.OVER if active[-1] == "active" else Standing.NOW
        return Stand(state=state, why=f"xapi-nbd is {active[-1]} at the end")
    heard = listeners(report)
    if heard == ():
        why = f"nothing listened on port {NBD_PORT} when the report was made"
        return Stand(state=Standing.NOW, why=why)
    names = {socket.process for socket in heard or () if socket.process}
    if not names:
        return Stand(why="whether the service runs at the end is not in the bundle")
    state = Standing.OVER if _SERVER in names else Standing.NOW
    why = f"{min(names)} listened on port {NBD_PORT} when the report was made"
    return Stand(state=state, why=why)
