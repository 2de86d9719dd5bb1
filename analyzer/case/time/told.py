"""What the report says of one host's clock."""

from collections.abc import Mapping

from analyzer.case.case import HostReport
from analyzer.case.gather import BundleContent
from analyzer.case.time.compare import Compared
from analyzer.case.time.dates import later_than_capture
from analyzer.dating.clock import Change, Clock
from analyzer.model.clock import ClockChange, ClockChangeKind, ClockSkew, HostClock, NtpTracking
from analyzer.model.finding import Evidence
from analyzer.model.source import Source

_NTP = "NTP"
_CLOSE = 1.0  # seconds: both clocks say that they are right


def host_clock(content: BundleContent, report: HostReport, compared: Compared) -> HostClock:
    """Return what is known of the clock of one report's host."""
    clock = content.clock
    trackings = [fact for fact in content.facts if isinstance(fact, NtpTracking)]
    skews = [skew for fact in trackings if (skew := _skew_against_ntp(report, fact))]
    changes = tuple(
        told
        for change in clock.changes
        if (told := _clock_change_with_lines(report, clock, change)) is not None
    )
    lag = compared.contradiction
    return HostClock(
        host=report.name,
        bundle=report.bundle,
        dated_by=clock.dated_by,
        zone_known=clock.utc_offset_minutes is not None,
        utc_offset_minutes=clock.utc_offset_minutes,
        changes=changes,
        skews=(*skews, *((compared.skew,) if compared.skew else ())),
        contradictions=(
            *clock.contradictions,
            *((lag,) if lag else ()),
            *later_than_capture(content, report),
        ),
        compared=compared.words,
    )


def _clock_change_with_lines(
    report: HostReport, clock: Clock, change: Change
) -> ClockChange | None:
    """Return a change with the two lines that show it best, None where none can be quoted."""
    quotable = [spot for spot in change.spots if spot.before.text and spot.after.text]
    if not quotable:
        return None
    best = max(quotable, key=lambda spot: (spot.measured, abs(spot.seconds)))
    ends = [
        Evidence(
            source=Source(bundle=report.bundle, member=end.place.member, line=end.place.line),
            text=end.text,
            at=clock.moment_at(end.wall, end.offset, end.place),
        )
        for end in (best.before, best.after)
    ]
    members = {end.place.member for spot in change.spots for end in (spot.before, spot.after)}
    return ClockChange(
        kind=change.kind,
        host=report.name,
        bundle=report.bundle,
        at=clock.moment_of(change),
        seconds=None if change.kind is ClockChangeKind.REBOOT else change.seconds,
        confidence=change.confidence,
        before=ends[0],
        after=ends[1],
        members=tuple(sorted(members)),
        more=0.0 if change.measured else change.slack,
    )


def _skew_against_ntp(report: HostReport, fact: NtpTracking) -> ClockSkew | None:
    if fact.seconds is None or not fact.synchronised:
        return None
    return ClockSkew(
        host=report.name,
        bundle=report.bundle,
        to=_NTP,
        seconds=fact.seconds,
        doubt=fact.doubt,
        how="chronyc tracking",
        pairs=1,
        evidence=(Evidence(source=fact.source, text=fact.text, at=report.captured_at),),
    )


def by_ntp(clock: HostClock) -> float | None:
    """Return by how many seconds NTP found the clock fast, None where it was not measured."""
    return next((skew.seconds for skew in clock.skews if skew.to == _NTP), None)


def at_odds_with_ntp(
    clock: HostClock, measured: Mapping[str, float | None], masters: Mapping[str, str]
) -> tuple[str, ...]:
    """Say so where two hosts both follow NTP, and their logs are apart.

    ``measured`` is what NTP says of each bundle's clock, ``masters`` a master's name → its bundle.
    """
    own = measured[clock.bundle]
    found = []
    for skew in clock.skews:
        other = measured.get(masters.get(skew.to, ""))
        right = own is not None and other is not None and max(abs(own), abs(other)) <= _CLOSE
        if right and abs(skew.seconds) - skew.doubt > _CLOSE:
            found.append(
                f"chronyc says that the clocks of {clock.host} and {skew.to} are right, the calls "
                f"that both saw say that {clock.host} was {skew.apart}"
            )
    return tuple(found)
