"""Calls that two hosts saw: asked for on the master, run on a supporter, answered on the master.

The supporter's line lies between the two of the master, whatever the clocks say. xapi names the
call by its task on both hosts; SM's plugin on-slave names the volume, which counts only where
each host has it once.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from analyzer.case.rows import Row

ASKED = "clock-pair.asked"
FORWARDED = "clock-pair.forwarded"
DONE = "clock-pair.done"
SLAVE_ASKED = "clock-pair.slave-asked"
SLAVE_RAN = "clock-pair.slave-ran"
SLAVE_ANSWERED = "clock-pair.slave-answered"
KINDS = (ASKED, FORWARDED, DONE, SLAVE_ASKED, SLAVE_RAN, SLAVE_ANSWERED)

_TASK = re.compile(r"R:[0-9a-f]{12}")
_MOST = 500  # pairs of two hosts; more say no more


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """One call: ``asked`` and ``answered`` on one host, ``ran`` on the other."""

    asked: Row
    ran: Row
    answered: Row


def pairs_of(rows: Sequence[Row], hosts: Mapping[str, str]) -> tuple[Pair, ...]:
    """Return the pairs in the order of (bundles, member, line).

    ``hosts`` is the reference of a host in the database → its bundle.
    """
    found = [*_of_tasks(rows), *_of_plugins(rows, hosts)]
    count: dict[tuple[str, str], int] = defaultdict(int)
    kept = []
    for pair in sorted(found, key=_order):
        key = (pair.asked.bundle, pair.ran.bundle)
        count[key] += 1
        if count[key] <= _MOST:
            kept.append(pair)
    return tuple(kept)


def _order(pair: Pair) -> tuple[str, str, str, int]:
    return pair.asked.bundle, pair.ran.bundle, pair.ran.member, pair.ran.line


def _of_tasks(rows: Iterable[Row]) -> Iterator[Pair]:
    by_task: dict[str, dict[str, list[Row]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        task = row.fields.get("call") if row.kind == FORWARDED else _task(row)
        if task and row.kind in (ASKED, FORWARDED, DONE):
            by_task[task][row.kind].append(row)
    for kinds in by_task.values():
        for asked in kinds[ASKED]:
            done = [row for row in kinds[DONE] if row.bundle == asked.bundle]
            ran = [row for row in kinds[FORWARDED] if row.bundle != asked.bundle]
            if len(done) == 1:
                yield from (Pair(asked=asked, ran=row, answered=done[0]) for row in ran)


def _task(row: Row) -> str:
    found = _TASK.search(row.task or "")
    return found.group() if found else ""


def _of_plugins(rows: Sequence[Row], hosts: Mapping[str, str]) -> Iterator[Pair]:
    asked = [pair for pair in _answered(rows) if pair[0].fields.get("slave") in hosts]
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
            yield Pair(asked=calls[0][0], ran=seen[0], answered=calls[0][1])


def _answered(rows: Sequence[Row]) -> Iterator[tuple[Row, Row]]:
    """Yield each call of the plugin with the answer that its process got."""
    open_: dict[tuple[str, str, int | None], Row] = {}
    order = sorted(rows, key=lambda row: (row.bundle, row.member, row.line))
    for row in order:
        key = (row.bundle, row.member, row.pid)
        if row.kind == SLAVE_ASKED:
            open_[key] = row
        elif row.kind == SLAVE_ANSWERED and key in open_:
            yield open_.pop(key), row
