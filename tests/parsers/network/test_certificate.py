"""The host's certificate, as openssl prints it."""

from datetime import UTC, datetime

import pytest

from analyzer.model.network import HostCertificate
from analyzer.parsers.network import certificate
from tests.parsers.memory_member import facts, problems

CERTIFICATE = """\
Certificate:
    Data:
        Version: 3 (0x2)
        Serial Number:
            6f:a3:49:88:6b:66:ab:2a
        Signature Algorithm: sha256WithRSAEncryption
        Issuer: C = US, O = "X, Inc", CN = authority.example.com
        Validity
            Not Before: Nov  2 10:06:01 2024 GMT
            Not After : Oct 31 10:06:01 2034 GMT
        Subject: C = US, O = "X, Inc", CN = jupiter.example.com
        Subject Public Key Info:
            Public Key Algorithm: rsaEncryption
        X509v3 extensions:
            X509v3 Subject Alternative Name:
                DNS:jupiter.example.com, DNS:jupiter, IP Address:192.0.2.11, IP Address:2001:DB8:0:0:0:0:0:11
-----BEGIN CERTIFICATE-----
MIIDdzCCAl+gAwIBAgIEAgAAuTANBgkqhkiG9w0BAQUFADBaMQswCQYDVQQGEwJJ
-----END CERTIFICATE-----
"""


def read(content: str) -> HostCertificate:
    found = facts(certificate.PARSER, "xapi_cert.out", content)[0]
    assert isinstance(found, HostCertificate)
    return found


def test_the_file_is_claimed_by_name() -> None:
    assert certificate.PARSER.claims("xapi_cert.out", b"")
    assert not certificate.PARSER.claims("xapi_pool_cert.out", CERTIFICATE.encode())


def test_a_whole_certificate_is_complete() -> None:
    assert read(CERTIFICATE).complete
    assert problems(facts(certificate.PARSER, "x", CERTIFICATE)) == ()


def test_the_dates_are_utc() -> None:
    found = read(CERTIFICATE)
    assert found.not_before == datetime(2024, 11, 2, 10, 6, 1, tzinfo=UTC)
    assert found.not_after == datetime(2034, 10, 31, 10, 6, 1, tzinfo=UTC)


def test_the_names_and_addresses_are_read() -> None:
    found = read(CERTIFICATE)
    assert found.names == ("jupiter.example.com", "jupiter")
    assert found.addresses == ("192.0.2.11", "2001:db8::11")


def test_an_address_of_another_form_stays_as_it_is() -> None:
    text = CERTIFICATE.replace("192.0.2.11", "192.0.2.11.5")
    assert read(text).addresses[0] == "192.0.2.11.5"


@pytest.mark.parametrize(
    ("subject", "name"),
    [
        (" CN=jupiter", "jupiter"),
        (" CN = jupiter", "jupiter"),
        (" C=US, CN=jupiter, O=X", "jupiter"),
        (" /C=US/CN=jupiter/O=X", "jupiter"),
        (" O=X", None),
        ("", None),
    ],
)
def test_the_common_name_is_found_as_every_openssl_writes_it(
    subject: str, name: str | None
) -> None:
    text = CERTIFICATE.replace(' C = US, O = "X, Inc", CN = jupiter.example.com', subject)
    assert read(text).common_name == name


def test_the_issuer_is_not_the_subject() -> None:
    assert read(CERTIFICATE).common_name == "jupiter.example.com"


def test_the_line_of_the_last_day_is_quoted() -> None:
    found = read(CERTIFICATE)
    assert (found.source.line, found.text) == (10, CERTIFICATE.split("\n")[9])


def test_the_lines_it_was_read_from_are_kept_in_order() -> None:
    found = read(CERTIFICATE).lines
    assert [source.line for source, _ in found] == [9, 10, 11, 16]
    assert found[3][1].strip().startswith("DNS:jupiter")


def test_without_alternative_names_there_are_none() -> None:
    text = CERTIFICATE.replace("X509v3 Subject Alternative Name", "X509v3 Key Usage")
    found = read(text)
    assert (found.names, found.addresses, found.complete) == ((), (), True)


def test_only_the_first_certificate_counts() -> None:
    second = CERTIFICATE.replace("CN = jupiter", "CN = other").replace("2034", "2020")
    assert read(CERTIFICATE + second).not_after == datetime(2034, 10, 31, 10, 6, 1, tzinfo=UTC)


@pytest.mark.parametrize("when", ["Oct 39 10:06:01 2034 GMT", "Foo 31 10:06:01 2034 GMT", "soon"])
def test_a_date_that_is_none_is_not_known(when: str) -> None:
    text = CERTIFICATE.replace("Oct 31 10:06:01 2034 GMT", when)
    assert (read(text).not_after, read(text).complete) == (None, False)
    assert problems(facts(certificate.PARSER, "x", text)) == ("no whole certificate",)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "unable to load certificate\n",
        CERTIFICATE[:-1],
        CERTIFICATE[: CERTIFICATE.index("-----END")],
        f"{CERTIFICATE}\n** timeout **\n",
    ],
)
def test_what_is_cut_or_empty_is_not_complete(text: str) -> None:
    assert not read(text).complete


def test_nothing_is_quoted_of_a_file_without_dates() -> None:
    found = read("unable to load certificate\n")
    assert (found.text, found.lines, found.source.line) == ("", (), 0)


def test_a_blank_behind_the_title_of_the_names_changes_nothing() -> None:
    assert read(CERTIFICATE.replace("Name:\n", "Name: \n")).names == read(CERTIFICATE).names
