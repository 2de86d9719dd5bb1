"""PoolState: lookups, the choice of a copy, quotations."""

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from analyzer.case.pool import PoolState, build_pools, distinct_alerts, quote
from analyzer.case.pool_copies import MUCH_OLDER, NEEDED
from analyzer.model.host import Alert
from analyzer.model.moment import Moment
from analyzer.model.source import Source
from analyzer.model.xapi import (
    Host,
    Network,
    Pbd,
    Pif,
    Pool,
    Sm,
    Sr,
    Vbd,
    Vdi,
    Vm,
    XapiDatabase,
    XapiObject,
)

HERE = Source(bundle="b1", member="xapi-db.xml")
POOL = Pool(source=HERE, ref="OpaqueRef:p", uuid="pool-1", master="OpaqueRef:h1")
HOST1 = Host(source=HERE, ref="OpaqueRef:h1", uuid="host-1", name_label="jupiter")
HOST2 = Host(source=HERE, ref="OpaqueRef:h2", uuid="host-2", name_label="saturn")
STORE = Sr(source=HERE, ref="OpaqueRef:s", uuid="sr-1", type="nfs")
DISK = Vdi(source=HERE, ref="OpaqueRef:v", uuid="vdi-1", sr="OpaqueRef:s", cbt_enabled=False)
NETWORK = Network(source=HERE, ref="OpaqueRef:n", uuid="net-1", purpose=("nbd",))
GUEST = Vm(source=HERE, ref="OpaqueRef:g", uuid="vm-1")
DRIVER = Sm(source=HERE, ref="OpaqueRef:sm", uuid="sm-1", type="nfs")


def pbd(number: int, host: str, *, attached: bool | None = True, sr: str = "OpaqueRef:s") -> Pbd:
    return Pbd(
        source=HERE,
        ref=f"OpaqueRef:b{number}",
        uuid=f"pbd-{number}",
        host=host,
        sr=sr,
        currently_attached=attached,
    )


def database(
    *objects: XapiObject,
    generation: int | None = 100,
    complete: bool = True,
    live: bool = False,
    bundle: str = "b1",
    member: str = "xapi-db.xml",
    tables: frozenset[str] = NEEDED,
    schema_minor: int | None = 775,
) -> tuple[str, XapiDatabase]:
    found = XapiDatabase(
        source=Source(bundle=bundle, member=member),
        generation=generation,
        schema_minor=schema_minor,
        live=live,
        complete=complete,
        tables=tables,
        objects=objects,
    )
    return bundle, found


def dump(
    *objects: XapiObject, bundle: str = "b1", member: str = "vdi.txt"
) -> tuple[str, XapiDatabase]:
    return database(
        *objects,
        generation=None,
        complete=False,
        live=True,
        bundle=bundle,
        member=member,
        tables=frozenset(),
        schema_minor=None,
    )


def shown(kind: type[XapiObject], uuid: str, *raw: str) -> XapiObject:
    lines = tuple((line.partition(" ")[0], line) for line in raw)
    return kind(source=HERE, ref="", uuid=uuid, raw=lines)


def one(databases: Sequence[tuple[str, XapiDatabase]]) -> PoolState:
    (found,) = build_pools(databases)
    return found


def state(*objects: XapiObject) -> PoolState:
    return one([database(POOL, *objects)])


# Lookups


@pytest.mark.parametrize("key", ["OpaqueRef:v", "vdi-1"])
def test_an_object_is_found_by_reference_and_by_uuid(key: str) -> None:
    assert state(DISK).vdi(key) is DISK


@pytest.mark.parametrize("key", ["OpaqueRef:NULL", "", None, "vdi-2", "OpaqueRef:s"])
def test_what_is_not_known_is_none(key: str | None) -> None:
    assert state(DISK, STORE).vdi(key) is None


def test_every_kind_has_its_lookup() -> None:
    found = state(STORE, HOST1, NETWORK, GUEST)
    assert found.sr("sr-1") is STORE
    assert found.host("host-1") is HOST1
    assert found.network("net-1") is NETWORK
    assert found.vm("vm-1") is GUEST


def test_objects_are_sorted_by_uuid() -> None:
    assert state(HOST2, HOST1).hosts == (HOST1, HOST2)


def test_pbds_of_an_sr() -> None:
    first, second = pbd(1, "OpaqueRef:h1"), pbd(2, "OpaqueRef:h2", sr="OpaqueRef:other")
    assert state(STORE, first, second).pbds_of(STORE) == (first,)


def test_vbds_of_a_vdi_by_reference_or_uuid() -> None:
    by_ref = Vbd(source=HERE, ref="OpaqueRef:1", uuid="vbd-1", vdi="OpaqueRef:v")
    by_uuid = Vbd(source=HERE, ref="", uuid="vbd-2", vdi="vdi-1")
    assert state(DISK, by_ref, by_uuid).vbds_of(DISK) == (by_ref, by_uuid)


def test_pifs_of_a_network() -> None:
    card = Pif(source=HERE, ref="OpaqueRef:c", uuid="pif-1", network="OpaqueRef:n")
    found = state(NETWORK, card)
    assert found.pifs_of(NETWORK) == (card,)
    assert found.vbds_of(DISK) == ()


def test_hosts_with_an_sr_are_those_with_an_attached_pbd() -> None:
    rows = (
        pbd(1, "OpaqueRef:h2"),
        pbd(2, "OpaqueRef:h1", attached=False),
        pbd(3, "OpaqueRef:gone"),
    )
    assert state(STORE, HOST1, HOST2, *rows).hosts_with(STORE) == (HOST2,)


def test_an_attachment_that_is_not_known_is_none() -> None:
    assert state(STORE, HOST1, pbd(1, "OpaqueRef:h1", attached=None)).hosts_with(STORE) == ()


def test_the_driver_of_an_sr_is_that_of_its_type() -> None:
    found = state(STORE, DRIVER)
    assert found.sm_for(STORE) is DRIVER
    assert found.sm_for(Sr(source=HERE, ref="", uuid="sr-2", type="ext")) is None
    assert found.sm_for(Sr(source=HERE, ref="", uuid="sr-3")) is None


# Whether CBT is in use


def vdi(**changes: object) -> Vdi:
    values: dict[str, object] = {"source": HERE, "ref": "OpaqueRef:x", "uuid": "vdi-9"}
    return Vdi(**(values | changes))  # type: ignore[arg-type]  # values of several fields


@pytest.mark.parametrize("changes", [{"cbt_enabled": True}, {"type": "cbt_metadata"}])
def test_cbt_is_in_use_where_a_disk_has_it(changes: dict[str, object]) -> None:
    assert state(DISK, vdi(**changes)).cbt_in_use is True


def test_cbt_is_not_in_use_in_a_whole_database_without_it() -> None:
    assert state(DISK).cbt_in_use is False


def test_cbt_use_cannot_be_told_from_a_cut_database() -> None:
    assert one([database(POOL, DISK, complete=False)]).cbt_in_use is None


def test_cbt_use_cannot_be_told_where_a_value_is_unknown() -> None:
    assert state(vdi(cbt_enabled=None)).cbt_in_use is None


def test_a_release_before_cbt_cannot_use_it() -> None:
    old = database(POOL, vdi(), complete=False, schema_minor=120)
    assert one([old]).cbt_in_use is False


# The choice of a copy


def test_no_database_is_no_pool() -> None:
    assert build_pools([]) == ()


def test_the_only_copy_is_believed() -> None:
    found = one([database(POOL, DISK)])
    assert (found.pool, found.vdis, found.generation, found.schema_minor) == (
        POOL,
        (DISK,),
        100,
        775,
    )
    assert found.complete
    assert found.bundles == ("b1",)
    assert (
        found.chosen_because == "xapi-db.xml of b1 (generation 100): the only copy of the database"
    )


def test_the_highest_generation_wins_and_the_others_are_named() -> None:
    found = one(
        [
            database(POOL, generation=100),
            database(POOL, DISK, generation=120, live=True, member="xapi-db-dumped.xml"),
            database(POOL, generation=90, bundle="b2"),
        ]
    )
    assert (found.generation, found.vdis) == (120, (DISK,))
    assert found.bundles == ("b1", "b2")
    assert found.chosen_because == (
        "xapi-db-dumped.xml of b1 (generation 120): the freshest copy of the database; not used: "
        "xapi-db.xml of b1 (generation 100), xapi-db.xml of b2 (generation 90)"
    )


def test_the_live_copy_wins_a_tie() -> None:
    found = one([database(POOL), database(POOL, DISK, live=True, member="xapi-db-dumped.xml")])
    assert found.vdis == (DISK,)
    assert "as fresh as any, and asked of the live master" in found.chosen_because


def test_a_tie_of_like_copies_has_one_answer() -> None:
    copies = [database(POOL, bundle="b2"), database(POOL, bundle="b1")]
    assert one(copies).source.bundle == one(copies[::-1]).source.bundle
    assert "as fresh as any;" in one(copies).chosen_because


def test_a_whole_copy_is_preferred_to_a_fresher_one_that_was_cut() -> None:
    cut = database(POOL, generation=120, complete=False, member="xapi-db-dumped.xml", live=True)
    found = one([database(POOL, DISK, generation=100), cut])
    assert (found.complete, found.generation) == (True, 100)
    assert "a fresher copy is not whole" in found.chosen_because
    assert "xapi-db-dumped.xml of b1 (generation 120, not whole)" in found.chosen_because


def test_a_much_older_copy_is_not_preferred() -> None:
    cut = database(POOL, generation=100 + MUCH_OLDER + 1, complete=False, bundle="b2")
    found = one([database(POOL, generation=100), cut])
    assert (found.complete, found.source.bundle) == (False, "b2")


def test_a_copy_without_a_generation_loses() -> None:
    found = one([database(POOL, generation=None, bundle="b0"), database(POOL, generation=1)])
    assert found.generation == 1
    assert "(generation unknown)" in found.chosen_because


def test_a_copy_without_a_needed_table_is_incomplete() -> None:
    assert not one([database(POOL, tables=NEEDED - {"PIF"})]).complete


def test_of_two_copies_of_one_moment_the_one_that_lacks_a_row_is_not_believed() -> None:
    dumped = database(POOL, live=True, member="xapi-db-dumped.xml")
    found = one([dumped, database(POOL, DISK)])
    assert (found.source.member, found.vdis, found.complete) == ("xapi-db.xml", (DISK,), True)


def test_copies_that_each_lack_a_row_of_the_other_are_not_whole() -> None:
    dumped = database(POOL, STORE, live=True, member="xapi-db-dumped.xml")
    found = one([dumped, database(POOL, DISK)])
    assert not found.complete
    assert found.chosen_because.endswith(
        "; it lacks 1 row of xapi-db.xml of b1, and no change tells why"
    )


@pytest.mark.parametrize(("generation", "whole"), [(101, False), (102, True)])
def test_copies_may_differ_by_as_many_rows_as_changes_lie_between(
    generation: int, *, whole: bool
) -> None:
    fresh = database(POOL, STORE, generation=generation, live=True, member="xapi-db-dumped.xml")
    found = one([fresh, database(POOL, DISK, generation=100)])
    assert (found.generation, found.complete) == (generation, whole)


def test_rows_that_a_cut_copy_has_not_tell_nothing() -> None:
    cut = database(POOL, complete=False, member="xapi-db-dumped.xml", live=True)
    assert one([cut, database(POOL, DISK)]).complete


def test_two_pools_stay_two() -> None:
    other = Pool(source=HERE, ref="OpaqueRef:p2", uuid="pool-2")
    found = build_pools([database(other, bundle="b2"), database(POOL)])
    assert [each.pool for each in found] == [POOL, other]


def test_a_cut_copy_joins_the_pool_of_its_bundle() -> None:
    cut = database(STORE, generation=101, complete=False, member="xapi-db-dumped.xml", live=True)
    assert one([cut, database(POOL)]).pool == POOL


def test_a_cut_copy_of_another_host_joins_by_what_it_shares() -> None:
    cut = database(pbd(1, "OpaqueRef:h1"), bundle="b2", generation=90, complete=False)
    found = one([cut, database(POOL, pbd(1, "OpaqueRef:h1"))])
    assert found.bundles == ("b1", "b2")


def test_a_cut_copy_that_shares_nothing_is_a_pool_of_its_own() -> None:
    cut = database(pbd(7, "OpaqueRef:h9"), bundle="b2", complete=False)
    assert [each.pool for each in build_pools([database(POOL), cut])] == [POOL, None]


def test_a_copy_of_which_nothing_was_read_is_named_as_not_readable() -> None:
    empty = database(generation=None, complete=False, live=True, member="xapi-db-dumped.xml")
    found = one([database(POOL), empty])
    assert found.chosen_because.endswith(
        "xapi-db-dumped.xml of b1 (generation unknown, not readable)"
    )


def test_when_nothing_was_read_at_all_there_is_an_incomplete_pool() -> None:
    found = one([database(complete=False, generation=None), database(complete=False, bundle="b2")])
    assert (found.complete, found.pool, found.cbt_in_use) == (False, None, None)


# `xe` dumps


def test_a_dump_adds_what_the_database_has_not() -> None:
    extra = shown(Vdi, "vdi-2", "uuid ( RO): vdi-2")
    found = one([database(POOL, DISK), dump(extra)])
    assert found.vdis == (DISK, extra)
    assert found.complete


def test_the_database_keeps_its_row() -> None:
    found = one([dump(shown(Vdi, "vdi-1", "uuid", "cbt-enabled")), database(POOL, DISK)])
    assert found.vdis == (DISK,)


def test_a_dump_from_elsewhere_joins_by_what_it_shares() -> None:
    found = one([database(POOL, DISK), dump(shown(Vdi, "vdi-1"), bundle="vdi.txt")])
    assert found.bundles == ("b1", "vdi.txt")


def test_a_dump_alone_is_an_incomplete_pool() -> None:
    pool = shown(Pool, "pool-1")
    found = one([dump(shown(Vdi, "vdi-2"), pool)])
    assert (found.complete, found.pool, found.generation) == (False, pool, None)
    assert found.chosen_because == (
        "only `xe` output was there, no copy of the database: vdi.txt of b1"
    )


def test_of_two_records_the_one_that_shows_more_is_taken() -> None:
    short = shown(Vdi, "vdi-2", "uuid ( RO): vdi-2")
    full = shown(Vdi, "vdi-2", "uuid ( RO): vdi-2", "cbt-enabled ( RO): true")
    found = one(
        [dump(short, member="a.txt"), dump(full, member="b.txt"), dump(short, member="c.txt")]
    )
    assert found.vdis == (full,)


def test_dumps_of_two_bundles_without_a_database_are_two_pools() -> None:
    found = build_pools([dump(shown(Vdi, "vdi-2")), dump(shown(Vdi, "vdi-3"), bundle="b2")])
    assert [each.bundles for each in found] == [("b1",), ("b2",)]


# Quotations

ROW = Vdi(
    source=HERE,
    ref="OpaqueRef:v",
    uuid="vdi-1",
    written=(
        '<row ref="OpaqueRef:v" uuid="vdi-1" name__label="a%.&quot;b&quot; &lt;c> &amp; it\'s" '
        f'SR="OpaqueRef:s" cbt_enabled="true" other_config="{"x" * 1000}"/>'
    ),
)


@pytest.mark.parametrize("name", ["cbt_enabled", "CBT_ENABLED", "cbt-enabled"])
def test_a_quotation_is_the_row_reduced_to_the_named_attributes(name: str) -> None:
    assert quote(ROW, name) == (
        '<table name="VDI">…<row… uuid="vdi-1" name__label="a%.&quot;b&quot; &lt;c> &amp; it\'s"… '
        'cbt_enabled="true"…/>'
    )


def test_fields_of_the_model_name_their_attributes() -> None:
    assert 'SR="OpaqueRef:s"' in quote(ROW, "sr")


def test_an_attribute_that_the_row_has_not_is_not_shown() -> None:
    assert "location" not in quote(ROW, "location")


def test_a_long_value_is_cut_and_shows_it() -> None:
    text = quote(ROW, "other_config")
    assert text.endswith("x…/>")
    assert len(text) < 600


def test_a_dump_is_quoted_with_its_lines() -> None:
    raw = (("uuid", "uuid ( RO): 1"), ("sr", "sr-uuid ( RO): 2"), ("purpose", "purpose (SRW): nbd"))
    row = Network(source=HERE, ref="", uuid="1", raw=raw)
    assert quote(row, "purpose") == "uuid ( RO): 1\npurpose (SRW): nbd"


# Alerts


def alert(uuid: str, hour: int, member: str) -> Alert:
    return Alert(
        source=Source(bundle="b1", member=member),
        text="<message/>",
        name="VDI_CBT_RESIZE_FAILED",
        priority=3,
        cls="VDI",
        obj_uuid="vdi-1",
        moment=Moment.exact(datetime(2024, 11, 22, hour, tzinfo=UTC), dated_by="alert"),
        body="",
        uuid=uuid,
    )


def test_copies_of_an_alert_are_one() -> None:
    copies = [alert("a", 10, "uuids/a"), alert("a", 10, "gen/1"), alert("a", 10, "VDI/1")]
    assert [str(each.source) for each in distinct_alerts(copies)] == ["VDI/1"]


def test_alerts_are_sorted_by_time_then_uuid() -> None:
    alerts = [alert("c", 9, "1"), alert("b", 10, "2"), alert("a", 10, "3")]
    assert [each.uuid for each in distinct_alerts(alerts)] == ["c", "a", "b"]
