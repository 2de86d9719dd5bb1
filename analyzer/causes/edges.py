"""Read ``patterns/causes.yaml``: what may explain what, how the two are joined, and in what words.

::

    contexts:                # events that are no findings, and may be the root of a cause
      <name>:
        kinds: [<selector>, …]        as in ``events.of``
        title: 'Host {host} booted at {at}'
        until: [<selector>, …]        events that say it is over
        unless: {kinds: […], within: 10m, need: daemon_log}
                                      not if one of these was the last thing logged before it
                                      (what follows `within` that time belongs to it)
        alive: [<selector>, …]        events that show that the host ran
        without: '…'                  title where `need` was read whole and shows none of them
        master: true                  only on the master of a pool
    edges:                   # of several that fit an effect the nearest leads to its root
      - cause: <rule, or name of a context>
        effect: <rule>
        join: vdi | sr | host | pool | any | storage | session
        within: 24h
        unless: [<selector>, …]       one of these between cause and effect, of the same disk
                                      or (without a disk) the same pool, refutes it
        sentence: '{cause}, {order} {effect}: …'
        next: '…'                     what to do next, where it fits all effects together
    unknown:                 # what to add to a finding that nothing explains
      <rule>: 'what … is not known'

`storage` is the same host and the same SR, while the trouble lasts; `session` is the tapdisk that
had the disk's CBT log open, see `analyzer.causes.sessions`.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from importlib.resources.abc import Traversable
from typing import Annotated, Any, TypeAlias

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from analyzer.errors import CatalogueError
from analyzer.model.rule import FIELD
from analyzer.resources import folder

NAME = "causes.yaml"
_SHOWN = f"patterns/{NAME}"
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_TITLE_FIELDS = frozenset({"host", "at"})
_SENTENCE_FIELDS = frozenset({"cause", "order", "effect"})
_SHOWN_VALUE = 60


class Join(StrEnum):
    """What a cause and its effect must have in common."""

    VDI = "vdi"
    SR = "sr"
    HOST = "host"
    POOL = "pool"
    ANY = "any"
    STORAGE = "storage"
    SESSION = "session"


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """Events that may be a root without being a finding."""

    name: str
    kinds: tuple[str, ...]
    title: str
    without: str
    unless: tuple[str, ...] = ()
    unless_within: timedelta = timedelta(0)
    need: str | None = None
    master: bool = False
    until: tuple[str, ...] = ()
    alive: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """One thing may explain another."""

    cause: str
    effect: str
    join: Join
    within: timedelta
    sentence: str
    unless: tuple[str, ...] = ()
    next: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Edges:
    """All edges, in the order of the file, and the contexts they name."""

    edges: tuple[Edge, ...]
    contexts: tuple[Context, ...] = ()
    unknown: tuple[tuple[str, str], ...] = ()

    def context(self, name: str) -> Context | None:
        """Return the context of that name, None if the name is a rule's."""
        return next((context for context in self.contexts if context.name == name), None)


def _duration(value: Any) -> Any:
    text = value if isinstance(value, str) else ""
    number, unit = text[:-1], text[-1:]
    if not number.isdecimal() or unit not in _UNITS:
        msg = "expected a duration such as 90s, 15m, 24h or 7d"
        raise ValueError(msg)
    return timedelta(**{_UNITS[unit]: int(number)})


Duration: TypeAlias = Annotated[timedelta, BeforeValidator(_duration)]
Text: TypeAlias = Annotated[str, Field(min_length=1)]
Id: TypeAlias = Annotated[str, Field(pattern=r"^[a-z0-9]+(?:-[a-z0-9]+)*$")]
Kinds: TypeAlias = Annotated[list[Text], Field(min_length=1)]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Unless(_Model):
    kinds: Kinds
    within: Duration
    need: Text


class _ContextEntry(_Model):
    kinds: Kinds
    title: Text
    without: Text | None = None
    unless: _Unless | None = None
    until: list[Text] = []
    alive: list[Text] = []
    master: bool = False


class _EdgeEntry(_Model):
    cause: Id
    effect: Id
    join: Join
    within: Duration
    unless: list[Text] = []
    sentence: Text
    next: Text | None = None


class _File(_Model):
    contexts: dict[Id, _ContextEntry] = {}
    edges: list[_EdgeEntry]
    unknown: dict[Id, Text] = {}


Path: TypeAlias = tuple[str | int, ...]
Fault: TypeAlias = tuple[Path, str]


def load_edges(file: Traversable | None = None) -> Edges:
    """Load the shipped edges, or those of `file`.

    Raises:
        CatalogueError: the file is not as it should be; the text names every fault by its line.
    """
    source = file or folder("patterns") / NAME
    node = _composed(source.read_bytes())
    _raise_if(node, _doubled(node))
    try:
        read = _File.model_validate(_plain(node))
    except ValidationError as error:
        found = error.errors()
        text = "\n".join(_told(node, fault["loc"], _fault(fault)) for fault in found)
        raise CatalogueError(text) from error
    _raise_if(node, (*_meaning_of_contexts(read), *_meaning_of_edges(read)))
    return _edges(read)


def _raise_if(node: yaml.Node, faults: Iterable[Fault]) -> None:
    problems = [_told(node, path, what) for path, what in faults]
    if problems:
        raise CatalogueError("\n".join(problems))


def _composed(content: bytes) -> yaml.Node:
    try:
        node = yaml.compose(content, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else 1
        what = getattr(error, "problem", None) or "it is not YAML"
        msg = f"{_SHOWN}:{line} {what}"
        raise CatalogueError(msg) from error
    if node is None:
        msg = f"{_SHOWN}:1 the file is empty"
        raise CatalogueError(msg)
    return node


def _plain(node: yaml.Node) -> Any:
    loader = yaml.SafeLoader("")
    try:
        return loader.construct_document(node)
    finally:
        loader.dispose()


def _doubled(node: yaml.Node, path: Path = ()) -> Iterator[Fault]:
    """Yield the keys that stand twice in one mapping; YAML would take the last in silence."""
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            if key.value in seen:
                yield (*path, key.value), "the key stands twice"
            seen.add(key.value)
            yield from _doubled(value, (*path, key.value))
    elif isinstance(node, yaml.SequenceNode):
        for place, value in enumerate(node.value):
            yield from _doubled(value, (*path, place))


def _fault(fault: Mapping[str, Any]) -> str:
    shown = repr(fault["input"])[:_SHOWN_VALUE]
    what = str(fault["msg"]).removeprefix("Value error, ")
    return f"{what[:1].lower()}{what[1:]}, got {shown}"


def _told(node: yaml.Node, path: Path, what: str) -> str:
    keys = [str(part) for part in path if part != "[key]"]
    return f"{_SHOWN}:{_line(node, path)} {'.'.join(keys)}: {what}"


def _line(node: yaml.Node, path: Path) -> int:
    """Return the line of the deepest node that the path reaches."""
    line = node.start_mark.line + 1
    for part in path:
        key, child = _child(node, part)
        if child is None:
            break
        node = child
        line = (key or child).start_mark.line + 1
    return int(line)


def _child(node: yaml.Node, part: str | int) -> tuple[yaml.Node | None, yaml.Node | None]:
    """Return (key, value) below a node; the last one of a key that stands twice."""
    if isinstance(node, yaml.MappingNode):
        pairs = [(key, value) for key, value in node.value if key.value == part]
        return pairs[-1] if pairs else (None, None)
    if isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
        return None, node.value[part]
    return None, None


def _meaning_of_contexts(file: _File) -> Iterator[Fault]:
    """Yield what is wrong with texts and names that each by itself is well formed."""
    for name, context in file.contexts.items():
        for key, text in (("title", context.title), ("without", context.without or "")):
            yield from _unfilled(("contexts", name, key), text, _TITLE_FIELDS)
        if context.without and not context.unless:
            yield ("contexts", name, "without"), "it says what `unless` did not find: say unless"
        if not any(edge.cause == name for edge in file.edges):
            yield ("contexts", name), "no edge names it"


def _meaning_of_edges(file: _File) -> Iterator[Fault]:
    for place, edge in enumerate(file.edges):
        yield from _unfilled(("edges", place, "sentence"), edge.sentence, _SENTENCE_FIELDS)
        if edge.cause == edge.effect:
            yield ("edges", place, "effect"), "nothing explains itself"


def _unfilled(path: Path, text: str, known: frozenset[str]) -> Iterator[Fault]:
    for name in sorted(set(FIELD.findall(text)) - known):
        yield path, f"nothing fills {{{name}}}"


def _edges(file: _File) -> Edges:
    return Edges(
        edges=tuple(
            Edge(
                cause=entry.cause,
                effect=entry.effect,
                join=entry.join,
                within=entry.within,
                sentence=entry.sentence,
                unless=tuple(entry.unless),
                next=entry.next or "",
            )
            for entry in file.edges
        ),
        contexts=tuple(_context(name, entry) for name, entry in file.contexts.items()),
        unknown=tuple(file.unknown.items()),
    )


def _context(name: str, entry: _ContextEntry) -> Context:
    unless = entry.unless
    return Context(
        name=name,
        kinds=tuple(entry.kinds),
        title=entry.title,
        without=entry.without or entry.title,
        unless=tuple(unless.kinds) if unless else (),
        unless_within=unless.within if unless else timedelta(0),
        need=unless.need if unless else None,
        master=entry.master,
        until=tuple(entry.until),
        alive=tuple(entry.alive),
    )
