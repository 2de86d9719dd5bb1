"""What the user accepts is shown, counts no more, and comes back when its time is over."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from analyzer.cli.main import app
from analyzer.errors import UsageError
from analyzer.model.finding import Severity
from analyzer.model.report import Report
from analyzer.render.words.status import exit_status
from analyzer.render.words.summary import findings
from analyzer.run import Options, analyze
from analyzer.story.accepted import load_accepted

SAMPLE = Path(__file__).parents[2] / "sample_bundles" / "snapshot-failed.tar.bz2"
RULES = ("nbd-read-failed",)


def accepting(folder: Path, *entries: str) -> Options:
    file = folder / "accepted.yaml"
    file.write_text("accepted:\n" + "".join(f"  - {{{entry}}}\n" for entry in entries))
    return Options(accept=file)


def test_what_is_accepted_is_shown_and_counts_no_more(tmp_path: Path) -> None:
    before = analyze([SAMPLE])
    assert exit_status(before, Severity.WARNING, strict=False) == 1
    loud = [each for each in findings(before) if each.severity is not Severity.INFO]
    entries = [f"rule: {each.rule}, reason: known" for each in loud]
    entries += [f"rule: {each.id}, reason: known" for each in before.unexplained]
    after = analyze([SAMPLE], accepting(tmp_path, *dict.fromkeys(entries)))
    assert {each.id for each in findings(after)} == {each.id for each in findings(before)}
    marked = {each.id: each for each in findings(after)}
    for each in loud:
        assert str(marked[each.id].title) == f"accepted: {each.title}"
        assert marked[each.id].severity is Severity.INFO
    assert {row.id for row in after.accepted} >= {each.id for each in loud}
    assert exit_status(after, Severity.WARNING, strict=False) != 1


@pytest.mark.parametrize(
    ("more", "accepted", "expired"),
    [
        ("until: '2999-12-31'", 1, False),
        ("until: '2001-12-31'", 1, True),
        ("object: nobody", 0, False),
    ],
)
def test_time_and_object_are_minded(
    tmp_path: Path, more: str, accepted: int, *, expired: bool
) -> None:
    first = next(each for each in findings(plain()) if each.severity is not Severity.INFO)
    entry = f"rule: {first.rule}, reason: known, {more}"
    if "object" not in more:
        entry += f", object: {first.subjects[0].uuid}"
    report = analyze([SAMPLE], accepting(tmp_path, entry))
    own = next(each for each in findings(report) if each.id == first.id)
    rows = [row for row in report.accepted if row.id == first.id]
    assert len(rows) == accepted
    assert all(row.expired is expired for row in rows)
    assert own.severity is (Severity.INFO if accepted and not expired else first.severity)
    assert ("which is over: known" in str(own.detail)) is expired


_KEPT: list[Report] = []


def plain() -> Report:
    if not _KEPT:
        _KEPT.append(analyze([SAMPLE]))
    return _KEPT[0]


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("accepted:\n  - {rule: no-such, reason: x}\n", r":2 rule: 'no-such' is none"),
        ("accepted:\n  - {rule: nbd-read-failed}\n", ":2 reason: the key is missing"),
        ("accepted:\n  - {rule: nbd-read-failed, reason: x, until: 'soon'}\n", ":2 until: exp"),
        ("accepted: x\n", ":1 accepted: expected a list"),
    ],
)
def test_fault_is_told_with_its_line(tmp_path: Path, text: str, what: str) -> None:
    file = tmp_path / "a.yaml"
    file.write_text(text)
    with pytest.raises(UsageError, match=what):
        load_accepted(file, RULES)


@pytest.mark.parametrize("case_file", [False, True])
def test_explain_shows_what_is_accepted(tmp_path: Path, *, case_file: bool) -> None:
    first = next(each for each in findings(plain()) if each.severity is not Severity.INFO)
    options = accepting(tmp_path, f"rule: {first.rule}, reason: known")
    words = ["--accept", str(options.accept), "-q"]
    sample = tmp_path / SAMPLE.name
    sample.write_bytes(SAMPLE.read_bytes())
    if case_file:
        CliRunner().invoke(app, ["analyze", str(sample), "-q", "-o", str(tmp_path)])
        assert (tmp_path / "report.cbtcase").exists()
    told = CliRunner().invoke(app, ["explain", first.id, str(sample), *words])
    assert f"accepted: {first.title}" in " ".join(told.stdout.split())
