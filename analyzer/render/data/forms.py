"""What a value is written as: the forms of JSON that the types of the model turn into.

`analyzer.render.data.json` writes values by their forms, `analyzer.render.data.schema` describes
the same forms; nothing else knows a key of report.json.
"""

import types
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime
from enum import StrEnum
from functools import cache
from operator import attrgetter
from typing import Any, TypeAlias, Union, get_args, get_origin, get_type_hints

from analyzer.model.moment import Moment
from analyzer.render.data.shapes import PLAIN, SHAPES, Shape
from analyzer.values import dataclass, field_types


@dataclass(frozen=True, slots=True)
class Plain:
    """A text, a number, a truth, or an instant without doubt."""

    kind: type


@dataclass(frozen=True, slots=True)
class Blank:
    """A text of which "" means that it is not known: null."""


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a closed set."""

    words: type[StrEnum]


@dataclass(frozen=True, slots=True)
class Instant:
    """A `Moment`: two keys, the second with its doubt."""


@dataclass(frozen=True, slots=True)
class Record:
    """An object of one of our types."""

    kind: type


@dataclass(frozen=True, slots=True)
class Named:
    """An object that stands elsewhere in full: here only what it is called by there."""

    by: str


@dataclass(frozen=True, slots=True)
class Many:
    """A list."""

    of: "Form"


@dataclass(frozen=True, slots=True)
class Maybe:
    """It, or null where it is not known or there is none."""

    of: "Form"


@dataclass(frozen=True, slots=True)
class Table:
    """An object whose keys are no names of ours, but texts or words."""

    key: "Form"
    of: "Form"


@dataclass(frozen=True, slots=True)
class Parts:
    """A tuple of fixed length, as an object."""

    of: tuple[tuple[str, "Form"], ...]


Form: TypeAlias = Plain | Blank | Word | Instant | Record | Named | Many | Maybe | Table | Parts


@dataclass(frozen=True, slots=True)
class Key:
    """A key of a type, the form of what stands under it, and how a value gives it.

    ``sparse``: null is said by leaving the key out.
    """

    name: str
    form: Form
    read: Callable[[Any], Any]
    sparse: bool = False


@cache
def keys_of(kind: type) -> tuple[Key, ...]:
    """Return the keys of a type in the order in which they are written.

    Raises:
        TypeError: a field has a type that is no form.
    """
    shape = SHAPES.get(kind, PLAIN)
    hints = field_types(kind)
    found: list[Key] = []
    for each in fields(kind):
        if each.name in shape.beside:
            found += [_key_beside(each.name, key) for key in keys_of(hints[each.name])]
        elif each.name not in shape.left_out:
            found.append(_key_of_shape(shape, each.name, hints[each.name]))
    for name, made in shape.made.items():
        form = form_of(get_type_hints(made)["return"])
        found.append(Key(name, form, made, _is_sparse(shape, name, form)))
    return tuple(found)


def _key_beside(name: str, key: Key) -> Key:
    return Key(key.name, key.form, lambda value: key.read(getattr(value, name)), key.sparse)


def _key_of_shape(shape: Shape, name: str, hint: Any) -> Key:
    form = Blank() if name in shape.or_null else form_of(hint, shape, name)
    return Key(
        shape.named.get(name, name),
        form,
        attrgetter(name),
        sparse=_is_sparse(shape, name, form),
    )


def _is_sparse(shape: Shape, name: str, form: Form) -> bool:
    of_field = shape.sparse if isinstance(shape.sparse, bool) else name in shape.sparse
    return of_field and isinstance(form, Maybe)


def form_of(hint: Any, shape: Shape = PLAIN, name: str = "") -> Form:
    """Return the form of what an annotation allows, `name` being the field it stands at.

    Raises:
        TypeError: it is none that can be written.
    """
    inside = get_args(hint)
    if get_origin(hint) in (Union, types.UnionType):
        (only,) = (each for each in inside if each is not type(None))
        return Maybe(form_of(only, shape, name))
    if get_origin(hint) is tuple:
        if inside[1:] != (...,):
            forms = [form_of(each) for each in inside]
            return Parts(tuple(zip(shape.parts[name], forms, strict=True)))
        if get_origin(inside[0]) is tuple and name not in shape.parts:
            word, count = (form_of(each) for each in get_args(inside[0]))  # how often each word
            return Table(word, count)
        return Many(form_of(inside[0], shape, name))
    if get_origin(hint) is Mapping:
        return Table(form_of(inside[0]), form_of(inside[1]))
    if name in shape.by:
        return Named(shape.by[name])
    if form := _form_of_one(hint):
        return form
    msg = f"{name or 'a value'}: {hint} cannot be written"
    raise TypeError(msg)


def _form_of_one(hint: Any) -> Form | None:
    if hint is Moment:
        return Instant()
    if hint in (str, int, float, bool, datetime):
        return Plain(hint)
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return Word(hint)
    return Record(hint) if isinstance(hint, type) and is_dataclass(hint) else None
