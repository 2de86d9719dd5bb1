"""A host whose clock is set, whose zone changes and whose logs rotate: what it writes, and when.

Time here is true time in UTC. What the host's clock shows is off by an error, which is nothing in
the end; the zone is a function of what the clock shows.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from analyzer.bundle.names import LogName
from analyzer.dating.clock import Clock
from analyzer.parsers._api import LogParser, Stamp
from analyzer.parsers.logs import audit_log, kern_log, smlog
from analyzer.parsers.scan.syslog import MONTHS
from tests.parsers._member import scanned

SM, AUDIT, KERN = "var/log/SMlog", "var/log/audit.log", "var/log/kern.log"
PARSERS: dict[str, LogParser] = {
    SM: smlog.PARSER,
    AUDIT: audit_log.PARSER,
    KERN: kern_log.PARSER,
}


def utc(text: str) -> datetime:
    """Return a time in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def stamp_of(local: datetime, *, year: bool = False) -> Stamp:
    """Return what the wall clock shows, to the second."""
    return Stamp(
        year=local.year if year else None,
        month=local.month,
        day=local.day,
        hour=local.hour,
        minute=local.minute,
        second=local.second,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line: where it stands, when it was truly written, and what its stamp says."""

    member: str
    number: int
    true: datetime
    stamp: Stamp
    text: str


@dataclass(slots=True, kw_only=True)
class Host:
    """A host and what befell its clock.

    ``steps`` are (when, by how many seconds the clock was set), ``zones`` (from when by its own
    clock, minutes from UTC), ``boots`` the times of its boots.
    """

    steps: Sequence[tuple[datetime, float]] = ()
    zones: Sequence[tuple[datetime, int]] = ((utc("2000-01-01 00:00:00"), 60),)
    boots: Sequence[datetime] = (utc("2020-01-01 00:00:00"),)
    written: dict[str, list[datetime]] = field(default_factory=dict, repr=False)
    cuts: dict[str, list[int]] = field(default_factory=dict)

    def shown(self, true: datetime) -> datetime:
        """Return what the clock shows in UTC: all that it will still be set is missing."""
        late = sum(seconds for when, seconds in self.steps if when > true)
        return true - timedelta(seconds=late)

    def local(self, true: datetime) -> datetime:
        """Return what the wall clock shows."""
        shown = self.shown(true)
        minutes = [minutes for since, minutes in self.zones if since <= shown]
        return shown + timedelta(minutes=(minutes or [self.zones[0][1]])[-1])

    def write(self, family: str, times: Iterable[datetime], cuts: Iterable[int] = ()) -> None:
        """Write a line at each of these times; ``cuts`` are lines before which the log rotates."""
        self.written[family] = sorted(times)
        self.cuts[family] = sorted(set(cuts))

    def lines(self) -> Iterator[Line]:
        """Yield all lines of all files."""
        for family, times in self.written.items():
            bounds = [0, *(cut for cut in self.cuts[family] if 0 < cut < len(times)), len(times)]
            for index in range(len(bounds) - 1):
                rotation = len(bounds) - 2 - index
                member = f"{family}.{rotation}" if rotation else family
                part = times[bounds[index] : bounds[index + 1]]
                for number, true in enumerate(part, 1):
                    yield self._line(family, member, number, true)

    def clock(self, captured: datetime | None = None) -> Clock:
        """Return the settled clock of its report, made at `captured`, or with the last line."""
        clock = Clock()
        texts: dict[str, list[str]] = {}
        for line in self.lines():
            texts.setdefault(line.member, []).append(line.text)
        for member, lines in texts.items():
            family = next(family for family in PARSERS if member.startswith(family))
            rotation = int(member.removeprefix(family).lstrip(".") or 0)
            stats = scanned(PARSERS[family], "".join(lines), block=1 << 12)[1]
            clock.add(member, LogName(family=family, rotation=rotation), stats, None)
        made = captured or max(times[-1] for times in self.written.values() if times)
        clock.add_capture(stamp_of(self.local(made), year=True), None, "the bundle's name")
        clock.settle()
        return clock

    def _line(self, family: str, member: str, number: int, true: datetime) -> Line:
        local = self.local(true)
        head = f"{MONTHS[local.month - 1]} {local.day:2} {local:%H:%M:%S} jupiter "
        match family:
            case "var/log/audit.log":
                said = f"xapi: [{self.shown(true):%Y%m%dT%H:%M:%S}.000Z|audit||1 |t|audit] ('a')"
            case "var/log/kern.log":
                boot = max((boot for boot in self.boots if boot <= true), default=self.boots[0])
                said = f"kernel: [{(true - boot).total_seconds():12.6f}] device vif1.0"
            case _:
                said = "SM: [1] text"
        return Line(
            member=member,
            number=number,
            true=true,
            stamp=stamp_of(local),
            text=f"{head}{said}\n",
        )


def every(seconds: float, start: datetime, end: datetime) -> list[datetime]:
    """Return times in a steady beat, whole seconds."""
    count = int((end - start).total_seconds() / seconds)
    return [start + timedelta(seconds=int(seconds * number)) for number in range(count + 1)]
