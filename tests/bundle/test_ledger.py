from collections.abc import Mapping
from pathlib import Path

import pytest

from analyzer.bundle.inventory import BugtoolLog, ReportInventory, read_bugtool_log
from analyzer.bundle.ledger import SeenMember, build_ledger
from analyzer.bundle.names import log_name
from analyzer.model.report import LedgerEntry, Presence
from tests.bundle.shapes import LINE, REPORT, opened, tar, written

BUNDLE = f"x.tar:{REPORT}"
FULL = read_bugtool_log(b"/usr/sbin/xen-bugtool -y\nPATH=/sbin\n")
SOURCES = [
    "alerts",
    "audit_log",
    "bugtool_log",
    "cbtlog",
    "certificate",
    "chrony_tracking",
    "daemon_log",
    "df",
    "dmsetup",
    "firewall",
    "interfaces",
    "inventory",
    "kern_log",
    "ls_dev",
    "lvs",
    "packages",
    "pool_conf",
    "process_tree",
    "pvs",
    "routes",
    "sm_diagnostics",
    "smlog",
    "sockets",
    "sr_listing",
    "systemctl",
    "task_list",
    "user_log",
    "vgs",
    "xapi_db",
    "xapi_nbd_leftovers",
    "xe_params",
    "xensource_inventory",
    "xensource_log",
    "xha_log",
]


def inventory(**files: str) -> ReportInventory:
    """Return an inventory of (path → capability), dots standing for what no name can hold."""
    return ReportInventory(
        user=None,
        date=None,
        hostname=None,
        uname=None,
        uptime=None,
        entries=tuple((capability, f"{REPORT}/{path}") for path, capability in files.items()),
    )


WHOLE = inventory()


def seen(path: str, *, size: int = 100, **traces: object) -> SeenMember:
    fields: dict[str, object] = {
        "bundle": BUNDLE,
        "path": path,
        "log": log_name(path),
        "size_read": size,
        **traces,
    }
    return SeenMember(**fields)  # type: ignore[arg-type]  # the fields that a test names


def ledger(
    *members: SeenMember,
    of: ReportInventory | None = WHOLE,
    bugtool: BugtoolLog | None = FULL,
    bundle: str = BUNDLE,
    claimed: Mapping[str, tuple[str, ...]] | None = None,
    stopped: str = "",
) -> dict[str, LedgerEntry]:
    entries = build_ledger(bundle, members, of, bugtool, claimed=claimed or {}, stopped=stopped)
    return {entry.source: entry for entry in entries}


def test_there_is_one_entry_per_source_ordered_by_name() -> None:
    entries = build_ledger(BUNDLE, [], WHOLE, FULL)
    assert [entry.source for entry in entries] == SOURCES
    assert all(entry.why and entry.settle_with for entry in entries)


def test_a_member_that_was_read_is_present() -> None:
    entry = ledger(seen("lvs.out"))["lvs"]
    assert (entry.presence, entry.members) == (Presence.PRESENT, ("lvs.out",))


def test_an_output_that_ends_inside_a_line_is_cut() -> None:
    entry = ledger(seen("lvs.out", unfinished=True))["lvs"]
    assert entry.presence is Presence.DAMAGED
    assert "its last line has no end" in entry.why


def test_an_output_that_somebody_gave_by_hand_may_end_inside_a_line() -> None:
    entry = ledger(seen("lvs.out", unfinished=True), of=None, bugtool=None, bundle="x")["lvs"]
    assert entry.presence is Presence.PRESENT


def test_what_the_host_had_not_is_absent() -> None:
    entry = ledger()["packages"]
    assert (entry.presence, entry.why) == (Presence.ABSENT, "rpm-qa.out is not in the report")
    assert entry.settle_with == "rpm -qa"


def test_what_was_not_asked_for_quotes_the_arguments() -> None:
    bugtool = read_bugtool_log(b"/usr/sbin/xen-bugtool --entries=xenserver-logs -y\nPATH=/sbin\n")
    entries = ledger(seen("var/log/SMlog"), bugtool=bugtool)
    assert entries["lvs"].presence is Presence.NOT_REQUESTED
    assert entries["lvs"].why == (
        "disk-info was not asked for: /usr/sbin/xen-bugtool --entries=xenserver-logs -y"
    )
    assert entries["smlog"].presence is Presence.PRESENT


def test_without_a_bugtool_log_the_inventory_tells_what_was_not_asked_for() -> None:
    entries = ledger(of=inventory(**{"var/log/crit.log": "system-logs"}), bugtool=None)
    assert entries["lvs"].presence is Presence.NOT_REQUESTED
    assert "lists no file of disk-info" in entries["lvs"].why
    assert entries["kern_log"].presence is Presence.ABSENT
    assert entries["bugtool_log"].presence is Presence.ABSENT


def test_a_cap_is_quoted() -> None:
    bugtool = read_bugtool_log(
        b"xen-bugtool -y\nPATH=/sbin\nOmitting /var/log/SMlog.3, size constraint of xenserver-logs exceeded\n"
        b"Omitting xapi-db.xml, size constraint of xenserver-databases exceeded\n"
    )
    entries = ledger(seen("var/log/SMlog"), bugtool=bugtool)
    for source, line in (
        ("smlog", "Omitting /var/log/SMlog.3, size constraint of xenserver-logs exceeded"),
        ("xapi_db", "Omitting xapi-db.xml, size constraint of xenserver-databases exceeded"),
    ):
        assert entries[source].presence is Presence.OMITTED_BY_CAP
        assert entries[source].why == f"xen-bugtool.log: {line}"


def test_a_timeout_is_told() -> None:
    entry = ledger(seen("lvs.out", timed_out=True))["lvs"]
    assert (entry.presence, entry.why) == (
        Presence.TIMED_OUT,
        "lvs.out ends with ** timeout **",
    )


@pytest.mark.parametrize(("size", "what"), [(0, "0 bytes"), (3, "3 bytes, all blank")])
def test_an_empty_output_is_told(size: int, what: str) -> None:
    entry = ledger(seen("lvs.out", size=size, empty=True))["lvs"]
    assert entry.presence is Presence.EMPTY
    assert entry.why.startswith(f"lvs.out has {what}: `lvs` found none, or it failed")


def test_a_cut_member_is_damaged() -> None:
    entry = ledger(seen("lvs.out", damage="cut at byte 7"))["lvs"]
    assert (entry.presence, entry.why) == (Presence.DAMAGED, "lvs.out: cut at byte 7")


def test_a_member_over_our_limit_is_told() -> None:
    entry = ledger(seen("lvs.out", damage="our limit", over_budget=True))["lvs"]
    assert (entry.presence, entry.why) == (Presence.OVER_BUDGET, "lvs.out: our limit")


# Logs


def test_a_log_without_a_hole_is_present() -> None:
    entry = ledger(*map(seen, ("var/log/SMlog", "var/log/SMlog.1", "var/log/SMlog.2.gz")))["smlog"]
    assert entry.presence is Presence.PRESENT
    assert "all files from 0 to 2" in entry.why


def test_a_hole_in_the_rotation_names_the_missing_numbers() -> None:
    paths = ("var/log/SMlog", "var/log/SMlog.2.gz", "var/log/SMlog.5.gz")
    entry = ledger(*map(seen, paths))["smlog"]
    assert entry.presence is Presence.ROTATED_AWAY
    assert "the rotated files 1, 3, 4 are not there" in entry.why


def test_a_log_without_its_live_file_is_rotated_away() -> None:
    entry = ledger(seen("var/log/SMlog.1"))["smlog"]
    assert entry.presence is Presence.ROTATED_AWAY
    assert "var/log/SMlog itself is not there" in entry.why


def test_an_empty_live_file_is_empty_though_older_ones_are_there() -> None:
    entry = ledger(seen("var/log/SMlog", size=0, empty=True), seen("var/log/SMlog.1"))["smlog"]
    assert (entry.presence, entry.why) == (
        Presence.EMPTY,
        "var/log/SMlog has 0 bytes: the file was empty on the host",
    )


def test_one_damaged_file_makes_a_log_damaged() -> None:
    entry = ledger(
        seen("var/log/SMlog", size=0, empty=True),
        seen("var/log/SMlog.3.gz", damage="cut"),
    )["smlog"]
    assert (entry.presence, entry.why) == (Presence.DAMAGED, "var/log/SMlog.3.gz: cut")


def test_a_limited_number_of_rotated_logs_is_told() -> None:
    bugtool = read_bugtool_log(b"xen-bugtool --entries=xenserver-logs:3 -y\nPATH=/sbin\n")
    entry = ledger(seen("var/log/SMlog"), bugtool=bugtool)["smlog"]
    assert entry.presence is Presence.PRESENT
    assert "not more was asked for: xenserver-logs:3" in entry.why


def test_a_log_told_by_the_user_counts() -> None:
    member = seen("customer.txt", log=log_name("var/log/SMlog"))
    assert ledger(member, of=None, bugtool=None, bundle="customer.txt")["smlog"].members == (
        "customer.txt",
    )


# Documents with copies


def test_one_usable_copy_of_the_database_is_enough() -> None:
    entry = ledger(seen("xapi-db.xml"), seen("xapi-db-dumped.xml", size=0, empty=True))["xapi_db"]
    assert entry.presence is Presence.PRESENT
    assert entry.why.startswith("xapi-db.xml was read; xapi-db-dumped.xml has 0 bytes")


def test_the_worst_of_two_unusable_copies_is_told() -> None:
    entry = ledger(seen("xapi-db.xml", damage="cut"), seen("xapi-db-dumped.xml", timed_out=True))[
        "xapi_db"
    ]
    assert entry.presence is Presence.DAMAGED
    assert entry.why == "xapi-db-dumped.xml ends with ** timeout **; xapi-db.xml: cut"


def test_a_member_recognised_by_its_content_counts() -> None:
    claimed = {"sr_listing": ("tmp/ls.txt",), "lvs": ("tmp/lvs-tags.txt",)}
    entries = ledger(seen("tmp/ls.txt"), claimed=claimed)
    assert entries["sr_listing"].presence is Presence.PRESENT
    assert entries["lvs"].members == ("tmp/lvs-tags.txt",)


def test_no_listing_of_an_sr_is_by_design() -> None:
    entry = ledger()["sr_listing"]
    assert entry.presence is Presence.BY_DESIGN
    assert entry.settle_with == "ls -l /run/sr-mount/<sr-uuid>"


def test_leftovers_of_xapi_nbd_are_collected_by_nobody() -> None:
    entry = ledger()["xapi_nbd_leftovers"]
    assert (entry.presence, entry.settle_with) == (
        Presence.BY_DESIGN,
        "cat /var/lib/xapi-nbd/VBDs_to_clean_up",
    )
    assert entry.why == "xen-bugtool does not collect it, and nobody added it"


def test_leftovers_that_somebody_added_are_present() -> None:
    path = "var/lib/xapi-nbd/VBDs_to_clean_up"
    entry = ledger(seen(path), claimed={"xapi_nbd_leftovers": (path,)})["xapi_nbd_leftovers"]
    assert entry.presence is Presence.PRESENT


@pytest.mark.parametrize(
    ("source", "path"),
    [
        ("interfaces", "ip-s-addr.out"),
        ("interfaces", "ifconfig-a.out"),
        ("routes", "ip-route.out"),
        ("routes", "route-n.out"),
        ("sockets", "ss-nampio.out"),
        ("sockets", "ss-nampi.out"),
        ("sockets", "netstat-anop.out"),
        ("firewall", "iptables-nvL.out"),
        ("firewall", "nft-list-ruleset.out"),
        ("firewall", "firewall-cmd--list-all-zones.out"),
    ],
)
def test_the_files_of_older_and_newer_releases_are_one_source(source: str, path: str) -> None:
    entry = ledger(seen(path))[source]
    assert (entry.presence, entry.why) == (Presence.PRESENT, f"{path} was read")


def test_a_program_that_a_host_has_not_does_not_spoil_another_ones_output() -> None:
    nft = seen("nft-list-ruleset.out", size=0, empty=True)
    entry = ledger(seen("iptables-nvL.out"), nft)["firewall"]
    assert entry.presence is Presence.PRESENT
    assert entry.why == (
        "iptables-nvL.out was read; nft-list-ruleset.out has 0 bytes: the program that writes it"
        " failed or is not installed, its messages are not collected"
    )


def test_an_old_release_without_the_certificate_is_told_so() -> None:
    entry = ledger()["certificate"]
    assert entry.presence is Presence.ABSENT
    assert entry.why.endswith("releases before XenServer 8 and XCP-ng 8.3 do not collect it")


def test_no_alerts_are_fine_on_a_host_that_is_not_the_master() -> None:
    entry = ledger()["alerts"]
    assert entry.presence is Presence.ABSENT
    assert "only the pool master keeps alerts" in entry.why


def test_alerts_are_present_as_a_folder() -> None:
    entry = ledger(seen("var/xapi/blobs/messages/1"), seen("var/xapi/blobs/messages/VDI/x/1"))
    assert entry["alerts"].presence is Presence.PRESENT
    assert entry["alerts"].why == "2 files in var/xapi/blobs/messages/"


# Archives that are not whole


def test_a_cut_report_may_have_lost_what_is_not_there() -> None:
    entries = ledger(seen("xapi-db.xml"), seen("var/log/SMlog", damage="cut"), of=None)
    assert entries["lvs"].presence is Presence.DAMAGED
    assert "may have been lost: the archive is cut or damaged" in entries["lvs"].why
    assert entries["inventory"].presence is Presence.DAMAGED
    assert entries["xapi_db"].presence is Presence.PRESENT


def test_a_cut_report_may_have_lost_older_logs() -> None:
    entry = ledger(seen("var/log/SMlog"), of=None)["smlog"]
    assert entry.presence is Presence.DAMAGED
    assert "inventory.xml, which is written last, is not in the archive" in entry.why


def test_a_report_of_another_name_is_known_by_its_outputs() -> None:
    outputs = [seen(path) for path in ("lvs.out", "vgs.out", "xapi-db.xml")]
    assert ledger(*outputs, of=None, bundle="x")["pvs"].presence is Presence.DAMAGED


def test_a_few_files_are_no_cut_report() -> None:
    entries = ledger(seen("var/log/SMlog"), of=None, bugtool=None, bundle="SMlog.tgz")
    assert entries["smlog"].presence is Presence.PRESENT
    assert entries["lvs"].presence is Presence.ABSENT
    assert entries["inventory"].presence is Presence.ABSENT


def test_what_the_inventory_lists_and_is_not_there_was_lost() -> None:
    listed = inventory(**{"var/log/SMlog.1": "xenserver-logs", "lvs.out": "disk-info"})
    entries = ledger(seen("var/log/SMlog"), of=listed)
    for source in ("smlog", "lvs"):
        assert entries[source].presence is Presence.DAMAGED
        assert "lost or taken out" in entries[source].why


def test_an_unreadable_inventory_is_damaged() -> None:
    entries = ledger(seen("inventory.xml"), of=None)
    assert entries["inventory"].presence is Presence.DAMAGED
    assert ledger(seen("inventory.xml"))["inventory"].presence is Presence.PRESENT


def test_what_comes_after_our_limit_is_over_budget() -> None:
    entries = ledger(seen("var/log/SMlog"), of=None, stopped="our limit of 9 bytes was reached")
    for source in ("smlog", "lvs"):
        assert entries[source].presence is Presence.OVER_BUDGET
        assert "our limit of 9 bytes" in entries[source].why


def test_a_member_over_budget_explains_what_is_missing() -> None:
    member = seen("var/log/SMlog", damage="our limit", over_budget=True)
    assert ledger(member, of=None)["lvs"].presence is Presence.OVER_BUDGET


# Traces of members


def traces(tmp_path: Path, data: bytes, *, read: bool = True) -> SeenMember:
    (member,) = opened(written(tmp_path, "x", tar({"lvs.out": data}))).members()
    if read:
        member.read(1 << 20)
    return SeenMember.of(member)


def test_an_empty_member_leaves_its_trace(tmp_path: Path) -> None:
    assert traces(tmp_path, b"").empty
    assert traces(tmp_path, b"", read=False).empty
    assert traces(tmp_path, b" \n" * 5000).empty


def test_a_member_with_content_is_not_empty(tmp_path: Path) -> None:
    assert not traces(tmp_path, LINE).empty
    assert not traces(tmp_path, LINE, read=False).empty
    assert not traces(tmp_path, LINE + b" " * 5000).empty


def test_a_timeout_leaves_its_trace(tmp_path: Path) -> None:
    assert traces(tmp_path, b"  LV\n\n** timeout **\n").timed_out
    assert not traces(tmp_path, b"** timeout **\n  LV\n").timed_out


def test_a_limit_leaves_its_trace(tmp_path: Path) -> None:
    (member,) = opened(written(tmp_path, "x", tar({"lvs.out": LINE})), member=5).members()
    member.read(100)
    assert SeenMember.of(member).over_budget
    assert "our limit of 5 bytes of one member" in SeenMember.of(member).damage
