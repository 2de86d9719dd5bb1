"""Xen Orchestra destroys the data of its snapshots, and NBD, which then is needed, was unusable.

"Purge snapshot data" leaves CBT metadata only. The next run can be a difference only if it reads
the changed blocks over NBD; the stream export that Xen Orchestra falls back to needs the destroyed
data, so every run is full. Other backup programs read changed blocks without NBD, so only disks
that Xen Orchestra marked count.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from analyzer.case.case import Case
from analyzer.case.pool import PoolState
from analyzer.checks.observation import NotApplicable, Observation
from analyzer.checks.tools.calls import Method, calls
from analyzer.checks.tools.finding import (
    found,
    listed,
    named,
    pool_name,
    pool_or_hosts,
    quote,
    quote_row,
)
from analyzer.model.call import Answer
from analyzer.model.finding import Basis, Confidence, Finding, Gap, Subject
from analyzer.model.nbd import InfoStep, NbdInfo
from analyzer.model.rule import RuleText
from analyzer.model.sentence import say
from analyzer.model.terms import CBT_METADATA
from analyzer.model.xapi import Vdi
from analyzer.rebuilt.nbd.info.answer import sr_answers

RULE = "nbd-never-used-purge-on"
_UNUSABLE = (InfoStep.PURPOSE, InfoStep.ADDRESS)
_MOST = 3
_MARK = "xo:backup:"
# A job that runs once a week is going on; older metadata is left over from a job that is not.
_RECENT = timedelta(days=8)


def examine(case: Case, text: RuleText) -> Iterator[Observation]:
    """Judge each pool by what was destroyed of late, and by what get_nbd_info would answer."""
    for pool in case.pools:
        infos = {each.sr.uuid: each.info for each in sr_answers(case) if each.pool is pool}
        disks = [
            (vdi, infos[sr.uuid])
            for vdi in _marked_by_xo(pool)
            if (sr := pool.sr(vdi.sr)) and sr.uuid in infos
        ]
        bundles = case.world.bundles_of(pool)
        # What shows that xapi-nbd served a disk: NBD was usable then.
        if not (
            not disks or [e for e in case.events.of(f"{RULE}.served") if e.source.bundle in bundles]
        ):
            unusable = [vdi for vdi, info in disks if info.stopped_at in _UNUSABLE]
            if not (new := _purged_of_late(case, pool, unusable)):
                yield from [
                    _gap_of_age(vdi) for vdi in unusable if _age_of(case, pool, vdi) is None
                ][:1]
                yield from [
                    _gap_of_nbd(vdi, info)
                    for vdi, info in disks
                    if info.answer is Answer.UNKNOWN and not info.endpoints
                ][:1]
            else:
                gap = next(
                    (gap for b in sorted(bundles) if (gap := case.gap("daemon_log", b))), None
                )
                if gap is not None:
                    why = say("whether NBD was used before cannot be told: {why}", why=gap.why)
                    yield replace(gap, why=why)
                else:
                    yield _finding_of_disks(case, text, pool, new, infos)
    # Say that the question does not arise, where it certainly does not.
    whole = bool(case.pools) and all(pool.complete for pool in case.pools)
    rows = [vdi for pool in case.pools for vdi in pool.vdis]
    known = all(vdi.type is not None and vdi.other_config is not None for vdi in rows)
    if whole and known and not any(_marked_by_xo(pool) for pool in case.pools):
        yield NotApplicable("no disk shows that Xen Orchestra destroyed the data of a snapshot")


def _finding_of_disks(
    case: Case,
    text: RuleText,
    pool: PoolState,
    disks: Sequence[Vdi],
    answers: Mapping[str, NbdInfo],
) -> Finding:
    srs = {sr.uuid: sr for vdi in disks if (sr := pool.sr(vdi.sr))}
    infos = [answers[uuid] for uuid in srs]
    own = {vdi.uuid for vdi in disks}
    done = [call for call in calls(case, Method.DESTROY) if call.vdi in own and not call.code]
    values = {
        "pool": pool_name(pool),
        "number": f"{len(disks)} snapshots" if len(disks) > 1 else "a snapshot",
        "srs": listed([named(sr.name_label, sr.uuid) for sr in srs.values()]),
        "because": "; ".join(dict.fromkeys(info.because for info in infos)),
    }
    lines = tuple(line for call in done if (line := call.line))
    told = found(
        text,
        (text.title, text.detail),
        basis=Basis.BOTH if lines else Basis.STATE,
        confidence=Confidence.LIKELY,
        subjects=(
            *pool_or_hosts(case, pool, ()),
            *(Subject(type="SR", uuid=sr.uuid, name=sr.name_label) for sr in srs.values()),
        ),
        rows=[values],
        evidence=(
            *(quote_row(vdi, "type", "snapshot_time", "other_config") for vdi in disks[:_MOST]),
            *tuple(dict.fromkeys(each for info in infos for each in info.evidence)),
            *(quote(line) for line in lines[-_MOST:]),
        ),
        events=lines,
        count=len(disks),
    )
    changes = (step for info in infos for step in info.mend)
    return replace(told, action=(*dict.fromkeys(changes), *told.action))


def _marked_by_xo(pool: PoolState) -> list[Vdi]:
    """Return the snapshots of Xen Orchestra that hold CBT metadata only."""
    return [
        vdi
        for vdi in pool.vdis
        if vdi.type == CBT_METADATA and any(key.startswith(_MARK) for key in vdi.other_config or {})
    ]


def _purged_of_late(case: Case, pool: PoolState, disks: Sequence[Vdi]) -> list[Vdi]:
    """Return the snapshots that were taken shortly before the report, newest first."""
    ages = [(old, vdi) for vdi in disks if (old := _age_of(case, pool, vdi)) is not None]
    near = [pair for pair in ages if timedelta(0) <= pair[0] <= _RECENT]
    return [vdi for _, vdi in sorted(near, key=lambda pair: (pair[0], pair[1].uuid))]


def _age_of(case: Case, pool: PoolState, vdi: Vdi) -> timedelta | None:
    """Return how old a snapshot was at the newest report, None where a time is missing."""
    taken = [each.captured_at.at for each in case.world.reports_of(pool) if each.captured_at]
    # When a snapshot was taken, as xapi writes it: `20240610T11:32:41Z`.
    try:
        time: datetime | None = datetime.strptime(
            vdi.snapshot_time or "", "%Y%m%dT%H:%M:%SZ"
        ).replace(tzinfo=UTC)
    except ValueError:
        time = None
    return max(taken) - time if taken and time else None


def _gap_of_age(vdi: Vdi) -> Gap:
    """Say that the age of a snapshot is not shown."""
    return Gap(
        need="xapi_db",
        host="",
        why=f"how old snapshot {vdi.uuid} was, whose data was destroyed, is not shown",
        settle_with=f"xe vdi-param-get uuid={vdi.uuid} param-name=snapshot-time; date",
    )


def _gap_of_nbd(vdi: Vdi, info: NbdInfo) -> Gap:
    """Say that nothing shows whether NBD was usable for a snapshot."""
    return Gap(
        need="xapi_db",
        host="",
        why=f"whether NBD was usable for snapshot {vdi.uuid} cannot be told: {info.because}",
        settle_with="; ".join(step.step for step in info.mend),
    )
