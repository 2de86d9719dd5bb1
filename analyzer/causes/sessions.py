"""Sessions: which tapdisk had a disk's CBT log open before a finding, as SMlog shows it.

SM marks the log as in use before a tapdisk opens it (``cbt-util set … -f 0``) and as closed after
the tapdisk has ended (``-f 1``). A log that is found in use was therefore left by the last tapdisk
that opened it, and only what befell that very tapdisk, or its host, can be the cause. Where SMlog
does not show that tapdisk, nothing is known of it.
"""

from dataclasses import replace
from datetime import timedelta

from analyzer.case.case import Case
from analyzer.case.time.order import place_of
from analyzer.causes.clocks import Clocks, Dated, dated, effect_of, logged, of_line
from analyzer.causes.edges import Join
from analyzer.causes.link import UNRELATED, Miss
from analyzer.causes.places import Places
from analyzer.causes.trouble import Trouble
from analyzer.model.clock import length_words
from analyzer.model.event import Event
from analyzer.model.incident import IncidentKind
from analyzer.model.moment import Moment
from analyzer.model.source import Source
from analyzer.rebuilt.incidents.boots import boots_of
from analyzer.values import dataclass

HELD = "disk-log-used.held"
MARKED = "disk-log-used.marked"
CREATED = "disk-log-used.created"
CLOSED = "disk-log-used.closed"
RELEASED = "disk-log-used.released"
KINDS = (HELD, MARKED, CREATED, CLOSED, RELEASED)

_UNSEEN = Miss(why="SMlog does not show which tapdisk had the log of the disk open before")
_OTHER_STORAGE = Miss(why="it was not the storage of that disk")
_WORKED = Miss(why="the storage worked again before that")

# A line says that the storage is back; what failed meanwhile is told a little later.
_RETURNED = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """A tapdisk that opened a disk's log and was not seen to close it.

    ``set_at`` is the last time that the log was opened, marked or made.
    """

    host: str
    tapdisk: str
    source: Source
    at: Moment
    set_at: Moment


class Sessions:
    """What SMlog shows of the CBT logs of disks."""

    def __init__(self, case: Case, places: Places, clocks: Clocks) -> None:
        self._places = places
        self._clocks = clocks
        self._by_disk: dict[str, list[Event]] = {}
        self._held = case.events.of(HELD)
        self._boots = boots_of(case)
        self._uses: dict[str, Use | None] = {}
        self._unplaced: dict[str, Event] = {}
        for event in case.events.of(*KINDS):
            self._by_disk.setdefault(event.fields["vdi"], []).append(event)

    def before(self, effect: Trouble) -> Use | None:
        """Return the tapdisk that left the log of the effect's disk open, None if not known."""
        if effect.id not in self._uses:
            disks = effect.of(Join.VDI)
            if len(disks) != 1 or effect.first is None or not effect.first.year_known:
                use_before_effect: Use | None = None
            else:
                use: Use | None = None
                # What was logged of a disk in the effect's pool.
                disk = next(iter(disks))
                pool = self._places.bundles_of(effect.of(Join.POOL)) or effect.bundles
                for pool_event in self._by_disk.get(disk, ()):
                    if pool_event.source.bundle in pool and pool_event.moment.year_known:
                        event = pool_event
                        earlier = self._earlier_than_effect(event, effect)
                        if earlier is None:
                            self._unplaced[effect.id] = event
                            use_before_effect = None
                            break
                        use = self._use_after_event(use, event) if earlier else use
                else:
                    use_before_effect = use
            self._uses[effect.id] = use_before_effect
        return self._uses[effect.id]

    def ended_by(self, cause: Trouble, effect: Trouble) -> Use | Miss:
        """Return the use of the effect's disk that the cause may have ended, or why it did not."""
        use = self.before(effect)
        if use is None:
            return self._why_use_is_suspected(cause, effect)
        if use.host not in cause.of(Join.HOST):
            told = f"the disk was open on host {self._places.shown([use.host])}"
            return Miss(why=told, source=use.source)
        if missed := self._other_tapdisk(use, cause, effect):
            return missed
        # Whether the log was set once more after the cause.
        if cause.last is None or self._clocks.surely_before(
            dated(cause, cause.last), of_line(use.set_at, use.source)
        ):
            return Miss(why="the log of the disk was in use anew after it", source=use.source)
        # Whether a boot of the host had ended the use before the cause came.
        until = cause.last if cause.down else cause.first
        if until is None:
            booted_between = False
        else:
            opened, came = of_line(use.at, use.source), dated(cause, until)
            booted_between = any(
                self._clocks.surely_before(opened, logged(boot.event))
                and self._clocks.surely_before(logged(boot.event), came)
                for boot in self._boots.get(use.host, ())
            )
        if booted_between:
            return Miss(why="the host had booted once more by then", source=use.source)
        # Why an outage of storage is not one of the effect's disk, None if it is none.
        if cause.kind is not IncidentKind.SR_OUTAGE:
            of_storage: Miss | None = None
        else:
            of_storage = self.storage(cause, effect)
        return of_storage or use

    def _why_use_is_suspected(self, cause: Trouble, effect: Trouble) -> Miss:
        """Say what is missing to tell that the cause ended a use of the effect's disk."""
        event = self._unplaced.get(effect.id)
        if event is None:
            return _UNSEEN
        # Why the clocks do not tell whether a line came before the effect.
        then = effect_of(effect, (event.source.bundle,))
        assert then is not None
        apart = self._clocks.apart(logged(event), then)
        if not apart:
            unordered = "the clock of the host was set about then"
        else:
            doubt = (apart + event.moment.doubt + then.at.doubt).total_seconds()
            unordered = f"the clocks of the two hosts may be {length_words(doubt)} apart"
        host, missing = self._places.host(event.source.bundle), unordered
        if host not in cause.of(Join.HOST):
            known = "which host had the log of the disk open before is not known"
            return Miss(why=f"{known}, because {missing}")
        return Miss(
            why=f"the log of the disk was in use on host {self._places.shown([host])}, as the line "
            f"shows; whether that was before this is not known, because {missing}",
            source=event.source,
            suspected=True,
        )

    def _other_tapdisk(self, use: Use, cause: Trouble, effect: Trouble) -> Miss | None:
        if cause.tapdisks and use.tapdisk not in cause.tapdisks:
            told = f"the disk was open in another tapdisk, pid {use.tapdisk}"
            return Miss(why=told, source=use.source, told=not cause.of(Join.VDI))
        if cause.of(Join.VDI) and not cause.shares(effect, Join.VDI):
            return UNRELATED
        if cause.kind is not IncidentKind.TAPDISK_CRASHED or cause.tapdisks or cause.of(Join.VDI):
            return None
        return Miss(why="which tapdisk it was, and of which disk, is not shown")

    def storage(self, cause: Trouble, effect: Trouble) -> Miss | None:
        """Say why an outage did not last when the effect came, None if it did."""
        if not cause.shares(effect, Join.SR):
            return _OTHER_STORAGE
        return None if self.lasts(cause, effect) else _WORKED

    def lasts(self, cause: Trouble, effect: Trouble) -> bool:
        """Tell whether a storage trouble of the effect's SR still lasted when that happened."""
        then = effect_of(effect, sorted(cause.bundles))
        if not cause.shares(effect, Join.SR) or cause.last is None or then is None:
            return False
        if cause.over:
            return self._clocks.least_after(dated(cause, cause.last), then) <= _RETURNED
        return not any(self._good_use(event, cause, effect, then) for event in self._held)

    def _good_use(self, event: Event, cause: Trouble, effect: Trouble, then: Dated) -> bool:
        """Tell whether another disk of the SR was opened on the host after the trouble."""
        assert cause.last is not None
        disk, used = event.fields["vdi"], logged(event)
        return (
            self._clocks.surely_before(dated(cause, cause.last), used)
            and self._clocks.surely_before(used, then)
            and self._places.host(event.source.bundle) in cause.of(Join.HOST)
            and disk not in effect.of(Join.VDI)
            and bool(self._places.repositories((disk,)) & cause.of(Join.SR))
        )

    def _use_after_event(self, use: Use | None, event: Event) -> Use | None:
        """Return the use after an event."""
        host = self._places.host(event.source.bundle)
        if event.kind == HELD:
            return Use(
                host=host,
                tapdisk=event.fields["tapdisk"],
                source=event.source,
                at=event.moment,
                set_at=event.moment,
            )
        if event.kind == CLOSED or use is None:
            return None
        if event.kind == RELEASED:
            return None if host == use.host else use
        return replace(use, set_at=event.moment)

    def _earlier_than_effect(self, event: Event, effect: Trouble) -> bool | None:
        """Tell whether an event came before the effect, None if the clocks cannot tell."""
        line, then = logged(event), effect_of(effect, (event.source.bundle,))
        assert then is not None
        if self._clocks.surely_before(line, then):
            return True
        if self._clocks.surely_before(then, line):
            return False
        # Tell by one log whether an event came before the line that dates the effect.
        family, place = place_of(event.source)
        dating_lines = [
            place_of(evidence.source)
            for evidence in (effect.finding.evidence if effect.finding else ())
            if evidence.at == then.at and evidence.source.bundle == event.source.bundle
        ]
        places = [line for log, line in dating_lines if log == family]
        told = place < min(places) if places else None
        return False if told is None and self._clocks.in_order(then, line) else told
