"""The most clients that xapi-nbd had in each hour: the chart's twin as a table."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import groupby

from analyzer.model.nbd import Concurrency
from analyzer.model.nbd_view import NbdHost, NbdView
from analyzer.render.words.nbd_words import called
from analyzer.values import dataclass

_HOUR = timedelta(hours=1)
_MOST_HOURS = 24 * 366
MOST_HOURS_SAID = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Peak:
    """The most clients in one hour, or in hours in a row that are alike."""

    host: str
    first: datetime
    last: datetime
    least: int
    most: int


def clients_of(host: NbdHost) -> tuple[Peak, ...]:
    """Return the hours in which a host had clients, at most `MOST_HOURS_SAID` of them."""
    return _peaks_of_host(host)[:MOST_HOURS_SAID]


def clients_left_out(host: NbdHost) -> int:
    """Return how many more there are."""
    return max(len(_peaks_of_host(host)) - MOST_HOURS_SAID, 0)


def _peaks_of_host(host: NbdHost) -> tuple[Peak, ...]:
    return tuple(
        peak
        for clients in host.concurrency
        for peak in hourly(called(host.host), clients, host.read_until)
    )


def peaks_of(view: NbdView) -> tuple[Peak, ...]:
    """Return the hours in which any client was or may have been connected, by host and time."""
    return tuple(peak for host in view.hosts for peak in _peaks_of_host(host))


def hourly(host: str, clients: Concurrency, until: datetime | None) -> Iterator[Peak]:
    """Yield the most clients of each hour with any; hours in a row that are alike are one."""
    hours: dict[datetime, tuple[int, int]] = {}
    for first, last, least, most in segments(clients, until):
        if not most:
            continue
        for hour in _hours_between(first, last):
            before = hours.get(hour, (0, 0))
            hours[hour] = (max(least, before[0]), max(most, before[1]))
    numbered = enumerate(sorted(hours.items()))
    for _, group in groupby(numbered, key=lambda n: (n[1][0] - n[0] * _HOUR, n[1][1])):
        rows = [row for _, row in group]
        yield Peak(
            host=host,
            first=rows[0][0],
            last=rows[-1][0] + _HOUR,
            least=rows[0][1][0],
            most=rows[0][1][1],
        )


def _hours_between(first: datetime, last: datetime) -> Iterator[datetime]:
    """Yield the hours that hold some of a time, at most those of a year."""
    hour = first.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    for number in range(_MOST_HOURS):
        if number and hour + number * _HOUR >= last:
            return
        yield hour + number * _HOUR


def segments(
    clients: Concurrency, until: datetime | None = None
) -> Iterator[tuple[datetime, datetime, int, int]]:
    """Yield (from, to, at least, at most); the last one ends with what was read."""
    dated = [point for point in clients.points if point[0].year_known]
    last = [max(point[0].at, until or point[0].at) for point in dated[-1:]]
    ends = [point[0].at for point in dated[1:]] + last
    for (moment, least, most), end in zip(dated, ends, strict=True):
        yield moment.at, max(end, moment.at), least, most
