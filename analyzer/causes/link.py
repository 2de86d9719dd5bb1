"""Link: an edge that holds between two troubles. Miss: why one does not."""

from datetime import timedelta
from enum import IntEnum

from analyzer.causes.edges import Edge, Join
from analyzer.causes.trouble import Trouble
from analyzer.model.finding import Confidence
from analyzer.model.source import Source
from analyzer.values import dataclass

# A clock that is known no better is told of where it leaves the order open.
_DOUBTFUL = timedelta(minutes=10)
# Objects in common tie two troubles; a place in common makes it likely only.
_SURE = (Join.VDI, Join.SESSION)


class Order(IntEnum):
    """How a cause and its effect stand in time, the surest first."""

    BEFORE = 0
    ABOUT = 1
    UNKNOWN = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Miss:
    """Why something is not the cause; ``source`` is the line that shows it.

    ``told`` is False where there was no reason to think of it: another disk, another pool.
    ``suspected`` tells that nothing speaks against it, and ``why`` what is missing to prove it.
    """

    why: str
    source: Source | None = None
    told: bool = True
    suspected: bool = False


UNRELATED = Miss(why="it has nothing in common with it", told=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """An edge that holds between two troubles; ``proof`` are the lines that join them.

    ``one_clock`` tells that one clock stamped both, so its doubt leaves their order as it is;
    ``apart`` is how far the clocks of two may be. ``contested`` tells that something speaks
    against it that may lie between the two.
    """

    edge: Edge
    place: int
    cause: Trouble
    effect: Trouble
    order: Order
    proof: tuple[Source, ...] = ()
    one_clock: bool = False
    apart: timedelta = timedelta(0)
    contested: bool = False

    @property
    def distance(self) -> timedelta:
        """Return how far apart in time the two are."""
        then = self.effect.when(self.cause.bundles)
        return self.cause.distance(then) if then else timedelta.max

    @property
    def rank(self) -> tuple[str, timedelta, int, str]:
        """Return what puts the best link of an effect first: nearness, edge, name."""
        return (self.effect.id, self.distance, self.place, self.cause.id)

    @property
    def clock_doubt(self) -> timedelta:
        """Return how well the clocks are known, nothing where that leaves nothing open."""
        if self.order is not Order.ABOUT or self.one_clock:
            return timedelta(0)
        dated = (self.cause.dated, self.effect.dated)
        doubts = [moment.doubt if moment else timedelta(0) for moment in dated]
        doubt = max(*doubts, self.apart)
        return doubt if doubt > _DOUBTFUL else timedelta(0)

    @property
    def confidence(self) -> Confidence:
        """Return how sure it is that the one led to the other, if both happened."""
        if self.edge.join is Join.ANY or self.clock_doubt or self.contested:
            return Confidence.POSSIBLE
        sure = self.edge.join in _SURE and self.order is Order.BEFORE
        return Confidence.CERTAIN if sure else Confidence.LIKELY
