"""Metadata disks that no backup can use any more.

They look like snapshots that somebody forgot, and mostly are the opposite: the base of the next
incremental. Only those are told that certainly lead nowhere, see `_metadata_use`; the others are
healthy however many there are, because each backup job keeps its own.
"""

from collections.abc import Iterator, Sequence

from analyzer.case.case import Case
from analyzer.case.pool import PoolState
from analyzer.checks.cbt.metadata_use import Leftover, Use, judged
from analyzer.checks.observation import Observation
from analyzer.checks.tools.finding import found, quote_row
from analyzer.checks.tools.log_disk import is_metadata
from analyzer.checks.tools.lost_tracking import taken_at
from analyzer.checks.tools.unread import held_back
from analyzer.model.finding import Basis, Confidence, Evidence, Finding, Gap, Subject
from analyzer.model.rule import RuleText
from analyzer.model.sentence import joined, say
from analyzer.model.xapi import Sr
from analyzer.rebuilt.cbt.log_paths import FILE_TYPES

_MOST = 10


def examine(case: Case, text: RuleText) -> Iterator[Observation]:
    """Ask of which disk each metadata disk is, and where its log leads.

    One finding for each SR and reason.
    """
    replayed: list[Finding] = []
    for pool in case.pools:
        for sr in pool.srs:
            answers = _answers(case, pool, sr)
            yield from (each for each in answers if isinstance(each, Gap))
            left = [each for each in answers if isinstance(each, Leftover)]
            for use in Use:
                if own := [each for each in left if each.use is use]:
                    finding = _finding(text, sr, own)
                    if use is Use.ENDED:
                        replayed.append(finding)
                    else:
                        yield finding
    yield from held_back(case, replayed)


def _answers(case: Case, pool: PoolState, sr: Sr) -> Sequence[Leftover | Gap]:
    rows = (row for row in pool.vdis if row.sr in (sr.ref, sr.uuid) and is_metadata(row))
    # While data_destroy runs, the disk already has the type, and gets its own back if it fails.
    found_ = (judged(case, pool, sr, row) for row in rows if not row.current_operations)
    return [each for each in found_ if each is not None]


def _finding(text: RuleText, sr: Sr, left: Sequence[Leftover]) -> Finding:
    use = left[0].use
    values = {
        "sr": sr.uuid,
        "sr_name": sr.name_label or sr.uuid,
        "number": f"{len(left)} metadata disk{'s' if len(left) > 1 else ''}",
        "inventory": _inventory(left),
    }
    kind = "file_disk" if sr.type in FILE_TYPES else "lvm_disk"
    told = text.case(use.value) if use.value else (text.title, text.detail)
    return found(
        text,
        told,
        basis=Basis.BOTH if any(each.proof for each in left) else Basis.STATE,
        confidence=Confidence.LIKELY,
        subjects=(
            *(_subject(each) for each in left),
            Subject(type="SR", uuid=sr.uuid, name=sr.name_label),
        ),
        rows=[*({**values, kind: each.row.uuid} for each in left[:_MOST]), values],
        evidence=_evidence(left),
        count=len(left),
    )


def _subject(leftover: Leftover) -> Subject:
    return Subject(type="VDI", uuid=leftover.row.uuid, name=leftover.row.name_label)


def _inventory(left: Sequence[Leftover]) -> str:
    lines = [_line(each) for each in left[:_MOST]]
    more = [f"and {len(left) - _MOST} more"] if len(left) > _MOST else []
    return joined((*lines, *more), "; ")


def _line(leftover: Leftover) -> str:
    when = taken_at(leftover.row)
    age = say(", taken at {when}", when=when) if when else ""
    return say("{uuid}{age}, {because}", uuid=leftover.row.uuid, age=age, because=leftover.because)


def _evidence(left: Sequence[Leftover]) -> tuple[Evidence, ...]:
    rows = (quote_row(each.row, "type", "snapshot_of", "snapshot_time") for each in left[:_MOST])
    proofs = (proof for each in left[:_MOST] for proof in each.proof)
    return tuple(dict.fromkeys((*rows, *proofs)))
