"""report.json read again: the report that it was made of, as far as it holds it.

The types say how each key is read (`analyzer.render.data.forms` says how it was written), so
nothing in a file can choose what is made of it. Sentences come back as they read in UTC. What a
document leaves out of a type has its default; what the budget took out of lists is gone.
"""

import types
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from datetime import datetime
from enum import StrEnum
from functools import cache
from types import MappingProxyType
from typing import Any, Union, get_args, get_origin, get_type_hints

from analyzer.errors import UsageError
from analyzer.model.code import code
from analyzer.model.finding import Finding, Subject
from analyzer.model.hole import Hole
from analyzer.model.moment import Moment
from analyzer.model.nbd import Concurrency
from analyzer.model.nbd_view import NbdHost
from analyzer.model.report import Report
from analyzer.render.data.json import SCHEMA_VERSION
from analyzer.render.data.shapes import PLAIN, SHAPES, Shape

BY_THE_HOUR = "an hour of report.json"
Row = Mapping[str, Any]
_EMPTY: Mapping[Any, Any] = MappingProxyType({str: "", int: 0, float: 0.0, bool: False})
_BROKEN = (KeyError, TypeError, ValueError, LookupError, AttributeError, OverflowError)


def report_again(document: Row) -> Report:
    """Return the report of a report.json.

    Raises:
        UsageError: it is of another version, or has not the form of one.
    """
    if document.get("schema_version") != SCHEMA_VERSION:
        msg = f"it has schema_version {document.get('schema_version')}, not {SCHEMA_VERSION}"
        raise UsageError(msg)
    try:
        reading = _Reading(document)
        return reading.report()
    except (*_BROKEN, RecursionError) as error:
        msg = f"it has not the form of a report.json: {type(error).__name__} {error}"
        raise UsageError(msg) from error


def lacks(document: Row) -> tuple[str, ...]:
    """Return what a page drawn of a report.json alone does not have, in sentences."""
    short = document["left_out"]
    counts = (f"{each['where']}: {each['shown']} of {each['of']} are there" for each in short)
    near = "of quoted files it has the nearest lines alone"
    return ("clients of xapi-nbd are drawn by the hour", near, *counts)


class _Reading:
    """Reads one document; what is named by its id is looked up where it stands in full."""

    def __init__(self, document: Row) -> None:
        self._document = document
        self._named: dict[tuple[type, str], Any] = {}

    def report(self) -> Report:
        """Return the report, with a report for each pool where there are several."""
        document, tool = self._document, self._document["tool"]
        for pool in document["pools"]:
            known = Subject(type="Pool", uuid=pool["uuid"] or "", name=pool["name"] or "")
            self._named[Subject, known.uuid] = known
        for row in document["holes"]:
            hole = self._object(Hole, row)
            self._named[Hole, hole.id] = hole
        told = {name: value for name, value in document.items() if name != "parts"}
        told |= {"version": tool["version"], "catalogue": tool["catalogue"]}
        whole = self._object(Report, told)
        parts = tuple(self._part_of_whole(whole, part) for part in document["parts"])
        return _replaced(whole, parts=parts)

    def _part_of_whole(self, whole: Report, part: Row) -> Report:
        """Return a pool's report: what the part holds, and what of the whole is of its reports."""
        bundles, names = set(part["bundles"]), set(part["causes"])
        own: dict[str, Any] = {}
        for each in fields(Report):
            values = getattr(whole, each.name)
            rows = values if isinstance(values, tuple) else ()
            if rows and (hasattr(rows[0], "bundle") or hasattr(rows[0], "source")):
                own[each.name] = tuple(row for row in rows if _bundle_of(row) in bundles)
        pools = [self._object(type(whole.pools[0]), row) for row in part["pools"]]
        uuids = {pool.uuid for pool in pools}
        outcomes = self._value_of_hint(
            get_type_hints(Report)["outcomes"], part["outcomes"], PLAIN, ""
        )
        return _replaced(
            whole,
            **own,
            outcomes=outcomes,
            bundles=tuple(each for each in whole.bundles if each.name in bundles),
            causes=tuple(each for each in whole.causes if each.id in names),
            plans=tuple(each for each in whole.plans if each.id in set(part["plans"])),
            disks=tuple(each for each in whole.disks if each.pool and each.pool.uuid in uuids),
            pools=tuple(pools),
        )

    def _object(self, kind: Any, row: Row) -> Any:
        shape, values = SHAPES.get(kind, PLAIN), {}
        for name, hint, default in _fields_of(kind):
            if name in shape.beside:
                values[name] = self._object(hint, row)
                continue
            key = shape.named.get(name, name)
            left_out = (name in shape.left_out and key not in row) or key not in row
            if left_out and f"{key}_range" not in row:
                values[name] = _nothing(hint) if default is MISSING else default()
            elif _is_moment(hint):
                values[name] = _moment_of_doubt(row.get(key), row.get(f"{key}_range"))
            else:
                values[name] = self._value_of_hint(hint, row[key], shape, name)
        if kind is NbdHost:
            # How many clients a host had: of each hour the document tells the most.
            if row["peak"] is None:
                clients: tuple[Concurrency, ...] = ()
            else:
                points = [
                    (Moment.exact(datetime.fromisoformat(hours[end]), BY_THE_HOUR), *counts)
                    for hours in row["clients"]
                    for end, counts in (
                        ("from", (hours["at_least"], hours["at_most"])),
                        ("to", (0, 0)),
                    )
                ]
                bundle, host = next(iter(row["bundles"]), ""), row["name"] or row["uuid"]
                clients = (
                    Concurrency(host=host, bundle=bundle, points=tuple(points), peak=row["peak"]),
                )
            values["concurrency"] = clients
        made = kind(**values)
        if kind is Finding:  # its line may have lost its end, and it must be named as elsewhere
            object.__setattr__(made, "id", str(row["id"]))
        return made

    def _value_of_hint(self, hint: Any, value: Any, shape: Shape, name: str) -> Any:  # noqa: PLR0911 - a case a form
        inside = get_args(hint)
        if get_origin(hint) in (Union, types.UnionType):
            (only,) = (each for each in inside if each is not type(None))
            return None if value is None else self._value_of_hint(only, value, shape, name)
        if get_origin(hint) is tuple:
            return self._tuple(inside, value, shape, name)
        if get_origin(hint) is Mapping:
            pairs = value.items()
            return {key: self._value_of_hint(inside[1], each, PLAIN, "") for key, each in pairs}
        if name in shape.by:
            if (hint, value) in self._named:
                return self._named[hint, value]
            if hint is Subject:
                return Subject(type="", uuid=value, name="")
            msg = f"{hint.__name__} {value} stands nowhere"
            raise KeyError(msg)
        if hint is str:
            return "" if value is None else _text(value)
        if hint is datetime:
            return datetime.fromisoformat(value)
        if isinstance(hint, type) and issubclass(hint, StrEnum):
            return _words(hint)[value]
        return self._object(hint, value) if is_dataclass(hint) else hint(value)

    def _tuple(self, inside: tuple[Any, ...], value: Any, shape: Shape, name: str) -> Any:
        if inside[1:] != (...,):
            return self._parts_of_kinds(inside, value, shape.parts[name])
        if get_origin(inside[0]) is tuple:
            if name in shape.parts:
                kinds = get_args(inside[0])
                return tuple(self._parts_of_kinds(kinds, each, shape.parts[name]) for each in value)
            word, count = get_args(inside[0])
            pairs = value.items()
            return tuple((self._value_of_hint(word, k, PLAIN, ""), count(v)) for k, v in pairs)
        return tuple(self._value_of_hint(inside[0], each, shape, name) for each in value)

    def _parts_of_kinds(self, kinds: tuple[Any, ...], row: Row, keys: tuple[str, ...]) -> Any:
        return tuple(
            _moment_of_doubt(row.get(key), row.get(f"{key}_range"))
            if _is_moment(kind)
            else self._value_of_hint(kind, row[key], PLAIN, "")
            for kind, key in zip(kinds, keys, strict=True)
        )


def _replaced(report: Report, **values: Any) -> Report:
    kept = {each.name: getattr(report, each.name) for each in fields(Report)}
    return Report(**(kept | values))


def _bundle_of(row: Any) -> str:
    source = getattr(row, "source", None)
    return str(getattr(source, "bundle", getattr(row, "bundle", "")))


@cache
def _fields_of(kind: type) -> tuple[tuple[str, Any, Any], ...]:
    """Return (name, type, what makes the default) of the fields that are given."""
    hints = get_type_hints(kind)
    return tuple(
        (each.name, hints[each.name], _default(each)) for each in fields(kind) if each.init
    )


def _default(each: Any) -> Any:
    if each.default_factory is not MISSING:
        return each.default_factory
    return MISSING if each.default is MISSING else lambda: each.default


def _nothing(hint: Any) -> Any:
    """Return what stands for a value that the document does not hold."""
    if get_origin(hint) in (Union, types.UnionType):
        return None
    if get_origin(hint) is tuple:
        return ()
    return _EMPTY[hint]


@cache
def _words(kind: type[StrEnum]) -> Mapping[str, StrEnum]:
    return {code(word): word for word in kind}


def _is_moment(hint: Any) -> bool:
    return hint is Moment or Moment in get_args(hint)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        msg = f"expected a text, got {type(value).__name__}"
        raise TypeError(msg)
    return value


def _moment_of_doubt(at: str | None, doubt: Row | None) -> Moment | None:
    """Return a moment; of an unknown year the document tells the range alone."""
    if doubt is None:
        return None
    earliest, latest = (datetime.fromisoformat(doubt[end]) for end in ("earliest", "latest"))
    known = datetime.fromisoformat(at) if at else earliest
    return Moment(at=known, earliest=earliest, latest=latest, dated_by=_text(doubt["dated_by"]))
