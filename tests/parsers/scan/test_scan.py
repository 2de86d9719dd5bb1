import tracemalloc
from collections.abc import Iterator
from dataclasses import replace

import pytest
import re2

from analyzer.parsers._api import Hit, LogStats, Selector
from analyzer.parsers.logs import daemon_log, smlog, xensource_log
from analyzer.parsers.scan import records
from analyzer.parsers.scan.match import loosened
from analyzer.parsers.scan.scan import Scanner
from tests.parsers._member import TextMember, scanned

AT = "Jun 10 13:32:41 jupiter "
INCONSISTENT = "Changed Block Tracking metadata is inconsistent for disk "
VDI = "6b0c1a3e-0d0c-4a57-9f0d-6f1d9a3f0c11"
LINE = f"{AT}SM: [24517] {INCONSISTENT}{VDI}.\n"
NOISE = f"{AT}SM: [24517] lock: released /var/lock/sm/{VDI}/sr\n"
ASKED = Selector(
    id="inconsistent",
    parser="smlog",
    message=rf"^{INCONSISTENT}(?P<vdi>[0-9a-f-]{{36}})\.$",
    process="SM",
)


def hits(text: str, *selectors: Selector) -> tuple[tuple[Hit, ...], ...]:
    return tuple(found for _, found in scanned(smlog.PARSER, text, selectors)[0])


def stats(text: str | bytes) -> LogStats:
    return scanned(smlog.PARSER, text)[1]


def test_line_that_a_selector_asks_for_is_yielded_with_its_captures() -> None:
    ((record, (hit,)),), _ = scanned(smlog.PARSER, NOISE * 3 + LINE + NOISE, [ASKED])
    assert (record.line, record.text) == (4, LINE.rstrip("\n"))
    assert (hit.selector, hit.fields["vdi"]) == ("inconsistent", VDI)


def test_group_that_took_no_part_is_no_field() -> None:
    asked = replace(ASKED, message="(?P<a>inconsistent)|(?P<b>released)")
    assert dict(hits(LINE, asked)[0][0].fields) == {"a": "inconsistent"}


@pytest.mark.parametrize("process", ["SMGC", "xapi"])
def test_selector_for_another_program_does_not_match(process: str) -> None:
    assert hits(LINE, replace(ASKED, process=process)) == ()


def test_selector_for_another_parser_does_not_match() -> None:
    assert hits(LINE, replace(ASKED, parser="daemon_log")) == ()


def test_hits_come_in_the_order_of_ids_however_they_were_loaded() -> None:
    asked = [Selector(id=name, parser="smlog", message="disk") for name in ("c", "a", "b")]
    assert [hit.selector for hit in hits(LINE, *asked)[0]] == ["a", "b", "c"]


def test_anchor_is_at_the_message_not_at_the_line() -> None:
    assert hits(LINE, replace(ASKED, message="^SM")) == ()
    assert hits(LINE, replace(ASKED, message="^Jun")) == ()
    assert len(hits(LINE, replace(ASKED, message=r"(?i)^changed.*\.$"))) == 1


def test_class_does_not_reach_into_the_next_line() -> None:
    text = f"{AT}SM: [1] say 'a\n{AT}SM: [1] say 'b' twice\n"
    asked = Selector(id="x", parser="smlog", message="say '[^']*' twice")
    assert [record.line for record, _ in scanned(smlog.PARSER, text, [asked])[0]] == [2]


@pytest.mark.parametrize(
    ("pattern", "loose"),
    [
        ("^a$", "(?:)a(?:)"),
        (r"\Aa\z", "(?:)a(?:)"),
        (r"\^a\$", r"\^a\$"),
        ("[$^]", "[$^]"),
        ("[^]$]x$", "[^]$]x(?:)"),
        ("[[:alpha:]$]", "[[:alpha:]$]"),
        (r"\Qa$b", r"a\$b"),
        (r"\Qa.\E$", r"a\.(?:)"),
        (r"a\Cb", "a(?s:.)b"),
        ("(?i)^x", "(?i)(?:)x"),
        ("(?P<vdi>[0-9a-f-]{36})", "(?:[0-9a-f-]+)"),
        ("(?<vdi>a)", "(?:a)"),
        (r"\(?P<vdi>a", r"\(?P<vdi>a"),
        ("a{1,40}?b{0,9}c{2,}", "a+?b*c+"),
        (r"\x{41}\{2}[{3}]", r"\x{41}\{2}[{3}]"),
        (r"\Q{3}", r"\{3\}"),
    ],
)
def test_line_filter_drops_anchors_names_and_counts_only(pattern: str, loose: str) -> None:
    assert loosened(pattern) == loose
    re2.compile(f"(?:{loose})")


def test_pattern_that_re2_refuses_is_an_error_of_the_caller() -> None:
    with pytest.raises(re2.error):
        scanned(smlog.PARSER, LINE, [replace(ASKED, message="(?=x)")])


def test_message_from_elsewhere_is_matched() -> None:
    scanner = Scanner([], [Selector(id="a", parser="alerts", message="^VDI_(?P<what>.*)")])
    (hit,) = scanner.match("alerts", "", "VDI_CBT_RESIZE_FAILED \udcff")
    assert hit.fields["what"] == "CBT_RESIZE_FAILED ?"
    assert scanner.match("smlog", "", "VDI_CBT_RESIZE_FAILED") == ()


def test_nothing_asked_yields_nothing_and_still_counts() -> None:
    found, known = scanned(daemon_log.PARSER, f"{AT}x: y\n" * 3)
    assert (found, known.lines, known.not_understood) == ((), 3, 0)


def test_text_is_parsed_for_a_named_parser_only() -> None:
    scanner = Scanner([smlog.PARSER], ())
    assert scanner.parse_text("smlog", "") == ()
    assert scanner.parse_text("smlog", "no log line") == ()
    with pytest.raises(KeyError):
        scanner.parse_text("none", LINE)


def test_scanner_reads_one_member_after_the_other() -> None:
    scanner = Scanner([smlog.PARSER], [ASKED])
    for number in (1, 2):
        scan = scanner.scan(TextMember(pieces=(LINE.encode() * number,)), smlog.PARSER)
        assert [record.line for record, _ in scan] == list(range(1, number + 1))


def test_long_and_short_messages_are_matched_alike() -> None:
    text = LINE + LINE.replace(VDI, f"{VDI}.{'x' * 600}")
    assert len(hits(text, replace(ASKED, message="^Changed"))) == 2


def test_what_is_remembered_of_messages_is_bounded() -> None:
    scanner = Scanner([], [Selector(id="n", parser="alerts", message="^(?P<n>[0-9]+)$")])
    found = [scanner.match("alerts", "", str(n))[0].fields["n"] for n in range(9000)]
    assert found == [str(n) for n in range(9000)]


def test_empty_log_has_no_stamps() -> None:
    known = stats("")
    assert (known.lines, known.first, known.last, known.shapes) == (0, None, None, ())


def test_last_line_needs_no_line_feed() -> None:
    assert len(hits(NOISE + LINE.rstrip("\n"), ASKED)) == 1
    assert stats(NOISE + LINE.rstrip("\n")).lines == 2


def test_carriage_return_at_the_end_is_no_part_of_the_message() -> None:
    assert len(hits(LINE.replace("\n", "\r\n"), ASKED)) == 1


def test_line_behind_a_run_of_nuls_is_read() -> None:
    ((record, _),), known = scanned(smlog.PARSER, "\0" * 5000 + LINE, [ASKED])
    assert (record.text, known.not_understood) == (LINE.rstrip("\n"), 0)


def test_invalid_utf_8_becomes_replacement_characters() -> None:
    raw = f"{AT}SM: [1] name ".encode() + b"\xff\xfe\xc3\n"
    asked = Selector(id="x", parser="smlog", message=r"name (?P<name>.*)$")
    for filtered in (True, False):
        ((_, (hit,)),), _ = scanned(smlog.PARSER, raw, [asked], filtered=filtered)
        assert hit.fields["name"] == "\ufffd\ufffd\ufffd"


def test_escaped_text_is_found_in_its_decoded_form() -> None:
    asked = Selector(id="x", parser="xensource_log", message=r"exception:\s+End_of_file")
    text = f"{AT}xapi: [error||1 |t|m] exception:#012   End_of_file\n"
    assert len(scanned(xensource_log.PARSER, text, [asked])[0]) == 1


def test_first_and_last_stamp_and_the_turn_of_the_year() -> None:
    lines = [f"{stamp} 10:00:00 h SM: [1] x\n" for stamp in ("Nov 30", "Dec 31", "Jan  1")]
    known = stats("rubbish\n" + "".join(lines))
    assert known.first
    assert known.last
    assert (known.first.month, known.last.month, known.turns) == (11, 1, ((4, 1),))


def test_lines_not_understood_are_counted_by_shape() -> None:
    text = f"page 12 of {VDI}\n{LINE}page 7 of 0xdeadbeef\nother\n"
    known = stats(text)
    assert known.not_understood == 3
    assert known.shapes == (("page 9 of …", 2), ("other", 1))


def test_shapes_told_are_few_and_short() -> None:
    names = [f"{chr(97 + n // 26)}{chr(97 + n % 26)}" for n in range(600)]
    known = stats("".join(f"{name} {'x' * 500}\n" for name in names))
    assert len(known.shapes) == 5
    assert all(len(shape) <= 120 for shape, _ in known.shapes)
    assert known.not_understood == 600


def test_places_of_a_hostile_log_are_bounded() -> None:
    pair = "".join(f"{month} 1 10:00:00 h SM: [1] x\n" for month in ("Dec", "Jan"))
    years = "".join(f"{year}-01-01T10:00:00 h SM: [1] x\nx\n" for year in (2023, 2024))
    leaps = "Feb 29 10:00:00 h SM: [1] x\nx\n"
    known = stats(pair * 6000 + years * 6000 + leaps * 11_000)
    assert (len(known.turns), len(known.dated), len(known.leap_days)) == (10_000, 10_000, 10_000)


def test_long_line_is_cut_and_its_length_told() -> None:
    text = LINE.rstrip("\n") + "x" * 5000 + "\n" + LINE
    for block in (7, 64, 1 << 20):
        found, known = scanned(
            smlog.PARSER, text, [replace(ASKED, message="disk")], line_limit=200, block=block
        )
        assert [(record.line, len(record.text)) for record, _ in found] == [
            (1, 200),
            (2, len(LINE) - 1),
        ]
        assert known.longest_cut == len(LINE) - 1 + 5000
        assert known.lines == 2


def test_line_of_just_the_limit_is_not_cut() -> None:
    _, known = scanned(smlog.PARSER, LINE + LINE, line_limit=len(LINE) - 1, block=50)
    assert (known.longest_cut, known.not_understood) == (0, 0)


class EndlessLine(TextMember):
    """A line of 64 MiB without a line feed."""

    def blocks(self, size: int = 1 << 20) -> Iterator[bytes]:
        """Make the blocks when they are asked for."""
        yield from (b"x" * size for _ in range(64))


def test_line_without_end_is_never_held() -> None:
    scan = Scanner([smlog.PARSER], [ASKED]).scan(EndlessLine(pieces=()), smlog.PARSER)
    tracemalloc.start()
    assert tuple(scan) == ()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert scan.stats.longest_cut == 64 << 20
    assert peak < 8 << 20


def test_opener_at_the_end_of_a_block_waits_for_its_lines() -> None:
    failed = f"{AT}SM: [5] FAILED in util.pread: (rc 5) stdout: '', stderr: 'x\n"
    end = f"{AT}SM: [5] '\n"
    between = f"{AT}SM: [6] {INCONSISTENT}{VDI}.\n"
    text = NOISE * 10 + failed + between + end + LINE
    asked = [ASKED, Selector(id="failed", parser="smlog", message="FAILED")]
    whole, _ = scanned(smlog.PARSER, text, asked)
    assert [record.line for record, _ in whole] == [11, 12, 14]
    assert whole[0][0].message.endswith("stderr: 'x\n'")
    for block in range(1, len(text), 13):
        assert scanned(smlog.PARSER, text, asked, block=block)[0] == whole


def test_lines_joined_to_a_record_are_no_records_when_the_next_opener_waits() -> None:
    first = f"{AT}SM: [5] FAILED in util.pread: (rc 5) stdout: '', stderr: 'x\n"
    second = first.replace("[5]", "[6]")
    text = first + second + f"{AT}SM: [5] y\n{AT}SM: [5] '\n{AT}SM: [6] '\n"
    asked = [Selector(id="all", parser="smlog", message="")]
    for block in (1, 100, 1 << 20):
        found, _ = scanned(smlog.PARSER, text, asked, block=block)
        assert [(record.pid, record.lines) for record, _ in found] == [(5, 3), (6, 2)]


def test_a_storm_of_openers_is_not_searched_to_the_end_of_reach_for_each(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each is of a pid of its own, on a line with the pids of others, and ends far below."""
    numbers = range(1000, 1400)
    others = "".join(f"[{pid}]" for pid in numbers[:40])
    failed = f"{AT}SM: [{{}}] FAILED in util.pread: (rc 5) stdout: '', stderr: '{others}\n"
    openers = "".join(failed.format(pid) for pid in numbers)
    text = openers + "".join(f"{AT}SM: [{pid}] '\n" for pid in numbers)
    asked = [Selector(id="all", parser="smlog", message="")]
    made: list[records._Pids] = []

    class Counted(records._Pids):  # noqa: SLF001
        def __init__(self) -> None:
            super().__init__()
            made.append(self)

    monkeypatch.setattr(records, "_Pids", Counted)
    quick, _ = scanned(smlog.PARSER, text, asked)
    searched = max(each.searched for each in made)
    assert 8 * len(text) < searched <= 8 * len(text) + records.LOOK_AHEAD
    monkeypatch.setattr(records, "_SEARCHED", 1 << 30)
    assert scanned(smlog.PARSER, text, asked)[0] == quick
    assert max(each.searched for each in made) > 5 * searched
