"""What a report says of its pool beside the database: rows of which it knows were not lost.

The inventory of a host names its control domain, which is a VM of the database as long as the host
is in the pool; what `xe` printed into a report shows rows that were there when it was made. A
database that has none of the hosts whose reports hold it is another pool's: somebody put it there.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from analyzer.case.pool import PoolState
from analyzer.model.host import HostInventory
from analyzer.model.xapi import XapiDatabase
from analyzer.parsers._api import Fact


def held_against_witnesses(pool: PoolState, facts: Iterable[tuple[str, Fact]]) -> PoolState:
    """Return a pool; it is not whole where its own reports show a row that its database lacks.

    ``facts`` are pairs of a report and what stands in it; what was made later is none of them.
    """
    if not pool.complete:
        return pool
    own = [fact for bundle, fact in facts if bundle in pool.bundles]
    hosts = [fact.host_uuid for fact in own if isinstance(fact, HostInventory) and fact.host_uuid]
    if hosts and not any(map(pool.host, hosts)):
        lacking = "it lacks the hosts whose reports hold it"
    else:
        lacking = next((why for fact in own for why in _rows_lacking(pool, fact)), "")
    if not lacking:
        return pool
    return replace(pool, complete=False, chosen_because=f"{pool.chosen_because}; {lacking}")


def _rows_lacking(pool: PoolState, fact: Fact) -> Iterator[str]:
    match fact:
        case HostInventory() if pool.host(fact.host_uuid) and fact.control_domain_uuid:
            if pool.vm(fact.control_domain_uuid) is None:
                yield f"it lacks the control domain that {fact.source.member} names"
        case XapiDatabase(generation=None):
            if added := sum(pool.has(row) for row in fact.objects):
                rows = "1 row" if added == 1 else f"{added} rows"
                yield f"it lacks {rows} of {fact.source.member}: lost, or made afterwards"
        case _:
            pass
