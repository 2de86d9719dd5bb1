"""Damage samples in all ways: ``python -m tests.mutate``; exit 1 if anything got worse."""

import argparse
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor

from tests.mutate.judge import Damaged, Verdicts, all_damages, judge
from tests.world.recipes import RECIPES


def main() -> int:
    """Judge damages in a shuffled, fixed order; print what got worse, and the counts."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("samples", nargs="*", metavar="SAMPLE", help="all of them by default")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="stop after so long")
    parser.add_argument("--jobs", type=int, default=None, help="one for each core by default")
    chosen = parser.parse_args()
    names = chosen.samples or [recipe.name for recipe in RECIPES]
    asked = [damaged for name in names for damaged in all_damages(name)]
    counts: dict[str, Counter[str]] = {}
    for damaged, verdicts in _judged(_spread(asked), chosen.jobs, chosen.seconds):
        count = counts.setdefault(damaged.kind.value, Counter())
        count["done"] += 1
        count["untold"] += verdicts.untold
        count["worse"] += not verdicts.good
        if not verdicts.good:
            _tell(damaged, verdicts)
    for kind, count in sorted(counts.items()):
        told = f"{count['worse']} got worse, of {count['untold']} nothing can tell"
        sys.stdout.write(f"{kind}: {count['done']} damages, {told}\n")
    done, worse = (sum(count[word] for count in counts.values()) for word in ("done", "worse"))
    sys.stdout.write(f"{worse} of {done} damages got worse ({len(asked)} are known)\n")
    return 1 if worse else 0


def _spread(asked: Sequence[Damaged]) -> list[Damaged]:
    """Return all of them in an order of which every beginning has all kinds and samples."""
    step = 7919  # a prime that divides no number of damages
    return [asked[place * step % len(asked)] for place in range(len(asked))]


def _judged(
    asked: Sequence[Damaged], jobs: int | None, seconds: float
) -> Iterator[tuple[Damaged, Verdicts]]:
    """Yield the verdicts; after so many seconds nothing more is begun."""
    until = time.monotonic() + seconds
    chunk = 200
    if jobs == 1:
        for damaged in asked:
            if time.monotonic() > until:
                return
            yield damaged, judge(damaged)
        return
    with ProcessPoolExecutor(jobs) as pool:
        for start in range(0, len(asked), chunk):
            if time.monotonic() > until:
                return
            part = asked[start : start + chunk]
            yield from zip(part, pool.map(judge, part, chunksize=20), strict=True)


def _tell(damaged: Damaged, verdicts: Verdicts) -> None:
    rows = (
        ("lost", verdicts.lost),
        ("new", verdicts.new),
        ("failed", verdicts.failed),
        ("silent", verdicts.silent),
    )
    for word, items in rows:
        for item in items:
            sys.stdout.write(f"{damaged.where}: {word}: {item}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
