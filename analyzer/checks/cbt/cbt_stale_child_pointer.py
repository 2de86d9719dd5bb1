"""A snapshot's CBT log still points across a time in which nobody tracked the disk (H-09).

Source: sm `VDI.py`. `_disable_cbt_on_error()` deletes the disk's log and leaves the child pointer
of the newest snapshot, which a user's disable_cbt zeroes. list_changed_blocks follows child
pointers only, so after the next enable_cbt it walks from that snapshot to the disk.
"""

from collections.abc import Iterator
from datetime import timedelta

from analyzer.case.case import Case
from analyzer.checks.observation import Observation
from analyzer.checks.tools.chain_facts import (
    Break,
    Mark,
    Tracking,
    disk_subjects,
    gone,
    least_sure,
    log_path,
    name_of,
    sure,
    there,
    tracking_of,
    unknown_pointers,
)
from analyzer.checks.tools.finding import Row, found, quote_row
from analyzer.checks.tools.lost_tracking import snapshots_of
from analyzer.checks.tools.sm_runs import runs_of
from analyzer.checks.tools.unread import held_back
from analyzer.model.cbt import CbtLog
from analyzer.model.finding import Basis, Finding
from analyzer.model.operation import Operation, Result
from analyzer.model.rule import RuleText
from analyzer.rebuilt.cbt.history import cbt_history
from analyzer.rebuilt.cbt.log_paths import volumes_by_type

# A user's disable removes the log first, and clears the pointer to it last.
_CLEARING = ("vdi_disable_cbt", "vdi_delete", "vdi_snapshot")
_UNSETTLED = timedelta(minutes=10)
# SM lets the log that is named live on as the next one, here the disk's (VDI.py, delete()).
_WHEN_DELETED = (
    "When this snapshot is deleted after the next one was taken, the log of the disk gets a wrong "
    "parent, and every later backup is a full one."
)
_CHAIN = "whether one of them still points across a time without tracking"


def examine(case: Case, text: RuleText) -> Iterator[Observation]:
    """Compare each pointer of a log that is there with the breaks of its disk's tracking."""
    facts = tracking_of(case)
    stale = []
    for _, log in sorted(cbt_history(case).now.items()):
        child = sure(log.child)
        if child and there(log):
            gap = facts.across(log.uuid, child) or _loss_of_child_log(case, log, child)
            if gap is not None:
                stale.append(_finding_of_pointer(case, text, facts, log, gap))
    yield from held_back(case, stale)
    if not stale:
        yield from unknown_pointers(case, _CHAIN)
        # What would show a log gone that somebody but SM removed, where nobody listed any.
        known = (case.world.sr(log.sr) for log in cbt_history(case).now.values() if there(log))
        if any(sr is not None and volumes_by_type(sr.type) for sr in known):
            gaps = [case.gap("lvs", report.bundle) for report in case.hosts]
            yield from (gap for gap in gaps if gap is not None and all(gaps))


def _loss_of_child_log(case: Case, log: CbtLog, child: str) -> Break | None:
    """Return the loss of the log of a live disk that a snapshot points to, whoever removed it.

    A user's disable clears the pointer, and a disk that was deleted is in no comparison.
    """
    newer, known = cbt_history(case).log(log.sr, child), case.world.vdi(child)
    live = known is not None and known.is_a_snapshot is False
    if newer is None or newer.exists is None or not live or not gone(newer):
        return None
    at = newer.exists.since
    if at is None or any(_under_way(run, case) for run in runs_of(case, child, *_CLEARING)):
        return None
    return Break(vdi=child, mark=Mark(at=at, evidence=newer.exists.evidence), loss=None)


def _under_way(run: Operation, case: Case) -> bool:
    """Tell whether a call that clears pointers last of all may have been cut off."""
    captured = [report.captured_at for report in case.hosts if report.bundle == run.bundle]
    late = any(at is None or run.last.within(at, _UNSETTLED) for at in captured)
    return run.result is Result.UNKNOWN or late


def _finding_of_pointer(
    case: Case, text: RuleText, facts: Tracking, log: CbtLog, gap: Break
) -> Finding:
    assert log.child is not None
    newer = cbt_history(case).log(log.sr, log.child.value)
    # Return title and detail: of a pointer across a break, or one that leads nowhere now.
    if there(newer):
        title_and_detail: tuple[str, str] = text.title, text.detail
    else:
        shown = newer.exists.evidence if newer and newer.exists else None
        title_and_detail = text.case(
            "lost" if gap.loss is None and gap.mark.evidence == shown else "dangling"
        )
    assert log.child is not None
    quotes = [log.child.evidence, gap.mark.evidence]
    birth = facts.births.get(log.uuid)
    if birth is not None:
        quotes.append(birth.mark.evidence)
    known = case.world.vdi(gap.vdi)
    if known is not None and known.cbt_enabled is not None:
        quotes.append(quote_row(known, "cbt_enabled"))
    return found(
        text,
        title_and_detail,
        basis=Basis.BOTH,
        confidence=least_sure(log.child, log.exists, newer.exists if newer else None),
        subjects=(*disk_subjects(case, gap.vdi, log.sr), *disk_subjects(case, log.uuid, None)),
        rows=_rows_of_snapshots(case, log, log.child.value, gap),
        evidence=tuple(dict.fromkeys(quotes)),
        events=gap.loss.events[:1] if gap.loss else (),
    )


def _rows_of_snapshots(case: Case, log: CbtLog, child: str, gap: Break) -> tuple[Row, ...]:
    """Return the values of the text, once for each snapshot that has to go."""
    if gap.loss is None:
        why_chain_broke = "CBT of the disk was turned on anew"
    else:
        why_chain_broke = "an error turned CBT of the disk off"
    values: Row = {
        "snapshot": name_of(case, log.uuid),
        "vdi": gap.vdi,
        "child": name_of(case, child),
        "disk": name_of(case, gap.vdi),
        "gap": gap.mark.at,
        "why": why_chain_broke,
        "log": log_path(case, log.sr, log.uuid),
        "deleted": _WHEN_DELETED if child == gap.vdi else "",
    }
    return tuple({**values, "old": old} for old in _old_snapshots(case, log, gap))


def _old_snapshots(case: Case, log: CbtLog, gap: Break) -> tuple[str, ...]:
    """Return the snapshots with logs, which all have to go.

    Those from after the break, too: when an older one alone is deleted, SM links the log of the
    disk past them, and every later backup becomes a full one.
    """
    rows = [row.uuid for row, _ in snapshots_of(case, gap.vdi)]
    return tuple(dict.fromkeys([*rows, log.uuid]))
