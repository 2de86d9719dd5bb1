"""Runs in which nobody was seen to ask for changed blocks: was it read whole, and why."""

from collections.abc import Collection
from dataclasses import replace

from analyzer.case.case import Case
from analyzer.case.log_coverage import common_window
from analyzer.model.cbt import WalkEnd
from analyzer.model.finding import Confidence, Evidence, Gap
from analyzer.model.moment import Moment
from analyzer.model.run import FullReason
from analyzer.rebuilt.incidents.new_disks import new_disks
from analyzer.story.runs.acts import Act, Deed
from analyzer.story.runs.asked import no_nbd
from analyzer.story.runs.cut import Episode
from analyzer.story.runs.disk import Past, Taken, taken_in
from analyzer.story.runs.judged import Judged, by_walk, full, incremental, undecidable
from analyzer.story.runs.off import cbt_off

# xapi logs the call and its result, SM what it did: one of them, whole, is enough.
_TELLING = ("xensource_log", "audit_log", "smlog")
_AUDIT = "audit.log of the pool's master: zgrep get_export_raw_vdi /var/log/audit.log*"


def judge_unasked(past: Past, episode: Episode) -> Judged:
    """Judge a run that compared nothing, by what was read and by the disk's CBT then."""
    # The disk that was read last, else the one that was asked for or taken.
    reads = [deed.disk for deed in episode.deeds if deed.reads]
    asked = [deed.disk for deed in episode.of(Act.ASKED)]
    taken = [taken_in(past, deed) for deed in episode.of(Act.SNAPSHOT)]
    snapshot = next((uuid for uuid in reversed([*taken, *asked, *reads]) if uuid), "")
    judged, base = _judge_unasked(past, episode, snapshot)
    return replace(judged, snapshot=snapshot, base=base)


def _judge_unasked(past: Past, episode: Episode, snapshot: str) -> tuple[Judged, str]:
    reads = tuple(deed for deed in episode.deeds if deed.reads and deed.disk == snapshot)
    differing = [deed for deed in reads if deed.act is Act.EXPORTED and deed.other]
    if differing:
        base = differing[-1].other
        words = f"xapi was asked to export of {snapshot} only what differs from {base}"
        return incremental(words, Confidence.LIKELY), base
    if not any(deed.succeeded is not False for deed in reads):
        # Judge a run in which nothing was read: nobody knows what the client did.
        why = no_nbd(past, episode)
        said = "an address was asked for" if not reads else "an NBD connection failed"
        more = f": {why[0]}" if why else ""
        judged_words = f"{said} and no read of the disk was seen{more}"
        judged_unread = undecidable(
            judged_words, "the client's log of this run", (why[1],) if why else ()
        )
        return judged_unread, ""
    # Why a call may be missing from what was read, None where one log tells them all.
    pool = past.pool
    if pool is None:
        gap_why = "no database of the given bundles has the disk"
        gap: Gap | None = Gap(
            need="xapi_db", host="", why=gap_why, settle_with="xe vdi-list params=all"
        )
    else:
        missing = past.case.hosts_missing(pool)
        if missing:
            gap_why = f"the status report of {missing[0]} was not given"
            settle = f"a status report of {missing[0]}"
            gap = Gap(need="xensource_log", host=missing[0], why=gap_why, settle_with=settle)
        else:
            gaps = [_gap_of_episode(past, episode, need, pool.bundles) for need in _TELLING]
            gap = None if None in gaps else gaps[0]
    if gap is not None:
        words = f"no call of list_changed_blocks was read, but one could be missing: {gap.why}"
        return undecidable(words, gap.settle_with), ""
    off = cbt_off(past, episode, snapshot)
    if off is not None:
        return off, ""
    return _judged_tracked(past, episode, snapshot, reads)


def _gap_of_episode(
    past: Past, episode: Episode, need: str, bundles: Collection[str]
) -> Gap | None:
    gap = next((g for b in bundles if (g := _fault_of_log(past.case, need, b))), None)
    if gap is not None:
        return gap
    window, (began, ended) = _window_of_need(past.case, need, bundles), episode.span
    own = [hole for hole in past.case.unread(need, began, ended) if hole.bundle in bundles]
    if own:
        why = f"nothing of {need} of {own[0].host} was read for a part of the run"
        settle = f"the rotated files of the log of {own[0].host}"
        return Gap(need=need, host=own[0].host, why=why, settle_with=settle)
    early = window is not None and not began.earliest < window[0].latest
    if window is not None and early and not window[1].earliest < ended.latest:
        return None
    why = f"{need} does not cover all of the run"
    return Gap(need=need, host="", why=why, settle_with="an older or later copy of the log")


def _fault_of_log(case: Case, need: str, bundle: str) -> Gap | None:
    """Return what is wrong with a log, but for files that are missing: these are its holes."""
    gap = case.gap(need, bundle)
    return None if gap is None or case.covered(need, bundle) else gap


def _window_of_need(
    case: Case, need: str, bundles: Collection[str]
) -> tuple[Moment, Moment] | None:
    """Return what the logs of these reports cover together, but for their holes."""
    if not any(case.gap(need, bundle) for bundle in bundles):
        return case.window(need)
    return common_window(case.covered(need, bundle) for bundle in bundles)


def _judged_tracked(
    past: Past, episode: Episode, snapshot: str, reads: tuple[Deed, ...]
) -> tuple[Judged, str]:
    began = reads[0].began
    # The last call that turned CBT on, unless it came after the first read.
    calls = [
        deed
        for deed in (*episode.before, *episode.deeds)
        if deed.act is Act.ENABLED and deed.succeeded is True
        if not began.certainly_before(deed.began)
    ]
    enabled = calls[-1] if calls else None
    before = [
        each
        for each in past.older(episode, snapshot)
        if enabled is None or not each.moment.certainly_before(enabled.began)
    ]
    there = [each for each in before if past.deletion_of(each.uuid, began) is None]
    if not there:
        return _without_older(past, episode, enabled, before), ""
    base = there[-1]
    walked = past.walk(base.uuid, snapshot, began)
    why = by_walk(walked, base.uuid, snapshot)
    said = "nobody asked for changed blocks"
    if why is not None:
        words = f"{said}, and asking would have failed: {why.words}"
        return replace(why, words=words), base.uuid
    if walked.end is not WalkEnd.REACHED:
        words = f"{said}; whether they could be had is not known: {walked.why}"
        return undecidable(words, walked.settle_with, walked.evidence), base.uuid
    return _judged_possible(past, episode, base, reads, walked.evidence), base.uuid


def _without_older(past: Past, episode: Episode, enabled: Deed | None, gone: list[Taken]) -> Judged:
    """Judge a run without an older snapshot to compare with."""
    if gone:
        call = past.deletion_of(gone[-1].uuid, episode.span[1])
        words = f"the older snapshots were deleted before, the last of them {gone[-1].uuid}"
        return full(None, words, Confidence.LIKELY, (call.evidence if call else None,))
    if enabled is not None and not _sm_unseen(past, enabled, episode):
        words = "CBT was turned on before this run, and no older snapshot was taken since"
        return full(FullReason.FIRST_RUN, words, Confidence.LIKELY, (enabled.evidence,))
    made = new_disks(past.case).get(past.disk)
    if made is not None and made.events[-1].moment.certainly_before(episode.span[0]):
        how = "copied" if made.copied else "moved"
        words = f"the disk was {how} to this SR before, and CBT logs stay where they were"
        line = made.events[-1]
        proof = Evidence(source=line.source, text=line.text, at=line.moment)
        return full(FullReason.MIGRATED, words, made.confidence, (proof,))
    moved = past.moved(episode)
    if moved is not None:
        words = "a disk of this VM was moved to this SR before, and CBT logs stay where they were"
        return full(FullReason.MIGRATED, words, Confidence.LIKELY, (moved.evidence,))
    words = (
        "no older snapshot of the disk is known; it was the first run, or what there was is gone"
    )
    return undecidable(words, "the client's log of its earlier runs")


def _sm_unseen(past: Past, since: Deed, episode: Episode) -> bool:
    """Tell whether a snapshot between a call and a run may be missing from what was read of SM."""
    bundles = past.pool.bundles if past.pool else ()
    holes = past.case.unread("smlog", since.began, episode.span[0])
    window = _window_of_need(past.case, "smlog", bundles)
    if window is not None and since.ended.certainly_before(window[0]):
        return True
    return any(_fault_of_log(past.case, "smlog", bundle) for bundle in bundles) or any(
        hole.bundle in bundles for hole in holes
    )


def _judged_possible(
    past: Past, episode: Episode, base: Taken, reads: tuple[Deed, ...], proof: tuple[Evidence, ...]
) -> Judged:
    """Judge a run that could have asked: the chain led from the older snapshot to the newer."""
    purge, moment = past.purge_of(base.uuid, reads[0].began), reads[0].began
    exports = [deed for deed in reads if deed.act is Act.EXPORTED]
    over_nbd = [deed for deed in reads if deed.act is Act.READ and deed.succeeded is not False]
    why = no_nbd(past, episode)
    if purge is not None and why is not None and not over_nbd:
        words = f"the data of the older snapshot {base.uuid} was destroyed before and {why[0]}"
        evidence = (purge, why[1])
        return full(FullReason.PURGED_WITHOUT_NBD, words, Confidence.LIKELY, evidence)
    hidden = [deed for deed in exports if not deed.whole]
    if hidden and not over_nbd and past.has_data(base.uuid, moment) is not False:
        words = "the disk was exported; whether whole, or only what differs from an older snapshot"
        return undecidable(f"{words}, is not shown", _AUDIT, (hidden[-1].evidence,))
    words = (
        f"nobody asked for the blocks that changed since {base.uuid}, though the rebuilt chain of "
        "CBT logs led there"
    )
    return full(FullReason.CLIENT_CHOICE, words, Confidence.LIKELY, (base.evidence, *proof))
