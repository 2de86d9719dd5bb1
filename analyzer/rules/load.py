"""Read the pattern files: data only, every fault of every file named with its line."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from analyzer.errors import CatalogueError
from analyzer.resources import folder as data_folder
from analyzer.rules._build import built
from analyzer.rules._format import json_schema, model_of
from analyzer.rules._meaning import duplicates, faults_of
from analyzer.rules.pattern import Catalogue, Pattern
from analyzer.yaml_file import Document, read_yaml

__all__ = ["Catalogue", "json_schema", "load_catalogue"]

_LARGEST = 1 << 20  # bytes of a file
_NO_PATTERNS = ("patterns/causes.yaml", "patterns/defects.yaml", "patterns/error_codes.yaml")


def load_catalogue(folder: Traversable | None = None, extra: Sequence[Path] = ()) -> Catalogue:
    """Load the shipped patterns (or those of `folder`), and the user's files and folders.

    Raises:
        CatalogueError: one or more files are not as they should be; the text names them all.
    """
    if folder is None and not extra:
        return _shipped()
    files = list(_files(folder or data_folder("patterns"), "patterns"))
    for path in extra:
        files += _extra_files(path)
    return _catalogue(files)


@cache  # what was installed stays as it is while we run
def _shipped() -> Catalogue:
    return _catalogue(list(_files(data_folder("patterns"), "patterns")))


def _catalogue(files: "Sequence[_File]") -> Catalogue:
    patterns: list[Pattern] = []
    problems: list[str] = []
    for file in files:
        found = _pattern(file)
        if isinstance(found, Pattern):
            patterns.append(found)
        else:
            problems += found
    problems += _doubled(patterns)
    if problems:
        raise CatalogueError("\n".join(problems))
    return Catalogue(
        patterns=tuple(sorted(patterns, key=lambda pattern: pattern.id)), version=_version(files)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _File:
    """A file of YAML: where it is, as told to the user, and what is in it."""

    name: str
    content: bytes

    @property
    def stem(self) -> str:
        return self.name.rpartition("/")[2].removesuffix(".yaml")

    @property
    def check(self) -> bool:
        return self.name.startswith("patterns/checks/")


def _files(folder: Traversable, name: str) -> Iterator[_File]:
    """Yield the pattern files below a folder, in the order of their names."""
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        path = f"{name}/{entry.name}"
        if entry.is_dir():
            yield from () if _leads_back(entry) else _files(entry, path)
        elif path not in _NO_PATTERNS and entry.name.endswith((".yaml", ".yml")):
            yield _File(name=path, content=_content(entry, path))


def _leads_back(folder: Traversable) -> bool:
    """Tell whether a folder is a link to one that it lies in."""
    if not isinstance(folder, Path) or not folder.is_symlink():
        return False
    return folder.resolve() in folder.parent.resolve().joinpath(folder.name).parents


def _content(file: Traversable, name: str) -> bytes:
    """Read a file; a device or a pipe has no end.

    Raises:
        CatalogueError: it is none, or far larger than any pattern.
    """
    if isinstance(file, Path) and file.exists() and not file.is_file():
        msg = f"{name}: not a file but a device or a pipe"
        raise CatalogueError(msg)
    with file.open("rb") as stream:
        content = stream.read(_LARGEST + 1)
    if len(content) > _LARGEST:
        msg = f"{name}: larger than any pattern: more than {_LARGEST:,} bytes"
        raise CatalogueError(msg)
    return content


def _extra_files(path: Path) -> list[_File]:
    """Return the user's pattern files; a path that gives none is a mistake worth telling."""
    try:
        if path.is_dir():
            found = list(_files(path, path.as_posix().rstrip("/")))
        else:
            found = [_File(name=path.as_posix(), content=_content(path, path.as_posix()))]
    except OSError as error:
        msg = f"{path}: cannot be read: {error.strerror}"
        raise CatalogueError(msg) from error
    if not found:
        msg = f"{path}: there is no pattern file (*.yaml) in this folder"
        raise CatalogueError(msg)
    return found


def _pattern(file: _File) -> Pattern | list[str]:
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
        return [
            f"{file.name}:{_told(document, fault)}" for fault in error.errors() if _counts(fault)
        ]
    faults = sorted((*document.place(path), what) for path, what in faults_of(parsed, file.stem))
    problems = [f"{file.name}:{line} {key}: {what}" for line, key, what in faults]
    return problems or built(file.name, parsed)


def _counts(fault: Mapping[str, Any]) -> bool:
    """Tell whether a fault is one by itself: a list whose items are faulty is not short, too."""
    return not (fault["type"] == "too_short" and fault["input"])


def _told(document: Document, fault: Mapping[str, Any]) -> str:
    """Put a fault that pydantic found into words, with its line."""
    line, key = document.place(tuple(part for part in fault["loc"] if part != "[key]"))
    where = f"{line} {key}"
    got = repr(fault["input"])[:60] if _means_a_pattern(document) else _kind(fault["input"])
    if fault["type"] == "missing":
        return f"{where}: the key is missing"
    if fault["type"] == "extra_forbidden":
        return f"{where}: unknown key"
    if fault["type"] == "literal_error":
        return f"{where}: expected one of {fault['ctx']['expected']}, got {got}"
    said = fault["msg"][0].lower() + fault["msg"][1:]
    return f"{where}: {said}, got {got}"


def _means_a_pattern(document: Document) -> bool:
    """Tell whether a file was written as a pattern: nothing of another one is told."""
    return isinstance(document.value, dict) and "id" in document.value


def _kind(value: object) -> str:
    match value:
        case str():
            return "text"
        case list():
            return "a list"
        case dict():
            return "keys with values"
        case _:
            return type(value).__name__


def _doubled(patterns: Sequence[Pattern]) -> list[str]:
    ids: dict[str, list[str]] = {}
    for pattern in patterns:
        ids.setdefault(pattern.id, []).append(pattern.file)
    return [f"{file}:1 {what}" for file, what in duplicates(ids)]


def _version(files: Sequence[_File]) -> str:
    """Return a short digest of names and contents."""
    digest = hashlib.sha256()
    for file in sorted(files, key=lambda file: file.name):
        name = file.name if file.name.startswith("patterns/") else file.name.rpartition("/")[2]
        digest.update(f"{name}\0{len(file.content)}\0".encode())
        digest.update(file.content)
    return digest.hexdigest()[:12]
