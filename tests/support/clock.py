"""The one running clock of a made-up pool, and identifiers that look random."""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def utc(text: str) -> datetime:
    """Return an aware time from ``2024-11-22 09:06:01``, taken as UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@dataclass(slots=True, kw_only=True)
class Clock:
    """The time in UTC; it only runs when told to. Hosts of the pool show it by their dials."""

    now: datetime

    def tick(self, seconds: float = 0.02) -> None:
        """Let time pass."""
        self.now += timedelta(seconds=seconds)

    def until(self, moment: datetime) -> None:
        """Let time pass to `moment`.

        Raises:
            ValueError: that moment is over; the recipe has too much in too little time.
        """
        if moment < self.now:
            msg = f"the clock is at {self.now:%F %T}, past {moment:%F %T}"
            raise ValueError(msg)
        self.now = moment


@dataclass(slots=True, kw_only=True)
class Dial:
    """What one host shows: the time, `ahead` of the true one, in its zone."""

    clock: Clock
    zone: tzinfo = timezone(timedelta(hours=1))
    ahead: timedelta = timedelta(0)

    def tick(self, seconds: float = 0.02) -> None:
        """Let time pass."""
        self.clock.tick(seconds)

    @property
    def now(self) -> datetime:
        """Return what the host takes for UTC."""
        return self.clock.now + self.ahead

    @property
    def offset(self) -> timedelta:
        """Return the zone's offset, now."""
        found = self.now.astimezone(self.zone).utcoffset()
        assert found is not None
        return found

    @property
    def local(self) -> datetime:
        """Return what the host's wall clock shows."""
        return self.now + self.offset

    @property
    def bsd(self) -> str:
        """Return the stamp of rsyslog's traditional format: day padded with a blank."""
        local = self.local
        return f"{MONTHS[local.month - 1]} {local.day:2d} {local:%H:%M:%S}"

    @property
    def zulu(self) -> str:
        """Return the stamp inside audit.log: UTC, milliseconds."""
        return f"{self.now:%Y%m%dT%H:%M:%S}.{self.now.microsecond // 1000:03d}Z"

    @property
    def compact(self) -> str:
        """Return a datetime as xapi's database and messages write it: UTC."""
        return f"{self.now:%Y%m%dT%H:%M:%SZ}"


class Ids:
    """Identifiers that look random, the same in every run."""

    def __init__(self, seed: str) -> None:
        self._seed = seed
        self._count = 0

    def uuid(self) -> str:
        """Return the next uuid (version 4 in form)."""
        digest = self._next()
        return (
            f"{digest[:8]}-{digest[8:12]}-4{digest[13:16]}-"
            f"{'89ab'[int(digest[16], 16) % 4]}{digest[17:20]}-{digest[20:32]}"
        )

    def ref(self) -> str:
        """Return the next OpaqueRef."""
        return f"OpaqueRef:{self.uuid()}"

    def hex(self, length: int = 32) -> str:
        """Return the next `length` hexadecimal digits."""
        return self._next()[:length]

    def number(self, low: int, high: int) -> int:
        """Return the next number, from `low` to `high`."""
        return low + int(self._next()[:8], 16) % (high - low + 1)

    def _next(self) -> str:
        self._count += 1
        return hashlib.sha256(f"{self._seed}/{self._count}".encode()).hexdigest()
