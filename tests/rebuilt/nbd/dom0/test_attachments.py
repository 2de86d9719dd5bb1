"""What control domains hold: whose rows count, for whom, since when, and whether still used."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.case.case import Case
from analyzer.model.host import HostInventory
from analyzer.model.nbd import Dom0Attachment, Holder
from analyzer.model.network import VbdsToCleanUp
from analyzer.model.source import Source
from analyzer.model.xapi import XapiObject
from analyzer.rebuilt.nbd.dom0.attachments import dom0_attachments
from analyzer.rebuilt.nbd.dom0.use import COPY_AGE
from tests.checks.support import (
    CAPTURED,
    JUPITER,
    OTHER_VDI,
    POOL,
    SATURN,
    SNAPSHOT,
    SR,
    VDI,
    CaseBuilder,
    at,
    control_domain,
    sr,
    vbd,
    vdi,
    vm,
)

VBD = "3f0b7c9e-52d4-4e0a-9a44-6d1f0c2b8e17"
OTHER_VBD = "7d2c5b1a-90e8-4f37-8c6b-a1d4e5f60718"
REF = f"OpaqueRef:{VBD}"
MACHINE = "5c4b3a29-1807-4f6e-9d5c-4b3a29180716"
CLIENT = "xapi-nbd[3102]: main: Got new client"
STARTED = "xapi-nbd[3102]: main: Starting xapi-nbd: port = '10809'; certfile = 'x'"
ACTIVATED_OTHER = (
    f"13:30:00 SM: [2401] vdi_activate {{'args': ['true'], 'vdi_uuid': '{OTHER_VDI}', "
    f"'sr_uuid': '{SR}', 'command': 'vdi_activate'}}\n"
)
XAPI = "xapi: [debug||4711 UNIX /var/lib/xcp/xapi|VBD.plug R:0a1b2c3d4e5f|xapi_vbd]"


def snapshot(**fields: object) -> XapiObject:
    return vdi(SNAPSHOT, is_a_snapshot=True, snapshot_of=VDI, **fields)


def builder(*rows: XapiObject, **fields: object) -> CaseBuilder:
    """Return jupiter with a snapshot whose VBD its control domain holds, unless rows are given."""
    own = rows or (sr(), snapshot(), control_domain(), vbd(VBD, SNAPSHOT, None, **fields))
    return CaseBuilder().host().database(*own)


def served(time: str = "13:32:41", ref: str = REF) -> str:
    return f"{time} {CLIENT}\n{time} xapi-nbd[3102]: main: Plugging VBD {ref}\n"


def destroyed(time: str, ref: str = REF) -> str:
    return (
        f"{time} xapi-nbd[3102]: main: Unplugging VBD {ref}\n"
        f"{time} xapi-nbd[3102]: main: Destroying VBD {ref}\n"
    )


def only(case: Case) -> Dom0Attachment:
    (found,) = dom0_attachments(case)
    return found


def test_snapshot_in_a_control_domain_is_held() -> None:
    found = only(builder().build())
    assert (found.pool, found.host, found.vdi, found.vbd) == (POOL, JUPITER, SNAPSHOT, VBD)
    assert (found.plugged, found.mode, found.leaked) == (True, "RO", None)
    assert '<table name="VBD">' in found.evidence[0].text


@pytest.mark.parametrize(
    "rows",
    [
        (sr(), snapshot(), vm(MACHINE), vbd(VBD, machine=MACHINE)),
        (sr(), snapshot(), vbd(VBD)),
        (sr(kind="iso"), snapshot(), control_domain(), vbd(VBD)),
        (sr(kind="udev"), snapshot(), control_domain(), vbd(VBD)),
        (sr(kind="nfs", content_type="iso"), snapshot(), control_domain(), vbd(VBD)),
        (sr(), vdi(SNAPSHOT, type="ha_statefile"), control_domain(), vbd(VBD)),
        (sr(), vdi(SNAPSHOT, type="metadata"), control_domain(), vbd(VBD)),
        (sr(), vdi(SNAPSHOT, type="suspend"), control_domain(), vbd(VBD)),
        (sr(), vdi(SNAPSHOT, name_label="Pool Metadata Backup"), control_domain(), vbd(VBD)),
    ],
    ids=["vm", "unknown vm", "iso", "device", "iso content", "ha", "dr", "suspend", "metadata"],
)
def test_what_is_of_a_vm_or_of_xenserver_does_not_count(rows: tuple[XapiObject, ...]) -> None:
    assert dom0_attachments(builder(*rows).build()) == ()


def test_reserved_row_counts_as_plugged() -> None:
    assert only(builder(currently_attached=False, reserved=True).build()).plugged is True


def test_row_that_does_not_say_is_not_known() -> None:
    found = only(builder(currently_attached=None, reserved=None).build())
    assert (found.plugged, found.in_use) == (None, None)


def test_unplugged_row_is_certainly_not_in_use() -> None:
    found = only(builder(currently_attached=False).build())
    assert (found.plugged, found.in_use) == (False, False)


def test_row_with_an_operation_is_in_use() -> None:
    found = only(builder(currently_attached=False, current_operations={REF: "plug"}).build())
    assert found.in_use is True
    assert "plug" in found.because


def test_leaked_datapath_is_not_in_use_and_is_quoted() -> None:
    found = only(builder().datapath(SNAPSHOT, leaked=True).build())
    assert (found.leaked, found.in_use) == (True, False)
    assert any("LEAKED" in quoted.text for quoted in found.evidence)


def test_one_leaked_datapath_of_two_is_of_an_unknown_vbd() -> None:
    case = builder().datapath(SNAPSHOT, leaked=True).datapath(SNAPSHOT, "vbd/0/xvdb").build()
    assert (only(case).leaked, only(case).in_use) == (None, None)


def test_sound_datapath_says_nothing_of_use() -> None:
    found = only(builder().datapath(SNAPSHOT).build())
    assert (found.leaked, found.in_use) == (False, None)


def test_datapath_of_a_vm_is_not_of_the_control_domain() -> None:
    assert only(builder().datapath(SNAPSHOT, "vbd/5/xvda", leaked=True).build()).leaked is None


def test_leaked_datapath_without_a_row_is_held() -> None:
    found = only(builder(sr(), snapshot()).datapath(SNAPSHOT, leaked=True).build())
    assert (found.vbd, found.leaked, found.in_use) == (None, True, False)


@pytest.mark.parametrize("kind", ["user", "ha_statefile"])
def test_datapath_without_a_row_counts_only_if_leaked_and_of_a_user(kind: str) -> None:
    leaked = kind == "ha_statefile"
    rows = (sr(), vdi(SNAPSHOT, type=kind))
    assert dom0_attachments(builder(*rows).datapath(SNAPSHOT, leaked=leaked).build()) == ()


def test_leaked_datapath_of_a_disk_that_no_database_has_is_held() -> None:
    case = CaseBuilder().host().datapath(SNAPSHOT, leaked=True).build()
    assert only(case).pool == ""


def test_connection_to_xapi_nbd_is_known_by_its_vbd() -> None:
    found = only(builder().daemon_log(served()).build())
    assert found.by is Holder.NBD
    assert found.since == at("13:32:41")
    assert any("Plugging VBD" in quoted.text for quoted in found.evidence)


def test_open_connection_with_as_many_sockets_is_in_use() -> None:
    case = builder().daemon_log(served()).connected("192.0.2.40").build()
    found = only(case)
    assert found.in_use is True
    assert any("192.0.2.40" in quoted.text for quoted in found.evidence)


def test_open_connection_without_any_socket_is_not_in_use() -> None:
    found = only(builder().daemon_log(served()).connected().build())
    assert found.in_use is False
    assert "port 10809 of jupiter" in found.because


def test_connection_that_began_after_the_sockets_were_listed_is_left_open() -> None:
    found = only(builder().daemon_log(served("19:45:00")).connected().build())
    assert found.in_use is None


def test_restart_while_the_report_was_made_leaves_it_open() -> None:
    log = f"13:00:00 {STARTED}\n{served()}19:58:00 {STARTED.replace('3102', '5102')}\n"
    found = only(builder().daemon_log(log).connected("192.0.2.40").build())
    assert found.in_use is None


def test_fewer_sockets_than_connections_leave_it_open() -> None:
    rows = (sr(), snapshot(), control_domain(), vbd(VBD), vbd(OTHER_VBD))
    log = served() + served("13:33:00", f"OpaqueRef:{OTHER_VBD}")
    case = builder(*rows).daemon_log(log).connected("192.0.2.40").build()
    assert [each.in_use for each in dom0_attachments(case)] == [None, None]


def test_sockets_that_were_not_read_leave_it_open() -> None:
    log = served()
    assert only(builder().daemon_log(log).build()).in_use is None
    assert only(builder().daemon_log(log).connected(complete=False).build()).in_use is None


def test_restart_of_the_server_ends_what_it_had_plugged() -> None:
    log = f"13:00:00 {STARTED}\n{served()}18:00:00 {STARTED.replace('3102', '5102')}\n"
    found = only(builder().daemon_log(log).connected("192.0.2.40").build())
    assert found.in_use is False


def test_end_that_was_logged_while_the_report_was_made_leaves_nothing() -> None:
    log = served() + destroyed("19:59:00")
    assert dom0_attachments(builder().daemon_log(log).build()) == ()


def test_end_without_a_known_time_of_the_report_leaves_nothing() -> None:
    log = served() + destroyed("14:00:00")
    rows = (sr(), snapshot(), control_domain(), vbd(VBD))
    case = CaseBuilder().host(captured=None).database(*rows).daemon_log(log).build()
    assert dom0_attachments(case) == ()


def test_row_that_outlives_its_end_is_left() -> None:
    found = only(builder().daemon_log(served() + destroyed("14:00:00")).build())
    assert found.in_use is False


def test_unplug_that_xapi_logged_long_ago_is_quoted() -> None:
    lines = (
        f"13:32:41 {XAPI} VBD.plug of loopback VBD '{REF}'\n"
        f"14:32:41 {XAPI} VBD.unplug of loopback VBD '{REF}'\n"
    )
    found = only(builder().xensource_log(lines).build())
    assert found.in_use is False
    assert found.since == at("13:32:41")
    assert any("VBD.unplug" in quoted.text for quoted in found.evidence)


def test_vbd_that_xapi_made_for_an_export_is_its_own() -> None:
    line = (
        "13:32:41 xapi: [debug||4711 HTTPS 192.0.2.40->:::80|Export R:0a1b2c3d4e5f|attach_helpers] "
        f"created VBD (uuid {VBD}); attempting to hotplug to VM (uuid: {MACHINE})"
    )
    found = only(builder().xensource_log(line).connected().build())
    assert (found.by, found.in_use, found.since) == (Holder.XAPI, None, at("13:32:41"))


@pytest.mark.parametrize("operation", ["export", "copy"])
def test_operation_of_the_vm_or_the_disk_is_use(operation: str) -> None:
    machine = vm(MACHINE, is_a_snapshot=True, current_operations={"t": operation})
    rows = (sr(), snapshot(), control_domain(), machine, vbd(VBD), vbd(OTHER_VBD, machine=MACHINE))
    of_vm = only(builder(*rows).build())
    row = snapshot(current_operations={"t": operation})
    of_disk = only(builder(sr(), row, control_domain(), vbd(VBD)).build())
    assert (of_vm.in_use, of_disk.in_use) == (True, True)


def test_operation_that_reads_nothing_is_no_use() -> None:
    row = snapshot(current_operations={"t": "data_destroy"})
    assert only(builder(sr(), row, control_domain(), vbd(VBD)).build()).in_use is None


@pytest.mark.parametrize("covered", [True, False])
def test_list_of_xapi_nbd_names_its_vbds(*, covered: bool) -> None:
    source = Source(bundle="jupiter", member="VBDs_to_clean_up", line=1)
    known = builder().connected().smlog(ACTIVATED_OTHER if covered else "")
    case = known.build()
    kept = VbdsToCleanUp(source=source, complete=True, vbds=((VBD, source),))
    case = replace(case, hosts=(replace(case.hosts[0], to_clean_up=kept),))
    found = only(case)
    assert (found.by, found.in_use) == (Holder.NBD, False if covered else None)
    assert any(quoted.source == source for quoted in found.evidence)


def test_activation_in_smlog_says_since_when() -> None:
    lines = (
        f"13:30:00 SM: [2401] vdi_activate {{'args': ['false'], 'vdi_uuid': '{SNAPSHOT}', "
        f"'sr_uuid': '{SR}', 'command': 'vdi_activate'}}\n"
    )
    found = only(builder().smlog(lines).build())
    assert (found.since, found.before) == (at("13:30:00"), None)


def test_smlog_without_the_activation_says_before_when() -> None:
    lines = ACTIVATED_OTHER
    assert only(builder().smlog(lines).build()).before == at("00:00:00")
    assert only(builder().smlog(lines).without("smlog").build()).before is None
    assert only(builder().build()).before is None


def test_host_of_a_control_domain_comes_from_the_inventory_too() -> None:
    rows = (sr(), snapshot(), control_domain(resident_on=None), vbd(VBD))
    case = builder(*rows).build()
    assert only(case).host == ""
    inventory = HostInventory(
        source=Source(bundle="jupiter", member="inventory"),
        host_uuid=JUPITER,
        control_domain_uuid=f"d0{JUPITER[2:]}",
        product_brand=None,
        product_version=None,
        build_number=None,
    )
    case = builder(*rows).build()
    case = replace(case, hosts=(replace(case.hosts[0], inventory=inventory),))
    assert only(case).host == JUPITER


def test_each_vbd_is_one_attachment_on_its_host() -> None:
    hosts = ((JUPITER, "jupiter"), (SATURN, "saturn"))
    rows = (
        sr(),
        snapshot(),
        control_domain(),
        control_domain(SATURN),
        vbd(VBD),
        vbd(OTHER_VBD, machine=f"d0{SATURN[2:]}"),
    )
    case = CaseBuilder().host().database(*rows, hosts=hosts).build()
    assert [(each.host, each.vbd) for each in dom0_attachments(case)] == [
        (JUPITER, VBD),
        (SATURN, OTHER_VBD),
    ]


def test_made_once_per_case() -> None:
    case = builder().build()
    assert dom0_attachments(case) is dom0_attachments(case)


@given(st.integers(min_value=0, max_value=19 * 60))
def test_an_end_counts_only_when_it_is_older_than_the_copy(minutes: int) -> None:
    end = CAPTURED - timedelta(minutes=minutes)
    time = end.astimezone(UTC).strftime("%H:%M:%S")
    begin = datetime(2024, 6, 10, 0, 30, tzinfo=UTC).strftime("%H:%M:%S")
    found = dom0_attachments(builder().daemon_log(served(begin) + destroyed(time)).build())
    assert bool(found) is (timedelta(minutes=minutes) > COPY_AGE)
