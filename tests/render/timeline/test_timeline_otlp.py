"""The full timeline as OTLP: requests that a collector takes, losing nothing."""

import json
from dataclasses import replace

from analyzer.model.finding import Severity
from analyzer.render.timeline.timeline_columns import Columns
from analyzer.render.timeline.timeline_otlp import timeline_otlp
from tests.render.support import HOSTILE, without_year
from tests.render.timeline.test_timeline import FOUND, LINE


def records(line: str) -> list[dict[str, object]]:
    (resource,) = json.loads(line)["resourceLogs"]
    (scope,) = resource["scopeLogs"]
    return list(scope["logRecords"])


def test_a_record_has_time_level_body_and_all_columns() -> None:
    (line,) = timeline_otlp([FOUND])
    (record,) = records(line)
    row = Columns().of(FOUND)
    assert record["timeUnixNano"] == f"{row['timestamp']}000"
    assert (record["severityNumber"], record["severityText"]) == (17, "ERROR")
    assert record["body"] == {"stringValue": row["message"]}
    attributes = {each["key"]: each["value"] for each in record["attributes"]}  # type: ignore[attr-defined]
    assert attributes["cbtriage.line"] == {"intValue": "1204"}
    assert attributes["cbtriage.text"] == {"stringValue": FOUND.text}
    (resource,) = json.loads(line)["resourceLogs"]
    assert {"key": "host.name", "value": {"stringValue": "jupiter"}} in resource["resource"][
        "attributes"
    ]


def test_an_unknown_year_is_no_time() -> None:
    (record,) = records(next(timeline_otlp([replace(LINE, moment=without_year("10:06:01"))])))
    assert record["timeUnixNano"] == "0"


def test_hosts_stand_apart_and_batches_are_bounded() -> None:
    entries = [
        *[LINE] * 501,
        replace(LINE, host="saturn"),
        replace(LINE, severity=Severity.CRITICAL),
    ]
    assert [len(records(line)) for line in timeline_otlp(entries)] == [500, 1, 1, 1]


def test_text_is_verbatim_and_ascii() -> None:
    (line,) = timeline_otlp([replace(LINE, message=HOSTILE)], raw=False)
    assert line.isascii()
    assert HOSTILE in str(records(line)[0]["body"]["stringValue"])  # type: ignore[index]
