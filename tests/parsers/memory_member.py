"""A member of a bundle whose content is in memory."""

from collections.abc import Iterator
from datetime import datetime

from analyzer.bundle.names import LogName
from analyzer.model.report import ParseProblem
from analyzer.parsers._api import DocumentParser, Fact

LIMIT = 64 * 1024 * 1024


class MemoryMember:
    """Satisfies `analyzer.bundle.member.Member`; ``damage`` shows from the start."""

    def __init__(
        self, path: str, content: bytes | str, *, bundle: str = "b1", damage: str = ""
    ) -> None:
        self.bundle = bundle
        self.path = path
        self.log: LogName | None = None
        self.mtime: datetime | None = None
        self.damage = damage
        self.size_read = 0
        self.tail = b""
        self._content = content.encode() if isinstance(content, str) else content

    def blocks(self, size: int = 1 << 20) -> Iterator[bytes]:
        """Yield the rest in blocks."""
        while block := self.read(size):
            yield block

    def read(self, limit: int) -> bytes:
        """Return at most `limit` bytes."""
        content = self._content[self.size_read : self.size_read + limit]
        self.size_read += len(content)
        self.tail = self._content[: self.size_read][-64:]
        return content

    def head(self, size: int = 4096) -> bytes:
        """Return the first bytes."""
        return self._content[:size]

    def refuse(self, what: str, limit: int, option: str) -> None:
        """End it at a limit."""
        self.damage = f"our limit of {limit:,} {what} was reached: {option}"
        self._content = self._content[: self.size_read]


def facts(
    parser: DocumentParser, path: str, content: bytes | str, *, damage: str = "", limit: int = LIMIT
) -> tuple[Fact, ...]:
    """Return what a parser yields for a member of that content."""
    return tuple(parser.read(MemoryMember(path, content, damage=damage), limit))


def problems(found: tuple[Fact, ...]) -> tuple[str, ...]:
    """Return what was not understood."""
    return tuple(fact.what for fact in found if isinstance(fact, ParseProblem))
