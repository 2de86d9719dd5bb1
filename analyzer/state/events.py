"""EventTable: all kept events of all hosts, in one pandas frame.

The one module that knows pandas and the column names.
"""

from datetime import timedelta
from typing import Protocol

from analyzer.model.event import Event


class EventTable(Protocol):
    """Ordered by (at, host, member, line)."""

    def of(self, *kinds: str) -> tuple[Event, ...]:
        """Return the events kept for these selectors, in the table's order."""

    def incidents(
        self, kinds: tuple[str, ...], group_by: tuple[str, ...], timespan: timedelta
    ) -> tuple[tuple[Event, ...], ...]:
        """Return bursts: same group-by fields, no two neighbours farther apart than `timespan`."""
