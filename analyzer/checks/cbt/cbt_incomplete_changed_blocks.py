"""A comparison of two disks succeeded, and changed blocks are missing in its answer (H-10b, H-09).

Source: sm `VDI.py` list_changed_blocks(): the walk uses child pointers only. Where a pointer leads
across a time in which nobody tracked the disk, or passes by a snapshot, the answer is short and
nobody is told. A backup made of it lacks data, and so does every later one that builds on it.
"""

from collections.abc import Iterator

from analyzer.case.case import Case
from analyzer.checks.observation import Observation
from analyzer.checks.tools.chain_facts import (
    Break,
    Tracking,
    disk_subjects,
    mark_of,
    name_of,
    sure,
    tracking_of,
)
from analyzer.checks.tools.finding import Row, found, listed, quote
from analyzer.checks.tools.sm_runs import quote_run, runs, visited
from analyzer.checks.tools.unread import held_back
from analyzer.model.finding import Basis, Confidence, Evidence, Finding, Gap
from analyzer.model.operation import Operation, Result
from analyzer.model.rule import RuleText
from analyzer.model.sentence import say
from analyzer.rebuilt.cbt.history import cbt_history
from analyzer.values import dataclass

_MOST = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """A call of list_changed_blocks from one disk to another; ``to`` is "" where unknown.

    ``gap`` is the time without tracking that it spans, ``missed`` are the snapshots in between
    whose logs were there and were not read.
    """

    call: Operation
    older: str
    newer: str
    gap: Break | None
    missed: tuple[str, ...]

    @property
    def short(self) -> bool:
        """Tell whether blocks are missing in its answer, if it gave one."""
        return self.gap is not None or bool(self.missed)


def examine(case: Case, text: RuleText) -> Iterator[Observation]:
    """Compare what each successful comparison read with what lies between its two disks."""
    facts = tracking_of(case)
    wrong: dict[str, list[Comparison]] = {}
    for call in runs(case, "vdi_list_changed_blocks"):
        if not call.vdi or call.result is Result.FAILED:
            continue
        older, read = call.vdi or "", visited(call)
        # The disk that a call names as vdi_to, by its reference.
        if read and call.result is Result.SUCCEEDED:
            newer = read[-1]
        else:
            ref = call.args[0] if call.args else None
            rows = (pool.vdi(ref) for pool in case.pools)
            newer = next((row.uuid for row in rows if row is not None), "")
        gap = facts.across(older, newer, mark_of(call)) if newer else None
        missed = (
            tuple(_snapshots_missed(case, facts, call, (older, newer), read))
            if newer and read
            else ()
        )
        one = Comparison(call=call, older=older, newer=newer, gap=gap, missed=missed)
        if one.short and call.result is Result.SUCCEEDED:
            wrong.setdefault(facts.disk_of(one.newer), []).append(one)
        elif one.short or not (bool(one.newer) and one.older in facts.births):
            yield _gap_of_comparison(one)
    yield from held_back(
        case,
        (
            _finding_of_short_answers(case, text, disk, tuple(own))
            for disk, own in sorted(wrong.items())
        ),
    )


def _snapshots_missed(
    case: Case, facts: Tracking, call: Operation, ends: tuple[str, str], read: tuple[str, ...]
) -> Iterator[str]:
    """Yield the snapshots in between whose log was there at the time, and was not read."""
    if call.sr is None or call.result is not Result.SUCCEEDED:
        return
    for uuid in facts.between(*ends, mark_of(call)):
        if uuid in read:
            continue
        log = cbt_history(case).at(call.sr, uuid, call.entry or call.first)
        if log is not None and sure(log.exists) is True:
            yield uuid


def _gap_of_comparison(one: Comparison) -> Gap:
    if one.short:
        why = (
            "the comparison of {older} with {newer} at {when} spans a time without "
            "tracking, and whether it succeeded is not in what was read"
        )
    elif not one.newer:
        why = "with what {older} was compared at {when} is not in what was read"
    else:
        why = (
            "when snapshot {older} was taken is not in what was read, so nobody can say "
            "whether tracking was whole until its comparison with {newer} at {when}"
        )
    return Gap(
        need="smlog",
        host=one.call.host,
        why=say(why, older=one.older, newer=one.newer, when=one.call.first),
        settle_with="older SMlog files, or the backup product's log of that run",
    )


def _finding_of_short_answers(
    case: Case, text: RuleText, disk: str, wrong: tuple[Comparison, ...]
) -> Finding:
    gaps = [one.gap for one in wrong if one.gap is not None]
    sr = next((one.call.sr for one in wrong if one.call.sr), None)
    rows = [_row_of_comparison(case, disk, wrong, one) for one in wrong]
    quotes: list[Evidence] = []
    for evidence_one in wrong[:_MOST]:
        quotes += quote_run(evidence_one.call)
        quotes += [
            quote(note)
            for note in evidence_one.call.notes
            if f"VDI {evidence_one.newer} " in note.message
        ]
        quotes += [evidence_one.gap.mark.evidence] if evidence_one.gap else []
        for uuid in evidence_one.missed[:2]:
            log = cbt_history(case).at(
                evidence_one.call.sr or "", uuid, evidence_one.call.entry or evidence_one.call.first
            )
            quotes += [log.exists.evidence] if log and log.exists else []
    return found(
        text,
        (text.title, text.detail) if gaps else text.case("passed-by"),
        basis=Basis.BOTH,
        confidence=Confidence.CERTAIN if gaps else Confidence.LIKELY,
        subjects=disk_subjects(case, disk, sr),
        rows=rows,
        evidence=tuple(dict.fromkeys(quotes)),
        events=[one.call.entry for one in wrong if one.call.entry],
        count=len(wrong),
    )


def _row_of_comparison(
    case: Case, disk: str, wrong: tuple[Comparison, ...], one: Comparison
) -> Row:
    gaps = [each.gap for each in wrong if each.gap is not None]
    missed = list(dict.fromkeys(uuid for each in wrong for uuid in each.missed))
    told = [
        say(
            "{older} with {newer} at {at}",
            older=name_of(case, one.older),
            newer=name_of(case, one.newer),
            at=one.call.first,
        )
        for one in wrong
    ]
    more = len(told) - _MOST
    listed_comparisons = listed([*told[:_MOST], *([f"{more} more"] if more > 0 else [])])
    return {
        "vdi": disk,
        "disk": name_of(case, disk),
        "older": one.older,
        "newer": one.newer,
        "comparisons": listed_comparisons,
        "when": one.call.first,
        "gap": gaps[-1].mark.at if gaps else "",
        "why": _why_log_is_short(gaps[-1]) if gaps else "",
        "missed": listed(missed[:_MOST]),
    }


def _why_log_is_short(gap: Break) -> str:
    if gap.loss is not None:
        return "an error turned CBT of the disk off"
    return "CBT of the disk was turned on anew"
