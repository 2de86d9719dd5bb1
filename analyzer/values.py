"""`dataclass`, quick to make: a run makes five hundred types.

What `dataclasses.dataclass` makes of a class is compiled anew in each process, six functions for a
frozen one, which took a fifth of a short run. Here all types share the functions that do not
depend on the fields; ``__init__`` is made with the first value, as many types never have one, of
code that is compiled once for all types with as many fields of the same forms. What is made is a
dataclass: `fields`, `replace`, `asdict` and pattern matching know it.
"""

import dataclasses
import operator
from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, FrozenInstanceError, fields
from functools import cache
from types import CodeType, FunctionType, MemberDescriptorType
from typing import TYPE_CHECKING, Any, ForwardRef, NamedTuple, TypeVar, get_args, get_type_hints

__all__ = ["dataclass", "field_types"]

T = TypeVar("T")


def _dataclass(
    *,
    slots: bool,
    frozen: bool = False,
    kw_only: bool = False,
    eq: bool = True,
    order: bool = False,
) -> Callable[[type[T]], type[T]]:
    """Return what makes a dataclass of a class; the options are those of `dataclasses`.

    Without slots nothing is frozen.
    """
    assert slots or not frozen

    def decorate(plain: type[T]) -> type[T]:
        if plain.__doc__ is None:
            plain.__doc__ = plain.__name__  # else its signature is worked out for one
        own = {name for name, value in vars(plain).items() if value is not None}
        slotted = dataclasses.dataclass(
            init=False, repr=False, eq=False, slots=slots, kw_only=kw_only
        )
        made = slotted(plain)
        compared = [each.name for each in fields(made) if each.compare]  # type: ignore[arg-type]
        methods: dict[str, Any] = {
            "__init__": _init_when_called(made),
            "__repr__": _repr,
            "_compared": operator.attrgetter(*compared or ["__class__"]),
            **(_EQUAL if eq else {}),
            **(_ORDERED if order else {}),
            **(_FROZEN if frozen else {}),
        }
        if eq and not frozen:
            methods["__hash__"] = None
        for name in methods.keys() - own:
            setattr(made, name, methods[name])
        return made

    return decorate


if TYPE_CHECKING:
    from dataclasses import dataclass
else:
    dataclass = _dataclass


@cache
def field_types(kind: type) -> Mapping[str, Any]:
    """Return the types of the fields by name.

    Hardly any is written as text, so `get_type_hints` would evaluate what is known.
    """
    types = {each.name: each.type for each in fields(kind)}
    return get_type_hints(kind) if any(map(_has_text, types.values())) else types


def _has_text(kind: object) -> bool:
    return isinstance(kind, str | ForwardRef) or any(map(_has_text, get_args(kind)))


def _init_when_called(made: type) -> Callable[..., None]:
    def first(self: object, *args: object, **named: object) -> None:
        made.__init__ = init = _init(made)  # type: ignore[misc]
        init(self, *args, **named)

    return first


def _init(made: type) -> Callable[..., None]:
    """Return ``__init__``: the code that all types with fields of these forms share, and names."""
    own = fields(made)
    placed = [each for each in own if each.init and not each.kw_only]
    named = [each for each in own if each.init and each.kw_only]
    known: dict[str, Any] = {"MISSING": MISSING}
    for place, field in enumerate(own):
        known[f"set_{place}"] = _setter(made, field.name)
        known[f"make_{place}"] = field.default_factory
        known[f"default_{place}"] = field.default
    code = _code(tuple(map(_form, own)), then=hasattr(made, "__post_init__"))
    names = ("self", *(each.name for each in (*placed, *named)))
    init = FunctionType(code.replace(co_varnames=names), known, "__init__")
    # MISSING for what is made anew each time
    init.__defaults__ = tuple(each.default for each in placed if _is_optional(each))
    init.__kwdefaults__ = {each.name: each.default for each in named if _is_optional(each)}
    init.__qualname__ = f"{made.__qualname__}.__init__"
    return init


def _setter(made: type, name: str) -> Callable[[object, object], None]:
    """Return what sets a field: its slot, which knows nothing of frozen, if it has one."""
    slot = getattr(made, name, None)
    if isinstance(slot, MemberDescriptorType):
        return slot.__set__

    def set_named(self: object, value: object) -> None:
        setattr(self, name, value)

    return set_named


class _Form(NamedTuple):
    """How a field comes to its value: by an argument, placed or named, or without one.

    ``made`` is one that is made anew each time, unless it is given, ``fixed`` one that never is.
    """

    argument: bool
    named: bool
    made: bool
    fixed: bool


def _form(field: "Field[Any]") -> _Form:
    made = field.default_factory is not MISSING
    fixed = not field.init and field.default is not MISSING
    return _Form(field.init, bool(field.kw_only), made, fixed)


def _is_optional(field: "Field[Any]") -> bool:
    return field.default is not MISSING or field.default_factory is not MISSING


@cache
def _code(forms: tuple[_Form, ...], *, then: bool) -> CodeType:
    """Compile an ``__init__``; its arguments are a_0, a_1, …, ``then`` it calls __post_init__."""
    placed = [f"a_{place}" for place, form in enumerate(forms) if form.argument and not form.named]
    named = [f"a_{place}" for place, form in enumerate(forms) if form.argument and form.named]
    arguments = ", ".join(("self", *placed, *(["*", *named] if named else [])))
    # The line that sets a field, "" if it is left to __post_init__.
    lines: list[str] = []
    for place, form in enumerate(forms):
        value = f"a_{place}" if form.argument else f"default_{place}" if form.fixed else ""
        if form.made:
            made = f"make_{place}()"
            value = f"{made} if {value} is MISSING else {value}" if form.argument else made
        lines.append(f"set_{place}(self, {value})" if value else "")
    lines += ["self.__post_init__()"] if then else ["pass"]
    text = "\n ".join((f"def __init__({arguments}):", *filter(None, lines)))
    found: dict[str, Any] = {}
    exec(text, found)  # noqa: S102 - made of numbers
    code: CodeType = found["__init__"].__code__
    return code


def _repr(self: Any) -> str:
    shown = (f"{each.name}={getattr(self, each.name)!r}" for each in fields(self) if each.repr)
    return f"{type(self).__qualname__}({', '.join(shown)})"


def _comparison(holds: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    def compare(self: Any, other: Any) -> Any:
        if other.__class__ is not self.__class__:
            return NotImplemented
        compared = self._compared
        return holds(compared(self), compared(other))

    return compare


def _hash(self: Any) -> int:
    return hash(self._compared(self))


def _refuse_to_set(_self: object, name: str, _value: object) -> None:
    msg = f"cannot assign to field {name!r}"
    raise FrozenInstanceError(msg)


def _refuse_to_delete(_self: object, name: str) -> None:
    msg = f"cannot delete field {name!r}"
    raise FrozenInstanceError(msg)


def _state(self: Any) -> list[Any]:
    return [getattr(self, each.name) for each in fields(self)]


def _set_state(self: Any, state: list[Any]) -> None:
    for each, value in zip(fields(self), state, strict=True):
        object.__setattr__(self, each.name, value)


_EQUAL = {"__eq__": _comparison(operator.eq), "__hash__": _hash}
_ORDERED = {
    "__lt__": _comparison(operator.lt),
    "__le__": _comparison(operator.le),
    "__gt__": _comparison(operator.gt),
    "__ge__": _comparison(operator.ge),
}
_FROZEN = {
    "__setattr__": _refuse_to_set,
    "__delattr__": _refuse_to_delete,
    "__getstate__": _state,  # what pickle and copy set by itself would be refused
    "__setstate__": _set_state,
}
