"""What each bundle says of its host: facts become the fields of a report, a row its identity."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, TypeVar, get_args, get_type_hints

from analyzer.bundle.ledger import altered
from analyzer.case.case import HostReport
from analyzer.case.gather import BundleContent
from analyzer.case.given_back import NOTHING, Given
from analyzer.case.pool import PoolState, distinct_alerts
from analyzer.model.host import HostInventory, PoolMembership, Role
from analyzer.model.xapi import Host, XapiDatabase
from analyzer.parsers._api import Fact
from analyzer.sources import SOURCES

FactType = TypeVar("FactType")


def host_reports(
    contents: Sequence[BundleContent],
    pools: Sequence[PoolState],
    given: Mapping[str, Given] = MappingProxyType({}),
) -> tuple[HostReport, ...]:
    """Return what each bundle says of its host, in the order of the bundles' names."""
    return tuple(
        _host_report(content, pools, given.get(content.name, NOTHING)) for content in contents
    )


def _host_report(content: BundleContent, pools: Sequence[PoolState], given: Given) -> HostReport:
    inventory = _first_whole_fact(content.facts, HostInventory)
    membership = _first_whole_fact((*content.facts, *given.facts), PoolMembership)
    uuid = inventory.host_uuid if inventory else None
    row = _database_row(content, uuid, pools)
    # The name shown for a host: its label, its host name, what syslog called it.
    if row is not None and (row.name_label or row.hostname):
        name_of_host = row.name_label or row.hostname or ""
    elif name := _inventory_name(content):
        name_of_host = name.split(".")[0]
    elif content.syslog_hosts:
        name_of_host = min(content.syslog_hosts.items(), key=lambda item: (-item[1], item[0]))[0]
    else:
        name_of_host = content.name
    # The facts of a bundle by the field of `HostReport` that holds their type.
    facts = (*content.facts, *given.facts)
    held: dict[str, Any] = {
        name: _facts_of_type(facts, kind) if many else _first_whole_fact(facts, kind)
        for name, (kind, many) in _FIELDS.items()
    }
    held["alerts"] = distinct_alerts(held["alerts"])
    named = (XapiDatabase, *(kind for kind, _ in _FIELDS.values()))
    held["others"] = tuple(fact for fact in facts if not isinstance(fact, named))
    return HostReport(
        bundle=content.name,
        name=name_of_host,
        host_uuid=uuid or (row.uuid if row else None),
        role=_role_of_host(membership, row, pools),
        captured_at=content.clock.captured_at,
        excerpt=content.excerpt,
        altered=altered(content.seen, content.inventory),
        given=given.facts,
        taken=given.taken,
        **held,
    )


def _fields_of_facts() -> Iterator[tuple[str, tuple[type, bool]]]:
    """Yield the fields of `HostReport` that hold facts: name, type, whether all of that type."""
    kinds = {kind for source in SOURCES for kind in source.facts}
    for name, hint in get_type_hints(HostReport).items():
        kind = next(iter(get_args(hint)), None)
        if kind in kinds:
            yield name, (kind, Ellipsis in get_args(hint))


_FIELDS = dict(_fields_of_facts())


def _facts_of_type(facts: Iterable[Fact], kind: type[FactType]) -> tuple[FactType, ...]:
    return tuple(fact for fact in facts if isinstance(fact, kind))


def _first_whole_fact(facts: Iterable[Fact], kind: type[FactType]) -> FactType | None:
    """Return the first fact of a type that is whole, else the first.

    Two programs list one thing (`ip` and `ifconfig`), and what was cut may have been sent again.
    """
    own = _facts_of_type(facts, kind)
    whole = [fact for fact in own if getattr(fact, "complete", True)]
    return next(iter(whole or own), None)


def _database_row(
    content: BundleContent, uuid: str | None, pools: Sequence[PoolState]
) -> Host | None:
    """Return this host's row: by uuid, else by a name that only one host of its pool has."""
    hosts = [host for pool in pools for host in pool.hosts]
    if uuid:
        return next((host for host in hosts if host.uuid == uuid), None)
    own = [host for pool in pools if content.name in pool.bundles for host in pool.hosts]
    names = {name.split(".")[0] for name in (*content.syslog_hosts, _inventory_name(content))}
    fits = [host for host in own if (host.hostname or "").split(".")[0] in names - {""}]
    return fits[0] if len(fits) == 1 else None


def _inventory_name(content: BundleContent) -> str:
    return (content.inventory.hostname or "") if content.inventory else ""


def _role_of_host(
    membership: PoolMembership | None, row: Host | None, pools: Sequence[PoolState]
) -> Role:
    if membership is not None and membership.role is not Role.UNKNOWN:
        return membership.role
    if row is None:
        return Role.UNKNOWN
    pool = next(pool for pool in pools if row in pool.hosts)
    if pool.pool is None or pool.pool.master is None:
        return Role.UNKNOWN
    return Role.MASTER if pool.pool.master in (row.ref, row.uuid) else Role.SUPPORTER
