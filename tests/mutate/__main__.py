"""Damage all samples in all ways: ``python -m tests.mutate [SAMPLE …]``; exit 1 if any got worse."""

import sys
from collections import Counter
from concurrent.futures import ProcessPoolExecutor

from tests.mutate.judge import Damaged, Verdicts, all_damages, judge


def main(samples: list[str]) -> int:
    """Judge every damage, print what got worse and the counts."""
    asked = [one for one in all_damages() if not samples or one.sample in samples]
    done: Counter[str] = Counter()
    worse: Counter[str] = Counter()
    with ProcessPoolExecutor() as pool:
        for damaged, verdicts in zip(asked, pool.map(judge, asked, chunksize=20), strict=True):
            done[damaged.damage.kind.value] += 1
            if not verdicts.good:
                worse[damaged.damage.kind.value] += 1
                _tell(damaged, verdicts)
    for kind, count in sorted(done.items()):
        sys.stdout.write(f"{kind}: {count} damages, {worse[kind]} got worse\n")
    sys.stdout.write(f"{sum(worse.values())} of {len(asked)} damages got worse\n")
    return 1 if worse else 0


def _tell(damaged: Damaged, verdicts: Verdicts) -> None:
    rows = (("lost", verdicts.lost), ("new", verdicts.new), ("failed", verdicts.failed))
    for word, items in rows:
        for item in items:
            sys.stdout.write(f"{damaged.where}: {word}: {item}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
