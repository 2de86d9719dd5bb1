"""Troubles: the errors of the ledger, dated, with their objects, one for each failure.

A failure is told by many lines: a command that failed, the error built from it, the exception
twice, and xapi's word to the client. They are put together here: by text and object, by the
process or the task that wrote them, and by what xapi passed on of SM.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

from analyzer.case.errors.codes import error_codes
from analyzer.case.errors.ledger import ErrorLedger, Key, Lines, Place
from analyzer.case.errors.said import Weight
from analyzer.case.pool import PoolState
from analyzer.model.finding import Evidence
from analyzer.model.moment import Moment
from analyzer.model.source import Source
from analyzer.model.terms import BACKEND
from analyzer.parsers._api import Stamp
from analyzer.values import dataclass

Date = Callable[[str, str, int, Stamp], Moment]

_ONE_FAILURE = timedelta(seconds=60)
_QUOTED = 3
_REFERENCE = "OpaqueRef:"
_SHORT = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """A line of a trouble: where it stands, when it was written, by which process and task."""

    source: Source
    at: Moment
    pid: int | None
    task: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """An error: what was said how often by whom about what; ``form`` is its text without numbers.

    ``sr`` and ``disk`` are uuids, "" where they are not known. ``spots`` are the first and last
    lines that were kept, ``evidence`` quotes the heaviest of them and the last.
    """

    host: str
    bundle: str
    parser: str
    process: str
    weight: Weight
    code: str
    form: str
    text: str
    calls: tuple[str, ...]
    sr: str
    disk: str
    first: Moment
    last: Moment
    count: int
    evidence: tuple[Evidence, ...]
    spots: tuple[Spot, ...]


def troubles_of(
    ledger: ErrorLedger,
    date: Date,
    pools: Sequence[PoolState],
    host_names: Mapping[str, str],
) -> tuple[Trouble, ...]:
    """Return the troubles of a run, by time, host and text."""
    lines, disks = ledger.lines, ledger.disks
    groups: dict[Key, list[Lines]] = {}
    for row in lines:
        groups.setdefault(row.key, []).append(row)
    objects = _Objects(pools, disks)
    found = [
        _trouble_of_lines(key, rows, date, objects, host_names.get(key.bundle, ""))
        for key, rows in groups.items()
    ]
    whole = _passed_on(_told_by_others(found))
    return tuple(sorted(whole, key=lambda one: (one.first.at, one.host, one.process, one.text)))


class _Objects:
    """The uuids behind references and behind the eight digits that the collector writes."""

    def __init__(self, pools: Sequence[PoolState], disks: Mapping[str, str]) -> None:
        self._uuids = dict(disks) | {
            row.ref: row.uuid for pool in pools for rows in (pool.vdis, pool.srs) for row in rows
        }
        self._srs = {sr.uuid for pool in pools for sr in pool.srs}
        self._home = {
            vdi.uuid: sr.uuid for pool in pools for vdi in pool.vdis if (sr := pool.sr(vdi.sr))
        }
        self._short: dict[str, list[str]] = {}
        for uuid in self._home:
            self._short.setdefault(uuid[:_SHORT], []).append(uuid)

    def place(self, sr: str, disk: str) -> tuple[str, str]:
        """Return the SR and the disk, each a uuid or ""; a disk tells its SR."""
        if disk.startswith(_REFERENCE):
            disk = self._uuids.get(disk, "")
        if len(disk) == _SHORT:
            known = self._short.get(disk, [])
            disk = known[0] if len(known) == 1 else ""
        if disk in self._srs:
            sr, disk = sr or disk, ""
        return sr or self._home.get(disk, ""), disk


def _trouble_of_lines(
    key: Key, rows: Sequence[Lines], date: Date, objects: _Objects, host: str
) -> Trouble:
    heaviest = max(rows, key=lambda row: row.weight)
    spots = [
        (_spot_of_place(key, row.member, place, date), place.text)
        for row in rows
        for place in row.places
    ]
    spots.sort(key=lambda pair: (pair[0].at.at, pair[0].source))
    sr, disk = objects.place(key.sr, key.disk)
    # The code that SM's text stands for: since sm 4 no line names it.
    # Quote the first two lines and the last.
    chosen = spots if len(spots) <= _QUOTED else [*spots[: _QUOTED - 1], spots[-1]]
    evidence_of_spots = tuple(
        Evidence(source=spot.source, text=text, at=spot.at) for spot, text in chosen
    )
    return Trouble(
        host=host,
        bundle=key.bundle,
        parser=key.parser,
        process=key.process,
        weight=heaviest.weight,
        code=next((row.code for row in rows if row.code), key.code)
        or (error_codes().code_of(heaviest.text) if key.parser == "smlog" else ""),
        form=key.form,
        text=heaviest.text,
        calls=tuple(dict.fromkeys(call for row in rows for call in row.calls)),
        sr=sr,
        disk=disk,
        first=spots[0][0].at,
        last=spots[-1][0].at,
        count=sum(row.count for row in rows),
        evidence=evidence_of_spots,
        spots=tuple(spot for spot, _ in spots),
    )


def _spot_of_place(key: Key, member: str, place: Place, date: Date) -> Spot:
    return Spot(
        source=Source(bundle=key.bundle, member=member, line=place.line),
        at=date(key.bundle, member, place.line, place.stamp),
        pid=place.pid,
        task=place.task,
    )


def _told_by_others(found: Sequence[Trouble]) -> list[Trouble]:
    """Leave out what only goes along with a heavier line of the same process or task."""
    by_writer: dict[tuple[str, str, str], list[Trouble]] = {}
    for trouble in found:
        for writer in _writers_of_trouble(trouble):
            by_writer.setdefault(writer, []).append(trouble)
    taken: dict[int, Trouble] = {}
    for trouble in sorted(found, key=lambda one: one.weight):
        heavier = [
            one
            for one in _troubles_of_same_writer(trouble, by_writer)
            if _is_told_for_other(one, trouble)
        ]
        if heavier and _all_beside(trouble, heavier):
            taken[id(trouble)] = max(heavier, key=lambda one: (one.weight, one.count))
    added: dict[int, list[Evidence]] = {}
    for trouble in found:
        if id(trouble) in taken:
            leader = taken[id(trouble)]
            while id(leader) in taken:
                leader = taken[id(leader)]
            added.setdefault(id(leader), []).extend(trouble.evidence[:1])
    return [
        replace(one, evidence=(*one.evidence, *added.get(id(one), ())[:_QUOTED]))
        for one in found
        if id(one) not in taken
    ]


def _writers_of_trouble(trouble: Trouble) -> Iterator[tuple[str, str, str]]:
    """Yield by what lines of one writer are known: SM's processes, xapi's tasks."""
    names = {(spot.pid, spot.task) for spot in trouble.spots}
    for pid in {pid for pid, _ in names if pid is not None and trouble.parser == "smlog"}:
        yield trouble.bundle, "pid", str(pid)
    for task in {task for _, task in names if task}:
        yield trouble.bundle, "task", task


def _troubles_of_same_writer(
    trouble: Trouble, by_writer: Mapping[tuple[str, str, str], Sequence[Trouble]]
) -> Iterator[Trouble]:
    seen = {id(trouble)}
    for writer in _writers_of_trouble(trouble):
        for other in by_writer[writer]:
            if id(other) not in seen:
                seen.add(id(other))
                yield other


def _is_told_for_other(one: Trouble, other: Trouble) -> bool:
    """Tell whether a trouble is told for another of the same writer, never both for each other."""
    if one.weight is Weight.RAISED and other.weight is Weight.BUILT:
        # what SM built and caught is one error, and what it raised then may be another
        same = one.code == other.code if one.code and other.code else False
        return same or other.text in one.text or one.text in other.text
    if one.weight != other.weight:
        return one.weight > other.weight
    if one.weight is Weight.RAISED and one.parser == other.parser == "smlog":
        caught = other.spots[0].source.line < one.spots[0].source.line
        same_call = not (one.calls and other.calls) or not set(one.calls).isdisjoint(other.calls)
        return bool(one.code) and not other.code and caught and same_call  # and raised again
    if one.parser == "smlog":
        return False  # a process of SM does many things; each of its remarks may be about another
    earlier = (one.spots[0].source.line, one.form) < (other.spots[0].source.line, other.form)
    return one.weight < Weight.BUILT and earlier and one.parser == other.parser


def _all_beside(trouble: Trouble, others: Sequence[Trouble]) -> bool:
    """Tell whether each kept line stands near one of the others, of the same writer."""
    places = [spot for other in others for spot in other.spots]
    return all(any(_is_same_failure(spot, place) for place in places) for spot in trouble.spots)


def _is_same_failure(one: Spot, other: Spot) -> bool:
    same = (one.pid is not None and one.pid == other.pid) or (
        one.task is not None and one.task == other.task
    )
    return same and one.at.within(other.at, _ONE_FAILURE)


def _passed_on(found: Sequence[Trouble]) -> Iterable[Trouble]:
    """Leave out what xapi passed on of SM: the same text, at the same time, on any host."""
    own: dict[str, list[Trouble]] = {}
    for trouble in found:
        if trouble.parser == "smlog":
            own.setdefault(trouble.form, []).append(trouble)
            if bare := trouble.form.partition(": ")[2]:  # xapi leaves out a Python class
                own.setdefault(bare, []).append(trouble)
    calls: dict[int, list[Trouble]] = {}
    kept: list[Trouble] = []
    for trouble in found:
        passed_on = trouble.parser != "smlog" and trouble.code.startswith(BACKEND)
        # The errors of SM that each line of an error of xapi passed on; () if one did not.
        if passed_on:
            sources_found: dict[int, Trouble] = {}
            for spot in trouble.spots:
                near = [
                    one
                    for one in own.get(trouble.form, ())
                    if any(spot.at.within(place.at, _ONE_FAILURE) for place in one.spots)
                ]
                if not near:
                    sources: Sequence[Trouble] = ()
                    break
                sources_found |= {id(one): one for one in near}
            else:
                sources = tuple(sources_found.values())
        else:
            sources = ()
        if not sources:
            kept.append(trouble)
        for source in sources:
            calls.setdefault(id(source), []).append(trouble)
    return [_with_calls(trouble, calls.get(id(trouble), ())) for trouble in kept]


def _with_calls(trouble: Trouble, passed_on: Sequence[Trouble]) -> Trouble:
    if not passed_on:
        return trouble
    calls = (*trouble.calls, *(call for one in passed_on for call in one.calls))
    return replace(
        trouble,
        code=trouble.code or passed_on[0].code,
        calls=tuple(dict.fromkeys(calls)),
        evidence=(*trouble.evidence, *(one.evidence[0] for one in passed_on[:_QUOTED])),
        spots=(*trouble.spots, *(spot for one in passed_on for spot in one.spots)),
    )
