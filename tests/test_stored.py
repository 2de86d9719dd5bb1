"""Values written as JSON come back as what they were, and as nothing else."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import patch

import pytest

from analyzer.model.event import Event
from analyzer.model.finding import Gap, Subject
from analyzer.model.hole import HoleKind
from analyzer.model.moment import Moment
from analyzer.model.names import Known, Names
from analyzer.model.sentence import Sentence, say
from analyzer.stored import microseconds, plain, shape_of, text_of, typed, written
from tests.model.test_event import TEXTS, event

AT = datetime(2024, 11, 22, 9, 6, 1, 250_000, tzinfo=UTC)
MOMENT = Moment(
    at=AT, earliest=AT - timedelta(hours=1), latest=AT + timedelta(minutes=5), dated_by="audit.log"
)
GAP = Gap(need="smlog", host="jupiter", why="empty", settle_with="xen-bugtool")


def again(kind: Any, value: object) -> object:
    return typed(kind, json.loads(json.dumps(plain(kind, value))))


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (Gap, GAP),
        (Moment, MOMENT),
        (tuple[Gap, ...], (GAP, GAP)),
        (Gap | None, None),
        (Gap | Moment, MOMENT),
        (frozenset[str], frozenset({"b", "a"})),
        (HoleKind, HoleKind.ROTATED),
    ],
)
def test_value_comes_back_equal(kind: object, value: object) -> None:
    assert again(kind, value) == value


@pytest.mark.parametrize("at_once", [1, 2, 100])
@pytest.mark.parametrize("count", [0, 1, 2, 3])
def test_what_is_written_piece_by_piece_is_the_same(at_once: int, count: int) -> None:
    disks = tuple(Known(type="VDI", uuid=str(n), name="", words="live") for n in range(count))
    names = Names(disks=disks, vms=(), hosts=(), srs=disks[:1], networks=())
    with patch("analyzer.stored._AT_ONCE", at_once):
        pieces = list(written(Names, names))
    assert b"".join(pieces) == text_of(plain(Names, names))
    assert sum(piece.count(b"VDI") > at_once for piece in pieces) == 0
    assert b"".join(written(Event, event(TEXTS[1]))) == text_of(plain(Event, event(TEXTS[1])))


def test_sentence_comes_back_with_its_values() -> None:
    told = again(str, say("{disk} was lost at {at}", disk="db", at=MOMENT))
    assert str(told) == str(say("{disk} was lost at {at}", disk="db", at=MOMENT))
    assert isinstance(told, Sentence)


def test_event_is_stored_with_its_own_text_and_no_other() -> None:
    one = event(TEXTS[1])
    row = json.dumps(plain(Event, one))
    back = typed(Event, json.loads(row))
    assert (back, back.text) == (one, TEXTS[1])
    assert TEXTS[0][-4:] not in row


@pytest.mark.parametrize("row", [None, 7, [], ["smlog"], ["a", "b", "c", 4], {"need": "smlog"}])
def test_row_of_another_shape_is_refused(row: object) -> None:
    with pytest.raises((TypeError, ValueError)):
        typed(Gap, row)


def test_value_of_another_type_is_not_written() -> None:
    with pytest.raises(TypeError, match="expected Gap, got Subject"):
        plain(Gap, Subject(type="VDI", uuid="u", name=""))


def test_shape_changes_with_what_a_type_holds() -> None:
    assert shape_of(Gap) == shape_of(Gap)
    assert len({shape_of(Gap), shape_of(Moment), shape_of(tuple[Gap | Moment, ...])}) == 3


def test_instant_is_microseconds_since_1970() -> None:
    assert microseconds(AT) == 1_732_266_361_250_000
