"""Rows of the event table before they are dated, and which of them are kept."""

from array import array
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any, NamedTuple

from analyzer.bundle.budget import TEXT_OF_A_ROW
from analyzer.case.spilled_words import Words
from analyzer.model.event import CODING, Level
from analyzer.model.host import Alert
from analyzer.model.moment import Moment
from analyzer.parsers._api import Hit, Stamp
from analyzer.parsers.scan.match import Captures
from analyzer.values import dataclass

LONGEST_QUOTE = 16_384
LONGEST_MESSAGE = 131_072  # characters kept to be read again; twice what joined lines come to


@dataclass(frozen=True, slots=True, kw_only=True)
class KeepPolicy:
    """Which hits become rows. The catalogue says so, never the order of reading.

    ``sparse`` kinds keep the first and the last event of each member and count the others.
    ``hourly`` kinds keep the first and the last of each hour and of each combination of fields,
    ``repeated`` ones those of five minutes of what a task says in the same words.
    ``noise`` kinds are sparse too, and a record that one of them hits feeds none of ``muted``.
    """

    sparse: frozenset[str] = frozenset()
    noise: frozenset[str] = frozenset()
    muted: frozenset[str] = frozenset()
    hourly: frozenset[str] = frozenset()
    repeated: frozenset[str] = frozenset()

    def kept(self, hits: tuple[Hit, ...]) -> tuple[Hit, ...]:
        """Return the hits of one record that count."""
        for hit in hits:
            if hit.selector in self.noise:
                return tuple(each for each in hits if each.selector not in self.muted)
        return hits


class Row(NamedTuple):
    """One row before it is dated; ``count`` of a row held back sums those it stands for.

    A tuple, because rows come by the hundred thousand and are soon taken apart into columns.
    """

    bundle: str
    member: str
    line: int
    source_kind: str
    process: str
    pid: int | None
    level: Level | None
    task: str | None
    kind: str
    count: int  # type: ignore[assignment]  # nobody counts in a row as in a tuple
    syslog_host: str
    when: Stamp | Moment
    message: str
    text: str
    fields: Mapping[str, str]


_WORDS_OF_ROWS = ("text", "message", "fields")
# Columns of few values, of which each is kept once.
REPEATED = (
    *("bundle", "member", "source_kind", "process", "pid", "kind", "level", "task", "syslog_host"),
)


@dataclass(frozen=True, slots=True)
class Coded:
    """A column of few values: ``codes`` are their places in ``distinct``, -1 stands for None."""

    codes: "array[int]"
    distinct: Sequence[object]


@dataclass(frozen=True, slots=True)
class PackedRows:
    """Rows as columns, and their words in one piece: what is kept of them, and sent.

    ``repeated`` and ``columns`` are by the names of `Row` without its words; of row n the text lies
    at ``spans`` [4n] to [4n+1] of ``words``, the message at [4n+2] to [4n+3]. ``fields`` are found
    fields, or the pattern that finds them in the message. ``when`` are numbers (`stamp_of_number`),
    negative where `odd` has what dates the row, in turn.
    """

    repeated: Mapping[str, Coded]
    columns: Mapping[str, Sequence[object]]
    words: Words
    spans: "array[int]"
    fields: Sequence[Mapping[str, str] | str]
    odd: Sequence[Stamp | Moment] = ()

    def __len__(self) -> int:
        return len(self.fields)

    @property
    def weight(self) -> int:
        """Return as how many rows they count."""
        messages = zip(self.spans[2::4], self.spans[3::4], strict=True)
        return sum([(end - start) // TEXT_OF_A_ROW or 1 for start, end in messages])


def packed(rows: Sequence[Row]) -> PackedRows:
    """Return rows as columns.

    A message nearly always is the end of its text, and rows of one record share both.
    """
    columns = zip(*rows, strict=True) if rows else [()] * len(Row._fields)
    by_name: dict[str, Sequence[Any]] = dict(zip(Row._fields, columns, strict=True))
    texts, messages, found = [by_name.pop(name) for name in _WORDS_OF_ROWS]
    repeated = {}
    for name in REPEATED:
        values = by_name.pop(name)
        known: dict[object, int] = {None: -1}
        if rows and values.count(values[0]) == len(rows):  # of one log most are
            codes = array("i", [known.setdefault(values[0], 0)]) * len(values)
        else:
            codes = array("i", [known.setdefault(value, len(known) - 1) for value in values])
        repeated[name] = Coded(codes, list(known)[1:])
    numbers = array("q", _numbers_of_stamps(by_name["when"]))
    odd = [each for each, number in zip(by_name["when"], numbers, strict=True) if number < 0]
    by_name |= {name: array("q", by_name[name]) for name in ("line", "count")}
    by_name["when"] = numbers
    pieces: list[bytes] = []
    spans: list[int] = []
    start = end = 0
    last_text = last_message = ""
    for text, message in zip(texts, messages, strict=True):
        if text is last_text and message is last_message and spans:
            spans += spans[-4:]
            continue
        last_text, last_message = text, message
        whole = text.encode(*CODING)
        start, end = end, end + len(whole)
        pieces.append(whole)
        text_end = end
        if message.isascii() and text.endswith(message):
            spans += start, end, end - len(message), end
            continue
        part = message.encode(*CODING)
        if not whole.endswith(part):
            pieces.append(part)
            end += len(part)
        spans += start, text_end, end - len(part), end
    none: dict[str, str] = {}
    fields = [each.pattern if isinstance(each, Captures) else each or none for each in found]
    return PackedRows(repeated, by_name, b"".join(pieces), array("q", spans), fields, odd)


# A stamp's number, from its lowest bits: second, minute; what tells its hour, which are hour, day,
# month, year and zone; microseconds.
OF_AN_HOUR, OF_ALL_BUT_A_FRACTION = 12, 40
_FIRST_YEAR, _YEARS = 1999, 64  # 0 for none
_QUARTER, _NO_QUARTER = timedelta(minutes=15), 64


def _numbers_of_stamps(stamps: Sequence[Stamp | Moment]) -> Iterator[int]:
    """Yield their numbers; lines of one second share their stamp."""
    last, number = None, -1
    for when in stamps:
        if when is not last:
            last, number = when, _number_of_stamp(when)
        yield number


def _number_of_stamp(when: Stamp | Moment) -> int:
    """Return the number of a stamp, -1 for one of another century or an odd zone."""
    if isinstance(when, Moment):
        return -1
    month, day, hour, minute, second, microsecond, year, offset = when
    number = (((month << 5 | day) << 5 | hour) << 6 | minute) << 6 | second
    if year is not None:
        if not 0 < year - _FIRST_YEAR < _YEARS:
            return -1
        number |= year - _FIRST_YEAR << 26
    if offset is not None:
        quarters, odd = divmod(offset, _QUARTER)
        if odd or abs(quarters) >= _NO_QUARTER:
            return -1
        number |= quarters + _NO_QUARTER << 32
    return number | microsecond << OF_ALL_BUT_A_FRACTION


def stamp_of_number(number: int) -> Stamp:
    """Return the stamp that a number of `PackedRows` stands for."""
    year, quarters = number >> 26 & 63, number >> 32 & 255
    return Stamp(
        month=number >> 22 & 15,
        day=number >> 17 & 31,
        hour=number >> 12 & 31,
        minute=number >> 6 & 63,
        second=number & 63,
        microsecond=number >> OF_ALL_BUT_A_FRACTION,
        year=_FIRST_YEAR + year if year else None,
        offset=_QUARTER * (quarters - _NO_QUARTER) if quarters else None,
    )


IDS = ("sr", "vdi", "vbd", "session")
LINE_TEXTS = ("dated_by", "bundle", "member", "host", "source_kind", "process", "task", "level")


def alert_message(alert: Alert) -> str:
    """Return what a selector of the parser ``alerts`` is matched against."""
    return f"{alert.name} {alert.priority} {alert.cls} {alert.obj_uuid} {alert.body}"
