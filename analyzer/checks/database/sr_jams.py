"""Jams of an SR: waits that were too long to be usual, put together by what they waited for."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

from analyzer.case.case import Case
from analyzer.case.pool import PoolState
from analyzer.checks.database.sr_waits import Wait, length_of
from analyzer.model.event import Event
from analyzer.model.xapi import Sr

_STUCK = timedelta(minutes=10)
_QUEUED = timedelta(minutes=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Jam:
    """Calls that waited for one operation of an SR ("" for several in turn), and their tries."""

    pool: PoolState | None
    sr: str
    blocker: str
    waits: tuple[Wait, ...]
    tries: tuple[Event, ...]
    longest: timedelta

    @property
    def row(self) -> Sr | None:
        """Return the SR's row."""
        return self.pool.sr(self.sr) if self.pool else None

    @property
    def gave_up(self) -> tuple[Event, ...]:
        """Return the lines of the calls that gave up."""
        return tuple(wait.gave_up for wait in self.waits if wait.gave_up)


def jams_of(case: Case, found_: Sequence[Wait]) -> Iterator[Jam]:
    """Yield one jam per operation that others waited for, and per SR for waits in turn."""
    stuck: dict[tuple[str, str], list[tuple[Wait, tuple[Event, ...]]]] = {}
    queued: dict[tuple[str, str], list[Wait]] = {}
    for wait in found_:
        longest = max(wait.behind, key=lambda part: length_of(case, part[1]))
        if longest[0] and (length_of(case, longest[1]) >= _STUCK or wait.gave_up):
            stuck.setdefault((wait.sr, longest[0]), []).append((wait, longest[1]))
        elif wait.length >= _QUEUED or wait.gave_up:
            queued.setdefault((wait.sr, wait.tries[0].source.bundle), []).append(wait)
    for (sr, blocker), parts in stuck.items():
        yield _jam(case, sr, blocker, [w for w, _ in parts], [part for _, part in parts])
    for (sr, _), long in queued.items():
        yield _jam(case, sr, "", long, [wait.tries for wait in long])


def _jam(
    case: Case,
    sr: str,
    blocker: str,
    long: Sequence[Wait],
    parts: Sequence[tuple[Event, ...]],
) -> Jam:
    tries = sorted((e for part in parts for e in part), key=lambda e: (e.moment.at, e.source))
    bundle = tries[0].source.bundle
    own = (pool for pool in case.pools if pool.sr(sr) and bundle in case.world.bundles_of(pool))
    return Jam(
        pool=next(own, None),
        sr=sr,
        blocker=blocker,
        waits=tuple(long),
        tries=tuple(tries),
        longest=max(length_of(case, part) for part in parts),
    )
