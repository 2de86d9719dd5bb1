"""What stands between a client and an offered address, and what only looks like it."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.case.case import Case
from analyzer.model.finding import Confidence, Subject
from analyzer.model.nbd import NbdEndpoint
from analyzer.model.network import FirewalldListing, IptablesListing
from analyzer.rebuilt.nbd.reach.offers import (
    Obstacle,
    Passage,
    Silence,
    Trouble,
    link_state,
    obstacles,
    offers_of,
    passage,
    reach_warnings,
    silence,
)
from tests.checks.network_story import (
    BOTH,
    HERE,
    LAN,
    NBD,
    bond,
    chain,
    chains_of,
    connected,
    devices,
    filters,
    ip_addr,
    ip_route,
    jupiter,
    lan,
    listening,
    metrics,
    nic,
    packages,
    rule,
    ruleset,
    vlan,
    zones,
)
from tests.checks.support import (
    JUPITER,
    NETWORK,
    OTHER_NETWORK,
    SATURN,
    CaseBuilder,
    network,
)

UP, DEAD = "BROADCAST,MULTICAST,UP,LOWER_UP", "NO-CARRIER,BROADCAST,MULTICAST,UP"
VM_NETWORK = "0f1e2d3c-4b5a-4697-8877-665544332211"
METRICS = "3c2b1a09-f8e7-4d6c-b5a4-938271605f4e"
OTHER_METRICS = "7d6c5b4a-3f2e-41d0-8c9b-a0f1e2d3c4b5"
STARTED = "{time} xapi-nbd[3102]: main: Starting xapi-nbd: port = '10809'; certfile = '/etc/xensource/xapi-ssl.pem'"
CRASHED = "\n11:00:00 systemd[1]: Unit xapi-nbd.service entered failed state."
STOPPED = "{time} xapi-nbd[3102]: main: Caught signal SIGTERM, cleaning up"


EMPTY = chains_of(
    chain("INPUT (policy ACCEPT 9 packets, 720 bytes)"),
    chain("OUTPUT (policy ACCEPT 9 packets, 720 bytes)"),
)


def found(built: CaseBuilder | Case) -> tuple[Obstacle, ...]:
    case = built.build() if isinstance(built, CaseBuilder) else built
    pool = case.pools[0]
    return tuple(each for offer in offers_of(case, pool) for each in obstacles(case, pool, offer))


def troubles(built: CaseBuilder | Case) -> list[Trouble]:
    return [each.trouble for each in found(built)]


def way(listing: IptablesListing, bridge: str = "xenbr1") -> Passage:
    report = replace(jupiter().build().hosts[0], iptables=listing)
    return passage(report, bridge, HERE).passage


def passage_of(listing: FirewalldListing) -> Passage:
    report = replace(jupiter(iptables=EMPTY).build().hosts[0], firewalld=listing)
    return passage(report, "xenbr1", HERE).passage


def test_host_in_good_order_has_no_obstacle() -> None:
    assert troubles(jupiter()) == []


def test_nothing_is_claimed_of_a_host_without_report() -> None:
    assert troubles(CaseBuilder().host("saturn", SATURN).database(NBD, nic())) == []


def test_only_plugged_pifs_on_networks_with_a_purpose_offer() -> None:
    case = jupiter(NBD, LAN, nic(currently_attached=False), lan()).build()
    assert offers_of(case, case.pools[0]) == ()


# --- links ---


def test_device_without_carrier_is_a_link_that_was_down() -> None:
    (obstacle,) = found(jupiter(interfaces=ip_addr(eth1="DOWN")))
    assert (obstacle.trouble, obstacle.confidence) == (Trouble.LINK, Confidence.CERTAIN)
    assert "NO-CARRIER" in obstacle.evidence[0].text


def test_device_that_is_off_is_a_link_that_was_down() -> None:
    assert troubles(jupiter(interfaces=ip_addr(eth1="OFF"))) == [Trouble.LINK]


def test_device_that_shows_neither_is_no_obstacle() -> None:
    built = jupiter(interfaces=ip_addr(eth1="?")).build()
    assert troubles(built) == []
    assert link_state(built, built.pools[0], offers_of(built, built.pools[0])[0]) is None


def test_carrier_of_the_database_counts_without_a_report() -> None:
    rows = (
        NBD,
        LAN,
        nic(metrics=f"OpaqueRef:{METRICS}"),
        lan(metrics=f"OpaqueRef:{OTHER_METRICS}"),
        metrics(METRICS, carrier=False),
        metrics(OTHER_METRICS, carrier=True),
    )
    (obstacle,) = found(CaseBuilder().host("saturn", SATURN).database(*rows))
    assert (obstacle.trouble, obstacle.confidence) == (Trouble.LINK, Confidence.LIKELY)


def test_carriers_that_were_never_measured_are_no_obstacle() -> None:
    rows = (
        NBD,
        LAN,
        nic(metrics=f"OpaqueRef:{METRICS}"),
        lan(metrics=f"OpaqueRef:{OTHER_METRICS}"),
        metrics(METRICS, carrier=False),
        metrics(OTHER_METRICS, carrier=False),
    )
    assert troubles(CaseBuilder().host("saturn", SATURN).database(*rows)) == []


def test_carrier_of_the_host_itself_wins_over_the_database() -> None:
    rows = (
        NBD,
        LAN,
        nic(metrics=f"OpaqueRef:{METRICS}"),
        lan(metrics=f"OpaqueRef:{OTHER_METRICS}"),
        metrics(METRICS, carrier=False),
        metrics(OTHER_METRICS, carrier=True),
    )
    assert troubles(jupiter(*rows)) == []


def vlan_rows() -> tuple[object, ...]:
    base = lan(ip="", device="eth1")
    tagged = nic(device="eth1", vlan=20, physical=False)
    return (NBD, LAN, base, tagged, vlan(20, base, tagged))


def test_vlan_is_carried_by_the_device_under_it() -> None:
    rows = vlan_rows()
    built = jupiter(*rows, interfaces=devices(eth1=DEAD, xenbr1=UP))  # type: ignore[arg-type]  # rows of several tables
    assert Trouble.LINK in troubles(built)


def test_vlan_without_its_row_is_not_judged() -> None:
    rows = vlan_rows()[:-1]
    built = jupiter(*rows, interfaces=devices(eth1=DEAD, xenbr1=UP))  # type: ignore[arg-type]  # rows of several tables
    assert Trouble.LINK not in troubles(built)


@pytest.mark.parametrize(("second", "down"), [(UP, False), (DEAD, True)])
def test_bond_is_down_only_when_all_its_slaves_are(second: str, down: bool) -> None:
    master = nic(device="bond0", physical=False)
    tied = bond(METRICS, master)
    slave = lan(ip="", device="eth1", bond_slave_of=tied.ref)
    other = nic(VM_NETWORK, ip="", device="eth2", bond_slave_of=tied.ref)
    built = jupiter(
        NBD, LAN, master, tied, slave, other, interfaces=devices(eth1=DEAD, eth2=second)
    )
    assert (Trouble.LINK in troubles(built)) is down


def test_bond_of_an_incomplete_database_is_not_judged() -> None:
    master = nic(device="bond0", physical=False)
    tied = bond(METRICS, master)
    slave = lan(ip="", device="eth1", bond_slave_of=tied.ref)
    built = (
        CaseBuilder()
        .host()
        .shows(interfaces=devices(eth1=DEAD))
        .database(NBD, master, tied, slave, complete=False)
    )
    assert Trouble.LINK not in troubles(built)


def test_tunnel_is_not_judged_by_its_device() -> None:
    tunnel = nic(device="tunnel0", physical=False)
    assert Trouble.LINK not in troubles(jupiter(NBD, tunnel, interfaces=devices(tunnel0=DEAD)))


# --- addresses ---


def test_address_that_the_host_does_not_have_is_named() -> None:
    (obstacle,) = found(jupiter(interfaces=ip_addr(xenbr1="192.0.2.99")))
    assert (obstacle.trouble, obstacle.confidence) == (Trouble.GONE, Confidence.CERTAIN)


def test_address_missing_from_a_cut_listing_is_not_claimed() -> None:
    cut = replace(ip_addr(xenbr1=""), complete=False)
    assert troubles(jupiter(interfaces=cut)) == []


def test_database_of_another_report_makes_it_likely_only() -> None:
    built = (
        CaseBuilder()
        .host("saturn", SATURN)
        .database(NBD, LAN, nic(), hosts=BOTH)
        .host()
        .shows(interfaces=ip_addr(xenbr1=""))
    )
    (obstacle,) = [each for each in found(built) if each.trouble is Trouble.GONE]
    assert obstacle.confidence is Confidence.LIKELY


def test_address_on_another_bridge_is_named() -> None:
    other = network(purpose=("nbd",), bridge="xapi7")
    assert Trouble.ELSEWHERE in troubles(jupiter(other, nic(), iptables=filters("xapi7")))


@pytest.mark.parametrize(
    ("address", "trouble"),
    [
        ("169.254.7.7", Trouble.LOCAL),
        ("127.0.0.1", Trouble.LOCAL),
        ("0.0.0.0", Trouble.LOCAL),  # noqa: S104  # an address, not a socket
    ],  # an address, not a socket
)
def test_address_of_no_use_for_others_is_named(address: str, trouble: Trouble) -> None:
    assert troubles(jupiter(NBD, nic(ip=address), interfaces=None)) == [trouble]


@pytest.mark.parametrize("address", ["10.1.2.3", "172.16.4.5", "192.168.7.7"])
def test_private_address_is_normal(address: str) -> None:
    assert troubles(jupiter(NBD, nic(ip=address), interfaces=None)) == []


def test_ipv6_is_an_obstacle() -> None:
    built = jupiter(NBD, nic(ip="", ipv6=("2001:db8::11/64",)), interfaces=None)
    assert troubles(built) == [Trouble.IPV6]


def test_link_local_ipv6_is_told_as_that() -> None:
    built = jupiter(NBD, nic(ip="", ipv6=("fe80::216:3eff:fe2a:1003/64",)), interfaces=None)
    assert troubles(built) == [Trouble.LOCAL]


def test_server_that_listens_on_ipv6_is_believed() -> None:
    built = jupiter(
        NBD,
        nic(ip="", ipv6=("2001:db8::11/64",)),
        interfaces=None,
        sockets=listening(nbd="[::]:10809"),
    )
    assert troubles(built) == []


def test_address_that_is_none_is_left_alone() -> None:
    assert troubles(jupiter(NBD, nic(ip="dhcp"), interfaces=None)) == []


# --- the firewall ---


def test_bridge_without_rule_is_shut() -> None:
    (obstacle,) = found(jupiter(iptables=filters("xenbr0")))
    assert (obstacle.trouble, obstacle.confidence) == (Trouble.FIREWALL, Confidence.CERTAIN)
    assert any("REJECT" in each.text for each in obstacle.evidence)


def test_bridge_with_rule_is_open() -> None:
    assert way(filters("xenbr0", "xenbr1")) is Passage.OPEN


def test_answers_without_rule_are_shut_too() -> None:
    half = filters("xenbr1")
    shut = next(each for each in filters().chains if each.name == "xapi_nbd_output_chain")
    chains = tuple(shut if each.name == shut.name else each for each in half.chains)
    assert way(replace(half, chains=chains)) is Passage.CLOSED


def test_missing_chain_leaves_the_last_word_to_the_others() -> None:
    listing = chains_of(
        chain("INPUT (policy ACCEPT 9 packets, 720 bytes)", rule("RH-Firewall-1-INPUT")),
        chain("OUTPUT (policy ACCEPT 9 packets, 720 bytes)"),
        chain("RH-Firewall-1-INPUT (1 references)", rule("REJECT")),
    )
    assert way(listing) is Passage.CLOSED


@pytest.mark.parametrize(
    ("others", "expected"),
    [
        ({}, Passage.DOUBTFUL),
        ({"nft": ruleset("tcp dport 22 accept")}, Passage.DOUBTFUL),
        ({"nft": ruleset("tcp dport 22 accept", table="ip filter")}, Passage.OPEN),
        ({"packages": packages("xapi-core-24.39.1-1.xs8.x86_64")}, Passage.OPEN),
        ({"packages": packages("firewalld-1.3.4-1.xs9.noarch")}, Passage.DOUBTFUL),
        ({"packages": packages(complete=False)}, Passage.DOUBTFUL),
    ],
)
def test_firewall_without_rules_is_open_only_where_firewalld_is_not_at_work(
    others: dict[str, object], expected: Passage
) -> None:
    report = replace(jupiter(iptables=EMPTY).build().hosts[0], **others)  # type: ignore[arg-type]  # fields of the model
    assert passage(report, "xenbr1", HERE).passage is expected


def test_firewalld_whose_zones_are_lost_leaves_the_chains_of_xapi_in_doubt() -> None:
    built = jupiter(nft=ruleset("tcp dport 22 accept")).build()
    assert passage(built.hosts[0], "xenbr1", HERE).passage is Passage.DOUBTFUL


@pytest.mark.parametrize("own", [rule("ACCEPT", source="203.0.113.0/24"), rule("ACCEPT", "esp")])
def test_rule_for_some_clients_does_not_shut_out_the_others(own: str) -> None:
    assert way(filters("xenbr1", extra=own)) is Passage.OPEN


def test_policy_can_shut_it() -> None:
    listing = chains_of(
        chain("INPUT (policy DROP 9 packets, 720 bytes)"),
        chain("OUTPUT (policy ACCEPT 9 packets, 720 bytes)"),
    )
    assert way(listing) is Passage.CLOSED


@pytest.mark.parametrize(
    ("own", "expected"),
    [
        (rule("ACCEPT", "tcp", "tcp dpt:10809"), Passage.OPEN),
        (rule("ACCEPT", into="xenbr+"), Passage.OPEN),
        (rule("ACCEPT", into="!xenbr0"), Passage.OPEN),
        (rule("ACCEPT", "!icmp"), Passage.OPEN),
        (rule("ACCEPT", destination="192.0.2.0/24"), Passage.OPEN),
        (rule("ACCEPT", "tcp", "tcp dpt:10809 /* backup */"), Passage.OPEN),
        (rule("ACCEPT", "tcp", "ctstate NEW tcp dpt:10809"), Passage.OPEN),
        (rule("ACCEPT", destination="198.51.100.0/24"), Passage.CLOSED),
        (rule("ACCEPT", "tcp", "tcp dpt:22"), Passage.CLOSED),
        (rule("ACCEPT", "tcp", "tcp spt:10809"), Passage.CLOSED),
        (rule("ACCEPT", "udp"), Passage.CLOSED),
        (rule("ACCEPT", "!tcp"), Passage.CLOSED),
        (rule("ACCEPT", into="xenbr0"), Passage.CLOSED),
        (rule("ACCEPT", into="!xenbr1"), Passage.CLOSED),
        (rule("ACCEPT", out="xenbr1"), Passage.CLOSED),
        (rule("ACCEPT", more="state RELATED,ESTABLISHED"), Passage.CLOSED),
        (rule("REJECT", "tcp", "tcp dpt:10809 reject-with tcp-reset"), Passage.CLOSED),
        (rule("LOG", more="LOG flags 0 level 4"), Passage.CLOSED),
        (rule("RETURN", into="xenbr0"), Passage.CLOSED),
        (rule("ACCEPT", source="203.0.113.0/24"), Passage.DOUBTFUL),
        (rule("ACCEPT", "tcp", "multiport dports 80,10809"), Passage.DOUBTFUL),
        (rule("RETURN", source="203.0.113.0/24"), Passage.DOUBTFUL),
        (rule("ACCEPT", destination="!192.0.2.0/24"), Passage.DOUBTFUL),
        (rule("DROP", source="203.0.113.0/24"), Passage.CLOSED),
        (rule("DROP", "tcp", "tcp dpt:10809", source="!203.0.113.5"), Passage.DOUBTFUL),
    ],
)
def test_rules_of_an_administrator_are_followed(own: str, expected: Passage) -> None:
    listing = filters("xenbr0", extra=own)
    outward = tuple(each for each in EMPTY.chains if each.name == "OUTPUT")
    inward = tuple(each for each in listing.chains if each.name != "OUTPUT")
    assert way(replace(listing, chains=inward + outward)) is expected


def test_cut_listing_of_rules_settles_nothing() -> None:
    assert way(replace(filters("xenbr0"), complete=False)) is Passage.DOUBTFUL


def test_chains_that_call_each_other_for_ever_settle_nothing() -> None:
    listing = chains_of(
        chain("INPUT (policy ACCEPT 9 packets, 720 bytes)", rule("one")),
        chain("OUTPUT (policy ACCEPT 9 packets, 720 bytes)"),
        chain("one (1 references)", rule("two")),
        chain("two (1 references)", rule("one")),
    )
    assert way(listing) is Passage.DOUBTFUL


def test_firewalld_without_the_service_is_shut() -> None:
    built = jupiter(iptables=EMPTY, firewalld=zones("ssh"))
    assert troubles(built) == [Trouble.FIREWALL]


@pytest.mark.parametrize(
    "listing",
    [
        zones("ssh nbd"),
        zones("ssh", ports="10809/tcp"),
        zones("ssh", ports="10000-11000/tcp"),
        zones("ssh", target="ACCEPT"),
        zones("ssh", rich='\trule family="ipv4" port port="10809" protocol="tcp" accept\n'),
        replace(zones("ssh"), complete=False),
        replace(zones("ssh"), zones=()),
    ],
)
def test_firewalld_that_may_let_it_in_is_no_obstacle(listing: object) -> None:
    assert troubles(jupiter(iptables=EMPTY, firewalld=listing)) == []


@pytest.mark.parametrize("ports", ["10809/udp", "80-90/tcp", "odd-x/tcp"])
def test_other_ports_do_not_open_firewalld(ports: str) -> None:
    built = jupiter(iptables=EMPTY, firewalld=zones("ssh", ports=ports))
    assert troubles(built) == [Trouble.FIREWALL]


def test_bridge_that_no_zone_names_is_in_the_default_zone() -> None:
    built = jupiter(iptables=EMPTY, firewalld=zones("ssh nbd", interfaces="xenbr0"))
    assert troubles(built) == []


def test_cut_listing_tells_nothing_of_a_bridge_it_does_not_name() -> None:
    cut = replace(zones("ssh nbd", interfaces="xenbr0"), complete=False)
    assert passage_of(cut) is Passage.DOUBTFUL


def test_rule_that_rejects_may_come_before_the_service() -> None:
    rich = '\trule family="ipv4" service name="nbd" reject\n'
    assert passage_of(zones("ssh nbd", rich=rich)) is Passage.DOUBTFUL


@pytest.mark.parametrize(("services", "expected"), [("nbd", "OPEN"), ("ssh", "DOUBTFUL")])
def test_bridge_that_may_be_in_either_zone_is_open_only_if_both_let_nbd_in(
    services: str, expected: str
) -> None:
    head = f"backup (active)\n  target: default\n  interfaces: xenbr2\n  sources: \n  services: {services}\n"
    listing = zones("nbd", interfaces="xenbr0", more=f"{head}  ports: \n  rich rules: \n\n")
    unmarked = tuple(replace(zone, default=False) for zone in listing.zones)
    assert passage_of(replace(listing, zones=unmarked)) is Passage[expected]


def test_zone_that_shuts_it_is_quoted_with_what_it_lets_in() -> None:
    (obstacle,) = found(jupiter(iptables=EMPTY, firewalld=zones("ssh")))
    assert "  services: ssh" in [each.text for each in obstacle.evidence]


def test_zone_of_some_clients_leaves_it_open() -> None:
    backup = "backup (active)\n  target: default\n  interfaces: \n  sources: 203.0.113.0/24\n  services: nbd\n  ports: \n  rich rules: \n\n"
    assert troubles(jupiter(iptables=EMPTY, firewalld=zones("ssh", more=backup))) == []


def test_rule_of_nft_for_the_port_leaves_it_open() -> None:
    built = jupiter(iptables=EMPTY, firewalld=zones("ssh"), nft=ruleset("tcp dport 10809 accept"))
    assert troubles(built) == []


def test_unmanaged_pif_without_rule_is_named_with_the_firewall() -> None:
    built = jupiter(NBD, nic(managed=False), iptables=filters("xenbr0"))
    assert troubles(built) == [Trouble.UNMANAGED, Trouble.FIREWALL]


def test_unmanaged_network_that_is_let_in_is_no_obstacle() -> None:
    built = jupiter(network(purpose=("nbd",), managed=False), nic())
    assert troubles(built) == []


def test_network_without_bridge_is_not_judged() -> None:
    assert troubles(jupiter(network(purpose=("nbd",), bridge=None), nic())) == []


# --- the server ---


def test_nothing_on_the_port_is_an_obstacle() -> None:
    (obstacle,) = found(jupiter(sockets=listening(nbd="")))
    assert (obstacle.trouble, obstacle.confidence) == (Trouble.SILENT, Confidence.CERTAIN)
    assert obstacle.evidence


def test_listener_of_another_address_is_none_for_this() -> None:
    built = jupiter(sockets=listening(nbd="198.51.100.11:10809"))
    assert troubles(built) == [Trouble.SILENT]


@pytest.mark.parametrize("nbd", [f"{HERE}:10809", "0.0.0.0:10809", "*:10809", "[::]:10809"])
def test_listener_for_the_address_is_enough(nbd: str) -> None:
    assert troubles(jupiter(sockets=listening(nbd=nbd))) == []


def test_sockets_without_any_listener_are_not_believed() -> None:
    empty = replace(listening(nbd=""), sockets=())
    assert troubles(jupiter(sockets=empty)) == []


def test_cut_listing_of_sockets_settles_nothing() -> None:
    assert (
        troubles(jupiter(sockets=replace(listening(nbd=""), complete=False, listeners=False))) == []
    )


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        ("", Silence.UNEXPLAINED),
        (STARTED.format(time="10:00:00"), Silence.UNEXPLAINED),
        (STARTED.format(time="19:58:00"), Silence.STARTING),
        (STOPPED.format(time="10:00:00"), Silence.STOPPED),
        (STARTED.format(time="10:00:00") + CRASHED, Silence.CRASHED),
        (
            STOPPED.format(time="10:00:00")
            + "\n"
            + STARTED.format(time="10:00:02").replace("3102", "3150"),
            Silence.UNEXPLAINED,
        ),
    ],
)
def test_silence_is_explained_by_the_last_turn_of_the_service(lines: str, why: Silence) -> None:
    case = jupiter(sockets=listening(nbd="")).daemon_log(lines or "10:00:00 systemd[1]: x").build()
    assert silence(case, case.hosts[0])[0] is why


def test_stop_is_quoted() -> None:
    built = jupiter(sockets=listening(nbd="")).daemon_log(STOPPED.format(time="10:00:00"))
    (obstacle,) = found(built.service("inactive"))
    assert "SIGTERM" in obstacle.evidence[0].text
    assert "inactive" in obstacle.evidence[1].text


def test_connected_client_refutes_what_would_have_kept_it_out() -> None:
    built = jupiter(
        interfaces=ip_addr(xenbr1="192.0.2.99"), iptables=filters(), sockets=listening(connected())
    )
    assert troubles(built) == []


def test_connection_may_outlive_its_link() -> None:
    built = jupiter(interfaces=ip_addr(eth1="DOWN"), sockets=listening(connected()))
    (obstacle,) = found(built)
    assert (obstacle.trouble, obstacle.confidence) == (Trouble.LINK, Confidence.LIKELY)


def test_connection_may_be_older_than_the_second_purpose() -> None:
    both = network(purpose=("nbd", "insecure_nbd"))
    assert troubles(jupiter(both, LAN, nic(), lan(), sockets=listening(connected()))) == [
        Trouble.PURPOSES
    ]


def test_connection_of_the_host_to_itself_refutes_nothing() -> None:
    built = jupiter(iptables=filters(), sockets=listening(connected(peer=HERE)))
    assert troubles(built) == [Trouble.FIREWALL]


# --- shared subnets ---

SAME = lan(ip="192.0.2.12")


def test_subnet_shared_with_a_network_without_purpose_is_an_obstacle() -> None:
    (obstacle,) = found(jupiter(NBD, LAN, nic(), SAME))
    assert (obstacle.trouble, obstacle.confidence) == (Trouble.SHARED, Confidence.LIKELY)


def test_rejected_answers_make_it_certain() -> None:
    (obstacle,) = found(jupiter(NBD, LAN, nic(), SAME, iptables=filters("xenbr1", refused=12)))
    assert obstacle.confidence is Confidence.CERTAIN


def test_routes_to_the_subnet_are_quoted() -> None:
    table = ip_route("192.0.2.0/24 dev xenbr0 proto kernel scope link src 192.0.2.12 ")
    (obstacle,) = found(jupiter(NBD, LAN, nic(), SAME, routes=table))
    assert "dev xenbr0" in obstacle.evidence[-1].text


@pytest.mark.parametrize(
    "other",
    [
        lan(ip="192.0.2.12", currently_attached=False),
        lan(ip="192.0.2.12", netmask=""),
        lan(ip="192.0.2.12", netmask="255.255.255.128"),
        lan(ip="192.0.2.12", netmask="nonsense"),
        lan(ip=""),
        lan(ip="192.0.2.12", host=SATURN),
    ],
)
def test_pif_that_is_not_on_the_subnet_is_no_rival(other: object) -> None:
    assert troubles(jupiter(NBD, LAN, nic(), other)) == []  # type: ignore[arg-type]  # rows


def test_networks_that_all_have_the_purpose_are_fine() -> None:
    both = network(OTHER_NETWORK, ("nbd",), name_label="lan", bridge="xenbr0")
    case = jupiter(NBD, both, nic(), SAME, iptables=filters("xenbr0", "xenbr1")).build()
    assert Trouble.SHARED not in troubles(case)


def test_network_whose_purpose_is_unknown_is_no_rival() -> None:
    unknown = network(OTHER_NETWORK, None, name_label="lan", bridge="xenbr0")
    assert troubles(jupiter(NBD, unknown, nic(), SAME)) == []


def test_firewalld_that_opens_both_bridges_makes_no_rivals() -> None:
    built = jupiter(NBD, LAN, nic(), SAME, iptables=EMPTY, firewalld=zones())
    assert Trouble.SHARED not in troubles(built)


def test_network_with_both_purposes_is_an_obstacle() -> None:
    built = jupiter(network(purpose=("nbd", "insecure_nbd")), nic())
    assert troubles(built) == [Trouble.PURPOSES]


# --- warnings of an endpoint ---


def endpoint(address: str = HERE) -> NbdEndpoint:
    pif = nic()
    return NbdEndpoint(
        address=address,
        host=Subject(type="Host", uuid=JUPITER),
        network=Subject(type="Network", uuid=NETWORK),
        pif=Subject(type="PIF", uuid=pif.uuid),
        secure=True,
        subject=None,
        evidence=(),
    )


def test_warnings_are_of_the_endpoint_alone_and_certain_ones_first() -> None:
    case = jupiter(NBD, LAN, nic(), SAME, sockets=listening(nbd="")).build()
    warnings = reach_warnings(case, case.pools[0], endpoint())
    assert [each.confidence for each in warnings] == [Confidence.CERTAIN, Confidence.LIKELY]
    assert reach_warnings(case, case.pools[0], endpoint("192.0.2.77")) == ()


def test_warnings_leave_ipv6_to_the_prediction() -> None:
    case = jupiter(NBD, nic(ip="", ipv6=("2001:db8::11/64",)), interfaces=None).build()
    assert reach_warnings(case, case.pools[0], endpoint("2001:db8::11/64")) == ()


def test_newest_report_of_a_host_speaks() -> None:
    built = (
        jupiter(iptables=filters())
        .host(bundle="later", captured=None)
        .shows(iptables=filters("xenbr1"))
    )
    assert troubles(built) == [Trouble.FIREWALL]


@given(st.lists(st.sampled_from(["xenbr0", "xenbr1", "xapi3"]), unique=True), st.data())
def test_firewall_as_xapi_sets_it_lets_in_exactly_its_bridges(
    opened: list[str], data: st.DataObject
) -> None:
    bridge = data.draw(st.sampled_from(["xenbr0", "xenbr1", "xapi3"]))
    expected = Passage.OPEN if bridge in opened else Passage.CLOSED
    assert way(filters(*opened), bridge) is expected


@given(
    st.lists(
        st.builds(
            rule,
            st.sampled_from(["ACCEPT", "REJECT", "RETURN", "LOG", "RH-Firewall-1-INPUT"]),
            st.sampled_from(["all", "tcp", "udp", "!tcp", "gre"]),
            st.sampled_from(
                ["", "state NEW", "ctstate", "reject-with", "/* odd", "multiport dports", "x y"]
            ),
            into=st.sampled_from(["*", "xenbr1", "!xenbr1", "xen+", "!"]),
            source=st.sampled_from(["0.0.0.0/0", "203.0.113.0/24"]),
            destination=st.sampled_from(["0.0.0.0/0", "!192.0.2.0/24", "192.0.2.11"]),
        ),
        max_size=6,
    )
)
def test_any_rules_give_an_answer(own: list[str]) -> None:
    assert way(filters("xenbr0", extra="".join(own))) in Passage
