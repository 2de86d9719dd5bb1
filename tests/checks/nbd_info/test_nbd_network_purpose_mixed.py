from analyzer.model.finding import Basis, Confidence
from tests.checks.support import (
    JUPITER,
    NETWORK,
    OTHER_NETWORK,
    POOL,
    SATURN,
    CaseBuilder,
    network,
)

RULE = "nbd-network-purpose-mixed"
REFUSED = "13:32:41 xapi-nbd[3102]: main: Contradictory XenServer configuration: nbd and insecure_nbd network purposes! Refusing connection.\n"
SECURE = network(purpose=("nbd",))
INSECURE = network(OTHER_NETWORK, ("insecure_nbd",), name_label="backup")
OTHER_POOL = "5a6b7c8d-9e0f-4a1b-8c2d-3e4f5a6b7c8d"


def test_rows_and_refusals_together_are_certain() -> None:
    built = CaseBuilder().host().daemon_log(REFUSED).database(SECURE, INSECURE)
    (finding,) = built.examine(RULE).findings
    assert (finding.basis, finding.confidence) == (Basis.BOTH, Confidence.CERTAIN)
    assert finding.count == 1


def test_rows_alone_are_likely() -> None:
    (finding,) = CaseBuilder().host().database(SECURE, INSECURE).examine(RULE).findings
    assert (finding.basis, finding.confidence) == (Basis.STATE, Confidence.LIKELY)


def test_subjects_are_the_pool_and_the_networks() -> None:
    (finding,) = CaseBuilder().host().database(SECURE, INSECURE).examine(RULE).findings
    assert [(s.type, s.uuid, s.name) for s in finding.subjects] == [
        ("Pool", POOL, "lab"),
        ("Network", NETWORK, "storage"),
        ("Network", OTHER_NETWORK, "backup"),
    ]


def test_rows_are_quoted() -> None:
    (finding,) = CaseBuilder().host().database(SECURE, INSECURE).examine(RULE).findings
    assert any("insecure_nbd" in evidence.text for evidence in finding.evidence)


def test_step_changes_the_insecure_network_and_says_the_risk() -> None:
    (finding,) = CaseBuilder().host().database(SECURE, INSECURE).examine(RULE).findings
    step = finding.action[0]
    assert f"param-key=insecure_nbd uuid={OTHER_NETWORK}" in step.step
    assert step.risk


def test_every_insecure_network_has_its_own_step() -> None:
    third = network("0a1b2c3d-4e5f-4a6b-8c7d-8e9f0a1b2c3d", ("insecure_nbd",))
    (finding,) = CaseBuilder().host().database(SECURE, INSECURE, third).examine(RULE).findings
    removals = [s for s in finding.action if "param-remove" in s.step]
    assert len(removals) == 2


def test_one_network_with_both_purposes_is_found_once() -> None:
    both = network(purpose=("nbd", "insecure_nbd"))
    (finding,) = CaseBuilder().host().database(both).examine(RULE).findings
    assert [s.uuid for s in finding.subjects if s.type == "Network"] == [NETWORK]
    assert "second purpose" in finding.action[0].step


def test_refusals_with_clean_rows_are_about_the_past() -> None:
    built = CaseBuilder().host().daemon_log(REFUSED).database(SECURE)
    (finding,) = built.examine(RULE).findings
    assert (finding.basis, finding.confidence) == (Basis.SYMPTOM, Confidence.LIKELY)
    assert "until at least 2024-06-10 13:32:41 UTC" in finding.title
    assert not any("param-remove" in step.step for step in finding.action)


def test_refusals_with_unread_rows_leave_the_present_open() -> None:
    built = CaseBuilder().host().daemon_log(REFUSED).database(complete=False)
    (finding,) = built.examine(RULE).findings
    assert "not in what was read" in finding.detail


def test_refusals_without_any_database_are_about_the_host() -> None:
    (finding,) = CaseBuilder().host().daemon_log(REFUSED).examine(RULE).findings
    assert [(s.type, s.uuid) for s in finding.subjects] == [("Host", JUPITER)]
    assert "pool of jupiter" in finding.detail


def test_refusals_of_a_pool_are_one_finding() -> None:
    later = REFUSED.replace("13:32:41", "14:00:00")
    (finding,) = (
        CaseBuilder().host().daemon_log(REFUSED + later).database(SECURE, INSECURE).examine(RULE)
    ).findings
    assert finding.count == 2


def test_two_pools_with_one_purpose_each_are_no_mix() -> None:
    built = CaseBuilder().host().database(SECURE)
    built = built.host("saturn", SATURN).database(
        INSECURE, hosts=((SATURN, "saturn"),), pool=OTHER_POOL
    )
    examined = built.examine(RULE)
    assert (examined.findings, examined.gaps, examined.not_applicable) == ((), (), "")


def test_refusal_counts_for_the_pool_of_its_host() -> None:
    built = CaseBuilder().host().database(SECURE)
    built = built.host("saturn", SATURN).database(
        INSECURE, hosts=((SATURN, "saturn"),), pool=OTHER_POOL
    )
    (finding,) = built.daemon_log(REFUSED).examine(RULE).findings
    assert finding.subjects[0].uuid == OTHER_POOL


def test_one_purpose_everywhere_is_ruled_out() -> None:
    examined = CaseBuilder().host().database(SECURE, network(OTHER_NETWORK)).examine(RULE)
    assert (examined.findings, examined.gaps, examined.not_applicable) == ((), (), "")


def test_rows_without_purposes_are_a_gap() -> None:
    (gap,) = CaseBuilder().host().database(SECURE, network(OTHER_NETWORK, None)).examine(RULE).gaps
    assert "purpose" in gap.settle_with


def test_pool_without_any_purpose_is_not_applicable() -> None:
    assert CaseBuilder().host().database(network()).examine(RULE).not_applicable


def test_release_before_nbd_is_not_applicable() -> None:
    built = CaseBuilder().host().database(network(purpose=None), schema_minor=120)
    assert built.examine(RULE).not_applicable


def test_no_database_is_never_not_applicable() -> None:
    assert not CaseBuilder().host().examine(RULE).not_applicable


def test_pool_row_that_was_not_read_is_named_by_its_hosts() -> None:
    built = CaseBuilder().host().database(SECURE, INSECURE, pool=None)
    (finding,) = built.examine(RULE).findings
    assert finding.subjects[0].type == "Host"
    assert "pool of jupiter" in finding.detail


def test_many_refusals_are_quoted_by_their_ends() -> None:
    lines = "".join(REFUSED.replace("13:32:41", f"13:{minute}:00") for minute in range(10, 40))
    built = CaseBuilder().host().daemon_log(lines).database(SECURE, INSECURE)
    (finding,) = built.examine(RULE).findings
    quoted = [evidence.text for evidence in finding.evidence if "Contradictory" in evidence.text]
    assert finding.count == 30
    assert len(quoted) == 6
    assert "13:10:00" in quoted[0]
    assert "13:39:00" in quoted[-1]


def test_same_words_twice_in_a_second_are_two_refusals() -> None:
    built = CaseBuilder().host().daemon_log(REFUSED + REFUSED).database(SECURE, INSECURE)
    assert built.examine(RULE).findings[0].count == 2
