"""A YAML table of ours, checked and built once, then read from the user's cache.

What is kept is JSON: the fields of values in their order, which the types of the fields read back.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields, is_dataclass
from datetime import timedelta
from enum import Enum
from functools import cache
from importlib.resources import files
from types import MappingProxyType, UnionType
from typing import Any, TypeVar, cast, get_args, get_origin

from analyzer.user_cache import keep, key_of, recall
from analyzer.values import field_types

T = TypeVar("T")
Reader = Callable[[Any], Any]


def compiled(
    name: str, kind: type[T], content: Iterable[bytes], code: Iterable[str], make: Callable[[], T]
) -> T:
    """Return what `make` returns, a value of `kind`; kept where that was made before.

    ``content`` is what it is made of, ``code`` are the files of the package, as paths below it,
    that check and make it: what either changes is made anew.
    """
    package = files("analyzer")
    key = key_of((*content, *((package / path).read_bytes() for path in code)))
    kept = recall(name, key)
    if kept is not None:
        try:
            return cast(T, typed(kind, json.loads(kept)))
        except (ValueError, TypeError, RecursionError):
            pass  # not what we keep: made anew
    made = make()
    keep(name, key, json.dumps(made, default=plain).encode())
    return made


def plain(value: object) -> object:
    """Return what JSON has no form for as lists, texts and numbers."""
    match value:
        case timedelta():
            return value.total_seconds()
        case frozenset():
            return sorted(value)
        case Mapping():
            return list(value.items())
        case _:
            return [getattr(value, field.name) for field in fields(value)]  # type: ignore[arg-type]


def typed(kind: Any, row: object) -> Any:
    """Return the value of `kind` that JSON and `plain` made `row` of.

    Raises:
        TypeError, ValueError: it is no such row.
    """
    return _reader_of(kind)(row)


@cache
def _reader_of(kind: Any) -> Reader:
    if get_origin(kind):
        return _reader_of_many(get_origin(kind), get_args(kind))
    if is_dataclass(kind):
        return _fields_of(kind)
    if kind is timedelta:
        return lambda row: timedelta(seconds=row)
    if issubclass(kind, Enum):
        return cast(Reader, kind)
    return _exactly_of(kind)


def _reader_of_many(origin: Any, parts: tuple[Any, ...]) -> Reader:
    if origin is UnionType:
        (some,) = (part for part in parts if part is not type(None))
        reader = _reader_of(some)
        return lambda row: None if row is None else reader(row)
    if origin is tuple:
        return _tuple_of(parts)
    if origin is frozenset:
        one = _reader_of(parts[0])
        return lambda row: frozenset(map(one, _form_of_list(row)))
    pair = _tuple_of(parts)  # of a mapping
    return lambda row: MappingProxyType(dict(map(pair, _form_of_list(row))))


def _tuple_of(parts: tuple[Any, ...]) -> Reader:
    if parts[-1] is Ellipsis:
        one = _reader_of(parts[0])
        return lambda row: tuple([one(each) for each in _form_of_list(row)])
    readers = tuple(map(_reader_of, parts))
    return lambda row: tuple(
        [reader(each) for reader, each in zip(readers, _form_of_list(row), strict=True)]
    )


def _fields_of(kind: Any) -> Reader:
    hints = field_types(kind)
    names = tuple(field.name for field in fields(kind))
    every = _tuple_of(tuple(hints[name] for name in names))
    return lambda row: kind(**dict(zip(names, every(row), strict=True)))


def _form_of_list(row: object) -> list[Any]:
    if not isinstance(row, list):
        msg = f"expected a list, got {type(row).__name__}"
        raise TypeError(msg)
    return row


def _exactly_of(kind: type) -> Reader:
    def read(row: object) -> object:
        if type(row) is not kind:
            msg = f"expected {kind.__name__}, got {type(row).__name__}"
            raise TypeError(msg)
        return row

    return read
