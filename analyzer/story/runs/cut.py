"""Cut the calls about disks into episodes of one disk, and these into runs of a pool.

An episode is what was done to one disk and its snapshots without a long silence. How long is
learnt from how often the disks' snapshots were taken: a job that runs every quarter of an hour is
not silent for half an hour. Where times are doubtful, calls are as near as their ranges allow.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from itertools import pairwise

from analyzer.model.moment import Moment
from analyzer.story.runs.acts import Act, Deed, hull
from analyzer.values import dataclass

QUIET = timedelta(minutes=30)
_LEAST = timedelta(minutes=2)
_FEW = 3  # intervals from which a rhythm is learnt


@dataclass(frozen=True, slots=True, kw_only=True)
class Episode:
    """What was done to one disk in one go, in order of time.

    ``before`` are all earlier calls about it, ``after`` all later ones.
    """

    disk: str
    deeds: tuple[Deed, ...]
    before: tuple[Deed, ...]
    after: tuple[Deed, ...]

    @property
    def span(self) -> tuple[Moment, Moment]:
        """Return when it began and ended."""
        own = [deed for deed in self.deeds if deed.act is not Act.DELETED] or self.deeds
        return hull([moment for deed in own for moment in (deed.began, deed.ended)])

    def of(self, *acts: Act) -> tuple[Deed, ...]:
        """Return the calls of some kinds."""
        return tuple(deed for deed in self.deeds if deed.act in acts)


def quiet_of(disks: Mapping[str, Sequence[Deed]]) -> timedelta:
    """Return the silence that ends an episode: half of the rhythm of snapshots, 30 min at most."""
    rhythms = [
        found for deeds in disks.values() if (found := _rhythm_of_snapshots(deeds)) is not None
    ]
    if not rhythms:
        return QUIET
    return max(_LEAST, min(QUIET, timedelta(seconds=_median(rhythms) / 2)))


def episodes_of(
    disk: str, deeds: Sequence[Deed], quiet: timedelta, *, live: bool
) -> Iterator[Episode]:
    """Yield the backups of one disk; what reads and compares nothing is none.

    ``live`` tells whether the database has the disk and it is no snapshot.
    """
    places = [0]
    end: Moment | None = None
    for place, deed in enumerate(deeds):
        if end is not None and not end.within(deed.began, quiet):
            places.append(place)
            end = None
        end = deed.ended if end is None else hull((end, deed.ended))[1]
    for first, last in zip(places, [*places[1:], len(deeds)], strict=True):
        own = tuple(deeds[first:last])
        # Whether somebody read or compared a snapshot, or asked for its address. A disk that is no
        # snapshot is read by who copies it or shows its content; without a snapshot of it that is
        # not taken for a backup.
        backup_live = disk if live else ""
        if any(deed.act is Act.COMPARED for deed in own):
            is_backup = True
        else:
            taken = any(deed.act is Act.SNAPSHOT for deed in own)
            reads = [deed for deed in own if deed.reads or deed.act is Act.ASKED]
            is_backup = any(
                deed.disk != backup_live or (taken and deed.act in (Act.READ, Act.EXPORTED))
                for deed in reads
            )
        if is_backup:
            yield Episode(
                disk=disk, deeds=own, before=tuple(deeds[:first]), after=tuple(deeds[last:])
            )


def runs_of(
    episodes: Iterable[Episode], quiet: timedelta, pool_of: Callable[[Episode], str]
) -> tuple[tuple[str, tuple[Episode, ...]], ...]:
    """Return (pool, episodes): without a long silence, and each disk once."""
    open_: dict[str, list[Episode]] = {}
    disks: dict[str, set[str]] = {}
    closed: list[tuple[str, tuple[Episode, ...]]] = []
    ends: dict[str, Moment] = {}
    for episode in sorted(episodes, key=_key_of_episode):
        pool, (began, ended) = pool_of(episode), episode.span
        run, known = open_.setdefault(pool, []), disks.setdefault(pool, set())
        if run and (episode.disk in known or not ends[pool].within(began, quiet)):
            closed.append((pool, tuple(run)))
            run.clear()
            known.clear()
        ends[pool] = hull((ends[pool], ended))[1] if run else ended
        run.append(episode)
        known.add(episode.disk)
    closed += [(pool, tuple(run)) for pool, run in open_.items() if run]
    return tuple(closed)


def _key_of_episode(episode: Episode) -> tuple[object, ...]:
    return episode.span[0].at, episode.disk, episode.deeds[0].shown.source


def _rhythm_of_snapshots(deeds: Sequence[Deed]) -> float | None:
    """Return the seconds between two snapshots of a disk, as a rule."""
    times = [deed.began.at for deed in deeds if deed.act is Act.SNAPSHOT]
    between = [(later - earlier).total_seconds() for earlier, later in pairwise(times)]
    return _median(between) if len(between) >= _FEW else None


def _median(numbers: Sequence[float]) -> float:
    """Return the median; `statistics` takes longer to load than all cutting of a small report."""
    ordered, half = sorted(numbers), len(numbers) // 2
    return ordered[half] if len(numbers) % 2 else (ordered[half - 1] + ordered[half]) / 2
