import pytest

from analyzer.bundle.inventory import read_bugtool_log, read_inventory

INVENTORY = b"""<?xml version="1.0" encoding="utf-8"?>
<system-status-inventory>
\t<system-summary user="root" date="Mon Jun 10 13:32:41 2024" hostname="jupiter" uname="Linux jupiter 4.19" uptime=" 13:32:41 up 3 days"/>
\t<inventory-entry capability="disk-info" filename="bug-report-20240610133241/lvs.out" md5sum="0"/>
\t<inventory-entry capability="xenserver-logs" filename="bug-report-20240610133241/var/log/SMlog" md5sum="0"/>
</system-status-inventory>
"""


def test_the_summary_of_an_inventory_is_read() -> None:
    inventory = read_inventory(INVENTORY)
    assert inventory is not None
    assert (inventory.user, inventory.hostname) == ("root", "jupiter")
    assert inventory.date == "Mon Jun 10 13:32:41 2024"
    assert inventory.uname == "Linux jupiter 4.19"
    assert inventory.uptime == " 13:32:41 up 3 days"


def test_the_files_of_an_inventory_are_read_in_order() -> None:
    inventory = read_inventory(INVENTORY)
    assert inventory is not None
    assert inventory.entries == (
        ("disk-info", "bug-report-20240610133241/lvs.out"),
        ("xenserver-logs", "bug-report-20240610133241/var/log/SMlog"),
    )


def test_an_inventory_without_summary_has_nothing_to_say_of_it() -> None:
    inventory = read_inventory(
        b"<system-status-inventory><inventory-entry/></system-status-inventory>"
    )
    assert inventory is not None
    assert inventory.hostname is None
    assert inventory.entries == (("", ""),)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        INVENTORY[:400],
        b"<other/>",
        b"<!DOCTYPE x [<!ENTITY a 'b'>]><system-status-inventory>&a;</system-status-inventory>",
        b"<!DOCTYPE x SYSTEM 'file:///etc/passwd'><system-status-inventory/>",
        b"<?xml version='1.0' encoding='none'?><system-status-inventory/>",
        b"\xff\xfe\x00",
    ],
)
def test_what_is_no_whole_inventory_is_refused(data: bytes) -> None:
    assert read_inventory(data) is None


@pytest.mark.parametrize(
    ("arguments", "requested"),
    [
        ("-y", None),
        ("--yestoall", None),
        ("--entries=xenserver-logs:3,disk-info -y", {"xenserver-logs": 3, "disk-info": None}),
        ("--entries disk-info -s", {"disk-info": None}),
        ("--entr=a", {"a": None}),
        ("--entries= -y", None),
        ("--entries=a:99,b:0,c:x", {"a": 9, "b": 1, "c": None}),
        ("--entries=a --entries=b", {"b": None}),
        ("--entries=a --all", None),
        ("--entries=a -ya", None),
        ("-a --entries=a", {"a": None}),
        ("--entries=a --silent --output=tar", {"a": None}),
        ("--entries=a -x", {"a": None}),
    ],
)
def test_what_was_asked_for_is_read_as_getopt_does(
    arguments: str, requested: dict[str, int | None] | None
) -> None:
    log = read_bugtool_log(f"/usr/sbin/xen-bugtool {arguments}\nPATH=/sbin\n".encode())
    assert log.requested == requested
    assert log.argv == ("/usr/sbin/xen-bugtool", *arguments.split())


def test_a_log_without_its_first_line_tells_nothing_of_the_request() -> None:
    log = read_bugtool_log(b"PATH=/sbin\n--entries=a\n")
    assert (log.argv, log.requested) == ((), None)


def test_what_a_cap_kept_out_is_read() -> None:
    log = read_bugtool_log(
        b"xen-bugtool\nPATH=/sbin\n"
        b"Omitting /var/xapi/blobs/messages/17, size constraint of blobs exceeded\n"
        b"Omitting xapi-db.xml, size constraint of xenserver-databases exceeded\n"
        b"Traceback (most recent call last):\n"
    )
    assert log.omitted == (
        ("/var/xapi/blobs/messages/17", "blobs"),
        ("xapi-db.xml", "xenserver-databases"),
    )
