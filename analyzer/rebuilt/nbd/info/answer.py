"""What VDI.get_nbd_info would answer, from the database alone.

The steps are those of xen-api `ocaml/xapi/xapi_vdi.ml` get_nbd_info: hosts that have the SR
attached, their attached PIFs on networks with an NBD purpose, the addresses of these, and of each
host that has one its certificate. VLANs, bonds and tunnels count like physical PIFs.
"""

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from analyzer.case.case import Case
from analyzer.case.derived import derived
from analyzer.case.pool import PoolState
from analyzer.errors import UsageError
from analyzer.model.finding import Subject
from analyzer.model.nbd import NbdInfo
from analyzer.model.xapi import Sr, Vdi
from analyzer.rebuilt.answers.gone import told_of
from analyzer.rebuilt.nbd.info.early import (
    metadata,
    no_row,
    no_sr,
    of_unknown_type,
    too_old,
    vdi_subject,
)
from analyzer.rebuilt.nbd.info.hosts import members
from analyzer.rebuilt.nbd.info.judge import Facts, judge
from analyzer.rebuilt.nbd.info.mend import mend
from analyzer.rebuilt.nbd.info.nbd_purposes import before_nbd, purposes_of
from analyzer.rebuilt.nbd.info.warnings import warnings_of
from analyzer.rebuilt.nbd.reach.endpoints import endpoints_of
from analyzer.values import dataclass

METADATA = "cbt_metadata"
_NOT_DISKS = ("iso", "udev")  # SRs of installation media and of drives: nobody backs them up


@dataclass(frozen=True, slots=True, kw_only=True)
class SrAnswer:
    """What get_nbd_info would answer in one pool for the disks of one SR."""

    pool: PoolState
    sr: Sr
    info: NbdInfo


def nbd_info(case: Case, vdi_uuid: str) -> NbdInfo:
    """Return what get_nbd_info would answer for a disk.

    Raises:
        UsageError: neither a database of the case nor a log tells of the disk.
    """
    found = ((pool, vdi) for pool in case.pools if (vdi := pool.vdi(vdi_uuid)))
    pool, vdi = next(found, (None, None))
    if pool is None or vdi is None:
        if not (told := told_of(case, vdi_uuid)):
            msg = f"{vdi_uuid}: no database and no log of the given bundles tells of this disk"
            raise UsageError(msg)
        whole = bool(case.pools) and all(pool.complete for pool in case.pools)
        return no_row(vdi_uuid, told, whole=whole)
    if before_nbd(pool):
        return too_old(pool, vdi)
    if vdi.type == METADATA:
        return metadata(pool, vdi)
    sr = pool.sr(vdi.sr)
    info = no_sr(vdi) if sr is None else _info_of_disk(case, pool, sr, vdi)
    return of_unknown_type(info, vdi) if vdi.type is None else info


@derived
def nbd_infos(case: Case) -> Mapping[str, NbdInfo]:
    """Return the answer for each SR that has disks, by its uuid, in order of pool and uuid.

    The answer is the same for all disks of an SR; ``vdi`` is one of them, if one is there one
    with CBT. Of an SR that two pools know, the pool speaks that would give endpoints.
    """
    found: dict[str, NbdInfo] = {}
    for each in sr_answers(case):
        before = found.get(each.sr.uuid)
        if before is None or (each.info.endpoints and not before.endpoints):
            found[each.sr.uuid] = each.info
    return MappingProxyType(found)


@derived
def sr_answers(case: Case) -> tuple[SrAnswer, ...]:
    """Return the answer for each SR that has disks, pool by pool, by uuid of the SR."""
    return tuple(_answers_of_srs(case))


def _answers_of_srs(case: Case) -> Iterator[SrAnswer]:
    for pool in case.pools:
        for uuid, vdi in _disk_of_each_sr(pool).items():
            sr = pool.sr(uuid)
            if sr is not None and sr.type not in _NOT_DISKS:
                info = (
                    too_old(pool, vdi) if before_nbd(pool) else _info_of_disk(case, pool, sr, vdi)
                )
                yield SrAnswer(pool=pool, sr=sr, info=info)


def _disk_of_each_sr(pool: PoolState) -> Mapping[str, Vdi]:
    """Return a disk of each SR that has one, by the SR's uuid: live with CBT before others."""
    best: dict[str, Vdi] = {}
    for vdi in sorted(pool.vdis, key=_rank_of_vdi):
        sr = pool.sr(vdi.sr)
        if sr is not None and vdi.type != METADATA:
            best.setdefault(sr.uuid, vdi)
    return dict(sorted(best.items()))


def _rank_of_vdi(vdi: Vdi) -> tuple[bool, bool, str]:
    return (not vdi.cbt_enabled, vdi.is_a_snapshot is True, vdi.uuid)


def _info_of_disk(case: Case, pool: PoolState, sr: Sr, vdi: Vdi) -> NbdInfo:
    purposes = purposes_of(pool)
    hosts = members(case, pool, sr, purposes)
    facts = Facts(pool=pool, sr=sr, purposes=purposes, members=hosts)
    judged = judge(facts)
    return NbdInfo(
        vdi=vdi_subject(vdi),
        sr=Subject(type="SR", uuid=sr.uuid, name=sr.name_label),
        answer=judged.answer,
        stopped_at=judged.stopped_at,
        because=judged.because,
        endpoints=endpoints_of(case, pool, hosts),
        evidence=judged.evidence,
        mend=mend(case, facts, judged),
        warnings=warnings_of(facts),
    )
