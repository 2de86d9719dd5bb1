"""Read ``patterns/error_codes.yaml``: what a code means, what it stops, what to do next."""

import re
from collections.abc import Mapping
from functools import cache
from importlib import import_module
from importlib.resources.abc import Traversable

from analyzer.compiled_table import compiled
from analyzer.model.finding import Severity
from analyzer.resources import folder
from analyzer.values import dataclass

NAME = "error_codes.yaml"
_CODE = ("case/errors/codes.py", "case/errors/codes_file.py", "yaml_file.py", "model/finding.py")
_NUMBER = re.compile(r"\b(?:error|errno|code is|code:|failed:) -?([0-9]{1,3})\b")


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
    content = _content_of_codes(folder("patterns"))
    return compiled("error-codes", Codes, (content,), _CODE, lambda: _read_codes_of(content))


def load_codes(patterns: Traversable) -> Codes:
    """Read the table in a folder.

    Raises:
        CatalogueError: it is not as it should be.
    """
    return _read_codes_of(_content_of_codes(patterns))


def _content_of_codes(patterns: Traversable) -> bytes:
    return (patterns / NAME).read_bytes()


def _read_codes_of(content: bytes) -> Codes:
    reader = import_module("analyzer.case.errors.codes_file")  # pydantic: only where it is needed
    codes: Codes = reader.read_codes(content)
    return codes
