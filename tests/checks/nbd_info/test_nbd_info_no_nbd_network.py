from analyzer.model.finding import Basis, Confidence, Severity
from analyzer.model.xapi import XapiObject
from tests.checks.support import (
    JUPITER,
    NETWORK,
    OTHER_NETWORK,
    POOL,
    SATURN,
    CaseBuilder,
    network,
    pif,
    vdi,
)

RULE = "nbd-info-no-nbd-network"
REFUSED = "13:32:41 xapi-nbd[3102]: main: Refusing connection: no network has purpose nbd or insecure_nbd:\n"
ASKED = "13:30:00 xapi: [ info||4711 INET :::80|VDI.get_nbd_info R:0a1b2c3d4e5f|message_forwarding] VDI.get_nbd_info: vdi  = '6b0c1a3e-9d1f-4c55-8a47-2f60b7c0e913'\n"
OFF = vdi(cbt_enabled=False)


def asked(*rows: XapiObject) -> CaseBuilder:
    """Return a case of a pool that get_nbd_info was called in."""
    return CaseBuilder().host().xensource_log(ASKED).database(*rows)


def test_rows_and_refusals_together_are_certain() -> None:
    built = CaseBuilder().host().daemon_log(REFUSED).database(network(), vdi())
    (finding,) = built.examine(RULE).findings
    assert (finding.basis, finding.confidence) == (Basis.BOTH, Confidence.CERTAIN)


def test_pool_that_was_asked_for_nbd_without_a_network_is_found_by_state() -> None:
    (finding,) = asked(network(), vdi()).examine(RULE).findings
    assert (finding.basis, finding.confidence) == (Basis.STATE, Confidence.LIKELY)
    assert finding.severity is Severity.WARNING


def test_pool_that_uses_cbt_and_was_never_asked_for_nbd_needs_no_network() -> None:
    examined = CaseBuilder().host().database(network(), vdi()).examine(RULE)
    assert examined.findings == ()
    assert "nobody asked for NBD" in examined.not_applicable


def test_calls_of_get_nbd_info_show_that_somebody_wants_nbd() -> None:
    built = CaseBuilder().host().xensource_log(ASKED).database(network(), OFF)
    (finding,) = built.examine(RULE).findings
    assert "get_nbd_info was called once, at 2024-06-10 13:30:00 UTC" in finding.detail


def test_subject_is_the_pool() -> None:
    (finding,) = asked(network(), vdi()).examine(RULE).findings
    assert [(s.type, s.uuid) for s in finding.subjects] == [("Pool", POOL)]


def test_steps_offer_the_networks_where_a_host_has_an_address() -> None:
    built = asked(network(), network(OTHER_NETWORK), pif(), vdi())
    (finding,) = built.examine(RULE).findings
    offers = [step.step for step in finding.action if "param-add" in step.step]
    assert len(offers) == 1
    assert f"uuid={NETWORK}" in offers[0]


def test_unmanaged_network_is_not_offered() -> None:
    built = asked(network(managed=False), pif(), vdi())
    (finding,) = built.examine(RULE).findings
    assert not any("param-add" in step.step for step in finding.action)


def test_refusals_before_a_purpose_was_set_are_about_the_past() -> None:
    built = CaseBuilder().host().daemon_log(REFUSED).database(network(purpose=("nbd",)))
    (finding,) = built.examine(RULE).findings
    assert (finding.basis, finding.confidence) == (Basis.SYMPTOM, Confidence.LIKELY)
    assert "storage: nbd" in finding.detail


def test_refusals_with_unread_rows_leave_the_present_open() -> None:
    built = CaseBuilder().host().daemon_log(REFUSED).database(complete=False)
    (finding,) = built.examine(RULE).findings
    assert "not in what was read" in finding.detail


def test_refusals_without_any_database_are_about_the_host() -> None:
    (finding,) = CaseBuilder().host().daemon_log(REFUSED).examine(RULE).findings
    assert [(s.type, s.uuid) for s in finding.subjects] == [("Host", JUPITER)]


def test_network_with_a_purpose_is_ruled_out() -> None:
    examined = CaseBuilder().host().database(network(purpose=("nbd",)), vdi()).examine(RULE)
    assert (examined.findings, examined.gaps, examined.not_applicable) == ((), (), "")


def test_both_purposes_are_another_rule() -> None:
    both = network(purpose=("nbd", "insecure_nbd"))
    assert CaseBuilder().host().database(both, vdi()).examine(RULE).findings == ()


def test_pool_that_uses_neither_is_not_applicable_with_words() -> None:
    examined = CaseBuilder().host().database(network(), OFF).examine(RULE)
    assert "nobody asked for NBD" in examined.not_applicable


def test_unread_calls_make_it_undecided() -> None:
    built = CaseBuilder().host().without("xensource_log").database(network(), OFF)
    examined = built.examine(RULE)
    assert examined.not_applicable == ""
    assert examined.gaps[0].need == "xensource_log"


def test_rows_without_purposes_are_a_gap() -> None:
    (gap,) = CaseBuilder().host().database(network(purpose=None), vdi()).examine(RULE).gaps
    assert "purpose" in gap.why


def test_release_before_nbd_is_not_applicable() -> None:
    built = CaseBuilder().host().database(network(purpose=None), schema_minor=120)
    assert "without NBD server" in built.examine(RULE).not_applicable


def test_one_idle_pool_does_not_hide_that_another_was_ruled_out() -> None:
    built = CaseBuilder().host().database(network(), OFF)
    built = built.host("saturn", SATURN).database(
        network(OTHER_NETWORK, ("nbd",)),
        hosts=((SATURN, "saturn"),),
        pool="5a6b7c8d-9e0f-4a1b-8c2d-3e4f5a6b7c8d",
    )
    examined = built.examine(RULE)
    assert (examined.findings, examined.gaps, examined.not_applicable) == ((), (), "")


def test_no_database_is_never_not_applicable() -> None:
    assert not CaseBuilder().host().examine(RULE).not_applicable
