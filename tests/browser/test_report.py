"""report.html in a real browser: nothing foreign runs, nothing is fetched, it fits every width."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from analyzer.render.html.html import SCRIPTS, render_html
from tests.browser.support import (
    DESKTOP,
    PHONE,
    Scheme,
    kept_as,
    pages_of,
    sample_page,
    violations,
    visiting,
    without_policy,
    without_scripts,
)
from tests.golden.outputs import SAMPLES
from tests.render.support import empty_report, rich_report
from tests.support.whole import WHOLE

BUILT = {"rich": rich_report, "empty": empty_report}
WIDE = """() => [...document.querySelectorAll("body *")].filter(element =>
  !element.closest(".scroll, pre, .skip, thead, svg, .aside, caption, .results") &&
  element.getBoundingClientRect().right > innerWidth + 1).map(e => e.tagName + "." + e.className)"""
OPEN_ALL = "() => { for (const each of document.querySelectorAll('details')) each.open = true; }"
NAMES = [path.name.partition(".")[0] for path in SAMPLES]
FEW = ("host-crash",)
THESE = ("nbd-mixed-trouble", "healthy-cbt")  # and with WHOLE=1 all others
SCHEMES: tuple[Scheme, ...] = ("light", "dark")
EVERY = [name if name in FEW else pytest.param(name, marks=pytest.mark.slow) for name in NAMES]
AXED = EVERY if WHOLE else [*FEW, *(pytest.param(n, marks=pytest.mark.slow) for n in THESE)]


def page_of(name: str) -> str:
    return render_html(BUILT[name]()) if name in BUILT else sample_page(name)


def test_hostile_text_makes_no_element_and_no_request(browser: Browser, tmp_path: Path) -> None:
    with visiting(browser, tmp_path, page_of("rich")) as visit:
        page = visit.page
        assert page.locator("script").count() == len(SCRIPTS) + 1
        assert page.locator("iframe, object, embed, img").count() == 0
        page.evaluate(OPEN_ALL)
        assert page.get_by_text("<script>alert(1)</script>").count()
        page.keyboard.press("/")
        page.keyboard.type("alert(1)")
        page.locator("#results button").first.wait_for()
        assert page.locator("script").count() == len(SCRIPTS) + 1
        assert visit.console == []
        assert [url for url in visit.requests if not url.startswith(("file:", "data:"))] == []


@pytest.mark.parametrize(
    "planted",
    [
        "<script>document.title = 'owned'</script>",
        '<img src="http://192.0.2.1/x.png" alt="" onerror="document.title = \'owned\'">',
    ],
    ids=["script", "picture"],
)
def test_policy_stops_what_got_in(browser: Browser, planted: str, tmp_path: Path) -> None:
    html = page_of("empty").replace("</body>", f"{planted}</body>")
    with visiting(browser, tmp_path, html) as visit:
        assert visit.page.title() != "owned"
        assert any("Content Security Policy" in line for line in visit.console)
        assert not [url for url in visit.requests if url.startswith("http")]


def test_request_of_a_page_would_be_noticed(browser: Browser, tmp_path: Path) -> None:
    with visiting(browser, tmp_path, '<img src="http://192.0.2.1/x.png" alt="">') as visit:
        assert "http://192.0.2.1/x.png" in visit.requests


def test_policy_lets_no_text_become_an_element(browser: Browser, tmp_path: Path) -> None:
    with (
        visiting(browser, tmp_path, page_of("empty")) as visit,
        pytest.raises(Exception, match="Trusted"),
    ):
        visit.page.evaluate("() => { document.body.innerHTML = '<b>x</b>'; }")


@pytest.mark.parametrize("name", ["rich", "empty", "host-crash"])
def test_page_never_scrolls_sideways(browser: Browser, name: str, tmp_path: Path) -> None:
    """320 pixels are also what 1280 are at a zoom of 400 %."""
    with visiting(browser, tmp_path, page_of(name)) as visit:
        for width in (320, 390, 768, 1280):
            visit.page.set_viewport_size({"width": width, "height": 800})
            visit.page.evaluate(OPEN_ALL)
            assert visit.page.evaluate(WIDE) == []
            assert visit.page.evaluate("() => document.documentElement.scrollWidth") == width


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
@pytest.mark.parametrize("name", [*BUILT, "cbt-hazards-nfs", *EVERY])
def test_answer_is_seen_without_scrolling(
    browser: Browser, name: str, scripts: bool, tmp_path: Path
) -> None:
    """What cannot be told, and the name of each object in trouble, or of the first eight."""
    with visiting(browser, tmp_path, page_of(name), scripts=scripts) as visit:
        for width, height in (DESKTOP, PHONE):
            visit.page.set_viewport_size({"width": width, "height": height})
            names = visit.page.locator("#verdict .objects tbody th").all()
            for each in (visit.page.locator("#doubt"), *names):
                box = each.bounding_box()
                assert box is not None
                assert box["y"] + min(box["height"], 20) <= height, (name, each.inner_text())


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_what_led_there_is_a_picture_or_on_a_phone_lines(
    browser: Browser, scripts: bool, tmp_path: Path
) -> None:
    with visiting(browser, tmp_path, page_of("host-crash"), scripts=scripts) as visit:
        picture, lines = visit.page.locator(".strip-line"), visit.page.locator(".strip-steps")
        assert picture.is_visible()
        assert not lines.is_visible()
        visit.page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
        assert not picture.is_visible()
        texts = lines.locator("li").all_inner_texts()
        assert ["went down" in texts[0], "CBT" in texts[1], "now" in texts[-1]] == [True] * 3
        assert visit.page.evaluate("() => document.documentElement.scrollWidth") == PHONE[0]
        visit.page.emulate_media(media="print")
        assert not lines.is_visible()


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_mention_of_a_host_leads_to_what_is_said_of_it(
    browser: Browser, size: tuple[int, int], scripts: bool, tmp_path: Path
) -> None:
    with visiting(browser, tmp_path, page_of("host-crash"), size=size, scripts=scripts) as visit:
        visit.page.locator("h1 a").click()
        card = visit.page.locator("[id='host-1']")
        expect(card).to_be_in_viewport()
        expect(card).to_contain_text("went down")
        expect(card).to_contain_text("read whole")


@pytest.mark.parametrize("name", AXED)
def test_axe_finds_nothing_in_any_mode(browser: Browser, name: str, tmp_path: Path) -> None:
    html = sample_page(name)
    every = [(size, scheme) for size in (DESKTOP, PHONE) for scheme in SCHEMES]
    halves = (every, every) if name not in FEW else (every[::3], every[1:3])
    for text, modes in zip((html, without_scripts(html)), halves, strict=True):
        with visiting(browser, tmp_path, without_policy(text)) as visit:
            for size, scheme in modes:
                visit.page.set_viewport_size({"width": size[0], "height": size[1]})
                visit.page.emulate_media(color_scheme=scheme)
                assert violations(visit.page) == []
            visit.page.emulate_media(media="print")
            assert violations(visit.page) == []
    with visiting(browser, tmp_path, without_policy(html)) as visit:
        visit.page.evaluate(OPEN_ALL)
        assert violations(visit.page) == []
        visit.page.set_viewport_size({"width": 320, "height": 844})
        for scheme in SCHEMES if name not in FEW else ("dark",):
            visit.page.emulate_media(forced_colors="active", color_scheme=scheme)
            assert violations(visit.page) == []


def test_pictures_of_time_keep_to_forced_colours(browser: Browser, tmp_path: Path) -> None:
    """A reader's dark colours with a light page: ink of the page would be black on black."""
    with visiting(browser, tmp_path, page_of("host-crash")) as visit:
        visit.page.emulate_media(forced_colors="active", color_scheme="dark")
        inks = visit.page.evaluate(
            """() => [...document.querySelectorAll("svg.timeline .note, .chain text")].map(
              each => getComputedStyle(each).fill)"""
        )
        canvas = visit.page.evaluate("() => getComputedStyle(document.body).backgroundColor")
        assert inks
        assert canvas not in inks


@pytest.mark.parametrize("name", AXED)
def test_print_is_four_pages_and_the_evidence(browser: Browser, name: str, tmp_path: Path) -> None:
    with visiting(browser, tmp_path, sample_page(name)) as visit:
        printed = visit.page.pdf(format="A4", prefer_css_page_size=True)
        if place := kept_as("", "pdf"):
            place.write_bytes(printed)
        whole = pages_of(printed)
        visit.page.evaluate("() => document.querySelector('#evidence').remove()")
        told = pages_of(visit.page.pdf(format="A4", prefer_css_page_size=True))
        assert 1 <= told <= 4
        assert whole >= told
