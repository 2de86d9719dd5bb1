"""What get_nbd_info would answer: each step that can empty it, what is unknown, what mends it."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from analyzer.case.case import Case
from analyzer.errors import UsageError
from analyzer.model.call import Answer
from analyzer.model.nbd import InfoStep, NbdInfo
from analyzer.model.network import HostCertificate
from analyzer.model.source import Source
from analyzer.model.xapi import XapiObject
from analyzer.rebuilt.nbd.info.answer import nbd_info, nbd_infos
from tests.checks.support import (
    JUPITER,
    NETWORK,
    OTHER_NETWORK,
    OTHER_VDI,
    SATURN,
    SR,
    VDI,
    CaseBuilder,
    member,
    network,
    pbd,
    pif,
    sr,
    vdi,
)

NBD = network(purpose=("nbd",))
LAN = network(OTHER_NETWORK, name_label="lan", bridge="xenbr0")
BOTH = ((JUPITER, "jupiter"), (SATURN, "saturn"))
OTHER_SR = "5b1f0c9d-8e7a-4d6b-9c3f-2a1b0c9d8e7f"


def case(*rows: XapiObject, **database: object) -> Case:
    return CaseBuilder().host().database(sr(), vdi(), *rows, **database).build()  # type: ignore[arg-type]  # keywords of the builder


def info(*rows: XapiObject, **database: object) -> NbdInfo:
    return nbd_info(case(*rows, **database), VDI)


def named(certificate: HostCertificate) -> NbdInfo:
    built = case(pbd(), NBD, pif(), *member(hostname="jupiter-7"), hosts=())
    report = replace(built.hosts[0], certificate=certificate)
    return nbd_info(replace(built, hosts=(report,)), VDI)


def certificate(
    *names: str, common_name: str | None = None, complete: bool = True
) -> HostCertificate:
    return HostCertificate(
        source=Source(bundle="jupiter", member="xapi_cert.out"),
        text="Subject: CN = 192.0.2.11",
        complete=complete,
        common_name=common_name,
        names=names,
        addresses=("192.0.2.11",),
        not_before=datetime(2024, 1, 1, tzinfo=UTC),
        not_after=datetime(2034, 1, 1, tzinfo=UTC),
    )


def test_plugged_sr_and_address_on_an_nbd_network_give_an_endpoint() -> None:
    found = info(pbd(), NBD, pif(device="eth1"))
    (endpoint,) = found.endpoints
    assert (found.answer, found.stopped_at, found.mend) == (Answer.OK, None, ())
    assert (endpoint.address, endpoint.port, endpoint.secure) == ("192.0.2.11", 10809, True)
    assert (endpoint.host.name, endpoint.network.name) == ("jupiter", "storage")
    assert 'ip="192.0.2.11"' in endpoint.evidence[0].text


def test_insecure_network_counts_too() -> None:
    (endpoint,) = info(pbd(), network(purpose=("insecure_nbd",)), pif()).endpoints
    assert not endpoint.secure


def test_addresses_are_ipv4_then_ipv6_with_prefix_and_the_latter_warns() -> None:
    found = info(pbd(), NBD, pif(ipv6=("2001:db8::11/64", "")))
    assert [each.address for each in found.endpoints] == ["192.0.2.11", "2001:db8::11/64"]
    assert ["IPv4 only" in w.what for w in found.endpoints[1].warnings] == [True]


@pytest.mark.parametrize("fields", [{"vlan": 40}, {"physical": False}])
def test_vlans_and_bonds_count_like_physical_pifs(fields: dict[str, object]) -> None:
    assert len(info(pbd(), NBD, pif(**fields)).endpoints) == 1  # type: ignore[arg-type]  # fields of the model


def test_host_without_the_sr_gives_nothing() -> None:
    found = info(pbd(), NBD, pif(), pif(host=SATURN, ip="192.0.2.12"), hosts=BOTH)
    assert [each.host.uuid for each in found.endpoints] == [JUPITER]


def test_unplugged_sr_stops_at_the_plug_and_the_pbd_is_named() -> None:
    found = info(pbd(attached=False), NBD, pif())
    assert (found.answer, found.stopped_at) == (Answer.FAILS, InfoStep.PLUGGED)
    assert f"xe pbd-plug uuid={pbd().uuid}" in found.mend[0].step
    assert 'currently_attached="false"' in found.evidence[0].text


def test_of_unplugged_hosts_those_with_an_address_are_offered() -> None:
    rows = (pbd(attached=False), pbd(SATURN, attached=False), NBD, pif(host=SATURN))
    found = info(*rows, hosts=BOTH)
    assert ["saturn" in step.step for step in found.mend] == [True]


def test_sr_without_a_pbd_wants_one() -> None:
    found = info(NBD, pif())
    assert found.stopped_at is InfoStep.PLUGGED
    assert "has no PBD" in found.because
    assert "pbd-create" in found.mend[0].step


def test_no_purpose_stops_there_and_offers_the_network_with_addresses() -> None:
    found = info(pbd(), network(), LAN, pif())
    assert (found.answer, found.stopped_at) == (Answer.FAILS, InfoStep.PURPOSE)
    assert [f"uuid={NETWORK}" in step.step for step in found.mend] == [True]


def test_no_purpose_and_no_address_wants_an_address_found() -> None:
    found = info(pbd(), network())
    assert "Find a network" in found.mend[0].step


def test_management_network_is_offered_last() -> None:
    rows = (pif(management=True), pif(OTHER_NETWORK, ip="198.51.100.11", management=False))
    found = info(pbd(), network(), LAN, *rows)
    assert [OTHER_NETWORK in step.step for step in found.mend] == [True, False]


@pytest.mark.parametrize(
    ("fields", "step"),
    [
        ({"ip": "", "ip_configuration_mode": "None"}, "Give PIF"),
        ({"ip": "", "ip_configuration_mode": "DHCP"}, "got no address by DHCP"),
        ({"currently_attached": False}, "xe pif-plug"),
        ({"ip": "", "currently_attached": False, "ip_configuration_mode": "None"}, "address: xe"),
        ({"currently_attached": False, "bond_slave_of": "OpaqueRef:bond"}, "Create a PIF"),
    ],
)
def test_no_address_stops_there_with_the_change_that_fits(
    fields: dict[str, object], step: str
) -> None:
    found = info(pbd(), NBD, pif(**fields))  # type: ignore[arg-type]  # fields of the model
    assert (found.answer, found.stopped_at) == (Answer.FAILS, InfoStep.ADDRESS)
    assert step in found.mend[0].step
    assert f'uuid="{pif().uuid}"' in found.evidence[-1].text


def test_no_address_offers_another_network_before_a_new_address() -> None:
    rows = (pbd(), NBD, LAN, pif(ip=""), pif(OTHER_NETWORK, ip="198.51.100.11"))
    first, second = info(*rows).mend
    assert f"param-key=nbd uuid={OTHER_NETWORK}" in first.step
    assert "pif-reconfigure-ip" in second.step


def test_purpose_offered_is_of_the_kind_the_pool_has() -> None:
    rows = (pbd(), network(purpose=("insecure_nbd",)), LAN)
    found = info(*rows, pif(OTHER_NETWORK, ip="198.51.100.11"))
    assert "param-key=insecure_nbd" in found.mend[0].step


def test_host_with_an_address_and_an_unplugged_pbd_is_offered() -> None:
    rows = (pbd(), pbd(SATURN, attached=False), NBD, pif(host=SATURN))
    found = info(*rows, hosts=BOTH)
    assert found.stopped_at is InfoStep.ADDRESS
    assert "saturn has one, but not the SR attached" in found.because
    assert "pbd-plug" in found.mend[0].step


def test_dead_host_fails_the_call_for_all() -> None:
    rows = (pbd(), pbd(SATURN), NBD, pif(), pif(host=SATURN, ip="192.0.2.12"))
    found = info(*rows, *member(), *member(SATURN, "saturn", live=False), hosts=())
    assert (found.answer, found.stopped_at) == (Answer.FAILS, InfoStep.CERTIFICATE)
    assert len(found.endpoints) == 2
    assert "HOST_OFFLINE" in found.warnings[0].what
    assert 'live="false"' in found.evidence[0].text
    assert "Bring host saturn back" in found.mend[0].step


def test_dead_host_without_an_address_is_not_asked() -> None:
    rows = (pbd(), pbd(SATURN), NBD, pif())
    found = info(*rows, *member(), *member(SATURN, "saturn", live=False), hosts=())
    assert found.answer is Answer.OK


def test_master_is_not_asked_whether_it_lives() -> None:
    built = case(pbd(), NBD, pif(), *member(live=False), hosts=())
    (pool,) = built.pools
    assert pool.pool is not None
    led = replace(pool, pool=replace(pool.pool, master=f"OpaqueRef:{JUPITER}"))
    assert nbd_info(replace(built, pools=(led,)), VDI).answer is Answer.OK


def test_disabled_host_is_a_possible_trouble() -> None:
    found = info(pbd(), NBD, pif(), *member(enabled=False), hosts=())
    assert found.answer is Answer.OK
    assert ["disabled" in each.what for each in found.warnings] == [True]


def test_both_purposes_are_warned_of() -> None:
    found = info(pbd(), network(purpose=("nbd", "insecure_nbd")), pif())
    assert found.answer is Answer.OK
    assert "refuses every connection" in found.warnings[0].what


@pytest.mark.parametrize(
    ("rows", "because"),
    [
        ((pbd(attached=None), NBD, pif()), "whether the SR is attached"),
        ((pbd(), network(purpose=None), pif()), "purpose of every network"),
        ((pbd(), NBD, pif(currently_attached=None)), "whether a PIF is attached"),
        ((pbd(), NBD, pif(ip=None)), "whether a PIF is attached"),  # type: ignore[arg-type]  # a row without the field
        ((pbd(), NBD, pif(ip="", ipv6=None)), "whether a PIF is attached"),
    ],
)
def test_row_without_the_field_leaves_it_open(rows: tuple[XapiObject, ...], because: str) -> None:
    found = info(*rows)
    assert (found.answer, found.stopped_at, found.endpoints) == (Answer.UNKNOWN, None, ())
    assert because in found.because
    assert found.mend


def test_address_of_a_host_that_nobody_says_is_alive_leaves_it_open() -> None:
    found = info(pbd(), NBD, pif(), *member(live=None), hosts=())
    assert (found.answer, len(found.endpoints)) == (Answer.UNKNOWN, 1)
    assert "whether jupiter was live" in found.because


def test_cut_database_never_says_yes_or_no() -> None:
    answers = {
        info(pbd(), NBD, pif(), complete=False).answer,
        info(complete=False).answer,
    }
    assert answers == {Answer.UNKNOWN}


def test_no_purpose_is_certain_even_where_the_plug_is_not() -> None:
    found = info(pbd(attached=None), network(), pif())
    assert (found.answer, found.stopped_at) == (Answer.FAILS, InfoStep.PURPOSE)


def test_cbt_metadata_is_refused_by_its_type() -> None:
    built = case(pbd(), NBD, pif(), vdi(OTHER_VDI, type="cbt_metadata", snapshot_of=VDI))
    found = nbd_info(built, OTHER_VDI)
    assert (found.answer, found.stopped_at) == (Answer.FAILS, InfoStep.TYPE)
    assert VDI in found.mend[0].step


def test_disk_of_unknown_type_is_open() -> None:
    built = case(pbd(), NBD, pif(), vdi(OTHER_VDI, type=None))
    assert nbd_info(built, OTHER_VDI).answer is Answer.UNKNOWN


def test_disk_of_unknown_type_stays_empty_handed() -> None:
    built = case(pbd(), network(), vdi(OTHER_VDI, type=None))
    assert nbd_info(built, OTHER_VDI).answer is Answer.FAILS


def test_disk_without_sr_is_open() -> None:
    built = case(vdi(OTHER_VDI, sr="OpaqueRef:gone"))
    assert nbd_info(built, OTHER_VDI).answer is Answer.UNKNOWN


def test_release_before_nbd_has_no_such_call() -> None:
    built = case(pbd(), network(purpose=None), schema_minor=120)
    found = nbd_info(built, VDI)
    assert (found.answer, found.stopped_at) == (Answer.FAILS, None)
    assert nbd_infos(built)[SR] == found


def test_unknown_disk_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match=OTHER_VDI):
        nbd_info(case(), OTHER_VDI)


def test_answers_per_sr_speak_of_a_live_disk_with_cbt() -> None:
    rows = (
        vdi("00000000-1111-4222-8333-444444444444", cbt_enabled=False),
        sr(OTHER_SR, "nfs"),
        vdi(OTHER_VDI, sr=OTHER_SR, type="cbt_metadata"),
    )
    found = nbd_infos(case(pbd(), NBD, pif(), *rows))
    assert [(key, each.vdi.uuid) for key, each in found.items()] == [(SR, VDI)]


def test_drives_and_media_are_left_out() -> None:
    built = case(sr(OTHER_SR, "iso"), vdi(OTHER_VDI, sr=OTHER_SR))
    assert list(nbd_infos(built)) == [SR]


def test_of_two_pools_with_one_sr_the_one_that_serves_speaks() -> None:
    first = CaseBuilder().host().database(sr(), vdi(), pbd(attached=False), NBD)
    rows = (sr(), vdi(), pbd(SATURN), network(OTHER_NETWORK, ("nbd",)), pif(OTHER_NETWORK, SATURN))
    pool = "5a6b7c8d-9e0f-4a1b-8c2d-3e4f5a6b7c8d"
    built = first.host("saturn", SATURN).database(*rows, hosts=((SATURN, "saturn"),), pool=pool)
    assert len(nbd_infos(built.build())[SR].endpoints) == 1


@pytest.mark.parametrize(
    ("shown", "subject"),
    [
        (certificate("b.example.org", "a.example.org", "*.example.com"), "a.example.org"),
        (certificate("z.example.com", "a.example.org"), "z.example.com"),
        (certificate("*.example.org"), "example.org"),
        (certificate(common_name="jupiter.example.org"), "jupiter.example.org"),
        (certificate(common_name="192.0.2.11"), "jupiter-7"),
        (certificate("192.0.2.11"), "jupiter-7"),
        (certificate("a.example.org", complete=False), None),
    ],
)
def test_subject_is_what_xapi_takes_from_the_certificate(
    shown: HostCertificate, subject: str | None
) -> None:
    (endpoint,) = named(shown).endpoints
    assert (endpoint.subject, endpoint.certificate) == (subject, shown)


def test_subject_is_unknown_without_the_certificate() -> None:
    (endpoint,) = info(pbd(), NBD, pif()).endpoints
    assert endpoint.subject is None


def test_old_release_gives_no_subject_for_a_certificate_without_names() -> None:
    built = case(pbd(), NBD, pif(), schema_minor=203)
    report = replace(built.hosts[0], certificate=certificate())
    (endpoint,) = nbd_info(replace(built, hosts=(report,)), VDI).endpoints
    assert endpoint.subject == ""
