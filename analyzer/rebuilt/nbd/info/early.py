"""Answers of get_nbd_info that are there before any host is looked at."""

from collections.abc import Sequence
from dataclasses import replace

from analyzer.case.pool import PoolState
from analyzer.case.quotation import quote
from analyzer.model.call import Answer
from analyzer.model.finding import Advice, Evidence, Subject
from analyzer.model.nbd import InfoStep, NbdInfo
from analyzer.model.xapi import Sr, Vdi
from analyzer.rebuilt.nbd.info.judge import Judged


def vdi_subject(vdi: Vdi) -> Subject:
    """Return the disk that was asked for."""
    return Subject(type="VDI", uuid=vdi.uuid, name=vdi.name_label)


def _row_of_vdi(vdi: Vdi, *fields: str) -> tuple[Evidence, ...]:
    return (Evidence(source=vdi.source, text=quote(vdi, *fields)),)


def _info_without_hosts(
    vdi: Vdi, sr: Sr | None, judged: Judged, steps: Sequence[str] = ()
) -> NbdInfo:
    """Return an answer that is there before any host is looked at."""
    uuid = sr.uuid if sr else vdi.sr or "unknown"
    return NbdInfo(
        vdi=vdi_subject(vdi),
        sr=Subject(type="SR", uuid=uuid, name=sr.name_label if sr else None),
        answer=judged.answer,
        stopped_at=judged.stopped_at,
        because=judged.because,
        endpoints=(),
        evidence=judged.evidence,
        mend=tuple(Advice(step=step) for step in steps),
    )


def too_old(pool: PoolState, vdi: Vdi) -> NbdInfo:
    """Answer for a release that has no such call."""
    schema = Evidence(
        source=pool.source, text=f'<pair key="schema_minor_vsn" value="{pool.schema_minor}"/>'
    )
    because = "the release is older than XenServer 7.3 and has neither get_nbd_info nor xapi-nbd"
    judged = Judged(answer=Answer.FAILS, stopped_at=None, because=because, evidence=(schema,))
    steps = ("Read the disks over another transport, or upgrade the pool.",)
    return _info_without_hosts(vdi, pool.sr(vdi.sr), judged, steps)


def metadata(pool: PoolState, vdi: Vdi) -> NbdInfo:
    """Answer for a disk that data_destroy has emptied."""
    judged = Judged(
        answer=Answer.FAILS,
        stopped_at=InfoStep.TYPE,
        because=(
            "the disk is CBT metadata without data, so the call ends with VDI_INCOMPATIBLE_TYPE"
        ),
        evidence=_row_of_vdi(vdi, "type"),
    )
    disk = pool.vdi(vdi.snapshot_of)
    of = f" of disk {disk.uuid}" if disk else ""
    return _info_without_hosts(
        vdi, pool.sr(vdi.sr), judged, (f"Take a new snapshot{of} and ask for that one.",)
    )


def no_row(uuid: str, told: tuple[Evidence, ...], *, whole: bool) -> NbdInfo:
    """Answer for a disk that only logs tell of; ``whole`` databases would have its row.

    xe asks VDI.get_by_uuid first, which raises UUID_INVALID (xen-api datamodel_errors.ml).
    """
    because = "only logs tell of the disk: no database that was read has its row"
    return NbdInfo(
        vdi=Subject(type="VDI", uuid=uuid),
        sr=Subject(type="SR", uuid=""),
        answer=Answer.FAILS if whole else Answer.UNKNOWN,
        stopped_at=None,
        because=f"{because}, so the call ends with UUID_INVALID" if whole else because,
        endpoints=(),
        evidence=told,
        mend=(Advice(step=f"xe vdi-list uuid={uuid}"),),
    )


def no_sr(vdi: Vdi) -> NbdInfo:
    """Answer for a disk whose SR was not read."""
    because = "the database that was read does not show the SR of the disk"
    evidence = _row_of_vdi(vdi, "SR")
    return _info_without_hosts(
        vdi,
        None,
        Judged(answer=Answer.UNKNOWN, stopped_at=None, because=because, evidence=evidence),
        (f"xe vdi-param-get uuid={vdi.uuid} param-name=sr-uuid",),
    )


def of_unknown_type(info: NbdInfo, vdi: Vdi) -> NbdInfo:
    """Return the answer of a disk that may be CBT metadata: an empty one stays no answer."""
    if info.answer is not Answer.OK:
        return info
    return replace(
        info,
        answer=Answer.UNKNOWN,
        stopped_at=None,
        because="the row of the disk does not show whether it is CBT metadata",
        evidence=_row_of_vdi(vdi, "type"),
        mend=(Advice(step=f"xe vdi-param-get uuid={vdi.uuid} param-name=type"),),
    )
