"""Does any stage cost more than its share as a pool grows? ``python -m tests.benchmarks.scaling``.

A report is made at 1, 4 and 16 times a size, in one kind of growth after the other, and analyzed.
Measured are the processor's seconds of each stage and of each rule, in this process, so a busy
machine says the same. From the last step of growth follows the exponent: 1 is linear, 2 quadratic.
What is above the limit, when measured twice, makes the exit status 1; what takes next to no time
is not judged.
"""

import argparse
import gc
import math
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import Mock, patch

import pandas as pd  # once, whatever the size: not a cost of the stage that first needs it

from analyzer import judging
from analyzer import run as analysis
from analyzer.case import assemble
from analyzer.checks import checks
from analyzer.cli.case_making import case_begun, case_made
from analyzer.rebuilt.calls import attachments, operations
from analyzer.rebuilt.cbt import history
from analyzer.render import FORMATS
from analyzer.render.html import html
from analyzer.story.pages import Judged
from analyzer.story.timeline.lines import told_of
from tests.benchmarks.growth import GROWTHS

LIMIT = 1.25
NOISE = 0.4  # seconds below which a stage is not judged
STEPS = (1, 4, 16)
STAGES = (
    (analysis, "read_all"),
    (analysis, "assemble"),
    (assemble, "compare_clocks"),
    (assemble, "holes"),
    (operations, "operations_of"),
    (history, "rebuild"),
    (attachments, "attachments_of"),
    (analysis, "outcomes_of"),
    (judging, "judge"),
    (judging, "conclude"),
    (analysis, "find_causes"),
    (analysis, "plan_all"),
    (analysis, "happenings"),
    (analysis, "incidents"),
    (analysis, "disk_views"),
    (analysis, "nbd_views"),
    (analysis, "backup_runs"),
    (analysis, "error_groups"),
)

Costs = Mapping[str, float]


def main(arguments: Sequence[str] | None = None) -> int:
    """Grow, measure and judge; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kinds", nargs="*", metavar="KIND", help=f"of {', '.join(GROWTHS)}")
    chosen = parser.parse_args(arguments)
    steep = 0
    gc.set_threshold(200_000, 50, 100)  # as the command line does
    pd.DataFrame({"loaded": [0]}).sort_values("loaded")
    for kind in chosen.kinds or GROWTHS:
        base, grow = GROWTHS[kind]
        measured = [_measured(grow, base * step) for step in STEPS]
        if any(exponent > LIMIT for _, exponent, _ in _exponents(measured)):
            # A collection of garbage falls on some stage: what is steep twice is steep.
            again = [_measured(grow, base * step) for step in STEPS]
            measured = [
                {stage: min(cost, other.get(stage, cost)) for stage, cost in one.items()}
                for one, other in zip(measured, again, strict=True)
            ]
        for stage, exponent, cost in _exponents(measured):
            bad = exponent > LIMIT
            steep += bad
            _say(f"{kind:<16}{stage:<34}{cost:7.2f} s  exponent {exponent:4.2f}{bad * '  steep'}")
    return 1 if steep else 0


def _exponents(measured: Sequence[Costs]) -> Iterator[tuple[str, float, float]]:
    """Yield (stage, exponent of the last step, cost at the last), the dearest first."""
    before, last = measured[-2:]
    for stage, cost in sorted(last.items(), key=lambda item: -item[1]):
        if cost >= NOISE:
            ratio = cost / max(before.get(stage, 0.0), NOISE / 16)
            yield stage, math.log(ratio, STEPS[-1] / STEPS[-2]), cost


def _measured(grow: Callable[[Path, int], Path], size: int) -> Costs:
    """Return the seconds of each stage on a report of one size."""
    with tempfile.TemporaryDirectory() as name:
        bundle = grow(Path(name), size)
        costs: dict[str, float] = defaultdict(float)
        with _stages(costs):
            start = time.process_time()
            case, report = analysis.load_case([bundle])
            costs["all"] = time.process_time() - start
        with _timed(costs, "case file"):
            own = Judged(case, report)
            lines = case_begun(case, usual=True)
            lines.tell(told_of(case, report))
            case_made(own, (), usual=True, drawn=dict, beginning=lines)
        for form in FORMATS:
            drawn = Mock(wraps=html._page_of)  # noqa: SLF001
            with patch.object(html, "_page_of", drawn), _timed(costs, f"render {form.name}"):
                form.render(report)
            # A page that is too large is drawn again with less of each list, six times at most.
            costs[f"render {form.name}"] /= max(drawn.call_count, 1)
    return costs


@contextmanager
def _stages(costs: dict[str, float]) -> Iterator[None]:
    """Measure the stages and the rules of a run while the context is open."""
    own = [(module, name, getattr(module, name)) for module, name in STAGES]
    for module, name, stage in own:
        setattr(module, name, _watched(costs, name, stage))
    known = checks()
    own.append((judging, "checks", checks))
    judging.__dict__["checks"] = lambda: {
        rule: _watched(costs, rule, lambda *about, ask=check: tuple(ask(*about)))
        for rule, check in known.items()
    }
    try:
        yield
    finally:
        for module, name, stage in own:
            setattr(module, name, stage)


def _watched(
    costs: dict[str, float], name: str, stage: Callable[..., object]
) -> Callable[..., object]:
    def watched(*args: object, **kwargs: object) -> object:
        with _timed(costs, name):
            return stage(*args, **kwargs)

    return watched


@contextmanager
def _timed(costs: dict[str, float], name: str) -> Iterator[None]:
    start = time.process_time()
    yield
    costs[name] += time.process_time() - start


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
