"""report.html in a real browser: nothing runs, nothing is fetched, it fits every width."""

import re
from html import escape
from pathlib import Path

import pytest

from analyzer.render.html.html import render_html
from tests.browser.support import Visit, visit
from tests.golden.outputs import SAMPLES, sample_read
from tests.render.html.test_html import Page
from tests.render.support import clear_report, empty_report, rich_report

# A window is never narrower than 500 pixels, a frame is.
FRAME = (
    '<!DOCTYPE html><html><body><iframe width="{width}" height="844" srcdoc="{page}"></body></html>'
)
PROBE = """<script>
const wide = [...document.querySelectorAll("body *")].filter(element =>
  !element.closest(".scroll, pre, .skip, thead") &&
  element.getBoundingClientRect().right > innerWidth + 1);
Object.assign(parent.document.documentElement.dataset, {
  inner: innerWidth,
  wide: wide.map(e => e.tagName + "." + e.className).join(" "),
  scroll: document.documentElement.scrollWidth,
  fold: document.querySelector("#doubt").getBoundingClientRect().top < innerHeight,
});
</script></body>"""


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Visit:
    return visit(render_html(rich_report()), tmp_path_factory.mktemp("hostile"))


def test_hostile_text_makes_no_element(hostile: Visit) -> None:
    page = Page(hostile.dom)
    assert not list(page.every("script", "iframe", "object", "embed", "img"))
    assert "<script>alert(1)</script>" in page.text


def test_browser_has_nothing_to_complain_about(hostile: Visit) -> None:
    assert hostile.console == ()


def test_browser_asks_the_net_for_nothing(hostile: Visit) -> None:
    assert hostile.requests == ()


def test_policy_stops_a_script_that_got_in(tmp_path: Path) -> None:
    page = render_html(clear_report())
    planted = page.replace("</body>", "<script>document.title = 'owned'</script></body>")
    seen = visit(planted, tmp_path)
    assert "owned</title>" not in seen.dom
    assert any("Content Security Policy" in line for line in seen.console)


def test_request_of_a_page_would_be_noticed(tmp_path: Path) -> None:
    seen = visit('<img src="http://192.0.2.1/x.png" alt="">', tmp_path)
    assert seen.requests == ("http://192.0.2.1/x.png",)


def test_policy_stops_a_picture_from_the_net(tmp_path: Path) -> None:
    page = render_html(clear_report())
    planted = page.replace("</body>", '<img src="http://192.0.2.1/x.png" alt=""></body>')
    seen = visit(planted, tmp_path)
    assert seen.requests == ()
    assert any("Content Security Policy" in line for line in seen.console)


@pytest.mark.parametrize("width", [320, 390, 768, 1280], ids="{}px".format)
@pytest.mark.parametrize("name", ["rich", "empty"])
def test_page_never_scrolls_sideways(name: str, width: int, tmp_path: Path) -> None:
    """320 pixels are also what 1280 are at a zoom of 400 %."""
    report = {"rich": rich_report, "empty": empty_report}[name]()
    page = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", render_html(report))
    frame = FRAME.format(width=width, page=escape(page.replace("</body>", PROBE)))
    seen = visit(frame, tmp_path)
    measured = dict(re.findall(r'data-(\w+)="([^"]*)"', seen.dom.split("<body>")[0]))
    del measured["fold"]
    assert measured == {"inner": str(width), "wide": "", "scroll": str(width)}


@pytest.mark.parametrize(("width", "height"), [(1280, 800), (390, 844)])
@pytest.mark.parametrize("name", ["rich", "empty", "host-crash", "cbt-hazards-lvm"])
def test_what_cannot_be_told_is_seen_without_scrolling(
    name: str, width: int, height: int, tmp_path: Path
) -> None:
    built = {"rich": rich_report, "empty": empty_report}
    paths = {path.name.partition(".")[0]: path for path in SAMPLES}
    report = built[name]() if name in built else sample_read(paths[name])[1]
    page = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", render_html(report))
    frame = FRAME.format(width=width, page=escape(page.replace("</body>", PROBE)))
    seen = visit(frame.replace('height="844"', f'height="{height}"'), tmp_path)
    assert 'data-fold="true"' in seen.dom.split("<body>")[0]
