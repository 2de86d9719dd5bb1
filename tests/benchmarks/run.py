"""Measure `cbtriage analyze` against `tar xjf`: ``python -m tests.benchmarks.run``.

Both read the same generated status report, in turn, several times. Printed are the median times,
their ratio and the peak memory; nothing is asserted, because a machine may be busy.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

MB = 1_000_000
AIM = "aim: at most 1.5 times tar, at most 500 MB"


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
    chosen = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        bundle = chosen.bundle or _generated(folder / "bundle.tar.bz2", chosen.size)
        _say(f"{bundle.name}: {bundle.stat().st_size / MB:.1f} MB compressed")
        commands = {
            "tar": ["tar", "xjf", str(bundle), "-O"],
            "cbtriage": [
                *(sys.executable, "-m", "analyzer", "analyze", str(bundle)),
                *("--quiet", "-o", str(folder / "report")),
            ],
        }
        runs: dict[str, list[Run]] = {program: [] for program in commands}
        for number in range(chosen.rounds):
            for program, argv in commands.items():
                runs[program].append(measure(argv))
                _say(f"round {number + 1}  {_shown(program, runs[program][-1])}")
    _summary(runs)


def measure(argv: Sequence[str]) -> Run:
    """Run a program with its output thrown away, and measure it."""
    quiet = [(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)]
    start = time.perf_counter()
    pid = os.posix_spawnp(argv[0], list(argv), os.environ, file_actions=quiet)
    _, status, usage = os.wait4(pid, 0)
    seconds = time.perf_counter() - start
    unit = 1 if sys.platform == "darwin" else 1024  # ru_maxrss is in KiB on Linux
    return Run(
        seconds=seconds,
        processor=usage.ru_utime + usage.ru_stime,
        peak=usage.ru_maxrss * unit,
        status=os.waitstatus_to_exitcode(status),
    )


def _generated(target: Path, size: int) -> Path:
    """Generate the report in a process of its own.

    Linux hands a process's peak memory on to what it starts: this one has to stay small.
    """
    argv = [sys.executable, "-m", "tests.benchmarks.generate", str(target), "--size", str(size)]
    subprocess.run(argv, check=True, stdout=subprocess.DEVNULL)
    return target


def _summary(runs: dict[str, list[Run]]) -> None:
    median = {
        program: statistics.median(run.seconds for run in results)
        for program, results in runs.items()
    }
    peak = max(run.peak for run in runs["cbtriage"])
    _say(f"median: tar {median['tar']:.2f} s, cbtriage {median['cbtriage']:.2f} s")
    ratio = median["cbtriage"] / median["tar"]
    _say(f"ratio {ratio:.2f}, peak memory {peak / MB:.0f} MB ({AIM})")
    if any(run.status > 1 for run in runs["cbtriage"]):
        _say("cbtriage did not end well; its times mean nothing")


def _shown(program: str, run: Run) -> str:
    memory = f"{run.peak / MB:4.0f} MB"
    times = f"{run.seconds:6.2f} s wall {run.processor:6.2f} s processor"
    return f"{program:<9}{times}  {memory}  exit {run.status}"


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
