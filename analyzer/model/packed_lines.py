"""Many lines of a member, packed: a report may carry tens of thousands of them."""

import base64
import binascii
import re
import zlib
from collections.abc import Callable, Sequence

from analyzer.values import dataclass

_IN_A_PAGE = re.compile(r'data-packed="([A-Za-z0-9+/=]*)"')
_LEVEL = 3  # half the time of the usual level, a fifth more room


@dataclass(frozen=True, slots=True, kw_only=True)
class PackedLines:
    """``count`` lines of a member from line ``first`` on, without a gap.

    ``packed`` is zlib's stream of them in Base64, which a page's script unpacks; what does not
    print is written out in them.
    """

    bundle: str
    member: str
    first: int
    count: int
    packed: str

    @property
    def last(self) -> int:
        """Return the number of its last line."""
        return self.first + self.count - 1

    def told_by(self, tell: Callable[[Sequence[str]], Sequence[str]]) -> "PackedLines":
        """Return the same lines, told by a function that makes one line of each."""
        bundle, member, *lines = tell((self.bundle, self.member, *unpacked(self.packed)))
        return PackedLines(
            bundle=bundle, member=member, first=self.first, count=self.count, packed=packed(lines)
        )


def packed(lines: Sequence[str]) -> str:
    """Return lines as Base64 of zlib's stream: a tenth of their size."""
    content = "\n".join(lines).encode(errors="replace")
    return base64.b64encode(zlib.compress(content, _LEVEL)).decode()


def unpacked(text: str) -> list[str]:
    """Return the lines that `packed` made a text of."""
    return zlib.decompress(base64.b64decode(text)).decode().split("\n")


def with_lines_unpacked(page: str) -> str:
    """Return a page with the lines that it has packed; what only looks like them stays."""

    def lines_of(found: re.Match[str]) -> str:
        try:
            return "\n".join(unpacked(found[1]))
        except (binascii.Error, zlib.error, UnicodeDecodeError):
            return found[0]

    return _IN_A_PAGE.sub(lines_of, page)
