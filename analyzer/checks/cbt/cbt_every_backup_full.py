"""Every incremental backup of a disk becomes a full one, for ever (H-10).

Source: sm `VDI.py` delete(), the coalescing of CBT logs. After CBT was turned off by an error, the
newest old snapshot keeps pointing to the disk. When it is deleted after the next snapshot was
taken, its neighbour in the chain is taken to be the disk: the disk's log gets another parent than
its newest snapshot. The next snapshot is then linked to that parent, the newest one is passed by,
and deleting it does the same again.
"""

from collections.abc import Iterator, Mapping, Sequence

from analyzer.case.case import Case
from analyzer.case.derived import derived
from analyzer.checks.observation import Observation
from analyzer.checks.tools.chain_facts import (
    Mark,
    Tracking,
    disk_subjects,
    log_path,
    logs_pointing,
    name_of,
    sure,
    there,
    tracking_of,
    unknown_pointers,
)
from analyzer.checks.tools.finding import found
from analyzer.checks.tools.lost_tracking import snapshots_of
from analyzer.checks.tools.sm_runs import code_of, quote_run, runs
from analyzer.checks.tools.unread import held_back
from analyzer.model.cbt import CbtLog, Known
from analyzer.model.finding import Basis, Confidence, Finding
from analyzer.model.operation import Operation, Result
from analyzer.model.rule import RuleText
from analyzer.model.sentence import say
from analyzer.rebuilt.cbt.history import cbt_history

# CBTChangedBlocksError: "Source and target VDI are unrelated", whatever kept the walk from its
# end, a log that is missing as well as the wrong order (sm, VDI.py, list_changed_blocks).
UNRELATED = 460
_MOST_FAILURES = 3
_CHAIN = "whether the disk's log still has its newest snapshot as its parent"


def examine(case: Case, text: RuleText) -> Iterator[Observation]:
    """Compare both ends of every link from a snapshot to its live disk."""
    facts = tracking_of(case)
    # Yield (newest snapshot, live disk) where only the first points to the second. The parent was
    # changed after the pointer was written: a snapshot writes the pointer last. A pointer from
    # before a break of tracking is the rule's about stale pointers.
    broken_pointers: list[tuple[CbtLog, CbtLog]] = []
    for (sr, uuid), log in sorted(cbt_history(case).now.items()):
        child = sure(log.child)
        disk = cbt_history(case).log(sr, child) if child else None
        if disk is None or not (there(log) and there(disk)):
            continue
        if sure(disk.parent) in (None, uuid):
            continue
        assert log.child is not None
        assert disk.parent is not None
        later = _mark_of_known(log.child), _mark_of_known(disk.parent)
        relinked = later[0] and later[1] and later[0].precedes(later[1], facts.order)
        # Whether the disk's parent is a newer snapshot than the one that points to the disk. Where
        # an older snapshot leads to that parent, comparisons succeed: the chain goes past the one
        # that points to the disk, which is another rule's, and no full backup is forced.
        mine, other = facts.births.get(uuid), facts.births.get(disk.parent.value)
        taken_later = bool(mine and other and mine.mark.precedes(other.mark, facts.order))
        linked_anew = taken_later and bool(logs_pointing(case).get((sr, disk.parent.value)))
        if relinked and not linked_anew and facts.across(uuid, disk.uuid) is None:
            broken_pointers.append((log, disk))
    broken = tuple(broken_pointers)
    yield from held_back(
        case, (_finding_of_broken_chain(case, text, facts, *link) for link in broken)
    )
    if not broken:
        yield from unknown_pointers(case, _CHAIN)


def _mark_of_known(known: Known[str]) -> Mark | None:
    return Mark(at=known.since, evidence=known.evidence) if known.since else None


def _finding_of_broken_chain(
    case: Case, text: RuleText, facts: Tracking, newest: CbtLog, disk: CbtLog
) -> Finding:
    assert newest.child is not None
    assert disk.parent is not None
    failed = _failed_comparisons(case).get(disk.uuid, ())
    # Which error began it, where it was read.
    errors = [gap for gap in facts.breaks.get(disk.uuid, ()) if gap.loss]
    if not errors:
        first_error_in_words = "The error that began it is not in the logs that were read."
    else:
        first_error_in_words = say(
            "It began when an error turned CBT of the disk off, at {at}.", at=errors[-1].mark.at
        )
    values = {
        "vdi": disk.uuid,
        "disk": name_of(case, disk.uuid),
        "newest": name_of(case, newest.uuid),
        "parent": f"snapshot {disk.parent.value}" if disk.parent.value else "nothing",
        "when": disk.parent.since or "",
        "log": log_path(case, disk.sr, disk.uuid),
        "failures": _failures_in_words(failed),
        "origin": first_error_in_words,
    }
    old = [row.uuid for row, _ in snapshots_of(case, disk.uuid)] or [newest.uuid]
    quotes = [newest.child.evidence, disk.parent.evidence]
    quotes += [gap.mark.evidence for gap in facts.breaks.get(disk.uuid, ()) if gap.loss][-1:]
    for evidence_call in failed[-_MOST_FAILURES:]:
        quotes += quote_run(evidence_call)
    return found(
        text,
        (text.title, text.detail),
        basis=Basis.BOTH if failed else Basis.STATE,
        confidence=Confidence.CERTAIN if failed else Confidence.LIKELY,
        subjects=disk_subjects(case, disk.uuid, disk.sr),
        rows=[{**values, "old": uuid} for uuid in old],
        evidence=tuple(dict.fromkeys(quotes)),
        events=[call.entry for call in failed if call.entry],
        count=max(len(failed), 1),
    )


@derived
def _failed_comparisons(case: Case) -> Mapping[str, Sequence[Operation]]:
    """Return disk → the comparisons from a snapshot of it that found no way."""
    found: dict[str, list[Operation]] = {}
    for call in runs(case, "vdi_list_changed_blocks"):
        unrelated = any(code_of(raised) == UNRELATED for raised in call.raised)
        if call.result is Result.FAILED and call.vdi and unrelated:
            found.setdefault(tracking_of(case).disk_of(call.vdi), []).append(call)
    return found


def _failures_in_words(failed: Sequence[Operation]) -> str:
    if not failed:
        return ""
    count = "once" if len(failed) == 1 else f"{len(failed)} times"
    return say(
        "A comparison of two of its snapshots failed {count} with error 460, last at {last}.",
        count=count,
        last=failed[-1].first,
    )
