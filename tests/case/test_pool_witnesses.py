"""Rows that a report shows beside its database: what lacks them is not whole."""

from dataclasses import replace

import pytest

from analyzer.case.pool import PoolState, build_pools
from analyzer.case.pool_witnesses import held_against_witnesses
from analyzer.model.host import HostInventory
from analyzer.model.source import Source
from analyzer.model.xapi import Host, Vm, XapiDatabase
from tests.case.test_pool import DISK, HERE, POOL, database, dump, shown

DOM0 = "6f0e4a7e-52a5-4b2f-9a6a-4c1d2f6f8b10"
HOST = Host(source=HERE, ref="OpaqueRef:h1", uuid="host-1")
CONTROL = Vm(source=HERE, ref="OpaqueRef:d", uuid=DOM0)
INVENTORY = HostInventory(
    source=Source(bundle="b1", member="etc/xensource-inventory"),
    host_uuid="host-1",
    control_domain_uuid=DOM0,
    product_brand=None,
    product_version=None,
    build_number=None,
)


def pool(*databases: tuple[str, XapiDatabase]) -> PoolState:
    (found,) = build_pools(databases)
    return found


def test_a_control_domain_that_the_database_lacks_was_lost() -> None:
    whole, lacking = pool(database(POOL, HOST, CONTROL)), pool(database(POOL, HOST))
    assert held_against_witnesses(whole, [("b1", INVENTORY)]) is whole
    found = held_against_witnesses(lacking, [("b1", INVENTORY)])
    assert not found.complete
    assert found.chosen_because.endswith(
        "; it lacks the control domain that etc/xensource-inventory names"
    )


@pytest.mark.parametrize(
    ("bundle", "inventory"),
    [
        ("b1", replace(INVENTORY, host_uuid="host-2")),  # of a host that left the pool
        ("b1", replace(INVENTORY, control_domain_uuid=None)),
        ("b2", replace(INVENTORY, control_domain_uuid=CONTROL.ref)),
    ],
)
def test_what_is_of_another_host_or_pool_tells_nothing(
    bundle: str, inventory: HostInventory
) -> None:
    found = pool(database(POOL, HOST, CONTROL))
    assert held_against_witnesses(found, [("b1", INVENTORY), (bundle, inventory)]) is found


def test_a_database_without_any_host_of_its_reports_is_another_pools() -> None:
    found = pool(database(POOL, HOST, CONTROL))
    strange = replace(INVENTORY, host_uuid="host-2")
    told = held_against_witnesses(found, [("b1", strange)])
    assert not told.complete
    assert told.chosen_because.endswith("; it lacks the hosts whose reports hold it")


def test_a_disk_that_only_xe_shows_was_lost_or_made_afterwards() -> None:
    listed = dump(shown(type(DISK), "vdi-1"), shown(type(DISK), "vdi-2"))
    found = held_against_witnesses(pool(database(POOL, DISK), listed), [listed])
    assert not found.complete
    assert found.chosen_because.endswith("; it lacks 1 row of vdi.txt: lost, or made afterwards")


def test_a_dump_whose_rows_are_all_known_tells_nothing() -> None:
    listed = dump(shown(type(DISK), "vdi-1"))
    found = pool(database(POOL, DISK), listed)
    assert held_against_witnesses(found, [listed]) is found


def test_what_is_not_whole_stays_so() -> None:
    cut = pool(database(POOL, HOST, complete=False))
    assert held_against_witnesses(cut, [("b1", INVENTORY)]) is cut
