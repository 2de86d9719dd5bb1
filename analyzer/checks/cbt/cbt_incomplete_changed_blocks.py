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
    Mark,
    Tracking,
    disk_subjects,
    mark_of,
    name_of,
    sure,
    tracking_of,
)
from analyzer.checks.tools.finding import Row, found, listed, quote
from analyzer.checks.tools.hidden_crashes import Hidden, hidden_crashes
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
    whose logs were there and were not read, ``crash`` is one that it spans and that SM did not see.
    ``still_open`` is whether it ended at a log whose last session had not ended in order.
    """

    call: Operation
    older: str
    newer: str
    gap: Break | None
    missed: tuple[str, ...]
    crash: Hidden | None
    still_open: bool

    @property
    def answered_short(self) -> bool:
        """Tell whether it surely answered, and blocks surely are missing in that."""
        sure_of_crash = self.crash is not None and self.crash.boot is not None
        known = sure_of_crash or not self.only_crashed
        return self.short and known and self.call.result is Result.SUCCEEDED

    @property
    def short(self) -> bool:
        """Tell whether blocks are missing in its answer, if it gave one."""
        return self.gap is not None or bool(self.missed) or self.crash is not None

    @property
    def only_crashed(self) -> bool:
        """Tell whether nothing but a crash makes its answer short."""
        return self.gap is None and not self.missed


def examine(case: Case, text: RuleText) -> Iterator[Observation]:
    """Compare what each successful comparison read with what lies between its two disks."""
    facts = tracking_of(case)
    wrong: dict[tuple[str, bool], list[Comparison]] = {}
    for call in runs(case, "vdi_list_changed_blocks"):
        if not call.vdi or call.result is Result.FAILED:
            continue
        older, read = call.vdi or "", visited(call)
        newer = (
            read[-1] if read and call.result is Result.SUCCEEDED else _vdi_to_of_call(case, call)
        )
        gap = facts.across(older, newer, mark_of(call)) if newer else None
        missed = (
            tuple(_snapshots_missed(case, facts, call, (older, newer), read))
            if newer and read
            else ()
        )
        one = Comparison(
            call=call,
            older=older,
            newer=newer,
            gap=gap,
            missed=missed,
            crash=_crash_spanned(case, facts, call, (older, newer)) if newer else None,
            still_open=_ends_at_open_log(case, call, newer),
        )
        if one.answered_short:
            wrong.setdefault((facts.disk_of(one.newer), one.only_crashed), []).append(one)
        elif one.short or one.still_open or not (bool(one.newer) and one.older in facts.births):
            yield _gap_of_comparison(one)
    yield from held_back(
        case,
        (
            _finding_of_short_answers(case, text, disk, tuple(own))
            for (disk, _), own in sorted(wrong.items())
        ),
    )


def _vdi_to_of_call(case: Case, call: Operation) -> str:
    """Return the disk that a call names as vdi_to, by its reference."""
    ref = call.args[0] if call.args else None
    rows = (pool.vdi(ref) for pool in case.pools)
    return next((row.uuid for row in rows if row is not None), "")


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


def _crash_spanned(
    case: Case, facts: Tracking, call: Operation, ends: tuple[str, str]
) -> Hidden | None:
    """Return the crash between the two disks after which a log was marked as consistent."""
    for one in hidden_crashes(case):
        if one.run.vdi != facts.disk_of(ends[1]):
            continue
        boot = one.boot
        at = Mark(at=boot.moment, evidence=quote(boot)) if boot else mark_of(one.run)
        if facts.spans(*ends, at, mark_of(call)):
            return one
    return None


def _ends_at_open_log(case: Case, call: Operation, newer: str) -> bool:
    """Tell whether the last log of a comparison was marked as in use, which SM does not look at.

    xapi compares with no disk that is attached, so that mark is of a session that broke off.
    """
    log = cbt_history(case).at(call.sr, newer, call.entry or call.first) if call.sr else None
    return log is not None and sure(log.consistent) is False


def _gap_of_comparison(one: Comparison) -> Gap:
    if one.call.result is Result.SUCCEEDED and one.crash is not None:
        why = (
            "the comparison of {older} with {newer} at {when} spans a time at whose end a log was "
            "marked as consistent though its session had not ended, and nothing shows whether "
            "that session had crashed"
            if one.crash.writer or sure(one.crash.flag) is False
            else "the comparison of {older} with {newer} at {when} spans a time in which a host "
            "booted, and nothing read from before shows whether that host had the disk"
        )
    elif one.still_open:
        why = (
            "the comparison of {older} with {newer} at {when} ended at a log that was marked as in "
            "use, and what its last session had not written to it would be missing in the answer"
        )
    elif one.short:
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
    crashed = wrong[0].only_crashed
    sr = next((one.call.sr for one in wrong if one.call.sr), None)
    rows = [_row_of_comparison(case, disk, wrong, one) for one in wrong]
    return found(
        text,
        text.case("crash" if crashed else "passed-by") if not gaps else (text.title, text.detail),
        basis=Basis.BOTH,
        confidence=Confidence.CERTAIN if gaps else Confidence.LIKELY,
        subjects=disk_subjects(case, disk, sr),
        rows=rows,
        evidence=_evidence_of_comparisons(case, wrong),
        events=[one.call.entry for one in wrong if one.call.entry],
        count=len(wrong),
    )


def _row_of_comparison(
    case: Case, disk: str, wrong: tuple[Comparison, ...], one: Comparison
) -> Row:
    gaps = [each.gap for each in wrong if each.gap is not None]
    missed = list(dict.fromkeys(uuid for each in wrong for uuid in each.missed))
    return {
        "vdi": disk,
        "disk": name_of(case, disk),
        "older": one.older,
        "newer": one.newer,
        "comparisons": _listed_comparisons(case, wrong),
        "when": one.call.first,
        "gap": gaps[-1].mark.at if gaps else "",
        "why": _why_log_is_short(gaps[-1]) if gaps else "",
        **_words_of_crash(wrong),
        "missed": listed(missed[:_MOST]),
    }


def _words_of_crash(wrong: tuple[Comparison, ...]) -> Row:
    crash = wrong[-1].crash
    if crash is None or crash.boot is None:
        return {}
    return {"writer": crash.boot.host, "boot": crash.boot.moment}


def _why_log_is_short(gap: Break) -> str:
    if gap.loss is not None:
        return "an error turned CBT of the disk off"
    return "CBT of the disk was turned on anew"


def _listed_comparisons(case: Case, wrong: tuple[Comparison, ...]) -> str:
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
    return listed([*told[:_MOST], *([f"{more} more"] if more > 0 else [])])


def _evidence_of_comparisons(case: Case, wrong: tuple[Comparison, ...]) -> tuple[Evidence, ...]:
    quotes: list[Evidence] = []
    for one in wrong[:_MOST]:
        quotes += quote_run(one.call)
        quotes += [quote(note) for note in one.call.notes if f"VDI {one.newer} " in note.message]
        quotes += [one.gap.mark.evidence] if one.gap else []
        if one.crash and one.crash.boot and one.only_crashed:
            quotes += [quote(one.crash.boot), quote(one.crash.command.event)]
        for uuid in one.missed[:2]:
            log = cbt_history(case).at(one.call.sr or "", uuid, one.call.entry or one.call.first)
            quotes += [log.exists.evidence] if log and log.exists else []
    return tuple(dict.fromkeys(quotes))
