"""Read VBDs_to_clean_up: what xapi-nbd has plugged into dom0 and not yet destroyed.

Writer: xapi-nbd, ``/var/lib/xapi-nbd/VBDs_to_clean_up`` (xen-api ``ocaml/nbd/lib/vbd_store.ml``,
`add`, `remove`): VBD uuids, one a line, the newest first; the file is written anew each time and
is empty when nothing is left. No times. xen-bugtool does not collect it.

True line: ``5c2f7b9e-41d0-4a8e-93b6-0e7d1f6a2c84``.
"""

from collections.abc import Iterator

from analyzer.bundle.member import Member
from analyzer.model.network import VbdsToCleanUp
from analyzer.model.report import ParseProblem
from analyzer.model.terms import UUID_PATTERN
from analyzer.parsers._api import Fact
from analyzer.parsers._text import read_text
from analyzer.values import dataclass

_FILE = "VBDs_to_clean_up"


@dataclass(frozen=True, slots=True, kw_only=True)
class Leftovers:
    """The parser."""

    name: str = "xapi_nbd_leftovers"

    def claims(self, path: str, head: bytes) -> bool:  # noqa: ARG002 (its name is enough)
        """Tell whether the file is named so, with any ending that a mail program gave it."""
        return path.rpartition("/")[2] in (_FILE, f"{_FILE}.txt")

    def read(self, member: Member, limit: int) -> Iterator[Fact]:
        """Yield the uuids, then the first line that is none."""
        text = read_text(member, limit)
        lines = [(index, line.strip()) for index, line in text.closed() if line.strip()]
        strange = [index for index, line in lines if not UUID_PATTERN.fullmatch(line)]
        nothing = not member.damage and not any(line.strip() for line in text.lines)
        yield VbdsToCleanUp(
            source=text.source,
            complete=(text.whole or nothing) and not strange,
            vbds=tuple(
                (line, text.at(index)) for index, line in lines if UUID_PATTERN.fullmatch(line)
            ),
        )
        for index in strange[:1]:
            yield ParseProblem(source=text.at(index), what="no uuid of a VBD")


PARSER = Leftovers()
