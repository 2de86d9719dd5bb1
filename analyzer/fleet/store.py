"""The folder of a fleet: ``tables/NAME/TASK.parquet``, and ``done/TASK.json`` when all are there.

A task is done when its mark is: what a run that was killed left behind is written over by the
next. A case that was analyzed again stands in a later task; only the latest counts.
"""

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from analyzer import __version__
from analyzer.errors import UsageError
from analyzer.fleet.tables import TABLES, Rows
from analyzer.values import dataclass

_MARK = "cbtriage fleet"


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """A mark: which task, the how manieth it was, and the state of each of its cases."""

    task: str
    number: int
    cases: Mapping[str, str]


class Store:
    """A fleet's folder.

    Raises:
        UsageError: the folder holds something else, or cannot be written.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._done = sorted(self._marks_of_done(), key=lambda done: done.number)

    @classmethod
    def made(cls, folder: Path) -> "Store":
        """Return the store in a folder, which is made if it is not there."""
        try:
            if folder.exists() and any(folder.iterdir()) and not (folder / "done").is_dir():
                msg = f"{folder}: it is no fleet of cbtriage; give an empty or a new folder with -o"
                raise UsageError(msg)
            for part in ("done", *(f"tables/{name}" for name in TABLES)):
                (folder / part).mkdir(parents=True, exist_ok=True)
        except OSError as error:
            msg = f"{folder}: it cannot be written ({error.strerror}); give another folder with -o"
            raise UsageError(msg) from error
        return cls(folder)

    @property
    def states(self) -> Mapping[str, str]:
        """Return the state that each case was analyzed in last."""
        return {case: state for done in self._done for case, state in done.cases.items()}

    @property
    def current(self) -> Mapping[str, str]:
        """Return the task in which each case stands that counts."""
        return {case: done.task for done in self._done for case in done.cases}

    def files(self, table: str) -> list[str]:
        """Return the files of a table, of tasks that are done."""
        paths = (self._folder / "tables" / table / f"{done.task}.parquet" for done in self._done)
        return [str(path) for path in paths if path.is_file()]

    def keep(self, task: str, states: Mapping[str, str], made: list[tuple[str, Rows]]) -> None:
        """Write the rows of a task's cases, one file per table, and then its mark."""
        for name, columns in TABLES.items():
            rows = [
                {"case": case, "task": task, **row}
                for case, tables in made
                for row in tables.get(name, ())
            ]
            if rows:
                write_path = self._folder / "tables" / name / f"{task}.parquet"
                # Return rows as a table; a text that is no UTF-8 gets its odd characters replaced.
                clean = [
                    {
                        key: value.encode("utf-8", "replace").decode()
                        if isinstance(value, str)
                        else value
                        for key, value in row.items()
                    }
                    for row in rows
                ]
                table = pa.Table.from_pylist(clean, schema=columns)
                write_part = write_path.with_suffix(f".{os.getpid()}.part")
                pq.write_table(table, write_part, compression="zstd")
                write_part.replace(write_path)
        number = self._done[-1].number + 1 if self._done else 1
        mark = {"what": _MARK, "version": __version__, "number": number, "cases": dict(states)}
        path = self._folder / "done" / f"{task}.json"
        part = path.with_suffix(".part")
        part.write_text(json.dumps(mark), encoding="utf-8")
        part.replace(path)
        self._done.append(Done(task=task, number=number, cases=states))

    def _marks_of_done(self) -> Iterator[Done]:
        for path in sorted((self._folder / "done").glob("*.json")):
            try:
                mark: dict[str, Any] = json.loads(path.read_text("utf-8"))
                yield Done(task=path.stem, number=int(mark["number"]), cases=mark["cases"])
            except (OSError, ValueError, KeyError, TypeError) as error:
                msg = f"{path}: it is no mark of cbtriage fleet ({error}); delete it and run again"
                raise UsageError(msg) from error
