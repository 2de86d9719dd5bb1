"""The selectors of one parser as automata: which lines may matter, and what exactly matched.

RE2 works on bytes as Latin-1 here: one automaton over all patterns, linear on hostile text.
"""

import re
from collections.abc import Sequence
from functools import lru_cache
from types import MappingProxyType
from typing import Protocol

import re2

from analyzer.parsers._api import Hit, Selector

_MEMORY = 256 * 1024 * 1024
_REMEMBERED = 8192  # messages: logs repeat themselves
_REMEMBERED_SIZE = 512
_EMPTY = "(?:)"
_ANYWHERE, _HERE = re2._re2.RE2.Anchor.UNANCHORED, re2._re2.RE2.Anchor.ANCHOR_START  # noqa: SLF001 - see Automaton
_NOTHING = r"[^\x00-\xff]"


class Match(Protocol):
    """What this package uses of a match of RE2."""

    def start(self) -> int:
        """Return where it begins."""

    def end(self) -> int:
        """Return where it ends."""


class Automaton:
    """A compiled RE2 pattern over bytes.

    The binding makes a generator and an object for every match, which cost more than the match:
    who needs places only asks the matcher below them.
    """

    def __init__(self, pattern: str, options: re2.Options) -> None:
        self._compiled = re2.compile(pattern.encode(), options)
        self._spans = self._compiled._regexp.Match  # noqa: SLF001 - see above

    @property
    def names(self) -> Sequence[tuple[str, int]]:
        """Return the named groups with their numbers."""
        return tuple((name.decode(), n) for name, n in self._compiled.groupindex.items())

    def search(self, text: bytes, pos: int = 0) -> Match | None:
        """Find the leftmost match from `pos`."""
        found: Match | None = self._compiled.search(text, pos)
        return found

    def find(self, text: bytes, pos: int = 0) -> int:
        """Return where the leftmost match from `pos` begins, -1 without any."""
        start: int = self._spans(_ANYWHERE, text, pos, len(text))[0][0]
        return start

    def end_of(self, text: bytes, pos: int) -> int:
        """Return where the match at `pos` ends, -1 if there is none."""
        end: int = self._spans(_HERE, text, pos, len(text))[0][1]
        return end

    def groups(self, text: bytes) -> Sequence[tuple[int, int]]:
        """Return the spans of the leftmost match and its groups; -1 for what took no part."""
        spans: Sequence[tuple[int, int]] = self._spans(_ANYWHERE, text, 0, len(text))
        return spans


def _options(*, captures: bool, lines: bool) -> re2.Options:
    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1
    options.max_mem = _MEMORY
    options.log_errors = False
    options.never_capture = not captures
    options.never_nl = lines
    return options


@lru_cache(maxsize=1024)  # a process compiles the catalogue once, however many bundles it reads
def automaton(pattern: str, *, captures: bool = False, lines: bool = False) -> Automaton:
    """Compile for bytes; with `lines` no part of it ever matches a line feed."""
    return Automaton(pattern, _options(captures=captures, lines=lines))


def every_line() -> Automaton:
    """Return the filter that keeps everything."""
    return automaton(_EMPTY)


@lru_cache(maxsize=64)
def matcher_of(selectors: tuple[Selector, ...]) -> "Matcher":
    """Return the matcher of these selectors, the same one for the same selectors."""
    return Matcher(selectors)


class Matcher:
    """The selectors of one parser, in the order of their ids.

    Raises:
        re2.error: a pattern that RE2 does not accept.
    """

    def __init__(self, selectors: Sequence[Selector]) -> None:
        self._selectors = sorted(selectors, key=lambda s: (s.id, s.process or "", s.message))
        # Compiled when they first match: most selectors of the catalogue match nothing of a report.
        self._exact: dict[int, tuple[Automaton, Sequence[tuple[str, int]]]] = {}
        self._bare = [Hit(selector=s.id) for s in self._selectors]
        self._set = re2.Set.SearchSet(_options(captures=False, lines=False))
        for selector in self._selectors:
            if self._set.Add(selector.message.encode()) < 0:
                automaton(selector.message, captures=True)  # says what RE2 does not accept
        if self._selectors:
            self._set.Compile()
        self._remembered: dict[tuple[str, str], tuple[Hit, ...]] = {}

    def match(self, process: str, message: str) -> tuple[Hit, ...]:
        """Return a hit for each selector that matches, with the groups that took part."""
        if not self._selectors:
            return ()
        if len(message) > _REMEMBERED_SIZE:
            return self._match(process, message)
        key = (process, message)
        hits = self._remembered.get(key)
        if hits is None:
            if len(self._remembered) >= _REMEMBERED:
                self._remembered.clear()
            hits = self._remembered[key] = self._match(process, message)
        return hits

    def _match(self, process: str, message: str) -> tuple[Hit, ...]:
        text = message.encode(errors="replace")
        found: list[int] = sorted(self._set.Match(text) or ())
        return tuple(
            self._hit(index, text)
            for index in found
            if self._selectors[index].process in (None, process)
        )

    def _hit(self, index: int, text: bytes) -> Hit:
        if index not in self._exact:
            exact = automaton(self._selectors[index].message, captures=True)
            self._exact[index] = exact, exact.names
        bare, (exact, names) = self._bare[index], self._exact[index]
        if not names:
            return bare
        spans = exact.groups(text)
        fields = {
            name: text[start:end].decode(errors="replace")
            for name, number in names
            for start, end in (spans[number],)
            if start >= 0
        }
        return Hit(selector=bare.selector, fields=MappingProxyType(fields))

    def line_filter(self, always: str | None) -> Automaton:
        """Return what finds every line of a block that may hold a hit."""
        patterns = [always] if always else []
        patterns += sorted({loosened(selector.message) for selector in self._selectors})
        if not patterns:
            return automaton(_NOTHING)
        return automaton("|".join(f"(?:{pattern})" for pattern in patterns), lines=True)


_TOKEN = re.compile(
    r"(?s)\\Q(?P<literal>.*?)(?:\\E|$)"
    r"|(?P<anchor>\^|\$|\\[Az])"
    r"|(?P<byte>\\C)"
    r"|\{(?P<least>[0-9]+)(?:,[0-9]*)?\}"
    r"|(?P<name>\(\?P?<\w+>)"
    r"|\\x\{[0-9A-Fa-f]+\}|\\.|\[\^?\]?(?:\\.|\[:\^?[a-z]+:\]|[^\]\\])*\]"
)


def loosened(pattern: str) -> str:
    r"""Return an RE2 pattern for a whole line that holds a message which `pattern` matches.

    Anchors go: the message is only a part of the line. So do the names of groups, because RE2
    captures those whatever its options say, and counts: an automaton that counts has a state for
    each number. The result can stand in a group.

    >>> loosened(r"(?i)^a\$(?P<n>[^$]{2,40}?)b{0,9}$")
    '(?i)(?:)a\\$(?:[^$]+?)b*(?:)'
    """
    return _TOKEN.sub(_loosen, pattern)


def _loosen(token: re.Match[str]) -> str:
    if token["literal"] is not None:
        return re.escape(token["literal"])
    if token["anchor"]:
        return _EMPTY
    if token["name"]:
        return "(?:"
    if token["least"]:
        return "+" if int(token["least"]) else "*"
    return "(?s:.)" if token["byte"] else token[0]
