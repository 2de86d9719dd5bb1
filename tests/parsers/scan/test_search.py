"""One pass finds what the filters find and the grammar understands, or says that it cannot."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.case.errors.ledger import ErrorLedger, Failure
from analyzer.parsers._api import Hit, LogParser, LogStats, Record, Selector
from analyzer.parsers.logs import smlog, xha_log
from analyzer.parsers.scan.later import lines_found
from analyzer.parsers.scan.match import automaton
from analyzer.parsers.scan.scan import Scanner
from analyzer.parsers.scan.search import Search
from analyzer.parsers.scan.tally import runs_of_lines
from tests.parsers._member import scanned
from tests.property.test_log_properties import PARSERS, PATTERNS, heads, selectors, words
from tests.support.whole import examples

AT = "Jun 10 13:32:41 jupiter "
RUNS = runs_of_lines(smlog.PARSER)


def searched(text: str, find: str, shown: str | None = None) -> list[tuple[str, bool]] | None:
    chunk = text.encode()
    narrow = automaton(shown, lines=True) if shown else None
    search = Search(smlog.PARSER, automaton(find, lines=True), narrow)
    found = search.wanted(chunk)
    if found is None:
        return None
    return [(chunk[start:end].decode(), now) for _, start, end, now in found.places]


@pytest.mark.parametrize("tail", ["", " and more"])
def test_lines_are_told_apart_by_what_is_read_now(tail: str) -> None:
    lines = [
        f"{AT}SM: [1] {text}{tail}" for text in ("x", "later", "later now", "now", "now later")
    ]
    text = "".join(f"{line}\n" for line in [*lines, *lines])
    asides = [(line, "now" in line) for line in lines[1:]]
    assert searched(text, "now|later", "now") == 2 * asides
    assert searched(text, "now|later") == [(line, True) for line, _ in 2 * asides]


@pytest.mark.parametrize(
    "odd",
    [
        "",
        "no head",
        "Jul 01 00:00:00 jupiter SM: [1] a",
        "Jun 10 13:32:41.1 jupiter SM: [1] a",
        "<27>Jun 10 13:32:41 jupiter SM: [1] a",
        f"{AT}SM: a",
        f"{AT}SM: [12345678901] a",
        f"{AT}last message repeated 3 times",
    ],
)
def test_chunk_with_another_line_is_read_another_way(odd: str) -> None:
    line = f"{AT}SM: [1] a\n"
    for text in (f"{line}{odd}\n{line}", f"{odd}\n{line}", f"{line}{odd}\n"):
        assert searched(text, "a") is None
        assert searched(text, "nothing") is None


@pytest.mark.parametrize("end", ["", "Z", ".5", ".123456+02:00", ".123456789-0330"])
def test_stamps_of_another_form_are_read_as_quickly_and_odd_ones_are_not(end: str) -> None:
    lines = [f"2024-{day}T13:32:41{end} jupiter SM: [1] a" for day in ("02-29", "12-31", "02-29")]
    text = "".join(f"{line}\n" for line in lines)
    assert searched(text, "a") == [(line, True) for line in lines]
    days = ("2023-02-29", "2024-06-31", "2024-W23-1", "0999-06-10", "2024-06-1x")
    another = f"2024-06-10T13:32:41{'' if end == 'Z' else 'Z'}"
    for stamp in (another, *(f"{day}T13:32:41{end}" for day in days)):
        other = f"{stamp} jupiter SM: [1] a\n"
        assert searched(text + other, "a") is None
        assert searched(other + text, "a") is None


def test_leap_days_are_a_run_of_their_own() -> None:
    assert searched("Feb 29 13:32:41 jupiter SM: [1] a\n", "a") is None
    assert searched("Feb 28 13:32:41 jupiter SM: [1] a\n", "a") is not None


def test_what_a_pattern_holds_ends_with_the_line() -> None:
    text = f"{AT}SM: [1] say 'a\n{AT}SM: [1] say 'b' twice\n"
    for pattern in (r"say '[^']*' twice", r"say '[\s\S]*' twice", r"say '(?s:.)*' twice"):
        assert searched(text, pattern) == [(text.splitlines()[1], True)]


def test_level_of_a_log_with_a_head_of_its_own_is_found() -> None:
    text = "Jun 10 13:32:41 CEST 2024 [err] Self-Fence\n"
    seen: list[str] = []
    scanner = Scanner([xha_log.PARSER], ())
    list(
        scanner.scan_blocks(
            [text.encode()], xha_log.PARSER, lambda record, _: seen.append(record.message)
        )
    )
    assert seen == ["Self-Fence"]


_USUAL = (
    "SM: [1] ",
    "SM: [1][Main] ",
    "SMGC: [23] ",
    "SM: message repeated 2 times: [ [1] ",
    "fairlock[3906]: ",
    "xapi: [debug||9 |task R:0123|xapi] ",
    "xapi: [ error|jupiter|1 INET :::80|[XO] x|a] ",
    "xapi: [20241122T10:06:01.123Z|audit||12 |t|audit] ",
    "kernel: [  12.5] ",
    "nbd_client_manager: [ERROR] ",
)
_SAID = (
    "sr_scan {'sr_uuid': 'x'}",
    "vdi_attach {'vdi_ref': 'x'}",
    "=== SR 12-3: gc ===",
    "Raising exception [46, x]",
    "failed with exception Not_found",
)
_FORMS = (
    "Jun 10 13:32:{:02}",
    "Jun 10 13:32:{:02}",
    "2024-06-10T13:32:{:02}",
    "2024-06-10T13:32:{:02}Z",
    "2024-06-10T13:32:{:02}.123456+02:00",
    "2024-02-29T13:32:{:02}.5-0330",
)
_ODD = (
    *("Jun 10 13:32:41", "Jul  1 00:00:00", "Jan 1 00:00:00", "2024-06-10T13:32:41"),
    *("2023-02-29T13:32:41", "2024-06-31T13:32:41", "2024-06-10 13:32:41", "2024-06-10T24:00:00"),
    *("2024-W23-1T13:32:41", "0999-06-10T13:32:41", "2025-06-10T13:32:41Z", "2024-06-1xT13:32:41"),
    *("2024-06-10T13:32:41.123456+03:00", "2024-06-10T13:32:41.12345x+02:00"),
    *("2024-06-10T13:32:41.123456+15:00", "2024-06-10T13:32:41.1234567+02:00"),
)


def _usual(form: str) -> st.SearchStrategy[str]:
    return st.builds(
        lambda second, host, head, text: f"{form.format(second)} {host} {head}{text}",
        st.integers(0, 60),
        st.sampled_from(("jupiter", "failed")),
        st.sampled_from(_USUAL),
        words | st.sampled_from(_SAID),
    )


_other = st.builds(
    lambda stamp, head, text: f"{stamp} jupiter SM: {head}{text}",
    st.sampled_from(_ODD),
    heads,
    words,
)
_logs = (
    st.sampled_from(_FORMS)
    .map(_usual)
    .flatmap(
        lambda usual: st.one_of(
            st.lists(usual, max_size=25), st.lists(usual | usual | usual | _other, max_size=25)
        )
    )
    .map(lambda lines: "".join(f"{line}\n" for line in lines).encode())
)


@settings(max_examples=examples(600), deadline=None)
@given(
    parser=st.sampled_from(PARSERS), log=_logs, wanted=selectors, limit=st.sampled_from((50, 900))
)
def test_usual_lines_give_what_each_line_by_itself_gives(
    parser: LogParser, log: bytes, wanted: list[tuple[str, str | None]], limit: int
) -> None:
    asked = [
        Selector(id=f"s{n}", parser=parser.name, message=pattern, process=process)
        for n, (pattern, process) in enumerate(wanted)
    ]
    assert scanned(parser, log, asked, line_limit=limit) == scanned(
        parser, log, asked, line_limit=limit, filtered=False, quick=False
    )


@settings(max_examples=examples(600), deadline=None)
@given(log=_logs, find=st.sampled_from(("lock|EXC", r"\bERROR\b|x", "", "nothing")))
def test_search_agrees_with_filter_and_grammar(log: bytes, find: str) -> None:
    wanted = automaton(find, lines=True)
    search = Search(smlog.PARSER, wanted, None)
    found = search.wanted(log)
    if found is not None:
        assert RUNS.end_of(log, 0) == len(log)
        places = {(start, end) for start, end, _ in lines_found(wanted.find, log)}
        assert {(start, end) for _, start, end, _ in found.places} <= places
        assert [log.count(b"\n", 0, each[1]) for each in found.places] == [
            before for before, *_ in found.places
        ]


Told = tuple[list[tuple[Record, tuple[Hit, ...]]], LogStats, list[Failure]]


def _told(parser: LogParser, log: bytes, asked: list[Selector], *, quick: bool) -> Told:
    scanner = Scanner([parser], asked, filtered=quick, quick=quick)
    failures: list[Failure] = []
    blocks = [log[:300], log[300:]]
    notice = ErrorLedger().watch(parser, failures.append)
    scan = scanner.scan_blocks(blocks, parser, notice, at_once=False)
    return list(scan), scan.stats, failures


@settings(max_examples=examples(600), deadline=None)
@given(
    parser=st.sampled_from(PARSERS),
    log=_logs,
    wanted=st.lists(st.sampled_from(PATTERNS), max_size=3),
)
def test_failures_are_told_with_what_their_process_was_at(
    parser: LogParser, log: bytes, wanted: list[str]
) -> None:
    asked = [
        Selector(id=f"s{n}", parser=parser.name, message=text) for n, text in enumerate(wanted)
    ]
    assert _told(parser, log, asked, quick=True) == _told(parser, log, asked, quick=False)
