"""The shipped edges, on lines of logs: a cause is claimed only where lines tie it to the disk."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from analyzer.case.case import Case
from analyzer.causes import find_causes, load_edges
from analyzer.model.event import Event
from analyzer.model.finding import Evidence, Finding
from analyzer.model.host import Role
from analyzer.model.moment import Moment
from analyzer.model.report import Cause
from analyzer.model.source import Source
from analyzer.model.storage import Mount, Mounts, PhysicalVolumes
from analyzer.model.xapi import Pbd
from tests.causes.test_causes import finding, outcomes
from tests.checks.support import (
    GROUP,
    JUPITER,
    OTHER_VDI,
    POOL,
    SATURN,
    SR,
    VDI,
    CaseBuilder,
    at,
    pbd,
    sr,
    vdi,
)

PLUTO = "b8c7d6e5-f4a3-4b21-8c0d-9e8f7a6b5c4d"
OTHER_POOL = "88d3fab5-2c4e-4071-9b8f-6ead1c2b3f49"
HOSTS = ((JUPITER, "jupiter"), (SATURN, "saturn"), (PLUTO, "pluto"))
BOOT = "kernel: [    0.000000] Linux version 4.19.0+1 (mockbuild@builder)\n"
SHUTDOWN = "systemd[1]: Reached target Shutdown.\n"
STORAGE = "Storage did not answer on host jupiter: "
TAPDISK = f"A tapdisk of disk {VDI} ended by itself on host jupiter"
DOWN = "Host jupiter went down without an orderly shutdown"
SATURN_DOWN = "Host saturn went down without an orderly shutdown"
NOT_KNOWN = "what ended the session before it is not known"
NFS = "kernel: [90210.112233] nfs: server 192.0.2.40 not responding, timed out\n"
NFS_OK = "kernel: [90211.112233] nfs: server 192.0.2.40 OK\n"


def log_of(disk: str) -> str:
    """Return the path of a disk's log."""
    return f"/dev/{GROUP}/{disk}.cbtlog"


def held(time: str, disk: str = VDI, pid: int = 11874) -> str:
    """Return the line of a tapdisk that opens a disk with its log."""
    image = f"vhd:/dev/{GROUP}/VHD-{disk}"
    return (
        f"{time} SM: [2401] ['/usr/sbin/tap-ctl', 'open', '-p', '{pid}', '-m', '3', "
        f"'-a', '{image}', '-t', '40', '-C', '{log_of(disk)}']\n"
    )


def flag(time: str, value: int, disk: str = VDI) -> str:
    """Return the line that marks a log as in use (0) or closed (1)."""
    command = f"['/usr/sbin/cbt-util', 'set', '-n', '{log_of(disk)}', '-f', '{value}']"
    return f"{time} SM: [2401] {command}\n"


def created(time: str, disk: str = VDI) -> str:
    """Return the line that makes a log."""
    command = f"['/usr/sbin/cbt-util', 'create', '-n', '{log_of(disk)}', '-s', '10737418240']"
    return f"{time} SM: [2390] {command}\n"


def released(time: str, disk: str = VDI) -> str:
    """Return the line of a host that gives a disk up."""
    return f"{time} SM: [2401] Removed host key host_OpaqueRef:{JUPITER} for {disk}\n"


def segfault(pid: int) -> str:
    """Return the kernel's line on a tapdisk that died."""
    return (
        f"kernel: [12345.678901] tapdisk[{pid}]: segfault at 7f3a12c45000 ip 00007f3a1ab14e5d "
        "sp 00007ffd4f1b2c58 error 4 in libc-2.17.so[7f3a1aa52000+1c4000]\n"
    )


def io_error(device: str) -> str:
    """Return the kernel's line on a device that failed."""
    return f"kernel: [90210.112233] blk_update_request: I/O error, dev {device}, sector 20480\n"


def one_host(smlog: str = "", kern: str = "", daemon: str = "") -> CaseBuilder:
    """Return a case of jupiter."""
    case = CaseBuilder().host().database(sr(), vdi(), vdi(OTHER_VDI))
    return case.smlog(smlog).kern_log(kern).daemon_log(daemon)


def pool(saturn: str = "", saturn_kern: str = "", pluto_kern: str = "") -> CaseBuilder:
    """Return a case of three hosts; the finding of these tests is on jupiter."""
    case = CaseBuilder().host().database(sr(), vdi(), vdi(OTHER_VDI), hosts=HOSTS)
    case = case.host("saturn", SATURN).smlog(saturn).kern_log(saturn_kern)
    return case.host("pluto", PLUTO).kern_log(pluto_kern)


def told(case: CaseBuilder | Case, *findings: Finding) -> tuple[Cause, ...]:
    """Return the causes of findings, by default of one inconsistent log at 13:32:41."""
    built = case.build() if isinstance(case, CaseBuilder) else case
    return find_causes(outcomes(*(findings or (finding(),))), built, load_edges())[1]


def title(case: CaseBuilder | Case, *findings: Finding) -> str:
    """Return the title of the only cause."""
    (cause,) = told(case, *findings)
    return cause.title


def test_boot_explains_a_log_that_its_host_had_open() -> None:
    case = one_host(held("13:00:00"), f"13:28:00 {BOOT}")
    (cause,) = told(case)
    assert cause.title.startswith(f"{DOWN} between 2024-06-10 13:00 and 13:28 UTC, and then CBT")
    assert {source.member for source in cause.context} == {"var/log/kern.log", "var/log/SMlog"}


def test_boot_explains_all_disks_that_its_host_had_open() -> None:
    case = one_host(held("13:00:00") + held("13:00:05", OTHER_VDI), f"13:28:00 {BOOT}")
    (cause,) = told(case, finding(), finding(subjects=(("VDI", OTHER_VDI),), when="13:40:00"))
    assert "2 disks" in cause.title
    assert cause.next_action.startswith("Find out why the host went down.")


def test_boot_is_no_finding() -> None:
    case = one_host(held("13:00:00"), f"13:28:00 {BOOT}").build()
    outcome, *_ = find_causes(outcomes(finding()), case, load_edges())[0]
    assert outcome.findings[0].explained_by == ()


@pytest.mark.parametrize(
    "smlog",
    [
        "",
        held("13:00:00", OTHER_VDI),
        held("13:00:00") + flag("13:10:00", 1),
        held("13:00:00") + released("13:10:00"),
        held("13:30:00"),
        held("13:00:00") + held("13:30:00"),
        held("13:00:00") + flag("13:30:00", 0),
        held("13:00:00") + created("13:30:00"),
        created("13:00:00"),
    ],
    ids=[
        "never seen open",
        "another disk",
        "closed before the boot",
        "given up before the boot",
        "opened after the boot only",
        "opened again after the boot",
        "marked after the boot",
        "made after the boot",
        "made, not opened",
    ],
)
def test_boot_is_no_cause_if_the_disk_was_not_left_open_by_it(smlog: str) -> None:
    assert title(one_host(smlog, f"13:28:00 {BOOT}")).endswith(NOT_KNOWN)


def test_boot_after_the_effect_on_its_own_host_is_no_cause() -> None:
    assert title(one_host(held("13:00:00"), f"14:28:00 {BOOT}")).endswith(NOT_KNOWN)


def test_only_the_first_boot_after_the_disk_was_open_explains_it() -> None:
    case = one_host(held("09:00:00"), f"10:00:00 {BOOT}13:00:00 {BOOT}")
    assert title(case).startswith(f"{DOWN} between 2024-06-10 09:00 and 10:00 UTC")


@pytest.mark.parametrize("shutdown", ["12:20:00", "10:00:00"])
def test_boot_after_an_orderly_shutdown_is_no_cause_however_long_the_host_was_off(
    shutdown: str,
) -> None:
    case = one_host(held("09:00:00"), f"13:28:00 {BOOT}", f"{shutdown} {SHUTDOWN}")
    assert title(case).endswith(NOT_KNOWN)


@pytest.mark.parametrize(
    "line",
    [
        "systemd[1]: Stopped target Multi-User System.",
        "systemd-logind[812]: System is rebooting.",
    ],
)
def test_beginning_of_a_shutdown_counts_as_orderly(line: str) -> None:
    case = one_host(held("09:00:00"), f"13:28:00 {BOOT}", f"13:20:00 {line}\n")
    assert title(case).endswith(NOT_KNOWN)


def test_shutdown_before_an_earlier_boot_does_not_excuse_a_later_one() -> None:
    kern = f"09:00:00 {BOOT}13:28:00 {BOOT}"
    case = one_host(held("10:00:00"), kern, f"08:50:00 {SHUTDOWN}")
    assert title(case).startswith(f"{DOWN} between 2024-06-10 10:00 and 13:28 UTC")


def test_shutdown_after_which_the_host_ran_does_not_excuse_a_boot() -> None:
    case = one_host(held("10:00:00"), f"13:28:00 {BOOT}", f"08:50:00 {SHUTDOWN}")
    assert title(case).startswith(DOWN)


def test_no_shutdown_is_claimed_only_of_a_log_that_was_read() -> None:
    case = one_host(held("13:00:00"), f"13:28:00 {BOOT}")
    told = (
        "Host jupiter booted at 2024-06-10 13:28 UTC (how it went down is not known), and then CBT"
    )
    assert title(case.without("daemon_log")).startswith(told)


def test_no_shutdown_is_claimed_only_of_a_log_that_reaches_back() -> None:
    case = one_host(held("13:00:00"), f"13:28:00 {BOOT}").build()
    later = replace(case, window=lambda _need: (at("13:30:00"), at("20:00:00")))
    assert "shutdown" not in title(later)


def test_boot_of_another_host_explains_a_log_that_host_had_open() -> None:
    assert title(pool(held("13:00:00"), f"13:28:00 {BOOT}")).startswith(SATURN_DOWN)


def test_unrelated_host_that_boots_is_no_cause() -> None:
    assert title(pool(held("13:00:00"), "", f"13:28:00 {BOOT}")).endswith(NOT_KNOWN)


def test_disk_found_elsewhere_before_its_dead_host_is_up_again_is_explained() -> None:
    text = title(pool(held("13:00:00"), f"13:38:00 {BOOT}"))
    assert text.startswith(f"{SATURN_DOWN} between 2024-06-10 13:00 and 13:38 UTC")
    assert ", and about the same time CBT was turned off" in text


def test_host_that_logged_after_the_disk_was_found_elsewhere_had_not_died_by_then() -> None:
    smlog = held("13:00:00") + flag("14:36:00", 0, OTHER_VDI)
    assert title(pool(smlog, f"14:38:00 {BOOT}")).endswith(NOT_KNOWN)


def test_minutes_between_hosts_whose_clocks_were_not_compared_rule_nothing_out() -> None:
    smlog = held("13:00:00") + flag("13:36:00", 0, OTHER_VDI)
    text = title(pool(smlog, f"13:38:00 {BOOT}"))
    assert ", and about the same time CBT was turned off" in text
    assert "which came first is not certain, for a clock is known to minutes only" in text


def test_host_that_was_last_heard_of_before_and_boots_hours_later_is_about_the_same_time() -> None:
    text = title(pool(held("13:00:00"), f"16:38:00 {BOOT}"))
    assert text.startswith(f"{SATURN_DOWN} between 2024-06-10 13:00 and 16:38 UTC, and about the")


def test_alert_on_the_master_does_not_make_its_boot_a_cause() -> None:
    case = one_host("", f"09:00:00 {BOOT}")
    alert = finding(bundle="jupiter", member=f"var/xapi/blobs/messages/{POOL}")
    assert title(case, alert).endswith(NOT_KNOWN)


def test_host_of_the_same_name_in_another_pool_is_no_cause() -> None:
    case = CaseBuilder().host("xenserver", JUPITER, bundle="jupiter").smlog(held("13:00:00"))
    case = case.database(sr(), vdi(), hosts=((JUPITER, "xenserver"),))
    case = case.host("xenserver", SATURN, bundle="b").kern_log(f"13:28:00 {BOOT}")
    case = case.database(hosts=((SATURN, "xenserver"),), pool=OTHER_POOL)
    assert title(case).endswith(NOT_KNOWN)


def test_tapdisk_that_had_the_disk_open_explains_it() -> None:
    text = title(one_host(held("13:00:00"), f"13:28:00 {segfault(11874)}"))
    assert text.startswith(
        f"A tapdisk of disk {VDI} ended by itself on host jupiter at 2024-06-10 13:28 UTC"
    )


def test_tapdisk_of_another_disk_is_no_cause() -> None:
    smlog = held("13:00:00") + held("13:00:05", OTHER_VDI, pid=4711)
    assert title(one_host(smlog, f"13:28:00 {segfault(4711)}")).endswith(NOT_KNOWN)


def test_crash_before_the_disk_was_opened_is_no_cause() -> None:
    assert title(one_host(held("13:30:00"), f"13:28:00 {segfault(11874)}")).endswith(NOT_KNOWN)


def test_nearer_trigger_wins_over_an_earlier_boot() -> None:
    kern = f"09:00:00 {BOOT}13:28:00 {segfault(11874)}"
    assert title(one_host(held("10:00:00"), kern)).startswith(TAPDISK)


def test_two_disks_with_two_causes_are_two_causes() -> None:
    smlog = held("08:00:00", OTHER_VDI) + held("10:00:00")
    kern = f"09:00:00 {BOOT}13:28:00 {segfault(11874)}"
    early = finding(subjects=(("VDI", OTHER_VDI),), when="09:05:00")
    titles = [cause.title for cause in told(one_host(smlog, kern), early, finding())]
    assert [
        text.startswith(start) for text, start in zip(titles, (DOWN, TAPDISK), strict=True)
    ] == [
        True,
        True,
    ]


def with_device(case: CaseBuilder, device: str = "/dev/sdc", group: str = GROUP) -> Case:
    """Return the case with ``pvs.out`` of its first host."""
    built = case.build()
    source = Source(bundle="jupiter", member="pvs.out")
    volumes = PhysicalVolumes(source=source, complete=True, volumes=((device, group),))
    return replace(built, hosts=(replace(built.hosts[0], pvs=volumes), *built.hosts[1:]))


def with_mount(case: CaseBuilder, device: str) -> Case:
    """Return the case with the SR mounted on its first host."""
    built = case.build()
    source = Source(bundle="jupiter", member="df-alT.out", line=2)
    mount = Mount(
        source=source,
        text="",
        device=device,
        type="nfs",
        size=None,
        available=None,
        path=f"/run/sr-mount/{SR}",
    )
    mounts = Mounts(source=source, complete=True, mounts=(mount,))
    return replace(built, hosts=(replace(built.hosts[0], mounts=mounts), *built.hosts[1:]))


def test_failing_device_of_the_disks_repository_explains_it() -> None:
    case = with_device(one_host(held("13:00:00"), f"13:28:00 {io_error('sdc')}"))
    assert title(case).startswith(STORAGE)


@pytest.mark.parametrize("device", ["sr0", "fd0", "loop1", "nbd0", "tdb", "xvda", "sdd", "dm-4"])
def test_failing_device_that_is_not_the_disks_is_no_cause(device: str) -> None:
    case = with_device(one_host(held("13:00:00"), f"13:28:00 {io_error(device)}"))
    assert title(case).endswith(NOT_KNOWN)


def test_failing_device_of_another_group_is_no_cause() -> None:
    case = one_host(held("13:00:00"), f"13:28:00 {io_error('sdc')}")
    assert title(with_device(case, group="vg_backup")).endswith(NOT_KNOWN)


def test_failing_device_that_nothing_places_is_no_cause() -> None:
    case = one_host(held("13:00:00"), f"13:28:00 {io_error('sdc')}")
    assert title(case).endswith(NOT_KNOWN)


def test_failing_device_long_before_is_no_cause() -> None:
    case = with_device(one_host(held("09:00:00"), f"10:28:00 {io_error('sdc')}"))
    assert title(case).endswith(NOT_KNOWN)


def test_storage_that_served_another_disk_again_is_no_cause() -> None:
    smlog = held("13:00:00") + held("13:30:00", OTHER_VDI, pid=4711)
    case = with_device(one_host(smlog, f"13:28:00 {io_error('sdc')}"))
    assert title(case).endswith(NOT_KNOWN)


def test_read_only_file_system_of_the_disks_repository_explains_it() -> None:
    line = "13:28:00 kernel: [90211.445566] EXT4-fs (sdb1): Remounting filesystem read-only\n"
    case = with_mount(one_host(held("13:00:00"), line), "/dev/sdb1")
    assert title(case).startswith(STORAGE)


def test_lost_server_of_the_disks_repository_explains_it() -> None:
    case = with_mount(one_host(held("13:00:00"), f"13:28:00 {NFS}13:31:00 {NFS}"), "192.0.2.40:/vm")
    (cause,) = told(case)
    assert cause.title.startswith(STORAGE)
    assert [source.line for source in cause.context] == [1, 2, 1]


def test_server_is_known_by_the_plug_of_the_repository() -> None:
    plug: Pbd = replace(pbd(), device_config={"server": "192.0.2.40"})
    case = CaseBuilder().host().database(sr(), vdi(), plug).smlog(held("13:00:00"))
    case = case.kern_log(f"13:28:00 {NFS}")
    assert title(case).startswith(STORAGE)


def test_server_of_another_repository_is_no_cause() -> None:
    case = with_mount(one_host(held("13:00:00"), f"13:28:00 {NFS}"), "192.0.2.41:/vm")
    assert title(case).endswith(NOT_KNOWN)


def test_server_that_was_back_is_no_cause() -> None:
    kern = f"13:28:00 {NFS}13:28:05 {NFS_OK}13:28:09 {NFS_OK}"
    case = with_mount(one_host(held("13:00:00"), kern), "192.0.2.40:/vm")
    assert title(case).endswith(NOT_KNOWN)


def test_server_that_came_back_only_just_is_a_cause() -> None:
    kern = f"13:28:00 {NFS}13:32:30 {NFS_OK}"
    case = with_mount(one_host(held("13:00:00"), kern), "192.0.2.40:/vm")
    assert title(case).startswith(STORAGE)


def test_lost_storage_explains_a_failed_snapshot_on_its_host() -> None:
    case = with_device(one_host("", f"13:30:00 {io_error('sdc')}"))
    failed = finding("cbt-disabled-snapshot-failed", (("VDI", VDI), ("SR", SR)))
    assert title(case, failed).startswith(STORAGE)


def test_log_made_again_since_refutes_that_its_removal_explains_a_missing_one() -> None:
    off = finding("cbt-disabled-no-space", when="10:00:00")
    missing = finding("cbt-log-missing", when=None)
    assert len(told(one_host(), off, missing)) == 1
    assert len(told(one_host(created("11:00:00")), off, missing)) == 2


RESTART = (
    "xapi: [debug||0 |XAPI SERVER STARTING D:a6bd9ee95f3f|xapi] (Re)starting xapi, pid: 32351\n"
)
ASKED = f"xapi: [ info||4882 HTTPS 192.0.2.20->:::80|VDI.get_nbd_info R:03a940e24a95|message_forwarding] VDI.get_nbd_info: vdi  = 'web ({VDI})'\n"


def refused(when: str = "13:32:41") -> Finding:
    """Return the finding of a session that was no longer valid."""
    subjects = (("Host", JUPITER),)
    return finding("nbd-session-invalid", subjects, when=when, member="var/log/daemon.log")


def test_restart_of_xapi_on_the_master_ends_sessions() -> None:
    case = one_host().xensource_log(f"13:00:00 {RESTART}")
    assert title(case, refused()).startswith(
        "xapi was started on host jupiter at 2024-06-10 13:00 UTC, and then"
    )


def test_restart_of_xapi_hours_before_is_no_cause() -> None:
    case = one_host().xensource_log(f"12:00:00 {RESTART}")
    assert not title(case, refused()).startswith("xapi")


def test_export_asked_for_after_the_restart_refutes_it() -> None:
    case = one_host().xensource_log(f"13:00:00 {RESTART}13:20:00 {ASKED}")
    assert not title(case, refused()).startswith("xapi")


def test_restart_of_xapi_on_a_supporter_is_no_cause() -> None:
    built = one_host().xensource_log(f"13:00:00 {RESTART}").build()
    supporter = replace(built.hosts[0], role=Role.SUPPORTER)
    assert not title(replace(built, hosts=(supporter,)), refused()).startswith("xapi")


def test_date_that_is_not_known_ties_no_session() -> None:
    instant = at("13:32:41").at
    reach = timedelta(days=400)
    moment = Moment(at=instant, earliest=instant - reach, latest=instant + reach, dated_by="test")
    case = one_host(held("13:00:00"), f"13:28:00 {BOOT}")
    assert title(case, finding(when=moment)).endswith(NOT_KNOWN)


def zone_unknown(case: CaseBuilder, hours: int = 14) -> Case:
    """Return the case with what saturn logged dated an hour late and doubtful."""
    built = case.build()
    table = built.events
    reach, late = timedelta(hours=hours), timedelta(hours=1)

    class Shifted:
        """The events, saturn's as a host without a known zone has them."""

        def of(self, *kinds: str) -> tuple[Event, ...]:
            return tuple(shifted(event) for event in table.of(*kinds))

        def last_line(self, bundle: str, before: datetime, *more: str) -> Event | None:
            late_by = late if bundle == "saturn" else timedelta()
            event = table.last_line(bundle, before - late_by, *more)
            return shifted(event) if event else None

        def __getattr__(self, name: str) -> object:
            return getattr(table, name)

    def shifted(event: Event) -> Event:
        if event.source.bundle != "saturn":
            return event
        return replace(event, moment=doubtful(event.moment))

    def doubtful(moment: Moment) -> Moment:
        at = moment.at + late
        return Moment(at=at, earliest=at - reach, latest=at + reach, dated_by="zone unknown")

    return replace(built, events=Shifted())  # type: ignore[arg-type]  # all that causes ask of it


def with_alert(found: Finding, when: str) -> Finding:
    """Return a finding that was also seen by the master's alert, at a time that is certain."""
    source = Source(bundle="jupiter", member=f"var/xapi/blobs/messages/{POOL}", line=2)
    alert = Evidence(source=source, text="<message/>", at=at(when))
    return replace(found, evidence=(*found.evidence, alert), first_seen=at(when))


def test_lines_of_one_host_are_compared_by_its_own_clock_whatever_the_alert_says() -> None:
    case = zone_unknown(pool(held("13:00:00"), f"13:28:00 {BOOT}"))
    instant = at("14:32:41").at
    reach = timedelta(hours=14)
    moment = Moment(
        at=instant, earliest=instant - reach, latest=instant + reach, dated_by="zone unknown"
    )
    found = with_alert(finding(when=moment, bundle="saturn"), "13:32:41")
    assert title(case, found).startswith(f"{SATURN_DOWN} between 2024-06-10 00:00 and 2024-06-11")


def test_clocks_that_cannot_be_compared_tie_no_session() -> None:
    case = zone_unknown(pool(held("13:00:00"), f"13:28:00 {BOOT}"))
    assert f"; suspected, not proven: {SATURN_DOWN}" in title(case)
    assert title(case).endswith("h 30 min apart")
