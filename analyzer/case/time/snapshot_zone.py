"""The zone of a host whose own report does not tell it, by the snapshots that its SM took.

The database has when a snapshot was taken, in UTC (``VDI.snapshot_time``, set by xapi when SM has
answered); SMlog has the call, in the host's zone. Which call made which snapshot is not said: a
zone counts where more snapshots fit in it than in any other.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

from analyzer.case.pool import PoolState
from analyzer.case.rows import Row
from analyzer.dating.zone import Sighting
from analyzer.model.terms import VDI_UUID_ARGUMENT

_FEWEST = 2  # one snapshot fits by chance
_FARTHEST = timedelta(hours=14)
_NEAR = timedelta(
    minutes=2
)  # a snapshot takes seconds; the clocks of xapi and SM may be two hosts'
_QUARTER = timedelta(minutes=15)
_SNAPSHOT = "vdi_snapshot "


def zone_by_snapshots(
    rows: Sequence[Row], pools: Sequence[PoolState], shown: Callable[[Row], datetime | None]
) -> tuple[Sighting, ...]:
    """Return the zone that the snapshots of a host tell, () where they tell none.

    ``rows`` are the calls of SM on that host, ``shown`` is the wall time that one is stamped with.
    """
    # Return disk → when its snapshots were taken; xapi writes 1970 where it does not know.
    found: dict[str, list[datetime]] = defaultdict(list)
    for pool in pools:
        for snapshot_row in pool.vdis:
            live = pool.vdi(snapshot_row.snapshot_of)
            try:
                snapshot_time = datetime.fromisoformat(snapshot_row.snapshot_time or "")
            except ValueError:
                continue
            if live is not None and snapshot_row.is_a_snapshot and snapshot_time.year > 1970:  # noqa: PLR2004
                found[live.uuid].append(
                    snapshot_time if snapshot_time.tzinfo else snapshot_time.replace(tzinfo=UTC)
                )
    taken = found
    votes: dict[timedelta, dict[tuple[str, datetime], datetime]] = defaultdict(dict)
    for row in rows:
        disk = VDI_UUID_ARGUMENT.search(row.message)
        local = shown(row) if row.message.startswith(_SNAPSHOT) and disk else None
        for time in taken.get(disk[1], ()) if disk and local else ():
            assert disk is not None
            assert local is not None
            zone = round((local - time) / _QUARTER) * _QUARTER
            if abs(zone) <= _FARTHEST and abs(local - time - zone) <= _NEAR:
                votes[zone].setdefault((disk[1], time), local)
    ranked = sorted(votes.items(), key=lambda vote: (-len(vote[1]), vote[0]))
    if not ranked or len(ranked[0][1]) < _FEWEST:
        return ()
    if len(ranked) > 1 and len(ranked[1][1]) == len(ranked[0][1]):
        return ()
    zone, fitting = ranked[0]
    how = f"{len(fitting)} snapshots whose time the database has"
    minutes = round(zone / timedelta(minutes=1))
    return tuple(Sighting(local=at, minutes=minutes, kind=how) for at in fitting.values())
