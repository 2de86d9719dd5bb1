"""Tapdisks, storage, space, restarts and upgrades: one incident for each outage, none for noise."""

from dataclasses import replace
from datetime import timedelta

import pytest

from analyzer.case.case import Case
from analyzer.model.clock import ClockChange, ClockChangeKind, HostClock
from analyzer.model.finding import Confidence, Evidence
from analyzer.model.incident import Incident, IncidentKind
from analyzer.model.source import Source
from analyzer.model.storage import Mount, Mounts, PhysicalVolumes
from analyzer.model.xapi import Pbd
from analyzer.rebuilt.incidents.draft import MOST_QUOTES
from analyzer.rebuilt.incidents.incidents import incidents
from tests.checks.support import (
    GROUP,
    JUPITER,
    OTHER_VDI,
    SATURN,
    SR,
    VDI,
    CaseBuilder,
    at,
    row,
    sr,
    vdi,
)

OTHER_SR = "7e1d2c3b-4a59-4687-9b0a-1c2d3e4f5a6b"
BOOT = "kernel: [    0.000000] Linux version 4.19.0+1 (mockbuild@builder)"
LIFE = "kernel: [81544.120033] device vif3.0 entered promiscuous mode"
MAP = "3600c0ff000d82b6a7c9d1e4f02000000"
NFS = "kernel: [90210.112233] nfs: server 192.0.2.40 not responding, timed out"
NFS_OK = "kernel: [90211.112233] nfs: server 192.0.2.40 OK"
XAPI = "xapi: [debug||0 |XAPI SERVER STARTING D:a6bd9ee95f3f|xapi]"
START = f"{XAPI} (Re)starting xapi, pid: 32351"
STOPPING = "systemd[1]: Stopping XenAPI server (XAPI)..."
WARNS = "xapi: [ warn||0 |rolling upgrade D:a6bd9ee95f3f|db_gc]"
UPGRADE = f"{WARNS} Pool thinks rolling upgrade not in progress but Host version numbers differ"
UPGRADED = f"{WARNS} Pool thinks rolling upgrade in progress but Host version numbers agree"


def host(kern: str = "") -> CaseBuilder:
    case = CaseBuilder().host().database(sr(), vdi(), vdi(OTHER_VDI))
    return case.kern_log(kern) if kern else case


def of(kind: IncidentKind, case: CaseBuilder | Case) -> list[Incident]:
    built = case.build() if isinstance(case, CaseBuilder) else case
    return [one for one in incidents(built) if one.kind is kind]


def subjects(incident: Incident) -> set[tuple[str, str]]:
    return {(subject.type, subject.uuid) for subject in incident.subjects}


# Tapdisks


def opened(time: str, pid: int = 11874, disk: str = VDI, sm: int = 2401) -> str:
    image = f"vhd:/dev/{GROUP}/VHD-{disk}"
    entry = (
        f"vdi_activate {{'args': ['true'], 'vdi_uuid': '{disk}', 'sr_uuid': '{SR}', "
        "'command': 'vdi_activate'}"
    )
    return (
        f"{time} SM: [{sm}] {entry}\n"
        f"{time} SM: [{sm}] ['/usr/sbin/tap-ctl', 'open', '-p', '{pid}', '-m', '3', '-a', "
        f"'{image}', '-t', '40']\n"
        f"{time} SM: [{sm}]  = 0\n"
        f"{time} SM: [{sm}] Removed activating flag from {disk}\n"
    )


def missing(time: str, disk: str = VDI, sm: int = 2500) -> str:
    entry = f"{{'vdi_uuid': '{disk}', 'sr_uuid': '{SR}', 'command': 'vdi_deactivate'}}"
    return (
        f"{time} SM: [{sm}] vdi_deactivate {entry}\n"
        f"{time} SM: [{sm}] tap.deactivate: Warning, No such Tapdisk(minor=3)\n"
    )


def segfault(time: str, pid: int = 11874) -> str:
    return (
        f"{time} kernel: [12345.678901] tapdisk[{pid}]: segfault at 7f3a12c45000 ip "
        "00007f3a1ab14e5d sp 00007ffd4f1b2c58 error 4 in libc-2.17.so[7f3a1aa52000+1c4000]\n"
    )


def test_segfault_of_a_tapdisk_names_its_disk() -> None:
    case = host(segfault("13:20:00")).smlog(opened("13:00:00"))
    (one,) = of(IncidentKind.TAPDISK_CRASHED, case)
    assert subjects(one) == {("Host", JUPITER), ("VDI", VDI), ("SR", SR)}
    assert (one.confidence, one.tapdisks) == (Confidence.CERTAIN, ("11874",))
    assert one.began == one.ended == at("13:20:00")
    assert one.title == f"A tapdisk of disk {VDI} ended by itself on host jupiter"


def test_tapdisk_of_nobody_knows_which_disk_is_told_all_the_same() -> None:
    (one,) = of(IncidentKind.TAPDISK_CRASHED, host(segfault("13:20:00")))
    assert subjects(one) == {("Host", JUPITER)}


def test_tapdisk_of_a_pid_used_before_the_last_boot_is_another_one() -> None:
    kern = f"13:10:00 {BOOT}\n" + segfault("13:20:00")
    (one,) = of(IncidentKind.TAPDISK_CRASHED, host(kern).smlog(opened("13:00:00")))
    assert subjects(one) == {("Host", JUPITER)}


def test_kernel_that_kills_for_memory_tells_twice_of_one_crash() -> None:
    kern = (
        "13:20:00 kernel: [1.1] Out of memory: Kill process 11874 (tapdisk) score 21\n"
        "13:20:00 kernel: [1.2] Killed process 11874 (tapdisk) total-vm:182344kB\n"
    )
    (one,) = of(IncidentKind.TAPDISK_CRASHED, host(kern).smlog(opened("13:00:00")))
    assert one.count == 2


def test_tapdisk_that_sm_misses_ended_somewhere_since_it_was_opened() -> None:
    case = host().smlog(opened("13:00:00") + missing("13:40:00"))
    (one,) = of(IncidentKind.TAPDISK_CRASHED, case)
    assert (one.began.earliest, one.began.latest) == (at("13:00:00").at, at("13:40:00").at)
    assert (one.confidence, one.ended, one.tapdisks) == (Confidence.LIKELY, None, ("11874",))
    assert subjects(one) >= {("VDI", VDI)}


def test_tapdisk_that_the_kernel_and_sm_tell_of_crashed_once() -> None:
    case = host(segfault("13:20:00")).smlog(opened("13:00:00") + missing("15:40:00"))
    (one,) = of(IncidentKind.TAPDISK_CRASHED, case)
    assert one.last_seen == at("15:40:00")


def test_tapdisk_that_ended_with_its_host_did_not_crash() -> None:
    case = host(f"13:20:00 {BOOT}").smlog(opened("13:00:00") + missing("13:40:00"))
    assert of(IncidentKind.TAPDISK_CRASHED, case) == []


@pytest.mark.parametrize(("kern", "number"), [("", 1), (f"13:20:00 {BOOT}", 0)])
def test_tapdisk_that_was_not_seen_to_open_may_have_ended_with_its_host(
    kern: str, number: int
) -> None:
    found = of(IncidentKind.TAPDISK_CRASHED, host(kern).smlog(missing("13:40:00")))
    assert len(found) == number
    assert all(one.confidence is Confidence.POSSIBLE for one in found)
    assert all(one.began.doubt >= timedelta(days=29) for one in found)


def test_tapdisk_that_shut_down_did_not_crash() -> None:
    line = "13:40:00 SM: [2500] tap.deactivate: Shut down Tapdisk(vhd:/x, pid=11874, minor=3)\n"
    assert of(IncidentKind.TAPDISK_CRASHED, host().smlog(opened("13:00:00") + line)) == []


def test_tapdisks_of_one_disk_that_die_again_and_again_are_one_incident() -> None:
    smlog = "".join(opened(f"13:{n:02}:00", 11000 + n, sm=2400 + n) for n in range(30))
    kern = "".join(segfault(f"13:{n:02}:30", 11000 + n) for n in range(30))
    (one,) = of(IncidentKind.TAPDISK_CRASHED, host(kern).smlog(smlog))
    assert (one.count, len(one.tapdisks), len(one.evidence)) == (30, 30, MOST_QUOTES)


def test_tapdisks_of_which_nobody_knows_the_disk_are_told_apart_by_their_pids() -> None:
    kern = segfault("13:20:00") + segfault("13:20:05", 11875) + segfault("13:20:09")
    assert [one.count for one in of(IncidentKind.TAPDISK_CRASHED, host(kern))] == [2, 1]


def test_tapdisk_that_could_not_be_opened_is_not_the_disks() -> None:
    smlog = opened("13:00:00") + opened("13:10:00", 11999, sm=2402).replace(" = 0", " = 5")
    (one,) = of(IncidentKind.TAPDISK_CRASHED, host().smlog(smlog + missing("13:40:00")))
    assert one.tapdisks == ("11874",)


def test_tapdisks_of_two_disks_are_two_incidents() -> None:
    smlog = opened("13:00:00") + opened("13:00:05", 11875, OTHER_VDI, 2402)
    case = host(segfault("13:20:00") + segfault("13:20:01", 11875)).smlog(smlog)
    assert len(of(IncidentKind.TAPDISK_CRASHED, case)) == 2


# Outages


def mounts(device: str, repository: str = SR) -> Mounts:
    source = Source(bundle="jupiter", member="df-alT.out", line=2)
    path = f"/run/sr-mount/{repository}"
    mount = Mount(
        source=source, text="", device=device, type="nfs4", size=1, available=1, path=path
    )
    return Mounts(source=source, complete=True, mounts=(mount,))


def volumes(*devices: str, complete: bool = True, group: str = GROUP) -> PhysicalVolumes:
    source = Source(bundle="jupiter", member="pvs.out")
    pairs = tuple((device, group) for device in devices)
    return PhysicalVolumes(source=source, complete=complete, volumes=pairs)


def io_error(time: str, device: str = "sdc") -> str:
    return f"{time} kernel: [9.1] blk_update_request: I/O error, dev {device}, sector 20480\n"


def paths(time: str, number: int) -> str:
    return f"{time} multipathd[1903]: {MAP}: remaining active paths: {number}\n"


def outages(case: CaseBuilder) -> list[Incident]:
    return of(IncidentKind.SR_OUTAGE, case)


def test_server_that_does_not_answer_is_an_outage_until_it_does() -> None:
    kern = f"13:00:00 {NFS}\n13:05:00 {NFS_OK}\n"
    case = host(kern).shows(mounts=mounts(f"192.0.2.40:/export/{SR}"))
    (one,) = outages(case)
    assert (one.began, one.ended) == (at("13:00:00"), at("13:05:00"))
    assert (one.confidence, subjects(one)) == (
        Confidence.CERTAIN,
        {("Host", JUPITER), ("SR", SR)},
    )
    assert one.title == "Storage did not answer on host jupiter: server 192.0.2.40"


def test_server_that_never_answers_again_has_no_end() -> None:
    (one,) = outages(host(f"13:00:00 {NFS}\n18:00:00 {NFS}\n"))
    assert (one.ended, one.last_seen, one.count) == (None, at("18:00:00"), 2)


def test_server_that_fails_again_soon_is_one_outage() -> None:
    kern = f"13:00:00 {NFS}\n13:00:20 {NFS_OK}\n13:05:00 {NFS}\n13:05:20 {NFS_OK}\n"
    (one,) = outages(host(kern))
    assert (one.ended, one.count) == (at("13:05:20"), 2)


def test_server_that_fails_again_later_is_another_outage() -> None:
    kern = f"13:00:00 {NFS}\n13:00:20 {NFS_OK}\n14:05:00 {NFS}\n14:05:20 {NFS_OK}\n"
    assert len(outages(host(kern))) == 2


def test_boot_ends_what_the_host_waited_for() -> None:
    kern = f"13:00:00 {NFS}\n13:10:00 {BOOT}\n13:20:00 {NFS}\n"
    assert [one.began for one in outages(host(kern))] == [at("13:00:00"), at("13:20:00")]


def test_good_news_alone_is_no_outage() -> None:
    assert outages(host(f"13:00:00 {NFS_OK}")) == []


def test_two_servers_are_two_outages() -> None:
    other = NFS.replace("192.0.2.40", "192.0.2.41")
    assert len(outages(host(f"13:00:00 {NFS}\n13:00:00 {other}\n"))) == 2


def test_server_is_found_by_the_configuration_of_the_pbd() -> None:
    plug = row(Pbd, SATURN, host=JUPITER, sr=SR, device_config={"server": "192.0.2.40"})
    case = CaseBuilder().host().database(sr(kind="nfs"), plug).kern_log(f"13:00:00 {NFS}")
    assert subjects(outages(case)[0]) >= {("SR", SR)}


@pytest.mark.parametrize("device", ["//files.example.org/share", "//files.example.org/a/b"])
def test_smb_server_is_found_by_its_mount(device: str) -> None:
    line = "kernel: [9.1] CIFS VFS: Server files.example.org has not responded in 120 seconds."
    (one,) = outages(host(f"13:00:00 {line}\n").shows(mounts=mounts(device)))
    assert subjects(one) >= {("SR", SR)}


def test_server_of_an_ipv6_address_is_found_by_its_mount() -> None:
    line = NFS.replace("192.0.2.40", "2001:db8::40")
    case = host(f"13:00:00 {line}").shows(mounts=mounts("[2001:db8::40]:/export"))
    assert subjects(outages(case)[0]) >= {("SR", SR)}


def test_mount_of_another_server_or_folder_is_not_behind_it() -> None:
    other = mounts("192.0.2.99:/export")
    iso = replace(other.mounts[0], device="192.0.2.40:/iso", path="/mnt/iso")
    case = host(f"13:00:00 {NFS}").shows(mounts=replace(other, mounts=(*other.mounts, iso)))
    assert subjects(outages(case)[0]) == {("Host", JUPITER)}


def test_device_with_the_mount_of_an_sr_is_storage() -> None:
    (one,) = outages(host(io_error("13:00:00", "sdc")).shows(mounts=mounts("/dev/sdc")))
    assert subjects(one) >= {("SR", SR)}


def test_storm_of_io_errors_is_one_outage_with_its_count() -> None:
    kern = "".join(
        io_error(f"{13 + n // 60}:{n % 60:02}:{s:02}") for n in range(90) for s in (1, 2)
    )
    (one,) = outages(host(kern).shows(pvs=volumes("/dev/sdc")))
    assert (one.count, one.began, one.last_seen) == (180, at("13:00:01"), at("14:29:02"))
    assert subjects(one) >= {("SR", SR)}
    assert one.confidence is Confidence.LIKELY


def test_io_errors_of_the_morning_and_of_the_evening_are_two_outages() -> None:
    kern = io_error("08:00:00") + io_error("18:00:00")
    assert len(outages(host(kern).shows(pvs=volumes("/dev/sdc")))) == 2


def test_disks_of_one_sr_fail_together() -> None:
    kern = io_error("13:00:00") + io_error("13:00:01", "sdd")
    (one,) = outages(host(kern).shows(pvs=volumes("/dev/sdc", "/dev/sdd")))
    assert one.title.endswith("device sdc, sdd")


@pytest.mark.parametrize("device", ["sr0", "nbd0", "loop3"])
def test_cd_or_nbd_device_is_no_storage(device: str) -> None:
    assert outages(host(io_error("13:00:00", device))) == []


def test_device_that_is_known_to_hold_no_sr_is_no_outage() -> None:
    assert outages(host(io_error("13:00:00", "sdz")).shows(pvs=volumes("/dev/sdc"))) == []


@pytest.mark.parametrize("pvs", [None, volumes(complete=False)], ids=["not there", "cut"])
def test_device_of_which_nobody_knows_is_a_possible_outage(pvs: PhysicalVolumes | None) -> None:
    (one,) = outages(host(io_error("13:00:00", "sdz")).shows(pvs=pvs))
    assert (one.confidence, subjects(one)) == (Confidence.POSSIBLE, {("Host", JUPITER)})


def test_disk_with_the_sr_on_a_partition_is_a_possible_outage_of_it() -> None:
    case = host(io_error("13:00:00", "sda")).shows(pvs=volumes("/dev/sda3", "/dev/sdab"))
    (one,) = outages(case)
    assert (one.confidence, subjects(one)) == (
        Confidence.POSSIBLE,
        {("Host", JUPITER), ("SR", SR)},
    )


def test_many_mapped_devices_that_fail_together_are_one_outage() -> None:
    kern = "".join(io_error("13:00:00", f"dm-{n}") for n in range(30))
    (one,) = outages(host(kern).shows(pvs=volumes("/dev/sdc")))
    assert one.title.endswith("device dm-0, dm-1, dm-2 and 27 more")
    assert one.count == 30


def test_path_that_fails_beside_others_is_no_outage() -> None:
    assert outages(host().daemon_log(paths("13:00:00", 3) + paths("13:00:10", 4))) == []


def test_disk_without_a_path_is_an_outage_until_one_is_back() -> None:
    log = paths("13:00:00", 0) + paths("13:04:00", 1) + paths("13:04:02", 4)
    case = host().daemon_log(log).shows(pvs=volumes(f"/dev/mapper/{MAP}"))
    (one,) = outages(case)
    assert (one.began, one.ended) == (at("13:00:00"), at("13:04:00"))
    assert (one.confidence, subjects(one)) == (
        Confidence.CERTAIN,
        {("Host", JUPITER), ("SR", SR)},
    )


def test_iscsi_connection_that_breaks_is_a_possible_outage() -> None:
    kern = (
        "13:00:00 kernel: [9.1]  connection1:0: detected conn error (1020)\n"
        "13:02:00 kernel: [9.2]  session1: session recovery timed out after 120 secs\n"
    )
    up = "13:03:00 iscsid[2210]: connection1:0 is operational after recovery (12 attempts)\n"
    (one,) = outages(host(kern).daemon_log(up))
    assert (one.confidence, one.ended, one.count) == (Confidence.POSSIBLE, at("13:03:00"), 2)


def test_host_without_a_report_has_no_storage_that_is_known() -> None:
    case = host(f"13:00:00 {NFS}").build()
    object.__setattr__(case, "hosts", ())
    assert subjects(of(IncidentKind.SR_OUTAGE, case)[0]) == {("Host", "jupiter")}


# Space


def refused(time: str, free: int = 0, sm: int = 24517, need: int = 4194304) -> str:
    entry = f"{{'vdi_uuid': '{VDI}', 'sr_uuid': '{SR}', 'command': 'vdi_enable_cbt'}}"
    return (
        f"{time} SM: [{sm}] vdi_enable_cbt {entry}\n"
        f"{time} SM: [{sm}] Not enough space! free space: {free}, need: {need}\n"
        f"{time} SM: [{sm}] Raising exception [44, There is insufficient space]\n"
    )


def enabled(time: str, sm: int = 24600) -> str:
    entry = f"{{'vdi_uuid': '{VDI}', 'sr_uuid': '{SR}', 'command': 'vdi_enable_cbt'}}"
    return (
        f"{time} SM: [{sm}] vdi_enable_cbt {entry}\n"
        f"{time} SM: [{sm}] Unpause request for {VDI} secondary=None\n"
    )


def test_sr_that_had_not_enough_space_tells_how_much() -> None:
    (one,) = of(IncidentKind.SR_FULL, host().smlog(refused("13:00:00", 3145728)))
    assert one.title == "SR tank had not enough space: 3 MiB free, 4 MiB needed"
    assert (one.host, subjects(one), one.count) == ("", {("SR", SR)}, 1)


def test_nights_of_refusals_are_one_incident_until_a_call_succeeds() -> None:
    log = refused("01:00:00") + refused("02:00:00", sm=24518) + enabled("03:00:00")
    log += refused("04:00:00", sm=24700)
    first, second = of(IncidentKind.SR_FULL, host().smlog(log))
    assert (first.count, first.ended) == (2, at("03:00:00"))
    assert (second.count, second.ended) == (1, None)


def test_file_system_without_space_is_a_full_sr() -> None:
    log = (
        f"13:00:00 SM: [9] vdi_snapshot {{'vdi_uuid': '{VDI}', 'sr_uuid': '{SR}'}}\n"
        f"13:00:00 SM: [9] ['/usr/sbin/cbt-util', 'create', '-n', '/run/sr-mount/{SR}/{VDI}.cbtlog', '-s', '1']\n"
        "13:00:00 SM: [9] FAILED in util.pread: (rc 28) stdout: '', stderr: 'Failed to open log"
        " file x. No space left on device'\n"
    )
    (one,) = of(IncidentKind.SR_FULL, host().smlog(log))
    assert one.title == "SR tank had not enough space"


def test_error_of_another_kind_is_no_full_sr() -> None:
    log = refused("13:00:00").replace("Not enough space!", "Enough:").replace("[44,", "[46,")
    assert of(IncidentKind.SR_FULL, host().smlog(log)) == []


def test_alert_of_the_collector_is_of_its_sr() -> None:
    body = f"Unable to perform data coalesce due to a lack of space in SR {OTHER_SR}"
    case = host().alert("SM_GC_NO_SPACE", OTHER_SR, "13:00:00", body, cls="SR")
    (one,) = of(IncidentKind.SR_FULL, case)
    assert subjects(one) == {("SR", OTHER_SR)}


# Plugs


def call(time: str, name: str, sm: int, repository: str = SR, *, failed: bool = False) -> str:
    end = f"{time} SM: [{sm}] ***** generic exception: {name}: EXCEPTION <class 'x.E'>, no\n"
    entry = f"{time} SM: [{sm}] {name} {{'sr_uuid': '{repository}', 'command': '{name}'}}\n"
    return entry + (end if failed else "")


def unplugs(case: CaseBuilder) -> list[Incident]:
    return of(IncidentKind.SR_UNPLUGGED, case)


def test_unplugged_sr_is_back_when_it_is_plugged_again() -> None:
    log = call("13:00:00", "sr_detach", 10) + call("13:30:00", "sr_attach", 11)
    (one,) = unplugs(host().smlog(log))
    assert (one.began, one.ended) == (at("13:00:00"), at("13:30:00"))
    assert subjects(one) == {("Host", JUPITER), ("SR", SR)}


@pytest.mark.parametrize(
    "back",
    [call("13:30:00", "sr_attach", 11, OTHER_SR), call("13:30:00", "sr_attach", 11, failed=True)],
    ids=["another SR", "failed"],
)
def test_unplugged_sr_that_is_not_plugged_again_has_no_end(back: str) -> None:
    (one,) = unplugs(host().smlog(call("13:00:00", "sr_detach", 10) + back))
    assert one.ended is None


def test_unplug_that_failed_is_nothing() -> None:
    assert unplugs(host().smlog(call("13:00:00", "sr_detach", 10, failed=True))) == []


def test_unplug_of_a_host_that_shuts_down_is_nothing() -> None:
    case = host(f"13:10:00 {BOOT}").smlog(call("13:00:00", "sr_detach", 10))
    assert unplugs(case.daemon_log("13:01:00 systemd[1]: Reached target Shutdown.")) == []


def test_unplug_long_before_a_reboot_is_told() -> None:
    case = host(f"13:10:00 {BOOT}").smlog(call("10:00:00", "sr_detach", 10))
    assert len(unplugs(case.daemon_log("13:01:00 systemd[1]: Reached target Shutdown."))) == 1


def test_srs_that_xapi_could_not_plug_are_told() -> None:
    name = "PBD_PLUG_FAILED_ON_SERVER_START"
    (one,) = unplugs(host().alert(name, JUPITER, "13:00:00", "", cls="Host"))
    assert one.title == "Not all SRs could be plugged when xapi started on host jupiter"


# The toolstack


def role(time: str, boot: str) -> str:
    return f"{time} {XAPI} on_system_boot={boot} pool_role=Master"


def restarts(case: CaseBuilder) -> list[Incident]:
    return of(IncidentKind.TOOLSTACK_RESTARTED, case)


def test_xapi_that_starts_on_a_running_host_was_restarted() -> None:
    log = f"13:00:00 {START}\n{role('13:00:01', 'false')}"
    (one,) = restarts(host().xensource_log(log))
    assert (one.title, one.confidence) == (
        "The toolstack was restarted on host jupiter",
        Confidence.CERTAIN,
    )


def test_restart_began_when_xapi_was_stopped() -> None:
    case = host().daemon_log(f"12:59:00 {STOPPING}").xensource_log(f"13:00:00 {START}")
    (one,) = restarts(case)
    assert (one.began, one.ended) == (at("12:59:00"), at("13:00:00"))


def test_stop_of_long_ago_is_not_the_beginning() -> None:
    case = host().daemon_log(f"09:59:00 {STOPPING}").xensource_log(f"13:00:00 {START}")
    (one,) = restarts(case)
    assert (one.began, one.confidence) == (at("13:00:00"), Confidence.LIKELY)
    assert one.title == "xapi was started on host jupiter"


def test_xapi_that_died_is_told_so() -> None:
    died = "12:59:59 systemd[1]: xapi.service: main process exited, code=killed, status=11/SEGV"
    (one,) = restarts(host().daemon_log(died).xensource_log(f"13:00:00 {START}"))
    assert one.title == "xapi died and was started again on host jupiter"


def test_first_start_since_a_boot_is_no_restart() -> None:
    log = f"13:00:00 {START}\n{role('13:00:01', 'true')}"
    assert restarts(host().xensource_log(log)) == []


@pytest.mark.parametrize(("boot", "number"), [("12:58:00", 0), ("10:00:00", 1)])
def test_boot_shortly_before_explains_a_start_that_says_nothing(boot: str, number: int) -> None:
    case = host(f"{boot} {BOOT}").xensource_log(f"13:00:00 {START}")
    assert len(restarts(case)) == number


def test_second_start_since_a_boot_is_a_restart() -> None:
    case = host(f"12:58:00 {BOOT}").xensource_log(f"13:00:00 {START}\n13:20:00 {START}")
    assert [one.ended for one in restarts(case)] == [at("13:20:00")]


def test_loop_of_restarts_is_one_incident() -> None:
    log = "\n".join(f"13:{n:02}:00 {START}\n{role(f'13:{n:02}:01', 'false')}" for n in range(40))
    (one,) = restarts(host().xensource_log(log))
    assert (one.count, one.began, one.ended) == (40, at("13:00:00"), at("13:39:00"))
    assert len(one.evidence) == MOST_QUOTES


def test_rotation_of_the_logs_is_no_restart() -> None:
    line = '13:00:00 rsyslogd: [origin software="rsyslogd"] rsyslogd was HUPed'
    assert incidents(host().daemon_log(line).build()) == ()


def test_restart_of_a_users_systemd_is_nothing_to_xapi() -> None:
    case = host().daemon_log(f"12:59:00 {STOPPING}".replace("[1]", "[4242]"))
    (one,) = restarts(case.xensource_log(f"13:00:00 {START}"))
    assert one.began == at("13:00:00")


# xapi-nbd

NBD = "Starting xapi-nbd: port = '10809'; certfile = '/etc/xensource/xapi-ssl.pem'"


def nbd(case: CaseBuilder) -> list[Incident]:
    return of(IncidentKind.NBD_RESTARTED, case)


def test_xapi_nbd_that_was_stopped_and_started_was_restarted() -> None:
    log = (
        f"12:00:00 xapi-nbd[100]: main: {NBD}\n"
        "13:00:00 xapi-nbd[100]: main: Caught signal SIGTERM, cleaning up\n"
        f"13:00:05 xapi-nbd[200]: main: {NBD}\n"
    )
    (one,) = nbd(host().daemon_log(log))
    assert (one.began, one.ended) == (at("13:00:00"), at("13:00:05"))
    assert one.title == "xapi-nbd was restarted on host jupiter"


def test_xapi_nbd_that_died_is_told_so() -> None:
    log = (
        f"12:00:00 xapi-nbd[100]: main: {NBD}\n"
        '13:00:00 xapi-nbd[100]: main: Caught unexpected exception: Failure("x")\n'
        f"13:00:05 xapi-nbd[200]: main: {NBD}\n"
    )
    (one,) = nbd(host().daemon_log(log))
    assert one.title == "xapi-nbd died and was started again on host jupiter"


def test_first_start_of_xapi_nbd_is_no_restart() -> None:
    assert nbd(host().daemon_log(f"12:00:00 xapi-nbd[100]: main: {NBD}")) == []


def test_start_of_xapi_nbd_after_a_boot_is_no_restart() -> None:
    log = f"12:00:00 xapi-nbd[100]: main: {NBD}\n13:00:05 xapi-nbd[200]: main: {NBD}\n"
    assert nbd(host(f"12:58:00 {BOOT}").daemon_log(log)) == []


# Upgrades


def upgrades(case: CaseBuilder) -> list[Incident]:
    return of(IncidentKind.ROLLING_UPGRADE, case)


def test_rolling_upgrade_begins_and_ends() -> None:
    case = host().xensource_log(f"10:00:00 {UPGRADE}\n10:00:05 {UPGRADE}\n13:00:00 {UPGRADED}")
    (one,) = upgrades(case)
    assert (one.began, one.ended, one.host) == (at("10:00:00"), at("13:00:00"), "")


def test_rolling_upgrade_that_goes_on_has_no_end() -> None:
    (one,) = upgrades(host().xensource_log(f"10:00:00 {UPGRADE}"))
    assert one.ended is None


def test_rolling_upgrade_of_which_only_the_end_was_seen_began_nobody_knows_when() -> None:
    (one,) = upgrades(host().xensource_log(f"13:00:00 {UPGRADED}"))
    assert one.began.doubt >= timedelta(days=29)


# Clocks


def clock(kind: ClockChangeKind, seconds: float | None, name: str = "jupiter") -> HostClock:
    source = Source(bundle=name, member="var/log/SMlog", line=7)
    before = Evidence(source=source, text="before", at=at("13:00:00"))
    change = ClockChange(
        kind=kind,
        host=name,
        bundle=name,
        at=at("13:00:00"),
        seconds=seconds,
        confidence=Confidence.LIKELY,
        before=before,
        after=replace(before, source=replace(source, line=8), text="after"),
        members=("var/log/SMlog",),
    )
    return HostClock(
        host=name,
        bundle=name,
        dated_by="test",
        zone_known=True,
        utc_offset_minutes=0,
        changes=(change,),
    )


@pytest.mark.parametrize(
    ("kind", "seconds", "title"),
    [
        (ClockChangeKind.BACK, -3600.0, "was set back by 1 h"),
        (ClockChangeKind.FORWARD, 95.0, "was set forward by 1 min 35 s"),
        (ClockChangeKind.FORWARD, 0.2, "was set forward by 0.2 s"),
        (ClockChangeKind.BACK, None, "was set back"),
    ],
)
def test_clock_that_was_set_is_an_incident(
    kind: ClockChangeKind, seconds: float | None, title: str
) -> None:
    case = replace(host().build(), clocks=(clock(kind, seconds),))
    (one,) = of(IncidentKind.CLOCK_STEPPED, case)
    assert one.title == f"The clock of host jupiter {title}"
    assert [quote.text for quote in one.evidence] == ["before", "after"]
    assert (one.confidence, one.began) == (Confidence.LIKELY, at("13:00:00"))


@pytest.mark.parametrize("kind", [ClockChangeKind.SUMMER_TIME, ClockChangeKind.REBOOT])
def test_summer_time_is_no_incident(kind: ClockChangeKind) -> None:
    case = replace(host().build(), clocks=(clock(kind, 3600.0),))
    assert of(IncidentKind.CLOCK_STEPPED, case) == []


# All of them


def test_incidents_are_ordered_by_time() -> None:
    case = host(f"12:30:00 {NFS}\n{segfault('12:00:00')}").smlog(refused("11:00:00"))
    kinds = [one.kind for one in incidents(case.build())]
    assert kinds == [
        IncidentKind.SR_FULL,
        IncidentKind.TAPDISK_CRASHED,
        IncidentKind.SR_OUTAGE,
    ]


def test_incidents_are_made_once() -> None:
    case = host(f"12:30:00 {NFS}").build()
    assert incidents(case) is incidents(case)


def test_incidents_without_any_line_are_none() -> None:
    assert incidents(CaseBuilder().build()) == ()


def test_every_quotation_is_a_line() -> None:
    case = host(f"12:30:00 {NFS}\n12:30:00 {NFS}").smlog(refused("11:00:00")).build()
    quotes = [quote for one in incidents(case) for quote in one.evidence]
    assert all(quote.text and quote.source.line for quote in quotes)


def test_an_incident_without_evidence_cannot_be_built() -> None:
    with pytest.raises(ValueError, match="needs evidence"):
        Incident(
            id="I-x",
            kind=IncidentKind.SR_FULL,
            host="",
            bundle="",
            title="",
            began=at("13:00:00"),
            ended=None,
            confidence=Confidence.CERTAIN,
            subjects=(),
            evidence=(),
        )
