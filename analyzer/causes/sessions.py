"""Sessions: which tapdisk had a disk's CBT log open before a finding, as SMlog shows it.

SM marks the log as in use before a tapdisk opens it (``cbt-util set … -f 0``) and as closed after
the tapdisk has ended (``-f 1``). A log that is found in use was therefore left by the last tapdisk
that opened it, and only what befell that very tapdisk, or its host, can be the cause. Where SMlog
does not show that tapdisk, nothing is known of it.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta

from analyzer.causes.edges import Join
from analyzer.causes.places import Places
from analyzer.causes.trouble import Trouble
from analyzer.model.event import Event
from analyzer.model.moment import Moment
from analyzer.model.source import Source
from analyzer.state.case import Case

HELD = "disk-log-used.held"
MARKED = "disk-log-used.marked"
CREATED = "disk-log-used.created"
CLOSED = "disk-log-used.closed"
RELEASED = "disk-log-used.released"
KINDS = (HELD, MARKED, CREATED, CLOSED, RELEASED)

BOOTED = "host-booted"

# A line says that the storage is back; what failed meanwhile is told a little later.
_RETURNED = timedelta(minutes=1)
# Hosts of a pool keep the same time; their stamps can be compared where zone and year are known.
_SAME_CLOCK = timedelta(minutes=1)


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

    def __init__(self, case: Case, places: Places) -> None:
        self._places = places
        self._by_disk: dict[str, list[Event]] = {}
        self._held = case.events.of(HELD)
        self._boots = [(places.host(e.source.bundle), e.moment) for e in case.events.of(BOOTED)]
        for event in case.events.of(*KINDS):
            self._by_disk.setdefault(event.fields["vdi"], []).append(event)

    def before(self, effect: Trouble) -> Use | None:
        """Return the tapdisk that left the log of the effect's disk open, None if not known."""
        disks = effect.of(Join.VDI)
        if len(disks) != 1 or effect.first is None or not effect.first.year_known:
            return None
        use: Use | None = None
        for event in self._of_pool(next(iter(disks)), effect):
            earlier = _earlier(event, effect)
            if earlier is None:
                return None
            use = self._next(use, event) if earlier else use
        return use

    def ended_by(self, cause: Trouble, effect: Trouble) -> Use | None:
        """Return the use of the effect's disk that the cause may have ended, None if it cannot."""
        use = self.before(effect)
        if use is None or use.host not in cause.of(Join.HOST) or not _after(use, cause):
            return None
        if cause.tapdisk is not None and cause.tapdisk != use.tapdisk:
            return None
        if cause.of(Join.VDI) and not cause.shares(effect, Join.VDI):
            return None
        return None if self._booted_between(use, cause) else use

    def lasts(self, cause: Trouble, effect: Trouble) -> bool:
        """Tell whether a storage trouble of the effect's SR still lasted when that happened."""
        then = effect.when(cause.bundles)
        if not cause.shares(effect, Join.SR) or cause.last is None or then is None:
            return False
        if cause.over:
            return then.at - cause.last.at <= _RETURNED
        return not any(self._good_use(event, cause, effect, then) for event in self._held)

    def _booted_between(self, use: Use, cause: Trouble) -> bool:
        """Tell whether a boot of the host had ended the use before the cause came."""
        first = cause.first
        return first is not None and any(
            host == use.host and use.at.at < boot.at < first.at for host, boot in self._boots
        )

    def _good_use(self, event: Event, cause: Trouble, effect: Trouble, then: Moment) -> bool:
        """Tell whether another disk of the SR was opened on the host after the trouble."""
        assert cause.last is not None
        disk = event.fields["vdi"]
        return (
            cause.last.at < event.moment.at < then.at
            and self._places.host(event.source.bundle) in cause.of(Join.HOST)
            and disk not in effect.of(Join.VDI)
            and bool(self._places.repositories((disk,)) & cause.of(Join.SR))
        )

    def _of_pool(self, disk: str, effect: Trouble) -> Iterator[Event]:
        """Yield what was logged of a disk in the effect's pool."""
        pool = self._places.bundles_of(effect.of(Join.POOL)) or effect.bundles
        for event in self._by_disk.get(disk, ()):
            if event.source.bundle in pool and event.moment.year_known:
                yield event

    def _next(self, use: Use | None, event: Event) -> Use | None:
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


def _earlier(event: Event, effect: Trouble) -> bool | None:
    """Tell whether an event came before the effect, None if the two clocks cannot tell."""
    then = effect.when((event.source.bundle,))
    assert then is not None
    if event.source.bundle in effect.clocks:
        lines = [s.line for s in effect.sources if _file(s) == _file(event.source)]
        same_second = event.moment.at == then.at and event.source.line < min(lines, default=0)
        return event.moment.at < then.at or same_second
    if event.moment.certainly_before(then) or then.certainly_before(event.moment):
        return event.moment.at < then.at
    doubtful = max(event.moment.doubt, then.doubt) > _SAME_CLOCK
    return None if doubtful else event.moment.at < then.at


def _file(source: Source) -> tuple[str, str]:
    return (source.bundle, source.member)


def _after(use: Use, cause: Trouble) -> bool:
    """Tell whether the cause came when the log had been set for the last time."""
    return cause.last is not None and use.set_at.at <= cause.last.at
