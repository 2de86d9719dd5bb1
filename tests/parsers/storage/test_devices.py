"""Active volumes in `ls -lR /dev` and `dmsetup table`."""

import pytest

from analyzer.model.storage import DeviceLinks
from analyzer.parsers.storage import devices
from tests.parsers.memory_member import facts

STORE = "1f4e8a90-8c6b-4a37-b1de-5d2f60c7e913"
GROUP = f"VG_XenStorage-{STORE}"
DISK = "6b0c1a3e-52d7-4f19-8c55-0d9e61f7a2b4"
MAPPED = f"{GROUP.replace('-', '--')}-{DISK.replace('-', '--')}.cbtlog"
LS = f"""\
/dev:
total 0
crw-rw---- 1 root video  10, 175 Nov 21 09:58 agpgart
drwxr-xr-x 2 root root        80 Nov 21 10:01 {GROUP}
lrwxrwxrwx 1 root root         3 Nov 21 09:58 cdrom -> sr0

/dev/{GROUP}:
total 0
lrwxrwxrwx 1 root root 7 Nov 21 10:06 {DISK}.cbtlog -> ../dm-1
lrwxrwxrwx 1 root root 7 Nov 21 10:06 MGT -> ../dm-0

/dev/disk/by-id:
total 0
lrwxrwxrwx 1 root root 10 Nov 21 09:58 dm-name-x -> ../../dm-0

/dev/mapper:
total 0
crw------- 1 root root 10, 236 Nov 21 09:58 control
lrwxrwxrwx 1 root root       7 Nov 21 10:06 {MAPPED} -> ../dm-1
lrwxrwxrwx 1 root root       7 Nov 21 10:06 3600a0b80 -> ../dm-5
"""
DMSETUP = f"""\
{MAPPED}: 0 8192 linear 8:3 2048
3600a0b80: 0 41943040 multipath 0 0 1 1 round-robin 0 1 1 8:16 1
"""


def links(parser: devices.LsDev | devices.DmsetupTable, content: str) -> DeviceLinks:
    (found,) = facts(parser, "x", content)
    assert isinstance(found, DeviceLinks)
    return found


def test_files_are_claimed_by_name() -> None:
    assert devices.LS_DEV.claims("ls-lR-%dev.out", b"")
    assert devices.DMSETUP.claims("dmsetup-table.out", b"")
    assert not devices.LS_DEV.claims("dmsetup-table.out", b"")
    assert not devices.DMSETUP.claims("dmsetup-info.out", b"")


def test_links_in_the_folder_of_a_group_are_active_volumes() -> None:
    found = links(devices.LS_DEV, LS)
    assert found.complete
    assert found.volumes == ((GROUP, f"{DISK}.cbtlog"), (GROUP, "MGT"))


def test_links_of_the_mapper_are_volumes_too() -> None:
    text = f"/dev/mapper:\nlrwxrwxrwx 1 root root 7 Nov 21 10:06 {MAPPED} -> ../dm-1\n"
    assert links(devices.LS_DEV, text).volumes == ((GROUP, f"{DISK}.cbtlog"),)


def test_old_links_lead_to_the_mapper() -> None:
    text = f"/dev/{GROUP}:\nlrwxrwxrwx 1 root root 99 Nov 21 10:06 MGT -> /dev/mapper/{MAPPED}\n"
    assert links(devices.LS_DEV, text).volumes == ((GROUP, "MGT"),)


@pytest.mark.parametrize("text", ["", "\n", LS[:-4], LS + "\n** timeout **\n", "total 0\n"])
def test_a_listing_that_is_not_whole_is_incomplete(text: str) -> None:
    assert not links(devices.LS_DEV, text).complete


def test_a_half_line_is_no_link() -> None:
    text = f"/dev/{GROUP}:\nlrwxrwxrwx 1 root root 7 Nov 21 10:06 MGT -> ../dm-1"
    assert links(devices.LS_DEV, text).volumes == ()


def test_mapped_names_lose_their_second_dash() -> None:
    found = links(devices.DMSETUP, DMSETUP)
    assert found.complete
    assert found.volumes == ((GROUP, f"{DISK}.cbtlog"),)


def test_layers_below_a_volume_are_no_volumes() -> None:
    assert devices.undoubled("vg-lv-real") is None


def test_no_devices_is_a_whole_answer() -> None:
    found = links(devices.DMSETUP, "No devices found\n")
    assert (found.complete, found.volumes) == (True, ())


@pytest.mark.parametrize("text", ["", DMSETUP[:-3], DMSETUP + "cut off\n", "\n** timeout **\n"])
def test_a_table_that_is_not_whole_is_incomplete(text: str) -> None:
    assert not links(devices.DMSETUP, text).complete
