"""How the time reads that a RULED_OUT holds for: from when to when, and what of it was not read."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta

from analyzer.model.hole import Hole, HoleKind
from analyzer.model.moment import Moment
from analyzer.model.sentence import Sentence, joined, say
from analyzer.rules._wording import listed

_SHOWN = 3
_WORTH_TELLING = timedelta(minutes=30)  # by which the logs of one host end before another's

Window = tuple[Moment, Moment]


def beyond(window: Window, windows: Iterable[Mapping[str, Window | None]]) -> str:
    """Say of which hosts nothing was read before a window, and of which nothing after it.

    >>> from datetime import UTC, datetime
    >>> first, second, third = (
    ...     Moment.exact(datetime(2026, 6, 10, hour, tzinfo=UTC), "test") for hour in (9, 11, 12)
    ... )
    >>> beyond((first, third), [{"jupiter": (first, third)}])
    '; before that nothing was read'
    >>> beyond((second, third), [{"jupiter": (first, third), "titan": (second, third)}])
    '; before that nothing was read of titan'
    """
    known = [(host, own) for by_host in windows for host, own in by_host.items() if own is not None]
    late = sorted({host for host, own in known if own[0].at >= window[0].at})
    ends = [own[1].at for _, own in known]
    early = sorted(
        {
            host
            for host, own in known
            if own[1].at <= window[1].at and max(ends) - own[1].at > _WORTH_TELLING
        }
    )
    after = f", of {listed(early)} nothing after it" if early else ""
    of_late = "" if len(late) == len(dict(known)) else f" of {listed(late)}"
    return f"; before that nothing was read{of_late}{after}" if late else ""


def except_holes(holes: Sequence[Hole]) -> Sentence:
    """Say what of a window was not read, "" if all of it was."""
    groups: dict[tuple[str, HoleKind, str], list[Hole]] = {}
    for hole in holes:
        key = (hole.host, hole.kind, f"{hole.began.at:%Y-%m-%d %H:%M}")
        groups.setdefault(key, []).append(hole)
    ordered = sorted(groups.values(), key=lambda group: (group[0].began.at, group[0].host))
    said = [_holes_in_words(group) for group in ordered]
    more = len(said) - _SHOWN
    shown = [*said[:_SHOWN], *([f"and {more} more holes"] if more > 0 else [])]
    return joined(say("; {hole}", hole=each) for each in shown)


def _holes_in_words(group: Sequence[Hole]) -> Sentence:
    hole = group[0]
    last = max((each.ended for each in group), key=lambda moment: moment.at)
    down = hole.kind is HoleKind.DOWN
    return say(
        "{host} was down for {length} from {since}"
        if down
        else "{length} from {since} were not read in {sources} of {host}: {kind}",
        host=hole.host,
        length=lasting(last.at - hole.began.at),
        since=hole.began,
        sources=listed((each.source for each in group), len(group)),
        kind=hole.kind,
    )


def lasting(time: timedelta) -> str:
    """Say how long something lasted.

    >>> lasting(timedelta(hours=2, minutes=10)), lasting(timedelta(days=3, hours=1))
    ('2 h 10 min', '3 days 1 h')
    """
    minutes = max(1, round(time / timedelta(minutes=1)))
    days, rest = divmod(minutes, 24 * 60)
    hours, minutes = divmod(rest, 60)
    if days:
        number = "1 day" if days == 1 else f"{days} days"
        return f"{number} {hours} h" if hours else number
    return " ".join(
        part for part in (f"{hours} h" * bool(hours), f"{minutes} min" * bool(minutes)) if part
    )
