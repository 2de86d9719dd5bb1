"""Markdown for a ticket: hostile text neither formats nor embeds anything."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from analyzer.model.finding import Evidence
from analyzer.model.source import Source
from analyzer.render.markdown import code, escaped, render_markdown
from analyzer.render.words.view import visible
from tests.render.support import (
    HOSTILE,
    SCRIPT,
    clear_report,
    crash,
    empty_report,
    found,
    rich_report,
)

GITHUB = MarkdownIt("gfm-like", {"linkify": False})


def inline(text: str) -> list[Token]:
    return [child for token in GITHUB.parse(text) for child in token.children or ()]


@given(st.text(alphabet="ab \\`*_~[]()<>!#|&;:/.1-+=w@\n\x1b", max_size=30))
def test_escaped_text_is_shown_as_it_is(text: str) -> None:
    tokens = inline(escaped(text))
    assert {token.type for token in tokens} <= {"text", "text_special"}
    assert "".join(token.content for token in tokens) == visible(text).strip()


@given(st.text(alphabet="ab `\\<", min_size=1, max_size=12))
def test_code_is_one_span_whatever_it_holds(text: str) -> None:
    shown = code(text)
    if shown == "(empty)":
        assert not text.strip()
        return
    (token,) = inline(f"x{shown}")[1:]
    assert token.type == "code_inline"


def test_quotation_cannot_end_its_fence() -> None:
    evidence = Evidence(source=Source(bundle="b", member="m", line=1), text=f"```\n# {SCRIPT}\n~~~")
    finding = replace(crash(), evidence=(evidence,))
    text = render_markdown(replace(clear_report(), outcomes=(found(finding),)))
    fences = [token for token in GITHUB.parse(text) if token.type == "fence"]
    assert [token.content for token in fences] == [f"```\n# {SCRIPT}\n~~~\n"]


def test_hostile_report_embeds_no_html_and_no_image() -> None:
    types = {token.type for token in GITHUB.parse(render_markdown(rich_report()))}
    types |= {token.type for token in inline(render_markdown(rich_report()))}
    assert not types & {"html_block", "html_inline", "image", "link_open"}


def test_hostile_characters_are_visible() -> None:
    text = render_markdown(rich_report())
    assert text.replace("\n", "").isprintable()
    assert HOSTILE not in text


def test_verdict_is_the_first_line() -> None:
    assert render_markdown(empty_report()).startswith("# NOT SURE: nothing could be read")


@pytest.mark.parametrize(
    "line",
    [
        "## What we cannot tell",
        "  - settle with `xen-bugtool -y --entries=system-logs`",
        "    - risk: NBD connections on this network end.",
        "This would be wrong if somebody marked the log by hand with cbt-util set -f 0.",
    ],
)
def test_report_says(line: str) -> None:
    assert line in render_markdown(rich_report()).splitlines()


def test_nothing_in_doubt_is_said() -> None:
    assert "## What we cannot tell\n\nNothing.\n" in render_markdown(clear_report())


def test_run_without_rules_is_not_called_judged() -> None:
    assert "Nothing was checked." in render_markdown(replace(clear_report(), outcomes=()))


def test_finding_without_steps_has_no_list_of_steps() -> None:
    finding = replace(crash(), action=(), wrong_if="")
    text = render_markdown(replace(clear_report(), outcomes=(found(finding),)))
    assert "Next" not in text
