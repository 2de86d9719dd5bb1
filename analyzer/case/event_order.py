"""Stamps that stand out of the order of their file: a letter of one line's stamp was changed.

syslog hands lines on in the order in which they came. A line that is later than what follows it
was not written then, unless the clock was set back, and then what stands before it is later too. A
line that is earlier than what stands before it may have waited in its program. Of either it is
doubtful when it was written, by as much as the lines around it are away.
"""

import numpy as np
import numpy.typing as npt

from analyzer.case.columns import TIMES, Columns, Few, joined
from analyzer.parsers.scan.wall import JITTER

_JITTER = int(JITTER * 1_000_000)
_WHY = "; its stamp is not in the order of its file"

Numbers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


def with_doubted_stamps(columns: Columns) -> Columns:
    """Return dated rows in the order of time; what its file contradicts is in doubt.

    A line later than the two that follow it is put at the time of the one before it; the range
    holds its stamp and what stands around it.
    """
    files, lines = _number_of_file(columns), columns.plain["line"]
    order = np.lexsort((lines, files))
    new = np.ones(len(order), np.bool_)  # of several rows of a line the first stands for all
    new[1:] = (np.diff(files[order]) != 0) | (np.diff(lines[order]) != 0)
    first, of_row = order[new], np.cumsum(new) - 1
    late, early = _out_of_order(files[first], columns.plain["at"][first])
    strange = (late | early)[of_row]
    if not strange.any():
        return columns
    rows, place = order[strange], of_row[strange]
    before, after = first[place - 1], first[place + 1]
    at, earliest, latest = (columns.plain[name].copy() for name in TIMES)
    earliest[rows] = np.minimum(earliest[rows], earliest[before])
    latest[rows] = np.maximum(latest[rows], latest[after])
    at[rows] = np.where(late[place], at[before], at[rows])
    told = columns.values("dated_by")
    told[rows] += _WHY
    few = {**columns.few, "dated_by": Few.of(told)}
    times = zip(TIMES, (at, earliest, latest), strict=True)
    return joined([Columns(few, {**columns.plain, **dict(times)})])


def _number_of_file(columns: Columns) -> Numbers:
    bundle, member = columns.few["bundle"], columns.few["member"]
    return np.array(bundle.codes * np.int64(len(member.texts)) + member.codes, np.int64)


def _out_of_order(files: Numbers, at: Numbers) -> tuple[Flags, Flags]:
    """Tell which lines are later than two behind them, and which earlier than two before."""
    late, early = np.zeros(len(at), np.bool_), np.zeros(len(at), np.bool_)
    together = files[:-3] == files[3:]
    one, two, three, four = at[:-3], at[1:-2], at[2:-1], at[3:]
    behind, before = two - three > _JITTER, one - three
    late[1:-2] = together & behind & (two - four > _JITTER) & (before <= _JITTER)
    early[2:-1] = together & behind & (two - four <= _JITTER) & (before > _JITTER)
    return late, early
