"""A file of answers, one a line: a long run goes on where it ended."""

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tests.mutate.judge import Damaged, Judged, Verdicts

_LISTS = ("lost", "new", "failed", "silent")
_TOLD = ("untold", "doubted")


class Results:
    """What is known of each damage, by its words; ``path`` None keeps nothing for another run."""

    def __init__(self, path: Path | None) -> None:
        self._rows: dict[str, tuple[str, Verdicts]] = {}
        self._path = path
        known = path.read_text().splitlines() if path is not None and path.exists() else ()
        for row in map(json.loads, known):
            lists: dict[str, Any] = {name: tuple(row[name]) for name in _LISTS}
            lists |= {name: row.get(name, False) for name in _TOLD}
            self._rows[row["where"]] = (row["kind"], Verdicts(**lists))

    def add(self, damaged: Damaged, judged: Judged) -> None:
        """Remember an answer, and write it down at once."""
        self._rows[damaged.where] = (damaged.kind.value, judged.verdicts)
        if self._path is not None:
            row = {"where": damaged.where, "kind": damaged.kind.value, **asdict(judged.verdicts)}
            row |= {"again": judged.again, "seconds": round(judged.seconds, 2)}
            with self._path.open("a") as file:
                file.write(json.dumps(row) + "\n")

    def good(self, damaged: Damaged) -> bool | None:
        """Tell whether nothing got worse by a damage, None where that is not known."""
        row = self._rows.get(damaged.where)
        return row[1].good if row is not None else None

    def rows(self) -> Iterator[tuple[str, str, Verdicts]]:
        """Yield the damage, its kind and what became of it."""
        for where, (kind, verdicts) in self._rows.items():
            yield where, kind, verdicts
