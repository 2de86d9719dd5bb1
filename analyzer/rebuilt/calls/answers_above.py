"""What a command of SM answered, a few lines above the line that tells of the failure.

SM logs the command and its result (``FAILED in util.pread: (rc 5) …``, util.py of sm), and what it
makes of that later, in the same process: ``Failed to …``, an exception, a refused call.
"""

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from analyzer.case.case import Case
from analyzer.case.derived import derived
from analyzer.model.finding import Evidence, EvidenceRole, Finding
from analyzer.model.operation import Command, Operation, Result
from analyzer.model.source import Source
from analyzer.rebuilt.calls.operations import sm_operations

_MOST = 3
_OF_LOGS = frozenset({"sm-command.log", "sm-command.volume"})


def answers_above(case: Case, finding: Finding) -> tuple[Evidence, ...]:
    """Return the answers that led to the quoted lines and are not quoted, in their order."""
    quoted = {each.source for each in finding.evidence}
    found: dict[Source, Evidence] = {}
    for each in finding.evidence:
        for command in _failed_above(case, each.source):
            event = command.event
            if event.source not in quoted and not any(
                event.text in other.text for other in finding.evidence
            ):
                found[event.source] = Evidence(
                    source=event.source,
                    text=event.text,
                    at=event.moment,
                    role=EvidenceRole.ANSWER,
                )
    return tuple(found.values())[:_MOST]


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
