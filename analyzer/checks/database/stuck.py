"""What the judgements of stuck keys share: one mark, when the database was written, what is unread.

A mark is sound while the operation that set it runs, so nothing is claimed of one whose operation
may have run when the report was made.
"""

from datetime import timedelta

from analyzer.case.case import Case, HostReport
from analyzer.case.pool import PoolState
from analyzer.model.event import Event
from analyzer.model.finding import Confidence, Evidence, Gap
from analyzer.model.moment import Moment
from analyzer.model.sentence import say
from analyzer.model.xapi import Vdi, XapiObject
from analyzer.values import dataclass

RULE = "database-stuck-keys"
# A copy on a supporter is up to five minutes old, and no pause or activation takes longer than ten.
SETTLED = timedelta(minutes=15)
_COVERED = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stuck:
    """One mark that nothing explains: ``case`` names its text, ``because`` completes it.

    ``row`` has the mark, ``key`` is its name; ``proof`` shows why, ``events`` when.
    """

    case: str
    row: XapiObject
    key: str
    because: str
    confidence: Confidence
    proof: tuple[Evidence, ...] = ()
    events: tuple[Event, ...] = ()


def written_at(case: Case, pool: PoolState) -> Moment | None:
    """Return when the report with the pool's database was made, None where nobody knows."""
    made = (report.captured_at for report in case.hosts if report.bundle == pool.source.bundle)
    return next(made, None)


def settled(moment: Moment, written: Moment | None) -> bool:
    """Tell whether something was surely over well before the database was written."""
    return written is not None and moment.latest + SETTLED < written.earliest


def report_of(case: Case, pool: PoolState, host_uuid: str) -> HostReport | None:
    """Return the newest report of a host."""
    own = (report for report in case.world.reports_of(pool) if report.host_uuid == host_uuid)
    return next(own, None)


def unread(case: Case, pool: PoolState, row: Vdi) -> str:
    """Say whose SMlog may show who set a mark and was not read; "" if all were."""
    sr = pool.sr(row.sr)
    hosts = (pool.hosts_with(sr) if sr else ()) or pool.hosts
    for host in hosts:
        report = report_of(case, pool, host.uuid)
        if report is None:
            return f"the report of {host.name_label or host.uuid} was not given"
        if (gap := case.gap("smlog", report.bundle)) is not None:
            return say("SMlog of {name}: {why}", name=report.name, why=gap.why)
    if unseen := case.unread("smlog"):
        return say(
            "SMlog of {host} was not read from {began} on",
            host=unseen[0].host,
            began=unseen[0].began,
        )
    window = case.window("smlog")
    if window is None or window[1].at - window[0].at < _COVERED:
        return "SMlog covers too short a time"
    return ""


def gap_of(row: Vdi, key: str, why: str) -> Gap:
    """Return the gap of a mark that may be sound."""
    return Gap(
        need="smlog",
        host="",
        why=say(
            "sm_config of disk {name} ({uuid}) has the key {key}, which is sound while an "
            "operation runs, and {why}",
            name=row.name_label or "",
            uuid=row.uuid,
            key=key,
            why=why,
        ),
        settle_with=f"xe vdi-param-get uuid={row.uuid} param-name=sm-config, twice in ten minutes",
    )
