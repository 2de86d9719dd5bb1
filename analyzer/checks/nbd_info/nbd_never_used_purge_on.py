"""Xen Orchestra destroys the data of its snapshots, and NBD, which then is needed, was unusable.

"Purge snapshot data" leaves CBT metadata only. The next run can be a difference only if it reads
the changed blocks over NBD; the stream export that Xen Orchestra falls back to needs the destroyed
data, so every run is full. Other backup programs read changed blocks without NBD, so only disks
that Xen Orchestra marked count.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from analyzer.case.case import Case
from analyzer.case.pool import PoolState
from analyzer.checks.nbd_info.nbd_purged import age, marked, recent, undated, unsure
from analyzer.checks.observation import NotApplicable, Observation
from analyzer.checks.tools.calls import Call, Method, calls
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
from analyzer.model.event import Event
from analyzer.model.finding import Basis, Confidence, Evidence, Finding, Gap, Subject
from analyzer.model.nbd import InfoStep, NbdInfo
from analyzer.model.rule import RuleText
from analyzer.model.sentence import say
from analyzer.model.xapi import Vdi
from analyzer.rebuilt.nbd.info.answer import sr_answers

RULE = "nbd-never-used-purge-on"
_UNUSABLE = (InfoStep.PURPOSE, InfoStep.ADDRESS)
_MOST = 3


def examine(case: Case, text: RuleText) -> Iterator[Observation]:
    """Judge each pool by what was destroyed of late, and by what get_nbd_info would answer."""
    for pool in case.pools:
        yield from _examine(case, text, pool)
    yield from _never_purged(case)


def _examine(case: Case, text: RuleText, pool: PoolState) -> Iterator[Finding | Gap]:
    infos = {each.sr.uuid: each.info for each in sr_answers(case) if each.pool is pool}
    disks = [
        (vdi, infos[sr.uuid])
        for vdi in marked(pool)
        if (sr := pool.sr(vdi.sr)) and sr.uuid in infos
    ]
    bundles = case.world.bundles_of(pool)
    if not disks or _served(case, bundles):
        return
    unusable = [vdi for vdi, info in disks if info.stopped_at in _UNUSABLE]
    if not (new := recent(case, pool, unusable)):
        yield from [undated(vdi) for vdi in unusable if age(case, pool, vdi) is None][:1]
        yield from [unsure(vdi, info) for vdi, info in disks if _open(info)][:1]
        return
    gap = next((gap for b in sorted(bundles) if (gap := case.gap("daemon_log", b))), None)
    if gap is not None:
        why = say("whether NBD was used before cannot be told: {why}", why=gap.why)
        yield replace(gap, why=why)
    else:
        yield _finding(case, text, pool, new, infos)


def _open(info: NbdInfo) -> bool:
    return info.answer is Answer.UNKNOWN and not info.endpoints


def _never_purged(case: Case) -> Iterator[NotApplicable]:
    """Say that the question does not arise, where it certainly does not."""
    whole = bool(case.pools) and all(pool.complete for pool in case.pools)
    rows = [vdi for pool in case.pools for vdi in pool.vdis]
    known = all(vdi.type is not None and vdi.other_config is not None for vdi in rows)
    if whole and known and not any(marked(pool) for pool in case.pools):
        yield NotApplicable("no disk shows that Xen Orchestra destroyed the data of a snapshot")


def _served(case: Case, bundles: frozenset[str]) -> Sequence[Event]:
    """Return what shows that xapi-nbd served a disk: NBD was usable then."""
    return [e for e in case.events.of(f"{RULE}.served") if e.source.bundle in bundles]


def _finding(
    case: Case,
    text: RuleText,
    pool: PoolState,
    disks: Sequence[Vdi],
    answers: Mapping[str, NbdInfo],
) -> Finding:
    srs = {sr.uuid: sr for vdi in disks if (sr := pool.sr(vdi.sr))}
    infos = [answers[uuid] for uuid in srs]
    done = _destroyed(case, disks)
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
            *_shown(infos),
            *(quote(line) for line in lines[-_MOST:]),
        ),
        events=lines,
        count=len(disks),
    )
    changes = (step for info in infos for step in info.mend)
    return replace(told, action=(*dict.fromkeys(changes), *told.action))


def _destroyed(case: Case, disks: Sequence[Vdi]) -> list[Call]:
    own = {vdi.uuid for vdi in disks}
    return [call for call in calls(case, Method.DESTROY) if call.vdi in own and not call.code]


def _shown(infos: Sequence[NbdInfo]) -> tuple[Evidence, ...]:
    return tuple(dict.fromkeys(each for info in infos for each in info.evidence))
