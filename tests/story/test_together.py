"""Several pools in one run: each is judged as if it had been given alone."""

import json
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from typer.testing import CliRunner

from analyzer.cli.main import app
from analyzer.model.question import Question
from analyzer.model.report import Report
from analyzer.render import FORMATS
from analyzer.render.answer_notes import TICKET_LINES, render_ticket
from analyzer.render.terminal.answer_text import MOST_ROWS, render_answer
from analyzer.render.words.order import ordered
from analyzer.render.words.summary import headline
from analyzer.run import Options, load_case
from analyzer.story.together import pool_name
from tests.golden.outputs import sample_read
from tests.world.build_samples import FOLDER

CRASHED = FOLDER / "host-crash.tar.bz2"
HEALTHY = FOLDER / "healthy-cbt.tar.bz2"
TWO_HOSTS = FOLDER / "two-host-pool.zip"
GIVEN = (CRASHED, HEALTHY, TWO_HOSTS)


@cache
def report() -> Report:
    return load_case(GIVEN, Options())[1]


def part_of(path: Path) -> Report:
    (part,) = (p for p in report().parts if p.bundles[0].name.startswith(path.name))
    return part


@pytest.mark.parametrize("path", GIVEN, ids=lambda path: path.name)
def test_part_of_a_pool_is_the_report_of_its_files_alone(path: Path) -> None:
    _, alone = sample_read(path)
    part = ordered(part_of(path))
    causes = [replace(cause, id="") for cause in part.causes]
    assert causes == [replace(cause, id="") for cause in ordered(alone).causes]
    assert replace(part, causes=()) == replace(ordered(alone), causes=())


def test_the_whole_has_all_that_the_parts_have_and_names_no_two_causes_alike() -> None:
    whole = report()
    found = {finding.id for outcome in whole.outcomes for finding in outcome.findings}
    assert found == {f.id for part in whole.parts for o in part.outcomes for f in o.findings}
    assert len({cause.id for cause in whole.causes}) == len(whole.causes) > 0
    assert len(whole.outcomes) == len(whole.parts[0].outcomes)
    assert len(whole.clocks) == len(whole.hosts) == 4


def asked() -> dict[str, str]:
    """Return what is printed where somebody asked for more than there is room for."""
    many = tuple(f"CBT of disk {n} is off" for n in range(40))
    question = Question(
        about=None,
        first=None,
        last=None,
        when="x",
        findings=(),
        states=many,
        happened=(),
        beside=(),
    )
    whole = replace(report(), question=question)
    texts = {"answer": render_answer(whole), "ticket": render_ticket(whole)}
    assert all("Asked: " in text.splitlines()[0] for text in texts.values())
    return texts


def test_every_output_has_a_part_for_each_pool() -> None:
    texts = {form.name: form.render(report()) for form in FORMATS}
    texts["answer"], texts["ticket"] = render_answer(report()), render_ticket(report())
    for part in report().parts:
        name, verdict = pool_name(part), headline(part)
        for form, text in texts.items():
            assert name.casefold() in text.casefold(), form
        assert f"{name}: <strong" in texts["html"]
        assert f"## {verdict.word}: " in texts["markdown"]
        assert f"{name} {verdict.word}" in " ".join(texts["answer"].split())
    for each in (texts, asked()):
        assert each["answer"].count("\n") <= MOST_ROWS
        assert each["ticket"].count("\n") <= TICKET_LINES
    parts = json.loads(texts["json"])["parts"]
    assert {part["name"]: part["exit_status"] for part in parts} == {
        pool_name(part_of(CRASHED)): 1,
        pool_name(part_of(HEALTHY)): 0,
        pool_name(part_of(TWO_HOSTS)): 1,
    }


@pytest.mark.slow
def test_objects_of_each_pool_are_shown_from_one_run() -> None:
    for path in (CRASHED, TWO_HOSTS):
        case, _ = sample_read(path)
        disk = case.pools[0].vdis[0].uuid
        wanted = ["show", "vdi", disk, "--quiet"]
        both = CliRunner().invoke(app, [*wanted, str(CRASHED), str(TWO_HOSTS)])
        assert both.stdout == CliRunner().invoke(app, [*wanted, str(path)]).stdout
