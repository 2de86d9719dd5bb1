"""One log of one host over all its files: from when to when it goes, and where it is silent."""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import field
from datetime import datetime, timedelta
from itertools import accumulate, pairwise

from analyzer.case.gather import BundleContent
from analyzer.case.log_coverage import family_of
from analyzer.model.clock import ClockChange, ClockChangeKind
from analyzer.model.hole import HoleKind
from analyzer.model.moment import Moment
from analyzer.model.source import Source
from analyzer.parsers._api import Jump, LogStats
from analyzer.parsers.scan.rhythm import SHORTEST
from analyzer.values import dataclass

_INSTANT = timedelta(seconds=1)
_SAME_TIME = timedelta(minutes=2)
_ONWARD = (ClockChangeKind.FORWARD, ClockChangeKind.SUMMER_TIME, ClockChangeKind.ZONE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    """A stretch without a line: ``seconds`` is how long it lasted at least, by the clock itself.

    ``before`` and ``after`` are the lines around it, ``after`` is None behind the end of a log.
    """

    began: Moment
    ended: Moment
    seconds: float
    before: Source
    after: Source | None

    @property
    def between_files(self) -> bool:
        """Tell whether it lies between two files of the log."""
        return self.after is not None and self.after.member != self.before.member

    def covers(self, other: "Silence") -> float:
        """Return which share of another silence lies within this one."""
        shared = min(self.ended.at, other.ended.at) - max(self.began.at, other.began.at)
        whole = other.ended.at - other.began.at
        return shared / whole if whole else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Break:
    """A place where a file, or the rest of one, is missing: ``expected`` names it."""

    kind: HoleKind
    silence: Silence
    expected: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Track:
    """A log of a host. ``name`` is that of its newest file, ``lines`` is their number in all.

    ``end`` is its last line, and ``cut`` tells that what followed it was lost; ``written`` is
    when the newest file was written last, by the archive, None where its times are not the host's.
    ``silences`` are in the order of their beginnings.
    """

    bundle: str
    need: str
    name: str
    first: Moment
    last: Moment
    end: Source
    cut: bool
    written: datetime | None
    lines: int
    silences: tuple[Silence, ...]
    breaks: tuple[Break, ...]
    _starts: Sequence[datetime] = field(init=False, repr=False, compare=False)
    _over: Sequence[datetime] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        began = [silence.began.at for silence in self.silences]
        over = list(accumulate((silence.ended.at for silence in self.silences), max))
        object.__setattr__(self, "_starts", began)
        object.__setattr__(self, "_over", over)  # when it and all that began before it are

    def reaches_over(self, silence: Silence) -> bool:
        """Tell whether the log begins before a silence and ends after it."""
        return self.first.at <= silence.began.at and silence.ended.at <= self.last.at

    def silent_in(self, silence: Silence, share: float) -> bool:
        """Tell whether this log has no line in that share of a silence of another one."""
        place = bisect_left(self._starts, silence.ended.at)
        while place and self._over[place - 1] > silence.began.at:
            place -= 1
            if self.silences[place].covers(silence) >= share:
                return True
        return False


@dataclass(frozen=True, slots=True, kw_only=True)
class _File:
    """A file of a log with its ends; ``cut`` tells that its end is missing."""

    member: str
    rotation: int
    stats: LogStats
    first: Moment
    last: Moment
    cut: bool
    written: datetime | None

    def source(self, bundle: str, line: int) -> Source:
        return Source(bundle=bundle, member=self.member, line=line)


def tracks_of(
    content: BundleContent, logs: Sequence[str], changes: Sequence[ClockChange]
) -> tuple[Track, ...]:
    """Return the logs of a report by parser and family; ``changes`` are those of its clock."""
    cut = {seen.path for seen in content.seen if seen.damage or seen.unfinished or seen.over_budget}
    families: dict[tuple[str, str], list[_File]] = {}
    for read in content.logs:
        file_cut = read.member in cut
        stats, clock = read.stats, content.clock
        if stats.first is None or stats.last is None:
            file: _File | None = None
        else:
            file = _File(
                member=read.member,
                rotation=family_of(read.member)[1],
                stats=stats,
                first=clock.moment(read.member, 1, stats.first),
                last=clock.moment(read.member, max(stats.lines, 1), stats.last),
                cut=file_cut,
                written=read.written,
            )
        if file is not None and read.parser in logs:
            families.setdefault((read.parser, family_of(read.member)[0]), []).append(file)
    return tuple(
        _track_of_files(content, need, sorted(files, key=lambda file: -file.rotation), changes)
        for (need, _), files in sorted(families.items())
    )


def _track_of_files(
    content: BundleContent, need: str, files: Sequence[_File], changes: Sequence[ClockChange]
) -> Track:
    """Return one log from its files, the oldest first."""
    silences = [
        _silence_within_file(content, file, jump, changes)
        for file in files
        for jump in file.stats.silences
    ]
    breaks = []
    for older, newer in pairwise(files):
        silence = _silence_between_files(content.name, older, newer, changes)
        missing = _missing_between_files(older, newer)
        if missing is not None and older.last.at <= newer.first.at:
            breaks.append(Break(kind=missing[0], silence=silence, expected=missing[1]))
        elif silence.seconds >= SHORTEST and silence.began.year_known:
            silences.append(silence)
    newest = files[-1]
    # The silences that are still long when the jumps of the clock are taken away.
    return Track(
        bundle=content.name,
        need=need,
        name=newest.member,
        first=files[0].first,
        last=newest.last,
        end=newest.source(content.name, newest.stats.lines),
        cut=newest.cut,
        written=newest.written if _times_are_the_hosts(files[:-1]) else None,
        lines=sum(file.stats.lines for file in files),
        silences=tuple(
            sorted(
                (silence for silence in silences if silence.seconds >= SHORTEST),
                key=lambda silence: silence.began.at,
            )
        ),
        breaks=tuple(breaks),
    )


def _times_are_the_hosts(rotated: Sequence[_File]) -> bool:
    """Tell whether an archive has its files' times from the host, as rotated files show.

    They were written with their last line; a bundle that somebody packed anew has other times.
    """
    return bool(rotated) and all(
        file.written is not None
        and file.last.earliest - _SAME_TIME <= file.written <= file.last.latest + _SAME_TIME
        for file in rotated
    )


def _missing_between_files(older: _File, newer: _File) -> tuple[HoleKind, str] | None:
    """Say what is missing between two files, None if nothing is."""
    family = family_of(newer.member)[0]
    if older.rotation > newer.rotation + 1:
        lost = range(older.rotation - 1, newer.rotation, -1)
        return HoleKind.ROTATED, ", ".join(f"{family}.{number}" for number in lost[:3])
    return (HoleKind.CUT, f"the rest of {older.member}") if older.cut else None


def _silence_within_file(
    content: BundleContent, file: _File, jump: Jump, changes: Sequence[ClockChange]
) -> Silence:
    began = content.clock.moment(file.member, jump.before_line, jump.before)
    ended = content.clock.moment(file.member, jump.line, jump.after)
    began, ended = (began, ended) if began.at <= ended.at else (ended, began)
    return Silence(
        began=began,
        ended=ended,
        seconds=_seconds_of_silence(began, ended, jump.seconds, changes),
        before=file.source(content.name, jump.before_line),
        after=file.source(content.name, jump.line),
    )


def _silence_between_files(
    bundle: str, older: _File, newer: _File, changes: Sequence[ClockChange]
) -> Silence:
    return Silence(
        began=older.last,
        ended=newer.first,
        seconds=_seconds_of_silence(older.last, newer.first, None, changes),
        before=older.source(bundle, older.stats.lines),
        after=newer.source(bundle, 1),
    )


def _seconds_of_silence(
    began: Moment, ended: Moment, stamps: float | None, changes: Sequence[ClockChange]
) -> float:
    """Return how long a silence lasted at least: what the clock jumped forward is no time.

    A change of the zone shows in the stamps only, not in the instants.
    """
    inside: Mapping[ClockChangeKind, float] = {
        kind: sum(
            change.seconds
            for change in changes
            if change.kind is kind
            and change.seconds is not None
            and change.seconds > 0
            and began.at < change.at.at <= ended.at + _INSTANT
        )
        for kind in _ONWARD
    }
    lasted = (ended.at - began.at).total_seconds() - inside[ClockChangeKind.FORWARD]
    return lasted if stamps is None else min(lasted, stamps - sum(inside.values()))
