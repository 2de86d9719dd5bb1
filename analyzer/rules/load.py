"""Read the pattern files: data only, every fault of every file named with its line."""

import hashlib
from collections.abc import Iterator, Sequence
from functools import cache
from importlib import import_module
from importlib.resources.abc import Traversable
from pathlib import Path

from analyzer.compiled_table import compiled
from analyzer.errors import CatalogueError
from analyzer.resources import folder as data_folder
from analyzer.rules.pattern import Catalogue
from analyzer.values import dataclass

__all__ = ["Catalogue", "PatternText", "load_catalogue"]

_LARGEST = 1 << 20  # bytes of a file
# What checks a pattern and makes a value of it.
_CODE = (
    *(
        f"rules/{name}.py"
        for name in ("_build", "_format", "_meaning", "catalogue_file", "pattern")
    ),
    *(f"model/{name}.py" for name in ("finding", "goal", "host", "rpm", "rule", "sentence")),
    *("parsers/_api.py", "sources.py", "yaml_file.py"),
)
_NO_PATTERNS = ("patterns/causes.yaml", "patterns/defects.yaml", "patterns/error_codes.yaml")


def load_catalogue(folder: Traversable | None = None, extra: Sequence[Path] = ()) -> Catalogue:
    """Load the shipped patterns (or those of `folder`), and the user's files and folders.

    Raises:
        CatalogueError: one or more files are not as they should be; the text names them all.
    """
    if folder is None and not extra:
        return _shipped_catalogue()
    files = list(_files_of_folder(folder or data_folder("patterns"), "patterns"))
    for path in extra:
        # The user's pattern files; a path that gives none is a mistake worth telling.
        try:
            if path.is_dir():
                found = list(_files_of_folder(path, path.as_posix().rstrip("/")))
            else:
                found = [
                    PatternText(name=path.as_posix(), content=_content_of(path, path.as_posix()))
                ]
        except OSError as error:
            msg = f"{path}: cannot be read: {error.strerror}"
            raise CatalogueError(msg) from error
        if not found:
            msg = f"{path}: there is no pattern file (*.yaml) in this folder"
            raise CatalogueError(msg)
        files += found
    return _catalogue_read(files)


@cache  # what was installed stays as it is while we run
def _shipped_catalogue() -> Catalogue:
    files = tuple(_files_of_folder(data_folder("patterns"), "patterns"))
    content = (part for file in files for part in (file.name.encode(), file.content))
    return compiled("catalogue", Catalogue, content, _CODE, lambda: _catalogue_read(files))


def _catalogue_read(files: "Sequence[PatternText]") -> Catalogue:
    reader = import_module("analyzer.rules.catalogue_file")  # pydantic: only where it is needed
    # A short digest of names and contents.
    digest = hashlib.sha256()
    for file in sorted(files, key=lambda file: file.name):
        name = file.name if file.name.startswith("patterns/") else file.name.rpartition("/")[2]
        digest.update(f"{name}\0{len(file.content)}\0".encode())
        digest.update(file.content)
    catalogue: Catalogue = reader.read_catalogue(files, digest.hexdigest()[:12])
    return catalogue


@dataclass(frozen=True, slots=True, kw_only=True)
class PatternText:
    """A file of YAML: where it is, as told to the user, and what is in it."""

    name: str
    content: bytes

    @property
    def stem(self) -> str:
        """Return the id that a pattern in it must have."""
        return self.name.rpartition("/")[2].removesuffix(".yaml")

    @property
    def check(self) -> bool:
        """Tell whether it is the text of a check."""
        return self.name.startswith("patterns/checks/")


def _files_of_folder(
    folder: Traversable, name: str, seen: set[Path] | None = None
) -> Iterator[PatternText]:
    """Yield the pattern files below a folder, in the order of their names.

    A folder is read once, by whichever links: two that link to each other have no end.
    """
    seen = set() if seen is None else seen
    if isinstance(folder, Path):
        seen.add(folder.resolve())
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        path = f"{name}/{entry.name}"
        if entry.is_dir():
            again = isinstance(entry, Path) and entry.resolve() in seen
            yield from () if again else _files_of_folder(entry, path, seen)
        elif path not in _NO_PATTERNS and entry.name.endswith((".yaml", ".yml")):
            yield PatternText(name=path, content=_content_of(entry, path))


def _content_of(file: Traversable, name: str) -> bytes:
    """Read a file; a device or a pipe has no end.

    Raises:
        CatalogueError: it is none, or far larger than any pattern.
    """
    if isinstance(file, Path) and not file.is_file() and file.exists():
        msg = f"{name}: not a file but a device or a pipe"
        raise CatalogueError(msg)
    with file.open("rb") as stream:
        content = stream.read(_LARGEST + 1)
    if len(content) > _LARGEST:
        msg = f"{name}: larger than any pattern: more than {_LARGEST:,} bytes"
        raise CatalogueError(msg)
    return content
