"""report.json: the source of truth, of which every other output shows a part.

Keys are those of the types (`analyzer.render.data.forms`), values stand in the order of
`analyzer.render.words.order`. Text is verbatim, escaped by JSON alone and in ASCII only, so that
printing the file cannot move a terminal's cursor.
"""

import json
import math
from collections.abc import Sequence
from datetime import datetime
from typing import Any, TypeAlias

from analyzer import __version__
from analyzer.model.code import code
from analyzer.model.moment import Moment
from analyzer.model.report import Report
from analyzer.render.data.answers import Answers
from analyzer.render.data.bounded import shorten
from analyzer.render.data.forms import (
    Blank,
    Form,
    Instant,
    Many,
    Maybe,
    Named,
    Parts,
    Plain,
    Record,
    Table,
    Word,
    keys_of,
)
from analyzer.render.words.local import in_utc
from analyzer.render.words.order import ordered
from analyzer.render.words.view import iso, iso_time

Json: TypeAlias = "str | int | float | dict[str, Json] | list[Json] | None"
Object: TypeAlias = dict[str, Json]

SCHEMA_VERSION = 2
_encoded = json.JSONEncoder(allow_nan=False).encode


def render_json(report: Report) -> str:
    """Return the report as JSON, one document, ending in a newline."""
    return dumped(report_object(report))


def report_object(report: Report) -> Object:
    """Return the report as objects, lists, texts and numbers."""
    tool: Object = {
        "name": "cbtriage",
        "version": report.version,
        "catalogue": report.catalogue,
    }
    document = object_of(ordered(in_utc(report)))
    left_out: list[Json] = [object_of(each) for each in shorten(document)]
    return {"schema_version": SCHEMA_VERSION, "tool": tool, "left_out": left_out, **document}


def answers_json(**parts: Sequence[object]) -> str:
    """Return what a command was asked for, under the keys of `Answers`."""
    answers: Any = {name: tuple(values) for name, values in parts.items()}
    tool: Object = {"name": "cbtriage", "version": __version__}
    return dumped({"schema_version": SCHEMA_VERSION, "tool": tool, **object_of(Answers(**answers))})


def dumped(document: Object) -> str:
    """Return a document as text: what holds nothing deeper is a line, a quotation is one, too."""
    return _lines_of_start(document, "\n")[0] + "\n"


def _lines_of_start(value: Json, start: str) -> tuple[str, int]:
    """Return a value as text whose lines begin with `start`, and how deep it is."""
    if not value or not isinstance(value, dict | list):
        return _encoded(value), 0
    inner = f"{start}  "
    if isinstance(value, dict):
        parts = [
            (f"{_encoded(key)}: ", *_lines_of_start(each, inner)) for key, each in value.items()
        ]
        opened, closed = "{", "}"
    else:
        parts = [("", *_lines_of_start(each, inner)) for each in value]
        opened, closed = "[", "]"
    depth = 1 + max(deep for *_, deep in parts)
    texts = [key + text for key, text, _ in parts]
    if depth == 1 or (depth == 2 and isinstance(value, dict)):  # noqa: PLR2004 - with its times
        return f"{opened}{', '.join(texts)}{closed}", depth
    return f"{opened}{inner}{f',{inner}'.join(texts)}{start}{closed}", depth


def object_of(value: Any) -> Object:
    """Return an object of one of our types by the keys of its type."""
    made: Object = {}
    kind: type = type(value)
    for key in keys_of(kind):
        inner = key.read(value)
        if inner is not None or not key.sparse:
            _put_under(made, key.name, key.form, inner)
    return made


def _put_under(into: Object, name: str, form: Form, value: Any) -> None:
    if isinstance(form, Instant) or form == Maybe(Instant()):
        into[name], into[f"{name}_range"] = _instant_and_doubt(value)
    else:
        into[name] = _written_as(form, value)


def _instant_and_doubt(moment: Moment | None) -> tuple[Json, Json]:
    """Return the instant, null where the year is unknown, and the doubt it carries."""
    if moment is None:
        return None, None
    return iso(moment), {
        "earliest": iso_time(moment.earliest),
        "latest": iso_time(moment.latest),
        "dated_by": moment.dated_by,
    }


def _written_as(form: Form, value: Any) -> Json:  # noqa: C901, PLR0911, PLR0912 - a case a form
    match form:
        case Plain():
            return _plain_value(value)
        case Blank():
            return str(value) or None
        case Word():
            return code(value)
        case Record():
            return object_of(value)
        case Named(by):
            return str(getattr(value, by))
        case Many(of):
            return [_written_as(of, each) for each in value]
        case Maybe(of):
            return None if value is None else _written_as(of, value)
        case Table(key, of):
            return {str(_written_as(key, k)): _written_as(of, v) for k, v in dict(value).items()}
        case Parts(of):
            made: Object = {}
            for (name, part), inner in zip(of, value, strict=True):
                _put_under(made, name, part, inner)
            return made
        case Instant():
            return _instant_and_doubt(value)[0]


def _plain_value(value: str | float | datetime) -> Json:
    if isinstance(value, datetime):
        return iso_time(value)
    if isinstance(value, float) and not math.isfinite(value):
        return None  # JSON has no word for what is no number
    return value
