"""Columns: rows of the event table column by column, undated, dated, in the order of time.

Columns of few values (``bundle member source_kind process pid kind level task``, with
``syslog_host`` until they are dated, ``dated_by host host_id`` from then on) are places in a list
of these; the rest are ``line count`` and, in microseconds since 1970, ``at earliest latest``. Where
the words of a row are: ``words`` are the bytes of many rows, and ``text text_end message
message_end`` offsets in them. ``fields`` are the fields, or the pattern that finds them in the
message. Rows come by the million, so numbers other than times take 32 bits where these are enough,
and codes as few as there are values for.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import accumulate, pairwise
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from analyzer.case.correlate import in_order
from analyzer.case.rows import OF_ALL_BUT_A_FRACTION, OF_AN_HOUR, PackedRows, Row, stamp_of_number
from analyzer.model.event import CODING
from analyzer.model.moment import Moment
from analyzer.model.terms import EPOCH, MICROSECOND
from analyzer.parsers._api import Stamp
from analyzer.parsers.scan.match import Captures

Places: TypeAlias = npt.NDArray[np.intp]
Date: TypeAlias = Callable[[str, str, int, Stamp], Moment]
Hour: TypeAlias = Callable[[str, str, Stamp, int, int], Moment | None]

TIMES = ("at", "earliest", "latest")
WORDS = ("words", "text", "text_end", "message", "message_end", "fields")

_HOUR = (1 << OF_ALL_BUT_A_FRACTION - OF_AN_HOUR) - 1  # of a stamp's number
_HELD = ("words", "fields")  # columns of few values that have no order
_ORDER = ("at", "host", "member", "line", "kind", "bundle")
_NOT_DATED = ("when", "odd", "syslog_host")


class Few:
    """A column of few values: ``codes`` are their places in ``texts``, -1 stands for None."""

    def __init__(self, codes: npt.NDArray[Any], texts: Sequence[Any]) -> None:
        self.codes = codes
        self.texts = texts

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

    @classmethod
    def held(cls, columns: Sequence["Few"]) -> "Few":
        """Return columns one behind another, each with its own values."""
        starts = [0, *accumulate(len(column.texts) for column in columns)]
        codes = [
            column.codes.astype(np.int32) + start
            for column, start in zip(columns, starts, strict=False)
        ]
        return cls(np.concatenate(codes), [text for column in columns for text in column.texts])

    def at(self, places: Places | npt.NDArray[np.bool_]) -> "Few":
        """Return some of the rows."""
        found = Few(self.codes[places], self.texts)
        if "_all_texts" in self.__dict__:
            found.__dict__["_all_texts"] = self._all_texts
        return found

    @cached_property
    def _all_texts(self) -> npt.NDArray[np.object_]:
        return _objects([*self.texts, None])  # a missing one has code -1

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
        few = {name: each.at(places) for name, each in self.few.items()}
        return Columns(few, {name: each[places] for name, each in self.plain.items()})

    def narrow(self) -> "Columns":
        """Return the same in as little memory as it takes."""
        few = {name: Few(_narrow(each.codes), each.texts) for name, each in self.few.items()}
        plain = {
            name: each if name in TIMES else _narrow(each, np.int32)
            for name, each in self.plain.items()
        }
        return Columns(few, plain)

    def said(self, places: Places | slice = slice(None)) -> Iterator[tuple[str, Mapping[str, str]]]:
        """Yield message and fields of some rows."""
        names = ("words", "message", "message_end", "fields")
        columns = (self.values(name, places).tolist() for name in names)
        for words, start, end, found in zip(*columns, strict=True):
            said = words[start:end].decode(*CODING)
            yield said, Captures(found, said) if isinstance(found, str) else found

    def texts(self, places: Places | slice = slice(None)) -> Iterator[str]:
        """Yield the texts of some rows."""
        columns = (self.values(name, places).tolist() for name in WORDS[:3])
        for words, start, end in zip(*columns, strict=True):
            yield words[start:end].decode(*CODING)


def numbered(*columns: npt.NDArray[Any]) -> tuple[Places, Places]:
    """Number rows that differ as they first appear: the first of each number, and each row's."""
    order = np.lexsort(columns)
    differs = np.zeros(len(order), bool)
    differs[:1] = True
    for column in columns:
        values = column[order]
        differs[1:] |= values[1:] != values[:-1]
    first = order[differs]
    in_turn = np.argsort(first)
    numbers, found = np.empty_like(in_turn), np.empty_like(order)
    numbers[in_turn] = np.arange(len(first))
    found[order] = numbers[np.cumsum(differs) - 1]
    return first[in_turn], found


def among(known: npt.NDArray[Any], values: npt.ArrayLike) -> npt.NDArray[np.bool_]:
    """Tell of values whether they are among known ones, which are in order."""
    wanted = np.asarray(values)
    if not len(known):
        return np.zeros(wanted.shape, bool)
    places = np.searchsorted(known, wanted).clip(max=len(known) - 1)
    found: npt.NDArray[np.bool_] = known[places] == wanted
    return found


def undated(rows: PackedRows) -> Columns:
    """Return rows as they were packed, ``when`` what dates them."""
    spans = np.array(rows.spans, np.int64).reshape(-1, 4).T
    plain = {name: np.array(column, np.int64) for name, column in rows.columns.items()}
    plain |= zip(WORDS[1:5], spans, strict=True)
    plain = {name: _narrow(column, np.int32) for name, column in plain.items()}
    if rows.odd:
        plain["odd"] = np.empty(len(rows), object)
        plain["odd"][plain["when"] < 0] = _objects(rows.odd)
    few = {name: Few(np.array(each.codes), each.distinct) for name, each in rows.repeated.items()}
    few["words"] = Few(np.zeros(len(rows), np.int32), [rows.words])
    few["fields"] = _held(rows.fields)
    return Columns(few, plain)


def _held(values: Sequence[object]) -> Few:
    """Return values that have no order as a column; what is the same, or the same text, is one."""
    keys = [value if isinstance(value, str) else id(value) for value in values]
    distinct: dict[object, object] = {}
    for key, value in zip(keys, values, strict=True):
        distinct.setdefault(key, value)
    places = {key: place for place, key in enumerate(distinct)}
    return Few(np.array([places[key] for key in keys], np.int32), list(distinct.values()))


def _objects(values: Sequence[object]) -> npt.NDArray[np.object_]:
    column = np.empty(len(values), object)
    for place, value in enumerate(values):  # numpy would look into mapped bytes
        column[place] = value
    return column


def _narrow(
    numbers: npt.NDArray[Any], least: type[np.signedinteger[Any]] = np.int8
) -> npt.NDArray[Any]:
    """Return integers as narrow as all of them fit, `least` at least, others as they are."""
    if not np.issubdtype(numbers.dtype, np.integer) or not len(numbers):
        return numbers
    ends = np.array([numbers.min(), numbers.max()])
    fits = np.result_type(least, *map(np.min_scalar_type, (-abs(ends) - 1).tolist()))
    return numbers.astype(fits, copy=False)


def rows_of(undated: Columns, kinds: Collection[str]) -> Iterator[Row]:
    """Yield the rows of some kinds again, as they were packed."""
    places = np.flatnonzero(undated.few["kind"].rows_of(kinds))
    names = [name for name in Row._fields if name not in ("message", "text", "fields")]
    rest = zip(*(undated.values(name, places).tolist() for name in names), strict=True)
    words = zip(undated.said(places), undated.texts(places), strict=True)
    for place, row, ((said, fields), text) in zip(places.tolist(), rest, words, strict=True):
        when = _what_dates(undated.plain, place)
        yield Row._make((*row, said, text, fields))._replace(when=when)


def dated(undated: Columns, date: Date, hour: Hour, host_names: Mapping[str, str]) -> Columns:
    """Return rows with times instead of stamps, and each with its host."""
    few, plain = undated.few, undated.plain
    bundles, members = few["bundle"], few["member"]
    numbers = plain["when"].astype(np.int64)
    distinct: dict[int, tuple[int, Moment]] = {}  # by id
    shared = np.empty(len(numbers), np.int64)
    behind = np.zeros(len(numbers), np.int64)  # microseconds
    logs = bundles.codes.astype(np.int64) * len(members.texts) + members.codes
    # Stamps of whole seconds mean all of it, so those with a fraction stand apart.
    exact = (numbers >> OF_ALL_BUT_A_FRACTION > 0).astype(np.int64)
    hours = logs << 32 | exact << 31 | numbers >> OF_AN_HOUR & _HOUR
    # Rows of one hour, which stand together; such as have a date of their own stand alone.
    starts = np.flatnonzero((hours[1:] != hours[:-1]) | (numbers[1:] < 0)) + 1
    runs = pairwise([0, *starts.tolist(), len(numbers)] if len(numbers) else ())
    for start, end in runs:
        bundle, member = bundles.texts[bundles.codes[start]], members.texts[members.codes[start]]
        when = _what_dates(plain, start)
        if isinstance(when, Moment):
            moment: Moment | None = when
        elif numbers[start] < 0:
            moment = None
        else:
            lines = plain["line"][start:end]
            moment = hour(bundle, member, when, int(lines.min()), int(lines.max()))
        if moment is None:
            for row in range(start, end):
                when, line = _what_dates(plain, row), int(plain["line"][row])
                found = date(bundle, member, line, when)
                shared[row] = distinct.setdefault(id(found), (len(distinct), found))[0]
            continue
        shared[start:end] = distinct.setdefault(id(moment), (len(distinct), moment))[0]
        if numbers[start] >= 0:
            behind[start:end] = _into_the_hour(numbers[start:end])
    return _with_times(
        undated, [moment for _, moment in distinct.values()], shared, behind, host_names
    )


def _what_dates(plain: Mapping[str, npt.NDArray[Any]], row: int) -> Any:
    number = int(plain["when"][row])
    return plain["odd"][row] if number < 0 else stamp_of_number(number)


def _into_the_hour(numbers: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Return the microseconds of some stamps of an hour; a leap second is the end of its minute."""
    fractions, minutes, seconds = (
        numbers >> bits & ones for bits, ones in ((OF_ALL_BUT_A_FRACTION, -1), (6, 63), (0, 63))
    )
    behind: npt.NDArray[np.int64] = (minutes * 60 + np.minimum(seconds, 59)) * 1_000_000
    return behind + fractions


def _with_times(
    undated: Columns,
    distinct: Sequence[Moment],
    shared: Places,
    behind: npt.NDArray[np.int64],
    host_names: Mapping[str, str],
) -> Columns:
    plain = {name: each for name, each in undated.plain.items() if name not in _NOT_DATED}
    for name in TIMES:
        values = [(getattr(moment, name) - EPOCH) // MICROSECOND for moment in distinct]
        plain[name] = np.array(values, np.int64)[shared] + behind
    few = {name: each for name, each in undated.few.items() if name not in _NOT_DATED}
    told = Few.of(moment.dated_by for moment in distinct)
    few["dated_by"] = Few(told.codes[shared], told.texts)
    bundles, called = undated.few["bundle"], undated.few["syslog_host"]
    places = bundles.codes * (len(called.texts) + 1) + called.codes + 1
    known = {place: number for number, place in enumerate(sorted(set(places.tolist())))}
    hosts = Few.of(_shown_host(bundles, called, place, host_names) for place in known)
    numbers = np.zeros(max(known, default=0) + 1, np.int64)
    numbers[list(known)] = hosts.codes
    few["host"] = Few(numbers[places], hosts.texts)
    return Columns(few, plain)


def _shown_host(bundles: Few, called: Few, place: int, host_names: Mapping[str, str]) -> str:
    """Return what a host is called whose bundle and own name stand at such a place."""
    code, host = divmod(place, len(called.texts) + 1)
    bundle = bundles.texts[code]
    return host_names.get(bundle, (called.texts[host - 1] if host else "") or bundle)


def joined(parts: Sequence[Columns]) -> Columns:
    """Put rows together in the table's order."""
    few = {}
    for name in parts[0].few:
        columns = [part.few[name] for part in parts]
        if name in _HELD:
            few[name] = Few.held(columns)
            continue
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
    for row, (text, bundle, *line) in enumerate(zip(columns.texts(), *keys, strict=True)):
        own = (*line, text)
        nth = (*own, said[bundle, *own])
        said[bundle, *own] += 1
        if nth not in known:
            known.add(nth)
            new.append(row)
    return columns.at(np.array(new, np.intp))
