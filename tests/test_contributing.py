"""The table of CONTRIBUTING.md is true: each thing is added to a copy of the tree, and works.

What a row does not name is not touched here: a further place to edit would fail its test. A file
that is read whole is added in ``test_sources.py``.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.support.bundle import BundleBuilder
from tests.support.patterns import write

ROOT = Path(__file__).parent.parent
PATTERN = r"""
id: sky-fell
title: The sky fell on host {host}
severity: error
needs: [smlog]
select: {parser: smlog, message: '^the sky fell$'}
subjects: {Host: host}
detail: SM said so on {host}.
action: [Look up.]
samples:
  hit: ['Jun 10 13:32:41 jupiter SM: [1] the sky fell']
  miss: ['Jun 10 13:32:41 jupiter SM: [1] the sky cleared']
"""
CHECK = r"""
id: sky-watched
title: Somebody watched the sky
severity: warning
needs: [smlog]
select:
  watched:
    parser: smlog
    message: '^the sky is watched$'
    samples:
      hit: ['Jun 10 13:32:41 jupiter SM: [1] the sky is watched']
      miss: ['Jun 10 13:32:41 jupiter SM: [1] the sky is not watched']
detail: SM said so.
action: [Look down.]
"""
CHECK_CODE = '''
"""Somebody watched the sky."""

from collections.abc import Iterator

from analyzer.case.case import Case
from analyzer.checks.observation import Observation
from analyzer.checks.tools.finding import found, host_subject, quote_ends
from analyzer.model.finding import Basis, Confidence
from analyzer.model.rule import RuleText


def examine(case: Case, text: RuleText) -> Iterator[Observation]:
    """Tell each line."""
    for event in case.events.of("sky-watched.watched"):
        yield found(
            text,
            (text.title, text.detail),
            basis=Basis.SYMPTOM,
            confidence=Confidence.CERTAIN,
            subjects=(host_subject(case.hosts[0]),),
            rows=[{}],
            evidence=quote_ends([event]),
            events=[event],
        )
'''
EDGE = """
  - cause: sky-fell
    effect: sky-watched
    join: host
    within: 1h
    sentence: '{cause}, {order} {effect}'
    next: 'Look up, then down.'
"""
PARSER = '''
"""``var/log/sky.log``: a program that nobody has written yet.

    Jun 10 13:32:41 jupiter sky[12]: blue
"""

from analyzer.parsers._api import Body, LogParser
from analyzer.parsers.scan.syslog import ANY_TAG


def _parse(tag: str, pid: int | None, text: str) -> Body:
    return Body(process=tag, pid=pid, message=text)


PARSER = LogParser(name="sky_log", rest=ANY_TAG, parse=_parse)
'''
OUTPUT = '''
"""How many findings there are, and nothing else."""

from analyzer.model.report import Report


def render_number(report: Report) -> str:
    """Return the number."""
    return f"{sum(len(outcome.findings) for outcome in report.outcomes)} findings\\n"
'''


@dataclass(frozen=True, slots=True, kw_only=True)
class Tree:
    """A copy of what is installed, to which things are added, and a status report beside it."""

    folder: Path
    bundle: Path

    def write(self, path: str, text: str) -> None:
        """Write a new file."""
        write(self.folder, path, text)

    def edit(self, path: str, change: Callable[[str], str]) -> None:
        """Change a file that is there."""
        file = self.folder / path
        old = file.read_text("utf-8")
        new = change(old)
        assert new != old
        file.write_text(new, "utf-8")

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run the command out of this tree."""
        argv = [sys.executable, "-m", "analyzer", *arguments]
        own = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        return subprocess.run(
            argv, cwd=self.folder, env=own, capture_output=True, text=True, check=False
        )

    def cbtriage(self, *arguments: str) -> str:
        """Return what a command printed that went well."""
        done = self.run(*arguments)
        assert done.returncode in {0, 1, 4}, done.stderr
        return done.stdout


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Tree:
    """Return a tree to which one of each thing was added, as its row says."""
    folder = tmp_path_factory.mktemp("grown")
    for name in ("analyzer", "patterns", "reports"):
        shutil.copytree(ROOT / name, folder / "tree" / name)
    bundle = BundleBuilder()
    bundle.log(
        "var/log/SMlog",
        "Jun 10 13:32:41 jupiter SM: [1] the sky fell\n"
        "Jun 10 13:32:51 jupiter SM: [1] the sky is watched\n",
    )
    bundle.log("var/log/sky.log", "Jun 10 13:32:41 jupiter sky[12]: blue\n")
    tree = Tree(folder=folder / "tree", bundle=bundle.write_tar(folder / "b.tar", None))
    tree.write("patterns/storage/sky-fell.yaml", PATTERN)
    tree.write("patterns/checks/sky-watched.yaml", CHECK)
    tree.write("analyzer/checks/defects/sky_watched.py", CHECK_CODE)
    tree.edit("patterns/causes.yaml", lambda text: text.replace("\nedges:", f"\nedges:{EDGE}", 1))
    tree.write("analyzer/parsers/logs/sky_log.py", PARSER)
    last = '    _kind_of_log("user_log", "user.log", "system-logs"),\n'
    source = last.replace("user", "sky")
    tree.edit("analyzer/sources.py", lambda text: text.replace(last, last + source, 1))
    tree.write("analyzer/render/number.py", OUTPUT)
    entry = '    Format(name="number", suffix=".n", made_by="number:render_number"),\n)\n'
    tree.edit("analyzer/render/__init__.py", lambda text: text.removesuffix(")\n") + entry)
    return tree


@pytest.fixture(scope="module")
def report(tree: Tree) -> dict[str, Any]:
    """Return report.json of the status report, made by the tree."""
    text = tree.cbtriage("analyze", str(tree.bundle), "--format", "json", "--stdout", "-q")
    made: dict[str, Any] = json.loads(text)
    return made


@pytest.mark.slow
def test_a_pattern_is_a_file_and_a_check_a_text_and_a_module(report: dict[str, Any]) -> None:
    found = {outcome["rule"] for outcome in report["outcomes"] if outcome["findings"]}
    assert {"sky-fell", "sky-watched"} <= found


@pytest.mark.slow
def test_samples_of_what_was_added_are_tried(tree: Tree) -> None:
    assert tree.run("rules", "test").returncode == 0
    file = "patterns/checks/sky-watched.yaml"
    tree.edit(file, lambda text: text.replace("is watched']", "is lost']"))
    tried = tree.run("rules", "test")
    tree.edit(file, lambda text: text.replace("is lost']", "is watched']"))
    assert tried.returncode == 2
    assert "no hit is taken by the selector sky-watched.watched" in tried.stderr


@pytest.mark.slow
def test_a_cause_is_an_edge(report: dict[str, Any]) -> None:
    (cause,) = report["causes"]
    assert len(cause["findings"]) == 2


@pytest.mark.slow
def test_a_log_is_a_parser_and_an_entry_of_sources(report: dict[str, Any]) -> None:
    (row,) = (row for row in report["coverage"] if row["member"] == "var/log/sky.log")
    assert (row["lines"], row["not_understood"]) == (1, 0)
    (entry,) = (row for row in report["ledger"] if row["source"] == "sky_log")
    assert entry["presence"] == "present"


@pytest.mark.slow
def test_an_output_is_a_function_and_an_entry_of_formats(tree: Tree) -> None:
    made = tree.cbtriage("analyze", str(tree.bundle), "--format", "number", "--stdout", "-q")
    assert made == "2 findings\n"
