"""Where a bundle shows local time and UTC side by side.

Best are log lines: xapi writes UTC into each line of audit.log (debug.ml), and an RFC 3339 stamp
names its own offset. Without them the times of files are compared with what stands in them; a
bundle unpacked elsewhere has other file times, so these need to agree with each other.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from analyzer.dating.years import Volume
from analyzer.dating.zone import Sighting, sight
from analyzer.parsers._api import Stamp, Witness
from analyzer.parsers.scan.wall import NOWHERE, Place, nearest_wall_time, wall_time

_LINE_SLACK = timedelta(minutes=2)  # an audit line is logged within seconds
_FILE_SLACK = timedelta(minutes=5)  # a report is written in minutes
_MTIME_SLACK = timedelta(minutes=1)


def line_sightings(volumes: Mapping[str, Volume]) -> tuple[Sighting, ...]:
    """Return offsets told by log lines: UTC beside local time, or a stamp with its offset."""
    found: list[Sighting | None] = []
    for member, volume in volumes.items():
        of_witness: list[Sighting | None] = []
        for witness in volume.stats.witnesses:
            kind = "audit.log" if witness.kind == "audit_log" else witness.kind
            place = _place_of_line(member, volume, witness.line)
            witness_found = _sighting_of_offset(
                witness.local, witness.utc, kind, _LINE_SLACK, place
            )
            of_witness.append(replace(witness_found, text=witness.text) if witness_found else None)
        found += of_witness
        found += [
            sight(
                wall,
                wall - stamp.offset,
                "stamps with an offset",
                _LINE_SLACK,
                _place_of_line(member, volume, line),
            )
            for line, stamp in volume.stats.dated
            if stamp.offset is not None and (wall := wall_time(stamp, stamp.year or 0)) is not None
        ]
    return tuple(sighting for sighting in found if sighting)


def _place_of_line(member: str, volume: Volume, line: int) -> Place:
    log = volume.log
    return Place(member=member, line=line, family=log.family, rotation=log.rotation)


def file_sightings(volumes: Iterable[Volume], witnesses: Iterable[Witness]) -> tuple[Sighting, ...]:
    """Return the offset that most files tell; none where they are at odds."""
    found = [_sighting_of_offset(w.local, w.utc, w.kind, _FILE_SLACK) for w in witnesses]
    # Compare the last line of a log in use with the time its file was written.
    live_log: list[Sighting | None] = []
    for volume in volumes:
        if volume.log.rotation or volume.stats.last is None or volume.mtime is None:
            live_log.append(None)
        else:
            live_log.append(
                _sighting_of_offset(volume.stats.last, volume.mtime, "file times", _MTIME_SLACK)
            )
    found += live_log
    votes: dict[int, list[Sighting]] = defaultdict(list)
    for sighting in found:
        if sighting:
            votes[sighting.minutes].append(sighting)
    groups = sorted(votes.values(), key=len, reverse=True)
    if not groups or len(groups[0]) == max((len(group) for group in groups[1:]), default=0):
        return ()
    return tuple(groups[0])


def _sighting_of_offset(
    local: Stamp, utc: datetime, kind: str, slack: timedelta, place: Place = NOWHERE
) -> Sighting | None:
    wall = nearest_wall_time(local, utc)
    return sight(wall, utc.astimezone(UTC), kind, slack, place) if wall else None
