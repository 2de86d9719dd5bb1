"""The selectors of one parser as automata: which lines may matter, and what exactly matched.

RE2 works on bytes as Latin-1 here: one automaton over all patterns, linear on hostile text.
"""

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import cached_property, lru_cache, partial
from typing import Any, NamedTuple, Protocol

import re2

from analyzer.model.event import text_at
from analyzer.parsers._api import Hit, Selector

_MEMORY = 256 * 1024 * 1024
_REMEMBERED = 8192  # messages: logs repeat themselves
_REMEMBERED_SIZE = 512
_EMPTY = "(?:)"
_ANYWHERE, _HERE = re2._re2.RE2.Anchor.UNANCHORED, re2._re2.RE2.Anchor.ANCHOR_START  # noqa: SLF001 - see Automaton
_NAMED = re.compile(r"\(\?P?<")
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
        self.pattern = pattern
        self._compiled = re2.compile(pattern.encode(), options)
        self._spans = self._compiled._regexp.Match  # noqa: SLF001 - see above
        # What the match at a place and before another one spans, for who asks very often.
        self.spans_at: Callable[[bytes, int, int], Sequence[tuple[int, int]]]
        self.spans_at = partial(self._spans, _HERE)

    @cached_property
    def names(self) -> Sequence[tuple[str, int]]:
        """Return the named groups with their numbers."""
        return tuple((name.decode(), n) for name, n in self._compiled.groupindex.items())

    def search(self, text: bytes, pos: int = 0) -> Match | None:
        """Find the leftmost match from `pos`."""
        found: Match | None = self._compiled.search(text, pos)
        return found

    def find(self, text: bytes, pos: int = 0, end: int | None = None) -> int:
        """Return where the leftmost match from `pos` to `end` begins, -1 without any."""
        start: int = self._spans(_ANYWHERE, text, pos, len(text) if end is None else end)[0][0]
        return start

    def end_of(self, text: bytes, pos: int) -> int:
        """Return where the match at `pos` ends, -1 if there is none."""
        end: int = self._spans(_HERE, text, pos, len(text))[0][1]
        return end

    def groups(self, text: bytes) -> Sequence[tuple[int, int]]:
        """Return the spans of the leftmost match and its groups; -1 for what took no part."""
        spans: Sequence[tuple[int, int]] = self._spans(_ANYWHERE, text, 0, len(text))
        return spans


def _options_of_re2(*, captures: bool, lines: bool) -> re2.Options:
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
    return Automaton(pattern, _options_of_re2(captures=captures, lines=lines))


def every_line() -> Automaton:
    """Return the filter that keeps everything."""
    return automaton(_EMPTY)


def _empty_set() -> re2.Set:
    return re2.Set.SearchSet(_options_of_re2(captures=False, lines=False))


class Captures(Mapping[str, str]):
    """The named groups of a match that took part, found when somebody first asks for one.

    Most rows are never asked, and to find the groups takes RE2 ten times as long as the match.
    """

    __slots__ = ("_found", "_message", "_place", "pattern")

    def __init__(self, pattern: str, message: str | bytes, place: int = 0) -> None:
        """Take the message, or the words among which it lies at a place (`text_at`)."""
        self.pattern = pattern
        self._message = message
        self._place = place
        self._found: dict[str, str] | None = None

    def __getitem__(self, name: str) -> str:
        return self.found()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.found())

    def __len__(self) -> int:
        return len(self.found())

    def __repr__(self) -> str:
        return repr(self.found())

    def get(self, name: str, default: Any = None) -> Any:
        """Return a group, the default if it took no part."""
        return self.found().get(name, default)

    def __reduce__(self) -> tuple[type["Captures"], tuple[str, str]]:
        return Captures, (self.pattern, self._said())

    def _said(self) -> str:
        message = self._message
        return message if isinstance(message, str) else text_at(message, self._place)

    def found(self) -> dict[str, str]:
        """Return all groups that took part."""
        if self._found is None:
            exact = automaton(self.pattern, captures=True)
            text = self._said().encode(errors="replace")
            spans = exact.groups(text)
            self._found = {
                name: text[start:end].decode(errors="replace")
                for name, number in exact.names
                for start, end in (spans[number],)
                if start >= 0
            }
        return self._found


class Seen(NamedTuple):
    """What a message holds: the hits of selectors, and whether it says one of two more things."""

    hits: tuple[Hit, ...] = ()
    fails: bool = False
    sets: bool = False


_NOTHING_SEEN = Seen()


@lru_cache(maxsize=64)
def matcher_of(
    selectors: tuple[Selector, ...], failure: str | None = None, setting: str | None = None
) -> "Matcher":
    """Return the matcher of these selectors, the same one for the same selectors."""
    return Matcher(selectors, failure, setting)


class Matcher:
    """The selectors of one parser, in the order of their ids.

    ``failure`` and ``setting`` are the patterns of `LogParser`, looked for in the same pass.

    Raises:
        re2.error: a pattern that RE2 does not accept.
    """

    def __init__(
        self,
        selectors: Sequence[Selector],
        failure: str | None = None,
        setting: str | None = None,
    ) -> None:
        self._selectors = sorted(selectors, key=lambda s: (s.id, s.process or "", s.message))
        self._named = [_NAMED.search(s.message) is not None for s in self._selectors]
        self._bare = [Hit(s.id) for s in self._selectors]
        patterns = [s.message for s in self._selectors]
        self._fails = len(patterns) if failure else None
        patterns += [failure] if failure else []
        self._sets = len(patterns) if setting else None
        patterns += [setting] if setting else []
        self._patterns = patterns
        self._counts = [uncounted(pattern) != pattern for pattern in patterns]
        exact, self._set = _empty_set(), _empty_set()
        for pattern in patterns:
            if exact.Add(pattern.encode()) < 0 or self._set.Add(uncounted(pattern).encode()) < 0:
                automaton(pattern, captures=True)  # says what RE2 does not accept
        if patterns:
            self._set.Compile()
        self._asks = bool(patterns)
        self._remembered: dict[tuple[str, str], Seen] = {}

    def match(self, process: str, message: str) -> tuple[Hit, ...]:
        """Return a hit for each selector that matches, with the groups that took part."""
        return self.see(process, message).hits

    def see(self, process: str, message: str) -> Seen:
        """Return all that a message holds."""
        if not self._asks:
            return _NOTHING_SEEN
        if len(message) > _REMEMBERED_SIZE:
            return self._see_message(process, message)
        key = (process, message)
        seen = self._remembered.get(key)
        if seen is None:
            if len(self._remembered) >= _REMEMBERED:
                self._remembered.clear()
            seen = self._remembered[key] = self._see_message(process, message)
        return seen

    def _see_message(self, process: str, message: str) -> Seen:
        text = message.encode(errors="replace")
        # What counts is asked again by itself: to count for all at once would take a state for
        # each number, and more to compile than to read a small report.
        found = [
            index
            for index in self._set.Match(text) or ()
            if not self._counts[index] or nameless(self._patterns[index]).find(text) >= 0
        ]
        if not found:
            return _NOTHING_SEEN
        hit_of_selector: list[Hit] = []
        for index in sorted(found):
            if index < len(self._selectors) and self._selectors[index].process in (None, process):
                bare = self._bare[index]
                if not self._named[index]:
                    hit_of_selector.append(bare)
                else:
                    hit_of_selector.append(
                        Hit(bare.selector, Captures(self._selectors[index].message, message))
                    )
        hits = tuple(hit_of_selector)
        return Seen(hits, self._fails in found, self._sets in found)

    def line_filter(
        self, always: str | None, kinds: Callable[[str], bool] = lambda _: True
    ) -> Automaton:
        """Return what finds every line of a block that may hold a hit of some kinds."""
        own = (selector for selector in self._selectors if kinds(selector.id))
        patterns = [always] if always else []
        patterns += sorted({loosened(selector.message) for selector in own})
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


def capturing(pattern: str, names: Collection[str]) -> str:
    r"""Return an RE2 pattern that matches the same and captures no group of another name.

    >>> capturing(r"(?P<vm>\(?P<vdi>\Q(?P<x>\E(?P<vdi>a)", ["vdi"])
    '(?:\\(?P<vdi>\\Q(?P<x>\\E(?P<vdi>a)'
    """

    def kept(token: re.Match[str]) -> str:
        named = token["name"]
        return "(?:" if named and named[named.index("<") + 1 : -1] not in names else token[0]

    return _TOKEN.sub(kept, pattern)


def loosened(pattern: str) -> str:
    r"""Return an RE2 pattern for a whole line that holds a message which `pattern` matches.

    Anchors go: the message is only a part of the line. So do the names of groups, because RE2
    captures those whatever its options say, and counts: an automaton that counts has a state for
    each number. The result can stand in a group.

    >>> loosened(r"(?i)^a\$(?P<n>[^$]{2,40}?)b{0,9}$")
    '(?i)(?:)a\\$(?:[^$]+?)b*(?:)'
    """
    return _TOKEN.sub(_loosened_token, pattern)


def uncounted(pattern: str) -> str:
    r"""Return a pattern that matches all that `pattern` does, and counts nothing.

    >>> uncounted(r"(?i)^a\$(?P<n>[^$]{2,40}?)b{0,9}$")
    '(?i)^a\\$(?:[^$]+?)b*$'
    """
    return _TOKEN.sub(
        lambda token: token[0] if token["anchor"] or token["byte"] else _loosened_token(token),
        pattern,
    )


@lru_cache(maxsize=1024)
def nameless(pattern: str) -> Automaton:
    """Return what finds a pattern; RE2 finds its named groups, too, whatever its options say."""
    bare = _TOKEN.sub(lambda token: "(?:" if token["name"] else token[0], pattern)
    return automaton(bare)


def _loosened_token(token: re.Match[str]) -> str:
    if token["literal"] is not None:
        return re.escape(token["literal"])
    if token["anchor"]:
        return _EMPTY
    if token["name"]:
        return "(?:"
    if token["least"]:
        return "+" if int(token["least"]) else "*"
    return "(?s:.)" if token["byte"] else token[0]
