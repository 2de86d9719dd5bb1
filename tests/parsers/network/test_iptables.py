"""The chains of `iptables -nvL`."""

import pytest

from analyzer.model.network import FirewallChain, FirewallRule, IptablesListing
from analyzer.parsers.network import iptables
from tests.parsers.memory_member import facts, problems

COLUMNS = " pkts bytes target     prot opt in     out     source               destination         "
ANY = "0.0.0.0/0            0.0.0.0/0           "
IPTABLES = f"""\
Chain INPUT (policy ACCEPT 1234K packets, 567M bytes)
{COLUMNS}
 1520  912K xapi_nbd_input_chain  tcp  --  *      *       {ANY} tcp dpt:10809
    0     0 ACCEPT     47   --  *      *       {ANY}
 981K  812M RH-Firewall-1-INPUT  all  --  *      *       {ANY}

Chain FORWARD (policy DROP)
{COLUMNS}

Chain OUTPUT (policy ACCEPT 12 packets, 3456 bytes)
{COLUMNS}
 1490  845K xapi_nbd_output_chain  tcp  --  *      *       {ANY} tcp spt:10809

Chain RH-Firewall-1-INPUT (2 references)
{COLUMNS}
   12  1008 ACCEPT     icmp --  *      *       192.0.2.0/24         0.0.0.0/0            icmptype 255
    4   240 ACCEPT     tcp  --  !xenbr1 *       {ANY} ctstate NEW multiport dports 80,443,10809
    0     0            udp  --  *      *       {ANY} udp dpts:100:200
  100  6000 REJECT     all  --  *      *       {ANY} reject-with icmp-host-prohibited

Chain xapi_nbd_input_chain (1 references)
{COLUMNS}
 1520  912K ACCEPT     all  --  xenbr0 *       {ANY} ctstate NEW,ESTABLISHED
    0     0 REJECT     all  --  *      *       {ANY} reject-with icmp-port-unreachable

Chain xapi_nbd_output_chain (1 references)
{COLUMNS}
 1490  845K RETURN     all  --  *      xenbr0  {ANY}
    0     0 REJECT     all  --  *      *       {ANY} reject-with icmp-port-unreachable
"""


def listing(content: str) -> IptablesListing:
    found = facts(iptables.PARSER, "iptables-nvL.out", content)[0]
    assert isinstance(found, IptablesListing)
    return found


def chain(name: str, content: str = IPTABLES) -> FirewallChain:
    return next(each for each in listing(content).chains if each.name == name)


def with_rule(line: str) -> str:
    return f"Chain INPUT (policy ACCEPT)\n{COLUMNS}\n{line}\n"


def rule(line: str) -> FirewallRule:
    (found,) = chain("INPUT", with_rule(line)).rules
    return found


def test_the_file_is_claimed_by_name() -> None:
    assert iptables.PARSER.claims("iptables-nvL.out", b"")
    assert not iptables.PARSER.claims("ip6tables-nvL.out", IPTABLES.encode())


def test_a_whole_listing_is_complete() -> None:
    assert listing(IPTABLES).complete
    assert [(each.name, each.policy) for each in listing(IPTABLES).chains] == [
        ("INPUT", "ACCEPT"),
        ("FORWARD", "DROP"),
        ("OUTPUT", "ACCEPT"),
        ("RH-Firewall-1-INPUT", ""),
        ("xapi_nbd_input_chain", ""),
        ("xapi_nbd_output_chain", ""),
    ]
    assert problems(facts(iptables.PARSER, "iptables-nvL.out", IPTABLES)) == ()


def test_the_jumps_of_xapi_are_read() -> None:
    into = chain("INPUT").rules[0]
    out = chain("OUTPUT").rules[0]
    assert (into.target, into.protocol) == ("xapi_nbd_input_chain", "tcp")
    assert (into.source_port, into.destination_port) == (None, 10809)
    assert (out.source_port, out.destination_port) == (10809, None)


def test_the_interfaces_of_the_chains_are_read() -> None:
    (let_in, refused) = chain("xapi_nbd_input_chain").rules
    (let_out, _) = chain("xapi_nbd_output_chain").rules
    assert (let_in.target, let_in.input, let_in.output) == ("ACCEPT", "xenbr0", "")
    assert (refused.target, refused.protocol, refused.input) == ("REJECT", "", "")
    assert (let_out.target, let_out.input, let_out.output) == ("RETURN", "", "xenbr0")
    assert let_in.matches == "ctstate NEW,ESTABLISHED"


def test_a_rule_and_a_chain_keep_their_lines() -> None:
    found = chain("xapi_nbd_input_chain")
    lines = IPTABLES.split("\n")
    assert found.text == lines[found.source.line - 1]
    assert [each.text for each in found.rules] == [
        lines[each.source.line - 1] for each in found.rules
    ]


def test_ports_of_a_list_or_a_range_stand_in_the_matches_only() -> None:
    several, ranged = chain("RH-Firewall-1-INPUT").rules[1:3]
    assert (several.destination_port, ranged.destination_port) == (None, None)
    assert several.matches == "ctstate NEW multiport dports 80,443,10809"
    assert ranged.matches == "udp dpts:100:200"


def test_a_rule_may_have_no_target() -> None:
    assert chain("RH-Firewall-1-INPUT").rules[2].target == ""


def test_addresses_other_than_any_are_kept() -> None:
    found = chain("RH-Firewall-1-INPUT").rules[0]
    assert (found.source_network, found.destination_network) == ("192.0.2.0/24", "")


def test_a_negated_interface_stays_negated() -> None:
    assert chain("RH-Firewall-1-INPUT").rules[1].input == "!xenbr1"


@pytest.mark.parametrize(
    ("written", "packets"), [("0", 0), ("99999", 99999), ("912K", 912_000), ("3M", 3_000_000)]
)
def test_counters_are_numbers(written: str, packets: int) -> None:
    found = rule(f" {written}  1G ACCEPT     all  --  *      *       {ANY}")
    assert found.packets == packets


@pytest.mark.parametrize(
    ("written", "protocol"), [("6", "tcp"), ("0", ""), ("all", ""), ("47", "47"), ("17", "udp")]
)
def test_protocols_of_newer_versions_are_numbers(written: str, protocol: str) -> None:
    found = rule(f"    0     0 ACCEPT     {written}    --  *      *       {ANY}")
    assert found.protocol == protocol


def test_a_negated_port_is_no_port() -> None:
    found = rule(f"    0     0 DROP       tcp  --  *      *       {ANY} tcp dpt:!10809")
    assert found.destination_port is None


def test_a_warning_of_newer_versions_is_no_rule() -> None:
    text = f"# Warning: iptables-legacy tables present, use iptables-legacy to see them\n{IPTABLES}"
    assert listing(text).complete


@pytest.mark.parametrize(
    "line", ["x", " 0 ACCEPT all -- * * 0.0.0.0/0 0.0.0.0/0", "Chain X (policy?)", COLUMNS]
)
def test_a_line_not_understood_is_a_problem(line: str) -> None:
    text = with_rule(line)
    assert not listing(text).complete
    assert problems(facts(iptables.PARSER, "x", text)) == ("no rule of iptables",)


def test_a_rule_without_a_chain_is_a_problem() -> None:
    text = f" 0 0 ACCEPT all -- * * {ANY}\n"
    assert problems(facts(iptables.PARSER, "x", text)) == ("no rule of iptables",)


def test_a_chain_without_its_columns_is_not_complete() -> None:
    assert not listing("Chain INPUT (policy ACCEPT)\n").complete
    assert not listing("Chain INPUT (policy ACCEPT)\nx\n").complete


def test_a_jump_to_a_chain_that_is_not_listed_is_not_complete() -> None:
    end = IPTABLES.index("Chain xapi_nbd_output_chain")
    assert not listing(IPTABLES[:end]).complete


@pytest.mark.parametrize("text", ["", "\n", IPTABLES[:-1], f"{IPTABLES}\n** timeout **\n"])
def test_what_is_cut_or_empty_is_not_complete(text: str) -> None:
    assert not listing(text).complete


def test_blanks_at_the_ends_of_lines_change_nothing() -> None:
    found = listing(IPTABLES.replace("\n", " \n"))
    assert found.complete
    assert [each.matches for each in found.chains[4].rules] == [
        each.matches for each in chain("xapi_nbd_input_chain").rules
    ]


def test_a_loose_file_is_claimed_by_its_first_chain() -> None:
    pasted = "[root@jupiter ~]# iptables -nvL\n" + IPTABLES
    assert iptables.PARSER.claims("fw.txt", pasted.encode())
    assert not iptables.PARSER.claims("etc/fw.txt", pasted.encode())
    assert problems(facts(iptables.PARSER, "fw.txt", pasted)) == ()
