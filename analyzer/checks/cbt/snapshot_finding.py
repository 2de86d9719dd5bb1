"""How a failed CBT log at a snapshot is told: one finding per disk, for both rules."""

import re
from collections.abc import Iterable, Sequence

from analyzer.case.case import Case
from analyzer.checks.tools.finding import (
    Row,
    prose,
    quote,
    quote_ends,
    quote_row,
    span,
    steps,
)
from analyzer.checks.tools.lost_tracking import During, tell_tracking
from analyzer.checks.tools.snapshot_log import COMMAND, RAISED, Failure, full_now, log_size
from analyzer.model.event import Event
from analyzer.model.finding import Basis, Confidence, Evidence, Finding
from analyzer.model.rule import RuleText
from analyzer.model.sentence import Size, Value, say

_LONGEST = 240
_STDERR = re.compile(r"stderr: b?['\"](.*)", re.DOTALL)


def by_disk(found: Iterable[Failure]) -> tuple[tuple[Failure, ...], ...]:
    """Group failures by disk; the groups in the order of their first failures."""
    groups: dict[str, list[Failure]] = {}
    for failure in found:
        groups.setdefault(failure.vdi, []).append(failure)
    return tuple(tuple(group) for group in groups.values())


def make(
    case: Case,
    text: RuleText,
    told: tuple[str, str],
    group: Sequence[Failure],
    confidence: Confidence,
) -> Finding:
    """Return the finding of one disk: ``told`` is (title, detail), `group` its failures."""
    last = group[-1]
    full = full_now(case, last)
    lines = [failure.line for failure in group]
    first, latest = span(lines)
    values = _values_of_failures(case, group, full)
    disk = case.world.subject("VDI", last.vdi)
    subjects_of_failure = (disk, case.world.subject("SR", last.sr)) if last.sr else (disk,)
    known = case.world.vdi(last.vdi)
    if known is None or known.cbt_enabled is None:
        row_quoted: tuple[Evidence, ...] = ()
    else:
        row_quoted = (quote_row(known, "cbt_enabled"),)
    return Finding(
        rule=text.id,
        title=prose(told[0], values),
        severity=text.severity,
        confidence=confidence,
        basis=Basis.BOTH if full else Basis.SYMPTOM,
        subjects=subjects_of_failure,
        detail=prose(told[1], values),
        action=steps(text.action, [values]),
        goals=text.goals,
        evidence=(*_latest_and_ends_quoted(group), *full, *row_quoted),
        first_seen=first,
        last_seen=latest,
        count=len(group),
        wrong_if=prose(text.wrong_if, values),
        references=text.references,
    )


def _values_of_failures(case: Case, group: Sequence[Failure], full: Sequence[Evidence]) -> Row:
    last = group[-1]
    known = case.world.vdi(last.vdi)
    sizes = [event.fields["free"] for event in last.because if "free" in event.fields]
    free_space_told = Size(int(sizes[0])) if sizes else "no space"
    moments = span([failure.line for failure in group])
    if len(group) == 1:
        times_in_words = say("That was at {at}.", at=moments[0])
    else:
        times_in_words = say(
            "That happened {count} times, from {first} to {last}.",
            count=len(group),
            first=moments[0],
            last=moments[1],
        )
    values: dict[str, Value] = {
        "vdi": last.vdi,
        "disk": case.world.named("VDI", last.vdi),
        "host": last.line.host,
        "reason": _reason_in_words(last.because),
        "need": Size(log_size(case, last)),
        "free": free_space_told,
        "times": times_in_words,
        "space": "Its storage had no room for a log either when the report was made."
        if full
        else "",
        "now": _cbt_now_in_words(case, last.vdi),
        **_place_in_words(case, last),
        **tell_tracking(case, last.vdi, During.SNAPSHOT, last.line, last.alert),
    }
    if last.refresh:
        values["refreshed"] = last.vdi
    if known is not None and known.cbt_enabled is not True:
        values["disabled"] = last.vdi
    return values


def _place_in_words(case: Case, last: Failure) -> dict[str, str]:
    """Return the words for the SR, and where its free space is seen."""
    if last.sr is None:
        return {"sr_name": "(not known)", "unknown_sr": last.vdi}
    known = case.world.sr(last.sr)
    volumes = known is not None and (known.type or "").startswith("lvm")
    return {
        "sr": last.sr,
        "sr_name": (known.name_label if known else None) or last.sr,
        "group" if volumes else "mounted": last.sr,
    }


def _reason_in_words(because: Sequence[Event]) -> str:
    if not because:
        return "no line says why"
    event = because[0]
    if event.kind == COMMAND:
        said = _STDERR.search(event.message)
        words = " ".join((said[1] if said else "").split()).rstrip("'\" ")
        return f"a command ended with status {event.fields['rc']} and said “{words[:_LONGEST]}”"
    if event.kind == RAISED:
        return f"“{event.message[:_LONGEST]}”"
    return f"“{event.message[:_LONGEST]}” on {event.host}"


def _cbt_now_in_words(case: Case, vdi: str) -> str:
    """Say what the database has of CBT on the disk, where it says anything."""
    known = case.world.vdi(vdi)
    if known is None:
        whole = bool(case.pools) and all(pool.complete for pool in case.pools)
        return "The disk is no longer in the database." if whole else ""
    match known.cbt_enabled:
        case True:
            return "When the database was written, CBT was on again."
        case False:
            return "When the database was written, CBT was off."
        case None:
            return ""


def _latest_and_ends_quoted(group: Sequence[Failure]) -> tuple[Evidence, ...]:
    """Quote the latest failure whole, reason first where there is one, and the ends of the rest."""
    last = group[-1]
    alert = (last.alert,) if last.alert and last.alert is not last.line else ()
    whole = tuple(quote(event) for event in (last.line, *last.because, *alert))
    return whole + quote_ends([failure.line for failure in group[:-1]], 2)
