"""What becomes of rows: the events that rules ask for, and the lines of a full timeline."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from functools import cache
from types import MappingProxyType
from typing import NamedTuple

import numpy as np

from analyzer.case.columns import TIMES, WORDS, Columns, Places
from analyzer.case.rows import IDS, LINE_TEXTS, NO_IDS, KeptLines
from analyzer.model.event import CODING, Event, Level, place_of_text
from analyzer.model.moment import Moment
from analyzer.model.source import Source
from analyzer.model.terms import EPOCH
from analyzer.parsers.scan.match import Captures, automaton

_EVENT = (
    *("bundle", "member", "line", "kind", "source_kind", "host", "process"),
    *("pid", "task", "level", "count"),
)
_LEVELS: Mapping[object, Level] = MappingProxyType({level.value: level for level in Level})


class Brief(NamedTuple):
    """What a row tells without becoming an event; ``at`` is in microseconds since 1970."""

    row: int
    bundle: str
    member: str
    line: int
    kind: str
    pid: int | None
    at: int
    said: bytes  # its message


def briefs_of(rows: Columns, places: Places) -> list[Brief]:
    """Return rows without making events of them."""
    named = (rows.values(name, places).tolist() for name in Brief._fields[1:-1])
    spans = (rows.plain[name][places].tolist() for name in ("words", "message", "message_end"))
    said = [words[start:end] for words, start, end in zip(*spans, strict=True)]
    return list(map(Brief, places.tolist(), *named, said))


def lines_of(rows: Columns) -> KeptLines:
    """Return the lines of some rows that are together, each once."""
    places = (rows.few["bundle"].codes, rows.few["member"].codes, rows.plain["line"])
    lines: dict[tuple[int, ...], list[int]] = {}
    for row, place in enumerate(zip(*(each.tolist() for each in places), strict=True)):
        lines.setdefault(place, []).append(row)
    kinds, counts, found = (rows.values(name).tolist() for name in ("kind", "count", "fields"))
    own = rows.at(np.array([of_line[0] for of_line in lines.values()], np.intp))
    spans = (own.plain[name].tolist() for name in WORDS[:5])
    words = [
        (w[start:end], w[begin:stop]) for w, start, end, begin, stop in zip(*spans, strict=True)
    ]
    return KeptLines(
        times=tuple(own.plain[name].tolist() for name in TIMES),
        texts={name: own.few[name].codes.tolist() for name in LINE_TEXTS},
        lines=own.plain["line"].tolist(),
        pids=own.plain["pid"].tolist(),
        counts=[max([counts[row] for row in each]) for each in lines.values()],
        kinds=[tuple([kinds[row] for row in each]) for each in lines.values()],
        words=words,
        ids=[
            _ids([found[row] for row in each], said)
            for each, (_, said) in zip(lines.values(), words, strict=True)
        ],
    )


def _ids(found: Sequence[str | Mapping[str, str]], said: bytes) -> tuple[str | None, ...]:
    """Return what the fields of a line name of `IDS`; the first of several wins."""
    told = [each for each in found if each and (type(each) is not str or _names_ids(each))]
    if not told:
        return NO_IDS
    text = said if said.isascii() else said.decode(*CODING).encode(errors="replace")
    values: dict[str, str] = {}
    for each in reversed(told):
        values.update(_ids_found(each, text) if isinstance(each, str) else each)
    return tuple(map(values.get, IDS))


def _ids_found(pattern: str, text: bytes) -> Iterator[tuple[str, str]]:
    """Yield those of `IDS` that took part, as `Captures` finds them."""
    exact = automaton(pattern, captures=True)
    spans = exact.groups(text)
    for name, number in exact.names:
        start, end = spans[number]
        if start >= 0 and name in IDS:
            yield name, text[start:end].decode(errors="replace")


@cache
def _names_ids(pattern: str) -> bool:
    return any(f"(?P<{name}>" in pattern for name in IDS)


def events_of(rows: Columns, places: Places) -> Iterator[Event]:
    """Make events of rows."""
    columns = (rows.values(name, places).tolist() for name in _EVENT)
    rest = zip(*columns, strict=True)
    words, *spans, found = (rows.plain[name][places].tolist() for name in WORDS)
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
            of_each = {n: EPOCH + timedelta(microseconds=n) for n in key[:3]}
            at, earliest, latest = map(of_each.__getitem__, key[:3])
            moment = Moment(at=at, earliest=earliest, latest=latest, dated_by=key[3])
            known[key] = moment
        yield moment
