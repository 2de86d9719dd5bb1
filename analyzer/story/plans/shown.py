"""The plan of a disk that somebody asks for: the report's, or one for a disk without findings."""

from analyzer.case.case import Case
from analyzer.model.plan import Plan
from analyzer.model.report import Report
from analyzer.story.disks.index import DiskIndex
from analyzer.story.plans.disk_plans import disk_plan


def plan_shown(
    case: Case, report: Report, known: DiskIndex, uuid: str, *, wanted: bool = False
) -> tuple[Plan, ...]:
    """Return the plan of a disk or of the disk of a snapshot.

    () where CBT is not used on it, unless it is ``wanted`` all the same.
    """
    disk = known.owner(uuid)
    made = [each for each in report.plans if (each.object.type, each.object.uuid) == ("VDI", disk)]
    if made:
        return tuple(made)
    row = known.row(disk)
    if row is None or not (row.cbt_enabled or wanted):
        return ()
    plan = disk_plan(case, known, disk)
    return (plan,) if plan else ()
