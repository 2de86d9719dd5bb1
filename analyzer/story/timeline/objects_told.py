"""The objects that rows tell of: many rows tell of the same ones, so rows have numbers of sets."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

import numpy as np

from analyzer.case.columns import Places
from analyzer.model.terms import UUID_LENGTH

_NOTHING: frozenset[str] = frozenset()
_FIRST_DASH = 8  # of a uuid; the next ones follow after five, ten and fifteen letters
_NONE, _ALL = (0, ""), 1 << 60


def in_pairs(numbers: Places, count: int) -> Iterable[tuple[int, int]]:
    """Return pairs of which each is one number: the first by so many, and the second."""
    ones, others = np.divmod(numbers, count)
    return zip(ones.tolist(), others.tolist(), strict=True)


def distinct(numbers: Places) -> Places:
    """Return numbers in order, each once."""
    # Without counts numpy loads its masked arrays.
    return np.unique(numbers, return_counts=True)[0]


class ObjectsTold:
    """Sets of known objects by their numbers, of which 0 is the empty one.

    ``calls`` is how often SM was called for each.
    """

    def __init__(self, known: Collection[str], calls: Mapping[str, int]) -> None:
        self._calls = calls
        self._numbers = {uuid.encode(): number for number, uuid in enumerate(known)}
        self._alone = [frozenset((uuid,)) for uuid in known]
        self._numbers_alone = np.zeros(len(known), np.int32)  # 0 for none yet
        self._joined: dict[tuple[int, int], int] = {}
        self.sets = [_NOTHING]
        self._groups = [_NONE]  # the object that the words of such rows lie with
        self._numbers_of_sets = {_NOTHING: 0}

    def __len__(self) -> int:
        return len(self.sets)

    def number(self, told: frozenset[str]) -> int:
        """Return the number of a set; its words lie with the one of the fewest calls: no SR."""
        number = self._numbers_of_sets.setdefault(told, len(self.sets))
        if number == len(self.sets):
            self.sets.append(told)
            known = ((self._calls.get(uuid, _ALL), uuid) for uuid in told)
            self._groups.append(min(known))
        return number

    def joined(self, ones: Places, others: Places) -> Places:
        """Return of each two sets the number of both together."""
        joined, count = np.where(ones == 0, others, ones), len(self.sets)
        both = np.flatnonzero((others != joined) & (others != 0))
        pairs, places = np.unique(ones[both] * count + others[both], return_inverse=True)
        told = [self._joined.get(pair) or self._join(*pair) for pair in in_pairs(pairs, count)]
        joined[both] = np.array(told, np.int64)[places]
        return joined

    def _join(self, one: int, other: int) -> int:
        self._joined[one, other] = number = self.number(self.sets[one] | self.sets[other])
        return number

    def in_groups(self, told: Places) -> Places:
        """Return rows in the order of the objects that their words lie with."""
        sets, places = np.unique(told, return_inverse=True)
        groups = [self._groups[each] for each in sets.tolist()]
        ranks = {group: rank for rank, group in enumerate(sorted(set(groups)))}
        return np.argsort(np.array([ranks[group] for group in groups])[places], kind="stable")

    def named(self, words: Sequence[bytes], stops: Places) -> Places:
        """Return the sets of the objects that rows name, which stop there in all words."""
        named = np.zeros(len(words), np.int64)
        text = b"\n".join(words).lower()
        dashes = np.flatnonzero(np.frombuffer(text, np.uint8) == ord("-"))
        first = dashes[:-3]
        of_uuid = [dashes[place:][: len(first)] == first + 5 * place for place in (1, 2, 3)]
        ends = first[np.logical_and.reduce(of_uuid)] + UUID_LENGTH - _FIRST_DASH
        number_of = self._numbers.get
        found = [number_of(text[end - UUID_LENGTH : end], -1) for end in ends.tolist()]
        numbers = np.array(found, np.int64)
        known = numbers >= 0
        if not known.any():
            return named
        rows = np.searchsorted(stops, ends[known])
        of_rows, uuids = np.divmod(
            distinct(rows * len(self._alone) + numbers[known]), len(self._alone)
        )
        starts = np.flatnonzero(np.diff(of_rows, prepend=-1))
        counts = np.diff(starts, append=len(of_rows))
        alone = uuids[starts]
        for uuid in distinct(alone[self._numbers_alone[alone] == 0]).tolist():
            self._numbers_alone[uuid] = self.number(self._alone[uuid])
        named[of_rows[starts]] = self._numbers_alone[alone]
        for place in np.flatnonzero(counts > 1).tolist():
            start = starts[place]
            own = uuids[start : start + counts[place]].tolist()
            named[of_rows[start]] = self.number(
                _NOTHING.union(*(self._alone[each] for each in own))
            )
        return named


class RowsTold(Mapping[str, Places]):
    """The rows that tell of an object, by its uuid, put together when they are asked for."""

    def __init__(self, parts_of: Mapping[str, Sequence[int]], parts: Sequence[Places]) -> None:
        self._parts_of, self._parts = dict(sorted(parts_of.items())), parts

    def __getitem__(self, uuid: str) -> Places:
        return np.sort(np.concatenate([self._parts[part] for part in self._parts_of[uuid]]))

    def __iter__(self) -> Iterator[str]:
        return iter(self._parts_of)

    def __len__(self) -> int:
        return len(self._parts_of)
