"""Xen Orchestra is bound to a network that cannot serve NBD."""

from dataclasses import replace

from analyzer.checks.observation import Examined
from analyzer.model.xapi import XapiObject
from analyzer.story.plans.object_plans import step_of
from tests.checks import support
from tests.checks.support import NETWORK, OTHER_NETWORK, POOL, CaseBuilder, network, pif

RULE = "nbd-backup-network-without-purpose"
LAN = network(OTHER_NETWORK, name_label="lan", bridge="xenbr0")
NBD = network(purpose=("nbd",))


def examine(*rows: XapiObject, backup: str | None = OTHER_NETWORK, **pool: bool) -> Examined:
    built = CaseBuilder().host().database(*rows, **pool).build()  # type: ignore[arg-type]  # keywords of the builder
    (state,) = built.pools
    assert state.pool is not None
    config = {} if backup is None else {"xo:backupNetwork": backup}
    written = f"""<row uuid="{POOL}" other_config="(('xo:backupNetwork'%.'{backup}'))"/>"""
    named = replace(state, pool=replace(state.pool, other_config=config, written=written))
    return support.examine(replace(built, pools=(named,)), RULE)


def test_backup_network_without_purpose_is_found() -> None:
    (finding,) = examine(LAN, NBD, pif()).findings
    assert [s.uuid for s in finding.subjects] == [POOL, OTHER_NETWORK]
    assert "xo:backupNetwork" in finding.evidence[0].text
    step = step_of(finding.action[0])
    assert step.commands == (
        f"xe network-param-add param-name=purpose param-key=nbd uuid={OTHER_NETWORK}",
    )
    assert "xe " not in step.text


def test_purpose_to_add_is_of_the_kind_the_pool_has() -> None:
    (finding,) = examine(LAN, network(purpose=("insecure_nbd",)), pif()).findings
    assert "param-key=insecure_nbd" in finding.action[0].step


def test_backup_network_that_is_gone_is_found() -> None:
    (finding,) = examine(NBD, pif()).findings
    assert "did not exist" in finding.title
    assert OTHER_NETWORK in finding.detail


def test_backup_network_where_nobody_has_an_address_is_found() -> None:
    rows = (network(OTHER_NETWORK, ("nbd",)), NBD, pif(), pif(OTHER_NETWORK, ip=""))
    (finding,) = examine(*rows).findings
    assert "IPv4" in finding.title
    assert '<table name="PIF">' in finding.evidence[-1].text


def test_address_that_the_row_does_not_show_is_a_gap() -> None:
    rows = (network(OTHER_NETWORK, ("nbd",)), NBD, pif(), pif(OTHER_NETWORK, ip=None))  # type: ignore[arg-type]  # a row without the field
    (gap,) = examine(*rows).gaps
    assert f"network-uuid={OTHER_NETWORK}" in gap.settle_with


def test_no_address_anywhere_is_another_rule() -> None:
    examined = examine(network(OTHER_NETWORK, ("nbd",)), pif(OTHER_NETWORK, ip=""))
    assert (examined.findings, examined.gaps) == ((), ())


def test_backup_network_with_purpose_and_address_is_ruled_out() -> None:
    examined = examine(network(OTHER_NETWORK, ("nbd",)), pif(OTHER_NETWORK))
    assert (examined.findings, examined.gaps, examined.not_applicable) == ((), (), "")


def test_pool_without_any_purpose_is_another_rule() -> None:
    examined = examine(LAN, network())
    assert examined.findings == ()
    assert examined.not_applicable


def test_pool_without_backup_network_is_not_applicable() -> None:
    assert "no pool names" in examine(LAN, NBD, backup=None).not_applicable


def test_empty_name_is_none() -> None:
    assert "no pool names" in examine(LAN, NBD, backup=" ").not_applicable


def test_network_that_does_not_show_its_purpose_is_a_gap() -> None:
    (gap,) = examine(network(OTHER_NETWORK, None), NBD).gaps
    assert "purpose" in gap.why


def test_purposes_that_were_not_read_are_a_gap() -> None:
    (gap,) = examine(LAN, complete=False).gaps
    assert "purpose" in gap.why


def test_network_missing_of_a_cut_database_is_not_gone() -> None:
    examined = examine(NBD, complete=False)
    assert examined.findings == ()
    assert len(examined.gaps) == 1


def test_pool_row_without_other_config_is_a_gap() -> None:
    (gap,) = CaseBuilder().host().database(NBD).examine(RULE).gaps
    assert "other_config" in gap.why


def test_no_database_is_never_not_applicable() -> None:
    assert not CaseBuilder().host().examine(RULE).not_applicable


def test_network_is_the_subject_even_where_two_have_purposes() -> None:
    (finding,) = examine(LAN, NBD, pif()).findings
    assert NETWORK not in [s.uuid for s in finding.subjects]
