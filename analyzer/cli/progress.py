"""Show how far reading is: a bar on a terminal, a plain line every tenth in a pipe."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from analyzer.bundle.archive import Progress

if TYPE_CHECKING:
    from rich.progress import Progress as Bar

Watcher = Callable[[Progress], None]


@contextmanager
def watching(*, quiet: bool) -> Iterator[Watcher | None]:
    """Give a function that shows progress on standard error, None when quiet."""
    if quiet:
        yield None
    elif sys.stderr.isatty():
        with _bar() as bar:
            yield _on(bar)
    else:
        yield PlainLines()


def _bar() -> "Bar":
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        TextColumn,
        TimeElapsedColumn,
        TransferSpeedColumn,
    )
    from rich.progress import (
        Progress as Bar,
    )

    return Bar(
        TextColumn("reading"),
        BarColumn(bar_width=24),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[member]}", markup=False),
        console=Console(stderr=True),
        transient=True,
    )


def _on(bar: "Bar") -> Watcher:
    task = bar.add_task("", total=None, member="")

    def show(progress: Progress) -> None:
        bar.update(
            task, completed=progress.done, total=progress.total, member=progress.member[-48:]
        )

    return show


class PlainLines:
    """Print ``reading: 30 % var/log/SMlog`` when another tenth (or 64 MiB) has been read."""

    def __init__(self) -> None:
        self._shown = -1

    def __call__(self, progress: Progress) -> None:
        """Print a line if there is news."""
        step = 10 * progress.done // progress.total if progress.total else progress.done >> 26
        if step == self._shown:
            return
        self._shown = step
        amount = f"{10 * step} %" if progress.total else f"{progress.done >> 20} MiB"
        sys.stderr.write(f"reading: {amount} {progress.member}\n")
