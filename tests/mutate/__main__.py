"""Damage samples in all ways: ``python -m tests.mutate``; exit 1 if anything got worse."""

import argparse
import sys
import threading
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from analyzer.bundle.budget import cores
from tests.mutate.judge import Damaged, Verdicts, all_damages
from tests.mutate.results import Results
from tests.mutate.worker import Worker
from tests.world.recipes import RECIPES


def main() -> int:
    """Judge damages in a shuffled, fixed order; print what got worse, and the counts."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("samples", nargs="*", metavar="SAMPLE", help="all of them by default")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="stop after so long")
    parser.add_argument("--jobs", type=int, default=cores(), help="one for each core by default")
    parser.add_argument("--results", type=Path, help="a file to note answers in, and to go on from")
    parser.add_argument("--again", action="store_true", help="judge again what got worse")
    chosen = parser.parse_args()
    names = chosen.samples or [recipe.name for recipe in RECIPES]
    asked = [damaged for name in names for damaged in all_damages(name)]
    results = Results(chosen.results)
    redo = (None, False) if chosen.again else (None,)
    left = [damaged for damaged in _spread(asked) if results.good(damaged) in redo]
    _judge_all(left, results, chosen.jobs, until=time.monotonic() + chosen.seconds)
    return _tell_all(results, len(asked))


def _spread(asked: Sequence[Damaged]) -> list[Damaged]:
    """Return all of them in an order of which every beginning has all kinds and samples."""
    step = 7919  # a prime that divides no number of damages
    return [asked[place * step % len(asked)] for place in range(len(asked))]


def _judge_all(asked: Sequence[Damaged], results: Results, jobs: int, *, until: float) -> None:
    """Judge by so many processes; when the time is up nothing more is begun."""
    left, lock = iter(asked), threading.Lock()

    def judge_some() -> None:
        worker = Worker()
        while time.monotonic() < until:
            with lock:
                damaged = next(left, None)
            if damaged is None:
                break
            judged = worker.judge(damaged)
            with lock:
                results.add(damaged, judged)
                if not judged.verdicts.good:
                    _tell(damaged.where, judged.verdicts)
        worker.close()

    with ThreadPoolExecutor(jobs) as pool:
        for each in [pool.submit(judge_some) for _ in range(jobs)]:
            each.result()


def _tell_all(results: Results, known: int) -> int:
    counts: dict[str, Counter[str]] = {}
    for _, kind, verdicts in results.rows():
        count = counts.setdefault(kind, Counter())
        count["done"] += 1
        count["untold"] += verdicts.untold
        count["doubted"] += verdicts.doubted
        count["worse"] += not verdicts.good
    for kind, count in sorted(counts.items()):
        told = (
            f"{count['worse']} got worse, of {count['untold']} nothing can tell, "
            f"{count['doubted']} made a finding that doubts its lines"
        )
        sys.stdout.write(f"{kind}: {count['done']} damages, {told}\n")
    done, worse = (sum(count[word] for count in counts.values()) for word in ("done", "worse"))
    sys.stdout.write(f"{worse} of {done} damages got worse ({known} are known)\n")
    return 1 if worse else 0


def _tell(where: str, verdicts: Verdicts) -> None:
    rows = (
        ("lost", verdicts.lost),
        ("new", verdicts.new),
        ("failed", verdicts.failed),
        ("silent", verdicts.silent),
    )
    for word, items in rows:
        for item in items:
            sys.stdout.write(f"{where}: {word}: {item}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
