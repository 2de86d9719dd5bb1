"""Order: how a cause and its effect stand in time, or why the one cannot explain the other."""

from datetime import timedelta

from analyzer.causes.clocks import Clocks, dated, effect_of
from analyzer.causes.edges import Edge, Join
from analyzer.causes.link import Miss, Order
from analyzer.causes.trouble import Trouble
from analyzer.causes.words import when
from analyzer.model.sentence import say
from analyzer.values import dataclass

# One clock dated both lines, so the order of their stamps counts; syslog stamps whole seconds.
_ONE_CLOCK = timedelta(seconds=2)
_TIMELESS = (Join.VDI, Join.DISK, Join.DISKS, Join.REPLACED, Join.SR, Join.POOL, Join.INTERRUPTED)
_NO_TIME = Miss(why="when the one or the other was is not known", told=False)
_NO_YEAR = Miss(why="the year of one of the two is not known")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stand:
    """How two stand in time: ``apart`` is how far their clocks may be, beside their ranges.

    ``one_clock`` tells that one clock stamped both, and that its stamps tell their order.
    """

    order: Order
    one_clock: bool = False
    apart: timedelta = timedelta(0)


def stand_of(cause: Trouble, effect: Trouble, edge: Edge, clocks: Clocks) -> Stand | Miss:
    """Return how the two stand in time, or why the one cannot be the cause of the other."""
    then = effect_of(effect, sorted(cause.bundles))
    if cause.first is None or cause.last is None or then is None:
        return Stand(order=Order.UNKNOWN) if edge.join in _TIMELESS else _NO_TIME
    if not (cause.first.year_known and then.at.year_known):
        return _NO_YEAR
    start, end = dated(cause, cause.first), dated(cause, cause.last)
    if clocks.far_before(then, start):
        return Miss(why=say("it came later, {when}", when=when(start.at)))
    one = clocks.stamps_tell(start, then) and clocks.stamps_tell(end, then)
    logs = cause.down and bool(cause.bundles & effect.clocks.keys())
    if one and (end if logs else start).at.at - then.at.at > _ONE_CLOCK:
        return Miss(why="the same host stamped it with a later time")
    apart = clocks.apart(start, then)
    if start.at.at <= then.at.at <= end.at.at:
        near_in_time = True
    else:
        near_in_time = end.at.within(then.at, edge.within + apart) or start.at.within(
            then.at, apart
        )
    if not near_in_time:
        return Miss(why=say("it was too long before, {when}", when=when(start.at)))
    order = Order.BEFORE if clocks.far_before(start, then) else Order.ABOUT
    return Stand(order=order, one_clock=one, apart=apart)
