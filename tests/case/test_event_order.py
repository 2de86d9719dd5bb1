"""A stamp that its file contradicts is doubtful; a clock that was set back is none of these."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from analyzer.case.events import EventTableBuilder
from analyzer.model.moment import Moment
from analyzer.parsers._api import Stamp
from tests.case.test_events import add, hit, record

START = datetime(2026, 6, 10, 13, tzinfo=UTC)
Row = tuple[int, ...]


def strange(seconds: Sequence[int], *, members: Sequence[str] = (), kinds: int = 1) -> list[Row]:
    """Return line, time and range in seconds of the lines whose stamps are in doubt."""

    def date(_bundle: str, _member: str, line: int, _stamp: Stamp) -> Moment:
        return Moment.exact(START + timedelta(seconds=seconds[line - 1]), "test")

    builder = EventTableBuilder()
    for line in range(len(seconds), 0, -1):
        member = members[line - 1] if members else "var/log/SMlog"
        for kind in range(kinds):
            add(builder, record(line, 0), hit(f"k{kind}"), member=member)
    table = builder.build(date, {"b": "jupiter"})
    return [
        (
            event.source.line,
            *(
                int((each - START).total_seconds())
                for each in (event.moment.at, event.moment.earliest, event.moment.latest)
            ),
        )
        for event in table.of(*table.kinds)
        if event.moment.dated_by.endswith("its stamp is not in the order of its file")
    ]


def test_a_line_later_than_what_follows_is_put_between_its_neighbours() -> None:
    assert strange([0, 1, 241, 2, 3, 4]) == [(3, 1, 1, 241)]


def test_a_line_earlier_than_what_stands_before_keeps_its_time_in_doubt() -> None:
    assert strange([300, 301, 60, 302]) == [(3, 60, 60, 302)]


@pytest.mark.parametrize(
    "seconds",
    [
        (),
        (5,),
        (0, 241, 2),  # which of two is wrong nobody can tell
        (0, 9, 1, 2),  # a little late, as lines are
        (600, 601, 602, 0, 1, 2),  # the clock was set back
        (0, 1, 500, 501, 502),
    ],
)
def test_what_is_in_order_is_not_doubted(seconds: Sequence[int]) -> None:
    assert strange(seconds) == []


def test_all_that_was_kept_of_a_line_has_one_time() -> None:
    assert strange([0, 1, 241, 2, 3], kinds=2) == [(3, 1, 1, 241)] * 2


def test_lines_of_another_file_tell_nothing() -> None:
    assert strange([0, 241, 2, 3], members=["a", "a", "b", "b"]) == []
