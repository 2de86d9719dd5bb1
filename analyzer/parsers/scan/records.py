"""Chunks of whole lines become records: those a filter finds, with the lines that belong to them.

SM writes a traceback, or a command's stderr, as one syslog line per line of text. The lines of
one process are joined to the line that opens the record, other processes' between them or not.
"""

from collections.abc import Iterator

from analyzer.parsers._api import Joint, LogParser, Record, Split
from analyzer.parsers.scan.match import Automaton
from analyzer.parsers.scan.syslog import split_head, split_tag

LOOK_AHEAD = 64 * 1024  # bytes behind an opener in which its other lines are looked for
JOINED_LINES = 200
JOINED_SIZE = 64 * 1024  # characters


def read_line(parser: LogParser, number: int, raw: bytes) -> Record | None:
    """Take a line without its LF apart; None: not understood."""
    text = raw.decode(errors="replace").removesuffix("\r").lstrip("\0\ufeff")
    parts = parser.split(text) if parser.split else _split(text)
    if parts is None:
        return None
    stamp, host, tagged = parts
    body = parser.parse(*tagged)
    if body is None:
        return None
    process, message, pid, task, level, count = body
    return Record(number, 1, stamp, host, process, message, text, pid, task, level, count)


def _split(line: str) -> Split | None:
    """Take the head that syslog writes apart."""
    head = split_head(line)
    tagged = split_tag(head[2]) if head else None
    return (head[0], head[1], tagged) if head and tagged else None


class Reader:
    """Reads the chunks of one member in turn.

    An opener too near the end of what is there is carried over into the next chunk, so that the
    result does not depend on where the chunks end.
    """

    def __init__(self, parser: LogParser, find: Automaton) -> None:
        self._parser = parser
        self._find = find
        self._carry = b""
        self._number = 1  # of the line at the beginning of the window
        self._base = 0  # offset of the window in the member
        self._joined: set[int] = set()  # offsets of lines that belong to an earlier record

    def feed(self, chunk: bytes, *, last: bool = False) -> Iterator[Record]:
        """Yield the records that begin in what was fed so far; all of them with the `last`."""
        window = self._carry + chunk if self._carry else chunk
        pos = counted = 0
        while (span := self._next(window, pos)) is not None:
            start, end = span
            pos = end + 1
            self._number += window.count(b"\n", counted, start)
            counted = start
            if self._base + start in self._joined:
                continue
            line = read_line(self._parser, self._number, window[start:end])
            if line is None:
                continue
            if self._opens(line):
                if not last and len(window) - pos < LOOK_AHEAD:
                    self._hold(window, start)
                    return
                line = self._join(window, pos, line)
            yield line
        self._number += window.count(b"\n", counted)
        self._hold(window, len(window))

    def _next(self, window: bytes, pos: int) -> tuple[int, int] | None:
        """Return where the next line that the filter finds begins and ends."""
        if pos >= len(window):
            return None
        found = self._find.search(window, pos)
        if found is None:
            return None
        start = window.rfind(b"\n", pos, found.start()) + 1 or pos
        return (start, window.index(b"\n", start)) if start < len(window) else None

    def _hold(self, window: bytes, start: int) -> None:
        self._carry = window[start:]
        self._base += start
        self._joined = {offset for offset in self._joined if offset >= self._base}

    def _opens(self, record: Record) -> bool:
        return (
            self._parser.opens is not None
            and record.pid is not None
            and record.count == 1
            and self._parser.opens(record)
        )

    def _join(self, window: bytes, pos: int, opener: Record) -> Record:
        """Add the lines that belong to `opener` and mark them as read."""
        texts, messages = [opener.text], [opener.message]
        size = len(opener.text)
        for offset, line in self._siblings(window, pos, opener):
            joint = self._joint("\n".join(messages), line)
            if joint is Joint.NEW:
                break
            self._joined.add(self._base + offset)
            texts.append(line.text)
            messages.append(line.message)
            size += len(line.text)
            if joint is Joint.LAST or len(texts) > JOINED_LINES or size > JOINED_SIZE:
                break
        message, text = "\n".join(messages), "\n".join(texts)
        return opener._replace(message=message, text=text, lines=len(texts))

    def _joint(self, message: str, line: Record) -> Joint:
        if self._parser.joint is None or line.count > 1:
            return Joint.NEW
        return self._parser.joint(message, line.message)

    def _siblings(self, window: bytes, pos: int, opener: Record) -> Iterator[tuple[int, Record]]:
        """Yield (offset, line) of the lines of the same program and pid that follow, in reach."""
        needle = f"[{opener.pid}]".encode()
        stop = max(pos, window.rfind(b"\n", pos, pos + LOOK_AHEAD) + 1)
        while (at := window.find(needle, pos, stop)) >= 0:
            start = window.rfind(b"\n", pos, at) + 1 or pos
            end = window.index(b"\n", at)
            pos = end + 1
            line = read_line(self._parser, 0, window[start:end])
            if line and (line.process, line.pid) == (opener.process, opener.pid):
                yield start, line
