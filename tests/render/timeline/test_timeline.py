"""The full timeline as table, CSV, JSON Lines and Markdown."""

import csv
import io
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.model.entry import Entry, EntryKind
from analyzer.model.event import Level
from analyzer.model.finding import Severity
from analyzer.model.moment import Moment
from analyzer.model.source import Source
from analyzer.render.timeline.timeline_columns import COLUMNS, Columns
from analyzer.render.timeline.timeline_csv import timeline_csv
from analyzer.render.timeline.timeline_jsonl import timeline_jsonl
from analyzer.render.timeline.timeline_markdown import timeline_markdown
from analyzer.render.timeline.timeline_table import (
    LEGEND,
    room_of,
    timeline_raw,
    timeline_table,
)
from analyzer.render.words.local import in_zone
from analyzer.render.words.zone import zone_named
from tests.render.support import HOSTILE, at, without_year

LINE = Entry(
    moment=at("10:06:01"),
    what=EntryKind.RECORD,
    host="jupiter",
    lane="smlog",
    source=Source(bundle="b.tar.bz2", member="var/log/SMlog", line=1204),
    kinds=("sm-call.entry", "cbt-activity.storage"),
    title="",
    message="vdi_attach {'sr_uuid': 'x'}",
    text="Nov 22 11:06:01 jupiter SM: [24517] vdi_attach {'sr_uuid': 'x'}",
    process="SM",
    pid=24517,
    level=Level.INFO,
)
FOUND = replace(
    LINE,
    title="CBT was turned off",
    severity=Severity.ERROR,
    findings=("F-cbt-log-missing-12345678",),
)
INCIDENT = replace(
    LINE,
    what=EntryKind.INCIDENT_BEGAN,
    lane="incident",
    title="SR tank did not answer",
    message="SR 0d2b6bd6",
    process="",
    pid=None,
    until=at("10:09:00"),
)


def table(*entries: Entry, width: int | None = None, color: bool = False) -> list[str]:
    return "".join(timeline_table(entries, room_of(entries), width=width, color=color)).splitlines()


def test_row_has_time_host_source_and_what_was_said() -> None:
    assert table(LINE)[1] == (
        "  2024-11-22 10:06:01 UTC jupiter smlog  SM[24517]: vdi_attach {'sr_uuid': 'x'}"
    )


def test_finding_stands_above_the_line_that_it_quotes() -> None:
    ours, theirs = table(FOUND)[1:]
    assert ours.endswith("[ERROR] CBT was turned off")
    assert theirs.strip() == "| SM[24517]: vdi_attach {'sr_uuid': 'x'}"


def test_incident_says_how_long_it_lasted() -> None:
    assert (
        "== incident began: SR tank did not answer, until 2024-11-22 10:09:00 UTC"
        in table(INCIDENT)[1]
    )


def test_entry_of_our_own_words_alone_has_one_row() -> None:
    hole = replace(LINE, what=EntryKind.HOLE, title="nothing was read", message="", process="")
    assert len(table(hole)) == 2
    assert "== nothing was read" in table(hole)[1]


def test_doubt_and_unknown_order_are_shown() -> None:
    doubtful = replace(LINE, moment=at("10:06:01", doubt=timedelta(hours=7)), about=True)
    heading, row, legend = table(doubtful)
    assert row.startswith("~ 2024-11-22 10:06:01 UTC ±7 h jupiter")
    assert legend == LEGEND
    assert heading.startswith("  TIME")


def test_day_of_an_unknown_year_has_none() -> None:
    assert (
        "????-11-22 10:06:01 (year unknown)"
        in table(replace(LINE, moment=without_year("10:06:01")))[1]
    )


def test_repetitions_are_counted() -> None:
    assert table(replace(LINE, count=500))[1].endswith("(x500)")


@pytest.mark.parametrize("width", [60, 100])
def test_row_longer_than_the_terminal_is_cut_and_shows_it(width: int) -> None:
    rows = table(replace(LINE, message="x" * 500), width=width)
    assert all(len(row) <= width for row in rows)
    assert rows[1].endswith("…")


def test_row_for_a_pipe_is_whole() -> None:
    assert table(replace(LINE, message="x" * 5000))[1].endswith("x" * 5000)


def test_colour_is_of_the_severity_and_only_asked_for() -> None:
    assert "\x1b[31m" in "".join(table(FOUND, color=True))
    assert "\x1b[1m" in "".join(table(INCIDENT, color=True))
    assert "\x1b" not in "".join(table(FOUND, INCIDENT))


def test_hostile_text_cannot_move_the_cursor_nor_make_a_row() -> None:
    hostile = replace(FOUND, host=HOSTILE, title=HOSTILE, message=f"{HOSTILE}\nx", lane=HOSTILE)
    rows = table(hostile)
    assert len(rows) == 3
    assert all(row.isprintable() for row in rows)


def test_no_entries_are_no_rows() -> None:
    assert not table()
    assert not list(timeline_markdown(()))


def test_jsonl_has_the_columns_of_timesketch() -> None:
    (line,) = timeline_jsonl([FOUND])
    row = json.loads(line)
    assert row["message"] == ("[ERROR] CBT was turned off: SM[24517]: vdi_attach {'sr_uuid': 'x'}")
    assert row["datetime"] == "2024-11-22T10:06:01.000000+00:00"
    assert row["timestamp"] == 1732269961000000
    assert row["timestamp_desc"] == "Log line"
    assert (row["host"], row["member"], row["line"]) == ("jupiter", "var/log/SMlog", 1204)
    assert row["kind"] == "sm-call.entry cbt-activity.storage"


def test_jsonl_says_doubt_and_what_it_rests_on() -> None:
    moment = at("10:06:01", doubt=timedelta(minutes=1))
    (line,) = timeline_jsonl([replace(LINE, moment=moment, about=True)])
    row = json.loads(line)
    assert (row["earliest"], row["latest"], row["order"]) == (
        "2024-11-22T10:05:01.000000+00:00",
        "2024-11-22T10:07:01.000000+00:00",
        "about",
    )
    assert row["dated_by"] == moment.dated_by


def test_jsonl_gives_no_instant_of_an_unknown_year() -> None:
    row = json.loads(next(timeline_jsonl([replace(LINE, moment=without_year("10:06:01"))])))
    assert (row["datetime"], row["timestamp"]) == (None, None)


def test_zone_changes_the_offset_and_not_the_instant() -> None:
    (shown,) = in_zone((INCIDENT,), zone_named("Asia/Tokyo"))
    row = Columns().of(shown)
    assert row["datetime"] == "2024-11-22T19:06:01.000000+09:00"
    assert row["until"] == "2024-11-22T19:09:00.000000+09:00"
    assert row["timestamp"] == Columns().of(INCIDENT)["timestamp"]


def test_raw_export_says_the_record_as_it_is_written() -> None:
    assert Columns(raw=True).of(FOUND)["message"] == FOUND.text
    assert Columns(raw=True).of(replace(LINE, text=""))["message"]


@given(
    st.datetimes(datetime(1970, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - the zone is given beside
    st.text(alphabet=st.characters(exclude_categories=()), max_size=40),
)
def test_any_entry_is_one_line_of_json_in_ascii(time: datetime, text: str) -> None:
    entry = replace(LINE, moment=Moment.exact(time, "test"), message=text, text=text)
    (line,) = timeline_jsonl([entry])
    assert line.isascii()
    assert line.count("\n") == 1
    row = json.loads(line)
    assert row["text"] == text
    assert datetime.fromisoformat(row["datetime"]) == time


def rows_of(*entries: Entry) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO("".join(timeline_csv(entries)), newline="")))


def test_csv_has_the_same_columns_and_a_heading_without_entries() -> None:
    assert tuple(Columns().of(LINE)) == COLUMNS
    assert "".join(timeline_csv([])).strip().split(",") == list(COLUMNS)
    assert rows_of(LINE)[0]["pid"] == "24517"
    assert not rows_of(LINE)[0]["vdi"]


@pytest.mark.parametrize("text", ["=HYPERLINK(1)", "+1", "-1", "@x", "\tx", "\r=1"])
def test_csv_holds_no_formula(text: str) -> None:
    entry = replace(LINE, message=text, process="", host=text, text=text)
    row = rows_of(entry)[0]
    assert not any(value.startswith(("=", "+", "-", "@", "\t", "\r")) for value in row.values())


@given(st.text(alphabet=st.characters(exclude_categories=()), max_size=40))
def test_csv_keeps_every_text_in_its_cell(text: str) -> None:
    row = rows_of(replace(LINE, text=f'{text}\nx,"y"'))[0]
    assert row["text"].endswith('\nx,"y"')
    assert row["line"] == "1204"


def test_markdown_is_a_table_that_hostile_text_cannot_break() -> None:
    hostile = replace(FOUND, title=HOSTILE, message=f"{HOSTILE}\n| x |", about=True, lane=HOSTILE)
    lines = "".join(timeline_markdown([hostile])).splitlines()
    assert lines[0] == "| | time | host | source | what |"
    row = lines[2].replace("\\|", "")
    assert row.count("|") == 6
    assert "<script>" not in row.partition("`")[0]
    assert lines[-1].startswith("`about`")


def test_markdown_can_show_the_verbatim_record() -> None:
    assert "`Nov 22 11:06:01 jupiter" in "".join(timeline_markdown([LINE], raw=True))


def test_raw_lines_are_the_records_and_nothing_of_ours() -> None:
    entries = (replace(LINE, text="a\x1b[31mb\nc"), INCIDENT, FOUND)
    assert "".join(timeline_raw(entries, terminal=False)) == f"a\x1b[31mb\nc\n{FOUND.text}\n"
    assert "".join(timeline_raw(entries, terminal=True)).startswith("a\\x1b[31mb\nc\n")
