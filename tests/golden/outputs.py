"""Every output of every sample bundle: what a change of the code changes for a reader.

``outputs.json`` holds a hash of each. ``python -m tests.golden.outputs FOLDER`` writes the texts
themselves, a file each: in two work trees, ``diff -r`` of the two folders is the difference.
"""

import argparse
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import redirect_stderr, redirect_stdout
from functools import cache
from hashlib import sha256
from io import StringIO
from itertools import pairwise
from pathlib import Path
from unittest.mock import patch

import pytest
import typer

from analyzer.case.case import Case
from analyzer.cli.main import app
from analyzer.errors import AnalyzerError
from analyzer.model.report import Report
from analyzer.render import FORMATS
from analyzer.rules.load import load_catalogue
from analyzer.run import Options, load_case
from tests.world.build_samples import FOLDER

HASHES = Path(__file__).parent / "outputs.json"
SAMPLES = tuple(sorted(path for path in FOLDER.iterdir() if path.suffix in {".bz2", ".zip"}))
# Each sample, as a parameter of tests: a crash, trouble of every kind and a pool of two hosts always,
# the others where slow tests are run.
QUICK = ("host-crash", "nbd-mixed-trouble", "two-host-pool")
EACH_SAMPLE = [
    pytest.param(
        path, id=path.name, marks=[] if path.name.startswith(QUICK) else [pytest.mark.slow]
    )
    for path in SAMPLES
]
_LINES = 3  # explained of each sample: each of them reads its archive again


@cache
def sample_read(path: Path) -> tuple[Case, Report]:
    """Return a sample's case and report, read once however many outputs are made of it."""
    return load_case([path], Options())


def outputs_of(path: Path) -> Iterator[tuple[str, str]]:
    """Yield (name, text) of everything that cbtriage says of a sample."""
    case, report = sample_read(path)
    for form in FORMATS:
        yield f"report{form.suffix}", form.render(report)
    with patch("analyzer.run.load_case", lambda *_: (case, report)):
        for name, commands in sample_commands(case, report):
            yield name, "".join(_said(command, path) for command in commands)


@cache
def _cbtriage() -> Callable[..., object]:
    return typer.main.get_command(app).main


def hash_of(text: str) -> str:
    """Return what ``outputs.json`` holds of a text; any edit of a pattern changes its digest."""
    text = text.replace(load_catalogue().version, "catalogue")
    return sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:16]


def stored_hashes() -> dict[str, dict[str, str]]:
    """Return the stored hash of each output, by sample and name."""
    stored: dict[str, dict[str, str]] = json.loads(HASHES.read_text("utf-8"))
    return stored


def sample_commands(case: Case, report: Report) -> Iterator[tuple[str, list[list[str]]]]:
    """Yield the name of an output, and the commands, less the bundle, that make it."""
    disks = sorted({vdi.uuid for pool in case.pools for vdi in pool.vdis})
    snapshots = [vdi.uuid for pool in case.pools for vdi in pool.vdis if vdi.is_a_snapshot]
    networks = [network.uuid for pool in case.pools for network in pool.networks]
    shown = {
        "show-vdi": [["show", "vdi", disk] for disk in disks],
        "show-host": [["show", "host", host.name] for host in report.hosts],
        "show-sr": [["show", "sr", sr.uuid] for pool in case.pools for sr in pool.srs],
        "show-network": [["show", "network", network] for network in networks],
        "show-vm": [["show", "vm", vm.uuid] for pool in case.pools for vm in pool.vms],
        "show-runs": [["show", "runs"]],
        "show-session": [["show", "session"]],
        "why-enable-cbt": [["why", "enable-cbt", disk] for disk in disks],
        "why-data-destroy": [["why", "data-destroy", disk] for disk in snapshots],
        "why-list-changed-blocks": [
            ["why", "list-changed-blocks", *pair] for pair in pairwise([*snapshots, *disks])
        ],
        "why-nbd-info": [["why", "nbd-info", disk] for disk in disks],
    }
    for name, commands in shown.items():
        yield f"{name}.txt", commands
        yield f"{name}.json", [[*command, "--json"] for command in commands]
    for form in ("table", "csv", "jsonl", "markdown"):
        yield f"timeline.{form}", [["timeline", "--format", form]]
    yield "timeline-raw.txt", [["timeline", "--raw"]]
    yield "timeline-at-hosts.txt", [["timeline", "--tz", "host"]]
    rules = [pattern.id for pattern in load_catalogue().patterns]
    yield "explain-rule.txt", [["explain", rule] for rule in rules]
    findings = [each.id for outcome in report.outcomes for each in outcome.findings]
    yield "explain-finding.txt", [["explain", finding] for finding in findings]
    yield "explain-line.txt", [["explain", line] for line in _quoted(report)]


def _quoted(report: Report) -> list[str]:
    """Return some of the lines that findings quote."""
    findings = (finding for outcome in report.outcomes for finding in outcome.findings)
    sources = {quote.source for finding in findings for quote in finding.evidence}
    lines = {(each.member, each.line) for each in sources if each.line}
    return [f"{member}:{line}" for member, line in sorted(lines)][:: len(lines) // _LINES + 1]


def _said(command: Sequence[str], path: Path) -> str:
    """Return a command with its exit status and what it printed."""
    printed = StringIO()
    with redirect_stdout(printed), redirect_stderr(printed):
        try:
            status = _cbtriage()([*command, str(path), "--quiet"], standalone_mode=False)
        except AnalyzerError as error:
            status = str(error)
    return f"$ {' '.join(command)}\n{printed.getvalue()}[{status}]\n"


def main(folder: Path) -> None:
    """Write every output as a file."""
    for path in SAMPLES:
        made = folder / path.name
        made.mkdir(parents=True, exist_ok=True)
        for name, text in outputs_of(path):
            (made / name).write_bytes(text.encode("utf-8", "surrogateescape"))


if __name__ == "__main__":
    asked = argparse.ArgumentParser(description="Write every output of every sample.")
    asked.add_argument("folder", type=Path)
    main(asked.parse_args().folder)
