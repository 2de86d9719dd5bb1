"""What holds for every document: no bytes raise, no cut makes up a value or a completeness."""

import string
from dataclasses import fields
from xml.sax.saxutils import quoteattr

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.model.host import Alert, HostInventory, Packages, ServiceStates
from analyzer.model.network import (
    FirewalldListing,
    HostCertificate,
    Interfaces,
    IptablesListing,
    NftListing,
    Routes,
    Sockets,
    VbdsToCleanUp,
)
from analyzer.model.report import ParseProblem
from analyzer.model.storage import (
    DeviceLinks,
    LvmVolumes,
    Mounts,
    PhysicalVolumes,
    SrListing,
    VolumeGroups,
)
from analyzer.model.xapi import XapiDatabase, XapiObject
from analyzer.parsers._api import DocumentParser, Fact
from analyzer.parsers.host import alerts, host_files, nbd_files, packages, systemd
from analyzer.parsers.network import (
    addresses,
    certificate,
    firewalld,
    iptables,
    nft,
    routes,
    sockets,
)
from analyzer.parsers.storage import devices, df, listing, lvm
from analyzer.parsers.xapi import xapi_db, xe_params
from analyzer.parsers.xapi import xapi_values as _xapi_values
from tests.parsers.host.test_alerts import XML
from tests.parsers.host.test_host_files import INVENTORY
from tests.parsers.host.test_nbd_files import LEFTOVERS
from tests.parsers.host.test_packages import RPMS
from tests.parsers.host.test_systemd import STATUS
from tests.parsers.memory_member import facts
from tests.parsers.network.test_addresses import IFCONFIG, IP
from tests.parsers.network.test_certificate import CERTIFICATE
from tests.parsers.network.test_firewalld import ZONES
from tests.parsers.network.test_iptables import IPTABLES
from tests.parsers.network.test_nft import NFT
from tests.parsers.network.test_routes import IP_ROUTE, ROUTE_N
from tests.parsers.network.test_sockets import NETSTAT, OLD_SS, SS
from tests.parsers.storage.test_df import DF
from tests.parsers.storage.test_listing import FIND, LONG, RECURSIVE
from tests.parsers.storage.test_lvm import LVS, PVS, VGS
from tests.parsers.xapi.test_xapi_db import document, row
from tests.parsers.xapi.test_xe_params import VDI

DATABASE = document(
    SR=row(type="nfs", shared="true"),
    VDI=row(cbt_enabled="true", virtual_size="21474836480", sm_config="(('a'%.'b'))") * 2,
    network=row(purpose="('nbd')"),
)

# Every parser with a member that it reads whole.
SAMPLES: tuple[tuple[DocumentParser, str, str], ...] = (
    (xapi_db.PARSER, "xapi-db.xml", DATABASE),
    (xe_params.PARSER, "vdi.txt", VDI + VDI),
    (lvm.LVS, "lvs.out", LVS),
    (lvm.VGS, "vgs.out", VGS),
    (lvm.PVS, "pvs.out", PVS),
    (
        devices.LS_DEV,
        "ls-lR-%dev.out",
        "/dev/vg:\nlrwxrwxrwx 1 a a 7 Nov 1 10:06 MGT -> ../dm-12\n",
    ),
    (devices.DMSETUP, "dmsetup-table.out", "vg-a--b: 0 1 linear 8:3 1\nvg-c: 0 1 linear 8:3 1\n"),
    (df.PARSER, "df-alT.out", DF),
    (alerts.PARSER, "var/xapi/blobs/messages/1", XML),
    (host_files.INVENTORY, "etc/xensource-inventory", INVENTORY),
    (host_files.POOL_CONF, "etc/xensource/pool.conf", "slave:192.0.2.10"),
    (systemd.PARSER, "systemctl-status.out", STATUS),
    (packages.PARSER, "rpm-qa.out", RPMS),
    (addresses.IP, "ip-s-addr.out", IP),
    (addresses.IFCONFIG, "ifconfig-a.out", IFCONFIG),
    (routes.IP_ROUTE, "ip-route.out", IP_ROUTE),
    (routes.ROUTE_N, "route-n.out", ROUTE_N),
    (iptables.PARSER, "iptables-nvL.out", IPTABLES),
    (nft.PARSER, "nft-list-ruleset.out", NFT),
    (firewalld.PARSER, "firewall-cmd--list-all-zones.out", ZONES),
    (sockets.SS, "ss-nampio.out", SS),
    (sockets.SS, "ss-nampi.out", OLD_SS),
    (sockets.NETSTAT, "netstat-anop.out", NETSTAT),
    (certificate.PARSER, "xapi_cert.out", CERTIFICATE),
    (nbd_files.PARSER, "VBDs_to_clean_up", LEFTOVERS),
    (listing.PARSER, "ls.txt", RECURSIVE),
    (listing.PARSER, "find.txt", FIND),
    (listing.PARSER, "long.txt", LONG),
)
EMPTY_IS_AN_ANSWER = ("xapi_nbd_leftovers",)
COMPARED_BY_VALUE = ("xe_params", "xensource_inventory", "pool_conf")
every_sample = pytest.mark.parametrize(
    ("parser", "path", "content"), SAMPLES, ids=[f"{s[0].name} {s[1]}" for s in SAMPLES]
)


def complete(fact: Fact) -> bool:
    """Tell whether a fact says that nothing of its source is missing."""
    match fact:
        case XapiDatabase() | LvmVolumes() | VolumeGroups() | PhysicalVolumes() | Mounts():
            return fact.complete
        case SrListing() | DeviceLinks() | Packages() | ServiceStates():
            return fact.complete
        case Interfaces() | Routes() | IptablesListing() | NftListing() | FirewalldListing():
            return fact.complete
        case Sockets() | HostCertificate() | VbdsToCleanUp():
            return fact.complete
        case _:
            return False


def rows(fact: Fact) -> tuple[object, ...]:
    """Return what a fact lists, in its order, without what may grow with the text."""
    match fact:
        case ServiceStates():
            return tuple((each.unit, each.text, each.since) for each in fact.services)
        case HostInventory():
            return (fact.host_uuid, fact.control_domain_uuid, fact.product_version)
        case HostCertificate():
            return fact.lines
        case Interfaces() | IptablesListing() | FirewalldListing():
            return parts(fact)
        case _:
            lists: tuple[str, ...] = ("objects", "volumes", "groups", "mounts", "files", "names")
            lists += ("routes", "rules", "sockets", "vbds")
            return next((getattr(fact, name) for name in lists if hasattr(fact, name)), ())


def parts(fact: Interfaces | IptablesListing | FirewalldListing) -> tuple[object, ...]:
    """Return what a fact lists in groups that grow with the text: the parts, with their group."""
    match fact:
        case Interfaces():
            heads = [(each.text, each.up, each.carrier, each.state) for each in fact.interfaces]
            below = [(each.name, item) for each in fact.interfaces for item in each.addresses]
            return (*heads, *below)
        case IptablesListing():
            return tuple((chain.name, rule) for chain in fact.chains for rule in chain.rules)
        case FirewalldListing():
            return tuple(
                (zone.name, word)
                for zone in fact.zones
                for word in (*zone.interfaces, *zone.services, *zone.ports, *zone.rich_rules)
            )


def values(record: XapiObject) -> dict[str, object]:
    return {
        field.name: getattr(record, field.name) for field in fields(record) if field.name != "raw"
    }


def listed(found: tuple[Fact, ...]) -> list[object]:
    """Return all rows of all facts; of a listing the files, with the SR they are of."""
    every: list[object] = []
    for fact in found:
        if isinstance(fact, SrListing):
            every += [(fact.sr, file) for file in fact.files]
        else:
            every += rows(fact)
    return every


@every_sample
@given(written=st.binary(max_size=2000))
def test_any_bytes_give_an_answer(
    parser: DocumentParser, path: str, content: str, written: bytes
) -> None:
    parser.claims(path, written)
    facts(parser, path, written + content.encode() + written)
    assert facts(parser, path, written) or parser.name == "sr_listing"


@every_sample
@given(data=st.data())
def test_any_change_gives_an_answer(
    parser: DocumentParser, path: str, content: str, data: st.DataObject
) -> None:
    written = content.encode()
    start = data.draw(st.integers(0, len(written)))
    end = data.draw(st.integers(start, min(len(written), start + 40)))
    changed = written[:start] + data.draw(st.binary(max_size=20)) + written[end:]
    parser.claims(path, changed[:4096])
    facts(parser, path, changed)


@every_sample
def test_a_whole_sample_is_complete(parser: DocumentParser, path: str, content: str) -> None:
    found = facts(parser, path, content)
    assert not any(isinstance(fact, ParseProblem) for fact in found)
    alike = (XapiDatabase, HostInventory, Alert)
    whole = [complete(fact) for fact in found if rows(fact) and not isinstance(fact, alike)]
    assert all(whole)


@every_sample
def test_a_cut_within_a_line_is_never_complete(
    parser: DocumentParser, path: str, content: str
) -> None:
    written = content.encode()
    for end in range(parser.name in EMPTY_IS_AN_ANSWER, len(written)):
        if end == 0 or written[end - 1 : end] != b"\n":
            found = facts(parser, path, written[:end])
            last = [fact for fact in found if not isinstance(fact, ParseProblem)][-1:]
            assert not any(complete(fact) for fact in last), written[:end][-40:]


@every_sample
def test_damage_of_the_archive_is_never_complete(
    parser: DocumentParser, path: str, content: str
) -> None:
    cut = content[: len(content) // 2]
    found = [
        fact for fact in facts(parser, path, cut, damage="the archive ends here") if rows(fact)
    ]
    assert not any(complete(fact) for fact in found[-1:])


@pytest.mark.parametrize(
    ("parser", "path", "content"), [s for s in SAMPLES if s[0].name not in COMPARED_BY_VALUE]
)
def test_a_cut_adds_no_row_and_changes_none(
    parser: DocumentParser, path: str, content: str
) -> None:
    written = content.encode()
    whole = listed(facts(parser, path, written))
    for end in range(len(written)):
        for each in listed(facts(parser, path, written[:end])):
            assert each in whole, written[:end][-40:]


def test_a_cut_record_has_the_values_of_the_whole_one_or_none() -> None:
    whole = facts(xe_params.PARSER, "vdi.txt", VDI)[0]
    assert isinstance(whole, XapiDatabase)
    expected = values(whole.objects[0])
    for end in range(len(VDI)):
        found = facts(xe_params.PARSER, "vdi-list.txt", VDI[:end])[0]
        assert isinstance(found, XapiDatabase)
        for record in found.objects:
            got = values(record) | {"source": expected["source"]}
            assert all(value in (expected[name], None) for name, value in got.items()), VDI[:end][
                -40:
            ]


def test_a_cut_inventory_has_the_values_of_the_whole_one_or_none() -> None:
    whole = rows(facts(host_files.INVENTORY, "x", INVENTORY)[0])
    for end in range(len(INVENTORY)):
        found = rows(facts(host_files.INVENTORY, "x", INVENTORY[:end])[0])
        assert all(value in (expected, None) for value, expected in zip(found, whole, strict=True))


def test_a_database_cut_anywhere_keeps_a_beginning_of_its_objects() -> None:
    whole = facts(xapi_db.PARSER, "xapi-db.xml", DATABASE)[0]
    assert isinstance(whole, XapiDatabase)
    for end in range(len(DATABASE)):
        found = facts(xapi_db.PARSER, "xapi-db.xml", DATABASE[:end])[0]
        assert isinstance(found, XapiDatabase)
        assert not found.complete
        assert found.objects == whole.objects[: len(found.objects)]


def protect(text: str) -> str:
    pairs = {" ": "%.", "\t": "%t", "\n": "%n", "\r": "%r", "%": "%%"}
    return "".join(pairs.get(character, character) for character in text)


def string_of(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


@given(st.text())
def test_protected_text_comes_back(text: str) -> None:
    assert _xapi_values.unprotect(protect(text)) == text


@given(st.lists(st.text()))
def test_a_set_comes_back(items: list[str]) -> None:
    written = f"({' '.join(string_of(item) for item in items)})"
    assert _xapi_values.read_set(written) == tuple(items)


@given(st.dictionaries(st.text(), st.text()))
def test_a_map_comes_back(pairs: dict[str, str]) -> None:
    written = " ".join(f"({string_of(key)} {string_of(value)})" for key, value in pairs.items())
    assert _xapi_values.read_map(f"({written})") == pairs


@given(st.text(alphabet="()'\\ ab"))
def test_any_text_is_a_set_or_none(text: str) -> None:
    found = _xapi_values.read_set(text)
    assert found is None or text.strip().startswith("(")


@given(st.text(alphabet=string.printable + "é\u2028"))
def test_a_name_in_a_database_comes_back(name: str) -> None:
    legal = "".join(character for character in name if character.isprintable() or character == " ")
    written = f"<table name='VDI'><row ref='r' uuid='6b0c1a3e-9d1f-4c55-8a47-2f60b7c0e913' name__label={quoteattr(protect(legal))}/></table>"
    found = facts(xapi_db.PARSER, "xapi-db.xml", f"<database>{written}</database>")[0]
    assert isinstance(found, XapiDatabase)
    assert found.objects[0].name_label == legal


@pytest.mark.parametrize(
    "parser", [sample[0] for sample in SAMPLES[:-2]], ids=lambda parser: parser.name
)
@pytest.mark.parametrize(
    "line",
    [
        "(" * 100_000,
        "-" * 100_000,
        " " * 100_000,
        "a " * 50_000,
        "[" * 100_000,
        "/run/sr-mount/" * 7000,
        "x: " * 30_000,
    ],
    ids=["brackets", "dashes", "blanks", "words", "prompts", "paths", "colons"],
)
def test_a_line_of_100000_characters_takes_no_time(parser: DocumentParser, line: str) -> None:
    for content in (f"{line}\n", f"{line[:60_000]}\n" * 3):
        parser.claims("x.txt", content.encode()[:4096])
        facts(parser, "x.txt", content)
