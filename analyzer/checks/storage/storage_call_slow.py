"""Calls of the storage manager that took minutes where seconds are usual.

Measured from a call's first to its last kept line, so a call may have taken longer than told, never
less. The widest gap between two of its lines is where it waited: for a lock, a command, a host.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from itertools import pairwise
from types import MappingProxyType

from analyzer.case.case import Case
from analyzer.checks.observation import Observation
from analyzer.checks.storage.left_processes import left_processes
from analyzer.checks.storage.lock_waits import lock_waits
from analyzer.checks.tools.finding import found, quote
from analyzer.model.finding import Basis, Confidence, Subject
from analyzer.model.operation import Operation
from analyzer.model.rule import RuleText
from analyzer.model.sentence import Value, say
from analyzer.model.terms import SM_LOCKED
from analyzer.rebuilt.calls.operations import sm_operations
from analyzer.rebuilt.calls.sm_lines import PLUGIN

_SLOW = timedelta(minutes=1)
_SCAN = timedelta(minutes=10)  # of hundreds of images, with a look at each
_SURE = timedelta(seconds=2)
_PLUGIN = "tapdisk-pause"
_LIMITS: Mapping[str, timedelta] = MappingProxyType({"sr_scan": _SCAN})
_HOLDER = re.compile(r"blocked by PID ([0-9]+)")


def examine(case: Case, text: RuleText) -> Iterator[Observation]:
    """Yield a finding for each host and kind of call of which some took minutes, or never ended."""
    slow: dict[tuple[str, str], list[Operation]] = {}
    for one in sm_operations(case):
        if one.entry is not None:
            name = one.name
        else:
            name = _PLUGIN if one.lines and one.lines[0].kind == PLUGIN else ""
        if name and lasted(one) >= _LIMITS.get(name, _SLOW):
            slow.setdefault((one.host, name), []).append(one)
    for (_, name), own in sorted(slow.items()):
        yield _finding_of_slow_calls(case, text, name, own)
    told = {(one.bundle, one.pid) for own in slow.values() for one in own}
    yield from lock_waits(case, text, told)
    yield from left_processes(case, text)


def lasted(one: Operation) -> timedelta:
    """Return how long a call took at least; nothing where its lines are not dated to the second."""
    if one.first.doubt > _SURE or one.last.doubt > _SURE:
        return timedelta()
    return one.last.at - one.first.at


def _finding_of_slow_calls(
    case: Case, text: RuleText, name: str, own: Sequence[Operation]
) -> Observation:
    worst = max(own, key=lasted)
    # The two neighbouring lines of a call that are farthest apart.
    before, after = max(
        pairwise(worst.lines), key=lambda pair: pair[1].moment.at - pair[0].moment.at
    )
    holder = _HOLDER.search(before.message) if before.kind == SM_LOCKED else None
    subjects = []
    if worst.vdi:
        subjects.append(case.world.subject("VDI", worst.vdi))
    hosts = (report.host_uuid for report in case.hosts if report.bundle == worst.bundle)
    subjects.append(Subject(type="Host", uuid=next(hosts, None) or worst.host, name=worst.host))
    values: dict[str, Value] = {
        "call": name,
        "host": worst.host,
        "pid": str(worst.pid),
        "object": f"disk {case.world.named('VDI', worst.vdi)}" if worst.vdi else f"SR {worst.sr}",
        "worst": _length_in_words(lasted(worst)),
        "number": str(len(own)),
        "began": worst.first,
        "ended": worst.last,
        "waited": _length_in_words(after.moment.at - before.moment.at),
        "gap": say("between {one} and {other}", one=before.moment, other=after.moment),
        "lock": f" It waited for a lock that process {holder[1]} held." if holder else "",
    }
    lines = {line.source: line for line in (worst.lines[0], before, after)}
    return found(
        text,
        (text.title, text.detail),
        basis=Basis.SYMPTOM,
        confidence=Confidence.CERTAIN,
        subjects=tuple(subjects),
        rows=[values],
        evidence=tuple(quote(line) for line in lines.values()),
        events=(worst.lines[0], worst.lines[-1]),
        count=len(own),
    )


def _length_in_words(length: timedelta) -> str:
    minutes, seconds = divmod(round(length.total_seconds()), 60)
    return f"{minutes} min {seconds:02} s" if minutes else f"{seconds} s"
