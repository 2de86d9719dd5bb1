"""Rows of the event table before they are dated, and which of them are kept."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from analyzer.model.event import Level
from analyzer.model.host import Alert
from analyzer.model.moment import Moment
from analyzer.parsers._api import Hit, Stamp


@dataclass(frozen=True, slots=True, kw_only=True)
class KeepPolicy:
    """Which hits become rows. The catalogue says so, never the order of reading.

    ``sparse`` kinds keep the first and the last event of each member and count the others.
    ``hourly`` kinds keep the first and the last of each hour and of each combination of fields.
    ``noise`` kinds are sparse too, and a record that one of them hits feeds none of ``muted``.
    """

    sparse: frozenset[str] = frozenset()
    noise: frozenset[str] = frozenset()
    muted: frozenset[str] = frozenset()
    hourly: frozenset[str] = frozenset()

    def kept(self, hits: tuple[Hit, ...]) -> tuple[Hit, ...]:
        """Return the hits of one record that count."""
        if self.noise.isdisjoint([hit.selector for hit in hits]):
            return hits
        return tuple(hit for hit in hits if hit.selector not in self.muted)


class Row(NamedTuple):
    """One row before it is dated; ``count`` of a row held back sums those it stands for.

    A tuple, because rows come by the hundred thousand and are soon taken apart into columns.
    """

    bundle: str
    member: str
    line: int
    source_kind: str
    process: str
    pid: int | None
    level: Level | None
    task: str | None
    kind: str
    count: int  # type: ignore[assignment]  # nobody counts in a row as in a tuple
    syslog_host: str
    when: Stamp | Moment
    message: str
    text: str
    fields: Mapping[str, str]


def alert_message(alert: Alert) -> str:
    """Return what a selector of the parser ``alerts`` is matched against."""
    return f"{alert.name} {alert.priority} {alert.cls} {alert.obj_uuid} {alert.body}"
