"""Types made by `analyzer.values` act as those that the standard library makes."""

import copy
import dataclasses
import importlib
import pickle
import pkgutil
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import FrozenInstanceError, field, fields, replace
from pathlib import Path
from typing import Any, ClassVar, get_type_hints

import pytest

import analyzer.model
from analyzer import values

made: list[str] = []


def _plain(decorate: Callable[[type], type]) -> Any:
    @decorate
    class Plain:
        """The fields that both kinds are made of: each way to say what a field is."""

        kinds: ClassVar[int] = 2
        name: str
        count: int = 3
        parts: list[str] = field(default_factory=list)
        shown: str = field(default="x", repr=False)
        beside: int = field(default=0, compare=False)
        worked_out: str = field(init=False, default="")
        own: list[int] = field(init=False, default_factory=list, compare=False)
        unset: int = field(init=False, repr=False, compare=False)

        def __post_init__(self) -> None:
            made.append(self.name)

    return Plain


OPTIONS: tuple[Mapping[str, bool], ...] = (
    {"frozen": True, "kw_only": True},
    {"frozen": True},
    {"frozen": True, "kw_only": True, "order": True},
    {"kw_only": True},
    {"kw_only": True, "eq": False},
)


def _outcome(act: Callable[[Any], object], kind: Any) -> object:
    try:
        return act(kind)
    except (AttributeError, TypeError) as error:
        return f"{type(error)}: {error}"


@pytest.mark.parametrize("options", OPTIONS, ids="-".join)
@pytest.mark.parametrize(
    "act",
    [
        lambda kind: repr(kind(name="a")),
        lambda kind: repr(kind(name="a", count=1, parts=["b"], shown="y", beside=5)),
        lambda kind: repr(kind("a", 1)),
        lambda kind: kind(),
        lambda kind: kind(name="a", other=1),
        lambda kind: kind(name="a", worked_out="b"),
        lambda kind: kind(name="a").unset,
        lambda kind: kind(name="a").parts is kind(name="a").parts,
        lambda kind: (kind(name="a") == kind(name="a"), kind(name="a") == kind(name="b")),
        lambda kind: kind(name="a", beside=1) == kind(name="a", beside=2),
        lambda kind: kind(name="a") != kind(name="a"),
        lambda kind: kind(name="a") == "a",
        lambda kind: hash(kind(name="a", parts=())) == hash(kind(name="a", parts=(), beside=1)),
        lambda kind: hash(kind(name="a")),
        lambda kind: kind(name="a") < kind(name="b"),
        lambda kind: (kind(name="a") <= kind(name="a"), kind(name="a") >= kind(name="b")),
        lambda kind: kind(name="a") > kind(name="b"),
        lambda kind: kind(name="a") < 1,
        lambda kind: repr(replace(kind(name="a"), count=5)),
        lambda kind: [each.name for each in fields(kind)],
        lambda kind: kind.__match_args__,
        lambda kind: setattr(kind(name="a"), "name", "b"),
        lambda kind: delattr(kind(name="a"), "count"),
        lambda kind: kind.__slots__,
        lambda kind: kind.__hash__ is None,
    ],
)
def test_acts_as_the_standard_one(
    options: Mapping[str, bool], act: Callable[[Any], object]
) -> None:
    standard = _plain(dataclasses.dataclass(slots=True, **options))
    ours = _plain(values.dataclass(slots=True, **options))
    assert _outcome(act, ours) == _outcome(act, standard)


def test_the_first_value_is_made_as_all_others() -> None:
    ours = _plain(values.dataclass(frozen=True, slots=True, kw_only=True))
    made.clear()
    first, second = ours(name="a"), ours(name="b")
    assert made == ["a", "b"]
    assert (first.name, second.name, first.count) == ("a", "b", 3)


@values.dataclass(frozen=True, slots=True, kw_only=True)
class Base:
    """A value that can be found by its name, as pickle does."""

    one: int
    two: str = "b"


@values.dataclass(frozen=True, slots=True, kw_only=True)
class Longer(Base):  # noqa: D101 - it is told apart by its name
    three: int = 3


class Odd(Base):
    """No dataclass of its own."""

    __slots__ = ()


@values.dataclass(frozen=True, slots=True, order=True)
class Ordered:
    """A value that is compared."""

    one: int


def test_what_is_made_on_a_base() -> None:
    assert repr(Longer(one=1)) == "Longer(one=1, two='b', three=3)"
    assert Longer(one=1) != Base(one=1)
    assert Odd(one=1).two == "b"
    assert Odd(one=1) != Base(one=1)
    assert Base(one=1) == Base(one=1)
    assert Longer.__doc__ == "Longer"


@pytest.mark.parametrize("value", [Base(one=1), Longer(one=1, three=4), Ordered(2)])
def test_copies_are_equal(value: Any) -> None:
    pickled = pickle.loads(pickle.dumps(value))  # noqa: S301 - our own
    for copied in (pickled, copy.copy(value), copy.deepcopy(value)):
        assert copied == value
        assert hash(copied) == hash(value)
        with pytest.raises(FrozenInstanceError):
            copied.one = 2
        with pytest.raises(FrozenInstanceError):
            copied.no_field = 2


def test_matching_is_by_the_fields() -> None:
    match Ordered(5):
        case Ordered(one):
            assert one == 5


def test_init_is_compiled_for_the_first_value() -> None:
    code = (
        "import builtins, dataclasses, sys; from analyzer import values\n"
        "class A:\n    a: int = 1\n"
        "exec_, ran = builtins.exec, []\n"
        "builtins.exec = lambda *given: (ran.append(1), exec_(*given))\n"
        "B = values.dataclass(frozen=True, slots=True, kw_only=True, order=True)(A)\n"
        "before = len(ran); B(); first = len(ran); B(); print(first - before, len(ran) - first)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    assert done.stdout.split() == ["1", "0"]


def test_no_module_makes_its_types_the_slow_way() -> None:
    package = Path(values.__file__).parent
    made_slowly = re.compile(r"^from dataclasses import .*\bdataclass\b", re.MULTILINE)
    slow = [path for path in package.rglob("*.py") if made_slowly.search(path.read_text())]
    assert slow == [], "import dataclass from analyzer.values, quick to make"


def _every_type() -> Iterator[type]:
    for module in pkgutil.walk_packages(analyzer.model.__path__, "analyzer.model."):
        for kind in vars(importlib.import_module(module.name)).values():
            if isinstance(kind, type) and dataclasses.is_dataclass(kind):
                yield kind


def test_types_of_fields_are_those_that_the_standard_library_finds() -> None:
    for kind in {*_every_type(), _Named}:
        hints = get_type_hints(kind)
        expected = {each.name: hints[each.name] for each in fields(kind)}
        assert repr(values.field_types(kind)) == repr(expected)


@values.dataclass(frozen=True, slots=True, kw_only=True)
class _Named:
    inner: "tuple[_Named, ...]" = ()
    beside: tuple["Base", ...] = ()
