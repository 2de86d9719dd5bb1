"""A clock that was written down and read again dates every line as it did."""

import json
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.dating.clock import Clock, Lead
from analyzer.dating.settled import LineDates, Settled
from analyzer.stored import plain, typed
from tests.dating.clock_story import AUDIT, KERN, SM, Host, every, utc

START, END = utc("2024-03-29 00:00:00"), utc("2024-04-02 00:00:00")
STEPS = st.sampled_from([(), ((utc("2024-03-30 12:00:00"), -3600.0),), ((START, 420.0),)])
ZONES = st.sampled_from([((START, 60),), ((START, 60), (utc("2024-03-31 01:00:00"), 120))])
LEAD = Lead(low=-70.0, high=-65.5, start=START, end=END, text="fast by its pool")


def stored(clock: Clock) -> LineDates:
    row = json.loads(json.dumps(plain(Settled, clock.dates.settled)))
    return LineDates(typed(Settled, row))


@settings(max_examples=8, deadline=None)
@given(STEPS, ZONES, st.booleans(), st.lists(st.integers(1, 140), max_size=2))
def test_lines_are_dated_alike(
    steps: tuple[tuple[object, float], ...],
    zones: tuple[tuple[object, int], ...],
    compared: bool,
    cuts: list[int],
) -> None:
    host = Host(steps=steps, zones=zones)  # type: ignore[arg-type]
    for family in (SM, AUDIT, KERN):
        host.write(family, every(2400, START, END), cuts)
    clock = host.clock()
    if compared:
        clock.compare((), [LEAD])
    again = stored(clock)
    for line in host.lines():
        own = clock.moment(line.member, line.number, line.stamp)
        assert again.moment(line.member, line.number, line.stamp) == own
    assert again.moment("no such file", 1, line.stamp) == clock.moment(
        "no such file", 1, line.stamp
    )


def test_years_that_differ_or_are_not_known_are_kept() -> None:
    host = Host()
    times = [utc("2023-12-30 10:00:00") + timedelta(days=day) for day in range(6)]
    host.write(SM, times, [4])
    for clock in (host.clock(), Clock()):
        again = stored(clock)
        for line in host.lines():
            own = clock.moment(line.member, line.number, line.stamp)
            assert again.moment(line.member, line.number, line.stamp) == own
