"""Which status reports are judged together."""

from collections.abc import Sequence

from analyzer.case.by_pool import by_pool
from analyzer.case.gather import BundleContent
from analyzer.case.pool_copies import NEEDED
from analyzer.model.host import HostInventory
from analyzer.model.source import Source
from analyzer.model.xapi import Host, Pool, XapiDatabase, XapiObject

HERE = Source(bundle="", member="xapi-db.xml")


def content(name: str, *rows: XapiObject, host: str | None = None) -> BundleContent:
    """Return a report with the rows of its database, and the host that its inventory names."""
    inventory = HostInventory(
        source=HERE,
        host_uuid=host,
        control_domain_uuid=None,
        product_brand=None,
        product_version=None,
        build_number=None,
    )
    return BundleContent(name=name, facts=[*([database(rows)] if rows else []), inventory])


def database(rows: Sequence[XapiObject]) -> XapiDatabase:
    return XapiDatabase(
        source=HERE,
        generation=1,
        schema_minor=775,
        live=False,
        complete=True,
        tables=NEEDED,
        objects=tuple(rows),
    )


def rows_of(pool: str, *hosts: str) -> list[XapiObject]:
    """Return the rows of a pool and of its hosts."""
    named = [Host(source=HERE, ref=f"OpaqueRef:{uuid}", uuid=uuid) for uuid in hosts]
    return [Pool(source=HERE, ref=f"OpaqueRef:{pool}", uuid=pool), *named]


def groups(*contents: BundleContent) -> list[list[str]]:
    return [[each.name for each in group] for group in by_pool(contents)]


MASTER = content("a", *rows_of("p", "h1", "h2"), host="h1")
OTHER = content("b", *rows_of("q", "h3"), host="h3")


def test_report_without_a_database_is_of_the_pool_that_names_its_host() -> None:
    assert groups(MASTER, OTHER, content("c", host="h2")) == [["a", "c"], ["b"]]


def test_report_that_no_pool_names_is_of_none_where_there_are_several() -> None:
    assert groups(MASTER, OTHER, content("c", host="h9")) == [["a"], ["b"], ["c"]]
    assert groups(MASTER, content("c", host="h9")) == [["a", "c"]]


def test_two_databases_in_one_report_are_not_torn_apart() -> None:
    both = content("c", *rows_of("p", "h1"), host="h2")
    both.facts.append(database(rows_of("q", "h3")))
    assert groups(MASTER, OTHER, both) == [["a", "b", "c"]]
