"""The year and the zone that somebody names for logs that tell neither."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, tzinfo

from analyzer.dating.years import Limit
from analyzer.dating.zone import Sighting
from analyzer.parsers.scan.wall import YEARS
from analyzer.values import dataclass

_DAY = timedelta(days=1)
_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Assumed:
    """What ``--year`` and ``--zone`` say; it counts only where a report itself tells nothing.

    ``year`` is that of the newest line, ``zone`` the rules of the hosts' clocks. ``until`` is a
    wall time behind which no line lies: when logs were copied that lie beside a report.
    """

    year: int | None = None
    zone: tzinfo | None = None
    zone_name: str = ""
    until: datetime | None = None

    @property
    def limit(self) -> Limit | None:
        """Return the wall time behind which no line lies: that, or the end of the year."""
        if self.until is not None:
            return Limit(wall=self.until, told_by="when it was sent")
        if self.year is None:
            return None
        return Limit(wall=datetime(self.year, 12, 31, 23, 59, 59, tzinfo=UTC), told_by="--year")

    def sightings(self, until: datetime) -> Iterator[Sighting]:
        """Yield the offset of each day of the year that ends with a wall time, and of the next."""
        if self.zone is None or not YEARS[0] + 2 < until.year < YEARS[1] - 2:
            return
        for day in range(-2, 366 + 366):
            local = until.replace(hour=12, tzinfo=None) + (2 - day) * _DAY
            offset = local.replace(tzinfo=self.zone).utcoffset()
            if offset is not None:
                yield Sighting(
                    local=local.replace(tzinfo=UTC),
                    minutes=round(offset / _MINUTE),
                    kind=f"--zone {self.zone_name}",
                )
