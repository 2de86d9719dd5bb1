"""The name that a TLS client is told to expect, chosen as xapi chooses it."""

from dataclasses import replace

import pytest

from analyzer.model.network import HostCertificate
from analyzer.rebuilt.nbd.info.subject import FIRST_SCHEMA_WITH_HOSTNAME, certificate_of, subject_of
from analyzer.rules.load import load_catalogue
from tests.rebuilt.nbd.info.test_answer import certificate
from tests.support.judging import JUPITER, at, pool, report, whole

POOL = pool(JUPITER)
HOST = replace(POOL.hosts[0], hostname="jupiter.example")
OLD = replace(POOL, schema_minor=FIRST_SCHEMA_WITH_HOSTNAME - 1)
NEW = replace(POOL, schema_minor=FIRST_SCHEMA_WITH_HOSTNAME)


def shown(*names: str, common: str | None = None) -> HostCertificate:
    return replace(certificate(), names=names, common_name=common, complete=True)


@pytest.mark.parametrize(
    ("names", "common", "subject"),
    [
        (("nbd.example",), "other.example", "nbd.example"),
        (("*.example", "z.example"), None, "z.example"),  # a strict name before a wildcard
        (("*.example",), None, "example"),
        (("b.a.example", "a.b.example"), None, "b.a.example"),  # by labels from the right
        (("192.0.2.7",), "jupiter.lab", "jupiter.lab"),  # an address is no name
        ((), "nbd.example.", "nbd.example"),
        ((), "192.0.2.7", "jupiter.example"),
        ((), None, "jupiter.example"),
    ],
)
def test_name_is_the_one_that_xapi_gives(
    names: tuple[str, ...], common: str | None, subject: str
) -> None:
    assert subject_of(NEW, HOST, shown(*names, common=common)) == subject


def test_older_xapi_gives_no_name_where_the_certificate_has_none() -> None:
    assert subject_of(OLD, HOST, shown()) == ""
    assert subject_of(OLD, HOST, shown("nbd.example")) == "nbd.example"


def test_of_a_certificate_that_was_not_read_nothing_is_known() -> None:
    assert subject_of(NEW, HOST, None) is None
    assert subject_of(NEW, HOST, replace(shown("nbd.example"), complete=False)) is None


def test_certificate_is_that_of_the_hosts_newest_report_that_has_one() -> None:
    first, last = shown("first.example"), shown("last.example")
    reports = (
        replace(report("new"), captured_at=at(21), certificate=last),
        replace(report("old"), captured_at=at(19), certificate=first),
        replace(report("newest"), captured_at=at(22), certificate=None),
        replace(report("b", uuid="another host"), captured_at=at(23), certificate=first),
    )
    case, _ = whole(hosts=reports).case(load_catalogue())
    assert certificate_of(case, HOST) == last
