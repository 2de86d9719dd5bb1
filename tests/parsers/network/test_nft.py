"""The rules about NBD in `nft list ruleset`."""

import pytest

from analyzer.model.network import NftListing
from analyzer.parsers.network import nft
from tests.parsers.memory_member import facts, problems

NFT = """\
# Warning: table ip filter is managed by iptables-nft, do not touch!
table ip filter {
\tchain xapi_nbd_input_chain {
\t\tiifname "xenbr0" ct state established,new counter packets 12 bytes 720 accept
\t\tcounter packets 0 bytes 0 reject
\t}

\tchain INPUT {
\t\ttype filter hook input priority filter; policy accept;
\t\tip protocol tcp tcp dport 10809 counter packets 12 bytes 720 jump xapi_nbd_input_chain
\t\ttcp dport 22 accept
\t}
}
table inet firewalld { # progname firewalld
\tset trusted {
\t\ttype ipv4_addr
\t\telements = { 192.0.2.0,
\t\t\t     192.0.2.1 }
\t}

\tchain filter_IN_public_allow {
\t\ttcp dport { 80, 443, 10809 } accept
\t\ttcp dport 10000-11000 ct state { new, untracked } accept
\t\ttcp dport nbd accept
\t\ttcp dport vmap { 22 : accept, 10809 : drop }
\t\tudp dport 10809 drop
\t\ttcp sport != 10809 comment "a } in a remark"
\t\ttcp dport ssh accept
\t\ttcp dport 80 counter packets 10809 bytes 10809 accept
\t}
}
"""


def listing(content: str) -> NftListing:
    found = facts(nft.PARSER, "nft-list-ruleset.out", content)[0]
    assert isinstance(found, NftListing)
    return found


def test_the_file_is_claimed_by_name() -> None:
    assert nft.PARSER.claims("nft-list-ruleset.out", b"")
    assert not nft.PARSER.claims("nft.txt", NFT.encode())


def test_a_whole_ruleset_is_complete_and_names_its_chains() -> None:
    found = listing(NFT)
    assert found.complete
    assert found.chains == ("xapi_nbd_input_chain", "INPUT", "filter_IN_public_allow")
    assert found.tables == ("ip filter", "inet firewalld")
    assert problems(facts(nft.PARSER, "x", NFT)) == ()


def test_rules_of_a_chain_named_after_nbd_are_taken() -> None:
    found = [each.text.strip() for each in listing(NFT).rules if "nbd" in each.chain]
    assert found == [
        'iifname "xenbr0" ct state established,new counter packets 12 bytes 720 accept',
        "counter packets 0 bytes 0 reject",
    ]


def test_rules_that_name_the_port_are_taken() -> None:
    found = [each for each in listing(NFT).rules if each.table == "inet firewalld"]
    assert {each.chain for each in found} == {"filter_IN_public_allow"}
    assert [each.text.strip().split(" ct")[0] for each in found] == [
        "tcp dport { 80, 443, 10809 } accept",
        "tcp dport 10000-11000",
        "tcp dport nbd accept",
        "tcp dport vmap { 22 : accept, 10809 : drop }",
        'tcp sport != 10809 comment "a } in a remark"',
    ]


def test_a_rule_keeps_its_line_its_table_and_its_chain() -> None:
    found = listing(NFT).rules[2]
    assert (found.table, found.chain, found.source.line) == ("ip filter", "INPUT", 10)
    assert found.text == NFT.split("\n")[9]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        NFT[:-1],
        NFT[: NFT.rindex("}")],
        f"{NFT}\n** timeout **\n",
        "# only a remark\n",
    ],
)
def test_what_is_cut_or_empty_is_not_complete(text: str) -> None:
    assert not listing(text).complete


@pytest.mark.parametrize("line", ["Error: syntax error", "}", "chain INPUT {"])
def test_a_line_outside_of_every_table_is_a_problem(line: str) -> None:
    text = f"{NFT}{line}\n{line}\n"
    assert not listing(text).complete
    assert problems(facts(nft.PARSER, "x", text)) == ("no line of a ruleset",)
