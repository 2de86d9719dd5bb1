"""Calls that two hosts saw: asked for on the master, run on a supporter, answered on the master.

The supporter's line lies between the two of the master, whatever the clocks say. xapi names the
call by its task on both hosts; SM's plugin on-slave names the volume, which counts only where
each host has it once. A pause of a tapdisk names the disk, which is paused again and again: the
pauses of both hosts are laid against each other, and count only where they fit in one way: two
or fewer only with clocks that are not far apart, as those of another night would be.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from analyzer.bundle.names import log_name
from analyzer.case.rows import Row
from analyzer.values import dataclass

ASKED = "clock-pair.asked"
FORWARDED = "clock-pair.forwarded"
DONE = "clock-pair.done"
SLAVE_ASKED = "clock-pair.slave-asked"
SLAVE_RAN = "clock-pair.slave-ran"
SLAVE_ANSWERED = "clock-pair.slave-answered"
PAUSE_ASKED = "clock-pair.pause-asked"
PAUSED, PAUSE_RAN = "sm-step.paused", "sm-call.plugin"
KINDS = (
    *(ASKED, FORWARDED, DONE, SLAVE_ASKED, SLAVE_RAN, SLAVE_ANSWERED),
    *(PAUSE_ASKED, PAUSED, PAUSE_RAN),
)

_TASK = re.compile(r"R:[0-9a-f]{12}")
_MOST = 500  # pairs of two hosts; more say no more
_MOST_PAUSES = 100  # of one disk
_FEWEST = 3  # pauses that must fit: two fit by chance, unless they are near
_NEAR = timedelta(minutes=30)
_SECOND = timedelta(seconds=1)
_PAUSE = re.compile(r"(Pause|Unpause)(?: request)? for ([0-9a-f-]{36})")

Shown = Callable[[Row], datetime | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """One call: ``asked`` and ``answered`` on one host, ``ran`` on the other."""

    asked: Row
    ran: Row
    answered: Row


def pairs_of(rows: Sequence[Row], hosts: Mapping[str, str], shown: Shown) -> tuple[Pair, ...]:
    """Return the pairs in the order of (bundles, member, line).

    ``hosts`` is the reference of a host in the database → its bundle; ``shown`` tells when a row
    was written by its own host's clock, None where that cannot be told.
    """
    of_plugins: list[Pair] = []
    asked = [pair for pair in _calls_with_answers(rows) if pair[0].fields.get("slave") in hosts]
    ran = [row for row in rows if row.kind == SLAVE_RAN]
    by_volume: dict[tuple[str, str], list[tuple[Row, Row]]] = defaultdict(list)
    for first, last in asked:
        by_volume[hosts[first.fields["slave"]], first.fields["volume"]].append((first, last))
    for (bundle, volume), calls in by_volume.items():
        seen = [
            row
            for row in ran
            if row.bundle == bundle and f"'{volume}'" in row.fields.get("arguments", "")
        ]
        if len(calls) == len(seen) == 1 and calls[0][0].bundle != bundle:
            of_plugins.append(Pair(asked=calls[0][0], ran=seen[0], answered=calls[0][1]))
    found = [*_of_tasks(rows), *of_plugins, *_of_pauses(rows, hosts, shown)]
    count: dict[tuple[str, str], int] = defaultdict(int)
    kept = []
    for pair in sorted(found, key=_order_of_pair):
        key = (pair.asked.bundle, pair.ran.bundle)
        count[key] += 1
        if count[key] <= _MOST:
            kept.append(pair)
    return tuple(kept)


def _order_of_pair(pair: Pair) -> tuple[str, str, str, int]:
    return pair.asked.bundle, pair.ran.bundle, pair.ran.member, pair.ran.line


def _of_tasks(rows: Iterable[Row]) -> Iterator[Pair]:
    by_task: dict[str, dict[str, list[Row]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        if row.kind == FORWARDED:
            task = row.fields.get("call")
        else:
            found = _TASK.search(row.task or "")
            task = found.group() if found else ""
        if task and row.kind in (ASKED, FORWARDED, DONE):
            by_task[task][row.kind].append(row)
    for kinds in by_task.values():
        for asked in kinds[ASKED]:
            done = [row for row in kinds[DONE] if row.bundle == asked.bundle]
            ran = [row for row in kinds[FORWARDED] if row.bundle != asked.bundle]
            if len(done) == 1:
                yield from (Pair(asked=asked, ran=row, answered=done[0]) for row in ran)


def _calls_with_answers(rows: Sequence[Row]) -> Iterator[tuple[Row, Row]]:
    """Yield each call of the plugin with the answer that its process got."""
    open_: dict[tuple[str, str, int | None], Row] = {}
    order = sorted(rows, key=lambda row: (row.bundle, row.member, row.line))
    for row in order:
        key = (row.bundle, row.member, row.pid)
        if row.kind == SLAVE_ASKED:
            open_[key] = row
        elif row.kind == SLAVE_ANSWERED and key in open_:
            yield open_.pop(key), row


def _of_pauses(rows: Sequence[Row], hosts: Mapping[str, str], shown: Shown) -> Iterator[Pair]:
    """Yield the pauses that one host asked for and another one made."""
    asked: dict[tuple[str, str, str], list[tuple[Row, Row]]] = defaultdict(list)
    for disk, first, last in _pauses_of_disks(rows):
        ran_on = hosts.get(first.fields.get("slave", ""), first.bundle)
        if ran_on != first.bundle:
            asked[first.bundle, ran_on, disk].append((first, last))
    ran: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in _in_file_order(row for row in rows if row.kind == PAUSE_RAN):
        found = _PAUSE.match(row.message)
        if found and found[1] == "Pause":
            ran[row.bundle, found[2]].append(row)
    for (_, bundle, disk), calls in asked.items():
        seen = ran.get((bundle, disk), [])
        if max(len(calls), len(seen)) <= _MOST_PAUSES:
            yield from _laid_against(calls, seen, shown)


def _pauses_of_disks(rows: Sequence[Row]) -> Iterator[tuple[str, Row, Row]]:
    """Yield (disk, the line that asks another host, the end of the pause) of SM's processes.

    The end is the request to go on, which stands behind the answer of that host.
    """
    open_: dict[tuple[str, str, int | None], tuple[str, Row | None]] = {}
    for row in _in_file_order(row for row in rows if row.kind in (PAUSE_ASKED, PAUSED)):
        key = (row.bundle, row.member, row.pid)
        disk, first = open_.get(key, ("", None))
        found = _PAUSE.match(row.message)
        if row.kind == PAUSE_ASKED:
            open_[key] = (disk, row)
        elif found and found[1] == "Pause":
            open_[key] = (found[2], None)
        elif found and first is not None and disk == found[2]:
            yield disk, first, row
            del open_[key]


def _in_file_order(rows: Iterable[Row]) -> list[Row]:
    # rotated files are read by their names: the number is that of the file, the oldest highest
    return sorted(rows, key=lambda row: (row.bundle, _newest_last(row.member), row.line))


def _newest_last(member: str) -> tuple[int, str]:
    name = log_name(member)
    return (-name.rotation if name else 0, member)


def _laid_against(
    calls: Sequence[tuple[Row, Row]], seen: Sequence[Row], shown: Shown
) -> Sequence[Pair]:
    """Return the pairs of the one way in which all pauses fit; () where none or several do."""
    ways = []
    for shift in range(1 - len(calls), len(seen)):
        pairs = [
            Pair(asked=first, ran=seen[place + shift], answered=last)
            for place, (first, last) in enumerate(calls)
            if 0 <= place + shift < len(seen)
        ]
        # Whether one distance of the clocks fits all pairs.
        low: timedelta | None = None
        high: timedelta | None = None
        for pair in pairs:
            asked, ran, answered = map(shown, (pair.asked, pair.ran, pair.answered))
            if asked is None or ran is None or answered is None:
                one_distance_fits_all = False
                break
            least, most = ran - answered - _SECOND, ran + _SECOND - asked
            low = least if low is None else max(low, least)
            high = most if high is None else min(high, most)
        else:
            one_distance_fits_all = low is not None and high is not None and low <= high
        if one_distance_fits_all and (len(pairs) >= _FEWEST or _near(pairs[0], shown)):
            ways.append(pairs)
    ways = [pairs for pairs in ways if len(pairs) >= _FEWEST] or ways
    return ways[0] if len(ways) == 1 else ()


def _near(pair: Pair, shown: Shown) -> bool:
    asked, ran = shown(pair.asked), shown(pair.ran)
    return asked is not None and ran is not None and abs(ran - asked) <= _NEAR
