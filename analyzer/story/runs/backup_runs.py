"""Backup runs: what was read of which disk in one go, and whether less would have done.

Runs are described by the calls that were made; which product made them is not guessed. A snapshot
that nobody reads, compares or asks the address of is no backup. Whether a run could be incremental
is said of what xapi and SM answered, or would have answered; what the client then did is its own.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence

from analyzer.case.case import Case
from analyzer.model.finding import Finding, Outcome, Subject
from analyzer.model.run import BackupRun, DiskRun, RunStep, RunVerdict
from analyzer.model.terms import CBT_METADATA
from analyzer.story.disks.index import DiskIndex, index
from analyzer.story.runs.acts import Act, Deed, hull, put_together
from analyzer.story.runs.asked import judge_asked
from analyzer.story.runs.cut import Episode, episodes_of, quiet_of, runs_of
from analyzer.story.runs.disk import Past, past_of
from analyzer.story.runs.judged import Judged
from analyzer.story.runs.lines import references, told_by_xapi
from analyzer.story.runs.storage import told_by_attachments, told_by_nbd, told_by_sm
from analyzer.story.runs.unasked import judge_unasked

__all__ = ["backup_runs"]

_INCOMPLETE = "cbt-incomplete-changed-blocks"
_RULES = ("cbt-", "nbd-", "vdi-", "sr-", "known-defect")


def backup_runs(case: Case, outcomes: Sequence[Outcome]) -> tuple[BackupRun, ...]:
    """Return every run in the order of time, by pool; lines whose year is not known are in none.

    ``outcomes`` are the answers of the rules: their findings about a disk are named with its runs.
    """
    known = index(case, outcomes)
    disks, moves = _by_disk(case, known)
    case.events.give_back_words()
    quiet = quiet_of(disks)
    pasts: dict[str, Past] = {}
    episodes: list[Episode] = []
    for disk, deeds in sorted(disks.items()):
        row = known.row(disk)
        live = row is not None and row.is_a_snapshot is not True and row.type != CBT_METADATA
        own = tuple(episodes_of(disk, deeds, quiet, live=live))
        if own:
            sr = _sr_of(known, disk, deeds)
            # The calls that moved a disk of the same VM to this SR.
            moves_pool, moves_row = known.rows.get(disk, (None, None))
            if moves_pool is None or moves_row is None or not moves:
                to_it: tuple[Deed, ...] = ()
            else:
                vms = {
                    vm.uuid
                    for vbd in moves_pool.vbds_of(moves_row)
                    if (vm := moves_pool.vm(vbd.vm))
                }
                to_it = tuple(deed for deed in moves if deed.other in vms and deed.sr == sr)
            pasts[disk] = past_of(case, known, disk, deeds, sr=sr, moves=to_it)
            episodes += own
    pools = {bundle: pool.source.bundle for pool in case.pools for bundle in pool.bundles}
    named = {pool.source.bundle: pool.subject for pool in case.pools}
    cut = runs_of(episodes, quiet, lambda each: _pool_of(pools, each))
    return tuple(
        sorted(
            (_backup_run(named.get(pool), [(pasts[e.disk], e) for e in own]) for pool, own in cut),
            key=lambda run: (run.began.at, run.pool.called if run.pool else "", run.id),
        )
    )


def _by_disk(case: Case, known: DiskIndex) -> tuple[Mapping[str, Sequence[Deed]], Sequence[Deed]]:
    """Return the calls about each disk and its snapshots, and those that moved disks."""
    uuids = {**references(case), **known.refs}
    pieces = (
        *told_by_xapi(case, uuids),
        *told_by_sm(case, uuids),
        *told_by_nbd(case),
        *told_by_attachments(case),
    )
    deeds = put_together(each for each in pieces if each.began.year_known)
    owners = {deed.other: deed.disk for deed in deeds if deed.act is Act.SNAPSHOT and deed.other}
    found: dict[str, list[Deed]] = {}
    for deed in deeds:
        # The disk that a call is about; a snapshot nobody knows the disk of is its own.
        sides = [deed.disk, deed.other] if deed.act is Act.COMPARED else [deed.disk]
        for uuid in reversed(sides):
            deed_owner = known.owner(uuid) if uuid in known.owners else owners.get(uuid, "")
            if deed_owner:
                owner = owners.get(deed_owner, deed_owner)
                break
        else:
            owner = deed.disk
        if deed.act is not Act.ATTACHED or deed.disk != owner:
            found.setdefault(owner, []).append(deed)
    return found, [deed for deed in deeds if deed.act is Act.MOVED]


def _sr_of(known: DiskIndex, disk: str, deeds: Iterable[Deed]) -> str:
    pool, row = known.rows.get(disk, (None, None))
    sr = pool.sr(row.sr) if pool and row else None
    if sr is not None:
        return sr.uuid
    log = known.logs.get(disk)
    told = (deed.sr for deed in deeds if deed.sr and deed.act is not Act.MOVED)
    return log.sr if log is not None else next(told, "")


def _pool_of(pools: Mapping[str, str], episode: Episode) -> str:
    """Return what tells the pool of a run from others: by the reports that its lines are in."""
    bundle = episode.deeds[0].shown.source.bundle
    return pools.get(bundle, bundle)


def _backup_run(pool: Subject | None, parts: Sequence[tuple[Past, Episode]]) -> BackupRun:
    disks = sorted(
        (_disk_run(past, episode) for past, episode in parts),
        key=lambda each: (each.began.at, each.vdi.uuid),
    )
    began, ended = hull([moment for each in disks for moment in (each.began, each.ended)])
    first = disks[0].steps[0].evidence
    words = chr(0).join([*(each.vdi.uuid for each in disks), str(began.at), first.text])
    digest = hashlib.sha256(words.encode(errors="replace")).hexdigest()
    return BackupRun(id=f"R-{digest[:8]}", pool=pool, began=began, ended=ended, disks=tuple(disks))


def _disk_run(past: Past, episode: Episode) -> DiskRun:
    judge = judge_asked if episode.of(Act.COMPARED) else judge_unasked
    judged = judge(past, episode)
    # The findings about the disk and the snapshots of a run, but those of later.
    about = (episode.disk, judged.snapshot, judged.base)
    found = (finding for uuid in about for finding in past.index.findings.get(uuid, ()))
    findings = tuple({each.id: each for each in found if _finding_belongs(each, episode)}.values())
    began, ended = episode.span
    row = past.row(episode.disk)
    disk_of_pool = Subject(type="VDI", uuid=episode.disk, name=row.name_label if row else None)
    if not past.sr:
        sr_of_disk: Subject | None = None
    else:
        sr = past.pool.sr(past.sr) if past.pool else None
        sr_of_disk = Subject(type="SR", uuid=past.sr, name=sr.name_label if sr else None)
    return DiskRun(
        vdi=disk_of_pool,
        sr=sr_of_disk,
        began=began,
        ended=ended,
        verdict=judged.verdict,
        reason=judged.reason,
        words=_words_of_verdict(judged, findings),
        confidence=judged.confidence,
        steps=tuple(
            RunStep(what=_what_of_deed(deed), succeeded=deed.succeeded, evidence=deed.evidence)
            for deed in episode.deeds
        ),
        snapshot=judged.snapshot or None,
        base=judged.base or None,
        findings=tuple(sorted(each.id for each in findings)),
        settle_with=judged.settle_with,
        evidence=judged.evidence,
    )


def _what_of_deed(deed: Deed) -> str:
    ends = {Act.COMPARED: " to ", Act.EXPORTED: " without what is in ", Act.SNAPSHOT: ": "}
    second = f"{ends[deed.act]}{deed.other}" if deed.act in ends and deed.other else ""
    failed = f" ({deed.code})" if deed.code else ""
    return f"{deed.act.value} of {deed.disk}{second}{failed}"


def _words_of_verdict(judged: Judged, findings: Iterable[Finding]) -> str:
    """Return the sentence; an answer that is known not to be complete is no good news."""
    lies = judged.verdict is RunVerdict.INCREMENTAL and any(
        each.rule == _INCOMPLETE for each in findings
    )
    return (
        f"{judged.words}; but changed blocks were missing from an answer" if lies else judged.words
    )


def _finding_belongs(finding: Finding, episode: Episode) -> bool:
    later = finding.first_seen is not None and episode.span[1].certainly_before(finding.first_seen)
    return finding.rule.startswith(_RULES) and not later
