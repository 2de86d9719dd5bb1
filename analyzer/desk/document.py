"""A report.json as others left it: read with doubt, asked for by key."""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, TypeAlias

from analyzer.errors import UsageError

Document: TypeAlias = Mapping[str, Any]

# What is written beside a report.json, by its suffix.
_OTHERS = {".html": "a drawn page", ".cbtcase": "a case file"}
_NEEDED = ("outcomes", "bundles", "hosts", "pools", "disks", "plans")


def looks_like_a_report(path: Path) -> bool:
    """Tell whether a file is JSON rather than an archive, a folder or a log, by its first byte."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(64).lstrip()[:1] == b"{"


def report_at(path: Path) -> dict[str, Any]:
    """Return a report.json, or what ``--format json --stdout`` printed.

    Raises:
        UsageError: it cannot be read, is no JSON, or no report of a version that has what we need.
    """
    document = json_at(path)
    lacking = [key for key in _NEEDED if not isinstance(_mapping_or_none(document).get(key), list)]
    if lacking:
        msg = (
            f"{path}: it is no report.json of cbtriage, or of an older version "
            f"(without {', '.join(lacking)}); analyze the bundle again and give that report"
        )
        raise UsageError(msg)
    return dict(document)


def json_at(path: Path) -> Any:
    """Return what a JSON file holds.

    Raises:
        UsageError: it cannot be read or is no JSON; of what cbtriage writes beside a report.json
            it is said what it is, and what to give instead.
    """
    try:
        return json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        other = _OTHERS.get(path.suffix) if path.is_file() else None
        msg = f"{path}: it cannot be read as a report.json: {error}"
        if other is not None:
            beside = path.with_suffix(".json")
            which = beside if beside.is_file() else "the report.json that was written with it"
            msg = f"{path}: it is {other}, and no report.json: give {which}"
        raise UsageError(msg) from error


def rows(document: Document, key: str) -> tuple[Document, ...]:
    """Return the objects of a list, () where it is not there."""
    return tuple(row for row in _list_or_none(document.get(key)) if isinstance(row, Mapping))


def findings_of(document: Document) -> Iterator[Document]:
    """Yield the findings of all rules."""
    for outcome in rows(document, "outcomes"):
        yield from rows(outcome, "findings")


def instant(row: Document, key: str, *, end: str = "latest") -> datetime | None:
    """Return one end of an instant's range, None where it is not known."""
    said = _mapping_or_none(row.get(f"{key}_range")).get(end) or row.get(key)
    return datetime.fromisoformat(said) if isinstance(said, str) else None


def captured(document: Document) -> datetime | None:
    """Return when the last of its bundles was made, the latest that it can have been."""
    times = [instant(bundle, "captured_at") for bundle in rows(document, "bundles")]
    return max((time for time in times if time), default=None)


def _mapping_or_none(value: object) -> Document:
    return value if isinstance(value, Mapping) else {}


def _list_or_none(value: object) -> Sequence[object]:
    return value if isinstance(value, list) else ()
