"""Sentences: what they read as, what they keep, and that only they make text of a moment."""

import ast
import pickle
from datetime import UTC, datetime
from pathlib import Path

from analyzer.model.finding import Subject
from analyzer.model.moment import Moment
from analyzer.model.sentence import Around, Sentence, joined, say, without_time

ANALYZER = Path(__file__).resolve().parents[2] / "analyzer"
NOON = Moment.exact(datetime(2024, 6, 10, 12, tzinfo=UTC), "test")


def test_value_that_looks_like_a_field_is_no_field() -> None:
    assert say("{a} and {b}", a="{b}", b="{a}") == "{b} and {a}"


def test_field_without_a_value_stays_as_it_is_written() -> None:
    assert say("{a} and {b}", a="x") == "x and {b}"


def test_sentence_inside_a_sentence_keeps_its_moments() -> None:
    inner = say("at {at}", at=NOON)
    assert joined([inner, "never"], ", ", " or ").values["part0"] is inner


def test_subject_reads_as_its_name_and_its_uuid() -> None:
    disk = Subject(type="VDI", uuid="3f0c7a52", name="data")
    assert say("{disk}", disk=disk) == "data (3f0c7a52)"


def test_sentence_goes_to_another_process_whole() -> None:
    sent = say("since {at}", at=NOON)
    come = pickle.loads(pickle.dumps(sent))  # noqa: S301 - our own bytes
    assert (come, come.template, dict(come.values)) == (sent, sent.template, dict(sent.values))


def test_nobody_but_a_sentence_makes_text_of_a_moment() -> None:
    """A moment that became text too early can be told in no other zone."""
    readers = {"in_words", "around", "to_the_minute"}
    importers = {
        path.relative_to(ANALYZER).as_posix()
        for path in ANALYZER.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and node.module == "analyzer.model.moment"
        if readers & {alias.name for alias in node.names}
    }
    assert importers == {"model/sentence.py"}


def test_time_at_the_end_goes_and_any_other_stays() -> None:
    inner = say("It broke, {when}", when=Around(NOON))
    assert without_time(inner, NOON) == "It broke"
    assert without_time(str(inner), NOON) == "It broke"
    assert without_time(say("{it}{more}", it=inner, more=""), NOON) == "It broke"
    assert without_time(say("{it}{more}", it=inner, more=" twice"), NOON) == f"{inner} twice"
    assert without_time(inner, Moment.exact(datetime(2024, 6, 11, 12, tzinfo=UTC), "t")) == inner
    assert without_time(say("disk {name}", name="at 2024-06-10 12:00 UTC"), NOON).endswith("UTC")


def test_plain_sentence_has_no_values() -> None:
    assert dict(Sentence("disk {vdi}").values) == {}
