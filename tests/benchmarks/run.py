"""Measure `cbtriage analyze` against what people do without: ``python -m tests.benchmarks.run``.

Four comparisons: a tar.bz2 with unpacking it (tar, lbzip2), with unpacking and searching it (grep for
the same signatures, lnav for what is an error); a tar.gz with unpacking it; a folder with grep; and a
tar.bz2 of nothing but nights of backups, of which more is kept than of any that somebody sends, with
unpacking it. All read the same generated status report, in turn, several times; before that
cbtriage reads it once, so that Python has compiled it. Printed are the medians, their ratios to the
first of them and the peak memory; nothing is asserted, because a machine may be busy. Processor
seconds are of all processes that a program starts: on a busy machine they tell more than the clock.
"""

import argparse
import os
import platform
import re
import shlex
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from analyzer.parsers.scan.match import loosened
from analyzer.rules.load import load_catalogue

MB = 1_000_000
# How often as long as the first it may take, by the clock.
AIMS = {
    "tar.bz2": "1.3 x by the clock, 2.2 x in processor seconds, 500 MB",
    "tar.gz": "3 x by the clock",
    "folder": "1.5 x by the clock",
    "backups": "3 x by the clock",
}
_RARELY_THERE = ("lbzip2", "lnav")


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One measured process: wall and processor seconds, peak memory in bytes, exit status."""

    seconds: float
    processor: float
    peak: int
    status: int


def main(arguments: Sequence[str] | None = None) -> None:
    """Generate the reports, unless one is given, and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bundle", type=Path, help="a status report (tar.bz2) to use instead")
    parser.add_argument("--size", type=int, default=100, metavar="MB", help="bytes of logs")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", action="append", choices=AIMS, help="one comparison, not all")
    chosen = parser.parse_args(arguments)
    _say(f"{platform.platform()}, {platform.processor()}, {os.cpu_count()} cores")
    for program in _RARELY_THERE:
        if not shutil.which(program):
            _say(f"{program}: skipped, it is not installed")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for comparison in chosen.only or AIMS:
            path = _input(comparison, folder, chosen.bundle, chosen.size)
            _compare(comparison, _commands(comparison, path, folder), chosen.rounds)


def _compare(comparison: str, commands: Mapping[str, Sequence[str]], rounds: int) -> None:
    _say(f"\n{comparison}")
    runs: dict[str, list[Run]] = {program: [] for program in commands}
    measure(commands["cbtriage"])
    for number in range(rounds):
        for program, argv in commands.items():
            runs[program].append(measure(argv))
            _say(f"round {number + 1}  {_shown(program, runs[program][-1])}")
    _summary(runs)
    _say(f"aim: at most {AIMS[comparison]}")


def _input(comparison: str, folder: Path, given: Path | None, size: int) -> Path:
    """Return what is read: as it was given or generated, or packed otherwise."""
    if comparison == "backups":
        return _generated(folder / "backups.tar.bz2", size, "generate")
    made = folder / "bundle.tar.bz2"
    bundle = given or (made if made.exists() else _generated(made, size, "realistic"))
    if comparison == "tar.bz2":
        return bundle
    unpacked = folder / "unpacked"
    if not unpacked.exists():
        unpacked.mkdir()
        measure(["tar", "xjf", str(bundle), "-C", str(unpacked)])
    if comparison == "folder":
        return next(unpacked.iterdir())
    packed = folder / "bundle.tar.gz"
    measure(["tar", "czf", str(packed), "-C", str(unpacked), "."])
    return packed


def _commands(comparison: str, path: Path, folder: Path) -> dict[str, list[str]]:
    """Return what is measured, as far as it is installed; the first is what all is held against."""
    name = shlex.quote(str(path))
    patterns = folder / "patterns"
    patterns.write_text("\n".join(_signatures()) + "\n", encoding="utf-8")
    # Without cat it would see that nobody reads, and end with the first line that it finds.
    search = f"LC_ALL=C grep -a -E -f {shlex.quote(str(patterns))} | cat"
    commands = {"tar": ["tar", "xzf" if comparison == "tar.gz" else "xjf", str(path), "-O"]}
    if comparison == "tar.bz2":
        if shutil.which("lbzip2"):
            commands["lbzip2"] = ["sh", "-c", f"lbzip2 -dc {name} | tar x -O"]
        commands["grep"] = ["sh", "-c", f"tar xjf {name} -O | {search}"]
        if shutil.which("lnav"):
            told = "select log_level, count(*) from all_logs group by log_level"
            search = f"tar xjf {name} -C $at && lnav -n -c ';{told}' -r $at"
            commands["lnav"] = ["sh", "-c", f"at=$(mktemp -d) && {search}; rm -r $at"]
    elif comparison == "folder":
        every = f"find {name} -type f"
        read = f"{every} ! -name '*.gz' -exec cat {{}} + ; {every} -name '*.gz' -exec zcat {{}} +"
        commands = {"grep": ["sh", "-c", f"({read}) | {search}"]}
    commands["cbtriage"] = [
        *(sys.executable, "-m", "analyzer", "analyze", str(path)),
        *("--quiet", "--force", "-o", str(folder / "report")),
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


def _generated(target: Path, size: int, module: str) -> Path:
    """Generate the report in a process of its own.

    Linux hands a process's peak memory on to what it starts: this one has to stay small.
    """
    argv = [sys.executable, "-m", f"tests.benchmarks.{module}", str(target), "--size", str(size)]
    subprocess.run(argv, check=True, stdout=subprocess.DEVNULL)
    return target


def _summary(runs: Mapping[str, Sequence[Run]]) -> None:
    first = _median(next(iter(runs.values())))
    for program, results in runs.items():
        seconds, processor, peak = _median(results)
        _say(
            f"{program:<9}{seconds:7.2f} s wall ({seconds / first[0]:4.1f} x)"
            f"{processor:7.2f} s processor ({processor / first[1]:4.1f} x)  {peak / MB:5.0f} MB"
        )
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
