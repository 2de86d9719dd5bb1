"""A difference as text, JSON and page: all say the same, and nothing of a bundle acts there."""

import json

from analyzer.desk.difference import Change, Difference, Fate
from analyzer.desk.difference_told import difference_json, difference_page, difference_text
from analyzer.desk.steps_taken import Sight, Taken
from tests.support.clock import utc

TOLD = Difference(
    older=utc("2024-11-21 09:00:00"),
    newer=utc("2024-11-22 09:00:00"),
    changes=(
        Change(
            fate=Fate.STILL,
            rule="cbt-log-missing",
            title="A CBT log was missing although CBT was on",
            objects=("<b>mail</b>", "nas\x1b[31m"),
            severity="error",
            id="F-cbt-log-missing-1",
            fingerprint="1",
            since=utc("2024-11-20 01:00:00"),
            why="seen again",
            quoted={"bundle": "b", "member": "var/log/SMlog", "line": 7, "text": "a line"},
        ),
    ),
    steps=(Taken(plan="P-1", object="VDI mail", step="Turn CBT on.", sight=Sight.NOT_TAKEN),),
)


def test_text_json_and_page_say_the_same() -> None:
    text, page = difference_text(TOLD), difference_page(TOLD)
    assert text.endswith("Not over: 1 still.\n")
    for said in ("Not over: 1 still.", "F-cbt-log-missing-1", "var/log/SMlog:7", "Turn CBT on."):
        assert said in text
        assert said in page
    document = json.loads(difference_json(TOLD))
    assert [(row["fate"], row["since"]) for row in document["changes"]] == [
        ("still", "2024-11-20T01:00:00Z")
    ]
    assert [row["sight"] for row in document["steps"]] == ["not-taken"]


def test_names_are_text_and_nothing_else() -> None:
    assert "<b>mail" not in difference_page(TOLD)
    assert "\x1b" not in difference_text(TOLD)
