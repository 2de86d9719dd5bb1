"""report.json: the source of truth, of which every other output shows a part.

Keys are those of the types (`analyzer.render.data.forms`), values stand in the order of
`analyzer.render.words.order`. Text is verbatim, escaped by JSON alone and in ASCII only, so that
printing the file cannot move a terminal's cursor.
"""

import json
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from functools import cache
from json.encoder import encode_basestring_ascii
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
_END_OF_PART = "\n  ]\n}\n"
_Put: TypeAlias = Callable[[Object, Any], None]
_encoded = json.JSONEncoder(allow_nan=False).encode
_quoted = encode_basestring_ascii


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


def answers_in_turn(name: str, values: Iterable[object]) -> Iterator[str]:
    """Yield the text of `answers_json` with one part, as its values come."""
    coming = iter(values)
    first = next(coming, None)
    if first is None:
        yield answers_json(**{name: ()})
        return
    yield answers_json(**{name: (first,)}).removesuffix(_END_OF_PART)
    start = "\n    "
    for each in coming:
        yield f",{start}{_lines_of_start(object_of(each), start)[0]}"
    yield _END_OF_PART


def dumped(document: Object) -> str:
    """Return a document as text: what holds nothing deeper is a line, a quotation is one, too."""
    return _lines_of_start(document, "\n")[0] + "\n"


def _lines_of_start(value: Json, start: str) -> tuple[str, int]:
    """Return a value as text whose lines begin with `start`, and how deep it is."""
    if isinstance(value, str):
        return _quoted(value), 0
    if not value or not isinstance(value, dict | list):
        return _encoded(value), 0
    inner = f"{start}  "
    if isinstance(value, dict):
        told = [(key, _lines_of_start(each, inner)) for key, each in value.items()]
        texts = [f"{_quoted(key)}: {text}" for key, (text, _) in told]
        depth = 1 + max(deep for _, (_, deep) in told)
        opened, closed = "{", "}"
    else:
        parts = [_lines_of_start(each, inner) for each in value]
        texts = [text for text, _ in parts]
        depth = 1 + max(deep for _, deep in parts)
        opened, closed = "[", "]"
    if depth == 1 or (depth == 2 and isinstance(value, dict)):  # noqa: PLR2004 - with its times
        return f"{opened}{', '.join(texts)}{closed}", depth
    return f"{opened}{inner}{f',{inner}'.join(texts)}{start}{closed}", depth


def object_of(value: Any) -> Object:
    """Return an object of one of our types by the keys of its type."""
    made: Object = {}
    kind: type = type(value)
    for read, put, sparse in _keys_written(kind):
        inner = read(value)
        if inner is not None or not sparse:
            put(made, inner)
    return made


@cache
def _keys_written(kind: type) -> tuple[tuple[Callable[[Any], Any], _Put, bool], ...]:
    return tuple((key.read, _put_under(key.name, key.form), key.sparse) for key in keys_of(kind))


def _put_under(name: str, form: Form) -> _Put:
    if isinstance(form, Instant) or form == Maybe(Instant()):
        doubt = f"{name}_range"

        def put_instant(into: Object, value: Any) -> None:
            into[name], into[doubt] = _instant_and_doubt(value)

        return put_instant
    write = _written_as(form)

    def put(into: Object, value: Any) -> None:
        into[name] = write(value)

    return put


def _instant_and_doubt(moment: Moment | None) -> tuple[Json, Json]:
    """Return the instant, null where the year is unknown, and the doubt it carries."""
    if moment is None:
        return None, None
    earliest = iso_time(moment.earliest)
    latest = earliest if moment.latest == moment.earliest else iso_time(moment.latest)
    at = earliest if latest is earliest else iso(moment)
    return at, {
        "earliest": earliest,
        "latest": latest,
        "dated_by": moment.dated_by,
    }


@cache
def _written_as(form: Form) -> Callable[[Any], Json]:  # noqa: C901, PLR0911 - a case a form
    """Return what writes a value of a form."""
    match form:
        case Plain(kind):
            return _same if kind in (str, int, bool) else _plain_value
        case Blank():
            return lambda value: str(value) or None
        case Word():
            return code
        case Record():
            return object_of
        case Named(by):
            return lambda value: str(getattr(value, by))
        case Many(of):
            write = _written_as(of)
            return lambda value: [write(each) for each in value]
        case Maybe(of):
            put = _written_as(of)
            return lambda value: None if value is None else put(value)
        case Table(key, of):
            word, inner = _written_as(key), _written_as(of)
            return lambda value: {str(word(k)): inner(v) for k, v in dict(value).items()}
        case Parts(of):
            return _parts_written(tuple(_put_under(name, part) for name, part in of))
        case Instant():
            return lambda value: _instant_and_doubt(value)[0]


def _parts_written(puts: Sequence[_Put]) -> Callable[[Any], Json]:
    def write(value: Any) -> Json:
        made: Object = {}
        for put, inner in zip(puts, value, strict=True):
            put(made, inner)
        return made

    return write


def _same(value: Json) -> Json:
    return value


def _plain_value(value: str | float | datetime) -> Json:
    if isinstance(value, datetime):
        return iso_time(value)
    if isinstance(value, float) and not math.isfinite(value):
        return None  # JSON has no word for what is no number
    return value
