"""Where the members of status reports lie in what was given: to read some of one once more."""

from analyzer.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberPlace:
    """A member: what it is stored as, or what of the input itself it lies in.

    ``stored`` is "" where that is the input. ``start`` and ``size`` are where it begins in the
    unpacked tar, and its length; without a tar ``start`` is None. ``plain`` tells that the bytes
    there are the member's own; ``marks`` are of such a log, about every MiB, how many of its lines
    and bytes are before.
    """

    path: str
    stored: str
    start: int | None = None
    size: int = 0
    plain: bool = False
    marks: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportPlaces:
    """A status report and its members.

    ``given`` is the input that holds it. ``blocks`` are, of a tar.bz2, where its blocks begin, in
    bits, and what is unpacked of each, in bytes of the whole; without them it is read from its
    start.
    """

    bundle: str
    given: str
    blocks: tuple[tuple[int, int], ...] = ()
    members: tuple[MemberPlace, ...] = ()
