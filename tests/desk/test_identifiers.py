"""What is taken for an identifier, and what is left alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.desk.identifiers import (
    _FORMS,
    Identifier,
    Kind,
    _forms_met,
    addresses,
    domains,
    in_document,
    in_text,
)

PIECES = [
    *(
        "'",
        '"',
        " ",
        "=",
        ":",
        "://",
        "/",
        "_",
        "-",
        ".",
        "@",
        "0x",
        "ab1:geheim@filer",
        "chapuser",
    ),
    *("incoming_chap", "PASSWORD", "_secret", "for bob from ", "domainname=", "corp.example.org"),
    *("iqn.2001-05.org.example:0", "360a98000375331345a24416253784f76", "wwn", "naa.5000c500a1b2"),
    *("00:16:3e:3f:be:cf", "serial number", "OpaqueRef:", "f28b3718-4b36-473b-9be1-8cf4925708d4"),
    *("track_id=9834f5af", "location", "nas:/vol/vm", "//filer/backup$", "Issuer: O =", "CN=mars"),
]


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("chappassword='two words'", Kind.SECRET, "two words"),
        ("('chappassword' 's3cr3t')", Kind.SECRET, "s3cr3t"),
        ("smb://bob:geheim@filer/x", Kind.SECRET, "geheim"),
        ("smb://bob:geheim@filer/x", Kind.USER, "bob"),
        ("('chapuser' 'bob')", Kind.USER, "bob"),
        ("sshd[7]: Accepted password for bob from 192.0.2.1", Kind.USER, "bob"),
        ("mail to ops@corp.example.org", Kind.DOMAIN, "corp.example.org"),
        ("login iqn.2001-05.org.example:0-8a0906-x", Kind.TARGET, "iqn.2001-05.org.example:0-8a0906-x"),
        ("SCSIid 360a98000375331345a24416253784f76", Kind.DEVICE, "360a98000375331345a24416253784f76"),
        ("wwn-0x5000c500a1b2c3d4 failed", Kind.DEVICE, "wwn-0x5000c500a1b2c3d4"),
        ("Serial Number: 5CG1234XYZ", Kind.SERIAL, "5CG1234XYZ"),
        ("trackid=9834f5af41c964e225f24279aefe4e49", Kind.TRACK, "9834f5af41c964e225f24279aefe4e49"),
        ("mount nas.example.org:/vol/vm", Kind.SHARE, "/vol/vm"),
        ("mount nas.example.org:/vol/vm", Kind.HOST, "nas"),
        ("open //filer/backup$", Kind.HOST, "filer"),
        ("Subject: CN=host1, O=Some Company", Kind.CERTIFICATE, "CN=host1, O=Some Company"),
        ("on 00:16:3E:3F:BE:CF", Kind.MAC, "00:16:3E:3F:BE:CF"),
    ],
)  # fmt: skip
def test_a_form_is_known(text: str, kind: Kind, value: str) -> None:
    assert Identifier(kind, value) in set(in_text(text))


@pytest.mark.parametrize(
    "text",
    [
        "Nov 22 02:00:11 SM: [2883] lock: opening lock file /var/lock/sm/lvm/vg",
        "location: /dev/sda1",
        "password=*****",
        "sr uuid 47e15be6-26e7-4690-a0f4-ffae6c73858a",
        "root login by root",
    ],
)
def test_what_is_everybodys_is_none(text: str) -> None:
    assert not set(in_text(text))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("from 192.0.2.41:443", ["192.0.2.41"]),
        ("network 192.0.2.41/24 with mask 255.255.255.0", ["192.0.2.41"]),
        ("2001:db8::21:22ff:fe33:4455: refused", ["2001:db8::21:22ff:fe33:4455"]),
        ("[2001:db8::1]:10809", ["2001:db8::1"]),
        ("::ffff:192.0.2.7 came", ["::ffff:192.0.2.7"]),
        ("127.0.0.1 and ::1 and 0.0.0.0", []),
        ("at 12:34:56, version 8.2.1, 4.19.0.1x", []),
        ("module Foo::Bar, 00:16:3e:3f:be:cf", []),
    ],
)
def test_addresses_are_told_from_what_looks_like_them(text: str, found: list[str]) -> None:
    assert [written for *_, written in addresses(text)] == found


def test_an_object_is_named_wherever_a_report_names_it() -> None:
    document = {
        "hosts": [{"name": "mars.corp.example.org"}],
        "bundles": [{"name": "ACME.tar.bz2:bug-report-1"}],
        "disks": [{"vms": [{"type": "VM", "uuid": "u", "name": "payroll"}], "vdi": None}],
    }
    assert set(in_document(document)) == {
        Identifier(Kind.HOST, "mars"),
        Identifier(Kind.DOMAIN, "corp.example.org"),
        Identifier(Kind.BUNDLE, "ACME.tar.bz2"),
        Identifier(Kind.VM, "payroll"),
    }


def test_a_domain_stands_behind_a_known_host() -> None:
    text = "mars.corp.example.org answered, mars.log.1 and pluto.example.org did not"
    assert set(domains({"mars"}, [text])) == {Identifier(Kind.DOMAIN, "corp.example.org")}


@given(st.lists(st.sampled_from(PIECES), max_size=6), st.text(max_size=3))
def test_no_form_is_missed_where_texts_are_looked_through_first(
    pieces: list[str], odd: str
) -> None:
    text = odd.join(pieces)
    met = {form.pattern for _, form in _forms_met(text)}
    assert not [form for _, form in _FORMS if form.search(text) and form.pattern not in met]
