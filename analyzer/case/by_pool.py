"""Status reports pool by pool: each pool is a case of its own.

Nothing of one pool is explained by another, and their clocks are never compared.
"""

from collections.abc import Callable, Sequence
from types import MappingProxyType
from typing import TypeVar

from analyzer.case.assemble import pools_of
from analyzer.case.case import Case
from analyzer.case.events import EventTable
from analyzer.case.gather import BundleContent
from analyzer.model.host import HostInventory
from analyzer.model.moment import Moment

Answer = TypeVar("Answer")


def by_pool(contents: Sequence[BundleContent]) -> tuple[tuple[BundleContent, ...], ...]:
    """Return the status reports of each pool together, by the name of the first.

    A report without a database is of the pool whose database names its host. What is left is of
    no pool that is known, and stands together, unless there is one pool only: then it is of that.
    """
    groups: list[set[str]] = []
    for pool in pools_of(contents):
        members = {host.uuid for host in pool.hosts}
        own = {
            *pool.bundles,
            *(each.name for each in contents if _uuid_of_own_host(each) in members),
        }
        shared = [group for group in groups if group & own]
        groups = [group for group in groups if group not in shared]
        groups.append(own.union(*shared))
    if len(groups) <= 1:
        return (tuple(contents),)
    groups.append({each.name for each in contents}.difference(*groups))
    found = [tuple(each for each in contents if each.name in group) for group in groups]
    return tuple(sorted((group for group in found if group), key=lambda group: group[0].name))


def _uuid_of_own_host(content: BundleContent) -> str | None:
    inventories = (fact for fact in content.facts if isinstance(fact, HostInventory))
    return next((fact.host_uuid for fact in inventories), None)


def one_case(cases: Sequence[Case]) -> Case:
    """Return what several pools' cases hold, for looking things up; nothing is judged by it."""
    if len(cases) == 1:
        return cases[0]
    of = {report.bundle: case for case in cases for report in case.hosts}
    of |= {bundle: case for case in cases for bundle in case.beside}

    def asked(ask: Callable[[Case], Answer], bundle: str) -> Answer:
        return ask(of.get(bundle, cases[0]))

    def window(need: str) -> tuple[Moment, Moment] | None:
        found = [case.window(need) for case in cases]
        known = [each for each in found if each]
        first = max((each[0] for each in known), key=lambda at: at.at, default=None)
        last = min((each[1] for each in known), key=lambda at: at.at, default=None)
        whole = first and last and len(known) == len(found) and first.at <= last.at
        return (first, last) if first and last and whole else None

    return Case(
        pools=tuple(pool for case in cases for pool in case.pools),
        hosts=tuple(report for case in cases for report in case.hosts),
        events=EventTable.together([case.events for case in cases]),
        gap=lambda need, bundle: asked(lambda case: case.gap(need, bundle), bundle),
        window=window,
        covered=lambda need, bundle: asked(lambda case: case.covered(need, bundle), bundle),
        dates=MappingProxyType({key: own for case in cases for key, own in case.dates.items()}),
        places=tuple(each for case in cases for each in case.places),
        holes=tuple(hole for case in cases for hole in case.holes),
        clocks=tuple(clock for case in cases for clock in case.clocks),
        troubles=tuple(trouble for case in cases for trouble in case.troubles),
        beside=MappingProxyType({key: own for case in cases for key, own in case.beside.items()}),
    )
