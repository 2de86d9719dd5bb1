"""Runs in which changed blocks were asked for: what the answer, and what followed, say."""

from dataclasses import replace

from analyzer.case.quotation import quote
from analyzer.model.call import Answer
from analyzer.model.cbt import WalkEnd
from analyzer.model.finding import Confidence, Evidence
from analyzer.model.run import FullReason
from analyzer.model.terms import BACKEND
from analyzer.rebuilt.nbd.info.answer import nbd_infos
from analyzer.story.runs.acts import Act, Deed
from analyzer.story.runs.cut import Episode
from analyzer.story.runs.disk import Past
from analyzer.story.runs.judged import (
    Judged,
    by_walk,
    full,
    incremental,
    lesser,
    nbd_failures,
    reads_of,
    undecidable,
    what_of,
)
from analyzer.story.runs.off import cbt_off, never_on

_ASK_CLIENT = "the client's log of this run"


def judge_asked(past: Past, episode: Episode) -> Judged:
    """Judge a run by its last comparison that succeeded, else by the last that was made."""
    calls = episode.of(Act.COMPARED)
    good = [deed for deed in calls if deed.succeeded is True]
    if good:
        judged, call = _judged_answered(past, episode, good[-1]), good[-1]
    else:
        bad = [deed for deed in calls if deed.succeeded is False]
        call = (bad or list(calls))[-1]
        judged = _judged_refused(past, episode, call) if bad else _judged_open(past, call)
    return replace(judged, snapshot=call.other, base=call.disk)


def no_nbd(past: Past, episode: Episode) -> tuple[str, Evidence | None] | None:
    """Return why NBD could not be used in a run, None where nothing shows that it could not."""
    failed = nbd_failures(episode)
    if failed:
        return f"every NBD connection failed ({what_of(failed[-1])})", failed[-1].evidence
    info = nbd_infos(past.case).get(past.sr)
    if info is None or info.answer is not Answer.FAILS or episode.of(Act.READ):
        return None
    words = f"get_nbd_info gave no address when the report was made ({info.because})"
    return words, next(iter(info.evidence), None)


def _judged_answered(past: Past, episode: Episode, call: Deed) -> Judged:
    said = f"list_changed_blocks from {call.disk} to {call.other or 'a newer disk'} succeeded"
    reads = reads_of(episode, call.other)
    served = [deed for deed in reads if deed.act is Act.READ and deed.succeeded]
    if served:
        read = served[-1]
        confidence = lesser(Confidence.CERTAIN, read.sure)
        return incremental(f"{said}, and the newer one was read over NBD", confidence)
    purge = past.purge_of(call.disk, call.began)
    if purge is None:
        rest = "how the newer one was read is not shown" if not reads else _how_it_read(reads)
        return incremental(f"{said}; {rest}", Confidence.LIKELY)
    # Judge a run whose base has no data: only NBD reads blocks of a snapshot by their number.
    judged_said = f"list_changed_blocks from {call.disk} to {call.other} succeeded"
    why, judged_reads = no_nbd(past, episode), reads_of(episode, call.other)
    if why is not None:
        words, proof = why
        text = f"{judged_said}, but the data of {call.disk} was destroyed before and {words}"
        exported = any(deed.act is Act.EXPORTED for deed in judged_reads)
        sure = Confidence.LIKELY if exported or nbd_failures(episode) else Confidence.POSSIBLE
        return full(FullReason.PURGED_WITHOUT_NBD, text, sure, (purge, proof))
    if any(deed.act is Act.EXPORTED for deed in judged_reads):
        text = (
            f"{judged_said} and the data of {call.disk} was destroyed before, yet {call.other} was "
            "exported; whether NBD could be used then is not shown"
        )
        return undecidable(text, _ASK_CLIENT, (purge,))
    text = f"{judged_said}; no read of the newer one was seen"
    return incremental(text, Confidence.LIKELY, (purge,))


def _how_it_read(reads: tuple[Deed, ...]) -> str:
    if any(deed.act is Act.EXPORTED for deed in reads):
        return "the newer one was exported"
    return f"an NBD connection for the newer one failed ({what_of(reads[-1])})"


def _judged_open(past: Past, call: Deed) -> Judged:
    walked = past.walk(call.disk, call.other, call.began)
    text = f"list_changed_blocks from {call.disk} to {call.other} was called; its end was not read"
    if walked.end is WalkEnd.REACHED:
        words = f"{text}, and the rebuilt chain of CBT logs leads from one to the other"
        return incremental(words, Confidence.LIKELY, walked.evidence)
    settle = walked.settle_with or "audit.log of the pool's master"
    return undecidable(text, settle, walked.evidence)


def _judged_refused(past: Past, episode: Episode, call: Deed) -> Judged:
    text = f"list_changed_blocks from {call.disk} to {call.other} failed with {what_of(call)}"
    moved = _judged_elsewhere(past, call)
    if moved is not None:
        return moved
    # What was wrong with the question itself, "" where nothing is known to be.
    older, newer = past.index.owner(call.disk), past.index.owner(call.other)
    if call.disk == past.disk:
        mistake = "the older one is the disk itself, which has no newer one"
    elif call.disk in past.index.owners and call.other in past.index.owners and older != newer:
        mistake = "the two are of different disks"
    else:
        back = past.walk(call.other, call.disk, call.line or call.began)
        mistake = "they were given newer first" if back.end is WalkEnd.REACHED else ""
    walked = past.walk(call.disk, call.other, call.line or call.began)
    if not mistake and call.code.startswith(BACKEND):
        why = (
            cbt_off(past, episode, call.other)
            or never_on(past, call.disk)
            or by_walk(walked, call.disk, call.other)
        )
        if why is not None:
            return replace(why, words=f"{text}: {why.words}")
    note = f": {mistake}" if mistake else ""
    if not any(deed.succeeded is not False for deed in episode.deeds if deed.reads):
        settle = walked.settle_with if not mistake else ""
        words = f"{text}{note}, and no read followed that was seen"
        return undecidable(words, settle or _ASK_CLIENT)
    words = f"{text}{note or '; why is not shown'}, and the disk was read all the same"
    return full(None, words, Confidence.LIKELY, settle_with=walked.settle_with)


def _judged_elsewhere(past: Past, call: Deed) -> Judged | None:
    """Return that the two are on different SRs, where the database shows it."""
    rows = past.row(call.disk), past.row(call.other)
    if rows[0] is None or rows[1] is None or None in (rows[0].sr, rows[1].sr):
        return None
    if rows[0].sr == rows[1].sr:
        return None
    proof = tuple(Evidence(source=row.source, text=quote(row, "sr")) for row in rows if row)
    words = f"{call.disk} and {call.other} are on different SRs, so their CBT logs are unrelated"
    return full(FullReason.MIGRATED, words, Confidence.CERTAIN, proof)
