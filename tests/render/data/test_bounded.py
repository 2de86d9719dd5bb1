"""report.json stays small whatever is repeated, and says what it left out."""

import json
from collections import Counter
from dataclasses import replace
from typing import Any

import jsonschema
import pytest

from analyzer.case.quotations import quotations_in
from analyzer.model.report import Report
from analyzer.render.data import bounded
from analyzer.render.data.json import render_json
from analyzer.render.data.schema import json_schema
from tests.render.support import rich_report

MB = 1_000_000


def written(report: Report, *, most: int) -> dict[str, Any]:
    """Return what the report is written as: a valid one of at most so many bytes."""
    text = render_json(report)
    assert len(text) <= most
    document: dict[str, Any] = json.loads(text)
    jsonschema.Draft202012Validator(json_schema()).validate(document)
    return document


def test_small_report_is_there_in_full() -> None:
    document = written(rich_report(), most=MB)
    assert document["left_out"] == []
    assert len(document["runs"]) == len(rich_report().runs)


def test_newest_runs_stay_and_the_others_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounded, "MEGABYTE", 190_000)  # less takes less time
    rich = rich_report()
    runs = tuple(
        replace(run, id=f"R-{n}-{run.id}", began=run.began) for n in range(40) for run in rich.runs
    )
    whole = written(replace(rich, runs=runs), most=200_000)
    few = written(rich, most=200_000)
    (left,) = whole["left_out"]
    assert (left["where"], left["shown"], left["of"]) == ("runs", len(whole["runs"]), len(runs))
    verdicts = Counter(disk["verdict"] for run in few["runs"] for disk in run["disks"])
    shown = Counter(disk["verdict"] for run in whole["runs"] for disk in run["disks"])
    every = {word: 40 * count for word, count in verdicts.items()}
    assert {word: shown[word] + left["words"].get(word, 0) for word in every} == every
    times = sorted(run["began"] for run in few["runs"] if run["began"])
    assert (left["first"], left["last"]) == (times[0], times[-1])
    for document in (whole, few):
        assert document["answer"].pop("looked")  # it counts the runs
    for key in whole.keys() - {"runs", "left_out", "timeline"}:
        assert whole[key] == few[key]


def test_not_even_findings_and_long_lines_pass_the_largest(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(bounded, "LARGEST", 300_000)
    rich = rich_report()
    line = "x" * 10_000
    outcomes = tuple(
        replace(
            outcome,
            findings=tuple(
                replace(
                    finding,
                    evidence=tuple(replace(each, text=line) for each in finding.evidence),
                )
                for finding in outcome.findings
                for _ in range(60)
            ),
        )
        for outcome in rich.outcomes
    )
    document = written(replace(rich, outcomes=outcomes), most=350_000)
    assert [row["rule"] for row in document["outcomes"]] == sorted(o.rule for o in rich.outcomes)
    assert {row["where"] for row in document["left_out"]} >= {"outcomes[].findings"}
    assert all(row["shown"] >= 1 for row in document["left_out"])
    assert any(quotation.text.startswith("xxx") for quotation in quotations_in(document))


@pytest.mark.parametrize("where", ["a", "a[].b", "a[].b[].c"])
def test_what_is_weighed_again_weighs_as_much_as_what_is_weighed_anew(where: str) -> None:
    document: dict[str, Any] = {
        "a": [{"b": [{"c": ["é" * n, 1, None]} for n in range(9)], "d": n} for n in range(7)]
    }
    scales = bounded.Scales(document)
    for entries in scales.places[where].lists:
        del entries[1:]
    scales.weigh_again(where)
    anew = bounded.Scales(document)
    assert scales.total == anew.total
    assert {place: each.weight for place, each in scales.places.items()} == {
        place: each.weight for place, each in anew.places.items()
    }
