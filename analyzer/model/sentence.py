"""Our own sentences: text that remembers what it was made of, so it can be told in any zone.

A moment in a sentence is a value, never text to be searched for: a disk may be *named*
"2024-11-22 10:06:01 UTC", and keeps its name wherever the sentence is told.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Self, TypeAlias

from analyzer.model.finding import Subject
from analyzer.model.moment import Moment, around, in_words, to_the_minute
from analyzer.values import dataclass

FIELD = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}")
_UNITS = ("bytes", "KiB", "MiB", "GiB", "TiB")
_STEP = 1024


@dataclass(frozen=True, slots=True)
class Size:
    """A number of bytes, told in its largest fitting unit.

    >>> Size(4194304).reading, Size(0).reading, Size(1536).reading
    ('4 MiB', '0 bytes', '1.5 KiB')
    """

    size: int

    @property
    def reading(self) -> str:
        """Return it as people read it."""
        amount, unit = float(self.size), 0
        while amount >= _STEP and unit < len(_UNITS) - 1:
            amount, unit = amount / _STEP, unit + 1
        return f"{amount:.1f}".removesuffix(".0") + f" {_UNITS[unit]}"


@dataclass(frozen=True, slots=True)
class Around:
    """A moment that is told to the minute with its preposition, as in the title of a cause."""

    moment: Moment

    @property
    def reading(self) -> str:
        """Return it as people read it."""
        return around(self.moment)


@dataclass(frozen=True, slots=True)
class Minute:
    """An exact moment that is told to the minute, such as a date of a certificate."""

    moment: Moment

    @property
    def reading(self) -> str:
        """Return it as people read it."""
        return to_the_minute(self.moment)


@dataclass(frozen=True, slots=True)
class Told:
    """A moment and how somebody else tells it, such as in the short form of an answer."""

    moment: Moment
    reading: str


Value: TypeAlias = str | int | Moment | Around | Minute | Told | Size | Subject
NO_VALUES: Mapping[str, Value] = MappingProxyType({})


class Sentence(str):
    """A template, the values of its ``{fields}``, and as a str their reading.

    It reads in UTC, or in the zone that its moments carry (`LocalMoment`). A field without a
    value stays as it is written; a value that looks like a field is no field.

    >>> Sentence("disk {vdi} in {sr}", {"vdi": "{sr}"})
    'disk {sr} in {sr}'
    """

    __slots__ = ("template", "values")
    template: str
    values: Mapping[str, Value]

    def __new__(cls, template: str, values: Mapping[str, Value] = NO_VALUES) -> Self:
        """Read the template; only the values that it names are kept."""
        # Never `str.format`: values come from a bundle, and a format string reaches attributes.
        reading = FIELD.sub(
            lambda field: told(values[field[1]]) if field[1] in values else field[0], template
        )
        made = super().__new__(cls, reading)
        used = {name: values[name] for name in FIELD.findall(template) if name in values}
        made.template, made.values = template, MappingProxyType(used)
        return made

    def __reduce__(self) -> tuple[type[Self], tuple[str, dict[str, Value]]]:
        return type(self), (self.template, dict(self.values))

    def with_values(self, change: Callable[[Value], Value]) -> "Sentence":
        """Return the sentence with each value changed: itself where none is."""
        changed = {name: change(value) for name, value in self.values.items()}
        same = all(changed[name] is value for name, value in self.values.items())
        return self if same else Sentence(self.template, changed)


def say(template: str, **values: Value) -> Sentence:
    """Return a sentence.

    >>> say("{often}, at least {size}", often=say("{n} times", n=2), size=Size(1 << 22))
    '2 times, at least 4 MiB'
    """
    return Sentence(template, values)


def joined(parts: Iterable[Value], between: str = "", last: str | None = None) -> Sentence:
    """Return the parts as one sentence; ``last`` stands before the last one, if it is given.

    >>> joined(["a", "b", "c"], ", ", " and "), joined(["a"], ", ", " and ")
    ('a, b and c', 'a')
    """
    values = {f"part{place}": part for place, part in enumerate(parts)}
    fields = [f"{{{name}}}" for name in values]
    if last is None or len(fields) == 1:
        return Sentence(between.join(fields), values)
    return Sentence(last.join([between.join(fields[:-1]), *fields[-1:]] if fields else []), values)


def without_time(text: str, at: Moment | None) -> str:
    """Return a text without the time that it ends with, if that is ``at``, which stands beside it.

    >>> without_time("It broke at noon", None)
    'It broke at noon'
    """
    if at is None or not text.endswith(reading := Around(at).reading):
        return text
    if not isinstance(text, Sentence):  # of a report.json
        return text.removesuffix(reading).rstrip(" ,;")
    template = text.template
    while last := re.search(rf"{FIELD.pattern}$", template):
        value, template = text.values.get(last[1]), template[: last.start()]
        if isinstance(value, Around):
            return Sentence(template.rstrip(" ,;"), text.values)
        if isinstance(value, Sentence):
            return Sentence(text.template, {**text.values, last[1]: without_time(value, at)})
        if value != "":
            break
    return text


def without_stop(text: str) -> str:
    """Return a text without its full stop; a sentence stays one.

    >>> without_stop(say("See {what}.", what="it.")), without_stop("See it.")
    ('See it.', 'See it')
    """
    if isinstance(text, Sentence):
        return Sentence(text.template.removesuffix("."), text.values)
    return text.removesuffix(".")


def told(value: Value) -> str:
    """Return a value as it reads in a sentence."""
    match value:
        case str() | int():
            return str(value)
        case Moment():
            return in_words(value)
        case Subject():
            return f"{value.name} ({value.uuid})" if value.name else value.uuid
        case Around() | Minute() | Told() | Size():
            return value.reading


def often(count: int, first: Moment, last: Moment) -> Sentence:
    """Say how often something happened between two moments."""
    words = "once, at {last}" if count == 1 else "{count} times, from {first} to {last}"
    return say(words, count=count, first=first, last=last)
