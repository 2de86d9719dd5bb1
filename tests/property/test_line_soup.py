"""True lines of all kinds of trouble in any order, cut and joined: the pipeline ends in a report."""

import io
import tarfile
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.bundle.budget import MIB, Budget
from analyzer.errors import InputError
from analyzer.model.finding import Verdict
from analyzer.render.data.json import render_json
from analyzer.render.terminal.answer_text import render_answer
from analyzer.run import Options, analyze
from tests.world.recipes import RECIPES

NAMES = ("SMlog", "xensource.log", "daemon.log", "kern.log")
SAMPLES = ("cbt-hazards-lvm", "cbt-refused-nfs", "host-crash", "lvm-no-space", "nbd-trouble")
SMALL = Budget(total=64 * MIB, member=8 * MIB, ratio_floor=16 * MIB, packed=8 * MIB)
_FEW, _MANY = 8, 60  # lines of one log


@cache
def true_lines(name: str) -> Sequence[bytes]:
    """Return the lines of a log in the samples, each once."""
    told = [recipe.tell() for recipe in RECIPES if recipe.name in SAMPLES]
    logs = [report.content(f"var/log/{name}") for sample in told for report in sample.reports]
    return tuple(dict.fromkeys(line for log in logs for line in log.splitlines(keepends=True)))


def _changed(line: bytes, other: bytes, at: int, odd: bytes) -> bytes:
    return line[: at % (len(line) + 1)] + odd + other[at % (len(other) + 1) :]


def _lines(name: str) -> st.SearchStrategy[bytes]:
    """Return one line, sometimes the head of one and the tail of another with odd bytes between."""
    true = st.deferred(lambda: st.sampled_from(true_lines(name)))
    odd = st.sampled_from((b"", b"\n", b"\0", b"'", b"\xff", b"9" * 30, b"{", b"-"))
    return true | st.builds(_changed, true, true, st.integers(0, 400), odd)


def _log(name: str) -> st.SearchStrategy[bytes]:
    few = st.lists(_lines(name), max_size=_FEW)
    return (few | st.lists(_lines(name), min_size=_FEW, max_size=_MANY)).map(b"".join)


soups = st.fixed_dictionaries({name: _log(name) for name in NAMES})


def read(logs: Mapping[str, bytes], folder: Path) -> None:
    """Send logs through the whole pipeline; nothing of ours may fail on them."""
    path = folder / "report.tar"
    with tarfile.open(path, "w") as target:
        for name, content in logs.items():
            info = tarfile.TarInfo(f"bug-report-20241122100601/var/log/{name}")
            info.size, info.mtime = len(content), 1732269961
            target.addfile(info, io.BytesIO(content))
    try:
        report = analyze([path], Options(budget=SMALL, jobs=1))
    except InputError:
        return
    failed = [each.reason for each in report.outcomes if each.verdict is Verdict.ERROR]
    failed += [each.what for each in report.problems if each.what.startswith("parser failed")]
    assert not failed, failed
    render_json(report)
    render_answer(report)


@pytest.mark.slow
@given(soups)
def test_any_lines_in_any_order_end_in_a_report(logs: Mapping[str, bytes]) -> None:
    with TemporaryDirectory() as folder:
        read(logs, Path(folder))
