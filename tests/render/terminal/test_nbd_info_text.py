"""get_nbd_info and networks in words: every answer, every doubt, hostile names made visible."""

import json
from dataclasses import replace
from datetime import UTC, datetime

from analyzer.case.case import Case
from analyzer.model.network import HostCertificate
from analyzer.model.pages import NetworkPage
from analyzer.model.source import Source
from analyzer.model.xapi import Bond, XapiObject
from analyzer.rebuilt.nbd.info.answer import nbd_info
from analyzer.render.data.json import answers_json
from analyzer.render.terminal.nbd_info_text import nbd_info_text
from analyzer.render.terminal.network_text import networks_text
from analyzer.story.objects.network import network_views
from tests.checks.support import (
    JUPITER,
    SATURN,
    VDI,
    CaseBuilder,
    network,
    pbd,
    pif,
    sr,
    vdi,
)

NBD = network(purpose=("nbd",))
SOURCE = Source(bundle="jupiter", member="xapi_cert.out")


def case(*rows: XapiObject, **database: object) -> Case:
    return CaseBuilder().host().database(sr(), vdi(), *rows, **database).build()  # type: ignore[arg-type]  # keywords of the builder


def text(*rows: XapiObject, **database: object) -> str:
    return nbd_info_text(nbd_info(case(*rows, **database), VDI))


def certified(not_before: datetime | None, not_after: datetime | None) -> Case:
    built = case(pbd(), NBD, pif())
    shown = HostCertificate(
        source=SOURCE,
        text="",
        complete=True,
        common_name=None,
        names=("jupiter.example.org",),
        addresses=(),
        not_before=not_before,
        not_after=not_after,
    )
    return replace(built, hosts=(replace(built.hosts[0], certificate=shown),))


def networks(built: Case) -> str:
    views = network_views(built, ())
    return networks_text([NetworkPage(view=view, findings=(), plans=()) for view in views])


def test_open_question_says_what_would_tell() -> None:
    shown = text(pbd(attached=None), NBD, pif())
    assert "Not known: rows do not show whether the SR is attached." in shown
    assert "WHAT WOULD TELL\n  xe pbd-list" in shown
    assert "FAILS" not in shown


def test_refused_type_is_a_failing_call() -> None:
    built = case(vdi("c7f1b2a9-3e4d-4a5b-9c6d-0e1f2a3b4c5d", type="cbt_metadata"))
    shown = nbd_info_text(nbd_info(built, "c7f1b2a9-3e4d-4a5b-9c6d-0e1f2a3b4c5d"))
    assert "The call fails: the disk is CBT metadata" in shown


def test_endpoints_of_an_unsure_call_are_marked() -> None:
    assert "ENDPOINTS, if the call ends well" in text(pbd(), NBD, pif(), complete=False)


def test_certificate_is_shown_with_its_dates() -> None:
    built = certified(datetime(2024, 1, 1, tzinfo=UTC), None)
    shown = nbd_info_text(nbd_info(built, VDI))
    name = "TLS name jupiter.example.org, certificate valid from 2024-01-01T00:00:00Z to not shown"
    assert name in shown
    (info,) = json.loads(answers_json(nbd_infos=[nbd_info(built, VDI)]))["nbd_infos"]
    dates = info["endpoints"][0]["certificate"]
    assert (dates["not_before"], dates["not_after"]) == ("2024-01-01T00:00:00Z", None)


def test_certificate_without_dates_shows_its_name_alone() -> None:
    shown = nbd_info_text(nbd_info(certified(None, None), VDI))
    assert "TLS name jupiter.example.org\n" in shown


def test_warnings_of_an_endpoint_stand_with_it() -> None:
    shown = text(pbd(), NBD, pif(ipv6=("2001:db8::11/64",)))
    assert "! certain: xapi-nbd listens on IPv4 only" in shown


def test_hostile_names_are_made_visible() -> None:
    shown = text(pbd(), network(purpose=("nbd",), name_label="a\x1b[31mb"), pif())
    assert "a\\x1b[31mb" in shown


def test_vlan_bond_and_slave_are_named() -> None:
    master = pif(device="bond0", vlan=-1)
    bond = Bond(source=SOURCE, ref="OpaqueRef:bond", uuid="bond-uuid", master=master.ref)
    rows = (
        master,
        bond,
        replace(pif(host=SATURN, device="eth1", vlan=40), uuid="vlan"),
        replace(pif(device="eth0", bond_slave_of="OpaqueRef:bond"), uuid="slave", ref=""),
    )
    built = case(NBD, *rows, hosts=((JUPITER, "jupiter"), (SATURN, "saturn")))
    shown = networks(built)
    assert "bond0 (bond of eth0)" in shown
    assert "eth1 (VLAN 40 on eth1)" in shown
    assert "eth0 (part of a bond" in shown
    assert "no report of this host" in shown


def test_bond_of_unknown_parts_is_a_bond() -> None:
    bond = Bond(source=SOURCE, ref="OpaqueRef:bond", uuid="bond-uuid", master=pif().ref)
    assert "(bond)" in networks(case(NBD, pif(), bond))


def test_network_of_unknown_purpose_says_so() -> None:
    shown = networks(case(network(purpose=None, managed=False)))
    assert "purpose  not known" in shown
    assert "not managed by xapi" in shown
    assert "none is known" in shown


def test_pif_without_address_shows_its_mode() -> None:
    rows = (NBD, pif(ip="", ip_configuration_mode="DHCP", currently_attached=False))
    shown = networks(case(*rows))
    assert "no address (mode DHCP); NOT ATTACHED" in shown
    assert "get_nbd_info does not name it" in shown
    assert "no SR are offered here" in shown


def test_pif_of_a_host_that_is_not_known_keeps_its_reference() -> None:
    (view,) = network_views(case(NBD, pif(host="OpaqueRef:gone")), ())
    (shown,) = view.interfaces
    assert (shown.host.uuid, shown.firewall, shown.link) == ("OpaqueRef:gone", None, None)


def test_subnets_that_cannot_be_read_are_left_out() -> None:
    rows = (NBD, pif(netmask="garbage", ipv6=("2001:db8::11/64",), gateway="192.0.2.1"))
    (view,) = json.loads(answers_json(networks=network_views(case(*rows), ())))["networks"]
    assert view["clients_without_router"] == ["2001:db8::/64"]


def test_network_shows_what_speaks_against_its_addresses() -> None:
    rows = (pbd(), NBD, pif(ipv6=("2001:db8::11/64",)))
    shown = networks(case(*rows))
    assert "! certain: xapi-nbd listens on IPv4 only" in shown
    assert shown.count('ipv6="') > 1
