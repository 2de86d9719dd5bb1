"""What VDI.get_nbd_info would answer, from the database alone.

The steps are those of xen-api `ocaml/xapi/xapi_vdi.ml` get_nbd_info: hosts that have the SR
attached, their attached PIFs on networks with an NBD purpose, the addresses of these, and of each
host that has one its certificate. VLANs, bonds and tunnels count like physical PIFs.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from analyzer.case.case import Case
from analyzer.case.derived import derived
from analyzer.case.pool import PoolState
from analyzer.case.quotation import quote
from analyzer.errors import UsageError
from analyzer.model.call import Answer
from analyzer.model.finding import Advice, Confidence, Evidence, Subject
from analyzer.model.nbd import InfoStep, InfoWarning, NbdInfo
from analyzer.model.terms import CBT_METADATA
from analyzer.model.xapi import Sr, Vdi
from analyzer.rebuilt.answers.gone import told_of
from analyzer.rebuilt.nbd.info.hosts import Member, members
from analyzer.rebuilt.nbd.info.judge import Facts, Judged, judge, metrics_of, quoted
from analyzer.rebuilt.nbd.info.mend import mend
from analyzer.rebuilt.nbd.info.nbd_purposes import before_nbd, purposes_of
from analyzer.rebuilt.nbd.reach.endpoints import endpoints_of
from analyzer.values import dataclass

# Answers of get_nbd_info that are there before any host is looked at.


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


# What speaks against the whole answer of get_nbd_info, whatever addresses it gives.


def warnings_of(facts: Facts) -> tuple[InfoWarning, ...]:
    """Return the warnings, those that are certain first."""
    found = [
        *_warnings_of_mixed(facts),
        *(each for m in facts.answering for each in _host_of_member(facts, m)),
    ]
    return tuple(sorted(found, key=lambda each: list(Confidence).index(each.confidence)))


def _warnings_of_mixed(facts: Facts) -> Iterator[InfoWarning]:
    if facts.purposes.mixed:
        yield InfoWarning(
            what=(
                "the pool has networks with the purpose nbd and with insecure_nbd, and xapi-nbd "
                "refuses every connection to such a pool"
            ),
            confidence=Confidence.CERTAIN,
            evidence=quoted(facts.purposes.any, "purpose"),
        )


def _host_of_member(facts: Facts, member: Member) -> Iterator[InfoWarning]:
    name = member.host.name_label or member.host.uuid
    if member.live is False:
        yield InfoWarning(
            what=(
                f"{name} was not live and has an NBD address, so the call fails for the disks of "
                "all hosts, with HOST_OFFLINE"
            ),
            confidence=Confidence.CERTAIN,
            evidence=quoted(metrics_of(facts.pool, member.host), "live"),
        )
    elif member.host.enabled is False:
        yield InfoWarning(
            what=(
                f"{name} was disabled; should it be restarted, the call fails for all until it is "
                "back or its SR is unplugged"
            ),
            confidence=Confidence.POSSIBLE,
            evidence=quoted([member.host], "enabled"),
        )


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
    if vdi.type == CBT_METADATA:
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
    answers_of_srs: list[SrAnswer] = []
    for pool in case.pools:
        for uuid, vdi in _disk_of_each_sr(pool).items():
            sr = pool.sr(uuid)
            if sr is not None and sr.type not in _NOT_DISKS:
                info = (
                    too_old(pool, vdi) if before_nbd(pool) else _info_of_disk(case, pool, sr, vdi)
                )
                answers_of_srs.append(SrAnswer(pool=pool, sr=sr, info=info))
    return tuple(answers_of_srs)


def _disk_of_each_sr(pool: PoolState) -> Mapping[str, Vdi]:
    """Return a disk of each SR that has one, by the SR's uuid: live with CBT before others."""
    best: dict[str, Vdi] = {}
    for vdi in sorted(
        pool.vdis, key=lambda vdi: (not vdi.cbt_enabled, vdi.is_a_snapshot is True, vdi.uuid)
    ):
        sr = pool.sr(vdi.sr)
        if sr is not None and vdi.type != CBT_METADATA:
            best.setdefault(sr.uuid, vdi)
    return dict(sorted(best.items()))


def _info_of_disk(case: Case, pool: PoolState, sr: Sr, vdi: Vdi) -> NbdInfo:
    return replace(_info_of_sr(case, pool, sr.uuid), vdi=vdi_subject(vdi))


@derived
def _info_of_sr(case: Case, pool: PoolState, uuid: str) -> NbdInfo:
    """Return the answer for the disks of an SR, without the disk."""
    sr = pool.sr(uuid)
    assert sr is not None, "asked of SRs of the pool only"
    purposes = purposes_of(pool)
    hosts = members(case, pool, sr, purposes)
    facts = Facts(pool=pool, sr=sr, purposes=purposes, members=hosts)
    judged = judge(facts)
    return NbdInfo(
        vdi=Subject(type="VDI", uuid=""),
        sr=Subject(type="SR", uuid=sr.uuid, name=sr.name_label),
        answer=judged.answer,
        stopped_at=judged.stopped_at,
        because=judged.because,
        endpoints=endpoints_of(case, pool, hosts),
        evidence=judged.evidence,
        mend=mend(case, facts, judged),
        warnings=warnings_of(facts),
    )
