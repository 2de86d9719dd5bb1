"""Chunks of whole lines become records: those a filter finds, with the lines that belong to them.

SM writes a traceback, or a command's stderr, as one syslog line per line of text. The lines of
one process are joined to the line that opens the record, other processes' between them or not.
"""

import re
from bisect import bisect_left
from collections.abc import Iterator
from functools import partial
from itertools import chain

from analyzer.parsers._api import Joint, LogParser, Record, Split, Stamp
from analyzer.parsers.scan.later import NumberedLine, Place, WantedLines, lines_found, numbered
from analyzer.parsers.scan.match import Automaton
from analyzer.parsers.scan.syslog import (
    USUAL_HEAD,
    ZONE,
    microseconds_of,
    offset_of,
    split_head,
    split_tag,
    stamp_with_year,
    usual_stamp,
)

LOOK_AHEAD = 64 * 1024  # bytes behind an opener in which its other lines are looked for
JOINED_LINES = 200
JOINED_SIZE = 64 * 1024  # characters
_PID = re.compile(rb"\[[0-9]+\]")
_SEARCHED = 8  # times the length of a window
_REMEMBERED = 8192  # stamps
_DATE = len("Jan 10 ")
_T, _SECOND = len("2024-01-10"), len("2024-01-10T00:00:00")
_BEHIND_CLOCK = re.compile(rf"(?:\.([0-9]{{1,9}}))?({ZONE})?")
_CLOCK = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9]):([0-5][0-9]|60) ")


def read_line(parser: LogParser, number: int, raw: bytes) -> Record | None:
    """Take a line without its LF apart; None: not understood."""
    text = raw.decode(errors="replace").removesuffix("\r").lstrip("\0\ufeff")
    # Take the head that syslog writes apart.
    if parser.split:
        parts: Split | None = parser.split(text)
    else:
        head = split_head(text)
        split_tagged = split_tag(head[2]) if head else None
        parts = (head[0], head[1], split_tagged) if head and split_tagged else None
    if parts is None:
        return None
    stamp, host, tagged = parts
    body = parser.parse(*tagged)
    if body is None:
        return None
    process, message, pid, task, level, count = body
    return Record(number, 1, stamp, host, process, message, text, pid, task, level, count)


class LineReader:
    """Takes lines apart as `read_line` does; usual ones in less time.

    What begins with a date that was read before and a time of day has the usual head, and is cut at
    its blanks; so is what begins with a stamp of RFC 3339.
    """

    def __init__(self, parser: LogParser) -> None:
        self._parser = parser
        self._usual = parser.usual
        self._known: dict[str, Stamp] = {}
        self._dates: dict[str, tuple[int, int]] = {}

    def read(self, number: int, raw: bytes) -> Record | None:
        """Take a line without its LF apart; None: not understood."""
        text = raw.decode(errors="replace")
        start = text[:USUAL_HEAD]
        head, stamp = USUAL_HEAD, self._known.get(start)
        if stamp is None:
            if text[_T : _T + 1] == "T":
                head = text.find(" ") + 1
                stamp = self._stamp_with_year(text, head - 1)
            else:
                stamp = self._learned_stamp(start)
        if stamp is None or text[-1] == "\r":
            return read_line(self._parser, number, raw)
        if self._usual is not None and (parts := self._usual(text, head)) is not None:
            host, process, message, pid, task, level = parts
            return Record(number, 1, stamp, host, process, message, text, pid, task, level)
        host_end = text.find(" ", head)
        tagged = split_tag(text, host_end + 1) if host_end > head else None
        body = self._parser.parse(*tagged) if tagged else None
        if body is None:
            return read_line(self._parser, number, raw)
        process, message, pid, task, level, count = body
        host = text[head:host_end]
        return Record(number, 1, stamp, host, process, message, text, pid, task, level, count)

    def _learned_stamp(self, start: str) -> Stamp | None:
        """Read a stamp; a log has many of them, of few dates."""
        date = self._dates.get(start[:_DATE])
        clock = _CLOCK.fullmatch(start, _DATE) if date else None
        if date and clock:
            hour, minute, second = clock.groups()
            stamp = Stamp(*date, int(hour), int(minute), int(second))
        else:
            read = None if self._parser.split else usual_stamp(start)
            if read is None:
                return None
            stamp = read
            self._dates[start[:_DATE]] = stamp.month, stamp.day
        return self._remembered(start, stamp)

    def _stamp_with_year(self, text: str, end: int) -> Stamp | None:
        """Read a stamp of RFC 3339 that ends at a place; lines of one second share all but its end.

        None where it is none.
        """
        rest = _BEHIND_CLOCK.fullmatch(text, _SECOND, end) if end >= _SECOND else None
        if rest is None or self._parser.split:
            return None
        whole = text[:_SECOND]
        second = self._known.get(whole)
        if second is None:
            read = stamp_with_year(whole)
            if read is None:
                return None
            second = self._remembered(whole, read)
        fraction, zone = rest.groups()
        if fraction is None and zone is None:
            return second
        return Stamp(*second[:5], microseconds_of(fraction), second.year, offset_of(zone))

    def _remembered(self, start: str, stamp: Stamp) -> Stamp:
        if len(self._known) >= _REMEMBERED:
            self._known.clear()
        self._known[start] = stamp
        return stamp


class Reader:
    """Reads the chunks of one member in turn.

    An opener too near the end of what is there is carried over into the next chunk, so that the
    result does not depend on where the chunks end. Not `quick` it reads every line in full, which
    gives the same. Lines that ``find`` finds and ``shown`` does not are laid aside as they are.
    """

    def __init__(
        self,
        parser: LogParser,
        find: Automaton,
        *,
        shown: Automaton | None = None,
        quick: bool = True,
    ) -> None:
        self._parser = parser
        self._find = find.find
        self._shown = shown.find if shown else None
        self._aside: list[NumberedLine] = []
        self._read = LineReader(parser).read if quick else partial(read_line, parser)
        self._carry = b""
        self._waiting: list[Place] = []  # of what is carried over, as seen from the next chunk
        self._number = 1  # of the line at the beginning of the chunk
        self._base = 0  # offset of the window in the member
        self._joined: set[int] = set()  # offsets of lines that belong to an earlier record
        self._pids = _Pids()
        self._siblings_read: dict[int, Record | None] = {}  # by offset in the window

    def feed(
        self, chunk: bytes, wanted: WantedLines | None = None, *, last: bool = False
    ) -> Iterator[Record]:
        """Yield the records that begin in what was fed so far; all of them with the `last`.

        ``wanted`` are the lines that `find` finds in the chunk, where they are known.
        """
        carried, first = len(self._carry), self._number
        window = self._carry + chunk if carried else chunk
        self._pids, self._siblings_read = _Pids(), {}
        places, lines = wanted or self._wanted_lines(chunk)
        waiting, self._waiting = self._waiting, []
        self._number += lines
        for index, (before, start_in_chunk, end_in_chunk, now) in enumerate(chain(waiting, places)):
            start, end = carried + start_in_chunk, carried + end_in_chunk
            if self._joined and self._base + start in self._joined:
                continue
            if not now:
                self._aside.append((first + before, window[start:end]))
                continue
            line = self._read(first + before, window[start:end])
            if line is None:
                continue
            if (
                self._parser.opens is not None
                and line.pid is not None
                and line.count == 1
                and self._parser.opens(line)
            ):
                if not last and len(window) - end <= LOOK_AHEAD:
                    self._waiting = [
                        (before - lines, start - len(chunk), end - len(chunk), now)
                        for before, start, end, now in [*waiting, *places][index:]
                    ]
                    self._hold(window, start)
                    return
                line = self._join_following_lines(window, end + 1, line)
            yield line
        self._hold(window, len(window))

    def _wanted_lines(self, chunk: bytes) -> WantedLines:
        shown = self._shown
        found = lines_found(self._find, chunk)
        numbers, lines = numbered(chunk, found)
        # What it finds `find` found too, so there is nothing of it before that.
        places = [
            (before, start, end, shown is None or shown(chunk, at, end) >= 0)
            for before, (start, end, at) in zip(numbers, found, strict=True)
        ]
        return WantedLines(places, lines)

    def lines_aside(self) -> list[NumberedLine]:
        """Return the lines that were laid aside, and forget them."""
        aside, self._aside = self._aside, []
        return aside

    def _hold(self, window: bytes, start: int) -> None:
        """Keep what begins at `start`."""
        self._carry = window[start:]
        self._base += start
        self._joined = {offset for offset in self._joined if offset >= self._base}

    def _join_following_lines(self, window: bytes, pos: int, opener: Record) -> Record:
        """Add the lines that belong to `opener` and mark them as read."""
        texts, messages = [opener.text], [opener.message]
        size = len(opener.text)
        for offset, line in self._lines_of_same_process(window, pos, opener):
            joint_message = "\n".join(messages)
            if self._parser.joint is None or line.count > 1:
                joint: Joint = Joint.NEW
            else:
                joint = self._parser.joint(joint_message, line.message)
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

    def _lines_of_same_process(
        self, window: bytes, pos: int, opener: Record
    ) -> Iterator[tuple[int, Record]]:
        """Yield (offset, line) of the lines of the same program and pid that follow, in reach."""
        needle = f"[{opener.pid}]".encode()
        stop = max(pos, window.rfind(b"\n", pos, pos + LOOK_AHEAD) + 1)
        while (at := self._pids.find(window, needle, pos, stop)) >= 0:
            start = window.rfind(b"\n", pos, at) + 1 or pos
            end = window.index(b"\n", at)
            pos = end + 1
            if start not in self._siblings_read:
                self._siblings_read[start] = self._read(0, window[start:end])
            line = self._siblings_read[start]
            if line and (line.process, line.pid) == (opener.process, opener.pid):
                yield start, line


class _Pids:
    """Finds a pid in brackets in one window, again and again, in time linear in its length.

    It searches until it has searched several times the window, which few logs need: a storm of
    failures, each of a pid of its own, looks to the end of its reach for each. From then on it
    knows where each pid stands.
    """

    def __init__(self) -> None:
        self.searched = 0  # bytes
        self._places: dict[bytes, list[int]] | None = None

    def find(self, window: bytes, needle: bytes, pos: int, stop: int) -> int:
        """Return what ``window.find`` does, where `stop` lies behind a line feed or at `pos`."""
        if self._places is None:
            at = window.find(needle, pos, stop)
            self.searched += (at if at >= 0 else stop) - pos
            if self.searched > _SEARCHED * len(window):
                self._places = {}
                for found in _PID.finditer(window):
                    self._places.setdefault(found[0], []).append(found.start())
            return at
        places = self._places.get(needle, [])
        index = bisect_left(places, pos)
        return places[index] if index < len(places) and places[index] < stop else -1
