"""One SR as a command shows it: hosts, space, disks with CBT, NBD, who holds what, findings."""

from collections.abc import Iterator, Sequence

from analyzer.case.case import Case
from analyzer.case.pool import PoolState
from analyzer.case.quotation import quote
from analyzer.model.finding import Evidence, Outcome, Subject
from analyzer.model.sr_view import SrDisk, SrPlug, SrView
from analyzer.model.terms import CBT_METADATA
from analyzer.model.xapi import Pbd, Sr, Vdi
from analyzer.rebuilt.nbd.dom0.attachments import dom0_attachments
from analyzer.rebuilt.nbd.info.answer import sr_answers


def sr_views(case: Case, outcomes: Sequence[Outcome]) -> tuple[SrView, ...]:
    """Return all SRs, by pool and name."""
    views = (_view_of_sr(case, outcomes, pool, sr) for pool in case.pools for sr in pool.srs)
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


def _view_of_sr(case: Case, outcomes: Sequence[Outcome], pool: PoolState, sr: Sr) -> SrView:
    disks = pool.vdis_of(sr)
    uuids = {sr.uuid, *(vdi.uuid for vdi in disks)}
    operations = sr.current_operations
    answers = (each.info for each in sr_answers(case) if each.pool is pool and each.sr == sr)
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
        space=tuple(_space_quoted(case, sr)),
        disks=len(disks),
        with_cbt=tuple(
            _disk_of_vdi(vdi) for vdi in disks if vdi.cbt_enabled or vdi.type == CBT_METADATA
        ),
        info=next(answers, None),
        held=tuple(each for each in dom0_attachments(case) if each.vdi in uuids),
        findings=tuple(
            finding
            for outcome in outcomes
            for finding in outcome.findings
            if any(subject.uuid in uuids for subject in finding.subjects)
        ),
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


def _space_quoted(case: Case, sr: Sr) -> Iterator[Evidence]:
    """Yield the lines of ``vgs`` and ``df`` about an SR, of every host that shows them."""
    for report in case.hosts:
        for group in report.vgs.groups if report.vgs else ():
            if group.name.endswith(f"-{sr.uuid}"):
                yield Evidence(source=group.source, text=group.text)
        for mount in report.mounts.mounts if report.mounts else ():
            if mount.path.endswith(f"/sr-mount/{sr.uuid}"):
                yield Evidence(source=mount.source, text=mount.text)
