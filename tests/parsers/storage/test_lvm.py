"""lvs, vgs and pvs in the layouts of several LVM versions."""

from collections.abc import Callable

import pytest

from analyzer.model.storage import LvmVolumes, PhysicalVolumes, VolumeGroups
from analyzer.parsers.storage import lvm
from analyzer.parsers.storage.lvm_table import size_of
from tests.parsers.memory_member import facts, problems

GROUP = "VG_XenStorage-1f4e8a90-8c6b-4a37-b1de-5d2f60c7e913"
DISK = "6b0c1a3e-52d7-4f19-8c55-0d9e61f7a2b4"
HEADER = "  LV                                          VG                                                 Attr       LSize   Pool Origin Data%  Meta%  Move Log Cpy%Sync Convert"
LVS = f"""\
{HEADER}
  {DISK}.cbtlog {GROUP} -wi-------   4.00m
  MGT           {GROUP} -wi-a-----   4.00m
  VHD-{DISK}    {GROUP} -wi-ao----  20.05g
"""
OLD_LVS = f"""\
  LV        VG       Attr   LSize  Origin Snap%  Move Log Copy%  Convert
  LV-{DISK} {GROUP}  -wi-ao 41.81G
"""
VGS = f"""\
  VG     #PV #LV #SN Attr   VSize   VFree
  {GROUP} 1   3   0 wz--n- <99.99g 60.00m
  VG_full 1   3   0 wz--n- 10.00g  0
"""
PVS = f"""\
  PV             VG      Fmt  Attr PSize   PFree
  /dev/sda3      {GROUP} lvm2 a--  <99.99g 60.00m
  /dev/sdb              lvm2 ---  10.00g  10.00g
  unknown device {GROUP} lvm2 a-m  10.00g  0
"""


def volumes(content: str, path: str = "lvs.out", damage: str = "") -> LvmVolumes:
    found = facts(lvm.LVS, path, content, damage=damage)[0]
    assert isinstance(found, LvmVolumes)
    return found


def groups(content: str) -> VolumeGroups:
    found = facts(lvm.VGS, "vgs.out", content)[0]
    assert isinstance(found, VolumeGroups)
    return found


def physical(content: str) -> PhysicalVolumes:
    found = facts(lvm.PVS, "pvs.out", content)[0]
    assert isinstance(found, PhysicalVolumes)
    return found


def test_volumes_are_read_in_order() -> None:
    found = [(row.name, row.vg, row.attr, row.size) for row in volumes(LVS).volumes]
    assert found == [
        (f"{DISK}.cbtlog", GROUP, "-wi-------", 4 * 2**20),
        ("MGT", GROUP, "-wi-a-----", 4 * 2**20),
        (f"VHD-{DISK}", GROUP, "-wi-ao----", round(20.05 * 2**30)),
    ]


def test_a_whole_table_is_complete_with_its_header() -> None:
    found = volumes(LVS)
    assert found.complete
    assert found.header == HEADER


def test_a_row_keeps_its_line() -> None:
    first = volumes(LVS).volumes[0]
    assert (first.source.line, first.text) == (2, LVS.split("\n")[1])


def test_the_layout_of_version_6_is_read() -> None:
    (found,) = volumes(OLD_LVS).volumes
    assert (found.name, found.attr, found.size) == (f"LV-{DISK}", "-wi-ao", round(41.81 * 2**30))


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace("\n", "\r\n"),
        lambda text: text.replace("  ", "\t"),
        lambda text: text.replace("4.00m", "4,00m"),
        lambda text: "\n".join(line.strip() for line in text.split("\n")),
    ],
    ids=["crlf", "tabs", "comma", "no indent"],
)
def test_ways_of_saving_make_no_difference(change: Callable[[str], str]) -> None:
    found = volumes(change(LVS))
    assert found.complete
    assert found.volumes[0].size == 4 * 2**20


@pytest.mark.parametrize("content", ["", "\n \n", f"  {DISK}.cbtlog {GROUP} -wi-a----- 4.00m\n"])
def test_without_a_header_nothing_is_complete(content: str) -> None:
    found = volumes(content)
    assert not found.complete
    assert found.volumes == ()


def test_a_header_alone_is_complete() -> None:
    assert volumes(HEADER + "\n").complete


def test_a_timeout_makes_it_incomplete_and_keeps_the_rows() -> None:
    found = volumes(LVS + "\n** timeout **\n")
    assert not found.complete
    assert len(found.volumes) == 3


def test_an_open_last_line_is_cut_and_not_read() -> None:
    found = volumes(LVS.rstrip()[:-2])
    assert not found.complete
    assert [row.name for row in found.volumes] == [f"{DISK}.cbtlog", "MGT"]


def test_damage_of_the_archive_makes_it_incomplete() -> None:
    assert not volumes(LVS, damage="the archive ends here").complete


def test_a_text_over_the_limit_is_incomplete() -> None:
    found = facts(lvm.LVS, "lvs.out", LVS, limit=300)[0]
    assert isinstance(found, LvmVolumes)
    assert not found.complete


def test_a_line_longer_than_any_makes_it_incomplete() -> None:
    assert not volumes(LVS + "x" * 100_000 + "\n").complete


def test_a_line_that_is_no_row_makes_it_incomplete_and_is_told() -> None:
    content = LVS + "  Couldn't find device with uuid 8Kq1.\n"
    assert not volumes(content).complete
    assert problems(facts(lvm.LVS, "lvs.out", content)) == ("no lvs row",)


def test_a_warning_before_the_table_makes_it_incomplete() -> None:
    assert not volumes("  WARNING: Device for PV 8Kq1 not found.\n" + LVS).complete


def test_columns_are_found_by_their_header() -> None:
    content = f"  VG LV LSize Attr LV Tags\n  {GROUP} {DISK}.cbtlog 4194304B -wi-a----- cbtlog\n"
    (found,) = volumes(content).volumes
    assert (found.name, found.vg, found.size) == (f"{DISK}.cbtlog", GROUP, 4194304)


def test_columns_behind_one_that_may_be_blank_are_not_guessed() -> None:
    content = f"  LV LV Tags VG\n  {DISK}.cbtlog {GROUP}\n"
    assert not volumes(content).complete


def test_prompts_and_other_tables_around_it_are_skipped() -> None:
    content = f"[root@jupiter ~]# lvs\n{LVS}[root@jupiter ~]# date\nFri Nov 22\n{VGS}"
    found = volumes(content, "lvs.txt")
    assert found.complete
    assert len(found.volumes) == 3


def test_a_prompt_at_the_end_ends_the_table() -> None:
    assert volumes(f"# lvs\n{LVS}[root@jupiter ~]# \n").complete


@pytest.mark.parametrize(
    ("parser", "content"),
    [(lvm.LVS, LVS), (lvm.VGS, VGS), (lvm.PVS, PVS)],
    ids=["lvs", "vgs", "pvs"],
)
def test_files_are_claimed_by_name_or_loose_by_table(parser: lvm.LvmReport, content: str) -> None:
    assert parser.claims(f"{parser.name}.out", b"")
    assert parser.claims("storage.txt", content.encode())
    assert parser.claims("storage.txt", b"# x\n" + content.encode())
    assert not parser.claims("var/log/SMlog", content.encode())
    assert not parser.claims("other.out", content.encode())


def test_a_loose_table_is_claimed_by_its_own_parser_only() -> None:
    assert not lvm.LVS.claims("vgs.txt", VGS.encode())
    assert not lvm.VGS.claims("pvs.txt", PVS.encode())
    assert not lvm.LVS.claims("notes.txt", b"LV is full\n\n")
    assert not lvm.LVS.claims("empty.txt", b"")


def test_groups_have_size_and_free_space() -> None:
    found = groups(VGS)
    assert found.complete
    assert [(row.name, row.size, row.free) for row in found.groups] == [
        (GROUP, round(99.99 * 2**30), 60 * 2**20),
        ("VG_full", 10 * 2**30, 0),
    ]


def test_a_group_keeps_its_line() -> None:
    assert groups(VGS).groups[1].source.line == 3


def test_a_physical_volume_may_have_no_group_or_no_device() -> None:
    found = physical(PVS)
    assert found.complete
    assert found.volumes == (("/dev/sda3", GROUP), ("/dev/sdb", ""), ("unknown device", GROUP))


def test_a_row_of_pvs_without_a_format_is_no_row() -> None:
    assert not physical(PVS + "  Total: 3\n").complete


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("4.00m", 4194304),
        ("<1.00t", 2**40),
        ("0", 0),
        ("512s", 262144),
        ("1.00e", 2**60),
        ("4.00M", 4194304),
        ("", None),
        (None, None),
        ("full", None),
        ("-1m", None),
    ],
)
def test_sizes_are_bytes(text: str | None, size: int | None) -> None:
    assert size_of(text) == size
