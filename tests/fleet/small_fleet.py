"""A fleet of small cases, and a run over it that may lose a process."""

import multiprocessing
import os
import signal
from pathlib import Path

from analyzer.fleet.engine import Plan, Tally, run_fleet
from analyzer.fleet.sources import cases_of
from analyzer.fleet.store import Store

SAMPLES = Path(__file__).resolve().parents[2] / "sample_bundles"
LOG = "Nov 22 02:00:{:02d} jupiter SM: [{}] ***** LVHDSR: EXCEPTION <class 'Exception'>, no {}\n"
ONE = Plan(chunk=1, jobs=2)


def small_cases(folder: Path, count: int) -> Path:
    """Make small cases: a few lines of a log, of two customers."""
    for number in range(count):
        case = folder / ("acme" if number % 2 else "globex") / str(number)
        case.mkdir(parents=True)
        (case / "SMlog").write_text(LOG.format(number % 60, number, "luck"), encoding="utf-8")
    return folder


def run(source: Path, store: Path, plan: Plan = ONE, *, kill: bool = False) -> Tally:
    killed: list[int] = []

    def progress(_: Tally) -> None:
        if kill and not killed and (children := multiprocessing.active_children()):
            killed.append(children[0].pid or 0)
            os.kill(killed[0], signal.SIGKILL)

    return run_fleet(cases_of([str(source)]), Store.made(store), plan, progress)
