"""What a second question is answered with: one page for each object, call, rule and finding.

A page holds all that its command prints. It is made of a case and its report, or read back from a
case file; either way the command that prints it sees the same values.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Generic, TypeVar

from analyzer.case.case import Case
from analyzer.model.call import CallJudgement
from analyzer.model.disk import DiskView
from analyzer.model.explained import RuleExplained
from analyzer.model.finding import Finding, Subject
from analyzer.model.host_view import HostView
from analyzer.model.nbd import NbdInfo
from analyzer.model.network_view import NetworkView
from analyzer.model.plan import Plan
from analyzer.model.report import Cause, Report
from analyzer.model.run import BackupRun
from analyzer.model.vm_view import VmView
from analyzer.rebuilt.answers.checks import data_destroy, enable_cbt, list_changed_blocks
from analyzer.rebuilt.answers.questions import asked
from analyzer.rebuilt.nbd.info.answer import nbd_info
from analyzer.rules.load import load_catalogue
from analyzer.rules.pattern import Catalogue
from analyzer.story.disks.index import DiskIndex, index
from analyzer.story.disks.views import view_of
from analyzer.story.explain.explain import explain_rule
from analyzer.story.names import Names, names_of
from analyzer.story.objects.host import KnownHost, host_view, known_hosts
from analyzer.story.objects.network import network_views
from analyzer.story.objects.sr import SrView, sr_views
from analyzer.story.plans.shown import plan_shown, plans_of_info

Page = TypeVar("Page")
_MOST_PAIRS = 66  # comparisons of a disk and ten of its snapshots


class Judged:
    """A case, its report, and what several pages look up, made when it is first asked for."""

    def __init__(self, case: Case, report: Report) -> None:
        self.case = case
        self.report = report

    @cached_property
    def disks(self) -> DiskIndex:
        """Return who belongs to which disk."""
        return index(self.case, self.report.outcomes)

    @cached_property
    def names(self) -> Names:
        """Return all that may be asked for by name."""
        return names_of(self.case, self.disks)

    @cached_property
    def catalogue(self) -> Catalogue:
        """Return the rules that are shipped."""
        return load_catalogue()

    @cached_property
    def findings(self) -> tuple[Finding, ...]:
        """Return the findings of all rules."""
        return tuple(each for outcome in self.report.outcomes for each in outcome.findings)

    @cached_property
    def hosts(self) -> tuple[KnownHost, ...]:
        """Return all hosts."""
        return known_hosts(self.case)

    @cached_property
    def srs(self) -> tuple[SrView, ...]:
        """Return all SRs."""
        return sr_views(self.case, self.report.outcomes)

    @cached_property
    def networks(self) -> tuple[NetworkView, ...]:
        """Return all networks."""
        return network_views(self.case, self.report.outcomes)


@dataclass(frozen=True, slots=True, kw_only=True)
class PageKind(Generic[Page]):
    """A kind of page: its type, how one is made of its key, and which keys are foreseen.

    A key that is not foreseen may be asked for all the same; ``make`` answers it.
    """

    name: str
    type: Any
    make: Callable[[Judged, str], Page]
    keys: Callable[[Judged], Iterable[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class DiskPage:
    """A disk, the findings about it and its plan."""

    view: DiskView
    findings: tuple[Finding, ...]
    plans: tuple[Plan, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class VmPage:
    """A VM, its disks, the findings about it or them, and the plans of all of them."""

    view: VmView
    disks: tuple[DiskView, ...]
    findings: tuple[Finding, ...]
    plans: tuple[Plan, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class HostPage:
    """A host and its plan."""

    view: HostView
    plans: tuple[Plan, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SrPage:
    """An SR and its plan."""

    view: SrView
    plans: tuple[Plan, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkPage:
    """A network, the findings about it, and its plan."""

    view: NetworkView
    findings: tuple[Finding, ...]
    plans: tuple[Plan, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CallPage:
    """What became of a call, and the plan of its disk."""

    judgement: CallJudgement
    plans: tuple[Plan, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NbdInfoPage:
    """What get_nbd_info answers for a disk, and the plans for what is wrong with it."""

    info: NbdInfo
    plans: tuple[Plan, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingPage:
    """A finding, what explains it, the cause that it belongs to, and the plan of its object."""

    finding: Finding
    explained_by: tuple[Finding, ...]
    causes: tuple[Cause, ...]
    plans: tuple[Plan, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunsPage:
    """Backup runs, all or those of a disk."""

    runs: tuple[BackupRun, ...]


def _disk(judged: Judged, uuid: str) -> DiskPage:
    view = view_of(judged.case, judged.disks, uuid)
    return DiskPage(
        view=view,
        findings=tuple(each for each in judged.findings if each.id in view.findings),
        plans=plan_shown(judged.case, judged.report, judged.disks, uuid),
    )


def _disks(judged: Judged) -> Iterator[str]:
    yield from dict.fromkeys(disk.owner for disk in judged.names.disks)


def _vm(judged: Judged, uuid: str) -> VmPage:
    pool, row = next((pool, row) for pool in judged.case.pools if (row := pool.vm(uuid)))
    known = next(each for each in judged.names.vms if each.uuid == uuid)
    pages = [_disk(judged, disk) for disk in known.parts]
    told = {each.id for page in pages for each in page.findings}
    told |= {each.id for each in judged.findings if uuid in {s.uuid for s in each.subjects}}
    host = pool.host(row.resident_on)
    kind = "snapshot" if row.is_a_snapshot else "template" if row.is_a_template else "VM"
    own = _plans(judged, (each for each in judged.findings if each.id in told), "VM")
    return VmPage(
        view=VmView(
            vm=Subject(type="VM", uuid=uuid, name=row.name_label),
            pool=pool.subject,
            kind=kind,
            state=row.power_state,
            host=Subject(type="Host", uuid=host.uuid, name=host.name_label) if host else None,
            disks=known.parts,
            findings=tuple(sorted(told)),
        ),
        disks=tuple(page.view for page in pages),
        findings=tuple(each for each in judged.findings if each.id in told),
        plans=tuple(dict.fromkeys((*own, *(plan for page in pages for plan in page.plans)))),
    )


def _host(judged: Judged, place: str) -> HostPage:
    view = host_view(judged.case, judged.report, judged.hosts[int(place)])
    return HostPage(view=view, plans=_plans(judged, (*view.about, *view.on_logs), "Host"))


def _sr(judged: Judged, place: str) -> SrPage:
    view = judged.srs[int(place)]
    return SrPage(view=view, plans=_plans(judged, view.findings, "SR"))


def _network(judged: Judged, place: str) -> NetworkPage:
    view = judged.networks[int(place)]
    found = tuple(each for each in judged.findings if each.id in view.findings)
    return NetworkPage(view=view, findings=found, plans=_plans(judged, found, "Network", "PIF"))


def _plans(judged: Judged, about: Iterable[Finding], *types: str) -> tuple[Plan, ...]:
    """Return the plans of findings whose object is of one of these types."""
    wanted = {finding.plan for finding in about}
    plans = (plan for plan in judged.report.plans if plan.id in wanted)
    return tuple(plan for plan in plans if plan.object.type in types)


def _enable(judged: Judged, uuid: str) -> CallPage:
    plans = plan_shown(judged.case, judged.report, judged.disks, uuid)
    return CallPage(judgement=enable_cbt(judged.case, uuid), plans=plans)


def _destroy(judged: Judged, uuid: str) -> CallPage:
    plans = plan_shown(judged.case, judged.report, judged.disks, uuid)
    return CallPage(judgement=data_destroy(judged.case, uuid), plans=plans)


def _compare(judged: Judged, pair: str) -> CallPage:
    older, newer = pair.split(" ")
    # Nothing of the newer disk has to be mended for an older one that is gone.
    there = asked(judged.case, older) is not None
    shown = plan_shown(judged.case, judged.report, judged.disks, newer, wanted=True)
    judgement = list_changed_blocks(judged.case, older, newer)
    return CallPage(judgement=judgement, plans=shown if there else ())


def _all_disks(judged: Judged) -> Iterator[str]:
    yield from (disk.uuid for disk in judged.names.disks)


def _pairs(judged: Judged) -> Iterator[str]:
    """Yield the comparisons within one disk and its snapshots, of the newest as many as asked."""
    for own in judged.disks.members.values():
        members = sorted(own)
        pairs = [f"{older} {newer}" for older in members for newer in members if older != newer]
        if len(pairs) <= _MOST_PAIRS:
            yield from pairs


def _nbd_info(judged: Judged, uuid: str) -> NbdInfoPage:
    info = nbd_info(judged.case, uuid)
    return NbdInfoPage(info=info, plans=plans_of_info(judged.case, judged.report, info))


def _rule(judged: Judged, rule: str) -> RuleExplained:
    return explain_rule(judged.case, judged.report, judged.catalogue, rule)


def _rules(judged: Judged) -> Iterator[str]:
    yield from (pattern.id for pattern in judged.catalogue.patterns)


def _finding(judged: Judged, name: str) -> FindingPage:
    own = next(each for each in judged.findings if each.id == name)
    return FindingPage(
        finding=own,
        explained_by=tuple(each for each in judged.findings if each.id in own.explained_by),
        causes=tuple(each for each in judged.report.causes if own.id in each.findings),
        plans=tuple(plan for plan in judged.report.plans if plan.id == own.plan),
    )


def _found(judged: Judged) -> Iterator[str]:
    yield from (each.id for each in judged.findings)


def _runs(judged: Judged, uuid: str) -> RunsPage:
    """Return the runs with a disk only, or that read or compared a snapshot; all for ""."""
    if not uuid:
        return RunsPage(runs=judged.report.runs)
    own = (
        replace(
            run,
            disks=tuple(
                disk for disk in run.disks if uuid in (disk.vdi.uuid, disk.snapshot, disk.base)
            ),
        )
        for run in judged.report.runs
    )
    return RunsPage(runs=tuple(run for run in own if run.disks))


def _one(_judged: Judged) -> Sequence[str]:
    return ("",)


DISK = PageKind(name="vdi", type=DiskPage, make=_disk, keys=_disks)
VM = PageKind(
    name="vm", type=VmPage, make=_vm, keys=lambda judged: (vm.uuid for vm in judged.names.vms)
)
HOST = PageKind(
    name="host", type=HostPage, make=_host, keys=lambda judged: map(str, range(len(judged.hosts)))
)
SR = PageKind(
    name="sr", type=SrPage, make=_sr, keys=lambda judged: map(str, range(len(judged.srs)))
)
NETWORK = PageKind(
    name="network",
    type=NetworkPage,
    make=_network,
    keys=lambda judged: map(str, range(len(judged.networks))),
)
ENABLE_CBT = PageKind(name="enable-cbt", type=CallPage, make=_enable, keys=_all_disks)
DATA_DESTROY = PageKind(name="data-destroy", type=CallPage, make=_destroy, keys=_all_disks)
COMPARE = PageKind(name="list-changed-blocks", type=CallPage, make=_compare, keys=_pairs)
NBD_INFO = PageKind(name="nbd-info", type=NbdInfoPage, make=_nbd_info, keys=_all_disks)
RULE = PageKind(name="rule", type=RuleExplained, make=_rule, keys=_rules)
FINDING = PageKind(name="finding", type=FindingPage, make=_finding, keys=_found)
RUNS = PageKind(name="runs", type=RunsPage, make=_runs, keys=_one)

PAGES: tuple[PageKind[Any], ...] = (
    *(DISK, VM, HOST, SR, NETWORK, ENABLE_CBT, DATA_DESTROY, COMPARE, NBD_INFO, RULE, FINDING),
    RUNS,
)
