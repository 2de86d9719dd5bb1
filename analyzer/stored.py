"""Values of our types as JSON and back, by the types of their fields.

A value is the list of its fields in their order; a moment is the microseconds of its instant and
of its doubt, a sentence its template with its values. Whoever reads says which type is wanted:
what is written names none, so that nothing in a file can choose what is made of it.
"""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime, timedelta
from enum import Enum
from functools import cache
from operator import attrgetter
from types import MappingProxyType, NoneType, UnionType
from typing import Any, TypeVar, Union, cast, get_args, get_origin

from analyzer.model.event import CODING, Event
from analyzer.model.moment import Moment
from analyzer.model.sentence import Sentence, Value
from analyzer.model.terms import EPOCH, MICROSECOND
from analyzer.values import field_types

T = TypeVar("T")
Codec = tuple[Callable[[Any], Any], Callable[[Any], Any]]

_AT_ONCE = 100  # values of a tuple


def plain(kind: Any, value: object) -> Any:
    """Return a value of `kind` as lists, texts and numbers."""
    put, _ = _codec_of_type(kind)
    return put(value)


def text_of(value: object) -> bytes:
    """Return lists, texts and numbers as JSON."""
    return _TEXT.encode(value).encode()


def written(kind: Any, value: Any) -> Iterator[bytes]:
    """Yield the JSON of a value of `kind`; lists of all of it at once would take ten times that."""
    if get_origin(kind) is tuple and get_args(kind)[1:] == (Ellipsis,):
        yield b"["
        for start in range(0, len(value), _AT_ONCE):
            text = text_of(plain(kind, value[start : start + _AT_ONCE]))
            yield (b"," if start else b"") + text[1:-1]
        yield b"]"
    elif is_dataclass(kind) and kind not in _SPECIAL and kind is not Event:
        hints = field_types(cast("type", kind))
        for place, each in enumerate(field for field in fields(kind) if field.init):
            yield b"," if place else b"["
            yield from written(hints[each.name], getattr(value, each.name))
        yield b"]"
    else:
        yield text_of(plain(kind, value))


def typed(kind: type[T], row: object) -> T:
    """Return the value of `kind` that `plain` made `row` of.

    Raises:
        TypeError, ValueError, OverflowError: it is no such row.
    """
    _, get = _codec_of_type(cast("Any", kind))
    return cast("T", get(row))


def microseconds(time: datetime) -> int:
    """Return an instant as it is stored."""
    return (time - EPOCH) // MICROSECOND


def shape_of(kind: Any) -> str:
    """Return what changes when the fields of a type, or of one that it holds, do."""
    seen: dict[str, list[str]] = {}
    waiting = [kind]
    while waiting:
        one = waiting.pop()
        waiting += get_args(one)
        if is_dataclass(one) and isinstance(one, type) and one.__qualname__ not in seen:
            hints = field_types(one)
            seen[one.__qualname__] = [f"{f.name}: {hints[f.name]}" for f in fields(one)]
            waiting += hints.values()
    return hashlib.sha256(repr(sorted(seen.items())).encode()).hexdigest()


@cache
def _codec_of_type(kind: Any) -> Codec:
    if get_origin(kind):
        origin = get_origin(kind)
        parts = get_args(kind)
        if origin in (UnionType, Union):
            return _of_union(tuple(part for part in parts if part is not NoneType))
        if origin is tuple:
            return _of_tuple(parts)
        if origin is frozenset:
            put, get = _codec_of_type(parts[0])
            return (
                lambda value: sorted(map(put, value)),
                lambda row: frozenset(map(get, _checked_list(row))),
            )
        put, get = _of_tuple(parts)  # of a mapping
        return (
            lambda value: [put(pair) for pair in value.items()],
            lambda row: MappingProxyType(dict(map(get, _checked_list(row)))),
        )
    if kind in _SPECIAL:
        return _SPECIAL[kind]
    if is_dataclass(kind):
        return _of_fields(kind)
    if issubclass(kind, Enum):
        return (lambda value: value.value), kind
    return _codec_of_exact_type(kind)


def _of_union(parts: tuple[Any, ...]) -> Codec:
    """Return what writes one of several kinds with its place among them, and None as it is."""
    if len(parts) == 1:
        put, get = _codec_of_type(parts[0])
        return (
            lambda value: None if value is None else put(value),
            lambda row: None if row is None else get(row),
        )
    codecs = tuple(map(_codec_of_type, parts))

    def write(value: object) -> object:
        if value is None:
            return None
        place = next(place for place, part in enumerate(parts) if isinstance(value, part))
        return [place, codecs[place][0](value)]

    def read(row: object) -> object:
        if row is None:
            return None
        place, inner = _checked_list(row)
        return codecs[place][1](inner)

    return write, read


def _of_tuple(parts: tuple[Any, ...]) -> Codec:
    if parts[-1:] == (Ellipsis,):
        put, get = _codec_of_type(parts[0])
        return (
            lambda value: [put(each) for each in value],
            lambda row: tuple([get(each) for each in _checked_list(row)]),
        )
    puts, gets = zip(*map(_codec_of_type, parts), strict=True)
    return (
        lambda value: [put(each) for put, each in zip(puts, value, strict=True)],
        lambda row: tuple([get(each) for get, each in zip(gets, _checked_list(row), strict=True)]),
    )


def _of_fields(kind: Any) -> Codec:
    hints = field_types(kind)
    own = tuple(field.name for field in fields(kind) if field.init)
    values = [attrgetter(name) for name in own]
    sides: list[tuple[Callable[[Any], Any], ...]] = []

    def side(number: int) -> tuple[Callable[[Any], Any], ...]:
        if not sides:  # made when first used: a type may hold itself
            codecs = [_codec_of_type(hints[name]) for name in own]
            sides.extend(tuple(codec[each] for codec in codecs) for each in (0, 1))
        return sides[number]

    def write(value: object) -> object:
        if type(value) is not kind:
            msg = f"expected {kind.__name__}, got {type(value).__name__}"
            raise TypeError(msg)
        return [put(get(value)) for put, get in zip(side(0), values, strict=True)]

    def read(row: object) -> object:
        values = zip(own, side(1), _checked_list(row), strict=True)
        return kind(**{name: get(each) for name, get, each in values})

    # Of an event its own text, not the words that thousands share.
    return ((lambda value: write(value.alone())) if kind is Event else write), read


def _checked_list(row: object) -> list[Any]:
    if type(row) is not list:
        msg = f"expected a list, got {type(row).__name__}"
        raise TypeError(msg)
    return row


def _codec_of_exact_type(kind: type) -> Codec:
    def same(value: object) -> object:
        if type(value) is not kind and not (kind is float and type(value) is int):
            msg = f"expected {kind.__name__}, got {type(value).__name__}"
            raise TypeError(msg)
        return value

    return same, same


def _get_time(row: object) -> datetime:
    if type(row) is not int:
        msg = f"expected microseconds, got {type(row).__name__}"
        raise TypeError(msg)
    return EPOCH + row * MICROSECOND


def _put_moment(moment: Moment) -> object:
    at = microseconds(moment.at)
    before, after = (
        (moment.at - moment.earliest) // MICROSECOND,
        (moment.latest - moment.at) // MICROSECOND,
    )
    return [at, before, after, moment.dated_by]


def _get_moment(row: object) -> Moment:
    at, before, after, dated_by = _checked_list(row)
    return _moment_of_ticks(at, before, after, dated_by)


@cache
def _moment_of_ticks(at: int, before: int, after: int, dated_by: str) -> Moment:
    """Return a moment; neighbouring lines share theirs."""
    instant = _get_time(at)
    return Moment(
        at=instant,
        earliest=instant - before * MICROSECOND,
        latest=instant + after * MICROSECOND,
        dated_by=dated_by,
    )


def _put_text(text: str) -> object:
    if type(text) is str:
        return text
    if not isinstance(text, Sentence):  # a word of an enumeration, where a text is meant
        return str(text)
    put = _codec_of_type(Value)[0]
    return [text.template, [[name, put(value)] for name, value in text.values.items()]]


def _get_text(row: object) -> str:
    if type(row) is str:
        return row
    template, values = _checked_list(row)
    if type(template) is not str:
        raise TypeError("expected a template")
    get = _codec_of_type(Value)[1]
    return Sentence(template, {name: get(value) for name, value in _checked_list(values)})


_TEXT = json.JSONEncoder(separators=(",", ":"), check_circular=False)
_SPECIAL: Mapping[Any, Codec] = MappingProxyType(
    {
        str: (_put_text, _get_text),
        bytes: ((lambda words: words.decode(*CODING)), (lambda row: row.encode(*CODING))),
        datetime: (microseconds, _get_time),
        timedelta: ((lambda span: span // MICROSECOND), (lambda row: row * MICROSECOND)),
        Moment: (_put_moment, _get_moment),
        object: _codec_of_exact_type(str),
    }
)
