"""Which calls of SM the kept lines are of."""

from array import array
from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from analyzer.case.case import Case
from analyzer.case.columns import Places
from analyzer.case.derived import derived
from analyzer.model.operation import Operation
from analyzer.model.source import Source
from analyzer.rebuilt.calls.operations import sm_operations

_Numbers = npt.NDArray[np.int64]


class CallsOfLines:
    """By (report, member) the lines that calls name, and the places of their calls, in arrays.

    Of ten lines nine are of one call. A ``group`` is the number of one call, or behind all calls of
    several that share a line.
    """

    def __init__(self, calls: Sequence[Operation]) -> None:
        self.calls = calls
        self._shared: dict[tuple[int, ...], int] = {}
        files: dict[tuple[str, str], tuple[array[int], array[int]]] = {}
        for number, call in enumerate(calls):
            for source in (event.source for event in call.lines):
                lines, own = files.setdefault(
                    (source.bundle, source.member), (array("q"), array("i"))
                )
                lines.append(source.line)
                own.append(number)
        self._files = {file: self._grouped(*told) for file, told in files.items()}
        self._members = tuple(self._shared)

    def __len__(self) -> int:
        """Return how many groups there are."""
        return len(self.calls) + len(self._members)

    def _grouped(self, lines: "array[int]", calls: "array[int]") -> tuple[_Numbers, Places]:
        """Return each line once, in order, and its group."""
        told = np.array([lines, calls], np.int64)
        told = told[:, np.lexsort(told[::-1])]
        # Not `unique`: for it numpy loads its masked arrays.
        pairs = told[:, np.append(True, np.any(np.diff(told), axis=0))]
        found, first, counts = np.unique(pairs[0], return_index=True, return_counts=True)
        groups = pairs[1][first]
        for place in np.flatnonzero(counts > 1).tolist():
            own = tuple(pairs[1][first[place] : first[place] + counts[place]].tolist())
            groups[place] = len(self.calls) + self._shared.setdefault(own, len(self._shared))
        return found, groups.astype(np.int32)

    def groups(self, file: tuple[str, str], lines: npt.NDArray[np.int64]) -> Places:
        """Return the groups of some lines of a member, -1 for none."""
        if file not in self._files:
            return np.full(len(lines), -1)
        known, groups = self._files[file]
        places = np.searchsorted(known, lines).clip(max=len(known) - 1)
        return np.where(known[places] == lines, groups[places], -1)

    def group(self, number: int) -> Iterable[Operation]:
        """Return the calls of a group, in their order."""
        one = number < len(self.calls)
        members = (number,) if one else self._members[number - len(self.calls)]
        return (self.calls[each] for each in members)

    def of(self, source: Source) -> Iterable[Operation]:
        """Return the calls that a line is of, in their order."""
        (group,) = self.groups((source.bundle, source.member), np.array([source.line])).tolist()
        return () if group < 0 else self.group(group)


@derived
def calls_of_lines(case: Case) -> CallsOfLines:
    """Return which calls of SM the kept lines are of."""
    return CallsOfLines(sm_operations(case))
