"""Troubles that patterns only saw happening: the lines behind them that show that they are over."""

import re
from collections.abc import Callable, Mapping, Sequence

from analyzer.case.case import Case
from analyzer.case.time.order import mark
from analyzer.model.event import Event
from analyzer.model.finding import Finding
from analyzer.model.terms import HOST_BOOTED

_LOST, _BACK = "multipath-path-failed", "storage-trouble.path-back"
_STUCK = "storage-coalesce-stuck"
_NOT_MERGED = tuple(
    f"{_STUCK}.{name}" for name in ("skipped", "no-progress", "activated-twice", "exception")
)
_COPYING = "storage-coalesce-slow.began"
_VOLUME_RENAMED, _FILE_RENAMED = "storage-call-refused.renamed", "leaf-merged"
_LEAF = re.compile(r"Leaf-coalesce failed on \*?([0-9a-f]{8})")
_DIGITS = 8


def ending_of(case: Case, finding: Finding) -> tuple[str, Sequence[Event]]:
    """Return why a finding is over, and the lines that show it: none where nothing does."""
    why, lines_of = _ENDINGS.get(finding.rule, ("", None))
    lines = lines_of(case, finding) if lines_of else ()
    each_once = {line.source: line for line in lines}.values()
    return why, sorted(each_once, key=lambda line: (line.moment.at, line.source))


def _paths_back(case: Case, finding: Finding) -> Sequence[Event]:
    """Return how each path came back; one that is lost again and again is not well."""
    found: list[Event] = []
    for lost in _lines_of(case, finding, _LOST):
        own = [e for e in case.events.of(_LOST, _BACK) if _is_of_path(e, lost)]
        back = next((e for e in own if e.kind == _BACK and _is_behind(case, lost, e)), None)
        if back is None or sum(e.count for e in own if e.kind == _LOST) > 1:
            return ()
        boots = (e for e in case.events.of(HOST_BOOTED) if e.source.bundle == lost.source.bundle)
        if any(_is_behind(case, lost, e) and not _is_behind(case, back, e) for e in boots):
            return ()  # the numbers of devices are given anew
        found.append(back)
    return found


def _is_of_path(event: Event, lost: Event) -> bool:
    same_host = event.source.bundle == lost.source.bundle
    return same_host and event.fields["path"] == lost.fields["path"]


def _leaves_merged(case: Case, finding: Finding) -> Sequence[Event]:
    """Return how each leaf that was passed over was merged later.

    The collector names the image where it passes over a leaf. What else it says of a try is of the
    same process; what is of another process may be about any image.
    """
    lines = _lines_of(case, finding, *_NOT_MERGED)
    leaves = [(line, leaf[1]) for line in lines if (leaf := _LEAF.match(line.message))]
    named = {(line.source.bundle, line.pid) for line, _ in leaves}
    merged = [_merge_behind(case, line, leaf) for line, leaf in leaves]
    whole = all((line.source.bundle, line.pid) in named for line in lines)
    return [line for line in merged if line] if whole and all(merged) else ()


def _merge_behind(case: Case, passed: Event, leaf: str) -> Event | None:
    """Return the line by which the parent of a leaf got its name, which ends a merge.

    A volume is renamed by others, too: it has to be the process that copied the leaf.
    """
    behind = [
        event
        for event in case.events.of(_COPYING, _VOLUME_RENAMED, _FILE_RENAMED)
        if event.source.bundle == passed.source.bundle
        and event.fields["vdi"][:_DIGITS] == leaf
        and _is_behind(case, passed, event)
    ]
    copying = [event for event in behind if event.kind == _COPYING]
    for event in behind:
        copied = any(e.pid == event.pid and _is_behind(case, e, event) for e in copying)
        if event.kind == _FILE_RENAMED or (event.kind == _VOLUME_RENAMED and copied):
            return event
    return None


def _lines_of(case: Case, finding: Finding, *kinds: str) -> Sequence[Event]:
    """Return the lines that a finding of a pattern was made of."""
    bundles = {each.source.bundle for each in finding.evidence}
    first, last = finding.first_seen, finding.last_seen
    if first is None or last is None:
        return ()
    return [
        event
        for event in case.events.of(*kinds)
        if event.source.bundle in bundles and first.at <= event.moment.at <= last.at
    ]


def _is_behind(case: Case, one: Event, other: Event) -> bool:
    return case.order.surely_before(mark(one), mark(other))


_ENDINGS: Mapping[str, tuple[str, Callable[[Case, Finding], Sequence[Event]]]] = {
    _LOST: ("each path came back, and was not lost again", _paths_back),
    _STUCK: ("what was passed over was merged later", _leaves_merged),
}
