"""Check ``causes.yaml`` (its format is told in `analyzer.causes.edges`), and make edges of it."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from typing import Annotated, Any, TypeAlias

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from analyzer.causes.edges import INCIDENTS, NAME, Edge, Edges, Join
from analyzer.errors import CatalogueError
from analyzer.model.sentence import FIELD
from analyzer.yaml_file import Document, Path, table_document

_SHOWN = f"patterns/{NAME}"
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_SENTENCE_FIELDS = frozenset({"cause", "order", "effect"})
_SHOWN_VALUE = 60


def _duration_of_text(value: Any) -> Any:
    text = value if isinstance(value, str) else ""
    number, unit = text[:-1], text[-1:]
    if not number.isdecimal() or unit not in _UNITS:
        msg = "expected a duration such as 90s, 15m, 24h or 7d"
        raise ValueError(msg)
    return timedelta(**{_UNITS[unit]: int(number)})


Duration: TypeAlias = Annotated[timedelta, BeforeValidator(_duration_of_text)]
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


Fault: TypeAlias = tuple[Path, str]


def read_edges(content: bytes) -> Edges:
    """Return the edges in a file.

    Raises:
        CatalogueError: the file is not as it should be; the text names every fault by its line.
    """
    document = table_document(content, _SHOWN)
    try:
        read = _File.model_validate(document.value)
    except ValidationError as error:
        found = error.errors()
        text = "\n".join(
            _fault_with_line(document, (fault["loc"], _words_of_fault(fault))) for fault in found
        )
        raise CatalogueError(text) from error
    faults: Iterable[Fault] = (*_meaning_of_incidents(read), *_meaning_of_edges(read))
    if problems := [_fault_with_line(document, fault) for fault in faults]:
        raise CatalogueError("\n".join(problems))
    return _edges_of_file(read)


def _fault_with_line(document: Document, fault: Fault) -> str:
    path, what = fault
    line, key = document.place(tuple(part for part in path if part != "[key]"))
    return f"{_SHOWN}:{line} {key}: {what}"


def _words_of_fault(fault: Mapping[str, Any]) -> str:
    shown = repr(fault["input"])[:_SHOWN_VALUE]
    what = str(fault["msg"]).removeprefix("Value error, ")
    return f"{what[:1].lower()}{what[1:]}, got {shown}"


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
        path = ("edges", place, "sentence")
        for name in sorted(set(FIELD.findall(edge.sentence)) - _SENTENCE_FIELDS):
            yield path, f"nothing fills {{{name}}}"
        if set(edge.cause) & set(edge.effect):
            yield ("edges", place, "effect"), "nothing explains itself"


def _edges_of_file(file: _File) -> Edges:
    return Edges(
        edges=tuple(
            edge for entry in file.edges for edge in _edges_of_entry(entry, file.incidents)
        ),
        unknown=tuple(file.unknown.items()),
    )


def _edges_of_entry(entry: _EdgeEntry, names: Mapping[str, list[str]]) -> Iterator[Edge]:
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
