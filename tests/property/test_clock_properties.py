"""Whatever was done to a clock, the true instant of a line lies in the range that is told."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from tests.dating.clock_story import AUDIT, KERN, SM, Host, every
from tests.support.whole import examples

STARTS = st.datetimes(datetime(2019, 1, 1), datetime(2029, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001  hypothesis wants naive bounds
SPAN = timedelta(hours=30)
APART = timedelta(hours=2)


@st.composite
def hosts(draw: st.DrawFn) -> Host:
    """Return a host with a day of logs, in which its clock and its zone may change.

    A clock set forward leaves no trace but in the kernel's uptimes, and one set back by less than
    the time between two lines leaves none at all. Two changes in the same hours are one to see,
    and a boot takes the kernel's count with it, so neither lies near another here.
    """
    start = draw(STARTS).replace(microsecond=0)
    end = start + SPAN
    moments = st.timedeltas(timedelta(hours=4), SPAN - timedelta(hours=4)).map(
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
        times = every(beat, start, end)
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
