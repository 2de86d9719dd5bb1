"""Read which logical volumes were active: ls-lR-%dev.out and dmsetup-table.out.

Writers: ``ls -lR /dev`` and ``dmsetup table``, run by xen-bugtool (`hardware-info`,
`multipath`); the times in them are not read. Device mapper doubles the dashes of both names.

True lines: ``lrwxrwxrwx 1 root root 7 Nov 21 10:06 VHD-5f9c… -> ../dm-3`` below
``/dev/VG_XenStorage-1234…:``, and ``VG_XenStorage--1234…-VHD--5f9c…: 0 41959424 linear …``.
"""

import re
from collections.abc import Iterable, Iterator

from analyzer.bundle.member import Member
from analyzer.model.storage import DeviceLinks
from analyzer.parsers._api import Fact
from analyzer.parsers._text import Text, read_text
from analyzer.values import dataclass

_FOLDER = re.compile(r"(/dev(?:/[^:]*)?):")
_LINK = re.compile(r"l[rwx-]{9}\S* .* (?P<name>\S+) -> (?P<target>\S+)")
_TARGET = re.compile(r"(?:\.\./|/dev/)(?:dm-[0-9]+|mapper/\S+)")
_MAPPED = re.compile(r"((?:[^-]|--)+)-((?:[^-]|--)+)")
_TABLE_ROW = re.compile(r"(?P<name>\S+): [0-9]+ [0-9]+ [a-z]")
_NOTHING = "No devices found"


@dataclass(frozen=True, slots=True, kw_only=True)
class LsDev:
    """The parser of ``ls-lR-%dev.out``."""

    name: str = "ls_dev"

    def claims(self, path: str, head: bytes) -> bool:  # noqa: ARG002 (its name is enough)
        """Tell whether the file is named so."""
        return path.rpartition("/")[2] == "ls-lR-%dev.out"

    def read(self, member: Member, limit: int) -> Iterator[Fact]:
        """Yield the links into volume groups."""
        text = read_text(member, limit)
        listed = any(_FOLDER.fullmatch(line) for _, line in text.closed())
        links_listed: list[tuple[str, str]] = []
        folder = ""
        for _, links_line in text.closed():
            opened = _FOLDER.fullmatch(links_line)
            link = _LINK.fullmatch(links_line)
            if opened:
                folder = opened[1].removeprefix("/dev").strip("/")
            elif link and folder and "/" not in folder and _TARGET.fullmatch(link["target"]):
                pair = undoubled(link["name"]) if folder == "mapper" else (folder, link["name"])
                if pair:
                    links_listed.append(pair)
        yield _links_of_pairs(text, links_listed, complete=listed)


@dataclass(frozen=True, slots=True, kw_only=True)
class DmsetupTable:
    """The parser of ``dmsetup-table.out``."""

    name: str = "dmsetup"

    def claims(self, path: str, head: bytes) -> bool:  # noqa: ARG002 (its name is enough)
        """Tell whether the file is named so."""
        return path.rpartition("/")[2] == "dmsetup-table.out"

    def read(self, member: Member, limit: int) -> Iterator[Fact]:
        """Yield the mapped volumes."""
        text = read_text(member, limit)
        lines = [line for _, line in text.closed() if line.strip()]
        rows = [_TABLE_ROW.match(line) for line in lines]
        mapped = (undoubled(row["name"]) for row in rows if row)
        understood = all(rows) or [line.strip() for line in lines] == [_NOTHING]
        yield _links_of_pairs(text, (pair for pair in mapped if pair), complete=understood)


LS_DEV = LsDev()
DMSETUP = DmsetupTable()


def undoubled(name: str) -> tuple[str, str] | None:
    """Return (volume group, logical volume) of a device mapper name, None if it is another.

    >>> undoubled("VG_XenStorage--1234--ab-VHD--5f9c")
    ('VG_XenStorage-1234-ab', 'VHD-5f9c')
    """
    found = _MAPPED.fullmatch(name)
    return (found[1].replace("--", "-"), found[2].replace("--", "-")) if found else None


def _links_of_pairs(text: Text, pairs: Iterable[tuple[str, str]], *, complete: bool) -> DeviceLinks:
    return DeviceLinks(
        source=text.source,
        complete=text.whole and complete,
        volumes=tuple(sorted(set(pairs))),
    )
