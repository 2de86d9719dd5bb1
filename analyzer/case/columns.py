"""Columns: rows of the event table column by column, undated, dated, in the order of time.

Columns of few values (``bundle member source_kind process kind level task``, with ``syslog_host``
until they are dated, ``dated_by host host_id`` from then on) are places in a list of these; the
rest are ``line pid count`` and, in microseconds since 1970, ``at earliest latest``. Where the words
of a row are: ``words`` are the bytes of many rows, and ``text text_end message message_end``
offsets in them. ``fields`` are the fields, or the pattern that finds them in the message.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from analyzer.case.correlate import in_order
from analyzer.case.rows import CODING, PackedRows, Row
from analyzer.model.moment import Moment
from analyzer.parsers._api import Stamp
from analyzer.parsers.scan.match import Captures

Places: TypeAlias = npt.NDArray[np.intp]
Date: TypeAlias = Callable[[str, str, int, Stamp], Moment]
Hour: TypeAlias = Callable[[str, str, Stamp], Moment | None]

TIMES = ("at", "earliest", "latest")
WORDS = ("words", "text", "text_end", "message", "message_end", "fields")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)

_NUMBERS = ("line", "count")
_ORDER = ("at", "host", "member", "line", "kind", "bundle")
_NOT_DATED = ("when", "syslog_host")


class Few:
    """A column of few values: ``codes`` are their places in ``texts``, -1 stands for None."""

    def __init__(self, codes: npt.NDArray[Any], texts: Sequence[Any]) -> None:
        self.codes = codes
        self.texts = list(texts)

    @classmethod
    def of(cls, values: Iterable[str]) -> "Few":
        """Return texts as such a column, what they are in order."""
        known: dict[str, int] = {}
        codes = np.array([known.setdefault(value, len(known)) for value in values], np.int64)
        return cls(codes, list(known)).sorted_by(sorted(known))

    def sorted_by(self, texts: Sequence[str]) -> "Few":
        """Return the column with all its texts, and others, as they stand in a list."""
        places = {text: place for place, text in enumerate(texts)}
        return Few(
            np.array([*(places[text] for text in self.texts), -1], np.int32)[self.codes], texts
        )

    @cached_property
    def _all_texts(self) -> npt.NDArray[np.object_]:
        return np.array([*self.texts, None], object)  # a missing one has code -1

    def values(self, places: Places | slice = slice(None)) -> npt.NDArray[np.object_]:
        """Return the texts of some rows, None for what is missing."""
        texts: npt.NDArray[np.object_] = self._all_texts[self.codes[places]]
        return texts

    def rows_of(self, wanted: Collection[str]) -> npt.NDArray[np.bool_]:
        """Tell of each row whether it has one of some texts."""
        has = np.array([*(text in wanted for text in self.texts), False], bool)
        rows: npt.NDArray[np.bool_] = has[self.codes]
        return rows


class Columns:
    """Rows, column by column."""

    def __init__(self, few: Mapping[str, Few], plain: Mapping[str, npt.NDArray[Any]]) -> None:
        self.few = few
        self.plain = plain

    def __len__(self) -> int:
        return len(self.plain["line"])

    def values(self, name: str, places: Places | slice = slice(None)) -> npt.NDArray[Any]:
        """Return what some rows have in a column, None for what is missing."""
        few = self.few.get(name)
        return self.plain[name][places] if few is None else few.values(places)

    def at(self, places: Places | npt.NDArray[np.bool_]) -> "Columns":
        """Return some of the rows, in the order of their places."""
        few = {name: Few(each.codes[places], each.texts) for name, each in self.few.items()}
        return Columns(few, {name: each[places] for name, each in self.plain.items()})

    def words(
        self, places: Places | slice = slice(None)
    ) -> Iterator[tuple[str, str, Mapping[str, str]]]:
        """Yield message, text and fields of some rows."""
        columns = (self.plain[name][places].tolist() for name in WORDS)
        for words, start, end, *message, found in zip(*columns, strict=True):
            said = words[slice(*message)].decode(*CODING)
            fields = Captures(found, said) if isinstance(found, str) else found
            yield said, words[start:end].decode(*CODING), fields


def undated(rows: PackedRows) -> Columns:
    """Return rows as they were packed, ``when`` what dates them."""
    spans = np.array(rows.spans, np.int64).reshape(-1, 4).T
    plain = {
        name: np.array(column, np.int64) if name in _NUMBERS else _objects(column)
        for name, column in rows.columns.items()
    }
    plain |= {"words": _objects([rows.words] * len(rows)), "fields": _objects(rows.fields)}
    plain |= zip(WORDS[1:5], spans, strict=True)
    few = {name: Few(np.array(each.codes), each.distinct) for name, each in rows.repeated.items()}
    return Columns(few, plain)


def _objects(values: Sequence[object]) -> npt.NDArray[np.object_]:
    column = np.empty(len(values), object)
    column[:] = values
    return column


def rows_of(undated: Columns, kinds: Collection[str]) -> Iterator[Row]:
    """Yield the rows of some kinds again, as they were packed."""
    places = np.flatnonzero(undated.few["kind"].rows_of(kinds))
    names = [name for name in Row._fields if name not in ("message", "text", "fields")]
    rest = zip(*(undated.values(name, places).tolist() for name in names), strict=True)
    for row, words in zip(rest, undated.words(places), strict=True):
        yield Row._make((*row, *words))


def dated(undated: Columns, date: Date, hour: Hour, host_names: Mapping[str, str]) -> Columns:
    """Return rows with times instead of stamps, and each with its host."""
    moments: list[Moment] = []
    later: list[int] = []  # microseconds behind them
    few, plain = undated.few, undated.plain
    bundles, members = few["bundle"].texts, few["member"].texts
    known_dates: dict[tuple[int, int, int], tuple[Moment, int]] = {}  # by bundle, member, stamp
    places = (few["bundle"].codes, few["member"].codes, plain["line"], plain["when"])
    for bundle, member, line, when in zip(*(each.tolist() for each in places), strict=True):
        key = bundle, member, id(when)  # rows of one second share their stamp
        known = known_dates.get(key)
        if known is None:
            moment = (
                when if isinstance(when, Moment) else hour(bundles[bundle], members[member], when)
            )
            if moment is None:
                known = date(bundles[bundle], members[member], line, when), 0
            else:
                # The microseconds; a leap second is the end of its minute.
                known = known_dates[key] = (
                    moment,
                    0
                    if moment is when
                    else ((when.minute * 60 + min(when.second, 59)) * 1_000_000),
                )
        moments.append(known[0])
        later.append(known[1])
    return _with_times(undated, moments, later, host_names)


def _with_times(
    undated: Columns, moments: list[Moment], later: list[int], host_names: Mapping[str, str]
) -> Columns:
    distinct = list({id(moment): moment for moment in moments}.values())
    numbers = {id(moment): number for number, moment in enumerate(distinct)}
    shared = np.array([numbers[id(moment)] for moment in moments], np.int64)
    behind = np.array(later, np.int64)
    plain = {name: each for name, each in undated.plain.items() if name not in _NOT_DATED}
    for name in TIMES:
        values = [(getattr(moment, name) - EPOCH) // MICROSECOND for moment in distinct]
        plain[name] = np.array(values, np.int64)[shared] + behind
    few = {name: each for name, each in undated.few.items() if name not in _NOT_DATED}
    told = Few.of(moment.dated_by for moment in distinct)
    few["dated_by"] = Few(told.codes[shared], told.texts)
    bundles, called = (undated.values(name).tolist() for name in ("bundle", "syslog_host"))
    few["host"] = Few.of(
        host_names.get(bundle, host or bundle) for bundle, host in zip(bundles, called, strict=True)
    )
    return Columns(few, plain)


def joined(parts: Sequence[Columns]) -> Columns:
    """Put rows together in the table's order."""
    few = {}
    for name in parts[0].few:
        columns = [part.few[name] for part in parts]
        texts = sorted({text for column in columns for text in column.texts})
        codes = [column.sorted_by(texts).codes for column in columns]
        few[name] = Few(np.concatenate(codes), texts)
    plain = {name: np.concatenate([part.plain[name] for part in parts]) for name in parts[0].plain}
    keys = [few[name].codes if name in few else plain[name] for name in _ORDER]
    return Columns(few, plain).at(in_order(keys))


def without_copied_lines(columns: Columns, host_ids: Mapping[str, str]) -> Columns:
    """Name the hosts apart, and drop the copies of a line that two reports of one host hold.

    The same words twice in one report are two events: the nth is a copy of the nth elsewhere.
    """
    bundles = columns.few["bundle"]
    there = {str(bundles.texts[code]) for code in set(bundles.codes.tolist())}
    ids = Few.of(host_ids.get(bundle, bundle) for bundle in bundles.texts)
    hosts = Few(ids.codes[bundles.codes], ids.texts)
    columns = Columns({**columns.few, "host_id": hosts}, columns.plain)
    if len({host_ids.get(bundle, bundle) for bundle in there}) == len(there):
        return columns
    said: Counter[tuple[object, ...]] = Counter()
    known: set[tuple[object, ...]] = set()
    new: list[int] = []
    keys = (columns.values(name).tolist() for name in ("bundle", "host_id", "kind"))
    for row, (words, bundle, *line) in enumerate(zip(columns.words(), *keys, strict=True)):
        own = (*line, words[1])
        nth = (*own, said[bundle, *own])
        said[bundle, *own] += 1
        if nth not in known:
            known.add(nth)
            new.append(row)
    return columns.at(np.array(new, np.intp))
