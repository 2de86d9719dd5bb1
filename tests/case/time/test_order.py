"""What surely came before what: by the file, by one clock, by what is known of two clocks."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.case.time.order import Mark, Order
from analyzer.model.clock import ClockChange, ClockChangeKind, ClockSkew, HostClock
from analyzer.model.finding import Confidence, Evidence
from analyzer.model.moment import Moment
from analyzer.model.source import Source

NOON = datetime(2024, 6, 10, 12, tzinfo=UTC)
SM, KERN = "var/log/SMlog", "var/log/kern.log"
DAY = timedelta(days=1)


def mark(
    minutes: float,
    bundle: str = "a",
    member: str = SM,
    line: int = 1,
    *,
    doubt: timedelta = timedelta(0),
    logged: bool = True,
) -> Mark:
    at = NOON + timedelta(minutes=minutes)
    moment = Moment(at=at, earliest=at - doubt, latest=at + doubt, dated_by="test")
    source = Source(bundle=bundle, member=member, line=line)
    return Mark(at=moment, source=source, logged=logged)


def skew(host: str, bundle: str, to: str, seconds: float, doubt: float) -> ClockSkew:
    return ClockSkew(
        host=host, bundle=bundle, to=to, seconds=seconds, doubt=doubt, how="", pairs=1, evidence=()
    )


def clock(
    host: str, bundle: str, *skews: ClockSkew, changes: tuple[ClockChange, ...] = ()
) -> HostClock:
    return HostClock(
        host=host,
        bundle=bundle,
        dated_by="test",
        zone_known=True,
        utc_offset_minutes=0,
        skews=skews,
        changes=changes,
    )


def set_back(minutes: float, by: float, bundle: str = "a") -> ClockChange:
    line = Evidence(source=Source(bundle=bundle, member=KERN, line=1), text="x")
    return ClockChange(
        kind=ClockChangeKind.BACK,
        host="jupiter",
        bundle=bundle,
        at=Moment.exact(NOON + timedelta(minutes=minutes), "test"),
        seconds=-by * 60,
        confidence=Confidence.CERTAIN,
        before=line,
        after=line,
        members=(SM,),
    )


def test_lines_of_a_file_are_in_its_order_whatever_their_stamps_say() -> None:
    assert Order().surely_before(mark(9, line=1), mark(0, line=2))
    assert not Order().surely_before(mark(0, line=2), mark(9, line=1))


def test_older_files_come_before_newer_ones() -> None:
    assert Order().surely_before(mark(0, member=f"{SM}.2.gz", line=7), mark(0, line=1))
    back = Order([clock("jupiter", "a", changes=(set_back(5, by=60),))])
    assert back.surely_before(mark(9, member=f"{SM}.2.gz", line=7), mark(0, line=1))


def test_files_under_each_others_names_are_ordered_by_their_stamps() -> None:
    assert Order().surely_before(mark(0, line=1), mark(9, member=f"{SM}.2.gz", line=7))
    assert not Order().surely_before(mark(9, member=f"{SM}.2.gz", line=7), mark(0, line=1))


def test_two_logs_of_a_host_have_one_clock_even_where_its_zone_is_unknown() -> None:
    one, other = mark(0, doubt=DAY), mark(1, member=KERN, doubt=DAY)
    assert Order().surely_before(one, other)
    assert not Order().surely_before(other, one)
    assert not Order().surely_before(one, mark(0, member=KERN))


def test_an_hour_that_the_clock_showed_twice_orders_nothing() -> None:
    order = Order([clock("jupiter", "a", changes=(set_back(0, by=60),))])
    assert not order.surely_before(mark(10), mark(20, member=KERN, doubt=DAY))
    assert order.surely_before(mark(61), mark(70, member=KERN, doubt=DAY))


def changed(kind: ClockChangeKind, minutes: float, by: float) -> Order:
    change = replace(set_back(minutes, by=0), kind=kind, seconds=by * 60)
    return Order([clock("jupiter", "a", changes=(change,))])


HALF = timedelta(minutes=30)
SUMMER, FORWARD = ClockChangeKind.SUMMER_TIME, ClockChangeKind.FORWARD


@pytest.mark.parametrize("by", [60, -60])
def test_around_a_change_of_the_zone_a_line_may_be_dated_on_either_side_of_it(by: float) -> None:
    order = changed(SUMMER, 0, by)
    assert not order.surely_before(mark(-20), mark(20, member=KERN, doubt=DAY))
    assert order.surely_before(mark(-70), mark(-61, member=KERN, doubt=DAY))


def test_a_clock_that_was_set_forward_still_counts_up() -> None:
    order = changed(FORWARD, 0, 60)
    assert order.surely_before(mark(-20), mark(20, member=KERN, doubt=DAY))
    assert order.stamps_tell(["a"], mark(-20).at, mark(20).at)


@pytest.mark.parametrize(
    ("one", "other", "tell"),
    [
        (-70, -90, True),
        (-70, 5, False),
        (-200, 200, False),
        (10, 50, False),
        (61, 70, True),
    ],
    ids=["both before", "one in it", "between the two", "both in it", "both behind"],
)
@pytest.mark.parametrize("kind", [ClockChangeKind.BACK, SUMMER])
def test_stamps_tell_an_order_unless_the_clock_went_back_between(
    kind: ClockChangeKind, one: float, other: float, *, tell: bool
) -> None:
    order = changed(kind, 0, -60)
    assert order.stamps_tell(["a"], mark(one).at, mark(other).at) is tell
    assert order.stamps_tell(["a"], mark(other).at, mark(one).at) is tell
    assert order.stamps_tell(["b"], mark(one).at, mark(other).at)


@pytest.mark.parametrize(
    ("order", "one", "other", "minutes"),
    [
        (Order(), mark(0, doubt=DAY), mark(50, member=KERN, doubt=DAY), 50),
        (Order(), mark(50), mark(0, member=KERN), 0),
        (changed(FORWARD, 20, 30), mark(0, doubt=HALF), mark(90, doubt=HALF), 30),
        (changed(ClockChangeKind.BACK, 20, -30), mark(0), mark(10), 10),
        (changed(FORWARD, 600, 30), mark(0, doubt=DAY), mark(50, doubt=DAY), 50),
        (Order(), mark(0), mark(50, "b"), 20),
        (Order(), mark(0), mark(10, "b"), 0),
    ],
    ids=[
        "one clock",
        "the other way round",
        "set between",
        "set near by, exact ranges",
        "set long after",
        "two hosts",
        "two hosts, near",
    ],
)
def test_the_time_that_surely_passed_leaves_out_what_a_clock_was_set(
    order: Order, one: Mark, other: Mark, minutes: float
) -> None:
    assert order.least_between(one, other) == timedelta(minutes=minutes)


def test_lines_of_two_hosts_are_ordered_by_a_long_time_only() -> None:
    assert not Order().surely_before(mark(0), mark(30, "b"))
    assert Order().surely_before(mark(0), mark(31, "b"))


def test_a_row_of_a_database_is_ordered_by_a_long_time_only() -> None:
    row = mark(20, member="xapi-db.xml", logged=False)
    assert not Order().surely_before(mark(0), row)
    assert Order().surely_before(mark(-11), row)


TITAN_IS_MASTER = clock("titan", "b")
COMPARED = {
    "corrected by what was compared": [
        clock("jupiter", "a", skew("jupiter", "a", "titan", 420, 20)),
        TITAN_IS_MASTER,
    ],
    "compared, and they agree": [
        clock("jupiter", "a", skew("jupiter", "a", "titan", 5, 15)),
        TITAN_IS_MASTER,
    ],
    "two supporters": [
        clock("jupiter", "a", skew("jupiter", "a", "saturn", 420, 10)),
        clock("titan", "b", skew("titan", "b", "saturn", -60, 5)),
    ],
    "both follow NTP": [
        clock("jupiter", "a", skew("jupiter", "a", "NTP", -6, 4)),
        clock("titan", "b", skew("titan", "b", "NTP", 3, 2)),
    ],
}


@pytest.mark.parametrize("clocks", COMPARED.values(), ids=COMPARED.keys())
def test_clocks_that_were_compared_order_all_but_what_is_near(clocks: list[HostClock]) -> None:
    order = Order(clocks)
    assert not order.surely_before(mark(0), mark(0.3, "b"))
    assert order.surely_before(mark(0), mark(1, "b"))
    assert order.surely_before(mark(0, "b"), mark(1))


NOT_COMPARED = {
    "one of them is not known": [clock("jupiter", "a", skew("jupiter", "a", "NTP", 0, 0))],
    "one of them was never measured": [
        clock("jupiter", "a", skew("jupiter", "a", "NTP", 0, 0)),
        TITAN_IS_MASTER,
    ],
    "compared with masters of two pools": [
        clock("jupiter", "a", skew("jupiter", "a", "rhea", 420, 2)),
        clock("titan", "b", skew("titan", "b", "dione", 420, 2)),
    ],
    "NTP speaks of the end, the calls of another time": [
        clock(
            "jupiter",
            "a",
            skew("jupiter", "a", "NTP", 0, 0),
            skew("jupiter", "a", "rhea", 420, 2),
        ),
        clock("titan", "b", skew("titan", "b", "NTP", 0, 0)),
    ],
}


@pytest.mark.parametrize("clocks", NOT_COMPARED.values(), ids=NOT_COMPARED.keys())
def test_clocks_that_were_not_compared_order_by_a_long_time_only(clocks: list[HostClock]) -> None:
    assert not Order(clocks).surely_before(mark(0), mark(30, "b"))
    assert Order(clocks).surely_before(mark(0), mark(31, "b"))


def test_before_a_clock_was_set_it_was_off_by_as_much() -> None:
    known = [
        clock(
            "jupiter",
            "a",
            skew("jupiter", "a", "titan", 420, 2),
            changes=(set_back(-9999, by=10),),
        ),
        TITAN_IS_MASTER,
    ]
    assert not Order(known).surely_before(mark(0), mark(10, "b"))
    assert Order(known).surely_before(mark(0), mark(11, "b"))


def test_two_reports_of_the_master_have_one_clock() -> None:
    known = [
        clock("titan", "a"),
        TITAN_IS_MASTER,
        clock("jupiter", "c", skew("jupiter", "c", "titan", 420, 2)),
    ]
    assert Order(known).surely_before(mark(0), mark(0.1, "b"))


MARKS = st.builds(
    mark,
    st.integers(-90, 90),
    st.sampled_from(["a", "b", "c"]),
    st.sampled_from([SM, f"{SM}.1", KERN]),
    st.integers(1, 5),
    doubt=st.sampled_from([timedelta(0), timedelta(minutes=20)]),
    logged=st.booleans(),
)
ORDER = Order(
    [
        clock("jupiter", "a", skew("jupiter", "a", "titan", 420, 2), changes=(set_back(0, by=60),)),
        clock("titan", "b", skew("titan", "b", "saturn", -60, 20)),
        clock("saturn", "c"),
    ]
)


@given(MARKS, MARKS)
def test_nothing_is_before_what_is_before_it(one: Mark, other: Mark) -> None:
    assert not (ORDER.surely_before(one, other) and ORDER.surely_before(other, one))


@given(MARKS, MARKS)
def test_ranges_of_two_hosts_that_overlap_are_never_ordered_without_a_measure(
    one: Mark, other: Mark
) -> None:
    apart = one.source.bundle != other.source.bundle
    if apart and one.at.within(other.at, timedelta(0)):
        assert not Order().surely_before(one, other)
