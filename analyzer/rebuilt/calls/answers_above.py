"""What was answered a few lines above the line that tells of the failure.

SM logs a command and its result (``FAILED in util.pread: (rc 5) …``, util.py of sm), and what it
makes of that later, in the same process: ``Failed to …``, an exception, a refused call. xapi and
xapi-nbd say less with each step: ``… failed with exception Server_error(INTERNAL_ERROR, …)`` stands
below the error of the same task that it was made of.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from types import MappingProxyType

from analyzer.case.case import Case
from analyzer.case.derived import derived
from analyzer.case.errors.said import Weight, said
from analyzer.case.errors.trouble import Trouble
from analyzer.case.time.order import Mark, place_of
from analyzer.model.finding import Evidence, EvidenceRole, Finding
from analyzer.model.operation import Command, Operation, Result
from analyzer.model.source import Source
from analyzer.rebuilt.calls.operations import sm_operations
from analyzer.values import dataclass

_MOST = 3
_OF_LOGS = frozenset({"sm-command.log", "sm-command.volume"})
_SMLOG = "var/log/SMlog"
_ONE_FAILURE = timedelta(seconds=60)
_TELLING = 60  # characters of a reason by which it is known again
_OF_SM = re.compile(
    r"(?:\S+ +[0-9]+ [0-9:]{8}|\S{20,40}) \S+ SM(?:GC)?: \[[0-9]+\]? ?(?:\[\w+\])? ?"
)
_TASK = re.compile(r"\b[RD]:[0-9a-f]{12}\b")
_OF_BACKEND = re.compile(r"SR_BACKEND_FAILURE_\w+, \[[ ;]*(.*?)[ ;]*\]\)", re.DOTALL)
_WORD = re.compile(r"[a-z]{3}")  # not a banner like "*  E X C E P T I O N  *", nor references


def answers_above(case: Case, finding: Finding) -> tuple[Evidence, ...]:
    """Return the answers that led to the quoted lines and are not quoted, in their order."""
    found: dict[Source, Evidence] = {}
    disks = frozenset(each.uuid for each in finding.subjects if each.type == "VDI")
    for each in finding.evidence:
        for command in _failed_above(case, each.source):
            event = command.event
            answer = Evidence(source=event.source, text=event.text, at=event.moment)
            others = (*finding.evidence, *found.values())
            is_quoted = any(
                answer.source == each.source or answer.text in each.text for each in others
            )
            if not is_quoted:
                found[answer.source] = answer
        for answer in _errors_above(case, each, disks):
            # Whether other lines give the reason of a line: errors are told again and again.
            told_others = (*finding.evidence, *found.values())
            reason = _reason_of(answer)
            is_told = not reason or any(
                answer.source == each.source
                or reason == _reason_of(each)
                or reason in " ".join(each.text.split())
                for each in told_others
            )
            if not is_told:
                found[answer.source] = answer
    kept = list(found.values())[:_MOST]
    return tuple(
        Evidence(source=each.source, text=each.text, at=each.at, role=EvidenceRole.ANSWER)
        for each in kept
    )


def _reason_of(line: Evidence) -> str:
    """Return the words that give a reason, "" where a line gives none."""
    head, _, message = line.text.partition("] ")
    process = "SM" if _OF_SM.search(head) else ""
    found = said(process, _OF_SM.sub("", message), loud=True)
    if found is None or not _WORD.search(found.text):
        return "" if found is None else found.code
    told = found.text.partition("): ")[2] if found.weight is Weight.COMMAND else ""
    return (told or found.text)[:_TELLING].strip()


def _errors_above(case: Case, quoted: Evidence, disks: frozenset[str]) -> Iterator[Evidence]:
    """Yield the other lines of the same failure from before, of that log, or of SM's behind it."""
    index = _errors(case)
    task, passed_on = _TASK.search(quoted.text), _OF_BACKEND.search(quoted.text)
    found = [
        *index.by_line.get(quoted.source, ()),
        *(index.by_task.get(task[0], ()) if task else ()),
    ]
    for trouble in index.by_text.get(passed_on[1], ()) if passed_on else ():
        if not disks or trouble.disk in ("", *disks):
            found += trouble.evidence
    for each in found:
        if each.source != quoted.source and _stands_above(case, each, quoted):
            yield each


def _stands_above(case: Case, one: Evidence, quoted: Evidence) -> bool:
    if one.at is None or quoted.at is None or not one.at.within(quoted.at, _ONE_FAILURE):
        return False
    (family, place), (log, below) = place_of(one.source), place_of(quoted.source)
    if one.source.bundle == quoted.source.bundle and family == log:
        return place < below
    if log == _SMLOG or family != _SMLOG:
        return False
    before, after = Mark(at=one.at, source=one.source), Mark(at=quoted.at, source=quoted.source)
    return not case.order.surely_before(after, before)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Errors:
    """Lines that tell of failures, by a line of the same failure, by task, by SM's own words."""

    by_line: Mapping[Source, Sequence[Evidence]]
    by_task: Mapping[str, Sequence[Evidence]]
    by_text: Mapping[str, Sequence[Trouble]]


@derived
def _errors(case: Case) -> _Errors:
    by_line: dict[Source, list[Evidence]] = defaultdict(list)
    by_task: dict[str, list[Evidence]] = defaultdict(list)
    by_text: dict[str, list[Trouble]] = defaultdict(list)
    for trouble in case.troubles:
        lines = (*(spot.source for spot in trouble.spots), *(e.source for e in trouble.evidence))
        for source in dict.fromkeys(lines):
            by_line[source] += trouble.evidence
        if trouble.parser == "smlog":
            by_text[trouble.text].append(trouble)
        for each in trouble.evidence:
            if task := _TASK.search(each.text):
                by_task[task[0]].append(each)
    return _Errors(by_line=by_line, by_task=by_task, by_text=by_text)


def _failed_above(case: Case, line: Source) -> Iterator[Command]:
    """Yield the last command that failed above a line in the same call, if any did."""
    op = _failed_calls(case).get(line)
    if op is None:
        return
    places = [event.source for event in op.lines]
    above = set(places[: places.index(line)])
    failed = [each for each in op.commands if _is_answer(each) and each.event.source in above]
    yield from failed[-1:]


def _is_answer(command: Command) -> bool:
    return command.result is Result.FAILED and command.event.kind in _OF_LOGS


@derived
def _failed_calls(case: Case) -> Mapping[Source, Operation]:
    """Return the calls in which a command failed, by each of their lines."""
    return MappingProxyType(
        {
            event.source: op
            for op in sm_operations(case)
            if any(map(_is_answer, op.commands))
            for event in op.lines
        }
    )
