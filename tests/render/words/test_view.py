"""Words: hostile text made visible, times said with their doubt, anchors."""

import re
from dataclasses import replace
from datetime import timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.model.moment import Moment
from analyzer.model.source import Source
from analyzer.render.words.view import anchor, cut, duration, iso, span, stamp, visible
from tests.render.support import at, utc, without_year


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31m", "\\x1b[31m"),
        ("\u202egnp.exe", "<U+202E>gnp.exe"),
        ("\u200bhidden", "<U+200B>hidden"),
        ("a\x00b", "a\\x00b"),
        ("a\r\nb\tc", "a\\r\\nb\\tc"),
        ("\x9b31m", "\\x9b31m"),
        ("caf\udce9", "caf\\xe9"),
        ("\ud800", "<U+D800>"),
        ("Köln 東京 \N{GRINNING FACE}", "Köln 東京 \N{GRINNING FACE}"),
    ],
)
def test_what_does_not_print_is_written_out(text: str, shown: str) -> None:
    assert visible(text) == shown


@given(st.text(alphabet=st.characters(exclude_categories=()), max_size=60))
def test_any_text_prints_on_one_line_and_can_be_written(text: str) -> None:
    shown = visible(text)
    assert shown.isprintable()
    assert shown.encode().decode() == shown
    assert visible(shown) == shown


@given(st.text(max_size=60))
def test_layout_survives_where_it_is_asked_for(text: str) -> None:
    shown = visible(text, lines=True)
    assert shown.count("\n") == text.count("\n")
    assert shown.replace("\n", "").replace("\t", "").isprintable()


@pytest.mark.parametrize(
    ("moment", "shown"),
    [
        (None, "time unknown"),
        (at("10:06:01"), "2024-11-22 10:06:01 UTC"),
        (at("10:06:01", doubt=timedelta(seconds=0.5)), "2024-11-22 10:06:01 UTC"),
        (at("10:06:01", doubt=timedelta(seconds=30)), "about 2024-11-22 10:06:01 UTC ±30 s"),
        (at("10:06:01", doubt=timedelta(hours=7)), "about 2024-11-22 10:06:01 UTC ±7 h"),
        (at("10:06:01", doubt=timedelta(days=3)), "about 2024-11-22 10:06:01 UTC ±3 d"),
        (without_year("10:06:01"), "????-11-22 10:06:01 (year unknown)"),
    ],
)
def test_time_is_said_with_its_doubt(moment: Moment | None, shown: str) -> None:
    assert stamp(moment) == shown


def test_lopsided_doubt_is_told_as_a_range() -> None:
    moment = Moment(
        at=utc("2024-11-22T10:00:00"),
        earliest=utc("2024-11-22T09:00:00"),
        latest=utc("2024-11-23T00:00:00"),
        dated_by="zone unknown",
    )
    assert stamp(moment) == "2024-11-22 09:00-2024-11-23 00:00 UTC"
    later = replace(moment, latest=utc("2024-11-22T10:03:01"))
    assert stamp(later) == "2024-11-22 09:00-10:04 UTC"


def test_time_of_another_zone_is_shown_in_utc() -> None:
    local = utc("2024-11-22T10:00:00").astimezone(timezone(timedelta(hours=5)))
    moment = Moment.exact(local, "test")
    assert (stamp(moment), iso(moment)) == ("2024-11-22 10:00:00 UTC", "2024-11-22T10:00:00Z")


@given(st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=300)))
def test_doubt_is_never_talked_down(length: timedelta) -> None:
    number, unit = duration(length).split()
    seconds = {"s": 1, "min": 60, "h": 3600, "d": 86400}[unit]
    assert timedelta(seconds=int(number) * seconds) >= length


def test_instant_without_year_has_no_iso_form() -> None:
    assert iso(without_year("10:00:00")) is None


def test_one_time_is_no_span() -> None:
    assert span(at("10:00:00"), at("10:00:00")) == "2024-11-22 10:00:00 UTC"


def test_cut_says_how_much_is_gone() -> None:
    assert cut("x" * 30, 10) == "xxxxxxxxxx [+20 characters]"


@given(st.text(alphabet=st.characters(exclude_categories=()), max_size=30))
def test_anchor_needs_no_escape_anywhere(member: str) -> None:
    name = anchor(Source(bundle="b", member=member, line=3), ("a", "b"))
    assert re.fullmatch(r"b2:[A-Za-z0-9/._~-]*:3", name)


@given(st.lists(st.text(alphabet="a ~2/0\n", max_size=6), min_size=2, max_size=2, unique=True))
def test_different_members_have_different_anchors(members: list[str]) -> None:
    one, other = (anchor(Source(bundle="b", member=m), ("b",)) for m in members)
    assert one != other


def test_anchor_in_a_bundle_that_is_not_listed_is_still_one() -> None:
    assert anchor(Source(bundle="?", member="m"), ()) == "b0:m:0"


@pytest.mark.parametrize("many", ["", "".join(map(chr, range(0x80, 0xA0)))])
def test_what_does_not_print_is_written_out_however_much_it_is(many: str) -> None:
    written = "".join(f"\\x{ord(each):02x}" for each in many)
    assert visible(f"a\n\u202eb{many}") == f"a\\n<U+202E>b{written}"
    assert visible(f"a\n\u202eb{many}", lines=True) == f"a\n<U+202E>b{written}"
