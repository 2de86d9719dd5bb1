"""How much of a log can be read, by the copies and listings in the bundles and by findings."""

from collections.abc import Iterator

from analyzer.case.case import Case
from analyzer.model.cbt import CbtLog
from analyzer.plans.commands import HEADER
from analyzer.sm.state import Body
from analyzer.story.disks.index import DiskIndex

_SUFFIX = ".cbtlog"
_SHORT = "cbt-log-short"
_BLOCK = 65536


def body_of(case: Case, known: DiskIndex, log: CbtLog) -> tuple[Body, tuple[str, ...]]:
    """Return how much of a log is there, and what it could be instead where that is not sure."""
    size = log.size.value if log.size else None
    for body in _bodies_seen(case, log.uuid, size):
        return body, ()
    if any(finding.rule == _SHORT for finding in known.findings.get(log.uuid, ())):
        return Body.SHORT, (Body.SHORT.value, Body.CUT.value, Body.WHOLE.value)
    return Body.WHOLE, ()


def _bodies_seen(case: Case, uuid: str, size: int | None) -> Iterator[Body]:
    for report in case.hosts:
        for copy in (each for each in report.cbtlogs if each.uuid == uuid):
            whole = copy.bitmap_bytes >= copy.expected_bytes
            yield Body.CUT if not copy.header else Body.WHOLE if whole else Body.SHORT
        for listing in report.listings:
            for file in listing.files:
                if file.name != f"{uuid}{_SUFFIX}" or file.size is None:
                    continue
                if file.size < HEADER:
                    yield Body.CUT
                elif size is not None:
                    need = HEADER + -(-size // (_BLOCK * 8))
                    yield Body.WHOLE if file.size >= need else Body.SHORT
