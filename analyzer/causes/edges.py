"""Read ``patterns/causes.yaml``: what may explain what, how the two are joined, and in what words.

::

    incidents:               # several kinds of incidents that one name stands for
      <name>: [<kind>, …]           kinds as `IncidentKind` names them: host-crashed, sr-outage, …
    edges:                   # of several that fit an effect the nearest leads to its root
      - cause: <rule, kind of incident, or name from above>, or a list of them
        effect: <rule, or kind of incident>, or a list of them
        join: vdi | disk | disks | sr | host | pool | any | storage | session | interrupted
        within: 24h
        cause-says: '…'               only a cause whose title has these words
        effect-says: '…'              only an effect whose title has these words
        master: true                  only an incident of a pool's master
        lasting: true                 only an incident whose end was not seen
        between: true                 only where the disks of the effect were taken before and after
        unless: [<selector>, …]       one of these between cause and effect, of the same disk
                                      or (without a disk) the same pool, refutes it
        sentence: '{cause}, {order} {effect}: …'
        next: '…'                     what to do next, where it fits all effects together
    unknown:                 # what to add to a finding that nothing explains
      <rule>: 'what … is not known'

`disk` is the one live disk that the effect's disks are, or are snapshots of; `disks` are several,
each of which has such a cause. `storage` is the same host and the same SR, while the trouble lasts;
`session` is the tapdisk that had the disk's CBT log open, see `analyzer.causes.sessions`;
`interrupted` is a host that went down within that time after the effect's last line on it.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from functools import cache
from importlib.resources.abc import Traversable
from typing import Annotated, Any, TypeAlias

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from analyzer.errors import CatalogueError
from analyzer.model.code import code
from analyzer.model.incident import IncidentKind
from analyzer.model.sentence import FIELD
from analyzer.resources import folder

NAME = "causes.yaml"
_SHOWN = f"patterns/{NAME}"
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_SENTENCE_FIELDS = frozenset({"cause", "order", "effect"})
_SHOWN_VALUE = 60


INCIDENTS = frozenset(code(kind) for kind in IncidentKind)


class Join(StrEnum):
    """What a cause and its effect must have in common."""

    VDI = "vdi"
    DISK = "disk"
    DISKS = "disks"
    SR = "sr"
    HOST = "host"
    POOL = "pool"
    ANY = "any"
    STORAGE = "storage"
    SESSION = "session"
    INTERRUPTED = "interrupted"


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
    cause_says: str = ""
    effect_says: str = ""
    master: bool = False
    lasting: bool = False
    between: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Edges:
    """All edges, in the order of the file; a list of causes or effects is several edges."""

    edges: tuple[Edge, ...]
    unknown: tuple[tuple[str, str], ...] = ()


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
Ids: TypeAlias = Annotated[
    list[Id], Field(min_length=1), BeforeValidator(lambda v: [v] if isinstance(v, str) else v)
]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _EdgeEntry(_Model):
    cause: Ids
    effect: Ids
    join: Join
    within: Duration
    unless: list[Text] = []
    cause_says: Annotated[Text | None, Field(alias="cause-says")] = None
    effect_says: Annotated[Text | None, Field(alias="effect-says")] = None
    master: bool = False
    lasting: bool = False
    between: bool = False
    sentence: Text
    next: Text | None = None


class _File(_Model):
    incidents: dict[Id, Ids] = {}
    edges: list[_EdgeEntry]
    unknown: dict[Id, Text] = {}


Path: TypeAlias = tuple[str | int, ...]
Fault: TypeAlias = tuple[Path, str]


def load_edges(file: Traversable | None = None) -> Edges:
    """Load the shipped edges, or those of `file`.

    Raises:
        CatalogueError: the file is not as it should be; the text names every fault by its line.
    """
    return _read(file) if file else _shipped()


@cache  # what was installed stays as it is while we run
def _shipped() -> Edges:
    return _read(folder("patterns") / NAME)


def _read(file: Traversable) -> Edges:
    node = _composed(file.read_bytes())
    _raise_if(node, _doubled(node))
    try:
        read = _File.model_validate(_plain(node))
    except ValidationError as error:
        found = error.errors()
        text = "\n".join(_told(node, fault["loc"], _fault(fault)) for fault in found)
        raise CatalogueError(text) from error
    _raise_if(node, (*_meaning_of_incidents(read), *_meaning_of_edges(read)))
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


def _meaning_of_incidents(file: _File) -> Iterator[Fault]:
    """Yield what is wrong with names that each by itself is well formed."""
    for name, kinds in file.incidents.items():
        for place, kind in enumerate(kinds):
            if kind not in INCIDENTS:
                yield ("incidents", name, place), f"there is no incident {kind}"
        if not any(name in (*edge.cause, *edge.effect) for edge in file.edges):
            yield ("incidents", name), "no edge names it"


def _meaning_of_edges(file: _File) -> Iterator[Fault]:
    for place, edge in enumerate(file.edges):
        yield from _unfilled(("edges", place, "sentence"), edge.sentence, _SENTENCE_FIELDS)
        if set(edge.cause) & set(edge.effect):
            yield ("edges", place, "effect"), "nothing explains itself"


def _unfilled(path: Path, text: str, known: frozenset[str]) -> Iterator[Fault]:
    for name in sorted(set(FIELD.findall(text)) - known):
        yield path, f"nothing fills {{{name}}}"


def _edges(file: _File) -> Edges:
    return Edges(
        edges=tuple(edge for entry in file.edges for edge in _each(entry, file.incidents)),
        unknown=tuple(file.unknown.items()),
    )


def _each(entry: _EdgeEntry, names: Mapping[str, list[str]]) -> Iterator[Edge]:
    """Yield an edge for each cause and effect of an entry."""
    causes = [rule for name in entry.cause for rule in names.get(name, [name])]
    effects = [rule for name in entry.effect for rule in names.get(name, [name])]
    for cause in causes:
        for effect in effects:
            yield Edge(
                cause=cause,
                effect=effect,
                join=entry.join,
                within=entry.within,
                sentence=entry.sentence,
                unless=tuple(entry.unless),
                next=entry.next or "",
                cause_says=entry.cause_says or "",
                effect_says=entry.effect_says or "",
                master=entry.master,
                lasting=entry.lasting,
                between=entry.between,
            )
