"""What becomes of rows: the events that rules ask for, and the lines of a full timeline."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from functools import cache, lru_cache
from types import MappingProxyType
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from analyzer.case.columns import TIMES, WORDS, Columns, Few, Places, numbered
from analyzer.case.rows import IDS, LINE_TEXTS
from analyzer.model.event import CODING, Event, Level, place_of_text
from analyzer.model.moment import Moment
from analyzer.model.source import Source
from analyzer.model.terms import EPOCH
from analyzer.parsers.scan.match import Captures, automaton, capturing

_EVENT = (
    *("bundle", "member", "line", "kind", "source_kind", "host", "process"),
    *("pid", "task", "level", "count"),
)
_NO_IDS = (None,) * len(IDS)
_Groups: TypeAlias = Callable[[bytes], Sequence[tuple[int, int]]]
_LEVELS: Mapping[object, Level] = MappingProxyType({level.value: level for level in Level})


class Brief(NamedTuple):
    """What a row tells without becoming an event; ``at`` is in microseconds since 1970."""

    row: int
    bundle: str
    member: str
    line: int
    kind: str
    pid: int | None
    task: str | None
    at: int
    said: bytes  # its message


class KeptLines(NamedTuple):
    """Lines of which something was kept, by columns; a line once for all kinds that kept it.

    ``times`` are at, earliest and latest, in microseconds since 1970; ``texts`` are columns of
    places in `EventTable.texts`, -1 for none, as of ``pids``, and ``kinds_of`` one of places in
    ``kinds``, which stand there as they first appear. ``words`` are texts in UTF-8, behind each its
    message where it does not end with it; ``lengths`` are those of texts and of messages. ``ids``
    are by row what the fields of a line name of `IDS`, where they may name any.
    """

    times: tuple[npt.NDArray[np.int64], ...]
    texts: Mapping[str, npt.NDArray[np.int64]]
    lines: npt.NDArray[np.int64]
    pids: npt.NDArray[np.int64]
    counts: npt.NDArray[np.int64]
    kinds: Sequence[tuple[str, ...]]
    kinds_of: Places
    words: list[bytes]
    lengths: tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]
    ids: Mapping[int, tuple[str | None, ...]]


def briefs_of(rows: Columns, places: Places) -> list[Brief]:
    """Return rows without making events of them."""
    named = (rows.values(name, places).tolist() for name in Brief._fields[1:-1])
    spans = (rows.values(name, places).tolist() for name in ("words", "message", "message_end"))
    said = [words[start:end] for words, start, end in zip(*spans, strict=True)]
    return list(map(Brief, places.tolist(), *named, said))


def lines_of(rows: Columns) -> KeptLines:
    """Return the lines of some rows that are together, each once."""
    texts = {name: rows.few[name].codes.astype(np.int64) for name in LINE_TEXTS}
    first, line_of = numbered(texts["bundle"], texts["member"], rows.plain["line"])
    by_line = np.argsort(line_of, kind="stable")
    starts = np.searchsorted(line_of[by_line], np.arange(len(first)))
    kinds, kinds_of = _kinds_of_lines(rows.few["kind"].at(by_line), starts)
    pids = rows.values("pid", first).tolist()
    held, *spans = (rows.values(name, first) for name in WORDS[:5])
    begins, ends, message, message_ends = spans
    words = [each[start:end] for each, start, end in _told(held, begins, ends)]
    said = message_ends - message
    lengths = said.tolist()
    for row in np.flatnonzero(message_ends != ends).tolist():
        own = held[row][message[row] : message_ends[row]]
        if not words[row].endswith(own):
            words[row] += own
    ids: dict[int, tuple[str | None, ...]] = {}
    fields = rows.few["fields"]
    found, kinds_of_fields = np.unique(fields.codes, return_inverse=True)
    naming = [_may_name_any(fields.texts[code]) for code in found.tolist()]
    places = np.flatnonzero(np.array(naming)[kinds_of_fields])
    for row, code in _told(line_of[places], fields.codes[places]):
        each, own = fields.texts[code], words[row]
        own = own[len(own) - lengths[row] :]
        named = _ids_found(each, own) if type(each) is str else tuple(map(each.get, IDS))
        ids[row] = tuple(map(_first, ids[row], named)) if row in ids else named
    return KeptLines(
        times=tuple(rows.plain[name][first] for name in TIMES),
        texts={name: codes[first] for name, codes in texts.items()},
        lines=rows.plain["line"][first].astype(np.int64),
        pids=np.array([-1 if pid is None else pid for pid in pids], np.int64),
        counts=np.maximum.reduceat(rows.plain["count"][by_line], starts).astype(np.int64),
        kinds=kinds,
        kinds_of=kinds_of,
        words=words,
        lengths=(ends - begins, said),
        ids=ids,
    )


def _kinds_of_lines(column: Few, starts: Places) -> tuple[Sequence[tuple[str, ...]], Places]:
    """Return the kinds that lines are of, each once, and their places; lines begin at `starts`."""
    keys = column.codes[starts].astype(np.int64)
    several: dict[tuple[int, ...], int] = {}
    counts = np.diff(starts, append=len(column.codes))
    for line in np.flatnonzero(counts > 1).tolist():
        codes = tuple(column.codes[starts[line] : starts[line] + counts[line]].tolist())
        keys[line] = -1 - several.setdefault(codes, len(several))
    first, places = numbered(keys)
    together = tuple(several)
    told = [(key,) if key >= 0 else together[-1 - key] for key in keys[first].tolist()]
    return [tuple(column.texts[code] for code in codes) for codes in told], places


def _told(*columns: npt.NDArray[Any]) -> Iterator[tuple[Any, ...]]:
    return zip(*(column.tolist() for column in columns), strict=True)


def _first(one: str | None, other: str | None) -> str | None:
    return other if one is None else one


def _may_name_any(fields: str | Mapping[str, str]) -> bool:
    """Tell whether fields, or what a pattern finds, may be of `IDS`."""
    return bool(_finding_ids(fields) if isinstance(fields, str) else fields)


@lru_cache(maxsize=8192)  # the same is said again
def _ids_found(pattern: str, said: bytes) -> tuple[str | None, ...]:
    """Return those of `IDS` that took part, as `Captures` finds them."""
    text = said if said.isascii() else said.decode(*CODING).encode(errors="replace")
    finding = _finding_ids(pattern)
    if finding is None:
        return _NO_IDS
    groups, numbers = finding
    spans = [(-1, -1), *groups(text)]
    return tuple(
        [
            text[start:end].decode(errors="replace") if start >= 0 else None
            for start, end in map(spans.__getitem__, numbers)
        ]
    )


@cache
def _finding_ids(pattern: str) -> tuple[_Groups, Sequence[int]] | None:
    """Return what finds `IDS`, and behind which group each lies; None where it names none."""
    if not any(f"(?P<{name}>" in pattern for name in IDS):
        return None
    # To capture the others, too, takes a fourth longer.
    finds = automaton(capturing(pattern, IDS), captures=True)
    numbers = dict(finds.names)
    return finds.groups, [numbers.get(name, -1) + 1 for name in IDS]


def events_of(rows: Columns, places: Places) -> Iterator[Event]:
    """Make events of rows."""
    columns = (rows.values(name, places).tolist() for name in _EVENT)
    rest = zip(*columns, strict=True)
    words, *spans, found = (rows.values(name, places).tolist() for name in WORDS)
    starts, ends, begins, stops = spans
    texts, said = map(place_of_text, starts, ends), map(place_of_text, begins, stops)
    told = zip(_moments_of(rows, places), words, texts, said, found, strict=True)
    for row, (moment, text, place, message, fields) in zip(rest, told, strict=True):
        bundle, member, line, kind, parser, host, process, pid, task, level, count = row
        yield Event(
            moment=moment,
            source=Source(bundle=bundle, member=member, line=line),
            kind=kind,
            parser=parser,
            host=host,
            process=process,
            words=text,
            place=place,
            said=message,
            pid=pid,
            task=task,
            level=_LEVELS.get(level),
            count=count,
            fields=Captures(fields, text, message) if isinstance(fields, str) else fields,
        )


def _moments_of(rows: Columns, places: Places) -> Iterator[Moment]:
    """Make the moments of rows, the same one for the same time."""
    columns = (rows.values(name, places).tolist() for name in (*TIMES, "dated_by"))
    known: dict[tuple[int, int, int, str], Moment] = {}
    for key in zip(*columns, strict=True):
        moment = known.get(key)
        if moment is None:
            # Nearly all are exact: one time for all three takes a third of the memory.
            of_each = {n: EPOCH + timedelta(microseconds=n) for n in set(key[:3])}
            at, earliest, latest = map(of_each.__getitem__, key[:3])
            moment = Moment(at=at, earliest=earliest, latest=latest, dated_by=key[3])
            known[key] = moment
        yield moment
