"""Read a YAML file into plain values, and remember the line of each.

Stricter than YAML: no doubled keys, no anchors, aliases, tags or merges, no dates or numbers that
look like something else; a file that means two things to two readers means nothing.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import field
from typing import TypeAlias

import yaml

from analyzer.errors import CatalogueError
from analyzer.values import dataclass

Path: TypeAlias = tuple[str | int, ...]
Value: TypeAlias = "str | int | float | bool | list[Value] | dict[str, Value] | None"

_DEEPEST = 12
_TOO_DEEP = "maximum nesting depth"
_TAG = "tag:yaml.org,2002:"
# libyaml's where PyYAML was built with it: the same language, ten times as fast
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_WORDS: Mapping[str, bool] = {"true": True, "false": False}


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A YAML file: its value, the line of every path in it, and (line, what) of its faults."""

    value: Value = None
    lines: Mapping[Path, int] = field(default_factory=dict)
    faults: tuple[tuple[int, str], ...] = ()

    def place(self, path: Path) -> tuple[int, str]:
        """Return the line and the name of a path; parts that the file does not have are left out.

        The last part is named all the same when it is a key: it is the one that is missing.
        """
        known: Path = ()
        for part in path:
            known = (*known, part) if (*known, part) in self.lines else known
        lost = path[-1:] if path[-1:] != known[-1:] and isinstance(path[-1], str) else ()
        name = ".".join(map(str, (*known, *lost)))
        return self.lines.get(known, 1), name or "the file"


def read_yaml(text: str) -> Document:
    """Read one document; what is wrong with it is in ``faults``, all at once where possible."""
    try:
        if fault := _unwanted_faults(text):
            return Document(faults=(fault,))
        node = yaml.compose(text, Loader=_LOADER)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        problem = error.problem or error.context or ""
        if _TOO_DEEP in problem:  # libyaml since 0.2.6 gives up by itself, at a thousand
            return Document(faults=((line, "nested too deeply"),))
        return Document(faults=((line, f"not YAML: {problem}"),))
    except (yaml.YAMLError, RecursionError) as error:
        return Document(faults=((1, f"not YAML: {str(error) or 'nested too deeply'}"),))
    if node is None:
        return Document(faults=((1, "the file is empty"),))
    reading = _Reading()
    value = reading.value(node, ())
    return Document(value=value, lines=reading.lines, faults=tuple(reading.faults))


def table_document(content: bytes, shown: str) -> Document:
    """Return a table of the catalogue as a document; ``shown`` is what the file is called.

    Raises:
        CatalogueError: it cannot be read; the text names every fault by its line.
    """
    try:
        document = read_yaml(content.decode())
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        msg = f"{shown}:{line} not UTF-8"
        raise CatalogueError(msg) from error
    if document.faults:
        raise CatalogueError("\n".join(f"{shown}:{line} {what}" for line, what in document.faults))
    return document


def _unwanted_faults(text: str) -> tuple[int, str] | None:
    """Return the first anchor, or where nesting is so deep that building nodes would crash."""
    depth = 0
    for event in yaml.parse(text, Loader=_LOADER):
        if bool(getattr(event, "anchor", None)):
            return _mark_of_node(event), "anchors and aliases are not read"
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > _DEEPEST:
            return _mark_of_node(event), "nested too deeply"
    return None


class _Reading:
    """The walk over one node tree."""

    def __init__(self) -> None:
        self.lines: dict[Path, int] = {}
        self.faults: list[tuple[int, str]] = []

    def value(self, node: yaml.Node, path: Path) -> Value:
        """Return the plain value of a node, and note its line and faults."""
        self.lines.setdefault(path, _line_of_mark(node))
        if isinstance(node, yaml.MappingNode):
            found: dict[str, Value] = {}
            for key, mapping_item in self._keys_of_node(node):
                if key in found:
                    self.faults.append(
                        (_line_of_mark(mapping_item), f"{key}: the key is there twice")
                    )
                    continue
                self.lines[*path, key] = _line_of_mark(mapping_item)
                found[key] = self.value(mapping_item[1], (*path, key))
            return found
        if isinstance(node, yaml.SequenceNode):
            return [self.value(item, (*path, place)) for place, item in enumerate(node.value)]
        text = str(node.value)
        match node.tag.removeprefix(_TAG):
            case "str":
                return text
            case "null":
                return None
            case "int" if re.fullmatch(r"0|-?[1-9][0-9]{0,15}", text):
                return int(text)
            case "bool" if text in _WORDS:
                return _WORDS[text]
        self.faults.append(
            (_line_of_mark(node), f"{text[:60]!r} has two meanings in YAML: put it in quotes")
        )
        return None

    def _keys_of_node(self, node: yaml.MappingNode) -> "Iterator[tuple[str, _Pair]]":
        for key, item in node.value:
            if isinstance(key, yaml.ScalarNode) and key.tag == f"{_TAG}str":
                yield key.value, (key, item)
            else:
                self.faults.append(
                    (_line_of_mark(key), f"{getattr(key, 'value', '?')}: not a plain key")
                )


_Pair: TypeAlias = tuple[yaml.Node, yaml.Node]


def _line_of_mark(node: "yaml.Node | _Pair") -> int:
    """Return the line from 1 on which a node, or a key with its value, begins."""
    return _mark_of_node(node[0] if isinstance(node, tuple) else node)


def _mark_of_node(piece: yaml.Node | yaml.Event) -> int:
    return piece.start_mark.line + 1 if piece.start_mark else 1
