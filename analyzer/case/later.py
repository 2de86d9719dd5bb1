"""Lines that are read only where others are there: who needs them is known when all is gathered."""

from collections.abc import Iterator, Sequence

from analyzer.case.events import EventTableBuilder
from analyzer.case.gather import BundleContent
from analyzer.case.pool import PoolState
from analyzer.parsers._api import CURRENT_OPERATIONS, SEVERAL_REPORTS
from analyzer.parsers.scan.later import LaterLines
from analyzer.parsers.scan.scan import Scanner


def read_later(
    contents: Sequence[BundleContent],
    pools: Sequence[PoolState],
    builder: EventTableBuilder,
    scanner: Scanner,
) -> None:
    """Add the rows of lines that were held, of the kinds whose company is there."""
    conditions: list[str] = []
    if len(contents) > 1:
        conditions.append(SEVERAL_REPORTS)
    if any(any(_operations(pool)) for pool in pools):
        conditions.append(CURRENT_OPERATIONS)
    there = {*builder.kinds, *conditions}
    kinds = {kind for kind, others in scanner.only_with.items() if not there.isdisjoint(others)}
    for content in contents:
        for log in content.logs:
            lines, log.later = log.later, LaterLines()  # they are asked for once
            for record, hits in scanner.read_later(log.parser, lines, kinds) if kinds else ():
                log.records += 1
                builder.add(
                    bundle=content.name,
                    member=log.member,
                    parser=log.parser,
                    record=record,
                    hits=hits,
                )


def _operations(pool: PoolState) -> Iterator[object]:
    yield from (row.current_operations for row in pool.srs)
    yield from (row.current_operations for row in pool.vdis)
    yield from (row.current_operations for row in pool.vbds)
    yield from (row.current_operations for row in pool.vms)
