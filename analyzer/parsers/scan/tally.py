"""What is known of a whole log member: counts, shapes, stamps, turns of the year, witnesses.

One automaton walks over runs of understood lines; one match covers thousands of lines, and only
the first and the last line of a run meet Python.
"""

import re
from collections import Counter

from analyzer.parsers._api import LogParser, LogStats, Stamp, Witness
from analyzer.parsers.scan.halve import LONGEST_QUOTE
from analyzer.parsers.scan.match import Automaton, automaton
from analyzer.parsers.scan.rhythm import Rhythm
from analyzer.parsers.scan.syslog import line_patterns, split_head, split_tag
from analyzer.parsers.scan.uptimes import Uptimes
from analyzer.parsers.scan.wall import month_turn

_SHAPES = 5  # told
_DISTINCT = 512  # kept
_SHAPED = 20_000  # lines looked at; the rest is only counted
_PLACES = 10_000  # of each kind of place, against a hostile log
_WHITE = b" \t\r"  # what a blank line may hold
_WITNESS_TRIES = 8
_SHAPE_WIDTH = 120
_APART = 1 << 20  # bytes between marks

_HEX = re.compile(
    r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|\b(?:0x[0-9a-fA-F]+|[0-9a-fA-F]{8,})\b"
)
_NUMBER = re.compile(r"[0-9]+")


def runs_of_lines(parser: LogParser) -> Automaton:
    """Return what matches a run of understood lines whose stamps are of one month or kind."""
    patterns = line_patterns(parser.rest)
    return automaton("(?m)" + "|".join(f"(?:{pattern})+" for pattern in patterns))


def shape_of(line: str) -> str:
    """Return the form of a line: uuids and hex as an ellipsis, numbers as 9, cut short.

    >>> shape_of("page 12 of 0x1f, 6b0c1a3e-0d0c-4a57-9f0d-6f1d9a3f0c11")
    'page 9 of …, …'
    """
    return _NUMBER.sub("9", _HEX.sub("…", line[: 4 * _SHAPE_WIDTH]))[:_SHAPE_WIDTH]


def _blank_lines(text: bytes) -> int:
    r"""Count the lines without anything to see; a regular expression takes 70 ms for a MiB of LF.

    >>> _blank_lines(b"\n \r\na\n")
    2
    """
    return text.translate(None, _WHITE).split(b"\n").count(b"") - text.endswith(b"\n")


def _shape_of_line(line: bytes) -> str:
    return shape_of(line[: 8 * _SHAPE_WIDTH].decode(errors="replace").rstrip("\r"))


class Tally:
    """Collects the `LogStats` of one member from its chunks of whole lines.

    ``wanted`` is the parser's line filter: what it finds in a line that was not understood may
    be something that was asked for.
    """

    def __init__(
        self, parser: LogParser, runs: Automaton, wanted: Automaton, *, quick: bool = True
    ) -> None:
        self._parser = parser
        self._runs = runs
        self._wanted = wanted
        self._lines = 0
        self._marks = [(0, 0)]
        self._lost = 0
        self._blank = 0
        self._hidden = 0
        self._hidden_shape = ""
        self._shapes: Counter[str] = Counter()
        self._first: Stamp | None = None
        self._last: Stamp | None = None
        self._turns: list[tuple[int, int]] = []
        self._backward: list[tuple[int, Stamp]] = []
        self._dated: list[tuple[int, Stamp]] = []
        self._leap_days: list[int] = []
        self._witnesses: dict[int, Witness] = {}
        self._rhythm = Rhythm(quick=quick)
        self._uptimes = Uptimes(parser.uptime) if parser.uptime else None

    @property
    def lines(self) -> int:
        """Return how many lines were read so far."""
        return self._lines

    def mark(self, position: int) -> None:
        """Note that the lines so far are so many bytes of the member."""
        if position - self._marks[-1][1] >= _APART:
            self._marks.append((self._lines, position))

    def stats(self, longest_cut: int = 0, line_limit: int = 0) -> LogStats:
        """Return what is known so far."""
        shapes = sorted(self._shapes.items(), key=lambda item: (-item[1], item[0]))
        return LogStats(
            lines=self._lines,
            not_understood=self._lost,
            shapes=tuple(shapes[:_SHAPES]),
            first=self._first,
            last=self._last,
            turns=tuple(self._turns),
            witnesses=tuple(witness for _, witness in sorted(self._witnesses.items())),
            longest_cut=longest_cut,
            dated=tuple(self._dated),
            leap_days=tuple(self._leap_days),
            line_limit=line_limit,
            blank=self._blank,
            hidden=self._hidden,
            hidden_shape=self._hidden_shape,
            backward=tuple(self._backward),
            silences=self._rhythm.silences,
            jumps=self._rhythm.jumps,
            edges=self._rhythm.edges,
            uptimes=self._uptimes.notes if self._uptimes else (),
            marks=tuple(self._marks[1:]),
        )

    def hide(self, line: bytes) -> None:
        """Count a line, or a part of one, if it was not understood and may be asked for."""
        if self._hidden < _PLACES and self._wanted.find(line) >= 0:
            self._hidden_shape = self._hidden_shape or _shape_of_line(line)
            self._hidden += 1

    def read(self, chunk: bytes, *, understood: bool = False) -> None:
        """Walk over a chunk of whole lines, which may be known to be one run of them."""
        before = self._lines
        self._rhythm.read(chunk, self._lines + 1)
        if self._uptimes is not None:
            self._uptimes.read(chunk, self._lines + 1)
        if self._parser.witness is not None:
            # Ask the lines at both ends of the chunk, and on both sides of silences and jumps.
            for place in (0, *self._rhythm.places, len(chunk)):
                line = self._lines + self._rhythm.lines_before(place)
                self._ask_before(chunk, place, line)
                self._ask_from(chunk, place, line + 1)
        pos = 0
        while pos < len(chunk):
            end = len(chunk) if understood else self._runs.end_of(chunk, pos)
            if end < 0:
                pos = self._skip_not_understood(chunk, pos)
                continue
            first = self._stamp_at_line(chunk, pos)
            final = chunk.rfind(b"\n", pos, end - 1) + 1
            last = self._stamp_at_line(chunk, final) if final > pos else first
            self._first = self._first or first
            self._note_turn_of_year(self._lines + 1, self._last, first)
            read_line = self._lines + 1
            self._lines = before + self._rhythm.lines_before(end)
            self._note_turn_of_year(self._lines, first, last)
            self._last = last
            self._note_year(read_line, first)
            if last.year != first.year:
                self._note_year(self._lines, last)
            pos = end

    def _skip_not_understood(self, chunk: bytes, pos: int) -> int:
        """Count the lines up to the next understood one, and return where that begins."""
        run = self._runs.find(chunk, pos)
        end = len(chunk) if run < 0 else run
        text = chunk[pos:end]
        lines, blank = text.count(b"\n"), _blank_lines(text)
        self._lines += lines
        self._blank += blank
        if lines > blank:
            if self._first is None and not self._lost:
                self._hide_beginning(text)
            self._look_for_hidden(text)
            count_pos, left = 0, _SHAPED - self._lost
            while left > 0 and count_pos < len(text):
                stop = text.index(b"\n", count_pos)
                line = text[count_pos : min(stop, count_pos + 8 * _SHAPE_WIDTH)]
                if line.strip(_WHITE):
                    shape = _shape_of_line(line)
                    if shape in self._shapes or len(self._shapes) < _DISTINCT:
                        self._shapes[shape] += 1
                    left -= 1
                count_pos = stop + 1
            self._lost += lines - blank
        return end

    def _hide_beginning(self, text: bytes) -> None:
        """Count the first line of a file: it is the end of one whose beginning is lost.

        Syslog begins a file with a whole line, and what was lost before it nobody knows.
        """
        line = next(filter(None, (each.strip(_WHITE) for each in text.splitlines())), b"")
        if line and self._wanted.find(line) < 0:  # else it is counted with the others
            self._hidden_shape = _shape_of_line(line)
            self._hidden += 1

    def _look_for_hidden(self, text: bytes) -> None:
        pos = 0
        while pos < len(text) and self._hidden < _PLACES:
            found = self._wanted.find(text, pos)
            if found < 0:
                return
            start = text.rfind(b"\n", pos, found) + 1 or pos
            end = text.find(b"\n", start)
            if end < 0:
                return
            if text[start:end].strip(_WHITE):
                self.hide(text[start:end])
            pos = end + 1

    @staticmethod
    def _stamp_at_line(chunk: bytes, start: int) -> Stamp:
        head = split_head(chunk[start : chunk.index(b"\n", start)].decode(errors="replace"))
        assert head is not None, "both readings of the grammar agree"
        return head[0]

    def _note_turn_of_year(self, line: int, old: Stamp | None, new: Stamp) -> None:
        years = month_turn(old, new) if old else 0
        if not years or old is None or len(self._turns) >= _PLACES:
            return
        self._turns.append((line, years))
        if old.year is None and years < 0:
            self._backward.append((line, old))

    def _note_year(self, line: int, stamp: Stamp) -> None:
        if stamp.year is not None:
            if len(self._dated) < _PLACES:
                self._dated.append((line, stamp))
        elif (stamp.month, stamp.day) == (2, 29) and len(self._leap_days) < _PLACES:
            self._leap_days.append(line)

    def _ask_from(self, chunk: bytes, pos: int, line: int) -> None:
        """Ask the lines from `pos` on until one answers."""
        for number in range(line, line + _WITNESS_TRIES):
            stop = chunk.find(b"\n", pos)
            if stop < 0 or self._ask_for_witness(chunk[pos:stop], number):
                return
            pos = stop + 1

    def _ask_before(self, chunk: bytes, pos: int, line: int) -> None:
        """Ask the lines before `pos`, the last of which is `line`, until one answers."""
        for number in range(line, line - _WITNESS_TRIES, -1):
            if pos <= 0:
                return
            start = chunk.rfind(b"\n", 0, pos - 1) + 1
            if self._ask_for_witness(chunk[start : pos - 1], number):
                return
            pos = start

    def _ask_for_witness(self, text: bytes, line: int) -> bool:
        if line in self._witnesses:
            return True
        decoded = text.decode(errors="replace")
        head = split_head(decoded)
        tagged = split_tag(head[2]) if head else None
        if self._parser.witness is None or head is None or tagged is None:
            return False
        utc = self._parser.witness(tagged[2])
        if utc is None or len(self._witnesses) >= _PLACES:
            return False
        quote = decoded.rstrip("\r").lstrip("\0\ufeff")[:LONGEST_QUOTE]
        self._witnesses[line] = Witness(
            line=line, local=head[0], utc=utc, kind=self._parser.name, text=quote
        )
        return True
