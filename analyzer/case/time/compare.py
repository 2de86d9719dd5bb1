"""One supporter's clock against its master's: the zone it tells, how far it is off, and the words.

Sets the supporter's clock: moments are told in the frame of the master's.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

from analyzer.case.time.pairs import Pair
from analyzer.case.time.skew import FEWEST, Estimate, bound_of, estimate
from analyzer.dating.clock import Clock, Lead
from analyzer.dating.zone import Sighting
from analyzer.model.clock import ClockSkew, apart_words
from analyzer.model.finding import Evidence
from analyzer.model.source import Source
from analyzer.values import dataclass

_QUARTER, _HALF_HOUR = 15, 30
_MINUTE = 60.0
_TOO_WIDE = 600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """What the comparison with the master's clock gave for one bundle."""

    words: str
    skew: ClockSkew | None = None
    contradiction: str = ""


def compared(
    bundle: str,
    names: Mapping[str, str],
    masters: Sequence[str],
    pairs: Sequence[Pair],
    clocks: Callable[[str], Clock],
) -> Compared:
    """Compare a supporter's clock with that of its master by what both saw, and set it.

    ``pairs`` are their calls, ``masters`` the bundles of the master.
    """
    master = names[masters[0]]
    once = {(pair.ran.member, pair.ran.line): pair for pair in reversed(pairs)}
    bounds = [bound for pair in once.values() if (bound := bound_of(pair, clocks))]
    found = estimate(bounds)
    if found is None:
        seen = f"{_calls(len(bounds))} that both saw do not agree" if bounds else "both saw no call"
        return Compared(words=f"not compared with the clock of {master}: {seen}")
    few = len(bounds) < FEWEST
    if clocks(bundle).utc_offset_minutes is None:
        if few or not found.agreed or found.high - found.low > _TOO_WIDE:
            needed = f", {FEWEST} are needed" if few else ""
            seen = f"{_calls(len(bounds))} that {master} saw too"
            return Compared(words=f"its zone is not told by {seen}{needed}")
        found = _with_zone(clocks(bundle), found, master)
    # The correction, none where the clocks may well agree.
    if found.agreed and found.low <= 0 <= found.high:
        leads_of_estimate: tuple[Lead, ...] = ()
    else:
        shown = [bound.shown for bound in found.bounds]
        apart = apart_words((found.low + found.high) / 2, (found.high - found.low) / 2)
        way = "fast of" if found.low + found.high >= 0 else "behind"
        words = f"its clock {apart} {way} {master}, corrected"
        leads_of_estimate = (
            Lead(low=found.low, high=found.high, start=min(shown), end=max(shown), text=words),
        )
    clocks(bundle).compare((), leads_of_estimate)
    return _comparison_told(bundle, names[bundle], master, found)


def _with_zone(clock: Clock, found: Estimate, master: str) -> Estimate:
    """Set the zone that the calls tell, and return how far the clock is off it."""
    # The zone nearest to what a clock shows: few are not of half hours.
    zone_minutes = (found.low + found.high) / 2 / _MINUTE
    quarter = round(zone_minutes / _QUARTER) * _QUARTER
    if abs(zone_minutes - quarter) <= 1:
        minutes = quarter
    else:
        minutes = round(zone_minutes / _HALF_HOUR) * _HALF_HOUR
    how = f"{_calls(len(found.bounds))} that {master} saw too"
    sightings = [Sighting(local=bound.shown, minutes=minutes, kind=how) for bound in found.bounds]
    clock.compare(sightings, ())
    shift = timedelta(minutes=minutes)
    bounds = tuple(
        replace(
            bound,
            low=bound.low - minutes * _MINUTE,
            high=bound.high - minutes * _MINUTE,
            shown=bound.shown - shift,
        )
        for bound in found.bounds
    )
    return replace(
        found,
        low=found.low - minutes * _MINUTE,
        high=found.high - minutes * _MINUTE,
        bounds=bounds,
    )


def _comparison_told(bundle: str, host: str, master: str, found: Estimate) -> Compared:
    count = len(found.bounds)
    low, high = found.low, found.high
    first = found.bounds[0].pair
    evidence_of_row: list[Evidence] = []
    for row in (first.asked, first.ran, first.answered):
        source = Source(bundle=row.bundle, member=row.member, line=row.line)
        evidence_of_row.append(Evidence(source=source, text=row.text))
    skew = ClockSkew(
        host=host,
        bundle=bundle,
        to=master,
        seconds=(low + high) / 2,
        doubt=(high - low) / 2,
        how=f"{_calls(count)} that both hosts saw",
        pairs=count,
        evidence=tuple(evidence_of_row),
    )
    if found.agreed:
        return Compared(words=f"compared with the clock of {master} by {_calls(count)}", skew=skew)
    apart = f"from {low:+.0f} to {high:+.0f} s"
    return Compared(
        words=f"compared with the clock of {master} by {_calls(count)}, which do not agree",
        skew=skew,
        contradiction=f"the clock was {apart} ahead of that of {master}: one of them was set",
    )


def _calls(count: int) -> str:
    return "1 call" if count == 1 else f"{count} calls"
