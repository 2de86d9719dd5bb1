"""Read df-alT.out: what is mounted, and how full it is.

Writer: coreutils ``df -alT``, run by xen-bugtool (`disk-info`); it has no times. Sizes are in
the unit that the header names. Before coreutils 8.10 a long device stands on a line of its own.

True line: ``nfs1:/vol nfs 1048576 524288 524288 50% /run/sr-mount/1234…``.
"""

import re
from collections.abc import Iterator

from analyzer.bundle.member import Member
from analyzer.model.report import ParseProblem
from analyzer.model.storage import Mount, Mounts
from analyzer.parsers._api import Fact
from analyzer.parsers._text import Text, read_text
from analyzer.values import dataclass

_UNIT = re.compile(r"\s([0-9]{1,12})([KMGT]?)-blocks\s")
_POWERS = {"": 1, "K": 1024, "M": 1024**2, "G": 1024**3, "T": 1024**4}
_NUMBER = re.compile(r"-?[0-9]{1,18}")
_USE = re.compile(r"[0-9]+%|-")


@dataclass(frozen=True, slots=True, kw_only=True)
class Df:
    """The parser."""

    name: str = "df"

    def claims(self, path: str, head: bytes) -> bool:  # noqa: ARG002 (its name is enough)
        """Tell whether the file is named so."""
        return path.rpartition("/")[2] == "df-alT.out"

    def read(self, member: Member, limit: int) -> Iterator[Fact]:
        """Yield the mounts, then the first line that is none."""
        text = read_text(member, limit)
        # The bytes of a block as the header says, None without a header.
        for _, unit_line in text.closed()[:1]:
            found = _UNIT.search(unit_line)
            if found and unit_line.startswith("Filesystem"):
                unit: int | None = int(found[1]) * _POWERS[found[2]]
                break
        else:
            unit = None
        mounts: list[Mount] = []
        strange: list[ParseProblem] = []
        for index, line in _rows_after_header(text):
            mount = _mount_of_row(text, index, line, unit or 0)
            if mount:
                mounts.append(mount)
            elif line.strip():
                strange.append(ParseProblem(source=text.at(index), what="no row of df"))
        yield Mounts(
            source=text.source,
            complete=text.whole and unit is not None and not strange,
            mounts=tuple(mounts),
        )
        yield from strange[:1]


PARSER = Df()


def _rows_after_header(text: Text) -> Iterator[tuple[int, str]]:
    """Yield (index, row) after the header, a device on its own line joined to its row."""
    device = ""
    for index, line in text.closed()[1:]:
        if line and not line[0].isspace() and len(line.split()) == 1:
            device = line
            continue
        yield index, (f"{device} {line.lstrip()}" if device and line[:1].isspace() else line)
        device = ""
    if device:
        yield len(text.lines) - 1, device


def _mount_of_row(text: Text, index: int, line: str, unit: int) -> Mount | None:
    words = line.split()
    # A device may hold blanks (//server/a share): the numbers tell where it ends.
    for place in range(2, len(words) - 4):
        blocks, used, available, use, path = words[place : place + 5]
        if path.startswith("/") and _USE.fullmatch(use) and _all_numbers(blocks, used, available):
            return Mount(
                source=text.at(index),
                text=text.lines[index],
                device=" ".join(words[: place - 1]),
                type=words[place - 1],
                size=_size_of_blocks(blocks, unit),
                available=_size_of_blocks(available, unit),
                path=line.split(maxsplit=place + 4)[-1].rstrip(),
            )
    return None


def _all_numbers(*words: str) -> bool:
    return all(word == "-" or _NUMBER.fullmatch(word) for word in words)


def _size_of_blocks(blocks: str, unit: int) -> int | None:
    return int(blocks) * unit if unit and blocks != "-" else None
