"""The year of a line that has none.

The files of one log family are one long log. Inside a file the turns of the year are known from
its months, between two files from the last month of the older and the first of the newer. What
is missing is one fixed point: a stamp with a year in the same family, else the newest line,
which was written before the bundle was made.
"""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import accumulate, pairwise

from analyzer.bundle.names import LogName
from analyzer.parsers._api import LogStats, Stamp
from analyzer.parsers.scan.wall import month_turn, nearest_wall_time, wall_time
from analyzer.values import dataclass

TOLERANCE = timedelta(days=1)  # a fast clock; lines written while the bundle was being made
_ZONE_SPAN = timedelta(hours=15)  # between a wall time and its instant
_NOMINAL = datetime(2000, 12, 31, tzinfo=UTC)
_LEAP_SEARCH = 12
_RECENT = timedelta(days=31)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """A wall time that no line of the bundle is far behind, and what told it."""

    wall: datetime
    told_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Years:
    """The years of the lines of one file.

    ``fixed`` are lines with the year that they would have without what was turned before them;
    ``turns`` are the lines at which the year changes, and ``sums`` by how much with each of them.
    Lines before ``doubted`` may be of the year after.
    """

    how: str
    known: bool
    fixed: tuple[tuple[int, int], ...]
    turns: tuple[int, ...]
    sums: tuple[int, ...]
    doubted: int

    def year(self, line: int) -> int:
        """Return the year of a line, counted from the fixed point before it, else the first."""
        index = bisect_right(self.fixed, line, key=lambda point: point[0])
        return self.fixed[max(0, index - 1)][1] + self.sums[bisect_right(self.turns, line)]

    def only_year(self, first: int, last: int) -> int | None:
        """Return the year of all lines from one to another.

        None where they differ or are not known for certain.
        """
        turned = bisect_right(self.turns, first), bisect_right(self.turns, last)
        one, other = (
            bisect_right(self.fixed, n, key=lambda point: point[0]) for n in (first, last)
        )
        same = {year for _, year in self.fixed[max(0, one - 1) : max(1, other)]}
        certain = self.known and turned[0] == turned[1] and first >= self.doubted
        return self.year(first) if certain and len(same) == 1 else None

    def in_doubt(self, line: int) -> bool:
        """Tell whether a line may be of the year after the one that `year` tells."""
        return line < self.doubted


class Volume:
    """One file of a log family, and the years of its lines once they are settled."""

    def __init__(self, log: LogName, stats: LogStats, mtime: datetime | None) -> None:
        self.log = log
        self.stats = stats
        self.mtime = mtime.astimezone(UTC) if mtime else None
        self.how = ""
        self.known = False
        self._turns = [line for line, _ in stats.turns]
        self._steps = [years for _, years in stats.turns]
        self._sums = list(accumulate(self._steps, initial=0))
        self._fixed: list[tuple[int, int]] = []
        self._doubted = 0  # lines before this one may be of the year after
        self._years: Years | None = None

    @property
    def settled(self) -> bool:
        """Tell whether `year` can answer."""
        return bool(self._fixed)

    def fix(self, points: Iterable[tuple[int, int]], how: str, *, known: bool = True) -> None:
        """Settle the years by (line, year) pairs; nothing happens without any."""
        self._fixed = sorted((line, year - self._years_turned_at(line)) for line, year in points)
        self._years = None
        if self._fixed:
            self.how, self.known = how, known

    @property
    def years(self) -> Years:
        """Return the years of its lines as they are settled."""
        if self._years is None:
            self._years = Years(
                how=self.how,
                known=self.known,
                fixed=tuple(self._fixed),
                turns=tuple(self._turns),
                sums=tuple(self._sums),
                doubted=self._doubted,
            )
        return self._years

    def year(self, line: int) -> int:
        """Return the year of a line."""
        return self.years.year(line)

    def fix_end(self, year: int, how: str, limit: Limit | None, *, known: bool) -> None:
        """Settle by the year of the last line.

        Ten or eleven months on are read as one or two back: a clock that was set. But where the
        lines before would then lie behind the limit, the log has a gap of that length. Which of
        the two it was remains in doubt.
        """
        self.fix([(self.stats.lines, year)], how, known=known)
        for line, before in reversed(self.stats.backward) if limit else ():
            if limit and _is_behind(before, self.year(line) + 1, limit):
                self._steps[self._turns.index(line)] = 0
                self._sums = list(accumulate(self._steps, initial=0))
                self._doubted = max(self._doubted, line)
                self.fix([(self.stats.lines, year)], how, known=known)

    def doubt(self) -> None:
        """Note that all its lines may be of the year after."""
        self._doubted, self._years = self.stats.lines + 1, None

    def in_doubt(self, line: int) -> bool:
        """Tell whether a line may be of the year after the one that `year` tells."""
        return self.years.in_doubt(line)

    def _years_turned_at(self, line: int) -> int:
        return self._sums[bisect_right(self._turns, line)]

    def fix_by_itself(self) -> None:
        """Settle by stamps that carry a year, and by UTC times beside local ones."""
        points = [(line, stamp.year) for line, stamp in self.stats.dated if stamp.year]
        how = "stamps with a year"
        if not points:
            how = "the UTC times beside its stamps"
            seen = ((w.line, nearest_wall_time(w.local, w.utc)) for w in self.stats.witnesses)
            points = [(line, wall.year) for line, wall in seen if wall]
        self.fix(points, how)

    def last_dated(self) -> datetime | None:
        """Return the last wall time that this file tells with its year."""
        for _, stamp in reversed(self.stats.dated):
            return wall_time(stamp, stamp.year or 0)
        for witness in reversed(self.stats.witnesses):
            return nearest_wall_time(witness.local, witness.utc)
        return None

    def earlier_by_mtime(self, year: int, limit: Limit | None) -> int:
        """Return the year of the last line, put back if the file's time agrees with one before.

        A true mtime is the time of the last line. A file that was unpacked has a later one, and
        that never agrees with an earlier year.
        """
        last, mtime = self.stats.last, self.mtime
        if last is None or mtime is None or (limit and mtime > limit.wall + TOLERANCE + _ZONE_SPAN):
            return year
        wall = nearest_wall_time(last, mtime)
        agrees = wall is not None and abs(wall - mtime) <= _ZONE_SPAN
        return min(year, wall.year) if wall and agrees else year


def newest_dated(volumes: Sequence[Volume]) -> datetime | None:
    """Return the last wall time with a year that a family tells, oldest file first."""
    told = (volume.last_dated() for volume in reversed(volumes))
    return next((wall for wall in told if wall is not None), None)


def settle_family(volumes: Sequence[Volume], limit: Limit | None) -> None:
    """Settle one family, oldest file first.

    Without a limit the years are nominal: good for the order of lines, and known to nobody.
    """
    with_lines = [volume for volume in volumes if volume.stats.last]
    for volume in with_lines:
        volume.fix_by_itself()
    for older, newer in pairwise(with_lines):
        if older.settled and not newer.settled:
            year = older.year(older.stats.lines) + _years_between_volumes(older, newer)
            newer.fix([(1, year)], older.how, known=older.known)
    if with_lines and not with_lines[-1].settled:
        newest = with_lines[-1]
        bound = limit.wall if limit else _NOMINAL
        years = range(bound.year + 1, bound.year - _LEAP_SEARCH, -1)
        possible = [
            settle_year for settle_year in years if _is_past(newest, settle_year, bound + TOLERANCE)
        ]
        fitting = [
            settle_year for settle_year in possible if _leap_days_fit(with_lines, settle_year)
        ]
        if len(with_lines) > 1 and possible and limit and _is_recent(newest, possible[0], limit):
            fitting = possible[
                :1
            ]  # the log goes on to the end: a gap of years is between its files
        settle_year = (fitting or possible or [bound.year])[0]
        if limit:
            settle_year = newest.earlier_by_mtime(settle_year, limit)
        how = limit.told_by if limit else ""
        newest.fix_end(settle_year, how, limit, known=limit is not None)
    for newer, older in pairwise(reversed(with_lines)):
        if not older.settled:
            _settle_older(older, newer, limit)


def _settle_older(older: Volume, newer: Volume, limit: Limit | None) -> None:
    """Count back from the first line of the newer file; see `Volume.fix_end` for the doubt."""
    year = newer.year(1) - _years_between_volumes(older, newer)
    last, start = older.stats.last, newer.year(1)
    gap = bool(limit and last and year > start and _is_behind(last, year, limit))
    # The year of the last line, put back to where each 29 February has its leap year.
    leap_year = older.earlier_by_mtime(start if gap else year, limit)
    fitting = (
        last
        for last in range(leap_year, leap_year - _LEAP_SEARCH, -1)
        if _leap_days_fit_year(older, last)
    )
    year = next(fitting, leap_year)
    older.fix_end(year, newer.how, limit, known=newer.known)
    if gap or newer.in_doubt(1):
        older.doubt()


def _leap_days_fit_year(volume: Volume, year: int) -> bool:
    trial = Volume(volume.log, volume.stats, None)
    trial.fix([(volume.stats.lines, year)], "")
    return all(_is_leap(trial.year(line)) for line in volume.stats.leap_days)


def _is_behind(stamp: Stamp, year: int, limit: Limit) -> bool:
    wall = wall_time(stamp, year)
    return wall is not None and wall > limit.wall + TOLERANCE


def _years_between_volumes(older: Volume, newer: Volume) -> int:
    """Return by how many years the first line of one file is behind the last of the other."""
    old, new = older.stats.last, newer.stats.first
    assert old is not None, "only files with a stamp are compared"
    assert new is not None, "a last stamp has a first"
    return month_turn(_without_year(old), _without_year(new))


def _without_year(stamp: Stamp) -> Stamp:
    return Stamp(
        month=stamp.month,
        day=stamp.day,
        hour=stamp.hour,
        minute=stamp.minute,
        second=stamp.second,
    )


def _is_past(newest: Volume, year: int, bound: datetime) -> bool:
    wall = wall_time(newest.stats.last, year) if newest.stats.last else None
    return wall is not None and wall <= bound


def _is_recent(newest: Volume, year: int, limit: Limit) -> bool:
    wall = wall_time(newest.stats.last, year) if newest.stats.last else None
    return wall is not None and limit.wall - wall <= _RECENT


def _leap_days_fit(volumes: Sequence[Volume], year: int) -> bool:
    """Tell whether each 29 February has its leap year if the newest line is of `year`."""
    newer: Volume | None = None
    trial = volumes[-1]
    for volume in reversed(volumes):
        last = year if newer is None else trial.year(1) - _years_between_volumes(volume, newer)
        trial = Volume(volume.log, volume.stats, None)
        trial.fix([(volume.stats.lines, last)], "")
        if any(not _is_leap(trial.year(line)) for line in volume.stats.leap_days):
            return False
        newer = volume
    return True


def _is_leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
