"""Lines that are needed only with others: held, and read later as they would have been at once."""

import pickle
from collections.abc import Iterable

from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.parsers._api import Hit, LogStats, Record, Selector
from analyzer.parsers.logs import audit_log, smlog, xensource_log
from analyzer.parsers.scan.later import LaterLines
from analyzer.parsers.scan.scan import Scanner
from tests.property.test_log_properties import PATTERNS, logs
from tests.support.whole import examples

PARSERS = (xensource_log.PARSER, audit_log.PARSER, smlog.PARSER)
Found = set[tuple[int, str, str, str, tuple[tuple[str, str], ...]]]


def rows(found: Iterable[tuple[Record, tuple[Hit, ...]]]) -> Found:
    return {
        (record.line, record.text, record.message, hit.selector, tuple(hit.fields.items()))
        for record, hits in found
        for hit in hits
    }


def read(
    log: bytes, asked: Iterable[Selector], *, name: str, at_once: bool, filtered: bool = True
) -> tuple[Found, LogStats, int]:
    scanner = Scanner(PARSERS, tuple(asked), line_limit=200, filtered=filtered)
    parser = next(parser for parser in PARSERS if parser.name == name)
    blocks = [log[place : place + 50] for place in range(0, len(log), 50)]
    scan = scanner.scan_blocks(blocks, parser, at_once=at_once)
    found = rows(scan)
    later = pickle.loads(pickle.dumps(scan.later))  # noqa: S301 - made here
    kinds = [selector.id for selector in asked]
    return found | rows(scanner.read_later(name, later, kinds)), scan.stats, len(later)


@settings(max_examples=examples(300), deadline=None)
@given(
    name=st.sampled_from([parser.name for parser in PARSERS]),
    log=logs,
    wanted=st.lists(st.tuples(st.sampled_from(PATTERNS), st.booleans()), max_size=4),
    filtered=st.booleans(),
)
def test_what_is_read_later_is_what_would_be_read_at_once(
    name: str, log: bytes, wanted: list[tuple[str, bool]], *, filtered: bool
) -> None:
    asked = [
        Selector(id=f"s{n}", parser=name, message=pattern, only_with=("x",) if later else ())
        for n, (pattern, later) in enumerate(wanted)
    ]
    at_once, stats, none = read(log, asked, name=name, at_once=True)
    later, others, _ = read(log, asked, name=name, at_once=False, filtered=filtered)
    assert later == at_once
    assert (others.lines, others.hidden) == (stats.lines, stats.hidden)
    assert none == 0


LINE = "Jun 10 13:32:41 jupiter xapi: [debug||1 ||x] "


def held(lines: Iterable[str], *asked: Selector) -> tuple[list[Record], LaterLines, str]:
    scanner = Scanner(PARSERS, asked)
    text = "".join(f"{LINE}{line}\n" for line in lines).encode()
    scan = scanner.scan_blocks([text], xensource_log.PARSER, at_once=False)
    return [record for record, _ in scan], scan.later, scan.later_host


def test_line_that_two_selectors_want_is_read_now_for_one_and_later_for_the_other() -> None:
    now = Selector(id="now", parser="xensource_log", message="session")
    later = Selector(id="later", parser="xensource_log", message="^a ", only_with=("now",))
    read_now, lines, host = held(["a session", "a task", "b session"], now, later)
    assert [record.line for record in read_now] == [1, 3]
    assert [number for number, _ in lines] == [2, 1]
    assert host == "jupiter"


def test_lines_that_are_joined_to_others_are_read_at_once() -> None:
    later = Selector(id="later", parser="smlog", message="x", only_with=("now",))
    log = b"Jun 10 13:32:41 jupiter SM: [1] x\n"
    scan = Scanner(PARSERS, [later]).scan_blocks([log], smlog.PARSER, at_once=False)
    assert len(list(scan)) == 1
    assert len(scan.later) == 0
