"""Read ``patterns/error_codes.yaml``: what a code means, what it stops, what to do next."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources.abc import Traversable
from types import MappingProxyType
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from analyzer.errors import CatalogueError
from analyzer.model.finding import Severity
from analyzer.resources import folder
from analyzer.yaml_file import read_yaml

NAME = "error_codes.yaml"
BACKEND = "SR_BACKEND_FAILURE_"
_NUMBER = re.compile(r"\b(?:error|errno|code is|code:|failed:) -?([0-9]{1,3})\b")


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    code: int | str
    means: str
    next: str
    says: str = ""
    stops: str = ""
    severity: Literal["error", "warning"] = "error"


class _Number(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    number: int
    means: str


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    sm: list[_Entry]
    xapi: list[_Entry]
    errno: list[_Number]


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """What is known of a code; ``next_step`` has the fields host, sr and disk in braces."""

    name: str
    means: str
    next_step: str
    says: str = ""
    stops: str = ""
    severity: Severity = Severity.ERROR


@dataclass(frozen=True, slots=True, kw_only=True)
class Codes:
    """The table of codes, by name; ``errno`` gives the numbers of Linux in words."""

    by_name: Mapping[str, Code]
    errno: Mapping[int, str]

    def code_of(self, text: str) -> str:
        """Return the code whose text SM wrote, "" where it is none of them."""
        return next(
            (c.name for c in self.by_name.values() if c.says and text.startswith(c.says)), ""
        )

    def number_in_words(self, text: str) -> str:
        """Return what a number in an error's text stands for, "" without one.

        >>> error_codes().number_in_words("VDI clone failed error 13")
        '13: access denied'
        """
        for found in _NUMBER.finditer(text):
            if words := self.errno.get(int(found[1])):
                return f"{found[1]}: {words}"
        return ""


@cache
def error_codes() -> Codes:
    """Return the shipped table."""
    return load_codes(folder("patterns"))


def load_codes(patterns: Traversable) -> Codes:
    """Read the table in a folder.

    Raises:
        CatalogueError: it is not as it should be.
    """
    document = read_yaml((patterns / NAME).read_text(encoding="utf-8"))
    if document.faults:
        line, what = document.faults[0]
        msg = f"patterns/{NAME}:{line} {what}"
        raise CatalogueError(msg)
    try:
        read = _File.model_validate(document.value)
    except ValidationError as error:
        first = error.errors()[0]
        line, key = document.place(tuple(first["loc"]))
        msg = f"patterns/{NAME}:{line} {key}: {first['msg']}"
        raise CatalogueError(msg) from error
    rows = [_code(entry) for entry in (*read.sm, *read.xapi)]
    return Codes(
        by_name=MappingProxyType({row.name: row for row in rows}),
        errno=MappingProxyType({row.number: row.means for row in read.errno}),
    )


def _code(entry: _Entry) -> Code:
    name = f"{BACKEND}{entry.code}" if isinstance(entry.code, int) else entry.code
    return Code(
        name=name,
        means=entry.means,
        next_step=entry.next,
        says=entry.says,
        stops=entry.stops,
        severity=Severity(entry.severity),
    )
