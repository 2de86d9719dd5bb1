"""What a reader gets of each sample bundle is what was read and accepted."""

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import pytest

from analyzer.model.disk import DiskState, DiskView
from analyzer.model.finding import Gap, Outcome, Severity, Verdict
from analyzer.model.report import Report
from analyzer.rules.load import load_catalogue
from tests.golden.outputs import (
    HASHES,
    SAMPLES,
    hash_of,
    outputs_of,
    sample_read,
    stored_hashes,
)
from tests.golden.page_words import PageWords

HOW = """
`make golden-diff` shows what changed in the texts; `make golden` accepts it."""


CODE = re.compile(r"<(script|style)\b.*?</\1>", re.DOTALL)
UNFILLED = re.compile(r"\{[A-Za-z_][A-Za-z0-9_]*\}")
EXPLAINED = "explain-rule.txt"  # shows rules as their files have them, unfilled
TWO_CLOCKS = re.compile(
    r"time\s+in\s+common|hosts'\s+clocks|clocks\s+of\s+(?:the\s+|two\s+|all\s+)*hosts|two\s+hosts|both\s+hosts"
)
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}")
NOTHING = Gap(need="", host="", why="", settle_with="")
WORDS, WORDS_OF_A_CAUSE, WORDS_OF_AN_ANSWER = 1500, 150, 120
UNTOLD = (Verdict.CANNOT_TELL, Verdict.ERROR)


class Outputs(NamedTuple):
    """What is said of a sample: texts by the name of the output."""

    sample: Path
    texts: dict[str, str]


@pytest.fixture(scope="module", params=SAMPLES, ids=lambda path: path.name)
def outputs(request: pytest.FixtureRequest) -> Outputs:
    return Outputs(request.param, dict(outputs_of(request.param)))


def test_no_output_of_a_sample_has_a_field_that_nothing_filled(outputs: Outputs) -> None:
    left = {
        name: UNFILLED.findall(CODE.sub("", text))
        for name, text in outputs.texts.items()
        if name != EXPLAINED
    }
    assert {name: fields for name, fields in left.items() if fields} == {}


def test_report_of_one_host_speaks_of_no_second_clock(outputs: Outputs) -> None:
    if len({host.uuid for host in sample_read(outputs.sample)[1].hosts}) == 1:
        said = {name for name, text in outputs.texts.items() if TWO_CLOCKS.search(text)}
        assert said <= {EXPLAINED}  # what lines are looked for of a pool is said of no report


def test_page_of_a_sample_is_read_in_minutes(outputs: Outputs) -> None:
    words = PageWords(outputs.texts["report.html"]).words
    causes = len(sample_read(outputs.sample)[1].causes)
    assert sum(words.values()) <= WORDS + WORDS_OF_A_CAUSE * max(causes - 1, 0)
    assert words["headline"] + words.get("answer", 0) <= WORDS_OF_AN_ANSWER


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.name)
def test_disk_of_a_sample_is_red_by_a_finding_and_green_with_nothing_untold(sample: Path) -> None:
    _, report = sample_read(sample)
    about = [outcome for outcome in report.outcomes if outcome.rule.startswith("cbt-")]
    untold = any((o.verdict in UNTOLD or o.doubt) and not _names_others(o) for o in about)
    red = [disk for disk in report.disks if disk.state is DiskState.BROKEN]
    assert red == [disk for disk in report.disks if _in_trouble(disk, report)]
    assert not untold or DiskState.SOUND not in {disk.state for disk in report.disks}


def _names_others(outcome: Outcome) -> bool:
    """Tell whether all that a rule could not look at names its disk."""
    return all(UUID.search(f"{gap.why} {gap.settle_with}") for gap in outcome.gaps or [NOTHING])


def _in_trouble(disk: DiskView, report: Report) -> bool:
    findings = [finding for outcome in report.outcomes for finding in outcome.findings]
    bad = {finding.id for finding in findings if finding.severity is not Severity.INFO}
    return bool(bad & set(disk.findings))


def test_outputs_of_a_sample_are_those_accepted(
    outputs: Outputs, request: pytest.FixtureRequest
) -> None:
    sample = outputs.sample
    made = {name: hash_of(text) for name, text in outputs.texts.items()}
    stored = stored_hashes()
    if request.config.getoption("--update-golden"):
        _store({**stored, sample.name: made})
    else:
        accepted = stored.get(sample.name, {})
        names = sorted(made.keys() | accepted.keys())
        differ = [name for name in names if made.get(name) != accepted.get(name)]
        assert differ == [], HOW


def test_edit_of_a_pattern_changes_the_outputs_that_show_it_only(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shown = "Made by cbtriage, catalogue {}"
    before = hash_of(shown.format(load_catalogue().version))
    edited = replace(load_catalogue(), version="0123456789ab")
    monkeypatch.setattr("tests.golden.outputs.load_catalogue", lambda: edited)
    assert hash_of(shown.format(edited.version)) == before
    assert hash_of(f"{shown.format(edited.version)}.") != before


def test_no_hash_is_stored_of_what_is_no_sample() -> None:
    assert stored_hashes().keys() == {sample.name for sample in SAMPLES}


def _store(hashes: dict[str, dict[str, str]]) -> None:
    kept = {sample.name: hashes[sample.name] for sample in SAMPLES if sample.name in hashes}
    HASHES.write_text(json.dumps(kept, indent=1) + "\n", "utf-8")
