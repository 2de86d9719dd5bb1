"""What the paths of a run are called."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from analyzer.bundle.names import printable

STDIN = Path("-")


def named_paths(paths: Sequence[Path]) -> dict[Path, str]:
    """Return a name for each path, once: its last part, with a number where that is taken."""
    taken: Counter[str] = Counter()
    names = {}
    for path in dict.fromkeys(paths):
        name = "stdin" if path == STDIN else printable(path.resolve().name)
        taken[name] += 1
        names[path] = name if taken[name] == 1 else f"{name} ({taken[name]})"
    return names
