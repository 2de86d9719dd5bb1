"""report.json: valid by its published schema, in a stated order, verbatim."""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import jsonschema
import pytest

from analyzer.model.report import Report
from analyzer.render.data.json import answers_in_turn, answers_json, render_json
from analyzer.render.data.schema import json_schema
from tests.render.support import HOSTILE, clear_report, empty_report, rich_report


@pytest.mark.parametrize("report", [rich_report(), empty_report(), clear_report()])
def test_report_obeys_its_schema(report: Report) -> None:
    jsonschema.Draft202012Validator(json_schema()).validate(json.loads(render_json(report)))


def test_schema_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(json_schema())


def test_schema_notices_a_missing_key() -> None:
    document = json.loads(render_json(rich_report()))
    del document["outcomes"][0]["reason"]
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(document, json_schema())


def test_hostile_text_comes_back_verbatim() -> None:
    texts = [e["text"] for finding in every_finding() for e in finding["evidence"]]
    assert HOSTILE in texts


def test_file_holds_no_character_that_moves_a_cursor() -> None:
    text = render_json(rich_report())
    assert text.isascii()
    assert text.replace("\n", "").isprintable()


def test_lone_surrogates_can_be_written() -> None:
    report = replace(rich_report(), catalogue="caf\udce9")
    assert json.loads(render_json(report).encode())["tool"]["catalogue"] == "caf\udce9"


def test_unknown_year_gives_no_instant_but_its_range() -> None:
    finding = next(f for f in every_finding() if f["id"].startswith("F-nbd-session-invalid"))
    assert finding["first_seen"] is None
    assert finding["first_seen_range"]["dated_by"] == "year unknown"


def test_doubt_is_given_beside_the_instant() -> None:
    finding = next(f for f in every_finding() if f["id"].startswith("F-nbd-session-invalid"))
    assert finding["last_seen"] == "2024-11-22T10:08:00Z"
    assert finding["last_seen_range"]["earliest"] == "2024-11-22T03:08:00Z"


def test_skew_that_is_no_number_is_null() -> None:
    host = replace(rich_report().hosts[0], clock_skew_seconds=float("nan"))
    document = json.loads(render_json(replace(rich_report(), hosts=(host,))))
    assert document["hosts"][0]["clock_skew_seconds"] is None


def test_outcomes_are_sorted_by_rule() -> None:
    rules = [outcome["rule"] for outcome in json.loads(render_json(rich_report()))["outcomes"]]
    assert rules == sorted(rules)


@pytest.mark.parametrize("count", [0, 1, 5])
def test_answers_that_come_in_turn_are_the_same_text(count: int) -> None:
    entries = rich_report().happenings[:count]
    assert len(entries) == count
    assert "".join(answers_in_turn("happenings", entries)) == answers_json(happenings=entries)


def test_undated_events_come_last() -> None:
    times = [event["at"] for event in json.loads(render_json(rich_report()))["timeline"]]
    dated = [time for time in times if time is not None]
    assert 0 < len(dated) < len(times)
    assert times[: len(dated)] == sorted(dated)


def every_finding() -> Iterator[dict[str, Any]]:
    for outcome in json.loads(render_json(rich_report()))["outcomes"]:
        yield from outcome["findings"]
