"""CBT logs and chains over time, replayed from what SM did and checked against what was seen."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import field, replace
from types import MappingProxyType

from analyzer.case.case import Case, HostReport
from analyzer.case.derived import derived
from analyzer.case.pool import PoolState
from analyzer.case.time.order import Order
from analyzer.model.cbt import CbtChain, CbtLog, CbtLogFile, CbtLogValues, Change, Contradiction
from analyzer.model.event import Event
from analyzer.model.finding import Confidence
from analyzer.model.moment import Moment
from analyzer.model.operation import Operation
from analyzer.model.storage import LvmVolumes
from analyzer.model.terms import VOLUME_GROUP
from analyzer.rebuilt.calls.operations import sm_operations
from analyzer.rebuilt.cbt.chain_links import chains_of
from analyzer.rebuilt.cbt.chain_past import States
from analyzer.rebuilt.cbt.chain_seeds import (
    aged,
    collected,
    file_steps,
    from_log,
    hint,
    rows_by_log,
    seen_steps,
    value_steps,
    weigh,
)
from analyzer.rebuilt.cbt.log_calls import Call, calls_of
from analyzer.rebuilt.cbt.log_flags import SET, flag_steps
from analyzer.rebuilt.cbt.log_listings import listings_of
from analyzer.rebuilt.cbt.log_paths import log_path, volumes_by_type
from analyzer.rebuilt.cbt.log_steps import Step, steps_of
from analyzer.rebuilt.cbt.replay import FIELDS, Key, Replay, known
from analyzer.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class CbtHistory:
    """All CBT logs of all SRs, at capture and before.

    ``now`` maps (SR uuid, disk uuid) to what is known of the log when the bundles were made,
    ``chains`` are those logs joined, ``contradictions`` what does not fit together. ``past`` are
    the states that led there; ``volumes`` tells of an SR whether its logs are volumes, and
    ``partly_seen`` are the SRs that hosts can write whose report was not given.
    """

    now: Mapping[Key, CbtLog] = field(default_factory=lambda: MappingProxyType({}))
    chains: tuple[CbtChain, ...] = ()
    contradictions: tuple[Contradiction, ...] = ()
    past: Mapping[Key, States] = field(default_factory=lambda: MappingProxyType({}))
    volumes: Mapping[str, bool] = field(default_factory=lambda: MappingProxyType({}))
    partly_seen: frozenset[str] = frozenset()
    order: Order = field(default_factory=Order, repr=False, compare=False)
    _of_disks: dict[str, CbtLog] = field(default_factory=dict, repr=False, compare=False)

    def log(self, sr: str, uuid: str) -> CbtLog | None:
        """Return what is known of a disk's log at capture; None: it was never mentioned."""
        return self.now.get((sr, uuid))

    @property
    def snapshots(self) -> Mapping[str, str]:
        """Return snapshot → its disk, for each log that was renamed, as a snapshot does."""
        return {
            change.value: uuid
            for (_, uuid), log in sorted(self.now.items())
            for change in log.changes
            if change.change is Change.RENAMED and change.value
        }

    def find(self, uuid: str) -> CbtLog | None:
        """Return the log of a disk on whatever SR."""
        if not self._of_disks:
            in_order = sorted(self.now.items(), reverse=True)  # of two SRs the first counts
            self._of_disks.update({disk: log for (_, disk), log in in_order})
        return self._of_disks.get(uuid)

    def at(self, sr: str, uuid: str, moment: Moment | Event) -> CbtLog | None:
        """Return what was known of a log at a moment: changes certainly before it count.

        Given a line, what its log file has before it counts too, whatever the clock's doubt. A
        field that may have changed at that very moment is POSSIBLE; one that is unknown then, but
        was read before anything changed it, is LIKELY what was read. Its ``changes`` are not told.
        """
        states = self.past.get((sr, uuid))
        if states is None:
            return None
        return _capped_log(states.at(moment, self.order), self.partly_seen)


@derived
def cbt_history(case: Case) -> CbtHistory:
    """Return the CBT logs of a case over time."""
    return rebuild(
        sm_operations(case),
        case.pools,
        case.hosts,
        order=case.order,
        flags=tuple(case.events.of(SET)),
    )


def rebuild(
    operations: Sequence[Operation],
    pools: Sequence[PoolState],
    hosts: Sequence[HostReport],
    files: Sequence[CbtLogFile] = (),
    *,
    order: Order | None = None,
    flags: Sequence[Event] = (),
) -> CbtHistory:
    """Replay what SM did to CBT logs, and hold it against what the bundles show of them.

    What was before the first line is unknown. Logs copied into the bundles (``files``) and lists
    of volumes and files speak for the time of capture; the database gives hints, and ``flags``
    are SM's calls that wrote them. What two hosts did is in an order only as far as their clocks
    tell one.
    """
    told = [(operation, calls_of(operation)) for operation in operations]
    volumes = _volumes_of_calls([call for _, calls in told for call in calls], pools, hosts)
    done = _steps_by_host(told, volumes)
    mentioned = _disks_mentioned(done, pools)
    copies = {file.source: file for host in hosts for file in host.cbtlogs}
    copies |= {file.source: file for file in files}
    logs = tuple(file for _, file in sorted(copies.items()) if file.header)
    srs = {uuid: sr for sr, disks in mentioned.items() for uuid in disks}
    seen = (
        *seen_steps(listings_of(hosts, pools), mentioned),
        *file_steps(logs, hosts, _srs_of_files(logs, mentioned)),
        *value_steps(
            hosts, _srs_of_files([each for host in hosts for each in host.log_values], mentioned)
        ),
        *flag_steps(flags, srs),
    )
    order = order or Order()
    replay = Replay(order)
    replay.run(_in_order((*done, *seen)))
    return replace(_history_of_replay(replay, pools, hosts, volumes), order=order)


def _disks_mentioned(
    done: Iterable[Sequence[Step]], pools: Sequence[PoolState]
) -> Mapping[str, Collection[str]]:
    """Return SR → disks that a log speaks of, or of which the database says that they have CBT."""
    found: dict[str, set[str]] = defaultdict(set)
    for step in (step for steps in done for step in steps if not step.of_known):
        found[step.sr].add(step.uuid)
        if step.change is Change.RENAMED:
            found[step.sr].add(step.value)
    for (sr, disk), (_, _, vdi) in rows_by_log(pools).items():
        if hint(vdi):
            found[sr].add(disk)
    return found


def _steps_by_host(
    told: Sequence[tuple[Operation, Sequence[Call]]], volumes: Mapping[str, bool]
) -> tuple[tuple[Step, ...], ...]:
    """Return the steps of each host's log, in the order of its lines."""
    destroyed = frozenset(
        operation.vdi
        for operation, _ in told
        if operation.name == "vdi_data_destroy" and operation.vdi
    )
    found: dict[tuple[str, str], list[Step]] = defaultdict(list)
    for operation, calls in told:
        place = (operation.host, operation.bundle)
        found[place] += steps_of(operation, calls, volumes, destroyed)
    sequences = (sorted(steps, key=lambda step: step.order) for _, steps in sorted(found.items()))
    return tuple(tuple(steps) for steps in sequences)


def _in_order(sequences: Sequence[Sequence[Step]]) -> Iterable[Step]:
    """Merge sequences by time; within one the order stands, whatever its clock did."""
    keyed: list[tuple[tuple[object, ...], Step]] = []
    for number, steps in enumerate(sequences):
        latest = None
        for place, step in enumerate(steps):
            latest = step.moment.at if latest is None else max(latest, step.moment.at)
            keyed.append(((latest, number, place), step))
    return [step for _, step in sorted(keyed, key=lambda pair: pair[0])]


def _volumes_of_calls(
    calls: Iterable[Call], pools: Sequence[PoolState], hosts: Sequence[HostReport]
) -> Mapping[str, bool]:
    """Return of which SRs the logs are volumes: the paths tell, else type and volume groups."""
    found = {sr.uuid: volumes_by_type(sr.type) for pool in pools for sr in pool.srs}
    for host in hosts:
        rows = [row for lvs in host.of(LvmVolumes) for row in lvs.volumes]
        groups = {
            row.vg.removeprefix(VOLUME_GROUP) for row in rows if row.vg.startswith(VOLUME_GROUP)
        }
        found |= dict.fromkeys(groups, True)
        found |= {listing.sr: False for listing in host.listings if listing.sr}
    found |= {call.log.sr: call.log.volume for call in calls if call.log.volume is not None}
    return MappingProxyType({sr: kept for sr, kept in found.items() if kept is not None})


def _srs_of_files(
    files: Sequence[CbtLogFile | CbtLogValues], mentioned: Mapping[str, Collection[str]]
) -> Mapping[str, str]:
    """Return the SR of each file: its folder's, else the only one that knows the disk."""
    srs: dict[str, str] = {}
    for file in files:
        where = file.path if isinstance(file, CbtLogValues) else f"/{file.source.member}"
        path = log_path(where, None)
        owners = [sr for sr in sorted(mentioned) if file.uuid in mentioned[sr]]
        if path is not None and path.sr:
            srs[file.uuid] = path.sr
        elif len(owners) == 1:
            srs[file.uuid] = owners[0]
    return srs


def _history_of_replay(
    replay: Replay,
    pools: Sequence[PoolState],
    hosts: Sequence[HostReport],
    volumes: Mapping[str, bool],
) -> CbtHistory:
    rows = rows_by_log(pools)
    asked = {host.bundle: collected(host) for host in hosts}
    partly_seen = _partly_seen(pools, hosts)
    owners = {sr.uuid: pool for pool in pools for sr in pool.srs}
    contradictions = list(replay.contradictions)
    now: dict[Key, CbtLog] = {}
    for key in {*replay.pasts, *(key for key, row in rows.items() if hint(row[2]))}:
        past = replay.pasts.get(key)
        log = CbtLog(sr=key[0], uuid=key[1])
        if past is not None:
            log = _capped_log(replace(past.state, changes=tuple(past.changes)), partly_seen)
        log = aged(log, owners.get(key[0]), asked)
        if key in rows:
            pool, _, vdi = rows[key]
            log, contradiction = weigh(log, pool, vdi, asked)
            contradictions += [contradiction] if contradiction else []
        now[key] = log
    return CbtHistory(
        now=MappingProxyType(dict(sorted(now.items()))),
        chains=chains_of(now, {key: row[2] for key, row in rows.items()}),
        contradictions=tuple(sorted(contradictions, key=lambda c: (c.sr, c.uuid, c.what))),
        past=MappingProxyType(
            {key: States(past.entries) for key, past in replay.pasts.items() if past.entries}
        ),
        volumes=volumes,
        partly_seen=partly_seen,
    )


def _partly_seen(pools: Sequence[PoolState], hosts: Sequence[HostReport]) -> frozenset[str]:
    """Return the SRs with a plug on a host whose report was not given."""
    given = {host.host_uuid for host in hosts}
    found: set[str] = set()
    for pool in pools:
        missing = {key for h in pool.hosts if h.uuid not in given for key in (h.ref, h.uuid) if key}
        found |= {sr.uuid for sr in pool.srs if any(p.host in missing for p in pool.pbds_of(sr))}
    return frozenset(found)


def _capped_log(log: CbtLog, partly_seen: frozenset[str]) -> CbtLog:
    """Lower what one host's log says for sure while another host's was not read."""
    if log.sr not in partly_seen:
        return log
    changed = {}
    for name in FIELDS:
        value = known(log, name)
        if value and value.confidence is Confidence.CERTAIN and from_log(value.evidence.source):
            changed[name] = replace(value, confidence=Confidence.LIKELY)
    return replace(log, **changed)  # type: ignore[arg-type]  # fields of CbtLog
