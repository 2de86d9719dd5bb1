"""Link: an edge that holds between two troubles."""

from dataclasses import dataclass
from datetime import timedelta
from enum import IntEnum

from analyzer.causes.edges import Edge
from analyzer.causes.trouble import Trouble
from analyzer.model.source import Source


class Order(IntEnum):
    """How a cause and its effect stand in time, the surest first."""

    BEFORE = 0
    ABOUT = 1
    UNKNOWN = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """An edge that holds between two troubles; ``proof`` are the lines that join them."""

    edge: Edge
    place: int
    cause: Trouble
    effect: Trouble
    order: Order
    proof: tuple[Source, ...] = ()

    @property
    def rank(self) -> tuple[str, timedelta, int, str]:
        """Return what puts the best link of an effect first: nearness, edge, name."""
        then = self.effect.when(self.cause.bundles)
        distance = self.cause.distance(then) if then else timedelta.max
        return (self.effect.id, distance, self.place, self.cause.id)
