"""The made-up pool tells of NBD as xapi-nbd, xapi and SM do: in order, and with one another."""

import re
import xml.etree.ElementTree as ET
from functools import lru_cache

import pytest

from tests.support.bundle import BundleBuilder
from tests.support.whole import fifths
from tests.world.exports import Refusal
from tests.world.journal import AUDIT, DAEMON, SMLOG, XENSOURCE
from tests.world.pool_nbd import Backups, backups
from tests.world.recipes import RECIPES
from tests.world.recipes_nbd import STORIES
from tests.world.releases import XCP_NG_8_0, XCP_NG_8_3, XENSERVER_7_6, XENSERVER_9, Release
from tests.world.sample import Recipe

_LOGIN = "main: Will try to log in via xapi's Unix domain socket for 300.000000 seconds"
_BUSY = Refusal(code="OTHER_OPERATION_IN_PROGRESS", params=("VDI", "OpaqueRef:a"))


@pytest.fixture
def pool() -> Backups:
    return backups("test")


def _daemon(pool: Backups, host: int = 0) -> list[str]:
    lines = pool.hosts[host].journal.lines(DAEMON)
    return [line.split("]: ", 1)[1] for line in lines if " xapi-nbd[" in line]


def _rows(report: BundleBuilder, table: str) -> list[dict[str, str]]:
    root = _parsed(report.content("xapi-db-dumped.xml"))
    (found,) = [element for element in root.iter("table") if element.get("name") == table]
    return [dict(row.attrib) for row in found]


@lru_cache(maxsize=4)  # one table after the other is asked for
def _parsed(document: bytes) -> ET.Element:
    return ET.fromstring(document)  # noqa: S314 - our own document


def _bundle(pool: Backups, host: int = 0) -> BundleBuilder:
    return pool.world.bundle(pool.hosts[host])


def test_session_is_told_from_connection_to_destruction(pool: Backups) -> None:
    before = len(_daemon(pool))
    held = pool.world.exports.open(pool.snapshots[0], pool.hosts[0])
    pool.world.exports.close(held)
    assert _daemon(pool)[before:] == [
        "main: Got new client",
        _LOGIN,
        "Server.connect: Starting fixed-newstyle negotiation",
        "main: Looking up control domain UUID in xensource inventory",
        "main: Found control domain UUID",
        f"main: Plugging VBD {held.ref}",
        "Server.serve: Serving new client, read_only = true",
        "Server.serve: Received NBD_CMD_DISC, disconnecting",
        f"main: Unplugging VBD {held.ref}",
        _LOGIN,
        f"main: Destroying VBD {held.ref}",
        _LOGIN,
    ]


def test_refused_plug_is_destroyed_before_it_is_told(pool: Backups) -> None:
    held = pool.world.exports.open(pool.snapshots[0], pool.hosts[0], refusal=_BUSY)
    assert _daemon(pool)[-4:] == [
        f"main: Plugging VBD {held.ref}",
        f"main: Destroying VBD {held.ref}",
        _LOGIN,
        f"main: Caught exception while handling client: {_BUSY.text}",
    ]


def test_destroyed_vbd_is_audited_with_its_disk(pool: Backups) -> None:
    with pool.world.exported(pool.snapshots[0]):
        pool.world.clock.tick(5)
    (line,) = [x for x in pool.hosts[0].journal.lines(AUDIT) if "'VBD.destroy'" in x]
    assert f"('VDI' 'ledger disk 0' '{pool.snapshots[0].uuid}'" in line


def test_vbd_of_a_supporter_is_made_by_the_master(pool: Backups) -> None:
    held = pool.world.exports.open(pool.snapshots[0], pool.hosts[1])
    text = f"VBD.create (device = 0; uuid = {held.uuid}; ref = {held.ref})"
    logs = [[x for x in host.journal.lines(XENSOURCE) if text in x] for host in pool.hosts]
    assert [len(log) for log in logs] == [1, 0]


def test_disk_of_a_supporter_is_attached_there(pool: Backups) -> None:
    pool.world.exports.open(pool.snapshots[0], pool.hosts[1])
    lines = [x for x in pool.hosts[1].journal.lines(SMLOG) if " vdi_activate {" in x]
    assert [pool.snapshots[0].uuid in line for line in lines] == [True]


def test_second_connection_to_a_disk_is_not_told_to_sm(pool: Backups) -> None:
    held = [pool.world.exports.open(pool.snapshots[0], pool.hosts[0]) for _ in range(2)]
    for vbd in held:
        pool.world.exports.close(vbd)
    text = f"'vdi_uuid': '{pool.snapshots[0].uuid}'"
    lines = [x for x in pool.hosts[0].journal.lines(SMLOG) if text in x]
    entries = [found[1] for x in lines if (found := re.search(r"\] (vdi_(?:de)?activate) \{", x))]
    assert entries == ["vdi_activate", "vdi_deactivate"]


def test_open_connection_has_a_row_a_socket_and_a_datapath(pool: Backups) -> None:
    held = pool.world.exports.open(pool.snapshots[0], pool.hosts[0])
    report = _bundle(pool)
    row = next(row for row in _rows(report, "VBD") if row["ref"] == held.ref)
    assert (row["currently_attached"], row["mode"]) == ("true", "RO")
    assert f"198.51.100.11:10809       {held.client}" in report.content("ss-nampio.out").decode()
    assert "DP: vbd/0/xvda: activated RO\n" in report.content("sm_diagnostics.out").decode()


def test_closed_connection_leaves_nothing(pool: Backups) -> None:
    with pool.world.exported(pool.snapshots[0]):
        pool.world.clock.tick(5)
    report = _bundle(pool)
    dom0 = {host.dom0_ref for host in pool.hosts}
    assert not [row for row in _rows(report, "VBD") if row["VM"] in dom0]
    assert "vbd/0/" not in report.content("sm_diagnostics.out").decode()


def test_stop_lets_go_what_clients_had_open(pool: Backups) -> None:
    held = pool.world.exports.open(pool.snapshots[0], pool.hosts[0])
    before = len(_daemon(pool))
    pool.world.exports.stop(pool.hosts[0])
    assert _daemon(pool)[before:] == [
        "main: Caught signal SIGTERM, cleaning up",
        "main: Disconnecting from block device",
        "main: Checking if there are any VBDs to clean up that leaked during runtime",
        f"main: Cleaning up VBD with ref {held.ref}",
        _LOGIN,
    ]
    assert not pool.world.exports.held(pool.hosts[0])


def test_start_after_a_stop_finds_the_list_of_before(pool: Backups) -> None:
    held = pool.world.exports.open(pool.snapshots[0], pool.hosts[0])
    pool.world.exports.stop(pool.hosts[0])
    pool.world.exports.start(pool.hosts[0])
    assert f"main: Cleaning up VBD with UUID {held.uuid}" in _daemon(pool)


def test_crash_leaves_the_disk_until_the_next_start(pool: Backups) -> None:
    held = pool.world.exports.open(pool.snapshots[0], pool.hosts[0])
    pool.world.exports.crash(pool.hosts[0])
    assert pool.world.data_destroy(pool.snapshots[0]) == "VDI_IN_USE"
    pool.world.exports.start(pool.hosts[0])
    assert f"main: Cleaning up VBD with UUID {held.uuid}" in _daemon(pool)
    assert not pool.world.data_destroy(pool.snapshots[0])


def test_crashed_server_does_not_listen(pool: Backups) -> None:
    pool.world.exports.crash(pool.hosts[0], 'Unix.Unix_error(Unix.EMFILE, "accept", "")')
    assert ":10809" not in _bundle(pool).content("ss-nampio.out").decode()


def test_lost_power_leaves_rows_that_are_not_plugged(pool: Backups) -> None:
    held = pool.world.exports.open(pool.snapshots[0], pool.hosts[1])
    pool.world.crash(pool.hosts[1])
    row = next(row for row in _rows(_bundle(pool), "VBD") if row["ref"] == held.ref)
    assert row["currently_attached"] == "false"
    assert any("DEVICE_ALREADY_DETACHED" in line for line in _daemon(pool, 1))


def test_attached_disk_is_not_destroyed(pool: Backups) -> None:
    pool.world.exports.open(pool.snapshots[0], pool.hosts[0])
    assert pool.world.destroy(pool.snapshots[0]) == "VDI_IN_USE"


def test_purpose_opens_the_firewall_of_every_host(pool: Backups) -> None:
    other = pool.world.network("Lab", "xenbr2", "eth2", "203.0.113")
    pool.world.set_purpose(other, "nbd")
    text = "Updating the firewall to use the following interfaces for NBD: [xenbr1, xenbr2]"
    assert all(any(text in line for line in host.journal.lines(XENSOURCE)) for host in pool.hosts)
    assert b"xenbr2 *" in _bundle(pool, 1).content("iptables-nvL.out")


def test_purpose_taken_away_closes_it(pool: Backups) -> None:
    pool.world.set_purpose(pool.net)
    assert b"xenbr1" not in _bundle(pool).content("iptables-nvL.out")
    assert b"xapi_nbd_input_chain (1 references)" in _bundle(pool).content("iptables-nvL.out")


@pytest.mark.parametrize(
    ("release", "names"),
    [
        (XENSERVER_7_6, {"ifconfig-a.out", "route-n.out", "netstat-anop.out"}),
        (XCP_NG_8_0, {"ifconfig-a.out", "route-n.out", "netstat-anop.out"}),
        (XCP_NG_8_3, {"ip-s-addr.out", "ip-route.out", "ss-nampio.out", "xapi_cert.out"}),
        (
            XENSERVER_9,
            {"ss-nampio.out", "firewall-cmd--list-all-zones.out", "nft-list-ruleset.out"},
        ),
    ],
)
def test_report_has_what_the_release_collects(release: Release, names: set[str]) -> None:
    report = _bundle(backups("test", release=release))
    assert names | {"iptables-nvL.out", "sm_diagnostics.out"} <= set(report.paths())


def test_bond_is_made_of_slaves_that_are_not_attached() -> None:
    pool = backups("test")
    pool.world.network("Fast", "xapi9", "bond0", "203.0.113", members=("eth4", "eth5"))
    report = _bundle(pool)
    bonds = {row["ref"]: row["master"] for row in _rows(report, "Bond")}
    slaves = [row for row in _rows(report, "PIF") if row["bond_slave_of"] in bonds]
    assert len(bonds) == 2
    assert [row["currently_attached"] for row in slaves] == ["false"] * 4


def test_vlan_stands_on_the_interface_below() -> None:
    pool = backups("test", tag=40)
    report = _bundle(pool)
    pifs = {row["ref"]: row for row in _rows(report, "PIF")}
    pairs = [(pifs[v["tagged_PIF"]], pifs[v["untagged_PIF"]]) for v in _rows(report, "VLAN")]
    assert [(a["VLAN"], b["VLAN"], a["host"] == b["host"]) for a, b in pairs] == [
        ("-1", "40", True),
        ("-1", "40", True),
    ]


def test_cable_that_is_out_shows_in_the_database_and_on_the_host(pool: Backups) -> None:
    pool.net.down.add("saturn")
    metrics = {row["ref"]: row["carrier"] for row in _rows(_bundle(pool), "PIF_metrics")}
    pifs = [row for row in _rows(_bundle(pool), "PIF") if row["device"] == "eth1"]
    assert [metrics[row["metrics"]] for row in pifs] == ["true", "false"]
    shown = _bundle(pool, 1).content("ip-s-addr.out").decode()
    assert "eth1: <NO-CARRIER,BROADCAST,MULTICAST,UP>" in shown


@pytest.mark.parametrize("recipe", fifths([*RECIPES, *STORIES]), ids=lambda recipe: recipe.name)
def test_every_reference_in_the_database_leads_somewhere(recipe: Recipe) -> None:
    for report in recipe.tell().reports:
        tables = ("PIF", "PIF_metrics", "Bond", "VLAN", "host", "host_metrics", "network", "VM")
        rows = {name: _rows(report, name) for name in (*tables, "VBD", "VDI")}
        known = {row["ref"] for table in rows.values() for row in table} | {"OpaqueRef:NULL"}
        named = {
            row[field]
            for name, field in (
                ("PIF", "metrics"),
                ("PIF", "network"),
                ("PIF", "bond_slave_of"),
                ("PIF", "VLAN_master_of"),
                ("VLAN", "tagged_PIF"),
                ("VLAN", "untagged_PIF"),
                ("Bond", "master"),
                ("host", "metrics"),
                ("VBD", "VM"),
                ("VBD", "VDI"),
            )
            for row in rows[name]
        }
        assert named <= known
