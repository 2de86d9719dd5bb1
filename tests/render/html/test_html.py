"""report.html as text: one file, no script but ours, nothing fetched, every anchor resolves."""

import base64
import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.model.finding import Subject
from analyzer.model.report import Report
from analyzer.render.html.html import LARGEST, SCRIPTS, render_html
from analyzer.render.words.answer import answer_of
from analyzer.render.words.view import visible
from analyzer.resources import folder
from analyzer.story.together import together
from tests.render.support import clear_report, crash, empty_report, found, rich_report
from tests.support.whole import examples

Attributes = dict[str, str | None]
REPORTS = pytest.mark.parametrize(
    "report", [rich_report(), empty_report(), clear_report()], ids=["rich", "empty", "clear"]
)
VOID = {"meta", "link", "br"}


def test_page_has_a_most_of_bytes_whatever_a_report_holds() -> None:
    report = rich_report()
    line = next(f for o in report.outcomes for f in o.findings)
    many = tuple(
        replace(
            line,
            subjects=(Subject(type="VDI", uuid=f"{n:08x}-0000-4000-8000-000000000000", name="x"),),
            evidence=tuple(
                replace(
                    line.evidence[0],
                    text=f"{n} {'x' * 1900}",
                    source=replace(line.evidence[0].source, line=n * 9 + place),
                )
                for place in range(8)
            ),
        )
        for n in range(1, 400)
    )
    outcomes = tuple(
        replace(o, findings=many if line in o.findings else ()) for o in report.outcomes
    )
    large = render_html(replace(report, outcomes=outcomes))
    assert len(large.encode()) <= LARGEST
    assert "This report is large" in large
    assert "more finding" in large
    assert "This report is large" not in render_html(report)


def test_of_very_many_pools_the_first_say_what_is_ruled_out() -> None:
    text = render_html(together([clear_report()] * 45))
    assert "What is ruled out in 5 more pools stands in report.json" in text
    assert text.count("<h3>Ruled out") == 40


def test_several_pools_stand_in_a_list_before_the_first_of_them() -> None:
    first, second = rich_report(), clear_report()
    text = render_html(together([first, second]))
    assert "2 pools, each judged by itself" in text
    links = re.findall(r'<a href="#(verdict[^"]*)"', text.partition('id="verdict"')[0])
    assert links == ["verdict", "verdict-2"]
    assert all(f'id="{link}"' in text for link in links)


class Page(HTMLParser):
    """Collects the elements of a page, and checks that they are well nested."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, Attributes]] = []
        self.text = ""
        self._open: list[str] = []
        self.feed(text)
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element that opens."""
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element that closes itself."""
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        """Check that the innermost element closes."""
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        """Note the text that is shown."""
        if not {"script", "style"} & set(self._open):
            self.text += data

    def every(self, *tags: str) -> Iterator[Attributes]:
        """Return the attributes of the elements with one of these names."""
        return (attributes for tag, attributes in self.elements if tag in tags)

    def values(self, attribute: str) -> list[str]:
        """Return all values of an attribute."""
        return [value for _, a in self.elements if (value := a.get(attribute)) is not None]


@REPORTS
def test_page_has_no_script_but_ours_and_no_inline_style_or_handler(report: Report) -> None:
    page = Page(render_html(report))
    data, *scripts = page.every("script")
    assert data == {"type": "application/json", "id": "data"}
    assert scripts == [{"type": "module"}] * len(SCRIPTS)
    assert not list(page.every("iframe", "object", "embed", "img", "form", "base"))
    names = {name for _, attributes in page.elements for name in attributes}
    assert not {name for name in names if name == "style" or name.startswith("on")}


@REPORTS
def test_page_fetches_nothing(report: Report) -> None:
    page = Page(render_html(report))
    targets = page.values("href") + page.values("src")
    assert {target[0] for target in targets if target != "data:,"} <= {"#"}
    assert "url(" not in css().replace("url(#", "")
    assert "@import" not in css()


@REPORTS
def test_policy_allows_our_own_text_by_its_hash_and_nothing_else(report: Report) -> None:
    text = render_html(report)
    policy = next(a["content"] for a in Page(text).every("meta") if "http-equiv" in a)
    style = text.split("<style>")[1].split("</style>")[0]
    scripts = re.findall(r'<script type="module">(.*?)</script>', text, re.DOTALL)
    assert policy is not None
    assert policy.startswith(
        f"default-src 'none'; style-src {digest(style)}; "
        f"script-src {' '.join(map(digest, scripts))};"
    )
    assert "unsafe" not in policy


def digest(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def test_scripts_make_no_element_of_a_text_and_run_none() -> None:
    for name in SCRIPTS:
        text = (folder("reports") / "assets" / f"{name}.js").read_text("utf-8")
        assert not re.search(
            r"[iI]nnerHTML|outerHTML|insertAdjacent|document\.write|\beval\b", text
        )
        assert not re.search(r"fetch\(|XMLHttp|WebSocket|import\(|sendBeacon|https?:", text)


def test_data_of_the_scripts_cannot_end_its_element() -> None:
    text = render_html(hostile_everywhere("</script><script>alert(1)//\u2028<!--"))
    data = text.partition('id="data">')[2].partition("</script>")[0]
    assert json.loads(data)["zones"][0][0] == "</script><script>alert(1)//<U+2028><!--"
    assert not set("<>&\u2028") & set(data)


@REPORTS
def test_every_anchor_resolves_and_is_unique(report: Report) -> None:
    page = Page(render_html(report))
    names = Counter(page.values("id"))
    assert not [name for name, count in names.items() if count > 1]
    assert {target[1:] for target in page.values("href") if target[0] == "#"} <= set(names)


@REPORTS
def test_headings_skip_no_level(report: Report) -> None:
    levels = [int(tag[1]) for tag, _ in Page(render_html(report)).elements if re.match(r"h\d", tag)]
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


@REPORTS
def test_page_has_landmarks_language_and_skip_link(report: Report) -> None:
    page = Page(render_html(report))
    tags = Counter(tag for tag, _ in page.elements)
    assert (tags["main"], tags["header"], tags["nav"], tags["footer"]) == (1, 1, 1, 1)
    assert next(page.every("html"))["lang"] == "en"
    assert next(page.every("a"))["href"] == "#main"


@REPORTS
def test_tables_have_captions_and_scopes(report: Report) -> None:
    page = Page(render_html(report))
    tags = Counter(tag for tag, _ in page.elements)
    assert tags["caption"] == tags["table"]
    assert all("scope" in attributes for attributes in page.every("th"))


def test_shell_is_small() -> None:
    assert len(render_html(empty_report()).encode()) <= 150_000


def test_hostile_text_is_shown_and_made_visible() -> None:
    page = Page(render_html(rich_report()))
    assert "\\x1b[31mred\\x1b[0m <U+202E>gnp.exe <script>alert(1)</script> \\x00" in page.text
    assert page.text.replace("\n", "").isprintable()


def test_template_in_a_log_line_is_not_evaluated() -> None:
    page = Page(render_html(rich_report()))
    assert "{{7*7}}" in page.text


def test_long_quotation_is_whole_but_folded() -> None:
    text = render_html(rich_report())
    assert "the whole quotation, 10,000 characters" in text
    assert "x" * 10_000 in text


def test_only_the_first_plan_and_the_first_finding_are_open() -> None:
    text, _, rest = render_html(rich_report()).partition('id="disks-h"')
    assert text.count("<details open>") == 2
    assert rest.partition('id="nbd-h"')[0].count("<details open>") == 0


def test_not_green_is_said_where_nothing_was_read() -> None:
    page = Page(render_html(empty_report()))
    assert "NOT SURE" in page.text
    assert "NOTHING FOUND" not in page.text


def test_clear_verdict_still_says_what_is_not_known() -> None:
    assert (
        "Of other times and other hosts than were read nothing is known"
        in Page(render_html(clear_report())).text
    )


@REPORTS
def test_first_section_is_the_answer(report: Report) -> None:
    text = render_html(report)
    first = Page(text.partition('<section id="verdict"')[2].partition("</section>")[0]).text
    answer = answer_of(report)
    assert answer.word in first
    assert all(fact.label in first for fact in answer.facts)
    assert all(visible(each.name) in first for each in answer.objects[:8])


@REPORTS
def test_cannot_tell_stands_before_the_objects(report: Report) -> None:
    text = render_html(report)
    assert text.index('id="doubt"') < text.index("</section>")
    assert 'class="stack objects"' not in text.partition('id="doubt"')[0]


@REPORTS
def test_what_carries_no_trouble_is_folded_at_the_end(report: Report) -> None:
    appendix = render_html(report).partition('<section class="appendix"')[2]
    for name in ("coverage", "judged", "method"):
        assert f'<div class="body" id="{name}">' in appendix
    assert "<details open" not in appendix


def test_partly_examined_finding_says_where_nobody_looked() -> None:
    outcome = found(crash(), settle_with=("lvs",))
    text = render_html(replace(clear_report(), outcomes=(outcome,)))
    assert "Not looked at everywhere" in text


def test_zone_west_of_greenwich_is_shown() -> None:
    host = replace(rich_report().hosts[0], utc_offset_minutes=-210)
    assert "UTC-03:30" in render_html(replace(rich_report(), hosts=(host,)))


@settings(max_examples=examples(25), deadline=None)
@given(st.text(alphabet=st.characters(exclude_categories=()), min_size=1, max_size=40))
def test_no_text_becomes_an_element_or_breaks_the_page(text: str) -> None:
    plain = Page(render_html(hostile_everywhere("x"))).elements
    page = Page(render_html(hostile_everywhere(text)))
    assert [tag for tag, _ in page.elements] == [tag for tag, _ in plain]


def hostile_everywhere(text: str) -> Report:
    """Return a report with `text` in the fields that come from a bundle."""
    report = clear_report()
    finding = replace(
        crash(),
        title=text,
        detail=text,
        subjects=tuple(replace(s, uuid=text, name=text) for s in crash().subjects),
        evidence=tuple(replace(e, text=text) for e in crash().evidence),
    )
    return replace(
        report,
        bundles=tuple(replace(b, note=text) for b in report.bundles),
        hosts=tuple(replace(h, name=text, product=text) for h in report.hosts),
        outcomes=(found(finding),),
    )


# How much two colours differ, after WCAG 2.2, "contrast ratio".

GROUNDS = ("bg", "panel", "code")
BADGES = ("critical", "error", "warning", "info", "unsure", "clear", "context")


def css() -> str:
    return (folder("reports") / "assets" / "report.css").read_text("utf-8")


def theme(name: str) -> dict[str, str]:
    light, dark = re.findall(r":root \{(.*?)\}", css(), re.DOTALL)[:2]
    found = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", light))
    if name == "dark":
        found |= dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", dark))
    return found


def luminance(colour: str) -> float:
    parts = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("name", ["light", "dark"])
@pytest.mark.parametrize("ground", [*GROUNDS, *(f"{tone}-tint" for tone in BADGES[:-1])])
@pytest.mark.parametrize("text", ["ink", "muted", "link"])
def test_text_stands_out_from_every_ground(text: str, ground: str, name: str) -> None:
    colours = theme(name)
    assert contrast(colours[text], colours[ground]) >= 4.5


@pytest.mark.parametrize("name", ["light", "dark"])
@pytest.mark.parametrize("badge", BADGES)
def test_badge_can_be_read(badge: str, name: str) -> None:
    colours = theme(name)
    assert contrast(colours["on-badge"], colours[badge]) >= 4.5
    assert contrast(colours[badge], colours["panel"]) >= 4.5


@pytest.mark.parametrize("name", ["light", "dark"])
def test_label_on_a_bar_can_be_read(name: str) -> None:
    colours = theme(name)
    assert contrast(colours["ink"], colours["bar"]) >= 4.5


def test_flood_of_findings_is_cut_and_says_so() -> None:
    flood = tuple(
        replace(crash(), subjects=(Subject(type="VDI", uuid=str(number)),)) for number in range(500)
    )
    report = replace(clear_report(), outcomes=(replace(found(crash()), findings=flood),))
    text = render_html(report)
    assert text.count('<article class="card') == 200
    assert "300 more findings in report.json" in text
