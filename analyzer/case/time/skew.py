"""How far two clocks are apart, from calls that both hosts saw.

Each call bounds it from both sides; what lies within the bounds of all of them is the answer, and
its width is the doubt. Where no value fits all, the clocks' distance changed meanwhile. One or two
calls do not show whether it held: their range is taken wider.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from analyzer.case.rows import Row
from analyzer.case.time.pairs import Pair
from analyzer.dating.clock import Clock
from analyzer.model.moment import Moment
from analyzer.parsers._api import Stamp
from analyzer.values import dataclass

FEWEST = 3  # pairs that show that the distance held
UNSEEN_DRIFT = 45.0  # seconds that a clock may gain or lose unseen, days before or after a call
_SHARP = timedelta(seconds=2)  # the doubt of a stamp of whole seconds, and a little
_SECOND = timedelta(seconds=1)
_NARROW = 60.0  # seconds: wider bounds say nothing where the distance changed
_MOSTLY = 0.8


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """What one call says: the clock was at least ``low``, at most ``high`` seconds ahead.

    ``shown`` is what the clock showed then: its instant, or without a zone its wall time.
    """

    pair: Pair
    low: float
    high: float
    shown: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """By how many seconds one clock is ahead of another; ``agreed`` is False where it changed."""

    low: float
    high: float
    agreed: bool
    bounds: tuple[Bound, ...]


def bound_of(pair: Pair, clocks: Callable[[str], Clock]) -> Bound | None:
    """Return what a call says, None where the stamps themselves are in doubt."""
    asked, answered = _moment_of_row(pair.asked, clocks), _moment_of_row(pair.answered, clocks)
    ran = _moment_of_row(pair.ran, clocks)
    if asked is None or answered is None or ran is None:
        return None
    if max(asked.doubt, answered.doubt) > _SHARP or asked.at > answered.latest:
        return None
    if clocks(pair.ran.bundle).utc_offset_minutes is not None and ran.doubt > _SHARP:
        return None
    return Bound(
        pair=pair,
        low=(ran.at - answered.latest).total_seconds(),
        high=(ran.at + _SECOND - asked.earliest).total_seconds(),
        shown=ran.at,
    )


def _moment_of_row(row: Row, clocks: Callable[[str], Clock]) -> Moment | None:
    if not isinstance(row.when, Stamp):
        return None
    return clocks(row.bundle).moment(row.member, row.line, row.when)


def estimate(bounds: Sequence[Bound]) -> Estimate | None:
    """Return the answer of all bounds together, None where they tell none."""
    if len(bounds) < FEWEST:
        # What one or two calls tell: the range of both, where they agree, and a drift.
        low = max((bound.low for bound in bounds), default=0.0)
        high = min((bound.high for bound in bounds), default=0.0)
        if not bounds or low > high:
            return None
        return Estimate(
            low=low - UNSEEN_DRIFT, high=high + UNSEEN_DRIFT, agreed=True, bounds=tuple(bounds)
        )
    best = max((_bounds_agreeing(bounds, bound.low) for bound in bounds), key=len)
    if len(best) >= max(FEWEST, _MOSTLY * len(bounds)):
        return Estimate(
            low=max(bound.low for bound in best),
            high=min(bound.high for bound in best),
            agreed=True,
            bounds=best,
        )
    narrow = tuple(bound for bound in bounds if bound.high - bound.low <= _NARROW)
    if len(narrow) < FEWEST:
        return None
    return Estimate(
        low=min(bound.low for bound in narrow),
        high=max(bound.high for bound in narrow),
        agreed=False,
        bounds=narrow,
    )


def _bounds_agreeing(bounds: Sequence[Bound], value: float) -> tuple[Bound, ...]:
    return tuple(bound for bound in bounds if bound.low <= value <= bound.high)
