"""The plans that commands show: those of the report, and none beside."""

from analyzer.case.case import Case
from analyzer.model.goal import Standing
from analyzer.model.nbd import NbdInfo
from analyzer.model.plan import Plan
from analyzer.model.report import Report
from analyzer.story.disks.index import DiskIndex
from analyzer.story.plans.disk_plans import disk_plan

_OF_ADDRESSES = ("nbd-info-", "nbd-address-", "nbd-network-", "nbd-host-")
_OF_SERVICE = "nbd-service-crashed"


def plan_shown(
    case: Case, report: Report, known: DiskIndex, uuid: str, *, wanted: bool = False
) -> tuple[Plan, ...]:
    """Return the plan of a disk or of the disk of a snapshot.

    Of a disk without findings there is none, unless it is ``wanted`` and something has to be done.
    """
    disk = known.owner(uuid)
    made = [each for each in report.plans if (each.object.type, each.object.uuid) == ("VDI", disk)]
    if made:
        return tuple(made)
    plan = disk_plan(case, known, disk) if wanted and known.row(disk) else None
    return (plan,) if plan and plan.steps else ()


def plans_of_info(case: Case, report: Report, info: NbdInfo) -> tuple[Plan, ...]:
    """Return the plans for what the report found of the addresses that get_nbd_info gives."""
    row = case.world.vdi(info.vdi.uuid)
    pool = case.world.pool_of(row) if row else None
    subjects = [info.vdi, info.sr, pool.subject if pool else None]
    subjects += [part for each in info.endpoints for part in (each.host, each.network)]
    own = {subject.uuid for subject in subjects if subject}
    doubtful = {each.host.uuid for each in info.endpoints if each.warnings}
    findings = (finding for outcome in report.outcomes for finding in outcome.findings)
    wanted = {
        finding.plan
        for finding in findings
        for about in [{subject.uuid for subject in finding.subjects}]
        if (finding.rule.startswith(_OF_ADDRESSES) and own & about)
        or (finding.rule == _OF_SERVICE and finding.state is not Standing.OVER and doubtful & about)
    }
    return tuple(plan for plan in report.plans if plan.id in wanted)
