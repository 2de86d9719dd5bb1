"""Show how far a run is: one bar over all its stages, on a terminal; elsewhere nothing."""

import importlib.util
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType
from typing import TYPE_CHECKING

from analyzer.bundle.archive import Progress
from analyzer.cli.output import note

if TYPE_CHECKING:
    from rich.progress import Progress as Bar

Watcher = Callable[[Progress], None]

# Where each stage begins, in hundredths of a run, as measured on 50 MB of logs of a pool that is
# backed up all day (docs/benchmarks.md); of a pool with several reports the later ones come again.
STAGES: Mapping[str, int] = MappingProxyType(
    {"reading": 0, "dating": 55, "rebuilding": 65, "judging": 75, "writing": 90}
)
_READ = STAGES["dating"]


@contextmanager
def watching(*, quiet: bool) -> Iterator[Watcher | None]:
    """Give a function that shows progress on standard error, None where that is no terminal."""
    if not quiet and importlib.util.find_spec("rapidgzip") is None:
        note("rapidgzip is not installed: bzip2 is read on one core, at a third of the speed")
    if quiet or not sys.stderr.isatty():
        yield None
    else:
        from rich.console import Console
        from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeElapsedColumn
        from rich.progress import Progress as Bar

        bar = Bar(
            TextColumn("{task.fields[stage]}"),
            BarColumn(bar_width=24),
            TaskProgressColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.fields[member]}", markup=False),
            console=Console(stderr=True),
            transient=True,
        )
        try:
            yield _shown_on(bar)
        finally:
            bar.stop()


def told_to_write(watcher: Watcher | None) -> None:
    """Tell that all is judged, and the files are being made."""
    if watcher is not None:
        watcher(Progress(done=0, total=None, member="", stage="writing"))


def _shown_on(bar: "Bar") -> Watcher:
    """Return what shows progress; the bar's thread begins with the first, behind all forks."""
    task = bar.add_task("", total=100, member="", stage="reading")

    def show(progress: Progress) -> None:
        if not bar.live.is_started:
            bar.start()
        bar.update(
            task,
            completed=share_done(progress),
            stage=progress.stage,
            member=progress.member[-48:],
        )

    return show


def share_done(progress: Progress) -> float:
    """Return how much of the run is behind us, in hundredths.

    >>> share_done(Progress(done=1, total=2, member="", stage="reading"))
    27.5
    """
    if progress.stage != "reading" or not progress.total:
        return float(STAGES[progress.stage])
    return _READ * min(progress.done / progress.total, 1)
