"""What came before what. There is no other place that may say so of two hosts' lines.

Lines of one file are in its order, lines of two files or two logs of one report were dated by one
clock, whose zone need not be known for that, unless it was set back meanwhile. Clocks of two
hosts may be apart, whatever their stamps say: by what is left of doubt where they were compared
or measured (`clocks` corrects a supporter's times), else only a long time tells an order.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from types import MappingProxyType

from analyzer.bundle.names import log_name
from analyzer.model.clock import ClockChange, ClockChangeKind, HostClock
from analyzer.model.event import Event
from analyzer.model.moment import Moment
from analyzer.model.operation import Operation
from analyzer.model.source import Source
from analyzer.values import dataclass

CLOCKS_APART = timedelta(minutes=30)  # where nothing was measured
_SET = (ClockChangeKind.BACK, ClockChangeKind.FORWARD)
_ZONE = (ClockChangeKind.SUMMER_TIME, ClockChangeKind.ZONE)
_DRIFT = timedelta(seconds=5)  # what was measured once held about so well at other times
_NTP = "NTP"
_LATE = timedelta(seconds=10)  # programs hand in their lines a little late


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A point in time with the place that tells of it.

    ``logged`` is False for a row of a database: which host's clock dated it is not known.
    """

    at: Moment
    source: Source
    logged: bool = True


def mark(event: Event) -> Mark:
    """Return when and where a line was written."""
    return Mark(at=event.moment, source=event.source)


def began(run: Operation) -> Mark:
    """Return when a call of SM began."""
    return Mark(at=run.first, source=run.lines[0].source)


def ended(run: Operation) -> Mark:
    """Return the last line of a call of SM."""
    return Mark(at=run.last, source=run.lines[-1].source)


class Order:
    """Tells orders by what is known of the clocks.

    ``beside`` are logs that lie beside a report: they were written by the clock of its host.
    """

    def __init__(
        self,
        clocks: Sequence[HostClock] = (),
        beside: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self._clocks = {clock.bundle: clock for clock in clocks}
        self._clocks |= {
            bundle: self._clocks[own] for bundle, own in beside.items() if own in self._clocks
        }
        self._home = beside

    def surely_before(self, one: Mark, other: Mark) -> bool:
        """Tell whether one surely came before the other."""
        if not (one.logged and other.logged):
            return _before_with_clocks_apart(one.at, other.at, CLOCKS_APART)
        bundles = one.source.bundle, other.source.bundle
        if self._home.get(bundles[0], bundles[0]) != self._home.get(bundles[1], bundles[1]):
            return self.surely_before_elsewhere(one, other)
        (family, first), (other_family, second) = place_of(one.source), place_of(other.source)
        if family == other_family and bundles[0] == bundles[1]:
            # The order of lines in two files of one log, which may lie under wrong names.
            if first[0] != second[0]:
                apart = other.at.at - one.at.at
                if abs(apart) <= _LATE or not self.stamps_tell(
                    [one.source.bundle], one.at, other.at
                ):
                    return place_of(one.source) < place_of(other.source)
                return apart > timedelta(0)
            return first < second
        if one.at.certainly_before(other.at):
            return True
        return one.at.at < other.at.at and not self._shown_twice(one, other)

    def stamps_tell(self, bundles: Iterable[str], one: Moment, other: Moment) -> bool:
        """Tell whether the stamps of a host, by these reports of it, tell which came first.

        They do but where its clock may have been set back between the two, or its zone changed:
        then only the ranges tell.
        """
        return not any(
            _how_long_stamps_repeat(change) for change in self._changes_between(bundles, one, other)
        )

    def was_set(self, bundle: str) -> bool:
        """Tell whether the clock of a report's host was set at any time."""
        return bundle in self._clocks and any(c.seconds for c in self._clocks[bundle].changes)

    def least_between(self, one: Mark, other: Mark) -> timedelta:
        """Return how much time surely passed from one line to another, nothing if none did.

        Where the clock may have been set between the two, only the ranges tell.
        """
        bundles = {one.source.bundle, other.source.bundle}
        told = one.logged and other.logged and len(bundles) == 1
        if told and not any(c.seconds for c in self._changes_between(bundles, one.at, other.at)):
            return max(other.at.at - one.at.at, timedelta(0))
        apart = self.apart(one.source.bundle, other.source.bundle) if len(bundles) > 1 else None
        return max(other.at.earliest - one.at.latest - (apart or timedelta(0)), timedelta(0))

    def _changes_between(
        self, bundles: Iterable[str], one: Moment, other: Moment
    ) -> Iterator[ClockChange]:
        """Yield the changes of these reports' clocks that may lie between two moments."""
        first, last = sorted((one.at, other.at))
        for bundle in bundles:
            for change in self._clocks[bundle].changes if bundle in self._clocks else ():
                size = timedelta(seconds=abs(change.seconds or 0.0))
                if change.at.at - size <= last and first <= change.at.at + size:
                    yield change

    def surely_before_elsewhere(self, one: Mark, other: Mark) -> bool:
        """Tell whether what one report says surely came before what another one says."""
        return _before_with_clocks_apart(
            one.at, other.at, self.apart(one.source.bundle, other.source.bundle)
        )

    def _shown_twice(self, one: Mark, other: Mark) -> bool:
        """Tell whether the clock was set back over one of the times: it showed them twice."""
        clock = self._clocks.get(one.source.bundle)
        return any(
            change.at.at - before <= each.at.at <= change.at.at + size
            for change in (clock.changes if clock else ())
            if (size := _how_long_stamps_repeat(change))
            for before in [size if change.kind in _ZONE else timedelta(0)]
            for each in (one, other)
        )

    def apart(self, bundle: str, other: str) -> timedelta:
        """Return how far two clocks may be apart, whatever was measured and corrected."""
        one, two = self._clocks.get(bundle), self._clocks.get(other)
        if one is None or two is None:
            return CLOCKS_APART
        if one is two:
            return timedelta(0)
        frames = self._frame_of_clock(one), self._frame_of_clock(two)
        if frames[0] and frames[1] and frames[0][0] == frames[1][0]:
            apart = frames[0][1] + frames[1][1]
        else:
            apart = _by_ntp(one) + _by_ntp(two)
        # Return by how much clocks were set in all: before that they were off by as much.
        changes = (*one.changes, *two.changes)
        sizes = (
            abs(change.seconds or 0.0) + change.more for change in changes if change.kind in _SET
        )
        return min(apart + timedelta(seconds=sum(sizes)), CLOCKS_APART)

    def _frame_of_clock(self, clock: HostClock) -> tuple[str, timedelta] | None:
        """Return the host by whose clock a report is dated, and how far that may be wrong.

        A supporter's times are corrected where its clock was surely off the master's.
        """
        for skew in clock.skews:
            if skew.to != _NTP:
                corrected = abs(skew.seconds) > skew.doubt
                seconds = skew.doubt + (0.0 if corrected else abs(skew.seconds))
                return skew.to, timedelta(seconds=seconds) + _DRIFT
        if any(skew.to == clock.host for each in self._clocks.values() for skew in each.skews):
            return clock.host, timedelta(0)
        return None


def place_of(source: Source) -> tuple[str, tuple[int, int]]:
    """Return the log that a line stands in, and where in all its files."""
    name = log_name(source.member)
    if name is None:
        return source.member, (0, source.line)
    return name.family, (-name.rotation, source.line)


def _how_long_stamps_repeat(change: ClockChange) -> timedelta:
    """Return for how long stamps around a change may be those of before or of behind it.

    Nothing where the clock was set forward: its stamps still go up.
    """
    seconds = change.seconds or 0.0
    back = seconds < 0 or change.kind in _ZONE
    return timedelta(seconds=abs(seconds) + change.more if back else 0.0)


def _before_with_clocks_apart(one: Moment, other: Moment, apart: timedelta) -> bool:
    return one.latest + apart < other.earliest


def _by_ntp(clock: HostClock) -> timedelta:
    """Return how far a clock may be off NTP's time; a clock that was corrected tells nothing."""
    if any(skew.to != _NTP and abs(skew.seconds) > skew.doubt for skew in clock.skews):
        return CLOCKS_APART
    measured = [abs(skew.seconds) + skew.doubt for skew in clock.skews if skew.to == _NTP]
    return timedelta(seconds=min(measured)) + _DRIFT if measured else CLOCKS_APART
