"""How moments, lists and gaps read in a sentence."""

from collections.abc import Iterable, Sequence
from itertools import islice

from analyzer.model.finding import Gap
from analyzer.model.sentence import Sentence, joined, say

_SHOWN = 3
MOST_REASONS = 128


def listed(values: Iterable[str], shown: int = _SHOWN) -> str:
    """Say distinct values in their order, the first few by name.

    >>> listed(["a", "b", "a", "c", "d"])
    'a, b, c and 1 more'
    """
    distinct = list(dict.fromkeys(values))
    more = len(distinct) - shown
    head = ", ".join(distinct[:shown])
    return f"{head} and {more} more" if more > 0 else head


def missing(gaps: Sequence[Gap]) -> Sentence:
    """Say what is missing: each reason once, with the sources and hosts that it is true of.

    A pool has at most 64 hosts; of more reasons than `MOST_REASONS` the first are said.
    """
    reasons: dict[tuple[str, str], list[str]] = {}
    for gap in gaps:
        reasons.setdefault((gap.host, gap.why), []).append(gap.need)
    said = (
        say(
            "{needs}{of}: {why}",
            needs=listed(needs, len(needs)),
            of=f" of {host}" if host else "",
            why=why,
        )
        if any(needs)
        else say("{why}", why=why)
        for (host, why), needs in islice(reasons.items(), MOST_REASONS)
    )
    more = len(reasons) - MOST_REASONS
    return joined([*said, *([f"and {more} more"] if more > 0 else [])], "; ")
