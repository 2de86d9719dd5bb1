"""Where a piece of text stands in what the user gave us."""

from dataclasses import field

from analyzer.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Source:
    """A line of a member of a bundle; the key of all evidence.

    ``line`` counts from 1 in the decompressed member; 0 means the member as a whole. ``offset``
    is where in such a member the text begins, in bytes; it tells no two sources apart.

    >>> str(Source(bundle="b.tar.bz2", member="var/log/SMlog", line=1204))
    'var/log/SMlog:1204'
    """

    bundle: str
    member: str
    line: int = 0
    offset: int | None = field(default=None, compare=False)

    def __str__(self) -> str:
        return f"{self.member}:{self.line}" if self.line else self.member


def quoted(text: str, longest: int) -> str:
    """Return a text as it is quoted: a monster of a line only by its beginning.

    >>> quoted("Failed to calculate", 6)
    'Failed [… 13 more characters]'
    """
    left = len(text) - longest
    return text if left <= 0 else f"{text[:longest]} [… {left} more characters]"
