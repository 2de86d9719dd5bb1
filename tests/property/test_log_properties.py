"""Any bytes give an answer per line; short cuts and the block size never change a result."""

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.parsers._api import LogParser, Selector
from analyzer.parsers.logs import audit_log, daemon_log, kern_log, smlog, user_log, xensource_log
from tests.parsers._member import scanned
from tests.support.whole import examples

PARSERS: tuple[LogParser, ...] = (
    smlog.PARSER,
    xensource_log.PARSER,
    audit_log.PARSER,
    daemon_log.PARSER,
    kern_log.PARSER,
    user_log.PARSER,
)
PATTERNS = (
    r"",
    r"^$",
    r"^'$",
    r"^lock: (?P<what>acquired|released) (?P<path>\S+)$",
    r"(?i)^FAILED in util\.pread: \(rc (?P<rc>-?\d+)\)",
    r"stderr: '(?P<err>[^']*)'$",
    r"EXCEPTION (?P<cls>.*), (?P<msg>.*)",
    r"\bGot new client\b",
    r"\B",
    r"a\Cb|x$|^y",
    r"\Q[x]*",
    r"[^a]b$",
    r"(?s)stdout.*stderr",
    r"\s",
    r"\x{c3}",
    r"é",
    r"a{2}",
    r"\^|\$",
    r"(?P<x>[]^$]+)",
    r"\x00",
    r"(?:exception:\s+)(?P<name>\w+)",
)

stamps = st.sampled_from(
    (
        "Jan  1 00:00:00",
        "Jan  1 00:00:00",
        "Jan  1 00:00:00 ",
        "Jan 1 00:00:00",
        "Jan 00 00:00:00",
        "Jan 10 24:00:00",
        "Feb 28 23:59:60",
        "Feb 29 01:02:03",
        "Mar 7 01:02:03",
        "Dec 31 23:59:59.123456",
        "Jun 31 01:02:03",
        "2026-02-04T13:59:12.915844+00:00",
        "2026-01-27T10:22:04",
        "2024-12-31T23:59:59Z",
        "2024-02-30T10:22:04",
        "Foo 12 01:01:01",
        "",
    )
)
tags = st.sampled_from(
    (
        "SM:",
        "SMGC:",
        "SM-GC:",
        "SMX:",
        "S:",
        "SM[7]:",
        "SM[x]:",
        "fairlock[3906]:",
        "xapi:",
        "xapi-nbd[1234]:",
        "kernel:",
        "nbd_client_manager:",
        "a(b)/c[é]:",
        "nothing",
        "last message repeated 3 times",
        "",
    )
)
heads = st.sampled_from(
    (
        "",
        "[1] ",
        "[1]",
        "[2][MainThread] ",
        "[2][x y]",
        "message repeated 2 times: [ [1] ",
        "message repeated 2 times: [ ",
        "message repeated 99999999999 times: [ [1] ",
        "[debug||9 |task R:0123|xapi] ",
        "[ warn|jupiter|1 INET :::80|[XO] x|a] ",
        "[20241122T10:06:01.123Z|audit||12 |t|audit] ",
        "[20249922T10:06:01.123Z|audit||12 |t|audit] ",
        "[  12.5] ",
        "[ERROR] ",
    )
)
words = st.sampled_from(
    (
        "lock: acquired /var/lock/sm/x",
        "  pread SUCCESS",
        "['/usr/sbin/cbt-util', 'get']",
        "['/usr/sbin/tap-ctl', 'open']",
        "['/sbin/lvcreate', '-n', 'x.cbtlog']#011",
        " = 0",
        "FAILED in util.pread: (rc 5) stdout: '', stderr: '",
        "FAILED in util.pread: (rc 5) stdout: 'a",
        "', stderr: 'b'",
        "***** x: EXCEPTION <class 'a'>, b",
        '  File "/x.py", line 1, in f',
        "    code",
        "'",
        "",
        "aab",
        "é\N{NO-BREAK SPACE}",
        "exception:#012   End_of_file\\x0A",
        "x]",
        "Got new client",
        "^$",
        "y\r",
    )
)
lines = st.builds(
    lambda mark, stamp, host, tag, head, text: f"{mark}{stamp} {host} {tag} {head}{text}".encode(),
    st.sampled_from(("", "", "", "<27>", "\0\0")),
    stamps,
    st.sampled_from(("jupiter", "h.example.org")),
    tags,
    heads,
    words,
)
odd = st.binary(max_size=30).map(lambda raw: raw.replace(b"\n", b""))
logs = st.builds(
    lambda rows, end: b"\n".join(rows) + end,
    st.lists(st.one_of(lines, lines, lines, odd), max_size=25),
    st.sampled_from((b"", b"\n")),
)
selectors = st.lists(
    st.tuples(st.sampled_from(PATTERNS), st.sampled_from((None, None, "SM", "xapi"))), max_size=5
)


@settings(max_examples=examples(300), deadline=None)
@given(
    parser=st.sampled_from(PARSERS),
    log=logs,
    wanted=selectors,
    limit=st.sampled_from((40, 1 << 20)),
)
def test_short_cuts_never_change_a_result(
    parser: LogParser, log: bytes, wanted: list[tuple[str, str | None]], limit: int
) -> None:
    asked = [
        Selector(id=f"s{n}", parser=parser.name, message=pattern, process=process)
        for n, (pattern, process) in enumerate(wanted)
    ]
    assert scanned(parser, log, asked, line_limit=limit) == scanned(
        parser, log, reversed(asked), line_limit=limit, filtered=False, quick=False
    )


@settings(max_examples=examples(200), deadline=None)
@given(parser=st.sampled_from(PARSERS), log=logs, size=st.integers(1, 300))
def test_block_size_never_changes_a_result(parser: LogParser, log: bytes, size: int) -> None:
    asked = [Selector(id="all", parser=parser.name, message="")]
    found, stats = scanned(parser, log, asked, line_limit=90)
    again, others = scanned(parser, log, asked, line_limit=90, block=size)
    assert again == found
    assert (others.lines, others.not_understood, others.shapes, others.longest_cut) == (
        stats.lines,
        stats.not_understood,
        stats.shapes,
        stats.longest_cut,
    )
    assert (others.blank, others.hidden, others.hidden_shape) == (
        stats.blank,
        stats.hidden,
        stats.hidden_shape,
    )
    assert (others.first, others.last) == (stats.first, stats.last)
    assert sum(years for _, years in others.turns) == sum(years for _, years in stats.turns)


@settings(max_examples=examples(300), deadline=None)
@given(parser=st.sampled_from(PARSERS), log=logs)
def test_each_line_is_read_joined_or_not_understood(parser: LogParser, log: bytes) -> None:
    found, stats = scanned(parser, log, [Selector(id="all", parser=parser.name, message="")])
    end = re.search(rb"\r?\n|\r", log)
    if end and end[0] == b"\r":  # all lines of such a file end so
        log = log.replace(b"\r", b"\n")
    assert stats.lines == log.count(b"\n") + (bool(log) and not log.endswith(b"\n"))
    read = sum(record.lines for record, _ in found)
    assert read + stats.not_understood + stats.blank == stats.lines
    numbers = [record.line for record, _ in found]
    assert numbers == sorted(set(numbers))


@settings(max_examples=examples(200), deadline=None)
@given(parser=st.sampled_from(PARSERS), log=st.binary(max_size=400))
def test_any_bytes_are_survived(parser: LogParser, log: bytes) -> None:
    _, stats = scanned(parser, log, [Selector(id="all", parser=parser.name, message="")])
    assert 0 <= stats.not_understood <= stats.lines
