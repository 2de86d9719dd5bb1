"""Mounts in `df -alT`."""

import pytest

from analyzer.model.storage import Mounts
from analyzer.parsers.storage import df
from tests.parsers.memory_member import facts, problems

STORE = "1f4e8a90-8c6b-4a37-b1de-5d2f60c7e913"
DF = f"""\
Filesystem                 Type     1K-blocks    Used Available Use% Mounted on
sysfs                      sysfs            0       0         0    - /sys
none                       proc             -       -         -    - /proc
/dev/sda1                  ext3      18443600 4242424  13241234  25% /
192.0.2.10:/vol/xen-{STORE[:4]} nfs    1048576  524288    524288  50% /run/sr-mount/{STORE}
//server/my share          cifs       1000000  999990        10 100% /run/sr-mount/a b
"""

HEADER = DF.partition("\n")[0]


def mounts(content: str) -> Mounts:
    found = facts(df.PARSER, "df-alT.out", content)[0]
    assert isinstance(found, Mounts)
    return found


def test_the_file_is_claimed_by_name() -> None:
    assert df.PARSER.claims("df-alT.out", b"")
    assert not df.PARSER.claims("df-alTi.out", b"")


def test_a_mount_has_sizes_in_bytes() -> None:
    found = mounts(DF).mounts[3]
    assert (found.type, found.size, found.available) == ("nfs", 2**30, 2**29)
    assert found.path == f"/run/sr-mount/{STORE}"


def test_a_whole_table_is_complete() -> None:
    assert mounts(DF).complete
    assert len(mounts(DF).mounts) == 5


def test_a_row_keeps_its_line() -> None:
    found = mounts(DF).mounts[0]
    assert (found.source.line, found.text) == (2, DF.split("\n")[1])


def test_a_dash_is_no_size() -> None:
    found = mounts(DF).mounts[1]
    assert (found.size, found.available) == (None, None)


def test_blanks_in_device_and_path_are_kept() -> None:
    found = mounts(DF).mounts[4]
    assert (found.device, found.path) == ("//server/my share", "/run/sr-mount/a b")


def test_a_full_filesystem_may_have_less_than_nothing() -> None:
    text = HEADER + "\n/dev/sdb1 ext4 100 100 -5 100% /x\n"
    assert mounts(text).mounts[0].available == -5 * 1024


def test_a_long_device_on_its_own_line_is_joined() -> None:
    text = HEADER + "\n/dev/mapper/XSLocalEXT-long\n      ext3 100 50 50 50% /run/sr-mount/x\n"
    found = mounts(text)
    assert found.complete
    assert (found.mounts[0].device, found.mounts[0].source.line) == (
        "/dev/mapper/XSLocalEXT-long",
        3,
    )


def test_a_device_without_its_row_is_not_understood() -> None:
    text = HEADER + "\n/dev/mapper/long\n"
    assert not mounts(text).complete
    assert problems(facts(df.PARSER, "df-alT.out", text)) == ("no row of df",)


@pytest.mark.parametrize(("header", "unit"), [("1024-blocks", 1024), ("1M-blocks", 2**20)])
def test_the_unit_is_that_of_the_header(header: str, unit: int) -> None:
    assert mounts(DF.replace("1K-blocks", header)).mounts[3].size == 1048576 * unit


def test_without_a_unit_there_is_no_size() -> None:
    found = mounts(DF.replace("1K-blocks", "1MB-blocks"))
    assert not found.complete
    assert found.mounts[3].size is None


@pytest.mark.parametrize(
    "text", ["", "\n", DF[:-5], DF + "\n** timeout **\n", "df: no\n", DF + "odd\n\nodd 2\n"]
)
def test_what_is_not_whole_is_incomplete(text: str) -> None:
    assert not mounts(text).complete


def test_half_a_row_is_no_mount() -> None:
    assert len(mounts(DF.rstrip()[:-3]).mounts) == 4
