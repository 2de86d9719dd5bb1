"""An event finds its text among the words that it shares with others."""

from datetime import UTC, datetime

from analyzer.model.event import CODING, Event, place_of_text
from analyzer.model.moment import Moment
from analyzer.model.source import Source

AT = datetime(2024, 6, 10, 13, 32, tzinfo=UTC)
TEXTS = ("10 Jun é [1] echo", "\udc80 FAILED\nand more")


def event(text: str) -> Event:
    before = "".join(TEXTS[: TEXTS.index(text)]).encode(*CODING)
    end = len(before) + len(text.encode(*CODING))
    return Event(
        moment=Moment(at=AT, earliest=AT, latest=AT, dated_by="x"),
        source=Source(bundle="b", member="var/log/SMlog", line=1),
        kind="sm-command.log",
        parser="smlog",
        host="jupiter",
        process="SM",
        words="".join(TEXTS).encode(*CODING),
        place=place_of_text(len(before), end),
        said=place_of_text(end - len(text.rsplit("] ", maxsplit=1)[-1].encode(*CODING)), end),
    )


def test_text_is_verbatim_whatever_it_holds() -> None:
    assert tuple(event(text).text for text in TEXTS) == TEXTS


def test_one_joined_with_another_says_both() -> None:
    joined = event(TEXTS[0]).joined_with(event(TEXTS[1]))
    assert joined.text == "\n".join(TEXTS)
    assert joined.message == f"echo\n{TEXTS[1]}"
    assert joined.kind == "sm-command.log"
