"""What the first screen and the ticket say is found in report.json."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from analyzer.model.moment import Moment
from analyzer.model.question import Question
from analyzer.model.report import Report
from analyzer.model.source import Source
from analyzer.render.data.bounded import shorten
from analyzer.render.data.json import render_json, report_object
from analyzer.render.terminal.answer_text import render_answer
from analyzer.render.words.view import short_place, visible
from tests.golden.outputs import EACH_SAMPLE, sample_read
from tests.render.support import at, clear_report, empty_report, rich_report

# What the terminal puts around the sentences: labels, numbers of them, arrows and brackets.
_AROUND = re.compile(
    r"cbtriage:|Lookedat:|first:|->|\?CANNOTTELL(?:\(\d+\))?:|\?|Minor\(\d+\):|,untracked"
    r"|and\d+more,inthereport|Theotherstepsareinthereport,intheplanofeachobject\.|[\[\]();:,|.]"
)


def texts_in(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from texts_in(each)
    elif isinstance(value, list):
        for each in value:
            yield from texts_in(each)


def squeezed(text: str) -> str:
    """Return a text without blanks: rows are broken where there is room."""
    return re.sub(r"\s", "", text)


def unsaid(screen: str, document: Any) -> str:
    """Return what of a screen no text of a document says."""
    rest = squeezed(screen)
    lines = {
        short_place(Source(bundle="", member=each["member"], line=each["line"]))
        for each in sources_in(document)
    }
    known = {squeezed(visible(text)) for text in (*texts_in(document), *lines)}
    for text in sorted(known - {""}, key=len, reverse=True):
        rest = rest.replace(text, "|")
    return _AROUND.sub("", rest)


def sources_in(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        if "member" in value and value.get("line"):
            yield value
        value = list(value.values())
    if isinstance(value, list):
        for each in value:
            yield from sources_in(each)


@pytest.mark.parametrize("path", EACH_SAMPLE)
def test_every_sentence_of_the_first_screen_is_in_the_answer_of_report_json(path: Any) -> None:
    report = sample_read(path)[1]
    document = json.loads(render_json(report))
    told = [document["answer"], *(part["answer"] for part in document["parts"])]
    names = [part["name"] for part in document["parts"]]
    assert unsaid(render_answer(report), [told, names]) == ""


def asked(report: Report) -> Report:
    question = Question(
        about=None,
        first=Moment.exact(at("10:00:00").at, "as asked"),
        last=Moment.exact(at("10:10:00").at, "as asked"),
        when="11-22 10:00",
        findings=(),
        states=(),
        happened=(),
        beside=(),
    )
    return replace(report, question=question)


@pytest.mark.parametrize(
    "report",
    [rich_report(), empty_report(), clear_report(), asked(rich_report())],
    ids=["rich", "empty", "clear", "asked"],
)
def test_made_up_reports_say_nothing_that_report_json_lacks(report: Report) -> None:
    document = json.loads(render_json(report))
    assert unsaid(render_answer(report), document["answer"]) == ""


def test_a_sentence_that_report_json_lacks_is_noticed() -> None:
    document = json.loads(render_json(rich_report()))
    screen = render_answer(rich_report()) + "All is well"
    assert unsaid(screen, document["answer"]) == "Alliswell"


def test_headline_is_that_of_the_whole_report() -> None:
    document = json.loads(render_json(rich_report()))
    answer = document["answer"]
    assert answer["headline"].startswith(f"{answer['word']}: ")
    assert answer["verdict"].startswith(f"{answer['word']}: {answer['text']}")
    assert answer["troubles"][0]["id"] == "C-1"
    assert {each["plan"] for each in answer["objects"]} <= {
        None,
        *(plan["id"] for plan in document["plans"]),
    }


def test_answer_is_whole_where_the_rest_is_shortened() -> None:
    document: Any = report_object(rich_report())
    answer = json.dumps(document["answer"])
    document["timeline"] = document["timeline"] * 200
    assert shorten(document)
    assert json.dumps(document["answer"]) == answer
