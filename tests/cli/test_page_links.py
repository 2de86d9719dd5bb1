"""Places in answers lead to the page, on a terminal that shows links only."""

from pathlib import Path

import pytest

from analyzer.cli import page_links
from analyzer.cli.page_links import linked

TEXT = "see var/log/SMlog:450 and var/log/SMlog:4500, kern.log:3\n"


def page(tmp_path: Path, *anchors: str) -> Path:
    path = tmp_path / "report.html"
    path.write_text("".join(f'<figure class="quote" id="{each}">' for each in anchors), "utf-8")
    return path


@pytest.fixture
def on_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page_links, "knows_links", lambda: True)


@pytest.mark.usefixtures("on_terminal")
def test_place_that_the_page_quotes_leads_there(tmp_path: Path) -> None:
    path = page(tmp_path, "b1:var/log/SMlog:450")
    link = f"\x1b]8;;{path.as_uri()}#b1:var/log/SMlog:450\x1b\\var/log/SMlog:450\x1b]8;;\x1b\\"
    assert linked(TEXT, path) == TEXT.replace("var/log/SMlog:450 ", f"{link} ")


@pytest.mark.usefixtures("on_terminal")
def test_place_that_two_reports_have_leads_nowhere(tmp_path: Path) -> None:
    path = page(tmp_path, "b1:var/log/SMlog:450", "b2:var/log/SMlog:450")
    assert linked(TEXT, path) == TEXT


@pytest.mark.usefixtures("on_terminal")
def test_without_a_page_nothing_is_linked(tmp_path: Path) -> None:
    assert linked(TEXT, tmp_path / "report.html") == TEXT


def test_pipe_has_no_links(tmp_path: Path) -> None:
    assert linked(TEXT, page(tmp_path, "b1:var/log/SMlog:450")) == TEXT
