"""What is quoted is read again: found where it says, or named."""

import json
from pathlib import Path

import pytest

from analyzer.bundle.budget import Budget
from analyzer.case.quotations import Quotation, not_there, quotations_in

LOG = "one\ntwo of two\n  its rest\nother\nlast of it\n"
ROW = '<table name="VDI"><row ref="r" uuid="u" a="1" b="2"/></table>'
BEFORE = f'<table name="SR"><row uuid="s"/></table>{ROW}'


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    folder = tmp_path / "bundle"
    (folder / "var/log").mkdir(parents=True)
    (folder / "var/log/SMlog").write_text(LOG, encoding="utf-8")
    (folder / "xapi-db.xml").write_text(f"<database>{BEFORE}</database>", encoding="utf-8")
    return folder


def lost(bundle: Path, text: str, *, line: int = 0, offset: int = 0, member: str = "") -> bool:
    quotation = Quotation(
        bundle="bundle",
        member=member or ("var/log/SMlog" if line else "xapi-db.xml"),
        line=line,
        offset=offset,
        text=text,
    )
    return list(not_there([quotation], [bundle], budget=Budget())) == [quotation]


@pytest.mark.parametrize(
    ("text", "line"),
    [("one", 1), ("two of two\n  its rest", 2), ("two of two\nlast of it", 2), ("two … two", 2)],
)
def test_lines_that_are_there_are_found(text: str, line: int, bundle: Path) -> None:
    assert not lost(bundle, text, line=line)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("one", 2),
        ("One", 1),
        ("other\n  its rest", 4),
        ("last of it", 9),
        ("two … two … two", 2),
        ("one\nnever written", 1),
    ],
)
def test_lines_that_are_not_there_are_named(text: str, line: int, bundle: Path) -> None:
    assert lost(bundle, text, line=line)


def test_a_row_is_found_behind_its_table_with_what_was_left_out(bundle: Path) -> None:
    content = (bundle / "xapi-db.xml").read_text("utf-8")
    offset = content.index('<row ref="r"')
    assert not lost(bundle, '<table name="VDI">…<row… uuid="u"… b="2"/>', offset=offset)
    assert lost(bundle, '<table name="SR">…<row… uuid="u"… b="2"/>', offset=offset)
    assert lost(bundle, '<table name="VDI">…<row… uuid="s"…/>', offset=offset)
    assert lost(bundle, '<table name="VDI">…<row… b="2"… uuid="u"…/>', offset=offset)


def test_a_member_that_is_not_there_has_no_quotation(bundle: Path) -> None:
    assert lost(bundle, "one", line=1, member="var/log/SMlog.7")


def test_quotations_are_found_wherever_they_stand_in_a_document() -> None:
    quote = {"bundle": "b", "member": "m", "line": 1, "text": "x"}
    document = json.loads(json.dumps({"a": [{"evidence": [quote]}], "b": {"c": quote, **quote}}))
    assert len(list(quotations_in(document))) == 3
