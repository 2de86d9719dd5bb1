"""No host of the pool has an address on a network for NBD."""

from analyzer.model.finding import Basis, Confidence
from tests.checks.support import (
    JUPITER,
    NETWORK,
    OTHER_NETWORK,
    SATURN,
    SR,
    CaseBuilder,
    network,
    pbd,
    pif,
    sr,
    vdi,
)

RULE = "nbd-info-no-pif-address"
ASKED = "13:30:00 xapi: [ info||4711 INET :::80|VDI.get_nbd_info R:0a1b2c3d4e5f|message_forwarding] VDI.get_nbd_info: vdi  = '6b0c1a3e-9d1f-4c55-8a47-2f60b7c0e913'\n"
NBD = network(purpose=("nbd",))
NO_ADDRESS = pif(ip="", ip_configuration_mode="None", device="eth1")
OFF = vdi(cbt_enabled=False)
BOTH = ((JUPITER, "jupiter"), (SATURN, "saturn"))


def test_pifs_without_address_are_found_by_state_with_the_change() -> None:
    built = CaseBuilder().host().database(sr(), vdi(), pbd(), NBD, NO_ADDRESS)
    (finding,) = built.examine(RULE).findings
    assert (finding.basis, finding.confidence) == (Basis.STATE, Confidence.LIKELY)
    assert [(s.type, s.uuid) for s in finding.subjects] == [("Network", NETWORK), ("SR", SR)]
    assert "xe pif-reconfigure-ip" in finding.action[0].step
    assert finding.action[0].risk
    assert '<table name="PIF">' in " ".join(evidence.text for evidence in finding.evidence)


def test_calls_of_get_nbd_info_make_it_certain() -> None:
    rows = (sr(), OFF, pbd(), NBD, NO_ADDRESS)
    (finding,) = CaseBuilder().host().xensource_log(ASKED).database(*rows).examine(RULE).findings
    assert (finding.basis, finding.confidence) == (Basis.BOTH, Confidence.CERTAIN)
    assert "called for its disks: once, at 2024-06-10 13:30:00 UTC" in finding.detail


def test_disk_that_was_served_once_leaves_them_likely() -> None:
    rows = (sr(), OFF, pbd(), NBD, NO_ADDRESS)
    log = "12:00:00 xapi-nbd[3102]: main: Got new client\n12:00:01 xapi-nbd[3102]: main: Plugging VBD OpaqueRef:3f0b7c9e-52d4-4e0a-9a44-6d1f0c2b8e17\n"
    built = CaseBuilder().host().xensource_log(ASKED).daemon_log(log).database(*rows)
    (finding,) = built.examine(RULE).findings
    assert (finding.basis, finding.confidence) == (Basis.BOTH, Confidence.LIKELY)


def test_two_srs_are_one_finding() -> None:
    other = "5b1f0c9d-8e7a-4d6b-9c3f-2a1b0c9d8e7f"
    rows = (sr(), vdi(), pbd(), NBD, NO_ADDRESS, sr(other, "nfs"), pbd(repository=other))
    disk = vdi("c7f1b2a9-3e4d-4a5b-9c6d-0e1f2a3b4c5d", sr=other)
    (finding,) = CaseBuilder().host().database(*rows, disk).examine(RULE).findings
    assert [s.uuid for s in finding.subjects if s.type == "SR"] == [SR, other]


def test_unplugged_pif_with_an_address_is_found() -> None:
    rows = (sr(), vdi(), pbd(), NBD, pif(currently_attached=False))
    (finding,) = CaseBuilder().host().database(*rows).examine(RULE).findings
    assert "xe pif-plug" in finding.action[0].step


def test_address_on_the_network_is_ruled_out() -> None:
    built = CaseBuilder().host().database(sr(), vdi(), pbd(), NBD, pif())
    examined = built.examine(RULE)
    assert (examined.findings, examined.gaps, examined.not_applicable) == ((), (), "")


def test_ipv6_address_is_an_address() -> None:
    rows = (sr(), vdi(), pbd(), NBD, pif(ip="", ipv6=("2001:db8::11/64",)))
    assert CaseBuilder().host().database(*rows).examine(RULE).findings == ()


def test_address_of_another_host_is_another_rule() -> None:
    rows = (sr(), vdi(), pbd(), NBD, NO_ADDRESS, pif(host=SATURN))
    examined = CaseBuilder().host().database(*rows, hosts=BOTH).examine(RULE)
    assert (examined.findings, examined.gaps) == ((), ())


def test_no_purpose_is_another_rule() -> None:
    built = CaseBuilder().host().database(sr(), vdi(), pbd(), network(), NO_ADDRESS)
    examined = built.examine(RULE)
    assert examined.findings == ()
    assert "NBD purpose" in examined.not_applicable


def test_unplugged_sr_is_another_rule() -> None:
    rows = (sr(), vdi(), pbd(attached=False), NBD, NO_ADDRESS)
    assert CaseBuilder().host().database(*rows).examine(RULE).findings == ()


def test_sr_that_nobody_wants_is_ruled_out() -> None:
    built = CaseBuilder().host().database(sr(), OFF, pbd(), NBD, NO_ADDRESS)
    examined = built.examine(RULE)
    assert (examined.findings, examined.gaps) == ((), ())


def test_sr_with_metadata_alone_is_wanted_by_nobody() -> None:
    rows = (sr(), vdi(type="cbt_metadata"), pbd(), NBD, NO_ADDRESS)
    assert CaseBuilder().host().database(*rows).examine(RULE).findings == ()


def test_unread_calls_leave_open_whether_somebody_wants_it() -> None:
    rows = (sr(), OFF, pbd(), NBD, NO_ADDRESS)
    (gap,) = CaseBuilder().host().without("xensource_log").database(*rows).examine(RULE).gaps
    assert gap.need == "xensource_log"


def test_disks_that_do_not_say_whether_they_have_cbt_leave_it_open() -> None:
    rows = (sr(), vdi(cbt_enabled=None), pbd(), NBD, NO_ADDRESS)
    (gap,) = CaseBuilder().host().database(*rows).examine(RULE).gaps
    assert "xe vdi-list" in gap.settle_with


def test_pif_that_does_not_show_its_address_is_a_gap() -> None:
    rows = (sr(), vdi(), pbd(), NBD, pif(ip=None))  # type: ignore[arg-type]  # a row without the field
    (gap,) = CaseBuilder().host().database(*rows).examine(RULE).gaps
    assert "which addresses" in gap.why


def test_address_on_a_network_of_unknown_purpose_is_a_gap() -> None:
    rows = (sr(), vdi(), pbd(), NBD, NO_ADDRESS, network(OTHER_NETWORK, None), pif(OTHER_NETWORK))
    (gap,) = CaseBuilder().host().database(*rows).examine(RULE).gaps
    assert "purpose of every network" in gap.why


def test_media_are_no_disks() -> None:
    rows = (sr(kind="iso"), vdi(), pbd(), NBD, NO_ADDRESS)
    assert CaseBuilder().host().database(*rows).examine(RULE).findings == ()


def test_no_database_is_never_not_applicable() -> None:
    assert not CaseBuilder().host().examine(RULE).not_applicable


def test_pools_are_judged_by_themselves() -> None:
    built = CaseBuilder().host().xensource_log(ASKED).database(sr(), OFF, pbd(), NBD, pif())
    rows = (sr(), vdi(), pbd(SATURN), network(OTHER_NETWORK, ("nbd",)))
    other = "5a6b7c8d-9e0f-4a1b-8c2d-3e4f5a6b7c8d"
    built = built.host("saturn", SATURN).database(*rows, hosts=((SATURN, "saturn"),), pool=other)
    (finding,) = built.examine(RULE).findings
    assert [s.uuid for s in finding.subjects] == [OTHER_NETWORK, SR]
    assert (finding.basis, finding.confidence) == (Basis.STATE, Confidence.LIKELY)


def test_call_about_a_disk_that_is_gone_is_about_no_sr() -> None:
    gone = ASKED.replace("6b0c1a3e", "00000000")
    rows = (sr(), OFF, pbd(), NBD, NO_ADDRESS)
    examined = CaseBuilder().host().xensource_log(gone).database(*rows).examine(RULE)
    assert (examined.findings, examined.gaps) == ((), ())


def test_disk_whose_sr_is_not_known_is_left_out() -> None:
    lost = vdi("c7f1b2a9-3e4d-4a5b-9c6d-0e1f2a3b4c5d", sr="OpaqueRef:gone")
    rows = (sr(), OFF, lost, pbd(), NBD, NO_ADDRESS)
    assert CaseBuilder().host().database(*rows).examine(RULE).findings == ()
