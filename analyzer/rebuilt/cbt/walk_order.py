"""Join what is known of the logs of one disk into a chain that can be drawn."""

from collections.abc import Mapping, Sequence

from analyzer.model.cbt import NO_LOG, CbtLog, Known
from analyzer.model.disk import BreakKind, DiskBreak, DiskLink
from analyzer.model.finding import Confidence, Evidence
from analyzer.sm.comparing import in_circles
from analyzer.values import dataclass

_SURENESS = tuple(Confidence)


@dataclass(frozen=True, slots=True, kw_only=True)
class Joined:
    """Uuids, oldest first, and what joins and parts them."""

    order: tuple[str, ...]
    links: tuple[DiskLink, ...]
    breaks: tuple[DiskBreak, ...]


def join(logs: Mapping[str, CbtLog], absent: str) -> Joined:
    """Join logs by their pointers; the mapping's order decides where pointers do not.

    ``absent`` completes "its child pointer names x, which …" for a log that is not in ``logs``.
    SM walks child pointers only; a parent pointer alone gives a link that is not certain.
    """
    naming: dict[str, list[CbtLog]] = {}  # a log → those that name it as their parent
    for log in logs.values():
        if log.parent is not None and not gone(log):
            naming.setdefault(log.parent.value, []).append(log)
    links = tuple(link for uuid in logs for link in _links_of_log(logs, uuid, naming))
    order = _order_of_fallback(tuple(logs), links)
    linked = {link.older for link in links}
    breaks = [
        found
        for uuid in order
        for found in _breaks_behind(
            logs,
            uuid,
            next(iter(naming.get(uuid, ())), None),
            linked=uuid in linked,
            last=uuid == order[-1],
            absent=absent,
        )
    ]
    # A break where the pointers, stale or not, lead back to an older log.
    place = {uuid: number for number, uuid in enumerate(order)}
    after = {link.older: link.newer for link in reversed(links)}
    circles = in_circles(after)
    breaks_of_circles = [
        _break_at(
            link.older,
            link.newer,
            f"its child pointer leads back to {link.newer}: the chain runs in a circle",
            BreakKind.FAULT,
            link.evidence,
        )
        for link in links
        if link.older in circles
        and after[link.older] == link.newer
        and place[link.newer] <= place[link.older]
    ]
    return Joined(order=order, links=links, breaks=(*breaks, *breaks_of_circles))


def gone(log: CbtLog) -> bool:
    """Tell whether a log is known not to exist."""
    return log.exists is not None and not log.exists.value


def least_sure(*levels: Confidence) -> Confidence:
    """Return the least sure of some confidences.

    >>> least_sure(Confidence.CERTAIN, Confidence.LIKELY)
    <Confidence.LIKELY: 'likely'>
    """
    return max(levels, key=_SURENESS.index)


def _links_of_log(
    logs: Mapping[str, CbtLog], older: str, naming: Mapping[str, Sequence[CbtLog]]
) -> Sequence[DiskLink]:
    log = logs[older]
    if gone(log):
        return ()
    if log.child is not None:
        newer = logs.get(log.child.value)
        return () if newer is None or gone(newer) else (_link_of_pointer(log, log.child, newer),)
    return tuple(
        DiskLink(
            older=older,
            newer=newer.uuid,
            confidence=least_sure(newer.parent.confidence, Confidence.LIKELY),
            stale=False,
            evidence=newer.parent.evidence,
        )
        for newer in naming.get(older, ())
        if newer.parent is not None
    )


def _link_of_pointer(older: CbtLog, child: Known[str], newer: CbtLog) -> DiskLink:
    """Return the link of a child pointer; the newer log's parent pointer confirms or denies it."""
    there = newer.exists.confidence if newer.exists else Confidence.LIKELY
    denied = newer.parent is not None and newer.parent.value != older.uuid
    back = (newer.parent.confidence,) if denied and newer.parent else ()
    return DiskLink(
        older=older.uuid,
        newer=newer.uuid,
        confidence=least_sure(child.confidence, there, *back),
        stale=denied,
        evidence=child.evidence,
    )


def _order_of_fallback(fallback: Sequence[str], links: Sequence[DiskLink]) -> tuple[str, ...]:
    """Return paths along sound links, in the fallback order of their newest logs."""
    after: dict[str, str] = {}
    before: dict[str, str] = {}
    for link in links:
        if not link.stale and link.older not in after and link.newer not in before:
            after[link.older] = link.newer
            before[link.newer] = link.older
    paths: list[list[str]] = []
    seen: set[str] = set()
    for start in (*(u for u in fallback if u not in before), *fallback):
        path = _path_of_start(start, after, seen)
        if path:
            paths.append(path)
    place = {uuid: number for number, uuid in enumerate(fallback)}
    paths.sort(key=lambda path: place[path[-1]])
    return tuple(uuid for path in paths for uuid in path)


def _path_of_start(start: str, after: Mapping[str, str], seen: set[str]) -> list[str]:
    path: list[str] = []
    here: str | None = start
    while here is not None and here not in seen:
        seen.add(here)
        path.append(here)
        here = after.get(here)
    return path


def _breaks_behind(
    logs: Mapping[str, CbtLog],
    uuid: str,
    naming: CbtLog | None,
    *,
    linked: bool,
    last: bool,
    absent: str,
) -> Sequence[DiskBreak]:
    """Return why the chain does not go on behind a log, () if it does or is at its end."""
    log = logs[uuid]
    if gone(log):
        return _break_at_missing(log, naming)
    if log.child is None:
        what = "what its child pointer holds is not known"
        return () if linked or last else (_break_at(uuid, "", what, BreakKind.UNKNOWN),)
    if log.child.value == NO_LOG:
        return _break_at_end(log, log.child.evidence, naming, last=last)
    newer = logs.get(log.child.value)
    if newer is None:
        what = f"its child pointer names {log.child.value}, which {absent}"
        kind = BreakKind.UNKNOWN
    elif gone(newer):
        what = f"its child pointer names {newer.uuid}, whose log is not there"
        kind = BreakKind.FAULT
    else:
        return ()
    return (_break_at(uuid, log.child.value, what, kind, log.child.evidence),)


def _break_at_missing(log: CbtLog, naming: CbtLog | None) -> Sequence[DiskBreak]:
    if naming is None or naming.parent is None:
        return ()
    what = f"{naming.uuid} names it as its parent, and its log is not there"
    return (_break_at(log.uuid, naming.uuid, what, BreakKind.FAULT, naming.parent.evidence),)


def _break_at_end(
    log: CbtLog, evidence: Evidence, naming: CbtLog | None, *, last: bool
) -> Sequence[DiskBreak]:
    if naming is not None:
        what = f"its child pointer is empty, though {naming.uuid} names it as its parent"
        return (_break_at(log.uuid, naming.uuid, what, BreakKind.FAULT, evidence),)
    if last:
        return ()
    what = "its child pointer is empty: nothing newer can be compared with it"
    return (_break_at(log.uuid, "", what, BreakKind.END, evidence),)


def _break_at(
    at: str, to: str, what: str, kind: BreakKind, evidence: Evidence | None = None
) -> DiskBreak:
    return DiskBreak(at=at, to=to, what=what, kind=kind, evidence=evidence)
