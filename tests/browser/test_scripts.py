"""What the page's own scripts do, and that everything is there without them."""

import re
import shlex
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from typer.testing import CliRunner

from analyzer.cli.main import app
from analyzer.model.packed_lines import PackedLines, packed
from analyzer.model.report import Excerpt, Report
from analyzer.render.html.html import render_html
from tests.browser.support import DESKTOP, PHONE, sample, sample_page, visiting
from tests.golden.outputs import SAMPLES

NAME = "cbt-hazards-lvm"


@pytest.fixture(scope="module")
def opened(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    folder = tmp_path_factory.mktemp("scripts")
    with visiting(browser, folder, sample_page(NAME)) as visit:
        yield visit.page
        assert visit.console == []


@pytest.fixture
def page(opened: Page) -> Page:
    opened.goto(opened.url.partition("#")[0])
    opened.reload()
    return opened


def last_finding() -> str:
    found = [f.id for outcome in sample(NAME).outcomes for f in outcome.findings]
    names = re.findall(r'<div class="body" id="([^"]*)"', sample_page(NAME))
    last: str = [name for name in names if name in found][-1]
    return last


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_link_to_a_finding_opens_what_it_is_folded_in(
    browser: Browser, scripts: bool, tmp_path: Path
) -> None:
    place = f"#{last_finding()}"
    html = sample_page(NAME)
    with visiting(browser, tmp_path, html, place=place, scripts=scripts) as visit:
        expect(visit.page.locator(f"[id='{place[1:]}']")).to_be_in_viewport()


def test_link_by_fingerprint_leads_to_the_same_finding(page: Page) -> None:
    lasting = page.locator(f"[id='{last_finding()}'] .permalink").get_attribute("data-lasting")
    assert lasting is not None
    assert len(lasting) == len("F-") + 16
    page.goto(f"{page.url.partition('#')[0]}#{lasting}")
    expect(page.locator(f"[id='{lasting}']")).to_be_attached()
    expect(page.locator(f"[id='{last_finding()}'] .detail")).to_be_in_viewport()


def test_search_finds_a_folded_line_and_opens_it(page: Page) -> None:
    quoted = [f.evidence[0].text for o in sample(NAME).outcomes for f in o.findings][-1]
    page.keyboard.press("/")
    page.keyboard.type(quoted[16:46])
    page.locator("#results button", has_text="line:").first.click()
    expect(page.locator("figure.quote:focus pre").first).to_be_in_viewport()
    page.keyboard.press("/")
    page.keyboard.press("Escape")
    expect(page.locator("#results")).to_be_hidden()


def test_chips_narrow_the_findings_and_stay_in_the_address(page: Page) -> None:
    cards = page.locator("#findings .card")
    whole = cards.count()
    page.get_by_role("button", name="critical 3").click()
    assert cards.filter(visible=True).count() == 3
    assert page.url.endswith("#?severity=critical")
    page.reload()
    assert cards.filter(visible=True).count() == 3
    page.locator("#verdict a[href^='#F-']").first.click()
    page.goto(f"{page.url.partition('#')[0]}#{last_finding()}")
    assert cards.filter(visible=True).count() == whole


def test_zone_changes_every_time_of_ours_and_no_quoted_one(page: Page) -> None:
    quoted = page.locator(".quote pre").all_inner_texts()
    before = page.locator("#verdict time").all_inner_texts()
    page.get_by_label("Time zone").select_option("time of jupiter")
    after = page.locator("#verdict time").all_inner_texts()
    assert before != after
    shown = page.locator("time").all_text_contents()
    assert "between 22 Nov 02:00 and 02:24" in shown
    assert not [text for text in shown if "UTC" in text]
    assert page.locator(".quote pre").all_inner_texts() == quoted
    page.get_by_label("Time zone").select_option("UTC")
    assert page.locator("#verdict time").all_inner_texts() == before


def test_copy_gives_the_command_the_finding_and_the_ticket(page: Page) -> None:
    def copied() -> str:
        text: str = page.evaluate("() => navigator.clipboard.readText()")
        return text

    page.get_by_role("button", name="Copy for ticket").click()
    assert copied().startswith("## CRITICAL")
    page.evaluate("() => document.querySelectorAll('.plan details').forEach(d => (d.open = true))")
    commands = page.locator("#plans .commands").filter(visible=True).first
    commands.hover()
    commands.locator(".copy").click()
    assert copied() == commands.locator("code").inner_text()
    page.locator("#findings .copy", has_text="copy as text").first.click()
    assert "Because:" in copied()
    page.locator("#findings .copy", has_text="copy link").first.click()
    assert "#F-" in copied()


def test_timeline_zooms_selects_and_lists_with_links(page: Page) -> None:
    canvas = page.locator("#explorer canvas")
    canvas.focus()
    page.keyboard.press("n")
    listed = page.locator(".listed tbody tr")
    listed.first.wait_for()
    assert page.locator(".listed a[href^='#F-']").count()
    command = page.locator(".listed .command").inner_text()
    assert command.startswith("cbtriage timeline --from 2024-11-22T")
    assert command.endswith(f" {NAME}.tar.bz2")
    bundle = next(path for path in SAMPLES if path.name.startswith(NAME))
    done = CliRunner().invoke(app, ["timeline", "-q", *shlex.split(command)[2:-1], str(bundle)])
    assert len(done.output.splitlines()) > listed.count()
    near = listed.count()
    page.keyboard.press("Home")
    page.keyboard.press("Enter")
    assert listed.count() > near
    page.keyboard.press("Escape")
    assert listed.count() == 0
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 300, box["y"] + 10)
    page.mouse.down()
    page.mouse.move(box["x"] + 900, box["y"] + 10)
    page.mouse.up()
    assert listed.count()


def around_a_quote() -> tuple[str, Excerpt]:
    """Return a page that carries lines around the first quoted one, and these lines."""
    report = sample(NAME)
    source = next(f.evidence[0].source for o in report.outcomes for f in o.findings)
    first = max(source.line - 50, 1)
    lines = tuple(
        f"line {number} <b> \N{RIGHT-TO-LEFT OVERRIDE}" for number in range(first, first + 101)
    )
    excerpt = Excerpt(bundle=source.bundle, member=source.member, first=first, lines=lines)
    return render_html(replace(report, excerpts=(excerpt,))), excerpt


def test_lines_around_are_unpacked_where_somebody_looks(browser: Browser, tmp_path: Path) -> None:
    html, excerpt = around_a_quote()
    with visiting(browser, tmp_path, html, place="#lines-1") as visit:
        shown = visit.page.locator("#lines-1 .excerpt")
        expect(shown).to_be_visible()
        texts = shown.inner_text().split("\n")
        assert len(texts) == len(excerpt.lines)
        assert texts[-1] == f"{excerpt.last} line {excerpt.last} <b> <U+202E>"
        assert shown.locator("b").count() >= 1
        assert visit.console == []


def test_search_finds_a_packed_line(browser: Browser, tmp_path: Path) -> None:
    html, excerpt = around_a_quote()
    with visiting(browser, tmp_path, html) as visit:
        visit.page.keyboard.press("/")
        expect(visit.page.locator("#lines-1 .excerpt")).to_have_count(1)
        visit.page.keyboard.type(f"line {excerpt.first} <b>")
        visit.page.locator("#results button", has_text="lines around:").first.click()
        expect(visit.page.locator("#lines-1 .excerpt")).to_be_in_viewport()


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_search_offers_lines_of_whole_files_that_are_not_shown(
    browser: Browser, size: tuple[int, int], tmp_path: Path
) -> None:
    html = with_a_whole_member(sample(NAME))
    with visiting(browser, tmp_path, html, size=size) as visit:
        page = visit.page
        page.keyboard.press("/")
        page.keyboard.type("line 4321")
        offered = page.locator("#results button", has_text="whole file:")
        expect(offered).to_contain_text("1 line with it, from line 4321 on")
        expect(page.locator(".results [role=status]")).to_contain_text("1 line of 1 whole file")
        offered.click()
        box = page.locator("#lines-1")
        expect(box.locator("[data-number]")).to_have_count(1)
        expect(box).to_be_in_viewport()
        expect(box.locator("input")).to_have_value("line 4321")
        page.keyboard.press("/")
        page.get_by_label("Find in this report").fill("nowhere at all 4321")
        expect(page.locator(".results [role=status]")).to_have_text("0 places")
        assert visit.console == []


def test_packed_lines_say_without_scripts_where_else_they_are(
    browser: Browser, tmp_path: Path
) -> None:
    html, _ = around_a_quote()
    with visiting(browser, tmp_path, html, place="#lines-1", scripts=False) as visit:
        expect(visit.page.locator("#lines-1")).to_contain_text("cbtriage explain")


def with_a_whole_member(report: Report, count: int = 5000) -> str:
    """Return a page that carries the member of the first quoted line, but for its middle."""
    source = next(f.evidence[0].source for o in report.outcomes for f in o.findings)
    parts = []
    for first in range(1, count, 1000):
        if first == 2001:
            continue
        texts = [f"line {number} <b>{number % 7}</b>" for number in range(first, first + 1000)]
        parts.append(
            PackedLines(
                bundle=source.bundle,
                member=source.member,
                first=first,
                count=len(texts),
                packed=packed(texts),
            )
        )
    return render_html(replace(report, packed=tuple(parts)))


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_whole_member_is_looked_through(
    browser: Browser, size: tuple[int, int], tmp_path: Path
) -> None:
    html = with_a_whole_member(sample(NAME))
    with visiting(browser, tmp_path, html, place="#lines-1", size=size) as visit:
        box = visit.page.locator("#lines-1")
        rows = box.locator("[data-number]")
        expect(rows).to_have_count(200)
        box.locator("input").fill("line 4321")
        expect(rows).to_have_count(1)
        expect(box.get_by_role("status")).to_have_text("1 line with it")
        rows.get_by_role("button").click()
        expect(rows).to_have_count(200)
        expect(box.locator("[data-number='4321']")).to_be_in_viewport()
        numbers = [int(each) for each in rows.evaluate_all("all => all.map(e => e.dataset.number)")]
        assert numbers == list(range(4271, 4471))
        box.get_by_role("button", name="later").click()
        expect(rows.first).to_have_attribute("data-number", "4471")
        box.locator("input").fill("no such line")
        expect(box.get_by_role("status")).to_have_text("0 lines with it")
        assert visit.page.evaluate("() => document.documentElement.scrollWidth") == size[0]
        assert visit.console == []


def test_lines_go_on_behind_a_part_that_is_not_there(browser: Browser, tmp_path: Path) -> None:
    html = with_a_whole_member(sample(NAME))
    with visiting(browser, tmp_path, html, place="#lines-1") as visit:
        box = visit.page.locator("#lines-1")
        box.locator("input").fill("line 1950")
        box.locator("[data-number='1950'] button").click()
        expect(box.locator("[data-number='1950']")).to_be_in_viewport()
        expect(box.locator("[data-number='2000'] + *, [data-number='3001']")).not_to_have_count(0)
        assert box.locator("[data-number='2500']").count() == 0


def test_whole_member_says_without_scripts_where_else_it_is(
    browser: Browser, tmp_path: Path
) -> None:
    html = with_a_whole_member(sample(NAME))
    with visiting(browser, tmp_path, html, place="#lines-1", scripts=False) as visit:
        expect(visit.page.locator("#lines-1")).to_contain_text("cbtriage explain")


def test_step_of_the_story_lights_its_mark(page: Page) -> None:
    assert page.locator("svg.strip-line .mark.lit").count() == 0
    page.locator("#verdict .answer > div", has_text="Cause").hover()
    expect(page.locator("svg.strip-line .mark.lit")).to_have_count(1)
    page.locator("h1").hover()
    expect(page.locator("svg.strip-line .mark.lit")).to_have_count(0)
    page.locator(".causes .story summary").first.click()
    page.locator(".causes .story li > a").first.focus()
    expect(page.locator("svg.strip-line .mark.lit")).not_to_have_count(0)


def test_object_lights_what_it_met_on_both_pictures_of_time(page: Page) -> None:
    def lit_on_canvas() -> int:
        return int(page.locator("#explorer canvas").get_attribute("data-lit") or 0)

    page.locator(".objects tbody tr", has_text="mail/mail disk 1").hover()
    on_strip = page.locator("svg.strip-line .mark.lit").count()
    assert on_strip
    assert lit_on_canvas() > on_strip
    page.locator("h1").hover()
    expect(page.locator("svg.strip-line .mark.lit")).to_have_count(0)
    assert lit_on_canvas() == 0
    page.locator(".objects tbody tr", has_text="ledger/ledger disk 0").locator("a").first.focus()
    assert lit_on_canvas()


def test_incident_and_backup_of_a_list_have_links(page: Page) -> None:
    page.locator("#explorer canvas").focus()
    page.keyboard.press("Home")
    page.keyboard.press("Enter")
    assert page.locator(".listed a[href^='#incident-']").count()
    assert page.locator(".listed a[href^='#run-']").count()


def test_tooltip_of_a_mark_follows_the_zone(page: Page) -> None:
    title = page.locator("svg.strip-line .mark title").first
    before = title.text_content() or ""
    page.get_by_label("Time zone").select_option("time of jupiter")
    assert "UTC" in before
    assert "+01:00" in (title.text_content() or "")


def test_worst_mark_of_a_place_is_drawn_on_top(page: Page) -> None:
    """The colour in the middle of a place with marks of all kinds is that of the worst."""
    page.evaluate("() => document.querySelector('#explorer canvas').focus()")
    page.keyboard.press("Home")
    colours = page.evaluate(
        """() => {
          const canvas = document.querySelector("#explorer canvas");
          const pen = canvas.getContext("2d");
          const {data} = pen.getImageData(0, 0, canvas.width, canvas.height);
          const found = new Set();
          for (let i = 0; i < data.length; i += 4) found.add(data.slice(i, i + 3).join());
          return [...found];
        }"""
    )
    assert "161,8,47" in colours  # critical


def test_timeline_is_drawn_as_a_picture_without_scripts(browser: Browser, tmp_path: Path) -> None:
    with visiting(browser, tmp_path, sample_page(NAME), scripts=False) as visit:
        expect(visit.page.locator("svg.timeline").first).to_be_visible()
        expect(visit.page.locator("#tools")).to_be_hidden()
        expect(visit.page.locator("#explorer")).to_be_hidden()
        expect(visit.page.locator("#chips")).to_be_hidden()
