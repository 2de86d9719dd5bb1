"""A member of a bundle that lives in memory."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from analyzer.bundle.names import LogName
from analyzer.parsers._api import Hit, LogParser, LogStats, Record, Selector
from analyzer.parsers.scan.scan import Scanner


@dataclass(slots=True, kw_only=True)
class TextMember:
    """Satisfies `analyzer.bundle.member.Member`; ``pieces`` are its blocks as they come."""

    pieces: tuple[bytes, ...]
    bundle: str = "bug-report-20240610140000"
    path: str = "var/log/SMlog"
    log: LogName | None = None
    mtime: datetime | None = None
    damage: str = ""
    size_read: int = 0
    tail: bytes = field(default=b"")

    def blocks(self, size: int = 1 << 20) -> Iterator[bytes]:
        for piece in self.pieces:
            assert len(piece) <= size
            yield piece

    def read(self, limit: int) -> bytes:
        return b"".join(self.pieces)[:limit]

    def head(self, size: int = 4096) -> bytes:
        return b"".join(self.pieces)[:size]

    def refuse(self, what: str, limit: int, option: str) -> None:
        self.damage = f"our limit of {limit:,} {what} was reached: {option}"


def in_blocks(content: bytes, size: int) -> tuple[bytes, ...]:
    return tuple(content[start : start + size] for start in range(0, len(content), size))


Found = tuple[tuple[tuple[Record, tuple[Hit, ...]], ...], LogStats]


def scanned(
    parser: LogParser,
    content: bytes | str,
    selectors: Iterable[Selector] = (),
    *,
    block: int = 1 << 20,
    filtered: bool = True,
    quick: bool = True,
    line_limit: int = 1 << 20,
) -> Found:
    """Return (what a scan of `content` yields, its stats)."""
    raw = content.encode() if isinstance(content, str) else content
    scanner = Scanner(
        [parser], tuple(selectors), filtered=filtered, quick=quick, line_limit=line_limit
    )
    scan = scanner.scan(TextMember(pieces=in_blocks(raw, block)), parser)
    found = tuple(scan)
    assert scan.records == len(found)
    return found, scan.stats


def records(parser: LogParser, text: str) -> tuple[Record, ...]:
    return Scanner([parser], ()).parse_text(parser.name, text)


def record(parser: LogParser, text: str) -> Record:
    (only,) = records(parser, text)
    return only
