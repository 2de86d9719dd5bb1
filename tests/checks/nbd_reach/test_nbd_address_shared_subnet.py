from analyzer.model.finding import Basis, Confidence
from tests.checks.network_story import (
    BOTH,
    LAN,
    NBD,
    filters,
    ip_route,
    jupiter,
    lan,
    nic,
    ruleset,
    zones,
)
from tests.checks.support import JUPITER, NETWORK, OTHER_NETWORK, SATURN, CaseBuilder, network

RULE = "nbd-address-shared-subnet"
SAME = lan(ip="192.0.2.12")


def test_networks_on_one_subnet_of_which_one_has_the_purpose_are_likely() -> None:
    (finding,) = jupiter(NBD, LAN, nic(), SAME).examine(RULE).findings
    assert (finding.basis, finding.confidence) == (Basis.STATE, Confidence.LIKELY)
    assert "192.0.2.0/24" in finding.title


def test_subjects_are_both_networks_and_the_host() -> None:
    (finding,) = jupiter(NBD, LAN, nic(), SAME).examine(RULE).findings
    assert [s.uuid for s in finding.subjects] == [NETWORK, OTHER_NETWORK, JUPITER]


def test_rejected_answers_make_it_certain() -> None:
    built = jupiter(NBD, LAN, nic(), SAME, iptables=filters("xenbr1", refused=12))
    (finding,) = built.examine(RULE).findings
    assert (finding.basis, finding.confidence) == (Basis.BOTH, Confidence.CERTAIN)
    assert "REJECT" in finding.evidence[1].text


def test_answers_rejected_where_a_third_network_is_leave_it_likely() -> None:
    third = network("0f1e2d3c-4b5a-4697-8877-665544332211", bridge="xenbr2")
    rows = (NBD, LAN, third, nic(), SAME, nic(third.uuid, ip="203.0.113.11", device="eth2"))
    built = jupiter(*rows, iptables=filters("xenbr1", refused=12))
    (finding,) = built.examine(RULE).findings
    assert (finding.basis, finding.confidence) == (Basis.BOTH, Confidence.LIKELY)


def test_firewall_that_was_not_read_makes_it_possible() -> None:
    (finding,) = CaseBuilder().host().database(NBD, LAN, nic(), SAME).examine(RULE).findings
    assert finding.confidence is Confidence.POSSIBLE
    assert "was not read" in finding.detail


def test_firewalld_rejects_no_answers() -> None:
    shut = zones("ssh nbd", interfaces="xenbr1")
    for lost in (shut, None):
        built = jupiter(
            NBD, LAN, nic(), SAME, iptables=None, firewalld=lost, nft=ruleset("tcp dport 22 accept")
        )
        assert built.examine(RULE).findings == ()


def test_clients_that_were_served_make_it_possible_only() -> None:
    log = """
        13:00:00 xapi-nbd[3102]: main: Starting xapi-nbd: port = '10809'; certfile = '/etc/xensource/xapi-ssl.pem'
        13:00:01 xapi-nbd[3102]: main: Listening for incoming connections
        13:10:00 xapi-nbd[3102]: main: Got new client
        13:10:01 xapi-nbd[3102]: main: Plugging VBD OpaqueRef:3f0b7c9e-52d4-4e0a-9a44-6d1f0c2b8e17
        13:10:02 xapi-nbd[3102]: Server.serve: Serving new client, read_only = true
        13:12:00 xapi-nbd[3102]: Server.serve: Received NBD_CMD_DISC, disconnecting
        13:12:01 xapi-nbd[3102]: main: Unplugging VBD OpaqueRef:3f0b7c9e-52d4-4e0a-9a44-6d1f0c2b8e17
        13:12:02 xapi-nbd[3102]: main: Destroying VBD OpaqueRef:3f0b7c9e-52d4-4e0a-9a44-6d1f0c2b8e17
    """
    (finding,) = jupiter(NBD, LAN, nic(), SAME).daemon_log(log).examine(RULE).findings
    assert finding.confidence is Confidence.POSSIBLE


def test_two_hosts_on_the_same_networks_are_one_finding() -> None:
    there = (nic(host=SATURN, ip="192.0.2.21"), lan(host=SATURN, ip="192.0.2.22"))
    built = CaseBuilder().host().database(NBD, LAN, nic(), SAME, *there, hosts=BOTH)
    (finding,) = built.examine(RULE).findings
    assert "jupiter and saturn" in finding.detail


def test_step_gives_the_second_network_the_same_purpose() -> None:
    insecure = network(purpose=("insecure_nbd",))
    (finding,) = jupiter(insecure, LAN, nic(), SAME).examine(RULE).findings
    assert f"param-key=insecure_nbd uuid={OTHER_NETWORK}" in finding.action[0].step
    assert finding.action[0].risk


def test_interfaces_and_routes_are_quoted() -> None:
    table = ip_route("192.0.2.0/24 dev xenbr0 proto kernel scope link src 192.0.2.12 ")
    (finding,) = jupiter(NBD, LAN, nic(), SAME, routes=table).examine(RULE).findings
    texts = [each.text for each in finding.evidence]
    assert sum('<table name="PIF">' in text for text in texts) == 2
    assert any("dev xenbr0" in text for text in texts)


def test_networks_on_subnets_of_their_own_are_ruled_out() -> None:
    examined = jupiter().examine(RULE)
    assert (examined.findings, examined.gaps, examined.not_applicable) == ((), (), "")


def test_networks_that_all_have_the_purpose_are_ruled_out() -> None:
    both = network(OTHER_NETWORK, ("nbd",), name_label="lan", bridge="xenbr0")
    built = jupiter(NBD, both, nic(), SAME, iptables=filters("xenbr0", "xenbr1"))
    assert built.examine(RULE).findings == ()


def test_slave_of_a_bond_and_vlan_without_address_do_not_count() -> None:
    slave = lan(ip="", bond_slave_of="OpaqueRef:1", netmask="255.255.255.0")
    assert jupiter(NBD, LAN, nic(), slave).examine(RULE).findings == ()


def test_same_subnet_on_different_hosts_only_is_ruled_out() -> None:
    built = (
        CaseBuilder()
        .host()
        .database(NBD, LAN, nic(), lan(host=SATURN, ip="192.0.2.22"), hosts=BOTH)
    )
    assert built.examine(RULE).findings == ()


def test_firewalld_that_does_not_tell_bridges_apart_is_ruled_out() -> None:
    opened = filters("xenbr0", "xenbr1")
    built = jupiter(NBD, LAN, nic(), SAME, iptables=opened, firewalld=zones())
    assert built.examine(RULE).findings == ()


def test_address_without_netmask_is_a_gap() -> None:
    (gap,) = jupiter(NBD, LAN, nic(netmask=""), SAME).examine(RULE).gaps
    assert "netmask" in gap.why
    assert gap.settle_with.startswith("xe pif-list")


def test_networks_without_the_field_are_a_gap() -> None:
    unknown = network(OTHER_NETWORK, None)
    (gap,) = jupiter(NBD, unknown, nic(), SAME).examine(RULE).gaps
    assert "purpose" in gap.why


def test_pool_without_purposes_is_not_applicable() -> None:
    assert jupiter(network(), nic()).examine(RULE).not_applicable


def test_release_before_nbd_is_not_applicable() -> None:
    built = CaseBuilder().host().database(network(purpose=None), schema_minor=120)
    examined = built.examine(RULE)
    assert (examined.gaps, bool(examined.not_applicable)) == ((), True)


def test_firewall_that_was_not_read_is_not_said_to_be_looked_at() -> None:
    assert jupiter().examine(RULE).beside == ("firewall",)
    assert jupiter(iptables=None).without("firewall").examine(RULE).beside == ()
