"""A CBT log was unlinked without its neighbours being joined, on a file SR (H-01).

Source: sm `FileSR.py` FileVDI.delete(): for a disk of type cbt_metadata the path of the disk is
its log, which is unlinked before `VDI.delete()` looks for it; so no coalescing takes place. The
older neighbour keeps pointing to what is gone, and a comparison that starts at it, or before it,
finds no way. Where no older log is left, nothing is lost.
"""

from collections.abc import Iterator

from analyzer.case.case import Case
from analyzer.checks.observation import Observation
from analyzer.checks.tools.chain_facts import (
    disk_subjects,
    least_sure,
    log_path,
    logs_pointing,
    name_of,
    sure,
    tracking_of,
    unknown_pointers,
)
from analyzer.checks.tools.finding import Row, found
from analyzer.checks.tools.sm_runs import quote_run, runs
from analyzer.model.cbt import CbtLog
from analyzer.model.finding import Basis
from analyzer.model.operation import Operation, Result
from analyzer.model.rule import RuleText
from analyzer.model.terms import CBT_METADATA
from analyzer.rebuilt.cbt.history import cbt_history
from analyzer.rebuilt.cbt.log_paths import FILE_TYPES

_CHAIN = "whether one of them pointed to a log that was unlinked"


def examine(case: Case, text: RuleText) -> Iterator[Observation]:
    """Compare the logs that were unlinked on file SRs with the child pointers of those left."""
    runs_that_unlinked: list[Operation] = []
    for that_run in runs(case, "vdi_delete"):
        row = case.world.sr(that_run.sr)
        joined = any(command.argv[0].endswith("cbt-util") for command in that_run.commands)
        if row is None or row.type not in FILE_TYPES or joined:
            continue
        if that_run.result is not Result.FAILED and _was_metadata(case, that_run):
            runs_that_unlinked.append(that_run)
    done = tuple(runs_that_unlinked)
    pointing = [(run, older) for run in done for older in _logs_pointing_to(case, run)]
    for run, older in pointing:
        assert older.child is not None
        disk = tracking_of(case).disk_of(older.uuid)
        values: Row = {
            "older": name_of(case, older.uuid),
            "gone": run.vdi or "",
            "kept": older.uuid,
            "disk": name_of(case, disk),
            "when": run.last,
            "log": log_path(case, older.sr, older.uuid),
        }
        yield found(
            text,
            (text.title, text.detail),
            basis=Basis.BOTH,
            confidence=least_sure(older.child, older.exists),
            subjects=(
                *disk_subjects(case, older.uuid, older.sr),
                *(disk_subjects(case, disk, None) if disk != older.uuid else ()),
            ),
            rows=[values],
            evidence=tuple(dict.fromkeys([*quote_run(run), older.child.evidence])),
            events=[run.entry] if run.entry else (),
        )
    where = frozenset(run.sr for run in done if run.sr)
    if where and not pointing:
        yield from unknown_pointers(case, _CHAIN, where)


def _was_metadata(case: Case, run: Operation) -> bool:
    """Tell whether a deletion was of a metadata disk.

    Its entry says so, or it had a log and ended well without looking at it, which `VDI.delete()`
    does first of all for any other disk.
    """
    if run.arguments.get("vdi_type") == CBT_METADATA:
        return True
    log = cbt_history(case).at(run.sr or "", run.vdi or "", run.entry or run.first)
    return run.result is Result.SUCCEEDED and log is not None and sure(log.exists) is True


def _logs_pointing_to(case: Case, run: Operation) -> Iterator[CbtLog]:
    """Yield the logs that still point to the one that a run unlinked."""
    own = logs_pointing(case).get((run.sr or "", run.vdi or ""), ())
    yield from (log for log in own if log.uuid != run.vdi)
