"""Scans that went well are left out, and what is asked of the lines is answered as with them."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from unittest.mock import patch

from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.case.events import EventTable
from analyzer.case.rows import Row
from analyzer.model.terms import SM_CALL_ENTRY, SM_KICKED
from analyzer.rebuilt.calls.operations import operations_of
from tests.rebuilt.calls.smlog_events import OTHER, SMLOG, VDI, cbt, entry, table
from tests.support.whole import examples

_BEGAN = datetime(2024, 6, 10, 1, tzinfo=UTC)
KICK = "Kicking GC"
_SCANS = 150  # fifty minutes

Line = tuple[int, int, str]  # second, pid, message


class _All:
    """Gives out all rows, as there are without what is tested."""

    def __init__(self, keep: Callable[[Row], None]) -> None:
        self.take = keep

    def close(self) -> None:
        """Hold nothing."""


def scan(second: int, pid: int) -> list[Line]:
    return [(second, pid, entry("sr_scan")), (second + 1, pid, KICK)]


def scans(*, every: int = 20, count: int = _SCANS) -> list[Line]:
    """Return scans, each of a process of its own."""
    return [line for nth in range(count) for line in scan(every * nth, 100 + nth)]


def log(lines: list[Line]) -> str:
    told = []
    for second, pid, message in sorted(lines, key=lambda line: line[0]):
        at = _BEGAN + timedelta(seconds=second)
        told.append(f"{at:%b %d %H:%M:%S} jupiter SM: [{pid}] {message}\n")
    return "".join(told)


def kept(lines: list[Line]) -> EventTable:
    return table((SMLOG, log(lines)))


def whole(lines: list[Line]) -> EventTable:
    with patch("analyzer.case.kept_rows.QuietScans", _All):
        return table((SMLOG, log(lines)))


def test_of_many_scans_a_few_are_kept() -> None:
    rows = kept(scans()).of(SM_CALL_ENTRY, SM_KICKED)
    assert len(whole(scans()).of(SM_CALL_ENTRY, SM_KICKED)) == 2 * _SCANS
    # All of the first and of the last quarter of an hour, and one of each five minutes between.
    assert 2 * 2 * 45 <= len(rows) <= 2 * (2 * 48 + 5)
    entries = [row.moment.at for row in rows if row.kind == SM_CALL_ENTRY]
    assert max(after - before for before, after in pairwise(entries)) <= (timedelta(minutes=5))


def test_scan_that_says_more_is_kept_and_so_are_scans_far_apart() -> None:
    failing = [*scans(), (1501, 175, "Raising exception [46, x]")]
    assert [one.pid for one in operations_of(kept(failing))] == [175]
    for after in (120, 901):  # its last line was a quarter of an hour before
        late = [*scans(), (1500 + after, 175, cbt("get", "-c")[0])]
        assert operations_of(kept(late)) == operations_of(whole(late))
        assert [one.pid for one in operations_of(kept(late))] == [175]
    apart = scans(every=90)
    assert len(kept(apart)) == len(whole(apart))


def test_scan_between_two_others_of_its_pid_is_kept_where_the_first_may_have_waited() -> None:
    command = cbt("get", "-c")[0]
    lines = [*scans(), (0, 175, command), (1500 + 961, 175, command)]
    assert operations_of(kept(lines)) == operations_of(whole(lines))


def test_last_line_before_a_silence_is_kept() -> None:
    silent = [line for line in scans() if not 1500 < line[0] < 1700]
    at = _BEGAN + timedelta(seconds=1690)
    last, known = (made(silent).last_line("jupiter", at) for made in (kept, whole))
    assert last is not None
    assert known is not None
    assert last.source == known.source


def test_attached_sr_stands_between_the_scans_that_stood_around_it() -> None:
    call = [(1400, 7, entry("vdi_attach")), (1715, 8, entry("sr_attach"))]
    (one, other) = (operations_of(made([*scans(), *call])) for made in (kept, whole))
    assert [each.result for each in one] == [each.result for each in other]


others = st.lists(
    st.tuples(
        st.integers(0, 20 * _SCANS),
        st.sampled_from((7, 8, 130, 131, 132, 175)),
        st.sampled_from(
            (
                entry("vdi_attach"),
                entry("vdi_delete", OTHER),
                entry("sr_attach"),
                entry("sr_scan"),
                *cbt("get", "-c"),
                "Raising exception [46, x]",
                f"Unpause for {VDI}",
                KICK,
            )
        ),
    ),
    max_size=25,
)
holes = st.lists(st.tuples(st.integers(0, 3000), st.integers(70, 900)), max_size=2)


@settings(max_examples=examples(60), deadline=None)
@given(others=others, holes=holes)
def test_calls_and_the_last_lines_are_the_same_without_them(
    others: list[Line], holes: list[tuple[int, int]]
) -> None:
    lines = [
        line
        for line in [*scans(), *others]
        if not any(start < line[0] < start + length for start, length in holes)
    ]
    less, more = kept(lines), whole(lines)
    assert operations_of(less) == operations_of(more)
    for kind in (SM_CALL_ENTRY, SM_KICKED):
        assert less.totals(kind)[0] == more.totals(kind)[0]
    for start, length in holes:
        at = _BEGAN + timedelta(seconds=start + length)
        last, known = (each.last_line("jupiter", at) for each in (less, more))
        assert (last and last.source) == (known and known.source)
