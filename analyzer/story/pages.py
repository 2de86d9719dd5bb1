"""Make the pages (`analyzer.model.pages`) of a case and its report."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from functools import cached_property
from itertools import chain, combinations, islice, pairwise
from typing import Any

from analyzer.case.case import Case
from analyzer.case.wholeness import Sources
from analyzer.model.explained import LineExplained, RuleExplained
from analyzer.model.finding import Finding, Subject
from analyzer.model.names import Known, Names
from analyzer.model.network_view import NetworkView
from analyzer.model.pages import (
    COMPARE,
    DATA_DESTROY,
    DISK,
    ENABLE_CBT,
    FINDING,
    HOST,
    LINE,
    NBD_INFO,
    NETWORK,
    RULE,
    SR,
    VM,
    CallPage,
    DiskPage,
    FindingPage,
    HostPage,
    NbdInfoPage,
    NetworkPage,
    Page,
    PageKind,
    SessionsPage,
    SrPage,
    VmPage,
    key_of_line,
)
from analyzer.model.plan import Plan
from analyzer.model.report import Report
from analyzer.model.sr_view import SrView
from analyzer.model.vm_view import VmView
from analyzer.parsers import LOG_PARSERS
from analyzer.parsers.scan.scan import Scanner
from analyzer.rebuilt.answers.checks import data_destroy, enable_cbt, list_changed_blocks
from analyzer.rebuilt.answers.questions import asked
from analyzer.rebuilt.calls.line_again import LineAgain
from analyzer.rebuilt.nbd.info.answer import nbd_info
from analyzer.rules.load import load_catalogue
from analyzer.rules.pattern import Catalogue
from analyzer.story.disks.index import DiskIndex, index
from analyzer.story.disks.views import view_of
from analyzer.story.explain.case_facts import CaseFacts
from analyzer.story.explain.explain import explain_rule
from analyzer.story.explain.explain_line import KindWords, explain_line, kind_words
from analyzer.story.explain.quoted_line import is_one_line, line_in
from analyzer.story.names import names_of
from analyzer.story.nbd.served import sessions_page
from analyzer.story.objects.host import KnownHost, host_view, known_hosts
from analyzer.story.objects.network import network_views
from analyzer.story.objects.sr import sr_views
from analyzer.story.plans.shown import PlansShown
from analyzer.values import dataclass

_MOST_COMPARED = 12  # of a disk and its snapshots, the newest
_LEAST_OLD, _ROWS_OF_A_PAIR = 100, 400  # comparisons of others: a few, and more of a large report
_MOST_LINES = 400
_MOST_FOUND = 500  # each with its cause, which names all findings of a storm
_MOST_FORESEEN = 2_000  # pages of a kind: of another the status reports are read again


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
    def scanner(self) -> Scanner:
        """Return what takes lines apart, as it did while they were read."""
        return Scanner(LOG_PARSERS, self.catalogue.selectors)

    @cached_property
    def words(self) -> Mapping[str, KindWords]:
        """Return what each kind of line is asked for."""
        return kind_words(self.catalogue.patterns)

    @cached_property
    def facts(self) -> CaseFacts:
        """Return what is known of lines beside what they say."""
        return CaseFacts(self.case, self.report)

    @property
    def kinds(self) -> tuple[str, ...]:
        """Return the names of all patterns and selectors that are shipped."""
        return (*_rule_ids(self), *(selector.id for selector in self.catalogue.selectors))

    @cached_property
    def sources(self) -> Sources:
        """Return what became of the sources that rules need."""
        report = self.report
        return Sources(ledger=report.ledger, coverage=report.coverage, hosts=self.case.hosts)

    @cached_property
    def findings(self) -> tuple[Finding, ...]:
        """Return the findings of all rules."""
        return tuple(each for outcome in self.report.outcomes for each in outcome.findings)

    @cached_property
    def plans(self) -> PlansShown:
        """Return the plans of the report by what they are for."""
        return PlansShown(self.report)

    @cached_property
    def places(self) -> Mapping[str, int]:
        """Return where among the findings each stands, by its id."""
        return {each.id: place for place, each in enumerate(self.findings)}

    @cached_property
    def about(self) -> Mapping[str, Sequence[Finding]]:
        """Return the findings by the uuids of what they are about."""
        found: dict[str, list[Finding]] = {}
        for each in self.findings:
            for uuid in {subject.uuid for subject in each.subjects}:
                found.setdefault(uuid, []).append(each)
        return found

    @cached_property
    def vms(self) -> Mapping[str, Known]:
        """Return the VMs that may be asked for, by uuid."""
        return {each.uuid: each for each in self.names.vms}

    def findings_of(self, ids: Iterable[str]) -> tuple[Finding, ...]:
        """Return the findings of these ids, in the order of the report."""
        places = sorted(self.places[each] for each in set(ids) if each in self.places)
        return tuple(self.findings[place] for place in places)

    @cached_property
    def hosts(self) -> tuple[KnownHost, ...]:
        """Return all hosts."""
        return known_hosts(self.case)

    @cached_property
    def srs(self) -> tuple[SrView, ...]:
        """Return all SRs."""
        return sr_views(self.case, self.report.outcomes)

    @cached_property
    def sessions(self) -> SessionsPage:
        """Return all NBD connections."""
        return sessions_page(self.case)

    @cached_property
    def networks(self) -> tuple[NetworkView, ...]:
        """Return all networks."""
        return network_views(self.case, self.report.outcomes)


def _disk_of_judged(judged: Judged, uuid: str) -> DiskPage:
    view = view_of(judged.case, judged.disks, uuid)
    return DiskPage(
        view=view,
        findings=judged.findings_of(view.findings),
        plans=judged.plans.of_disk(judged.case, judged.disks, uuid),
    )


def _disks_of_judged(judged: Judged) -> Iterator[str]:
    yield from dict.fromkeys(judged.disks.owner(uuid) for uuid in _all_disks(judged))


def _vm_of_judged(judged: Judged, uuid: str) -> VmPage:
    pool, row = next((pool, row) for pool in judged.case.pools if (row := pool.vm(uuid)))
    own = tuple(judged.about.get(uuid, ()))
    host = pool.host(row.resident_on)
    kind = "snapshot" if row.is_a_snapshot else "template" if row.is_a_template else "VM"
    return VmPage(
        view=VmView(
            vm=Subject(type="VM", uuid=uuid, name=row.name_label),
            pool=pool.subject,
            kind=kind,
            state=row.power_state,
            host=Subject(type="Host", uuid=host.uuid, name=host.name_label) if host else None,
            disks=judged.vms[uuid].parts,
            findings=tuple(sorted(each.id for each in own)),
        ),
        findings=own,
        plans=_plans_of_judged(judged, own, "VM"),
    )


def _host_of_judged(judged: Judged, place: str) -> HostPage:
    view = host_view(judged.case, judged.report, judged.hosts[int(place)])
    return HostPage(view=view, plans=_plans_of_judged(judged, (*view.about, *view.on_logs), "Host"))


def _sr_of_judged(judged: Judged, place: str) -> SrPage:
    view = judged.srs[int(place)]
    return SrPage(view=view, plans=_plans_of_judged(judged, view.findings, "SR"))


def _network_of_judged(judged: Judged, place: str) -> NetworkPage:
    view = judged.networks[int(place)]
    found = judged.findings_of(view.findings)
    return NetworkPage(
        view=view, findings=found, plans=_plans_of_judged(judged, found, "Network", "PIF")
    )


def _plans_of_judged(judged: Judged, about: Iterable[Finding], *types: str) -> tuple[Plan, ...]:
    """Return the plans of findings whose object is of one of these types."""
    plans = judged.plans.named(finding.plan for finding in about)
    return tuple(plan for plan in plans if plan.object.type in types)


def _enable_page(judged: Judged, uuid: str) -> CallPage:
    plans = judged.plans.of_disk(judged.case, judged.disks, uuid)
    return CallPage(judgement=enable_cbt(judged.case, uuid), plans=plans)


def _destroy_page(judged: Judged, uuid: str) -> CallPage:
    plans = judged.plans.of_disk(judged.case, judged.disks, uuid)
    return CallPage(judgement=data_destroy(judged.case, uuid), plans=plans)


def _compare_page(judged: Judged, pair: str) -> CallPage:
    older, newer = pair.split(" ")
    # Nothing of the newer disk has to be mended for an older one that is gone.
    there = asked(judged.case, older) is not None
    shown = judged.plans.of_disk(judged.case, judged.disks, newer, wanted=True)
    judgement = list_changed_blocks(judged.case, older, newer)
    return CallPage(judgement=judgement, plans=shown if there else ())


def _all_disks(judged: Judged) -> Iterator[str]:
    """Yield all disks, those that something was found of first: they will be asked for."""
    disks = (disk.uuid for disk in judged.names.disks)
    yield from sorted(disks, key=lambda uuid: uuid not in judged.about)


def _pairs_compared(judged: Judged) -> Iterator[str]:
    """Yield the comparisons of an older with a newer one of a disk and its snapshots.

    These are all of the newest, and of the others what backups ask for: each with the next, and
    with the disk. Of the rest it is so many as take little beside the reading of so many rows.
    """
    dated = {disk.uuid: disk.taken.at for disk in judged.names.disks if disk.taken}
    rest: list[Iterator[tuple[str, str]]] = []
    for owner, own in judged.disks.members.items():
        snapshots = sorted(own & dated.keys(), key=lambda uuid: (dated[uuid], uuid))
        every = [*snapshots, owner]
        pairs = dict.fromkeys(
            (
                *combinations(every[-_MOST_COMPARED:], 2),
                *pairwise(every),
                *((older, owner) for older in snapshots),
            )
        )
        yield from (f"{older} {newer}" for older, newer in pairs)
        rest.append(_other_pairs(every, pairs.keys()))
    room = _LEAST_OLD + len(judged.case.events) // _ROWS_OF_A_PAIR
    yield from (f"{older} {newer}" for older, newer in islice(chain.from_iterable(rest), room))


def _other_pairs(
    every: Sequence[str], known: AbstractSet[tuple[str, str]]
) -> Iterator[tuple[str, str]]:
    """Yield the pairs of an older and a newer one that are not known, the newest first."""
    for newer, older in combinations(every[::-1], 2):
        if (older, newer) not in known:
            yield older, newer


def _nbd_info(judged: Judged, uuid: str) -> NbdInfoPage:
    info = nbd_info(judged.case, uuid)
    return NbdInfoPage(info=info, plans=judged.plans.of_info(judged.case, info))


def _rule_page(judged: Judged, rule: str) -> RuleExplained:
    return explain_rule(judged.case, judged.report, judged.catalogue, judged.sources, rule)


def _rule_ids(judged: Judged) -> Iterator[str]:
    yield from (pattern.id for pattern in judged.catalogue.patterns)


def _finding_of_judged(judged: Judged, name: str) -> FindingPage:
    own = judged.findings[judged.places[name]]
    return FindingPage(
        finding=own,
        explained_by=judged.findings_of(own.explained_by),
        causes=tuple(each for each in judged.report.causes if own.id in each.findings),
        plans=judged.plans.named([own.plan]),
    )


def explained(judged: Judged, again: LineAgain) -> LineExplained:
    """Return what was made of a line that was read again."""
    return explain_line(judged.facts, again, judged.scanner, judged.words.__getitem__)


def _line_of_judged(judged: Judged, key: str) -> LineExplained | None:
    bundle, member, line = key.split("\0")
    own = ((row.bundle, row.member, row.parser) for row in judged.report.coverage)
    parser = next((name for *place, name in own if place == [bundle, member]), "")
    for each in judged.report.excerpts:
        if (each.bundle, each.member) == (bundle, member) and each.first <= int(line) <= each.last:
            again = line_in(each, int(line), parser) if parser else None
            if again is not None and is_one_line(again, judged.scanner):
                return explained(judged, again)
    return None


def _lines_of_judged(judged: Judged) -> Iterator[str]:
    """Yield the lines that are quoted: first those of the worst findings, and the steps to them."""
    worst = sorted(judged.findings, key=lambda each: (each.severity.rank, each.id))
    steps = (step.source for cause in judged.report.causes for step in cause.chain if step.source)
    context = (source for cause in judged.report.causes for source in cause.context)
    quoted = [each for found in worst for each in found.evidence]
    quoted += [each for incident in judged.report.incidents for each in incident.evidence]
    told = (each.source for each in judged.report.happenings if each.what.is_line)
    first = (*(each.evidence[0].source for each in worst), *steps, *context)
    sources = dict.fromkeys((*first, *(each.source for each in quoted), *told))
    known = (key_of_line(each.bundle, each.member, each.line) for each in sources if each.line)
    yield from islice(known, _MOST_LINES)


def _finding_ids(judged: Judged) -> Iterator[str]:
    yield from (each.id for each in judged.findings[:_MOST_FOUND])


@dataclass(frozen=True, slots=True, kw_only=True)
class Maker:
    """How a page is made of its key, and which keys are foreseen; another may be asked for, too."""

    kind: PageKind[Any]
    make: Callable[[Judged, str], Any]
    keys: Callable[[Judged], Iterable[str]]


MAKERS: tuple[Maker, ...] = (
    Maker(kind=DISK, make=_disk_of_judged, keys=_disks_of_judged),
    Maker(kind=VM, make=_vm_of_judged, keys=lambda judged: (vm.uuid for vm in judged.names.vms)),
    Maker(kind=HOST, make=_host_of_judged, keys=lambda judged: map(str, range(len(judged.hosts)))),
    Maker(kind=SR, make=_sr_of_judged, keys=lambda judged: map(str, range(len(judged.srs)))),
    Maker(
        kind=NETWORK,
        make=_network_of_judged,
        keys=lambda judged: map(str, range(len(judged.networks))),
    ),
    Maker(kind=ENABLE_CBT, make=_enable_page, keys=_all_disks),
    Maker(kind=DATA_DESTROY, make=_destroy_page, keys=_all_disks),
    Maker(kind=COMPARE, make=_compare_page, keys=_pairs_compared),
    Maker(kind=NBD_INFO, make=_nbd_info, keys=_all_disks),
    Maker(kind=RULE, make=_rule_page, keys=_rule_ids),
    Maker(kind=FINDING, make=_finding_of_judged, keys=_finding_ids),
    Maker(kind=LINE, make=_line_of_judged, keys=_lines_of_judged),
)


def foreseen(judged: Judged, maker: Maker) -> tuple[str, ...]:
    """Return the keys of the pages of a kind that a case file has."""
    return tuple(islice(maker.keys(judged), _MOST_FORESEEN))


def page_of(judged: Judged, kind: PageKind[Page], key: str) -> Page:
    """Return the page of an object, a call, a rule or a finding."""
    maker = next(each for each in MAKERS if each.kind is kind)
    page: Page = maker.make(judged, key)
    return page
