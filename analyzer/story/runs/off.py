"""Whether CBT was off for a disk when a run took its snapshot."""

from collections.abc import Sequence

from analyzer.case.quotation import quote
from analyzer.model.finding import Confidence, Evidence
from analyzer.model.run import FullReason
from analyzer.model.xapi import Vdi
from analyzer.story.runs.acts import Act, Deed
from analyzer.story.runs.cut import Episode
from analyzer.story.runs.disk import Past, certain
from analyzer.story.runs.judged import Judged, full

_SWITCHES = (Act.ENABLED, Act.DISABLED)


def cbt_off(past: Past, episode: Episode, snapshot: str) -> Judged | None:
    """Return that CBT was off when a snapshot was taken, where a row or a call says so.

    A scan turns the flag off where a log was lost, so a flag proves nothing where a log was seen.
    """
    row = past.row(snapshot)
    flag = row.cbt_enabled if row else None
    calls = [
        deed
        for deed in (*episode.before, *episode.deeds)
        if deed.act in _SWITCHES and deed.succeeded is True
    ]
    last = calls[-1] if calls else None
    if last is not None and flag is not True and _surely_off(calls, last, episode):
        sure = Confidence.CERTAIN if flag is False else Confidence.LIKELY
        words = "CBT had been turned off before"
        return full(FullReason.CBT_OFF, words, sure, (last.evidence,))
    row = row or _row_unswitched(past, episode)
    return never_on(past, row.uuid) if row is not None else None


def never_on(past: Past, uuid: str) -> Judged | None:
    """Return that CBT was off for a disk, where its row says so and no log of it was ever seen."""
    row = past.row(uuid)
    if row is None or row.cbt_enabled is not False or _had_log(past, uuid):
        return None
    proof = Evidence(source=row.source, text=quote(row, "cbt_enabled", "snapshot_of"))
    words = f"CBT was off for {uuid}, as the database says"
    return full(FullReason.CBT_OFF, words, Confidence.LIKELY, (proof,))


def _surely_off(calls: Sequence[Deed], last: Deed, episode: Episode) -> bool:
    """Tell whether the last switch before a run was off, and is known to be the last."""
    others = all(each is last or each.ended.certainly_before(last.began) for each in calls)
    early = last.ended.certainly_before(episode.span[0])
    return last.act is Act.DISABLED and others and early


def _row_unswitched(past: Past, episode: Episode) -> Vdi | None:
    """Return the disk's own row, where CBT was not switched between a run and the report."""
    switched = any(deed.act in _SWITCHES for deed in (*episode.deeds, *episode.after))
    return None if switched else past.row(episode.disk)


def _had_log(past: Past, uuid: str) -> bool:
    log = past.log(uuid)
    return log is not None and bool(log.changes or certain(log.exists, value=True))
