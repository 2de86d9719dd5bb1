"""The plans that commands show: those of the report, and none beside."""

from collections.abc import Iterable

from analyzer.case.case import Case
from analyzer.model.finding import Finding
from analyzer.model.goal import Standing
from analyzer.model.nbd import NbdInfo
from analyzer.model.plan import Plan
from analyzer.model.report import Report
from analyzer.story.disks.index import DiskIndex
from analyzer.story.plans.disk_plans import disk_plan

_OF_ADDRESSES = ("nbd-info-", "nbd-address-", "nbd-network-", "nbd-host-")
_OF_SERVICE = "nbd-service-crashed"


class PlansShown:
    """The plans of a report by what they are for: each of many pages asks for a few of them."""

    def __init__(self, report: Report) -> None:
        self._placed: dict[str, list[tuple[int, Plan]]] = {}
        self._made: dict[str, Plan | None] = {}  # of disks that the report has none of
        self._of_objects: dict[tuple[str, str], list[Plan]] = {}
        self._about: dict[
            str, list[Finding]
        ] = {}  # uuid → what was found of addresses and services
        for place, plan in enumerate(report.plans):
            self._placed.setdefault(plan.id, []).append((place, plan))
            self._of_objects.setdefault((plan.object.type, plan.object.uuid), []).append(plan)
        for finding in (finding for outcome in report.outcomes for finding in outcome.findings):
            if finding.rule.startswith(_OF_ADDRESSES) or finding.rule == _OF_SERVICE:
                for uuid in {subject.uuid for subject in finding.subjects}:
                    self._about.setdefault(uuid, []).append(finding)

    def named(self, ids: Iterable[str]) -> tuple[Plan, ...]:
        """Return the plans of these ids, in the order of the report."""
        placed = (each for name in set(ids) for each in self._placed.get(name, ()))
        return tuple(plan for _, plan in sorted(placed, key=lambda each: each[0]))

    def of_disk(
        self, case: Case, known: DiskIndex, uuid: str, *, wanted: bool = False
    ) -> tuple[Plan, ...]:
        """Return the plan of a disk or of the disk of a snapshot.

        Of a disk without findings there is none, unless it is ``wanted`` and something has to be
        done.
        """
        disk = known.owner(uuid)
        if made := self._of_objects.get(("VDI", disk)):
            return tuple(made)
        if wanted and disk not in self._made:  # each comparison of its snapshots asks for it
            self._made[disk] = disk_plan(case, known, disk) if known.row(disk) else None
        plan = self._made.get(disk) if wanted else None
        return (plan,) if plan and plan.steps else ()

    def of_info(self, case: Case, info: NbdInfo) -> tuple[Plan, ...]:
        """Return the plans for what the report found of the addresses get_nbd_info gives."""
        row = case.world.vdi(info.vdi.uuid)
        pool = case.world.pool_of(row) if row else None
        subjects = [info.vdi, info.sr, pool.subject if pool else None]
        subjects += [part for each in info.endpoints for part in (each.host, each.network)]
        own = {subject.uuid for subject in subjects if subject}
        doubtful = {each.host.uuid for each in info.endpoints if each.warnings}
        of_addresses = (
            finding.plan
            for uuid in own
            for finding in self._about.get(uuid, ())
            if finding.rule.startswith(_OF_ADDRESSES)
        )
        of_service = (
            finding.plan
            for uuid in doubtful
            for finding in self._about.get(uuid, ())
            if finding.rule == _OF_SERVICE and finding.state is not Standing.OVER
        )
        return self.named((*of_addresses, *of_service))
