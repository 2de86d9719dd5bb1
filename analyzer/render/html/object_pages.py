"""Hosts and SRs as the page shows them: what each is, what befell it, and what leads on from it.

Those with something to say come first; of the others the page has one line each.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from analyzer.model.call import Answer
from analyzer.model.disk import DiskView
from analyzer.model.finding import Finding, Severity, Subject
from analyzer.model.goal import Standing
from analyzer.model.host import Role
from analyzer.model.incident import Incident
from analyzer.model.nbd_view import Leftover
from analyzer.model.report import BundleInfo, HostInfo, LedgerEntry, PoolInfo, Report
from analyzer.render.words import nbd_words
from analyzer.render.words.disk_words import TONES, disk_name, notable
from analyzer.render.words.summary import findings, unread
from analyzer.render.words.view import counted
from analyzer.values import dataclass

MOST_SHOWN = 200  # hosts and SRs each: of more the page has no room
MOST_NAMED = 12  # disks and findings that are named one by one
_UNSURE, _OVER = "unsure", "context"
# From what needs a reader most: a doubt stands before what costs nothing.
_TONES = (*map(str, list(Severity)[:-1]), _UNSURE, str(Severity.INFO), _OVER, "")


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectItem:
    """A host or an SR; ``what`` says what it is, ``tone`` is "" where nothing is to be said.

    ``findings`` name it, ``by_logs`` are the others that quote a line of its logs, of several
    hosts. ``bundles`` are its reports, ``unread`` what of them was not read whole, ``doubts`` say
    what else is not known. ``disks`` are the disks on an SR that are in trouble, ``held`` those
    that a host's control domain holds; ``nbd`` says what was seen of NBD there, and ``nbd_page``
    is the number of the pool's part of the NBD section.
    """

    subject: Subject
    anchor: str
    what: str
    tone: str
    findings: tuple[Finding, ...] = ()
    by_logs: tuple[Finding, ...] = ()
    incidents: tuple[Incident, ...] = ()
    bundles: tuple[BundleInfo, ...] = ()
    unread: tuple[LedgerEntry, ...] = ()
    doubts: tuple[str, ...] = ()
    disks: tuple[tuple[str, DiskView], ...] = ()
    held: tuple[Leftover, ...] = ()
    nbd: str = ""
    nbd_page: int = 0

    @property
    def badge(self) -> str:
        """Return the word for its tone."""
        return {_UNSURE: "not all known", _OVER: "over"}.get(self.tone, self.tone)


def object_context(report: Report) -> dict[str, Any]:
    """Return what the template of hosts and SRs needs, and where each stands on the page."""
    found = _FoundByObject(report)
    hosts, srs = _hosts_of_report(report, found), _srs_of_report(report, found)
    shown = (*hosts[:MOST_SHOWN], *srs[:MOST_SHOWN])
    return {
        "objects_to_tell": tuple(each for each in shown if each.tone),
        "objects_in_order": tuple(each for each in shown if not each.tone),
        "objects_known": len(hosts) + len(srs),
        "objects_left_out": len(hosts) + len(srs) - len(shown),
        "object_facts": _facts_in_words(hosts, srs),
        "object_anchors": _anchors_of_items(report, shown),
        "alike_findings": _alike_together,
        "most_named": MOST_NAMED,
    }


def _facts_in_words(hosts: Sequence[ObjectItem], srs: Sequence[ObjectItem]) -> str:
    quiet = (str(Severity.INFO), _OVER, "")
    to_look_at = sum(each.tone not in quiet for each in (*hosts, *srs))
    if to_look_at:
        return f"{to_look_at} of {len(hosts) + len(srs)} to look at"
    return f"{counted(len(hosts), 'host')}, {counted(len(srs), 'SR')}"


def _anchors_of_items(report: Report, items: Iterable[ObjectItem]) -> Mapping[str, str]:
    """Return uuid → anchor; of hosts their names and reports too, which lines are told by."""
    anchors: dict[str, str] = {}
    alike = Counter(name for name, _ in {(host.name, host.uuid) for host in report.hosts})
    for item in items:
        names = [item.subject.uuid]
        if item.subject.type == "Host":
            names += [bundle.name for bundle in item.bundles]
            names += [item.subject.called] if alike[item.subject.called] <= 1 else []
        for name in filter(None, names):
            anchors.setdefault(name, item.anchor)
    return anchors


def _alike_together(found: Iterable[Finding]) -> list[list[Finding]]:
    """Return the findings of several objects that say the same, together."""
    groups: dict[tuple[str, ...], list[Finding]] = {}
    for each in found:
        groups.setdefault((each.severity, each.title, each.state), []).append(each)
    return list(groups.values())


class _FoundByObject:
    """The findings and incidents of a report, by what they are about."""

    def __init__(self, report: Report) -> None:
        self.findings = findings(report)
        self._about: dict[tuple[str, str], dict[str, Finding]] = {}
        self._befell: dict[tuple[str, str], dict[str, Incident]] = {}
        for finding in self.findings:
            for subject in finding.subjects:
                self._about.setdefault((subject.type, subject.uuid), {})[finding.id] = finding
        for incident in report.incidents:
            for subject in incident.subjects:
                self._befell.setdefault((subject.type, subject.uuid), {})[incident.id] = incident
            if incident.host:
                self._befell.setdefault(("Host", incident.host), {})[incident.id] = incident

    def about(self, subject: Subject) -> tuple[Finding, ...]:
        """Return the findings that name an object; a host may be there by its name."""
        return tuple(self._of_subject(self._about, subject).values())

    def befell(self, subject: Subject) -> tuple[Incident, ...]:
        """Return the incidents of an object, by time."""
        return tuple(self._of_subject(self._befell, subject).values())

    @staticmethod
    def _of_subject(
        every: Mapping[tuple[str, str], dict[str, Any]], subject: Subject
    ) -> dict[str, Any]:
        names = [subject.uuid, subject.called] if subject.type == "Host" else [subject.uuid]
        told: dict[str, Any] = {}
        for name in names:
            told |= every.get((subject.type, name), {})
        return told


# Hosts


def _hosts_of_report(report: Report, found: _FoundByObject) -> tuple[ObjectItem, ...]:
    reports: dict[tuple[str, str], list[HostInfo]] = {}
    for host in report.hosts:
        reports.setdefault((host.name, host.uuid or host.bundle), []).append(host)
    missing = [(name, pool) for pool in report.pools for name in pool.hosts_missing]
    items = [
        _item_of_host(report, found, own, f"host-{number}")
        for number, own in enumerate(reports.values(), 1)
    ]
    items += [
        _item_of_missing_host(report, found, name, pool, f"host-{number}")
        for number, (name, pool) in enumerate(missing, len(items) + 1)
    ]
    return _in_order_of_need(items)


def _item_of_host(
    report: Report, found: _FoundByObject, own: Sequence[HostInfo], anchor: str
) -> ObjectItem:
    names = {host.bundle for host in own}
    subject = Subject(type="Host", uuid=own[-1].uuid or "", name=own[-1].name)
    about, befell = found.about(subject), found.befell(subject)
    bundles = tuple(bundle for bundle in report.bundles if bundle.name in names)
    lost = tuple(entry for entry in unread(report) if entry.bundle in names)
    doubts = tuple(_doubts_of_clocks(report, names))
    not_read = bool(lost or doubts) or not all(bundle.complete for bundle in bundles)
    held = (each for view in report.nbd for each in view.leftovers)
    nbd, page = _nbd_of_host(report, subject, names)
    return ObjectItem(
        subject=subject,
        anchor=anchor,
        what=_words_of_host(report, own),
        tone=_worst_tone(about, befell, _UNSURE if not_read else ""),
        findings=about,
        by_logs=_findings_by_logs(report, found, names, about),
        incidents=befell,
        bundles=bundles,
        unread=lost,
        doubts=doubts,
        held=tuple(each for each in held if each.host.uuid and each.host.uuid == subject.uuid),
        nbd=nbd,
        nbd_page=page,
    )


def _item_of_missing_host(
    report: Report, found: _FoundByObject, name: str, pool: PoolInfo, anchor: str
) -> ObjectItem:
    nbd_hosts = (host for view in report.nbd if view.uuid == pool.uuid for host in view.hosts)
    unnamed = Subject(type="Host", uuid="", name=name)
    subject = next((h.host for h in nbd_hosts if h.host.called == name and not h.bundles), unnamed)
    about, befell = found.about(subject), found.befell(subject)
    return ObjectItem(
        subject=subject,
        anchor=anchor,
        what=f"member of pool {pool.name}" if pool.name else "member of the pool",
        tone=_worst_tone(about, befell, _UNSURE),
        findings=about,
        incidents=befell,
        doubts=("no status report of it was given: what its logs say is not known",),
    )


def _words_of_host(report: Report, own: Sequence[HostInfo]) -> str:
    """Return what a host is: its place in the pool, product, and how its clock stood."""
    latest = own[-1]
    bundles = {host.bundle for host in own}
    skews = [skew for clock in report.clocks if clock.bundle in bundles for skew in clock.skews]
    pool = next((p.name for p in report.pools if p.uuid and p.uuid == latest.pool), None)
    parts = [
        "" if latest.role is Role.UNKNOWN else str(latest.role),
        f"pool {pool}" if pool and len(report.pools) > 1 else "",
        latest.product,
        f"clock {skews[0].apart}" if skews else "",
    ]
    return " · ".join(filter(None, parts))


def _doubts_of_clocks(report: Report, bundles: set[str]) -> Iterable[str]:
    for clock in report.clocks:
        if clock.bundle in bundles:
            yield from clock.contradictions
            if not clock.zone_known:
                yield "the zone of its clock is not known, so its times are in doubt"


def _findings_by_logs(
    report: Report, found: _FoundByObject, bundles: set[str], told: Sequence[Finding]
) -> tuple[Finding, ...]:
    """Return the findings that quote a dated line of a host; of one host alone all would."""
    if len({host.uuid or host.bundle for host in report.hosts}) == 1:
        return ()
    return tuple(
        finding
        for finding in found.findings
        if finding not in told
        and any(each.at and each.source.bundle in bundles for each in finding.evidence)
    )


def _nbd_of_host(report: Report, subject: Subject, bundles: set[str]) -> tuple[str, int]:
    """Return what was seen of NBD on a host, and the number of its pool; "" where it is unused."""
    for number, view in enumerate(report.nbd, 1):
        for host in view.hosts if view.in_use else ():
            if (subject.uuid and host.host.uuid == subject.uuid) or bundles & set(host.bundles):
                ended = "; its certificate has ended" if host.expired else ""
                return nbd_words.session_words(host) + ended, number
    return "", 0


# SRs


def _srs_of_report(report: Report, found: _FoundByObject) -> tuple[ObjectItem, ...]:
    """Return the SRs that a disk with CBT, an answer, a finding or an incident is about."""
    told = [disk.sr for disk in report.disks]
    told += [info.sr for view in report.nbd for info in view.infos]
    told += [s for finding in found.findings for s in finding.subjects if s.type == "SR"]
    told += [s for each in report.incidents for s in each.subjects if s.type == "SR"]
    known = {subject.uuid: subject for subject in reversed(told) if subject.uuid}
    types = {info.sr.uuid: info.type or "" for info in report.srs}
    disks: dict[str, list[DiskView]] = {}
    for disk in report.disks:
        disks.setdefault(disk.sr.uuid, []).append(disk)
    subjects = sorted(known.values(), key=lambda sr: (sr.called, sr.uuid))
    items = [
        _item_of_sr(report, found, sr, disks.get(sr.uuid, ()), types.get(sr.uuid, ""))
        for sr in subjects
    ]
    numbered = [replace(item, anchor=f"sr-{number}") for number, item in enumerate(items, 1)]
    return _in_order_of_need(numbered)


def _item_of_sr(
    report: Report,
    found: _FoundByObject,
    sr: Subject,
    disks: Sequence[DiskView],
    kind: str,
) -> ObjectItem:
    troubled = [disk for disk in disks if notable(disk)]
    about, befell = found.about(sr), found.befell(sr)
    nbd, page, tone = _nbd_of_sr(report, sr)
    own = {name for disk in troubled for name in disk.findings}
    of_disks = [finding for finding in found.findings if finding.id in own]
    count = counted(len(disks), "disk") + " with CBT" if disks else ""
    hurt = f"{len(troubled)} in trouble" if troubled else ""
    return ObjectItem(
        subject=sr,
        anchor="",
        what=" · ".join(filter(None, (kind, ", ".join(filter(None, (count, hurt)))))),
        tone=_worst_tone((*about, *of_disks), befell, tone, *(TONES[d.state] for d in troubled)),
        findings=about,
        incidents=befell,
        disks=tuple((disk_name(disk), disk) for disk in troubled),
        nbd=nbd,
        nbd_page=page,
    )


def _nbd_of_sr(report: Report, sr: Subject) -> tuple[str, int, str]:
    """Return that get_nbd_info names no endpoint for an SR's disks, the pool's number, a tone."""
    for number, view in enumerate(report.nbd, 1):
        for info in view.infos if view.in_use is not False else ():
            if info.sr.uuid == sr.uuid and info.answer is not Answer.OK:
                if info.answer is Answer.UNKNOWN:
                    told = "what get_nbd_info would answer for its disks cannot be told"
                    return told, number, _UNSURE
                told = "get_nbd_info would name no address for its disks"
                return told, number, str(Severity.WARNING)
    return "", 0, ""


# Both


def _worst_tone(found: Iterable[Finding], befell: Iterable[Incident], *beside: str) -> str:
    """Return the worst of what goes on, what befell it and tones beside; "" for none of it."""
    every = list(found)
    tones = [str(each.severity) for each in every if each.state is not Standing.OVER]
    tones += [str(each.severity) for each in befell]
    tones += [_OVER] if every else []
    return min((*tones, *(tone for tone in beside if tone in _TONES), ""), key=_TONES.index)


def _in_order_of_need(items: Iterable[ObjectItem]) -> tuple[ObjectItem, ...]:
    return tuple(sorted(items, key=lambda item: _TONES.index(item.tone)))
