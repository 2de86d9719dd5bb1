"""How moments, lists and gaps read in a sentence."""

from collections.abc import Iterable, Sequence
from datetime import timedelta

from analyzer.model.finding import Gap
from analyzer.model.moment import Moment

_SHOWN = 3
_EXACT = timedelta(seconds=2)


def when(moment: Moment) -> str:
    """Say a moment with its doubt.

    >>> from datetime import UTC, datetime
    >>> when(Moment.exact(datetime(2026, 6, 10, 11, 32, 41, tzinfo=UTC), "test"))
    '2026-06-10 11:32:41 UTC'
    """
    if not moment.year_known:
        return f"{moment.at:%d %B %H:%M:%S} of an unknown year"
    stamp = f"{moment.at:%Y-%m-%d %H:%M:%S} UTC"
    if moment.doubt <= _EXACT:
        return stamp
    return f"{stamp} (between {moment.earliest:%m-%d %H:%M} and {moment.latest:%m-%d %H:%M})"


def listed(values: Iterable[str], shown: int = _SHOWN) -> str:
    """Say distinct values in their order, the first few by name.

    >>> listed(["a", "b", "a", "c", "d"])
    'a, b, c and 1 more'
    """
    distinct = list(dict.fromkeys(values))
    more = len(distinct) - shown
    head = ", ".join(distinct[:shown])
    return f"{head} and {more} more" if more > 0 else head


def missing(gaps: Sequence[Gap]) -> str:
    """Say what is missing: each reason once, with the sources and hosts that it is true of."""
    reasons: dict[tuple[str, str], list[str]] = {}
    for gap in gaps:
        reasons.setdefault((gap.host, gap.why), []).append(gap.need)
    return "; ".join(
        f"{listed(needs, len(needs))}{f' of {host}' if host else ''}: {why}"
        for (host, why), needs in reasons.items()
    )
