"""What tells the inputs of a run from others, and whether they are still what they were."""

import hashlib
import os
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

_RACY = 2_000_000_000  # ns: a file changed so shortly before may change again within its stamp


def name_of(path: Path) -> str:
    """Return what an input is called, whichever way it was given."""
    return path.resolve().name if path.is_dir() else path.name


def inputs_of(paths: Sequence[Path]) -> list[dict[str, Any]] | None:
    """Return what tells these inputs from others: names, sizes, times and SHA-256.

    Of a folder the list of its files with their sizes and times stands for their content. None
    for what can be read once only: standard input, a pipe.
    """
    if not all(path.is_dir() or path.is_file() for path in paths):
        return None
    try:
        return [_input_of(path) for path in sorted(paths, key=name_of)]
    except OSError:
        return None


def _input_of(path: Path) -> dict[str, Any]:
    if path.is_dir():
        return {"name": path.resolve().name, "folder": _listing(path)}
    status = path.stat()
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return {
        "name": path.name,
        "size": status.st_size,
        "mtime": status.st_mtime_ns,
        "sha256": digest,
    }


def _listing(path: Path) -> str:
    """Return the SHA-256 of the names, sizes and times of all files of a folder."""
    digest = hashlib.sha256()
    for parent, folders, names in os.walk(path):
        folders.sort()
        for name in sorted(names):
            file = Path(parent, name)
            status = file.lstat()
            line = f"{file.relative_to(path)}\0{status.st_size}\0{status.st_mtime_ns}\n"
            digest.update(line.encode(errors="surrogateescape"))
    return digest.hexdigest()


def unchanged(path: Path, told: Mapping[str, Any], made: int) -> bool:
    """Tell whether a path has what it had; it is read again only where its time does not tell."""
    if path.is_dir():
        return "folder" in told and _listing(path) == told["folder"]
    status = path.stat()
    if "size" not in told or status.st_size != told["size"]:
        return False
    if status.st_mtime_ns == told["mtime"] and status.st_mtime_ns + _RACY < made:
        return True
    return bool(_input_of(path)["sha256"] == told["sha256"])


def unchanged_since(inputs: Sequence[Mapping[str, Any]], paths: Sequence[Path]) -> bool:
    """Tell whether the inputs are still what they were before they were read."""
    told = zip(sorted(paths, key=name_of), inputs, strict=True)
    with suppress(OSError):
        return all(unchanged(path, each, time.time_ns()) for path, each in told)
    return False
