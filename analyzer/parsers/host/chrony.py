"""Read chronyc-tracking.out: how far the host's clock was from NTP's time.

Writer: ``chronyc tracking`` (chrony), run by xen-bugtool (`network-status`). Every line is a name,
a colon and a value; a clock that follows no server shows the leap status ``Not synchronised``,
and its seconds mean nothing.

True line: ``System time     : 0.000012342 seconds slow of NTP time``.

Not read: the server, the stratum, frequency and intervals.
"""

import re
from collections.abc import Iterator

from analyzer.bundle.member import Member
from analyzer.model.clock import NtpTracking
from analyzer.parsers._api import Fact
from analyzer.parsers._text import read_text
from analyzer.values import dataclass

_NUMBER = r"([0-9]{1,12}(?:\.[0-9]{1,12})?)"
_SYSTEM = re.compile(rf"System time\s*:\s*{_NUMBER} seconds (fast|slow) of NTP time\s*")
_DELAY = re.compile(rf"Root delay\s*:\s*{_NUMBER} seconds\s*")
_DISPERSION = re.compile(rf"Root dispersion\s*:\s*{_NUMBER} seconds\s*")
_LEAP = re.compile(r"Leap status\s*:\s*(\S.{0,60}?)\s*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Chrony:
    """The parser."""

    name: str = "chrony_tracking"

    def claims(self, path: str, head: bytes) -> bool:  # noqa: ARG002 (its name is enough)
        """Tell whether the file is named so."""
        return path.rpartition("/")[2] == "chronyc-tracking.out"

    def read(self, member: Member, limit: int) -> Iterator[Fact]:
        """Yield what chronyc says of the clock; whole once the leap status was read."""
        text = read_text(member, limit)
        system = _first_match(_SYSTEM, text.closed())
        leap = _first_match(_LEAP, text.closed())
        index, said = system or (-1, None)
        yield NtpTracking(
            source=text.source if said is None else text.at(index),
            complete=text.whole and said is not None and leap is not None,
            text=said.string if said else "",
            seconds=None if said is None else float(said[1]) * (1 if said[2] == "fast" else -1),
            doubt=_seconds_found(_first_match(_DELAY, text.closed())) / 2
            + _seconds_found(_first_match(_DISPERSION, text.closed())),
            leap=leap[1][1] if leap else "",
        )


PARSER = Chrony()


def _first_match(
    pattern: re.Pattern[str], lines: tuple[tuple[int, str], ...]
) -> tuple[int, re.Match[str]] | None:
    found = ((index, pattern.fullmatch(line)) for index, line in lines)
    return next(((index, match) for index, match in found if match), None)


def _seconds_found(found: tuple[int, re.Match[str]] | None) -> float:
    return float(found[1][1]) if found else 0.0
