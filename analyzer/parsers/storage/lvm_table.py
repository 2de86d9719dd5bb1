"""The tables that LVM's reports print: rows under the words of a header."""

import re
from collections.abc import Sequence
from itertools import takewhile

from analyzer.model.report import ParseProblem
from analyzer.model.source import Source
from analyzer.parsers._text import Text, command_of
from analyzer.values import dataclass

_SIZE = re.compile(r"<?([0-9]{1,15}(?:[.,][0-9]{1,6})?)([bskmgtpe]?)", re.IGNORECASE)
_UNITS = {"": 1, "b": 1, "s": 512} | {unit: 1 << 10 * n for n, unit in enumerate("kmgtpe", 1)}
_ATTR = re.compile(r"(?=[a-zA-Z]*-)[-a-zA-Z]{2,10}")

# Columns that are never blank; behind another one, words no longer stand under their header.
_FILLED = frozenset(
    {"LV", "VG", "PV", "Attr", "LSize", "VSize", "VFree", "PSize", "PFree", "Fmt"}
    | {"#PV", "#LV", "#SN", "#Seg", "Type"}
)
_NEEDED = {"lvs": {"LV", "VG"}, "vgs": {"VG", "VFree"}, "pvs": {"PV", "VG", "Fmt"}}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A row of a table: its words under the words of the header, as far as none is blank."""

    source: Source
    text: str
    header: tuple[str, ...]
    words: tuple[str, ...]

    def under(self, column: str) -> str | None:
        """Return the word under a column, None when the table has it not."""
        place = self.header.index(column) if column in self.header else len(self.words)
        return self.words[place] if place < len(self.words) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A report of LVM: its header line, its rows, and whether that is all of it."""

    source: Source
    header: str
    complete: bool
    rows: tuple[Row, ...]
    strange: tuple[ParseProblem, ...]


def size_of(text: str | None) -> int | None:
    """Return the bytes of a size as LVM prints it; None if it is no size.

    >>> size_of("4.00m"), size_of("<1.00t"), size_of("0")
    (4194304, 1099511627776, 0)
    """
    found = _SIZE.fullmatch(text or "")
    if found is None:
        return None
    # Old versions print capitals for the same powers of 1024 (LVM 2.02 before --units H and M).
    return round(float(found[1].replace(",", ".")) * _UNITS[found[2].lower()])


def read_table(text: Text, name: str) -> Table:
    """Return the table of `lvs`, `vgs` or `pvs`, with the first line in it that is no row."""
    header = ""
    rows: list[Row] = []
    strange: list[ParseProblem] = []
    reading = name  # the table whose lines come, "" for what is none of this parser's
    for index, line in text.closed():
        command = command_of(line)
        begun = _header_of_line(line)
        if command is not None or begun is not None:
            reading = name if name in (begun or command or "") else ""
            header = header or (line if begun == name else "")
        elif reading and line.strip():
            source = text.at(index)
            columns = _columns_of_header(header)
            words = _with_device_first(line.split()) if name == "pvs" else line.split()
            source_row = Row(source=source, text=line, header=columns, words=tuple(words))
            filled = bool(columns) and len(words) >= len(columns)
            attr = source_row.under("Attr")
            sizes = [
                source_row.under(column)
                for column in ("LSize", "VSize", "VFree")
                if column in columns
            ]
            good = filled and (attr is None or _ATTR.fullmatch(attr))
            row = source_row if good and None not in map(size_of, sizes) else None
            rows += [row] if row else []
            strange += [] if row else [ParseProblem(source=text.at(index), what=f"no {name} row")]
    return Table(
        source=text.source,
        header=header,
        complete=text.whole and bool(header) and not strange,
        rows=tuple(rows),
        strange=tuple(strange[:1]),
    )


def _with_device_first(words: list[str]) -> list[str]:
    """Fill in the columns of pvs: a missing device is two words, a free one has no group."""
    place = next((place for place, word in enumerate(words) if re.fullmatch("lvm[12]", word)), 0)
    device, group = words[:place], ""
    if len(device) > 1 and device != ["unknown", "device"]:
        *device, group = device
    return [" ".join(device), group, *words[place:]] if device else []


def _columns_of_header(header: str) -> tuple[str, ...]:
    """Return the words of a header up to the first column that may be blank."""
    return tuple(takewhile(_FILLED.__contains__, header.split()))


def _header_of_line(line: str) -> str | None:
    """Return the table that a header line opens, None for another line."""
    columns = set(_columns_of_header(line))
    if len(columns) < len(_NEEDED["lvs"]):
        return None
    return next((name for name, needed in _NEEDED.items() if needed <= columns), "")


def first_header(lines: Sequence[str]) -> str | None:
    """Return which table these lines begin with, None if with none."""
    for line in lines[:-1]:
        if line.strip() and command_of(line) is None:
            return _header_of_line(line)
    return None
