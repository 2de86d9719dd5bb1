"""The wanted lines of a chunk, found in the same pass that tells whether all of it is understood.

Each search begins at a line whose head `stamps_of` has checked, passes over lines that the grammar
understands, and ends in the first that is wanted: so nothing is read twice, and RE2 has no need to
look back for where a match began.
"""

import numpy as np

from analyzer.parsers._api import LogParser
from analyzer.parsers.scan.later import WantedLines
from analyzer.parsers.scan.line_ends import line_ends
from analyzer.parsers.scan.match import Automaton, automaton
from analyzer.parsers.scan.stamps import stamps_of

_LF = ord("\n")
_END = r"(?m:$)\C"  # a line feed where a pattern must not hold one


class Search:
    """Finds the lines that `find` finds in a chunk of lines that are all understood.

    Those in which ``shown`` finds nothing are not read now.
    """

    def __init__(self, parser: LogParser, find: Automaton, shown: Automaton | None) -> None:
        # What is read now ends the search at once, of other lines all is looked through: so the end
        # of a match tells them apart.
        # A stamp has the first colons.
        head = rf"[^:\n]*:[0-9]{{2}}:[0-9]{{2}}[^ \n]* [^ \n]+ (?:{parser.rest})"
        lines = rf"(?:{head}[^\n]*{_END})*"
        wanted = rf"[^\n]*?(?:{(shown or find).pattern})"
        if shown is not None:
            wanted = rf"(?:{wanted}|[^\n]*?(?:{find.pattern})[^\n]*{_END})"
        self._next = automaton(f"{lines}?{head}{wanted}", lines=True).spans_at
        self._others = automaton(lines, lines=True).end_of

    def wanted(self, chunk: bytes) -> WantedLines | None:
        """Return the wanted lines of whole ones; None: read it another way.

        That is so where a line is not understood, a stamp is of another form than the first or an
        odd one, or the month turns.
        """
        stamps = stamps_of(chunk)
        if stamps is None or not stamps.of_one_run:
            return None
        ends: list[int] = []
        now: list[bool] = []
        search, pos, size = self._next, 0, len(chunk)
        while (at := search(chunk, pos, size)[0][1]) >= 0:
            shown = chunk[at - 1] != _LF
            pos = chunk.index(b"\n", at) + 1 if shown else at
            ends.append(pos - 1)
            now.append(shown)
        if self._others(chunk, pos) < size:
            return None
        lines = np.searchsorted(line_ends(chunk), ends)
        starts = stamps.starts[lines]
        places = list(zip(lines.tolist(), starts.tolist(), ends, now, strict=True))
        return WantedLines(places, len(stamps.starts))
