"""Members become records and facts; one file per format.

Which of them there are, and in which order they are asked, is said in `analyzer.sources` alone.
"""

from collections.abc import Iterator
from importlib import import_module

from analyzer.bundle.names import LogName
from analyzer.parsers._api import DocumentParser, LogParser
from analyzer.sources import SOURCES, SourceKind


def _parsers_of_kind(kind: SourceKind) -> Iterator[object]:
    for place in kind.parsers:
        module, _, value = place.partition(":")
        yield getattr(import_module(f"analyzer.parsers.{module}"), value)


_LOGS = {
    kind.family: parser
    for kind in SOURCES
    for parser in _parsers_of_kind(kind)
    if isinstance(parser, LogParser)
}
LOG_PARSERS: tuple[LogParser, ...] = tuple(_LOGS.values())
DOCUMENT_PARSERS: tuple[DocumentParser, ...] = tuple(
    parser
    for kind in SOURCES
    for parser in _parsers_of_kind(kind)
    if isinstance(parser, DocumentParser)
)


def log_parser(log: LogName) -> LogParser | None:
    """Return the parser of a log family, None for a family that is not read."""
    return _LOGS.get(log.family)


def document_parser(path: str, head: bytes) -> DocumentParser | None:
    """Return the parser that claims a member by its path or its first bytes."""
    return next((parser for parser in DOCUMENT_PARSERS if parser.claims(path, head)), None)
