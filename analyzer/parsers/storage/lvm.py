"""Read lvs.out, vgs.out and pvs.out, or the same tables saved under another name.

Writer: the LVM tools' report (`lvs`, `vgs`, `pvs` without options, run by xen-bugtool
`disk-info`); it has no times. Columns are found by the words of the header, which differ from
version to version. Sizes are rounded by LVM to two digits after the point.

True line: ``  VHD-5f9c…  VG_XenStorage-1234…  -wi-ao---- 20.05g``.

Not read: columns after the size, which are empty for the volumes of an SR.
"""

from collections.abc import Callable, Iterator

from analyzer.bundle.member import Member
from analyzer.model.storage import (
    LogicalVolume,
    LvmVolumes,
    PhysicalVolumes,
    VolumeGroup,
    VolumeGroups,
)
from analyzer.parsers._api import Fact
from analyzer.parsers._text import head_lines, read_text
from analyzer.parsers.storage.lvm_table import Table, first_header, read_table, size_of
from analyzer.values import dataclass

_ELSEWHERE = ("var/log/", "etc/", "proc/", "var/xapi/")


@dataclass(frozen=True, slots=True, kw_only=True)
class LvmReport:
    """The parser of one of the three tables."""

    name: str
    fact: Callable[[Table], Fact]

    def claims(self, path: str, head: bytes) -> bool:
        """Tell whether the file is named so, or is a loose file that begins with the table."""
        if path.rpartition("/")[2] == f"{self.name}.out":
            return True
        if path.endswith(".out") or path.startswith(_ELSEWHERE):
            return False
        return first_header(head_lines(head)) == self.name

    def read(self, member: Member, limit: int) -> Iterator[Fact]:
        """Yield the table, then the lines in it that are no rows."""
        table = read_table(read_text(member, limit), self.name)
        yield self.fact(table)
        yield from table.strange


def _volumes_of_table(table: Table) -> LvmVolumes:
    return LvmVolumes(
        source=table.source,
        header=table.header,
        complete=table.complete,
        volumes=tuple(
            LogicalVolume(
                source=row.source,
                text=row.text,
                name=row.under("LV") or "",
                vg=row.under("VG") or "",
                attr=row.under("Attr") or "",
                size=size_of(row.under("LSize")),
            )
            for row in table.rows
        ),
    )


def _groups_of_table(table: Table) -> VolumeGroups:
    return VolumeGroups(
        source=table.source,
        complete=table.complete,
        groups=tuple(
            VolumeGroup(
                source=row.source,
                text=row.text,
                name=row.under("VG") or "",
                size=size_of(row.under("VSize")),
                free=size_of(row.under("VFree")),
            )
            for row in table.rows
        ),
    )


def _physical_of_table(table: Table) -> PhysicalVolumes:
    return PhysicalVolumes(
        source=table.source,
        complete=table.complete,
        volumes=tuple((row.under("PV") or "", row.under("VG") or "") for row in table.rows),
    )


LVS = LvmReport(name="lvs", fact=_volumes_of_table)
VGS = LvmReport(name="vgs", fact=_groups_of_table)
PVS = LvmReport(name="pvs", fact=_physical_of_table)
