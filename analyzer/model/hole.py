"""A stretch of a log that nothing was read of."""

import hashlib
from enum import StrEnum

from analyzer.model.moment import Moment
from analyzer.model.source import Source
from analyzer.values import dataclass


class HoleKind(StrEnum):
    """Why a stretch of a log has no lines."""

    ROTATED = "a rotated file is missing"
    SILENT = "the log is silent for longer than is usual for it"
    DOWN = "the host was down"
    CUT = "the file is cut"
    ENDED = "the log ends before the report was made"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hole:
    """A stretch of one source of one host that nothing was read of.

    ``expected`` says what was expected: the rhythm of the source ("a line at least every 31 s").
    ``before`` and ``after`` are the lines around it, None at the end of a file. ``whole_host``
    tells that all logs of the host are silent together, so lines of it may be lost.
    """

    bundle: str
    host: str
    source: str
    kind: HoleKind
    began: Moment
    ended: Moment
    expected: str
    before: Source | None = None
    after: Source | None = None
    whole_host: bool = False

    @property
    def id(self) -> str:
        """Return what it is called in other outputs: the same in every run."""
        ends = (self.began.at.isoformat(), self.ended.at.isoformat())
        parts = (self.bundle, self.host, self.source, self.kind.name, *ends)
        return f"H-{hashlib.sha256(chr(0).join(parts).encode(errors='replace')).hexdigest()[:8]}"

    def overlaps(self, first: Moment, last: Moment) -> bool:
        """Tell whether any of it may lie between two moments."""
        return self.began.earliest <= last.latest and first.earliest <= self.ended.latest
