"""`dataclass`, quick to make: a run makes five hundred types.

What `dataclasses.dataclass` makes of a class is compiled anew in each process, six functions for a
frozen one, which took a fifth of a short run. Here all types share the functions that do not
depend on the fields, and ``__init__`` is compiled when the first value is made; many types never
have one. What is made is a dataclass: `fields`, `replace`, `asdict` and pattern matching know it.
"""

import dataclasses
import operator
from collections.abc import Callable
from dataclasses import MISSING, Field, FrozenInstanceError, fields
from typing import TYPE_CHECKING, Any, TypeVar

__all__ = ["dataclass"]

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
            "__init__": _init_when_called(made, frozen=frozen),
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


def _init_when_called(made: type, *, frozen: bool) -> Callable[..., None]:
    def first(self: object, *args: object, **named: object) -> None:
        made.__init__ = init = _init(made, frozen=frozen)  # type: ignore[misc]
        init(self, *args, **named)

    return first


def _init(made: type, *, frozen: bool) -> Callable[..., None]:
    """Compile ``__init__``; what it calls is known to it under names that no field has."""
    known: dict[str, Any] = {"_MISSING": MISSING}
    placed, named, lines = ["self"], ["*"], []
    for field in fields(made):
        value = _value(field, known)
        if field.init:
            default = f"_default_{field.name}"
            argument = f"{field.name}={default}" if default in known else field.name
            (named if field.kw_only else placed).append(argument)
        if value and frozen:
            known[f"_set_{field.name}"] = getattr(made, field.name).__set__
            lines.append(f"_set_{field.name}(self, {value})")
        elif value:
            lines.append(f"self.{field.name} = {value}")
    if hasattr(made, "__post_init__"):
        lines.append("self.__post_init__()")
    arguments = ", ".join((*placed, *(named if len(named) > 1 else ())))
    code = "\n ".join((f"def __init__({arguments}):", *(lines or ["pass"])))
    exec(code, known)  # noqa: S102 - made of the names of our own fields
    init: Callable[..., None] = known["__init__"]
    init.__qualname__ = f"{made.__qualname__}.__init__"
    return init


def _value(field: "Field[Any]", known: dict[str, Any]) -> str:
    """Return the expression of a field's value, "" where nothing is put into it."""
    name = field.name
    if field.default_factory is not MISSING:
        known[f"_default_{name}"] = MISSING
        known[f"_make_{name}"] = field.default_factory
        made = f"_make_{name}()"
        return f"{made} if {name} is _MISSING else {name}" if field.init else made
    if field.default is not MISSING:
        known[f"_default_{name}"] = field.default
        return name if field.init else f"_default_{name}"
    return name if field.init else ""


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
