"""One SR as a command shows it: hosts, space, disks with CBT, NBD, who holds what, findings."""

from collections.abc import Iterable, Iterator, Sequence

from analyzer.case.case import Case
from analyzer.case.pool import PoolState
from analyzer.case.quotation import quote
from analyzer.model.finding import Evidence, Finding, Outcome, Subject
from analyzer.model.nbd import Dom0Attachment, NbdInfo
from analyzer.model.sr_view import SrDisk, SrPlug, SrView
from analyzer.model.terms import CBT_METADATA
from analyzer.model.xapi import Pbd, Sr, Vdi
from analyzer.rebuilt.nbd.dom0.attachments import dom0_attachments
from analyzer.rebuilt.nbd.info.answer import sr_answers

_UUID_LENGTH = 36


def sr_views(case: Case, outcomes: Sequence[Outcome]) -> tuple[SrView, ...]:
    """Return all SRs, by pool and name."""
    about = _About(case, outcomes)
    views = (_view_of_sr(about, pool, sr) for pool in case.pools for sr in pool.srs)
    return tuple(
        sorted(
            views,
            key=lambda view: (
                view.pool.called if view.pool else "",
                view.sr.name or "",
                view.sr.uuid,
            ),
        )
    )


class _About:
    """What was found of objects, by their uuids: a pool may have very many SRs."""

    def __init__(self, case: Case, outcomes: Sequence[Outcome]) -> None:
        self.findings = [finding for outcome in outcomes for finding in outcome.findings]
        self.held = dom0_attachments(case)
        self.answers: dict[tuple[int, str], NbdInfo] = {}
        for each in sr_answers(case):
            self.answers.setdefault((id(each.pool), each.sr.ref), each.info)
        self.space: dict[str, list[Evidence]] = {}
        self._found: dict[str, list[int]] = {}
        self._held: dict[str, list[int]] = {}
        for place, finding in enumerate(self.findings):
            for uuid in {subject.uuid for subject in finding.subjects}:
                self._found.setdefault(uuid, []).append(place)
        for place, attachment in enumerate(self.held):
            self._held.setdefault(attachment.vdi, []).append(place)
        for uuid, evidence in _space_quoted(case):
            self.space.setdefault(uuid, []).append(evidence)

    def findings_of(self, uuids: Iterable[str]) -> tuple[Finding, ...]:
        places = {place for uuid in uuids for place in self._found.get(uuid, ())}
        return tuple(self.findings[place] for place in sorted(places))

    def held_of(self, uuids: Iterable[str]) -> tuple[Dom0Attachment, ...]:
        places = {place for uuid in uuids for place in self._held.get(uuid, ())}
        return tuple(self.held[place] for place in sorted(places))


def _view_of_sr(about: _About, pool: PoolState, sr: Sr) -> SrView:
    disks = pool.vdis_of(sr)
    uuids = {sr.uuid, *(vdi.uuid for vdi in disks)}
    operations = sr.current_operations
    return SrView(
        pool=pool.subject,
        sr=Subject(type="SR", uuid=sr.uuid, name=sr.name_label),
        type=sr.type,
        shared=sr.shared,
        size=sr.physical_size,
        used=sr.physical_utilisation,
        evidence=Evidence(
            source=sr.source,
            text=quote(sr, "type", "physical_size", "physical_utilisation", "current_operations"),
        ),
        plugs=tuple(_plug_of_pbd(pool, pbd) for pbd in pool.pbds_of(sr)),
        operations=None
        if operations is None
        else tuple(sorted((what, task) for task, what in operations.items())),
        space=tuple(about.space.get(sr.uuid, ())),
        disks=len(disks),
        with_cbt=tuple(
            _disk_of_vdi(vdi) for vdi in disks if vdi.cbt_enabled or vdi.type == CBT_METADATA
        ),
        info=about.answers.get((id(pool), sr.ref)),
        held=about.held_of(uuids),
        findings=about.findings_of(uuids),
    )


def _plug_of_pbd(pool: PoolState, pbd: Pbd) -> SrPlug:
    host = pool.host(pbd.host)
    return SrPlug(
        host=Subject(
            type="Host",
            uuid=host.uuid if host else pbd.host or "",
            name=host.name_label if host else None,
        ),
        attached=pbd.currently_attached,
        evidence=Evidence(source=pbd.source, text=quote(pbd, "host", "SR", "currently_attached")),
    )


def _disk_of_vdi(vdi: Vdi) -> SrDisk:
    kind = "snapshot" if vdi.is_a_snapshot else "live"
    return SrDisk(
        vdi=Subject(type="VDI", uuid=vdi.uuid, name=vdi.name_label),
        kind=CBT_METADATA if vdi.type == CBT_METADATA else kind,
    )


def _space_quoted(case: Case) -> Iterator[tuple[str, Evidence]]:
    """Yield (uuid of the SR, line) of ``vgs`` and ``df``, of every host that shows some."""
    for report in case.hosts:
        for group in report.vgs.groups if report.vgs else ():
            yield group.name[-_UUID_LENGTH:], Evidence(source=group.source, text=group.text)
        for mount in report.mounts.mounts if report.mounts else ():
            uuid = mount.path.rpartition("/sr-mount/")[2]
            yield uuid, Evidence(source=mount.source, text=mount.text)
