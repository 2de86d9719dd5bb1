"""Links on a terminal (OSC 8): to anchors that the page has, and nothing of a bundle in them."""

import re
import sys
from io import StringIO
from pathlib import Path

import pytest

from analyzer.cli.analysis import _links
from analyzer.cli.output import knows_links
from analyzer.model.source import Source
from analyzer.render.html.html import render_html
from analyzer.render.terminal.answer_text import render_answer
from analyzer.render.words.view import anchor
from tests.golden.outputs import SAMPLES, sample_read
from tests.render.support import HOSTILE

CRASHED = next(path for path in SAMPLES if path.name == "host-crash.tar.bz2")
LINK = re.compile(r"\x1b\]8;id=[0-9-]+;([^\x1b]*)\x1b\\(.*?)\x1b\]8;;\x1b\\")


def test_places_and_files_lead_to_the_page_and_change_no_word(tmp_path: Path) -> None:
    report, page = sample_read(CRASHED)[1], tmp_path / "a b\x1b]8;;x" / "report.html"
    written = (f"Written: {page}",)
    links = _links(report, (page,))
    plain = render_answer(report, written=written, color=True)
    linked = render_answer(report, written=written, color=True, links=links)
    assert LINK.sub(r"\2", linked) == plain
    found = LINK.findall(linked)
    assert all(re.fullmatch(r"file:///[!-~]+", url) for url, _ in found)
    anchors = {url.partition("#")[2] for url, shown in found if shown.startswith("SMlog")}
    assert anchors
    assert all(f'id="{anchor}"' in render_html(report) for anchor in anchors)
    assert any(url == page.as_uri() for url, _ in found)


def test_no_anchor_has_a_sign_of_a_hostile_name() -> None:
    source = Source(bundle="b", member=HOSTILE, line=1)
    assert re.fullmatch(r"[\w:/.~-]+", anchor(source, ("b",)), re.ASCII)


class _Terminal(StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("environment", "known"),
    [
        ({"TERM": "xterm-kitty"}, True),
        ({"TERM": "xterm-256color", "VTE_VERSION": "6800"}, True),
        ({"TERM": "xterm-256color", "VTE_VERSION": "5000"}, False),
        ({"TERM": "xterm-256color"}, False),
        ({"TERM": "xterm-kitty", "NO_COLOR": "1"}, False),
        ({"TERM": "dumb", "WT_SESSION": "x"}, False),
        ({"TERM": "tmux-256color", "TERM_PROGRAM": "WezTerm"}, False),
    ],
)
def test_only_a_terminal_known_to_link_gets_links(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], *, known: bool
) -> None:
    monkeypatch.setattr("os.environ", environment)
    monkeypatch.setattr(sys, "stdout", _Terminal())
    assert knows_links() is known
    monkeypatch.setattr(sys, "stdout", StringIO())
    assert not knows_links()
