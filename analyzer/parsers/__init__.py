"""Members become records and facts; one file per format.

Which of them there are, and in which order they are asked, is said in `analyzer.sources` alone.
"""

from collections.abc import Iterator
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING

from analyzer.bundle.names import LogName
from analyzer.parsers._api import DocumentParser, LogParser
from analyzer.sources import SOURCES, SourceKind

if TYPE_CHECKING:
    LOG_PARSERS: tuple[LogParser, ...]
    DOCUMENT_PARSERS: tuple[DocumentParser, ...]

_FAMILIES = {kind.family: kind for kind in SOURCES if kind.is_log}


def _parsers_of_kind(kind: SourceKind) -> Iterator[object]:
    for place in kind.parsers:
        module, _, value = place.partition(":")
        yield getattr(import_module(f"analyzer.parsers.{module}"), value)


@cache
def _log_parser_of(kind: SourceKind) -> LogParser:
    return next(parser for parser in _parsers_of_kind(kind) if isinstance(parser, LogParser))


def log_parser(log: LogName) -> LogParser | None:
    """Return the parser of a log family, None for a family that is not read."""
    kind = _FAMILIES.get(log.family)
    return _log_parser_of(kind) if kind is not None else None


def log_parsers_named(name: str) -> tuple[LogParser, ...]:
    """Return the parser of logs that has a name, none for what is no log."""
    return tuple(_log_parser_of(kind) for kind in _FAMILIES.values() if kind.name == name)


def document_parser(path: str, head: bytes) -> DocumentParser | None:
    """Return the parser that claims a member by its path or its first bytes."""
    return next((parser for parser in _document_parsers() if parser.claims(path, head)), None)


@cache
def _log_parsers() -> tuple[LogParser, ...]:
    return tuple(map(_log_parser_of, _FAMILIES.values()))


@cache
def _document_parsers() -> tuple[DocumentParser, ...]:
    every = (parser for kind in SOURCES for parser in _parsers_of_kind(kind))
    return tuple(parser for parser in every if isinstance(parser, DocumentParser))


_ALL = {"LOG_PARSERS": _log_parsers, "DOCUMENT_PARSERS": _document_parsers}


def __getattr__(name: str) -> object:
    """Return all parsers; a question about one line of a log is answered without the others."""
    if name not in _ALL:
        raise AttributeError(name)
    return _ALL[name]()
