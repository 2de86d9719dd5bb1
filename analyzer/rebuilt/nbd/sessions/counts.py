"""How many clients a host served at a time, with the bounds that the lines allow.

A connection counts from "Got new client" to the destruction of its VBD or, as long as it may, to
its exception; one that was turned away at the limit is not counted, and proves that the server was
at the limit then.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import groupby

from analyzer.model.event import Event
from analyzer.model.finding import Confidence
from analyzer.model.moment import Moment
from analyzer.model.nbd import CONNECTION_LIMIT, ClientTrouble, Concurrency, NbdSession, SessionFate
from analyzer.rebuilt.nbd.sessions.lines import DESTROYING
from analyzer.values import dataclass

Point = tuple[Moment, int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """A process: when it was first and last seen, and whether its beginning was.

    ``end`` is None while it runs.
    """

    begin: Moment
    end: Moment | None
    whole: bool
    sessions: tuple[NbdSession, ...]


def counted(host: str, bundle: str, lives: Sequence[Life]) -> Concurrency:
    """Return the clients over time of one host."""
    points = [point for life in lives for point in _points_of_life(life)]
    # Yield of each instant the highest point and the last: a busy log has thousands in one.
    thinned_points: list[Point] = []
    for _, group in groupby(points, key=lambda point: point[0].at):
        own = tuple(group)
        highest = max(own, key=lambda point: (point[1], point[2]))
        thinned_points.append(highest)
        if own[-1] != highest:
            thinned_points.append(own[-1])
    return Concurrency(
        host=host,
        bundle=bundle,
        points=tuple(thinned_points),
        peak=max((low for _, low, _ in points), default=0),
    )


def _points_of_life(life: Life) -> list[Point]:
    """Return the counts after each change in one life of the process."""
    found: list[Point] = []
    low = high = 0
    changes_of_life: list[_Change] = []
    for session in life.sessions:
        if session.trouble is ClientTrouble.SERVER_BUSY:
            changes_of_life.append(
                _change_of_moment(session.events[-1].moment, session.events[-1], busy=True)
            )
        elif session.began is not None or not life.whole:
            changes_of_life.extend(_of_session(life, session))
    for change in sorted(changes_of_life, key=lambda change: change.place):
        if life.end is not None and change.moment.at > life.end.at:
            break
        low, high = low + change.certain, high + change.possible
        if change.busy:
            found.append((change.moment, CONNECTION_LIMIT, CONNECTION_LIMIT))
        # A point; of a process that ran before the log began, more may be connected.
        least = min(max(low, 0), CONNECTION_LIMIT)
        most = min(max(high, least), CONNECTION_LIMIT) if life.whole else CONNECTION_LIMIT
        found.append((change.moment, least, most))
    if life.end is not None and found:
        found.append((life.end, 0, 0))
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class _Change:
    """A connection came or went; ``place`` orders changes as their lines stand."""

    moment: Moment
    place: tuple[datetime, str, int]
    certain: int = 0
    possible: int = 0
    busy: bool = False
    # else a line of a connection that is counted already


def _of_session(life: Life, session: NbdSession) -> Iterable[_Change]:
    """Yield the beginning and the ends: certainly there until then, perhaps there until then.

    Which of several that leave an exception ended is not known, so it bounds from above only.
    """
    first, last = session.events[0], session.events[-1]
    began = session.began or life.begin
    yield _change_of_moment(began, first if session.began else None, certain=1, possible=1)
    ended = session.ended
    sure = session.joined is not Confidence.POSSIBLE
    destroyed = next((event for event in session.events if event.kind == DESTROYING), None)
    if destroyed is not None and ended != destroyed.moment:
        yield _change_of_moment(destroyed.moment, destroyed, certain=-1)
        if ended is not None and sure:
            yield _change_of_moment(ended, last, possible=-1)
    elif ended is not None:
        yield _change_of_moment(ended, last, certain=-1, possible=-1 if sure else 0)
    elif session.fate is SessionFate.UNKNOWN:
        yield _change_of_moment(last.moment, last, certain=-1)


def _change_of_moment(
    moment: Moment, line: Event | None, *, certain: int = 0, possible: int = 0, busy: bool = False
) -> _Change:
    place = (moment.at, line.source.member, line.source.line) if line else (moment.at, "", 0)
    return _Change(moment=moment, place=place, certain=certain, possible=possible, busy=busy)
