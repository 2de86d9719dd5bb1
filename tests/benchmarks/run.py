"""Measure `cbtriage analyze` against what people do without: ``python -m tests.benchmarks.run``.

That is to unpack a report, and to unpack it and search it for the same signatures. All read the
same generated status report, in turn, several times; before that cbtriage reads it once, so that
Python has compiled it. Printed are the medians, their ratios to ``tar`` and the peak memory; nothing
is asserted, because a machine may be busy. Processor seconds are of all processes that a program
starts: on a busy machine they tell more than the clock.

The report is as hosts write it (`tests.benchmarks.realistic`), or with ``--backups`` of nothing but
nights of backups (`tests.benchmarks.generate`): more is kept of it than of any that somebody sends.
"""

import argparse
import os
import re
import shlex
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from analyzer.parsers.scan.match import loosened
from analyzer.rules.load import load_catalogue

MB = 1_000_000
AIM = "aim: wall at most that of tar, processor at most 2.2 times, at most 500 MB"


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One measured process: wall and processor seconds, peak memory in bytes, exit status."""

    seconds: float
    processor: float
    peak: int
    status: int


def main(arguments: Sequence[str] | None = None) -> None:
    """Generate the report, unless one is given, and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bundle", type=Path, help="a status report (tar.bz2) to use instead")
    parser.add_argument("--size", type=int, default=100, metavar="MB", help="bytes of logs")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--backups", action="store_true", help="generate nights of backups only")
    chosen = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        made = folder / "bundle.tar.bz2"
        bundle = chosen.bundle or _generated(made, chosen.size, backups=chosen.backups)
        _say(f"{bundle.name}: {bundle.stat().st_size / MB:.1f} MB compressed")
        commands = _commands(bundle, folder)
        runs: dict[str, list[Run]] = {program: [] for program in commands}
        measure(commands["cbtriage"])
        for number in range(chosen.rounds):
            for program, argv in commands.items():
                runs[program].append(measure(argv))
                _say(f"round {number + 1}  {_shown(program, runs[program][-1])}")
    _summary(runs)


def _commands(bundle: Path, folder: Path) -> dict[str, list[str]]:
    """Return what is measured, as far as it is installed."""
    patterns = folder / "patterns"
    patterns.write_text("\n".join(_signatures()) + "\n", encoding="utf-8")
    name, file = shlex.quote(str(bundle)), shlex.quote(str(patterns))
    commands = {"tar": ["tar", "xjf", str(bundle), "-O"]}
    if shutil.which("lbzip2"):
        commands["lbzip2"] = ["sh", "-c", f"lbzip2 -dc {name} | tar x -O"]
    commands["grep"] = ["sh", "-c", f"tar xjf {name} -O | LC_ALL=C grep -a -E -f {file}"]
    commands["cbtriage"] = [
        *(sys.executable, "-m", "analyzer", "analyze", str(bundle)),
        *("--quiet", "-o", str(folder / "report")),
    ]
    return commands


def _signatures() -> list[str]:
    """Return the patterns of all selectors as grep takes them; the few that it cannot are left out."""
    found = set()
    for selector in load_catalogue().selectors:
        pattern = loosened(selector.message).replace("(?:)", "").replace("(?:", "(")
        pattern = re.sub(r"(?<=[*+?}])\?", "", pattern).replace(r"\d", "[0-9]")
        if pattern and "(?" not in pattern:
            found.add(pattern)
    return sorted(found)


def measure(argv: Sequence[str]) -> Run:
    """Run a program with its output thrown away, and measure it."""
    quiet = [(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)]
    start = time.perf_counter()
    # Whoever installs cbtriage has it compiled.
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    pid = os.posix_spawnp(argv[0], list(argv), environment, file_actions=quiet)
    _, status, usage = os.wait4(pid, 0)
    seconds = time.perf_counter() - start
    unit = 1 if sys.platform == "darwin" else 1024  # ru_maxrss is in KiB on Linux
    return Run(
        seconds=seconds,
        processor=usage.ru_utime + usage.ru_stime,
        peak=usage.ru_maxrss * unit,
        status=os.waitstatus_to_exitcode(status),
    )


def _generated(target: Path, size: int, *, backups: bool) -> Path:
    """Generate the report in a process of its own.

    Linux hands a process's peak memory on to what it starts: this one has to stay small.
    """
    module = f"tests.benchmarks.{'generate' if backups else 'realistic'}"
    argv = [sys.executable, "-m", module, str(target), "--size", str(size)]
    subprocess.run(argv, check=True, stdout=subprocess.DEVNULL)
    return target


def _summary(runs: dict[str, list[Run]]) -> None:
    tar = _median(runs["tar"])
    for program, results in runs.items():
        seconds, processor, peak = _median(results)
        _say(
            f"{program:<9}{seconds:7.2f} s wall ({seconds / tar[0]:4.1f} x)"
            f"{processor:7.2f} s processor ({processor / tar[1]:4.1f} x)  {peak / MB:5.0f} MB"
        )
    _say(AIM)
    if any(run.status > 1 for run in runs["cbtriage"]):
        _say("cbtriage did not end well; its times mean nothing")


def _median(results: Sequence[Run]) -> tuple[float, float, int]:
    """Return the median of wall and processor seconds, and the highest peak."""
    return (
        statistics.median(run.seconds for run in results),
        statistics.median(run.processor for run in results),
        max(run.peak for run in results),
    )


def _shown(program: str, run: Run) -> str:
    memory = f"{run.peak / MB:4.0f} MB"
    times = f"{run.seconds:6.2f} s wall {run.processor:6.2f} s processor"
    return f"{program:<9}{times}  {memory}  exit {run.status}"


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
