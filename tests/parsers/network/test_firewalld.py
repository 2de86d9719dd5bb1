"""The zones of `firewall-cmd --list-all-zones`."""

from dataclasses import replace

import pytest

from analyzer.model.network import FirewalldListing
from analyzer.parsers.network import firewalld
from tests.parsers.memory_member import facts, problems

ZONES = """\
block
  target: %%REJECT%%
  ingress-priority: 0
  icmp-block-inversion: no
  interfaces:
  sources:
  services:
  ports:
  protocols:
  forward: yes
  rich rules:

public (default, active)
  target: default
  icmp-block-inversion: no
  interfaces: xenbr0 xenbr1
  sources: 192.0.2.0/24
  services: nbd ssh xapi-insecure
  ports: 10809/tcp 80/tcp
  protocols:
  forward-ports:
\tport=1:proto=tcp:toport=2:toaddr=
  source-ports:
  rich rules:
\trule family="ipv4" source address="198.51.100.0/24" port port="10809" protocol="tcp" reject

"""


def listing(content: str) -> FirewalldListing:
    found = facts(firewalld.PARSER, "firewall-cmd--list-all-zones.out", content)[0]
    assert isinstance(found, FirewalldListing)
    return found


def test_the_file_is_claimed_by_name() -> None:
    assert firewalld.PARSER.claims("firewall-cmd--list-all-zones.out", b"")
    assert not firewalld.PARSER.claims("zones.txt", ZONES.encode())


def test_a_whole_listing_is_complete() -> None:
    assert listing(ZONES).complete
    assert [each.name for each in listing(ZONES).zones] == ["block", "public"]
    assert problems(facts(firewalld.PARSER, "x", ZONES)) == ()


def test_a_zone_is_read() -> None:
    found = listing(ZONES).zones[1]
    assert (found.active, found.default, found.target) == (True, True, "default")
    assert found.interfaces == ("xenbr0", "xenbr1")
    assert found.services == ("nbd", "ssh", "xapi-insecure")
    assert found.ports == ("10809/tcp", "80/tcp")
    assert found.sources == ("192.0.2.0/24",)
    assert (found.source.line, found.text) == (13, "public (default, active)")


def test_lines_that_say_what_is_let_in_are_kept() -> None:
    found = listing(ZONES).zones[1].lines
    assert [text for _, text in found] == [
        "  target: default",
        "  services: nbd ssh xapi-insecure",
        "  ports: 10809/tcp 80/tcp",
    ]
    assert [source.line for source, _ in found] == [14, 18, 19]


def test_rich_rules_are_kept_and_forwarded_ports_are_not_among_them() -> None:
    (found,) = listing(ZONES).zones[1].rich_rules
    assert found.startswith('rule family="ipv4"')


def test_an_unused_zone_is_not_active() -> None:
    found = listing(ZONES).zones[0]
    assert (found.active, found.default, found.target) == (False, False, "%%REJECT%%")
    assert found.interfaces == ()


@pytest.mark.parametrize("line", ["FirewallD is not running", "  no key", "\tno rule"])
def test_a_line_of_no_zone_is_a_problem(line: str) -> None:
    text = f"{line}\n{ZONES}"
    assert not listing(text).complete
    assert problems(facts(firewalld.PARSER, "x", text)) == ("no line of a zone",)


def test_a_line_without_a_key_is_a_problem() -> None:
    assert problems(facts(firewalld.PARSER, "x", "public\n\trule\n")) == ("no line of a zone",)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        ZONES[:-2],
        ZONES[: ZONES.rindex("  rich rules")],
        f"{ZONES}\n** timeout **\n",
    ],
)
def test_what_is_cut_or_empty_is_not_complete(text: str) -> None:
    assert not listing(text).complete


def test_blanks_behind_a_key_change_nothing() -> None:
    text = ZONES.replace(":\n", ": \n")
    assert listing(text).complete
    spaced = tuple(replace(zone, lines=()) for zone in listing(text).zones)
    assert spaced == tuple(replace(zone, lines=()) for zone in listing(ZONES).zones)
