"""Whatever was done to a clock, the true instant of a line lies in the range that is told."""

from datetime import UTC, datetime, timedelta
from itertools import groupby, pairwise

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from analyzer.dating.instants import Lead
from analyzer.model.moment import Moment
from analyzer.parsers._api import Stamp
from tests.dating.clock_story import AUDIT, KERN, SM, Host, Line, every
from tests.support.whole import examples

STARTS = st.datetimes(datetime(2019, 1, 1), datetime(2029, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001  hypothesis wants naive bounds
SPAN = timedelta(hours=30)
APART = timedelta(hours=2)


@st.composite
def hosts(draw: st.DrawFn, span: timedelta = SPAN, slower: int = 1) -> Host:
    """Return a host with a day of logs, or more, in which its clock and its zone may change.

    A clock set forward leaves no trace but in the kernel's uptimes, and one set back by less than
    the time between two lines leaves none at all. Two changes in the same hours are one to see,
    and a boot takes the kernel's count with it, so neither lies near another here.
    """
    start = draw(STARTS).replace(microsecond=0)
    end = start + span
    moments = st.timedeltas(timedelta(hours=4), span - timedelta(hours=4)).map(
        lambda after: (start + after).replace(microsecond=0)
    )
    kernel = draw(st.booleans())
    back = st.integers(-7200, -1800)
    sizes = st.one_of(back, st.integers(1800, 7200)) if kernel else back
    steps = draw(st.lists(st.tuples(moments, sizes), max_size=2, unique_by=lambda s: s[0]))
    minutes = draw(st.integers(-44, 52)) * 15
    zones = [(datetime(2000, 1, 1, tzinfo=UTC), minutes)]
    change = draw(moments).replace(minute=0, second=0)
    if draw(st.booleans()) and all(abs(change - when) > 3 * APART for when, _ in steps):
        zones.append((change, minutes + draw(st.sampled_from([-60, 60, -30, 30]))))
    assume(all(later - earlier > APART for (earlier, _), (later, _) in pairwise(sorted(steps))))
    boots = [start - timedelta(days=9), *draw(st.lists(moments, max_size=1))]
    assume(all(abs(boot - when) > APART for boot in boots for when, _ in steps))
    host = Host(steps=sorted(steps), zones=zones, boots=sorted(boots))
    beats = {SM: 60, KERN: draw(st.sampled_from([60, 240]))} if kernel else {SM: 60}
    if draw(st.booleans()):
        beats[AUDIT] = draw(st.sampled_from([120, 280]))
    for family, beat in beats.items():
        times = every(beat * slower, start, end)
        cuts = draw(st.sets(st.integers(1, max(2, len(times) - 1)), max_size=2))
        host.write(family, times, cuts)
    return host


@settings(
    max_examples=examples(30),
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
@given(host=hosts())
def test_the_true_instant_is_in_the_range(host: Host) -> None:
    clock = host.clock()
    for line in host.lines():
        moment = clock.moment(line.member, line.number, line.stamp)
        assert moment.earliest <= line.true <= moment.latest, line


@settings(
    max_examples=examples(30),
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
@given(host=hosts())
def test_nothing_is_ordered_against_the_order_of_a_log(host: Host) -> None:
    clock = host.clock()
    dated = [
        (line.member, clock.moment(line.member, line.number, line.stamp)) for line in host.lines()
    ]
    for (member, first), (other, second) in pairwise(dated):
        assert member != other or not second.certainly_before(first)


@settings(
    max_examples=examples(30),
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
@given(
    host=hosts(timedelta(days=9), slower=10),
    lead=st.none() | st.tuples(st.integers(0, 200), st.integers(0, 60), st.integers(-900, 900)),
    iso=st.sampled_from([None, None, 0, 60, -345]),
    fraction=st.sampled_from([0, 0, 1, 999_999]),
)
def test_what_is_dated_by_the_hour_is_dated_as_each_of_its_lines(
    host: Host, lead: tuple[int, int, int] | None, iso: int | None, fraction: int
) -> None:
    clock = host.clock()
    lines = list(host.lines())
    if lead:
        began = lines[0].true + timedelta(hours=lead[0])
        ended = began + timedelta(hours=lead[1])
        clock.compare((), [Lead(low=lead[2], high=lead[2] + 5, start=began, end=ended, text="a")])

    def written(line: Line) -> Stamp:
        year = None if iso is None else line.true.year
        offset = timedelta(minutes=iso) if iso else None
        return line.stamp._replace(microsecond=fraction, year=year, offset=offset)

    for (member, _), group in groupby(lines, lambda line: (line.member, line.stamp[:3])):
        own = list(group)
        first = clock.hour(member, written(own[0]), own[0].number, own[-1].number)
        for line in own if first else ():
            assert first is not None
            stamp = written(line)
            later = timedelta(
                minutes=stamp.minute, seconds=stamp.second, microseconds=stamp.microsecond
            )
            assert clock.moment(member, line.number, stamp) == Moment(
                at=first.at + later,
                earliest=first.earliest + later,
                latest=first.latest + later,
                dated_by=first.dated_by,
            )


def test_far_from_a_change_of_the_clock_hours_are_dated_at_once() -> None:
    start = datetime(2024, 11, 20, tzinfo=UTC)
    noon = start + timedelta(days=4, hours=12)
    zones = [(datetime(2000, 1, 1, tzinfo=UTC), 60), (noon, 120)]
    for host in (Host(steps=[(noon, -1800.0)]), Host(steps=[(noon, 1800.0)]), Host(zones=zones)):
        for family in (SM, AUDIT, KERN):
            host.write(family, every(300, start, start + timedelta(days=9)), [1200])
        clock = host.clock()
        assert clock.changes
        hours = {(line.member, line.stamp[:3]): line for line in host.lines()}
        at_once = [
            line.true
            for (member, _), line in hours.items()
            if clock.hour(member, line.stamp, line.number - 1, line.number)
        ]
        assert len(at_once) > 0.6 * len(hours)
        assert all(abs(each - noon) > timedelta(minutes=30) for each in at_once)
