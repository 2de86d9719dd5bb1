"""Fuzz what reads bytes: ``python -m tests.fuzz [TARGET …] --seconds 600``.

With atheris, where it is installed, bytes that reach new code are kept; else bytes are mutated
blindly. A find is printed, and its bytes are kept beside, in ``.fuzz/``. Exit 1 if there was any.
"""

import argparse
import random
import subprocess
import sys
import time
import traceback
from collections.abc import Sequence
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.fuzz.targets import Target

FOUND = Path(".fuzz")
NAMES = ("archive", "document", "log", "value", "cbtlog", "pattern", "soup")


def main() -> int:
    """Run each target for its time, in a process of its own."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=", ".join(NAMES))
    parser.add_argument("--seconds", type=int, default=600, help="for each target")
    parser.add_argument("--alone", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--blind", action="store_true", help="without atheris")
    asked = parser.parse_args()
    if asked.alone:
        return _fuzz(asked.targets[0], asked.seconds, blind=asked.blind)
    failed = 0
    for name in asked.targets or NAMES:
        argv = [
            sys.executable,
            "-m",
            "tests.fuzz",
            name,
            "--alone",
            "--seconds",
            str(asked.seconds),
        ]
        failed += subprocess.call([*argv, *(["--blind"] if asked.blind else [])]) != 0
    return 1 if failed else 0


def _fuzz(name: str, seconds: int, *, blind: bool) -> int:
    FOUND.mkdir(exist_ok=True)
    if blind or find_spec("atheris") is None:
        return _blindly(_target(name), seconds)
    atheris = import_module("atheris")
    with atheris.instrument_imports(include=["analyzer"]):
        target = _target(name)
    with_seeds = FOUND / f"{name}-corpus"
    with_seeds.mkdir(exist_ok=True)
    for number, seed in enumerate(target.seeds()):
        (with_seeds / f"seed-{number}").write_bytes(seed)
    options = ["-max_len=200000", "-timeout=60", "-rss_limit_mb=3000", "-print_final_stats=1"]
    options += [f"-max_total_time={seconds}", f"-artifact_prefix={FOUND}/{name}-"]
    atheris.Setup([name, *options, str(with_seeds)], target.run)
    atheris.Fuzz()  # ends the process
    return 0


def _target(name: str) -> "Target":
    targets: Sequence[Target] = import_module("tests.fuzz.targets").TARGETS
    return next(target for target in targets if target.name == name)


def _blindly(target: "Target", seconds: int) -> int:
    chance = random.Random(target.name)  # noqa: S311 - nothing here is secret
    seeds, until, done = list(target.seeds()), time.monotonic() + seconds, 0
    while time.monotonic() < until:
        data = mutated(chance.choice(seeds), chance)
        done += 1
        try:
            target.run(data)
        except Exception:  # noqa: BLE001 - that there is none is what is tried
            path = FOUND / f"{target.name}-{done}"
            path.write_bytes(data)
            sys.stdout.write(f"{target.name}: {path}\n{traceback.format_exc()}\n")
            return 1
    sys.stdout.write(f"{target.name}: {done:,} inputs in {seconds} s, no find\n")
    return 0


def mutated(seed: bytes, chance: random.Random) -> bytes:
    """Return the bytes with up to eight changes: bits, cuts, repeats, pieces moved."""
    data = bytearray(seed)
    for _ in range(chance.randint(1, 8)):
        at = chance.randrange(len(data) + 1)
        end = min(len(data), at + chance.choice((1, 1, 4, 64, 4096)))
        match chance.randrange(6):
            case 0:
                data[at:end] = chance.randbytes(end - at)
            case 1:
                del data[at:end]
            case 2:
                data[at:at] = data[at:end] * chance.choice((1, 1, 50))
            case 3:
                place = chance.randrange(len(data) + 1)
                data[place:place] = data[at:end]
            case 4:
                data[at:at] = chance.choice((b"\0", b"\n", b"'", b"\xff" * 8, b"-1", b"9" * 30))
            case _:
                data[at:end] = bytes(byte ^ 1 << chance.randrange(8) for byte in data[at:end])
    return bytes(data)


if __name__ == "__main__":
    sys.exit(main())
