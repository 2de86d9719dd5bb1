"""Keep report.json small: of what is repeated the latest stay, the rest is counted.

A megabyte for each eight disks, and never more than thirty: the budgets below. What is over goes
out of the heaviest lists first, half of a list at a time; the newest of what has a time stay, the
first and last of quotations. Findings, causes, plans and the objects of the pool stay as long as
the file is below the thirty. Where nothing else helps, quoted lines lose their ends: `…` marks it.
"""

import json
import math
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import field
from enum import IntEnum
from typing import Any, TypeAlias

from analyzer.model.source import quoted
from analyzer.values import dataclass

Object: TypeAlias = dict[str, Any]

MEGABYTE = 950_000  # as weighed, which leaves out a part of the blanks
DISKS_IN_A_MEGABYTE = 8
LARGEST = 30 * MEGABYTE
FEW, ONE = 8, 1  # entries that a list keeps, as long as that helps
LONGEST_QUOTE = 2_000  # characters, where even one entry of each list is too much

# What the rest of the document is about, and speaks of by id.
_OBJECTS = frozenset(
    {
        *("bundles", "hosts", "pools", "srs", "clocks", "coverage", "ledger", "suppressed"),
        *("disks", "disks[].logs", "nbd", "nbd[].hosts", "nbd[].networks", "options"),
    }
)
_JUDGED = ("outcomes", "causes", "plans", "parts", "answer")
_QUOTED = frozenset({"evidence", "steps", "lines"})
_TIMES = ("at", "began", "started", "hour", "from", "first_seen")
_WORDS = ("verdict", "kind", "presence")


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """Entries that had no room in the lists of one place, such as ``disks[].life``.

    ``shown`` of all ``of`` entries are there, in one list at most ``most``. Of the others ``first``
    and ``last`` are the earliest and the latest instant (null: they have none), and ``words`` how
    often each verdict or kind is among them. `cbtriage show` tells them of one object in full.
    """

    where: str
    shown: int
    of: int
    most: int
    first: str | None
    last: str | None
    words: Mapping[str, int]


class _Price(IntEnum):
    """What is lost with entries of a list, from the least."""

    REPEATED = 0
    JUDGED = 1
    OBJECTS = 2
    ALL = 3


@dataclass(slots=True)
class _Place:
    """The lists of one place, their weight in bytes, and what was taken out of them."""

    lists: list[list[Any]] = field(default_factory=list)
    weight: int = 0

    @property
    def longest(self) -> int:
        return max(map(len, self.lists), default=0)


@dataclass(slots=True)
class _Taken:
    most: int = 0
    count: int = 0
    times: list[str] = field(default_factory=list)
    words: Counter[str] = field(default_factory=Counter)


def shorten(document: Object) -> tuple[LeftOut, ...]:
    """Take out of a report's lists, in place, what is over the budget; say what it was."""
    taken: dict[str, _Taken] = {}
    # The ids of incidents that causes speak of: these stay.
    incidents_named: list[str] = []
    for cause in document["causes"]:  # those of the parts are among them, and the parts name them
        incidents_named.extend(link["incident"] for link in cause["chain"] if link["incident"])
    named = frozenset(incidents_named)
    disks = len(document["disks"])
    budget = MEGABYTE * max(1, math.ceil(disks / DISKS_IN_A_MEGABYTE))
    scales = Scales(document)
    for most, floor, price in (
        (min(budget, LARGEST), FEW, _Price.REPEATED),
        (min(budget, LARGEST), ONE, _Price.REPEATED),
        (LARGEST, FEW, _Price.JUDGED),
        (LARGEST, ONE, _Price.JUDGED),
        (LARGEST, FEW, _Price.OBJECTS),
    ):
        if scales.total > most and price is _Price.JUDGED:
            _cut_quotes(document)
            scales = Scales(document)
        asked: set[tuple[str, int]] = set()  # what is named stays, so that a list may not shrink
        while scales.total > most and (
            where := _heaviest_place(scales.places, floor, price, asked)
        ):
            place = scales.places[where]
            half = max(floor, place.longest // 2)
            asked.add((where, place.longest))
            _halve_lists(where, place, half, named, taken.setdefault(where, _Taken()))
            scales.weigh_again(where)
    return tuple(
        _left_out(where, gone, scales.places) for where, gone in sorted(taken.items()) if gone.count
    )


def _left_out(where: str, taken: _Taken, places: Mapping[str, _Place]) -> LeftOut:
    shown = sum(map(len, places[where].lists)) if where in places else 0
    return LeftOut(
        where=where,
        shown=shown,
        of=shown + taken.count,
        most=taken.most,
        first=min(taken.times, default=None),
        last=max(taken.times, default=None),
        words=dict(sorted(taken.words.items())),
    )


class Scales:
    """About how many bytes a document takes, and its lists by their place."""

    def __init__(self, document: Object) -> None:
        self.places: dict[str, _Place] = {}
        self.total = self._weigh_value(document, "")

    def weigh_again(self, where: str) -> None:
        """Weigh the lists of a place, which have changed: what they lost, all around them lost."""
        place = self.places[where]
        inside = f"{where}[]"
        for other in [each for each in self.places if each.startswith(inside)]:
            del self.places[other]
        before, place.weight = place.weight, 0
        for entries in place.lists:
            place.weight += self._weigh_list(entries, where)
        lost = before - place.weight
        for other, around in self.places.items():
            if where.startswith(f"{other}[]"):
                around.weight -= lost
        self.total -= lost

    def _weigh_value(self, value: Any, where: str) -> int:
        if isinstance(value, dict):
            dot = f"{where}." if where else ""
            weigh_weight = 6 + 6 * len(value)
            for key, each in value.items():
                weigh_weight += len(key)
                if isinstance(each, dict | list):
                    weigh_weight += self._weigh_value(each, dot + key)
                else:
                    weigh_weight += _weight_of_one(each)
            return weigh_weight
        if isinstance(value, list):
            weight = self._weigh_list(value, where)
            place = self.places.setdefault(where, _Place())
            place.lists.append(value)
            place.weight += weight
            return weight
        return _weight_of_one(value)

    def _weigh_list(self, entries: list[Any], where: str) -> int:
        weight, inside = 2, f"{where}[]"
        for each in entries:
            weight += 4 + self._weigh_value(each, inside)
        return weight


def _weight_of_one(value: str | float | None) -> int:
    """Return the weight of what holds nothing."""
    if isinstance(value, str):
        return len(value) + 2 if value.isascii() else len(json.dumps(value))
    return 6


def _heaviest_place(
    places: Mapping[str, _Place], floor: int, price: _Price, asked: set[tuple[str, int]]
) -> str | None:
    """Return the place of the heaviest lists that have more entries than the floor."""
    open_to_it = (
        where
        for where, place in places.items()
        if _price_of(where) <= price
        and place.longest > floor
        and (where, place.longest) not in asked
    )
    return max(open_to_it, key=lambda where: (places[where].weight, where), default=None)


def _price_of(where: str) -> _Price:
    if where == "outcomes":
        return _Price.ALL
    if where in _OBJECTS:
        return _Price.OBJECTS
    return _Price.JUDGED if where.startswith(_JUDGED) else _Price.REPEATED


def _halve_lists(
    where: str, place: _Place, most: int, named: frozenset[str], taken: _Taken
) -> None:
    """Leave at most that many entries in each list of a place."""
    taken.most = most
    for entries in place.lists:
        if len(entries) <= most:
            continue
        # The places of the entries that stay.
        count = len(entries)
        if where.rpartition(".")[2] in _QUOTED:
            first = (most + 1) // 2
            stay = {*range(first), *range(count - (most - first), count)}
        elif _time_of(entries[0]) and not where.startswith(
            "answer"
        ):  # the worst stands first there
            stay = set(range(count - most, count))
        else:
            stay = set(range(most))
        stay |= {
            n
            for n, each in enumerate(entries)
            if (each.get("id") if isinstance(each, dict) else None) in named
        }
        for n, each in enumerate(entries):
            if n not in stay:
                taken.count += 1
                if time := _time_of(each):
                    taken.times.append(time)
                taken.words.update(_words_of(each))
        entries[:] = [each for n, each in enumerate(entries) if n in stay]


def _time_of(entry: Any) -> str | None:
    if not isinstance(entry, dict):
        return None
    return next((str(entry[key]) for key in _TIMES if entry.get(key)), None)


def _words_of(entry: Any) -> Iterator[str]:
    """Yield the verdict or kind of an entry, or else of what it is made of."""
    if not isinstance(entry, dict):
        return
    own = [entry[key] for key in _WORDS if isinstance(entry.get(key), str)]
    if own:
        yield own[0]
    else:
        for inner in entry.values():
            if isinstance(inner, list):
                for each in inner:
                    yield from _words_of(each)


def _cut_quotes(value: Any) -> None:
    """Cut the quoted lines that are long, whoever quotes them."""
    if isinstance(value, list):
        for each in value:
            _cut_quotes(each)
    elif isinstance(value, dict):
        text = value.get("text")
        if isinstance(text, str) and len(text) > LONGEST_QUOTE:
            value["text"] = quoted(text, LONGEST_QUOTE)
        for each in value.values():
            _cut_quotes(each)
