"""CBT logs that point in a circle: list_changed_blocks has no end there.

Source: sm `VDI.py` list_changed_blocks(), which remembers no log that it has seen.
"""

from collections.abc import Iterator, Sequence

from analyzer.case.case import Case
from analyzer.checks.observation import Observation
from analyzer.checks.tools.chain_facts import disk_subjects, least_sure, log_path, sure, there
from analyzer.checks.tools.finding import found, listed, quote
from analyzer.checks.tools.sm_runs import quote_run, runs, visited
from analyzer.model.cbt import CbtLog
from analyzer.model.event import Event
from analyzer.model.finding import Basis, Confidence, Finding, Subject
from analyzer.model.operation import Operation
from analyzer.model.rule import RuleText
from analyzer.model.sentence import Value
from analyzer.rebuilt.cbt.history import cbt_history

_MOST = 8


def examine(case: Case, text: RuleText) -> Iterator[Observation]:
    """Follow child pointers as they are now; and look at comparisons that read one log twice."""
    told: set[str] = set()
    for circle in _circles_of_pointers(case):
        pointers = [log.child for log in circle if log.child is not None]
        sr = circle[0].sr
        finding = found(
            text,
            (text.title, text.detail),
            basis=Basis.STATE,
            confidence=least_sure(*pointers, *(log.exists for log in circle)),
            subjects=_subjects_of_circle(case, [log.uuid for log in circle], sr),
            rows=[
                _row_of_circle(case, [log.uuid for log in circle], sr, log.uuid) for log in circle
            ],
            evidence=tuple(dict.fromkeys(pointer.evidence for pointer in pointers[:_MOST])),
        )
        told |= {subject.uuid for subject in finding.subjects}
        yield finding
    for call in runs(case, "vdi_list_changed_blocks"):
        read = visited(call)
        if len(set(read)) < len(read) and not told & set(read):
            told |= set(read)
            yield _by_call(case, text, call, read)


def _circles_of_pointers(case: Case) -> Iterator[tuple[CbtLog, ...]]:
    """Yield each circle of known pointers once, from its smallest uuid on."""
    done: set[tuple[str, str]] = set()
    for key in sorted(cbt_history(case).now):
        path: list[CbtLog] = []
        log: CbtLog | None = cbt_history(case).now[key]
        while log is not None and there(log) and (log.sr, log.uuid) not in done:
            done.add((log.sr, log.uuid))
            path.append(log)
            log = cbt_history(case).log(log.sr, sure(log.child) or "")
        if log is not None and log in path:
            circle = path[path.index(log) :]
            start = min(range(len(circle)), key=lambda place: circle[place].uuid)
            yield (*circle[start:], *circle[:start])


def _subjects_of_circle(case: Case, uuids: Sequence[str], sr: str | None) -> tuple[Subject, ...]:
    own = [subject for uuid in uuids[:_MOST] for subject in disk_subjects(case, uuid, sr)]
    return tuple(dict.fromkeys(own))


def _row_of_circle(case: Case, uuids: Sequence[str], sr: str, uuid: str) -> dict[str, str]:
    shown = [*uuids[:_MOST], *(["…"] if len(uuids) > _MOST else []), uuids[0]]
    return {"vdi": uuid, "sr": sr, "log": log_path(case, sr, uuid), "circle": " → ".join(shown)}


def _by_call(case: Case, text: RuleText, call: Operation, read: Sequence[str]) -> Finding:
    twice = [uuid for place, uuid in enumerate(read) if uuid in read[:place]]
    lines: list[Event] = [note for note in call.notes if f"VDI {twice[0]} " in note.message]
    values: dict[str, Value] = {
        "circle": listed(list(dict.fromkeys(read))[:_MOST]),
        "when": call.first,
        "host": call.host,
        "vdi": twice[0],
    }
    if call.sr is not None:
        values |= {"sr": call.sr, "log": log_path(case, call.sr, twice[0])}
    return found(
        text,
        text.case("walked"),
        basis=Basis.SYMPTOM,
        confidence=Confidence.CERTAIN,
        subjects=_subjects_of_circle(case, [twice[0], *dict.fromkeys(read)], call.sr),
        rows=[values],
        evidence=tuple(dict.fromkeys([*quote_run(call), *(quote(line) for line in lines[:3])])),
        events=lines[:1],
    )
