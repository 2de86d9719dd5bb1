"""Where literals stand in texts: automata that look for thousands of them in one pass."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import accumulate
from typing import Any

import re2

_SHORT, _SHORT_NUMBER = 2, 4  # what is shorter is replaced only where it stands alone as a name
HIDDEN = 6  # a shorter name is found in any noise
_PARTS = 2000  # literals of one automaton
# All that `ipaddress` takes for an address has one of these.
_IN_ADDRESSES = r"::|(?::[0-9A-Fa-f]*){6}|(?:\.[0-9]{1,3}){3}"


class Literals:
    """Literals that are looked for, whatever their case.

    ``known`` tells of each what stands for it, ``in_words`` are the beginnings of what stands for
    those that are found inside of words too.
    """

    def __init__(
        self, literals: Iterable[str], known: Mapping[str, str], in_words: tuple[str, ...]
    ) -> None:
        self._known, self._in_words = known, in_words
        findable = sorted(filter(_is_findable, literals), key=lambda each: (-len(each), each))
        self._automata = _automata(map(re2.escape, findable))
        # Those that stand in one line, and what may stand in a text that another one hides.
        on_lines = [literal for literal in findable if "\n" not in literal]
        whole = len(on_lines) == len(findable)
        self._of_lines = self._automata if whole else _automata(map(re2.escape, on_lines))
        long = (re2.escape(literal) for literal in on_lines if len(literal) >= HIDDEN)
        self._telling = _automata([*long, _IN_ADDRESSES]) if whole else ()

    def places(self, text: str) -> Iterator[tuple[int, int]]:
        """Yield where they stand in a text, in order; of two at one place the longest."""
        yield from self._places_found(self._automata, text)

    def places_in_lines(self, lines: Sequence[str]) -> list[list[tuple[int, int]]]:
        """Return for each of many lines where they stand in it."""
        found: list[list[tuple[int, int]]] = [[] for _ in lines]
        ends = list(accumulate(len(line) + 1 for line in lines))
        place = 0
        for begin, end in self._places_found(self._of_lines, "\n".join(lines)):
            while begin >= ends[place]:
                place += 1
            start = ends[place] - len(lines[place]) - 1
            found[place].append((begin - start, end - start))
        return found

    def that_may_tell(self, texts: Sequence[str]) -> set[int]:
        """Return the numbers of the texts that may hold a long literal or an address: no fewer."""
        if not self._telling:
            return set(range(len(texts)))
        parts = [text.encode() for text in texts]
        ends = list(accumulate(len(part) + 1 for part in parts))
        block = b"\n".join(parts)
        return {
            bisect_right(ends, found.start())
            for automaton in self._telling
            for found in automaton.finditer(block)
        }

    def _places_found(self, automata: Iterable[Any], text: str) -> Iterator[tuple[int, int]]:
        done = 0
        found = (span for automaton in automata for span in self._spans(automaton, text))
        for begin, end in sorted(found, key=lambda span: (span[0], -span[1])):
            if begin >= done:
                yield begin, end
                done = end

    def _spans(self, automaton: Any, text: str) -> Iterator[tuple[int, int]]:
        """Yield where literals stand alone in a text, none in another.

        Where the longest is only the begin of a longer word, a shorter one may still stand alone.
        """
        # Bytes of ASCII have the places of their text, and need no counting.
        for found in automaton.finditer(text.encode() if text.isascii() else text):
            begin, end = found.span()
            while end - begin >= _SHORT:
                token = self._known.get(text[begin:end].casefold(), "")
                anywhere = end - begin >= HIDDEN and token.startswith(self._in_words)
                if token and (anywhere or _stands_alone(text, begin, end)):
                    yield begin, end
                    break
                inner = automaton.search(text[begin : end - 1])
                if inner is None:
                    break
                begin, end = begin + inner.start(), begin + inner.end()


def _automata(patterns: Iterable[str]) -> tuple[Any, ...]:
    """Return automata that find any of the patterns in one pass over a text each."""
    options = re2.Options()
    options.case_sensitive = False
    options.longest_match = True
    options.max_mem = 1 << 28
    every = list(patterns)
    parts = (every[at : at + _PARTS] for at in range(0, len(every), _PARTS))
    return tuple(re2.compile("|".join(part), options) for part in parts)


def _stands_alone(text: str, begin: int, end: int) -> bool:
    """Tell whether a literal is no part of a longer word."""
    before, after = text[max(begin - 1, 0) : begin], text[end : end + 1]
    first, last = text[begin], text[end - 1]
    return not ((before.isalnum() and first.isalnum()) or (after.isalnum() and last.isalnum()))


def _is_findable(literal: str) -> bool:
    return len(literal) >= (_SHORT_NUMBER if literal.isdigit() else _SHORT)
