"""Forms: how a type of the model turns into keys, and that file and schema cannot part."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

import jsonschema
import pytest

from analyzer.model.code import code
from analyzer.model.finding import Evidence, Gap
from analyzer.model.incident import IncidentKind
from analyzer.model.moment import Moment
from analyzer.model.report import Report
from analyzer.model.source import Source
from analyzer.render.data.answers import Answers
from analyzer.render.data.forms import Form, Many, Maybe, Plain, Record, form_of, keys_of
from analyzer.render.data.json import answers_json, object_of
from analyzer.render.data.schema import json_schema
from analyzer.render.data.shapes import SHAPES
from tests.render.support import rich_report


class Colour(StrEnum):
    """A closed set."""

    DARK_RED = "as red as it gets"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """How often each."""

    colours: tuple[tuple[Colour, int], ...]
    named: Mapping[str, float]


def test_moment_has_two_keys() -> None:
    at = datetime(2024, 6, 10, tzinfo=UTC)
    quote = Evidence(
        source=Source(bundle="b", member="m", line=3), text="x", at=Moment.exact(at, "audit.log")
    )
    assert object_of(quote) == {
        "bundle": "b",
        "member": "m",
        "line": 3,
        "text": "x",
        "at": "2024-06-10T00:00:00Z",
        "at_range": {
            "earliest": "2024-06-10T00:00:00Z",
            "latest": "2024-06-10T00:00:00Z",
            "dated_by": "audit.log",
        },
        "role": "shows",
    }


def test_words_are_counted_by_their_codes() -> None:
    tally = Tally(colours=((Colour.DARK_RED, 2),), named={"half": 0.5, "none": float("nan")})
    assert object_of(tally) == {"colours": {"dark-red": 2}, "named": {"half": 0.5, "none": None}}


@pytest.mark.parametrize(
    ("hint", "form"),
    [
        (str | None, Maybe(Plain(str))),
        (tuple[Gap, ...], Many(Record(Gap))),
        (tuple[int, ...] | None, Maybe(Many(Plain(int)))),
    ],
)
def test_annotation_says_the_form(hint: object, form: Form) -> None:
    assert form_of(hint) == form


def test_what_has_no_form_is_an_error_of_ours() -> None:
    with pytest.raises(TypeError, match="cannot be written"):
        form_of(object)


@pytest.mark.parametrize("kind", SHAPES, ids=lambda kind: kind.__name__)
def test_every_shape_speaks_of_fields_that_exist(kind: type) -> None:
    shape = SHAPES[kind]
    names = set(kind.__dataclass_fields__)  # type: ignore[attr-defined]  # all are dataclasses
    told = {*shape.beside, *shape.left_out, *shape.named, *shape.by, *shape.parts, *shape.or_null}
    assert told <= names


@pytest.mark.parametrize("kind", [Report, Answers], ids=lambda kind: kind.__name__)
def test_no_key_stands_twice(kind: type) -> None:
    names = [key.name for key in keys_of(kind)]
    assert len(names) == len(set(names))


def test_kinds_of_incidents_are_coded() -> None:
    assert json_schema()["$defs"]["IncidentKind"]["enum"][0] == "host-crashed"  # type: ignore[index]  # a JSON document
    incidents = json.loads(json.dumps(object_of(rich_report())))["incidents"]
    assert {each["kind"] for each in incidents} <= {code(kind) for kind in IncidentKind}


def test_what_a_command_prints_obeys_the_same_schema() -> None:
    report = rich_report()
    findings = [finding for outcome in report.outcomes for finding in outcome.findings]
    printed = json.loads(answers_json(disks=report.disks, runs=report.runs, findings=findings))
    schema = {**json_schema(), "$ref": "#/$defs/Answers"}
    jsonschema.Draft202012Validator(schema).validate(printed)
    assert "hosts" not in printed


def test_a_disk_is_the_same_in_both() -> None:
    report = rich_report()
    printed = json.loads(answers_json(disks=report.disks))
    assert printed["disks"] == json.loads(json.dumps(object_of(report)))["disks"]
