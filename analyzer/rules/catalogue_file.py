"""Check pattern files, and make the catalogue of them."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from analyzer.errors import CatalogueError
from analyzer.parsers._api import CONDITIONS
from analyzer.rules._build import built
from analyzer.rules._format import json_schema, model_of
from analyzer.rules._meaning import duplicates, faults_of
from analyzer.rules.load import PatternText
from analyzer.rules.pattern import Catalogue, Pattern
from analyzer.yaml_file import Document, read_yaml

__all__ = ["json_schema", "read_catalogue"]


def read_catalogue(files: Sequence[PatternText], version: str) -> Catalogue:
    """Return the patterns in these files.

    Raises:
        CatalogueError: one or more are not as they should be; the text names all that is wrong.
    """
    patterns: list[Pattern] = []
    problems: list[str] = []
    for file in files:
        found = _pattern_or_faults(file)
        if isinstance(found, Pattern):
            patterns.append(found)
        else:
            problems += found
    ids: dict[str, list[str]] = {}
    for doubled_pattern in patterns:
        ids.setdefault(doubled_pattern.id, []).append(doubled_pattern.file)
    problems += [f"{file}:1 {what}" for file, what in duplicates(ids)]
    # Refuse lines that would never be read, because nobody knows what they go with.
    known = CONDITIONS.union(kind for pattern in patterns for kind in pattern.kinds)
    problems += [
        f"{pattern.file}:1 only-with: nothing is called {name!r}; "
        f"name a kind of lines, or one of {', '.join(sorted(CONDITIONS))}"
        for pattern in patterns
        for name in sorted({name for each in pattern.selectors for name in each.only_with} - known)
    ]
    if problems:
        raise CatalogueError("\n".join(problems))
    ordered = sorted(patterns, key=lambda pattern: pattern.id)
    return Catalogue(patterns=tuple(ordered), version=version)


def _pattern_or_faults(file: PatternText) -> Pattern | list[str]:
    """Return the pattern in a file, or all that is wrong with it."""
    if not file.name.endswith(".yaml"):
        return [f"{file.name}:1 the name of a pattern file ends with .yaml"]
    try:
        document = read_yaml(file.content.decode())
    except UnicodeDecodeError as error:
        line = file.content.count(b"\n", 0, error.start) + 1
        return [f"{file.name}:{line} not UTF-8"]
    if document.faults:
        return [f"{file.name}:{line} {what}" for line, what in document.faults]
    model = model_of(document.value, check=file.check)
    try:
        parsed = model.model_validate_json(json.dumps(document.value))
    except ValidationError as error:
        # Whether a fault is one by itself: a list whose items are faulty is not short, too.
        return [
            f"{file.name}:{_fault_in_words(document, fault)}"
            for fault in error.errors()
            if (not (fault["type"] == "too_short" and fault["input"]))
        ]
    faults = sorted((*document.place(path), what) for path, what in faults_of(parsed, file.stem))
    problems = [f"{file.name}:{line} {key}: {what}" for line, key, what in faults]
    return problems or built(file.name, parsed)


def _fault_in_words(document: Document, fault: Mapping[str, Any]) -> str:
    """Put a fault that pydantic found into words, with its line."""
    line, key = document.place(tuple(part for part in fault["loc"] if part != "[key]"))
    where = f"{line} {key}"
    # Whether a file was written as a pattern: nothing of another one is told.
    got = (
        repr(fault["input"])[:60]
        if (isinstance(document.value, dict) and "id" in document.value)
        else _kind_of_value(fault["input"])
    )
    if fault["type"] == "missing":
        return f"{where}: the key is missing"
    if fault["type"] == "extra_forbidden":
        return f"{where}: unknown key"
    if fault["type"] == "literal_error":
        return f"{where}: expected one of {fault['ctx']['expected']}, got {got}"
    said = fault["msg"][0].lower() + fault["msg"][1:]
    return f"{where}: {said}, got {got}"


def _kind_of_value(value: object) -> str:
    match value:
        case str():
            return "text"
        case list():
            return "a list"
        case dict():
            return "keys with values"
        case _:
            return type(value).__name__
