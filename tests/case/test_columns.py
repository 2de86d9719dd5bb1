"""Rows as columns: they come back as they were, and an hour dates them as each would be alone."""

from datetime import UTC, datetime, timedelta

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.case.columns import TIMES, among, dated, joined, numbered, rows_of, undated
from analyzer.case.rows import Row, packed
from analyzer.model.moment import Moment
from analyzer.parsers._api import Stamp

AT = datetime(2024, 6, 10, 11, 0, tzinfo=UTC)
usual = st.builds(
    Stamp,
    month=st.integers(1, 12),
    day=st.integers(1, 28),
    hour=st.integers(0, 23),
    minute=st.integers(0, 59),
    second=st.integers(0, 60),
    microsecond=st.just(0),
    year=st.none(),
    offset=st.none(),
)
stamps = st.one_of(
    usual,
    usual.map(lambda stamp: stamp._replace(month=6, day=10, hour=13)),
    st.builds(
        lambda stamp, year, microsecond, minutes: stamp._replace(
            year=year, microsecond=microsecond, offset=minutes and timedelta(minutes=minutes)
        ),
        usual,
        st.sampled_from([None, 1970, 1999, 2000, 2024, 2062, 2063]),
        st.sampled_from([0, 0, 5, 999_999]),
        st.sampled_from([None, -899, -720, -345, 15, 120, 7, 840, 1000]),
    ),
)
moments = st.integers(0, 9).map(
    lambda day: Moment(
        at=AT + timedelta(days=day), earliest=AT, latest=AT + timedelta(days=10), dated_by="alert"
    )
)


def row(when: Stamp | Moment, line: int, member: str, host: str, pid: int | None = 7) -> Row:
    fields = {"n": "1"} if line else {}
    return Row(
        *("b", member, line, "smlog", "SM", pid, None, None, "k", 1, host, when),
        message=f"a {line}",
        text=f"x a {line}",
        fields=fields,
    )


rows = st.lists(
    st.builds(
        row,
        st.one_of(stamps, moments),
        st.one_of(st.integers(0, 9), st.integers(2**31 - 1, 2**31), st.just(2**40)),
        st.sampled_from(["var/log/SMlog", "var/log/SMlog.1"]),
        st.sampled_from(["", "one", "two"]),
        st.sampled_from([None, 0, 7, 4_194_304, 10**30]),
    ),
    max_size=12,
)


@settings(max_examples=200, deadline=None)
@given(rows)
def test_rows_come_back_as_they_were_packed(rows: list[Row]) -> None:
    assert list(rows_of(undated(packed(rows)), ["k"])) == rows


@settings(max_examples=200, deadline=None)
@given(st.lists(rows, min_size=1, max_size=3))
def test_in_less_memory_and_behind_others_they_are_the_same(parts: list[list[Row]]) -> None:
    columns = [dated(undated(packed(rows)), date, hour, {}) for rows in parts]
    together = joined(columns)
    narrow = joined([each.narrow() for each in columns]).narrow()
    for name in (*together.few, *together.plain):
        assert narrow.values(name).tolist() == together.values(name).tolist(), name
    assert {narrow.plain[name].dtype for name in TIMES} == {np.dtype(np.int64)}
    assert sorted(narrow.texts()) == sorted(row.text for rows in parts for row in rows)


def date(_bundle: str, _member: str, _line: int, stamp: Stamp) -> Moment:
    second = min(stamp.second, 59)
    clock = datetime(
        2024, stamp.month, stamp.day, stamp.hour, stamp.minute, second, stamp.microsecond, UTC
    )
    return Moment(at=clock, earliest=clock, latest=clock, dated_by=f"of {stamp.month}")


def hour(bundle: str, member: str, stamp: Stamp, _first: int, _last: int) -> Moment | None:
    """Date the hours that are no odd ones."""
    if stamp.hour % 2:
        return None
    return date(bundle, member, 0, stamp._replace(minute=0, second=0, microsecond=0))


@settings(max_examples=200, deadline=None)
@given(rows, st.sampled_from([{}, {"b": "named"}]))
def test_an_hour_dates_its_lines_as_each_would_be_alone(
    rows: list[Row], names: dict[str, str]
) -> None:
    whole = dated(undated(packed(rows)), date, hour, names)
    for place, each in enumerate(rows):
        alone = each.when if isinstance(each.when, Moment) else date("b", "", 0, each.when)
        shown = (whole.plain[name][place] for name in TIMES)
        told = [
            AT.replace(year=1970, month=1, day=1, hour=0) + timedelta(microseconds=int(n))
            for n in shown
        ]
        assert told == [alone.at, alone.earliest, alone.latest]
        assert whole.values("dated_by")[place] == alone.dated_by
        assert whole.values("host")[place] == names.get("b", each.syslog_host or "b")


@given(st.lists(st.tuples(st.integers(-1, 3), st.integers(0, 3)), min_size=1, max_size=20))
def test_rows_are_numbered_as_they_first_appear(rows: list[tuple[int, int]]) -> None:
    first, numbers = numbered(*map(np.array, zip(*rows, strict=True)))
    distinct = list(dict.fromkeys(rows))
    assert [rows[place] for place in first] == distinct
    assert numbers.tolist() == [distinct.index(each) for each in rows]


@given(st.lists(st.integers(-9, 9), max_size=9), st.lists(st.integers(-9, 9), max_size=9))
def test_values_are_among_those_known(known: list[int], values: list[int]) -> None:
    found = among(np.array(sorted(known), np.int64), np.array(values, np.int64))
    assert found.tolist() == [each in known for each in values]
