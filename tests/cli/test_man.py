"""Help that can be read and copied, and the manual page that is made of it."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from analyzer.cli.main import app
from analyzer.cli.man import man_page


def commands(command: Any, *names: str) -> Iterator[tuple[str, ...]]:
    yield names
    for name, below in getattr(command, "commands", {}).items():
        if not below.hidden:
            yield from commands(below, *names, name)


EVERY = tuple(commands(typer.main.get_command(app)))


@pytest.mark.parametrize("names", EVERY, ids=" ".join)
def test_help_is_plain_and_keeps_examples_whole(names: tuple[str, ...]) -> None:
    shown = CliRunner().invoke(app, [*names, "--help"]).stdout
    assert not re.search(r"<(bool|str|int|path|list|file)\b|[{}]", shown)
    assert "╭" not in shown
    examples = re.findall(r"^ *Examples?: (.*)$", shown, re.MULTILINE)
    assert examples or "Commands:" in shown
    for example in examples:
        assert example.startswith("cbtriage ")
        assert not example.endswith("-")


def test_manual_page_has_every_command_and_option() -> None:
    page = man_page(app)
    for names in EVERY:
        escaped = " ".join(("cbtriage", *names)).replace("-", r"\-")
        assert f".SS {escaped}\n" in page
    assert r"\fB\-\-about\fR VM|DISK|HOST|SR" in page
    assert not re.search(r"^\.(?!TH|SH|SS|PP|TP|nf|fi|B )", page, re.MULTILINE)
