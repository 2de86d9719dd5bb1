"""Holes: stretches of a host's logs that nothing was read of, and why.

What is missing is known from the names of rotated files and from the end of a cut one; else a
log tells it by falling silent against its own rhythm. All logs of a host together tell more than
one: while xensource.log goes on, SM had no work; when all are silent, the host was down, or
their lines are lost.
"""

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta

from analyzer.case.events import EventTable
from analyzer.case.gather import BundleContent
from analyzer.case.time.log_rhythm import (
    UNHEARD,
    Rhythm,
    begins_too_late,
    longest_silence,
    rhythm_of,
    speaks_at_that_time,
)
from analyzer.case.time.log_tracks import Silence, Track, tracks_of
from analyzer.model.clock import ClockChange, ClockChangeKind, HostClock
from analyzer.model.hole import Hole, HoleKind
from analyzer.model.moment import Moment
from analyzer.model.terms import HOST_BOOTED, HOST_ROLE, HOST_SHUTDOWN
from analyzer.values import dataclass

_TIRELESS = "xensource_log"  # xapi writes every minute on any host that is alive
_MOST = 0.8  # share of a silence that another log must be silent in as well
_NEARLY = 0.95
_LOGS_LATE = timedelta(minutes=1)  # from the first line behind a boot to the kernel's
_STARTING = timedelta(hours=1)  # a host that is down for longer may have been up without logs
_GOING_DOWN = timedelta(minutes=15)
_ENDS_LATE = timedelta(minutes=30)  # before the report; it takes some minutes to make
_WRITTEN_LATE = timedelta(minutes=2)  # behind a log's last line: it is flushed with each
_HALF_HOUR = 1800.0  # by which zones differ
_SAME = 10.0


def holes(
    contents: Sequence[BundleContent],
    logs: Sequence[str],
    names: Mapping[str, str],
    events: EventTable,
    clocks: Sequence[HostClock] = (),
) -> tuple[Hole, ...]:
    """Return the holes of all logs of all reports, ordered by report, log and time.

    ``logs`` are the sources that are logs, ``names`` is bundle → name of the host.
    """
    changes = {clock.bundle: clock.changes for clock in clocks}
    found = [
        hole
        for content in contents
        for hole in _Host(
            name=names.get(content.name, content.name),
            tracks=tracks_of(content, logs, changes.get(content.name, ())),
            boots=_boots_of_host(content.name, events, changes.get(content.name, ())),
            stops=_moments_of_kinds(content.name, events, *HOST_SHUTDOWN),
            captured=content.clock.captured_at,
        ).holes()
    ]
    return tuple(sorted(found, key=lambda hole: (hole.bundle, hole.source, hole.began.at)))


def _boots_of_host(
    bundle: str, events: EventTable, changes: Sequence[ClockChange]
) -> tuple[Moment, ...]:
    """Return when a host booted: by the kernel's first line, by xapi's word, by its uptime."""
    told = [
        event.moment
        for event in events.of(HOST_BOOTED, HOST_ROLE)
        if event.source.bundle == bundle
        and (event.kind == HOST_BOOTED or event.fields.get("boot") == "true")
    ]
    told += [change.at for change in changes if change.kind is ClockChangeKind.REBOOT]
    return tuple(sorted(told, key=lambda boot: boot.at))


def _moments_of_kinds(bundle: str, events: EventTable, *kinds: str) -> tuple[Moment, ...]:
    return tuple(event.moment for event in events.of(*kinds) if event.source.bundle == bundle)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Host:
    """The logs of one report, when the host booted, began to shut down, and was reported on."""

    name: str
    tracks: tuple[Track, ...]
    boots: tuple[Moment, ...]
    stops: tuple[Moment, ...]
    captured: Moment | None = None

    def holes(self) -> Iterator[Hole]:
        """Yield the holes of all its logs."""
        rhythms = [
            rhythm_of(
                track, [silence for silence in track.silences if self._booted_in_silence(silence)]
            )
            for track in self.tracks
        ]
        steady = [pair for pair in zip(self.tracks, rhythms, strict=True) if pair[1].steady]
        shared: list[tuple[Silence, Hole]] = []
        for track, rhythm in zip(self.tracks, rhythms, strict=True):
            for lost in track.breaks:
                yield self._hole_in_track(track, lost.kind, lost.silence, lost.expected)
            yield from self._hole_behind_end(track, rhythm)
            # The lost beginnings of files, while the host was at work.
            for holes_silence in track.silences:
                if holes_silence.after is not None and self._is_beginning(track, holes_silence):
                    expected = f"the beginning of {holes_silence.after.member}"
                    yield self._hole_in_track(track, HoleKind.CUT, holes_silence, expected)
        for track, rhythm in steady:
            for silence in track.silences:
                hole = self._hole_of_silence(track, rhythm, silence, [other for other, _ in steady])
                if hole is not None:
                    yield hole
                    shared += [(silence, hole)] if hole.whole_host else []
        for track in self.tracks:
            if all(track is not other for other, _ in steady):
                yield from self._with_the_others(track, shared)

    def _hole_of_silence(
        self, track: Track, rhythm: Rhythm, silence: Silence, steady: Sequence[Track]
    ) -> Hole | None:
        """Return the hole that a silence of a steady log is, None if it is none."""
        others = [o for o in self.tracks if o is not track and o.reaches_over(silence)]
        silent = [other for other in others if other.silent_in(silence, _MOST)]
        together = bool(others) and len(silent) == len(others)
        if self._booted_in_silence(silence) and len(silent) == len(others):
            # The hole before a boot: down, unless it is too long and nobody shut it down.
            told = any(
                silence.began.at - _GOING_DOWN <= stop.at <= silence.began.at + _LOGS_LATE
                for stop in self.stops
            )
            if told or silence.seconds <= _STARTING.total_seconds():
                expected = f"{rhythm}; the host booted at its end"
                return self._hole_in_track(
                    track, HoleKind.DOWN, silence, expected, whole_host=together
                )
            expected = f"{rhythm}; the host booted at its end, when it went down is not told"
            return self._hole_in_track(track, HoleKind.SILENT, silence, expected, whole_host=True)
        if not rhythm.is_broken_by(silence) or self._is_beginning(track, silence):
            return None
        sure = track.need == _TIRELESS or any(other in silent for other in steady)
        if not sure and not speaks_at_that_time(track, silence, rhythm):
            return None
        return self._hole_in_track(
            track, HoleKind.SILENT, silence, str(rhythm), whole_host=together
        )

    def _is_beginning(self, track: Track, silence: Silence) -> bool:
        if not silence.between_files or self._booted_in_silence(silence):
            return False
        others = [o for o in self.tracks if o is not track and o.reaches_over(silence)]
        went_on = any(not other.silent_in(silence, _MOST) for other in others)
        return went_on and begins_too_late(track, silence)

    def _hole_behind_end(self, track: Track, rhythm: Rhythm) -> Iterator[Hole]:
        """Yield the hole behind the end of a log that should have gone on."""
        on = max((other.last for other in self.tracks), key=lambda moment: moment.at)
        silence = Silence(
            began=track.last,
            ended=on,
            seconds=(on.at - track.last.at).total_seconds(),
            before=track.end,
            after=None,
        )
        if track.cut and silence.seconds > 0:
            while_others_went_on: Hole | None = self._hole_in_track(
                track, HoleKind.CUT, silence, f"the rest of {track.name}"
            )
        elif rhythm.is_broken_by(silence) and (
            track.need == _TIRELESS or speaks_at_that_time(track, silence, rhythm)
        ):
            while_others_went_on = self._hole_in_track(track, HoleKind.SILENT, silence, str(rhythm))
        else:
            while_others_went_on = None
        behind = (
            while_others_went_on
            or self._before_its_last_write(track)
            or self._before_the_report(track)
        )
        if behind is not None:
            yield behind

    def _before_its_last_write(self, track: Track) -> Hole | None:
        """Return the hole between a log's last line and when the archive says it was written.

        rsyslog writes each line at once, so the two are seconds apart. A file that was copied
        has the time of the copy, behind the report's. rsyslog keeps the zone that it was started
        in, and a zip may be unpacked in another: then they are whole half hours apart.
        """
        if self.captured is None or track.written is None or not track.last.year_known:
            return None
        seconds = (track.written - track.last.latest).total_seconds()
        of_zones = min(seconds % _HALF_HOUR, -seconds % _HALF_HOUR) <= _SAME
        if seconds <= _WRITTEN_LATE.total_seconds() or of_zones:
            return None
        if track.written > self.captured.latest:
            return None
        silence = Silence(
            began=track.last,
            ended=Moment.exact(track.written, "the time of the file in the archive"),
            seconds=seconds,
            before=track.end,
            after=None,
        )
        return self._hole_in_track(
            track, HoleKind.ENDED, silence, "a line when the file is written"
        )

    def _before_the_report(self, track: Track) -> Hole | None:
        """Return the hole between a log's last line and the report, if it is unusually long.

        A log that was trimmed by hand, or that rsyslog had stopped to write, looks like this.
        """
        if self.captured is None:
            return None
        # both are by the host's own clock, so a zone that nobody knows is the same in both
        seconds = (self.captured.at - track.last.at).total_seconds()
        longest = longest_silence(track)
        if longest is None or seconds <= max(_ENDS_LATE.total_seconds(), UNHEARD * longest):
            return None
        silence = Silence(
            began=track.last, ended=self.captured, seconds=seconds, before=track.end, after=None
        )
        expected = f"a line at least every {round(longest / 60)} minutes"
        return self._hole_in_track(track, HoleKind.ENDED, silence, expected)

    def _with_the_others(
        self, track: Track, shared: Sequence[tuple[Silence, Hole]]
    ) -> Iterator[Hole]:
        """Yield the holes of a log without a rhythm: where all the logs of the host are silent."""
        done: list[Silence] = []
        for silence, hole in shared:
            if not track.reaches_over(silence) or any(s.covers(silence) > 0 for s in done):
                continue
            own = next((s for s in track.silences if s.covers(silence) >= _NEARLY), None)
            if own is None:
                continue
            done.append(silence)
            expected = f"{hole.source} is silent too: {hole.expected}"
            inner = Silence(
                began=max(own.began, silence.began, key=lambda moment: moment.at),
                ended=min(own.ended, silence.ended, key=lambda moment: moment.at),
                seconds=min(own.seconds, silence.seconds),
                before=own.before,
                after=own.after,
            )
            yield self._hole_in_track(track, hole.kind, inner, expected, whole_host=True)

    def _booted_in_silence(self, silence: Silence) -> bool:
        following = bisect_right(self.boots, silence.began.at, key=lambda boot: boot.at)
        booted = self.boots[following : following + 1]
        return any(boot.at <= silence.ended.at + _LOGS_LATE for boot in booted)

    def _hole_in_track(
        self,
        track: Track,
        kind: HoleKind,
        silence: Silence,
        expected: str,
        *,
        whole_host: bool = False,
    ) -> Hole:
        return Hole(
            bundle=track.bundle,
            host=self.name,
            source=track.need,
            kind=kind,
            began=silence.began,
            ended=silence.ended,
            expected=expected,
            before=silence.before,
            after=silence.after,
            whole_host=whole_host,
        )
