"""Chains and disks in text, SVG, page and JSON: known, unknown and absent look different."""

from dataclasses import replace
from itertools import pairwise

import pytest

from analyzer.model.call import Answer, CallCheck, CallJudgement
from analyzer.model.disk import BreakKind, DiskBreak, DiskChain, DiskView, LogKind
from analyzer.model.finding import Advice, Confidence, Subject
from analyzer.render.data.json import answers_json
from analyzer.render.html import disk_pages
from analyzer.render.html.chain_drawing import MOST_BOXES, chain_drawing
from analyzer.render.html.disk_pages import MOST_DISKS, disk_context, disk_groups
from analyzer.render.html.html import render_html
from analyzer.render.markdown import render_markdown
from analyzer.render.terminal.call_text import call_text
from analyzer.render.terminal.disk_text import disk_text
from analyzer.render.terminal.text import render_text
from analyzer.render.words.chain_text import chain_lines, onwards_words, size_words
from analyzer.render.words.disk_words import disk_line
from analyzer.render.words.order import ordered
from tests.render.disks import (
    LIVE,
    MIDDLE,
    NEWEST,
    OLDEST,
    broken_disk,
    line,
    link,
    log,
    off_disk,
    orphan_disk,
    sound_disk,
    unseen_disk,
)
from tests.render.support import crash, rich_report

ENDED = DiskBreak(at=OLDEST, to="", what="its child pointer is empty", kind=BreakKind.END)


def two(*, links: bool = False, breaks: tuple[DiskBreak, ...] = ()) -> DiskChain:
    return DiskChain(
        logs=(log(OLDEST, LogKind.SNAPSHOT), log(LIVE, LogKind.LIVE)),
        links=(link(OLDEST, LIVE),) if links else (),
        breaks=breaks,
    )


def signs(chain: DiskChain) -> list[str]:
    return [text.split()[0] for text in chain_lines(chain)]


def test_text_shows_seen_unseen_and_gone_by_different_boxes() -> None:
    text = "\n".join(chain_lines(broken_disk("F-1").chain))
    assert f"[o] {OLDEST}" in text
    assert f"[ ] {MIDDLE}" in text
    assert "[?] " in "\n".join(chain_lines(unseen_disk().chain))


def test_text_shows_how_a_chain_goes_on() -> None:
    assert signs(two(links=True)) == ["[o]", "|", "[o]"]
    assert signs(two(breaks=(ENDED,))) == ["[o]", "-", "[o]"]
    assert signs(two()) == ["[o]", "?", "[o]"]


def test_text_draws_a_link_over_others_with_its_target() -> None:
    chain = broken_disk("F-1").chain
    assert onwards_words(chain)[OLDEST][0].startswith(f"stale: points to {LIVE}")
    assert onwards_words(chain)[NEWEST] == ("likely to the next",)
    far = replace(chain, links=(link(OLDEST, LIVE, sure=False),))
    assert onwards_words(far)[OLDEST] == (f"likely to {LIVE}",)


def test_text_holds_no_control_character_of_a_name() -> None:
    assert all(text.isprintable() for text in chain_lines(broken_disk("F-1").chain))


@pytest.mark.parametrize(
    ("size", "words"), [(0, "0 bytes"), (1, "1 byte"), (1 << 80, "1073741824 PiB")]
)
def test_sizes_are_said_in_the_unit_that_fits(size: int, words: str) -> None:
    assert size_words(size) == words


def test_drawing_has_a_box_for_each_log_and_their_styles() -> None:
    styles = [box.style for box in chain_drawing(broken_disk("F-1").chain).boxes]
    assert styles == ["log there", "log gone", "log there", "log there live"]


def test_drawing_crosses_what_is_stale_or_broken() -> None:
    strokes = chain_drawing(broken_disk("F-1").chain).strokes
    assert [(stroke.style, stroke.cross is not None) for stroke in strokes] == [
        ("bad", True),
        ("bad", True),
        ("unsure", False),
    ]


def test_drawing_never_draws_a_line_for_what_is_not_known() -> None:
    (stroke,) = chain_drawing(unseen_disk().chain).strokes
    assert (stroke.path, stroke.doubt is not None) == ("", True)
    (stroke,) = chain_drawing(two()).strokes
    assert (stroke.path, stroke.doubt is not None) == ("", True)


def test_drawing_of_an_end_in_good_order_is_no_cross() -> None:
    (stroke,) = chain_drawing(two(breaks=(ENDED,))).strokes
    assert (stroke.style, stroke.cross) == ("end", None)


def test_drawing_of_stale_neighbours_is_crossed() -> None:
    chain = replace(two(), links=(link(OLDEST, LIVE, stale=True),))
    (stroke,) = chain_drawing(chain).strokes
    assert (stroke.style, stroke.cross is not None) == ("bad", True)


def test_drawing_leaves_room_behind_the_last_box_for_its_break() -> None:
    open_end = replace(ENDED, at=LIVE, kind=BreakKind.FAULT)
    plain, broken = chain_drawing(two(links=True)), chain_drawing(two(breaks=(open_end,)))
    assert broken.width > plain.width


def test_long_chain_is_drawn_from_its_newest_logs() -> None:
    logs = tuple(log(f"{number:08d}", LogKind.SNAPSHOT) for number in range(MOST_BOXES + 5))
    links = tuple(link(a.uuid, b.uuid) for a, b in pairwise(logs))
    drawing = chain_drawing(DiskChain(logs=logs, links=links))
    assert (len(drawing.boxes), drawing.left_out) == (MOST_BOXES, 5)
    assert drawing.boxes[-1].lines[0].startswith(logs[-1].uuid[:8])


def many(number: int) -> tuple[DiskView, ...]:
    one = sound_disk()
    return tuple(
        replace(one, vdi=Subject(type="VDI", uuid=f"{n:08x}", name=f"disk {n:05d}"))
        for n in range(number)
    )


def test_page_limits_disks_without_findings_and_says_so() -> None:
    own = broken_disk(crash().id)
    report = replace(rich_report(), disks=(*many(MOST_DISKS + 7), own))
    context = disk_context(report)
    assert (context["shown_disks"], context["hidden_disks"]) == (MOST_DISKS, 8)
    assert "8 more disks without a finding" in render_html(report)


def test_of_a_storm_of_disks_with_findings_the_first_are_shown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(disk_pages, "MOST_NOTABLE", 2)
    own = broken_disk(crash().id)
    named = [
        replace(own, vdi=Subject(type="VDI", uuid=f"{n:08x}", name=f"disk {n}")) for n in range(9)
    ]
    report = replace(rich_report(), disks=tuple(named))
    context = disk_context(report)
    assert (context["shown_disks"], context["hidden_notable"], context["hidden_disks"]) == (2, 7, 0)
    assert "7 more disks with a finding not shown here" in render_html(report)


def test_page_shows_first_what_has_findings() -> None:
    groups = disk_groups(ordered(rich_report()))
    assert any(item.disk.findings for group in groups for item in group.items)
    for group in groups:
        found = [bool(item.disk.findings) for item in group.items]
        assert found == sorted(found, reverse=True)


def test_page_without_disks_is_no_proof() -> None:
    assert "that is no proof" in render_html(replace(rich_report(), disks=()))


def test_finding_links_to_the_chain_of_its_disk() -> None:
    assert "its CBT chain</a>" in render_html(rich_report())


def test_long_life_is_cut_and_says_so() -> None:
    own = broken_disk(crash().id)
    long = replace(own, life=own.life * 30, comparisons=own.comparisons * 40)
    page = render_html(replace(rich_report(), disks=(long,)))
    assert "The last 40 of 90 events" in page
    assert "the last 40, all: cbtriage show vdi" in page


def test_long_chain_is_cut_in_its_table_and_says_so() -> None:
    own = broken_disk(crash().id)
    chain = replace(own.chain, logs=own.chain.logs * 200)
    page = render_html(replace(rich_report(), disks=(replace(own, chain=chain),)))
    assert "The newest 400 of 800 logs" in page
    assert page.count('<th scope="row"><code>') < 500


def test_line_tells_state_breaks_and_findings() -> None:
    text = disk_line(broken_disk("F-1"))
    assert "trouble; 4 logs, 1 break, 1 stale pointer; findings F-1, F-not-in-this-report" in text
    assert disk_line(off_disk()).endswith("CBT is off; no log is known")


def test_verbose_text_has_a_line_for_each_disk_and_the_summary_none() -> None:
    assert "DISKS WITH CBT" in render_text(rich_report(), full=True)
    assert "DISKS WITH CBT" not in render_text(rich_report())


def test_markdown_limits_its_disks() -> None:
    text = render_markdown(replace(rich_report(), disks=many(203)))
    assert "- 3 more disks in report.json" in text


def test_disk_page_of_the_terminal_tells_all() -> None:
    finding = crash()
    text = disk_text(broken_disk(finding.id), [finding], NEWEST)
    assert f"asked  {NEWEST}, whose disk this is" in text
    assert "CBT enabled: " in text
    assert "resized, FAILED: " in text
    assert "snapshot, result not known" in text
    assert f"{MIDDLE} -> not known: failed, error 460" in text
    assert f"[ERROR] {finding.title}" in text
    assert text.replace("\n", "").isprintable()


def test_disk_page_of_nothing_says_what_is_not_known() -> None:
    text = disk_text(off_disk(), [], "")
    assert "no CBT log of this disk is known" in text
    assert "nothing of it was seen" in text
    assert "logs of a disk that the database does not have" in disk_text(orphan_disk(), [], "")


def judgement(answer: Answer) -> CallJudgement:
    check = CallCheck(
        by="SM",
        asks="does the log exist?",
        answer=answer,
        words="it does not\x1b[31m",
        error="460" if answer is Answer.FAILS else "",
        evidence=(line(7, "row"),),
        settle_with="ls" if answer is Answer.UNKNOWN else "",
    )
    return CallJudgement(
        call="VDI.enable_cbt",
        subjects=(Subject(type="VDI", uuid=LIVE, name="data"),),
        checks=(check,),
        answer=answer,
        sentence="So it is.",
        remedy=(Advice(step="Do this."),),
    )


@pytest.mark.parametrize(
    ("answer", "sign", "word"),
    [
        (Answer.OK, "ok", "remedy"),
        (Answer.FAILS, "FAILS", "remedy"),
        (Answer.UNKNOWN, "unknown", "settle with"),
    ],
)
def test_call_shows_each_check_with_its_line(answer: Answer, sign: str, word: str) -> None:
    text = call_text(judgement(answer))
    assert f"  1. {sign:<8} SM: does the log exist?" in text
    assert "[var/log/SMlog:7] row" in text
    assert f"{word}: Do this." in text
    assert "\x1b" not in text


def test_call_as_json_has_null_for_what_does_not_apply() -> None:
    text = answers_json(calls=[judgement(Answer.OK)])
    assert '"error": null' in text
    assert '"answer": "ok"' in text


def test_confidence_below_certain_is_said() -> None:
    likely = replace(log(LIVE, LogKind.LIVE), confidence=Confidence.LIKELY, attached="RW on x")
    (text,) = chain_lines(DiskChain(logs=(likely,)))
    assert "log is there, likely, consistent, 500 GiB, attached RW on x" in text
