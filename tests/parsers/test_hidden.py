"""Nothing that is asked for is hidden in lines that nobody understood."""

import pytest

from analyzer.parsers._api import LogStats, Selector
from analyzer.parsers.logs import smlog, xensource_log
from tests.parsers._member import Found, scanned

AT = "Jun 10 13:32:41 jupiter "
SENTENCE = "Changed Block Tracking metadata is inconsistent for disk 6b0c."
LINE = f"{AT}SM: [24517] {SENTENCE}\n"
NOISE = f"{AT}SM: [24517] lock: released /var/lock/sm/sr\n"
ASKED = (Selector(id="inconsistent", parser="smlog", message=f"^{SENTENCE}$", process="SM"),)
BOM = "\ufeff"


def read(text: str, *, filtered: bool = True) -> Found:
    return scanned(smlog.PARSER, text, ASKED, filtered=filtered)


def stats(text: str) -> LogStats:
    return read(text)[1]


def found(text: str) -> list[int]:
    return [record.line for record, _ in read(text)[0]]


@pytest.mark.parametrize(
    "line",
    [
        SENTENCE,
        f"13:32:41 jupiter SM: [24517] {SENTENCE}",
        f"Jun 10 13:32:41 SM: [24517] {SENTENCE}",
        f"{AT}SM[24517]: {SENTENCE}",
        f"Jun 10 13:32:40 jupJun 10 13:32:41 jupiter SM: [24517] {SENTENCE}",
    ],
)
def test_a_line_not_understood_that_holds_what_is_asked_for_is_hidden(line: str) -> None:
    known = stats(NOISE + f"{line}\n" + NOISE)
    assert (known.hidden, known.not_understood) == (1, 1)


def test_the_form_of_the_first_hidden_line_is_told() -> None:
    assert stats(f"{NOISE}12 {SENTENCE}\n13 {SENTENCE}x\n").hidden_shape.startswith("9 Changed")


def test_each_hidden_line_counts_once() -> None:
    assert stats(f"x {SENTENCE} {SENTENCE}\n\ny\n{SENTENCE}\n" + NOISE).hidden == 2


def test_a_line_not_understood_without_it_is_harmless() -> None:
    known = stats(NOISE + "garbage\n" + NOISE)
    assert (known.hidden, known.not_understood, known.hidden_shape) == (0, 1, "")


def test_a_line_that_is_understood_is_not_hidden() -> None:
    assert stats(LINE + NOISE).hidden == 0


@pytest.mark.parametrize("half", ["lock: rele", "lock: rele\0\0\0\0", SENTENCE[:20], SENTENCE])
def test_a_line_glued_to_half_a_line_is_hidden(half: str) -> None:
    text = f"{NOISE}Jun 10 13:32:40 jupiter SM: [1] {half}{LINE}"
    assert (found(text), stats(text).hidden) == ([], 1)


def test_a_glued_line_that_nobody_asks_for_is_harmless() -> None:
    assert stats(f"{AT}SM: [1] lock: rele{NOISE}").hidden == 0


def test_a_line_glued_in_the_midst_of_a_record_is_hidden() -> None:
    opener = f"{AT}SM: [7] FAILED in util.pread: (rc 5) stdout: '', stderr: 'a\n"
    assert stats(f"{opener}{AT}SM: [7] b{LINE}{AT}SM: [7] '\n").hidden == 1


@pytest.mark.parametrize(("host", "hidden"), [("jupiter", 1), ("until", 0)])
def test_a_time_of_a_message_is_no_glued_line(host: str, hidden: int) -> None:
    text = f"{AT}SM: [1] valid 2024-06-10T13:32:41Z {host} then: {SENTENCE}\n"
    assert stats(text).hidden == hidden


def test_hidden_lines_are_the_same_without_the_filter() -> None:
    text = f"{SENTENCE}\n{AT}SM: [1] lock: rele{LINE}{NOISE}"
    assert read(text) == read(text, filtered=False)


def test_blank_lines_are_understood() -> None:
    known = stats(f"\n{NOISE}\n \t\r\n{NOISE}")
    assert (known.lines, known.blank, known.not_understood, known.shapes) == (5, 3, 0, ())


def test_blank_lines_between_garbage_are_counted_apart() -> None:
    known = stats("garbage\n\ngarbage\n\n")
    assert (known.blank, known.not_understood, known.shapes) == (2, 2, (("garbage", 2),))


@pytest.mark.parametrize("before", [BOM, f"\0\0{BOM}", f"{BOM}<27>"])
def test_a_byte_order_mark_before_a_line_is_passed_over(before: str) -> None:
    text = NOISE + before + LINE
    assert (found(text), stats(text).not_understood) == ([2], 0)


def test_a_file_whose_lines_end_with_cr_is_read() -> None:
    text = (NOISE + LINE + NOISE).replace("\n", "\r")
    assert (found(text), stats(text).lines, stats(text).not_understood) == ([2], 3, 0)


@pytest.mark.parametrize("size", [1, 2, 3, 50, 1000])
def test_line_ends_do_not_depend_on_blocks(size: int) -> None:
    for end in ("\r", "\r\n", "\n"):
        text = (NOISE + LINE + NOISE).replace("\n", end)
        records, known = scanned(smlog.PARSER, text, ASKED, block=size)
        assert ([record.line for record, _ in records], known.lines) == ([2], 3)


def test_a_cr_inside_a_line_of_other_ends_is_kept() -> None:
    text = NOISE + f"{AT}SM: [1] 10%\r20%\n"
    assert (stats(text).lines, stats(text).not_understood) == (2, 0)


def test_the_limit_at_which_lines_were_cut_is_told() -> None:
    known = scanned(smlog.PARSER, NOISE + "x" * 500 + "\n", ASKED, line_limit=90)[1]
    assert (known.longest_cut, known.line_limit) == (500, 90)


def test_hidden_lines_of_a_hostile_log_are_counted_up_to_a_limit() -> None:
    assert stats(f"{SENTENCE}\n" * 12_000).hidden == 10_000


def test_what_an_escape_may_hide_in_a_torn_line_counts() -> None:
    asked = Selector(id="x", parser="xensource_log", message="a\\sb")
    known = scanned(xensource_log.PARSER, "half a line a#011b\n", [asked])[1]
    assert known.hidden == 1
