"""One host of several cannot offer a shared SR over NBD."""

from analyzer.model.finding import Confidence, Severity
from analyzer.model.xapi import XapiObject
from tests.checks.support import (
    JUPITER,
    SATURN,
    CaseBuilder,
    member,
    network,
    pbd,
    pif,
    sr,
    vdi,
)

RULE = "nbd-host-without-address"
NBD = network(purpose=("nbd",))
BOTH = ((JUPITER, "jupiter"), (SATURN, "saturn"))
SHARED = sr(shared=True)
EMPTY = pif(host=SATURN, ip="", ip_configuration_mode="None", device="eth1")
POOL_ROWS: tuple[XapiObject, ...] = (pbd(), pbd(SATURN), NBD, pif())


def built(*rows: XapiObject, **database: object) -> CaseBuilder:
    return CaseBuilder().host().database(*POOL_ROWS, *rows, **{"hosts": BOTH, **database})  # type: ignore[arg-type]  # keywords of the builder


def test_host_without_address_is_named_with_the_change() -> None:
    (finding,) = built(SHARED, vdi(), EMPTY).examine(RULE).findings
    assert (finding.severity, finding.confidence) == (Severity.INFO, Confidence.CERTAIN)
    assert (finding.subjects[0].type, finding.subjects[0].uuid) == ("Host", SATURN)
    assert EMPTY.uuid in finding.action[0].step
    assert "names only jupiter" in finding.detail


def test_host_without_any_pif_there_is_named_by_its_plug() -> None:
    (finding,) = built(SHARED, vdi()).examine(RULE).findings
    assert '<table name="PBD">' in finding.evidence[0].text


def test_host_whose_report_is_missing_is_marked_so() -> None:
    (finding,) = built(SHARED, vdi(), EMPTY).examine(RULE).findings
    assert "was not given" in finding.detail


def test_host_whose_report_is_there_is_not_marked() -> None:
    (finding,) = built(SHARED, vdi(), EMPTY).host("saturn", SATURN).examine(RULE).findings
    assert "was not given" not in finding.detail


def test_all_hosts_with_addresses_are_ruled_out() -> None:
    examined = built(SHARED, vdi(), pif(host=SATURN, ip="192.0.2.12")).examine(RULE)
    assert (examined.findings, examined.gaps, examined.not_applicable) == ((), (), "")


def test_host_without_the_sr_need_not_offer_it() -> None:
    rows = (SHARED, vdi(), pbd(), NBD, pif(), EMPTY)
    examined = CaseBuilder().host().database(*rows, hosts=BOTH).examine(RULE)
    assert examined.findings == ()


def test_local_sr_is_no_matter_of_other_hosts() -> None:
    assert built(sr(shared=False), vdi(), EMPTY).examine(RULE).findings == ()


def test_no_host_with_an_address_is_another_rule() -> None:
    rows = (SHARED, vdi(), pbd(), pbd(SATURN), NBD, EMPTY)
    assert CaseBuilder().host().database(*rows, hosts=BOTH).examine(RULE).findings == ()


def test_dead_host_needs_no_address() -> None:
    rows = (SHARED, vdi(), EMPTY, *member(), *member(SATURN, "saturn", live=False))
    assert built(*rows, hosts=()).examine(RULE).findings == ()


def test_sr_that_nobody_wants_is_ruled_out() -> None:
    examined = built(SHARED, vdi(cbt_enabled=False), EMPTY).examine(RULE)
    assert (examined.findings, examined.gaps) == ((), ())


def test_unread_calls_leave_open_whether_the_sr_is_wanted() -> None:
    rows = (*POOL_ROWS, SHARED, vdi(cbt_enabled=False), EMPTY)
    case = CaseBuilder().host().without("xensource_log").database(*rows, hosts=BOTH)
    (gap,) = case.examine(RULE).gaps
    assert gap.need == "xensource_log"


def test_pif_that_does_not_show_its_address_is_a_gap() -> None:
    unknown = pif(host=SATURN, ip=None)  # type: ignore[arg-type]  # a row without the field
    (gap,) = built(SHARED, vdi(), unknown).examine(RULE).gaps
    assert f"xe pif-list host-uuid={SATURN}" in gap.settle_with


def test_no_purpose_is_not_applicable() -> None:
    rows = (SHARED, vdi(), pbd(), network(), pif())
    examined = CaseBuilder().host().database(*rows).examine(RULE)
    assert "NBD purpose" in examined.not_applicable
