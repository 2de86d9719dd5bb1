"""Who belongs to which disk: rows, logs, operations and findings, looked up once per run."""

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet

from analyzer.case.case import Case
from analyzer.case.pool import PoolState
from analyzer.model.cbt import NO_LOG, CbtLog
from analyzer.model.finding import Finding, Gap, Outcome, Verdict
from analyzer.model.operation import Attachment, Operation
from analyzer.model.terms import CBT_METADATA, UUID_PATTERN
from analyzer.model.xapi import Vdi
from analyzer.rebuilt.calls.attachments import disk_attachments
from analyzer.rebuilt.calls.operations import sm_operations
from analyzer.rebuilt.cbt.history import cbt_history
from analyzer.rebuilt.cbt.walk_order import gone
from analyzer.values import dataclass

COMPARE = "vdi_list_changed_blocks"
OF_DISKS = "cbt-"  # how the ids of the rules about disks with CBT begin
_WHERE_SM_RUNS = frozenset({"smlog"})


@dataclass(frozen=True, slots=True, kw_only=True)
class DiskIndex:
    """What is known of disks, by uuid.

    ``owners`` names the live disk of a snapshot or a log, ``members`` the uuids of a live disk,
    itself among them. ``pointed`` are the uuids that some log's pointer names. ``calls`` and
    ``findings`` are those that name a uuid; of a comparison, either side. ``attached`` says who
    has a disk active when the bundles were made: uuid → ``RW on jupiter``. ``untold`` are the live
    disks about which some rule about CBT could not answer.
    """

    rows: Mapping[str, tuple[PoolState, Vdi]]
    logs: Mapping[str, CbtLog]
    owners: Mapping[str, str]
    members: Mapping[str, frozenset[str]]
    pointed: frozenset[str]
    refs: Mapping[str, str]
    calls: Mapping[str, tuple[Operation, ...]]
    findings: Mapping[str, tuple[Finding, ...]]
    attached: Mapping[str, str]
    contradictions: Mapping[str, tuple[str, ...]]
    untold: frozenset[str]

    def row(self, uuid: str) -> Vdi | None:
        """Return the row of a disk."""
        found = self.rows.get(uuid)
        return found[1] if found else None

    def owner(self, uuid: str) -> str:
        """Return the disk that a snapshot or a log belongs to; a stranger belongs to itself."""
        return self.owners.get(uuid, uuid)

    def other(self, op: Operation) -> str:
        """Return the disk that a comparison goes to, "" if it is not known."""
        return self.refs.get(op.args[0], "") if op.args else ""


def index(case: Case, outcomes: Sequence[Outcome]) -> DiskIndex:
    """Return the index of a case."""
    rows = {vdi.uuid: (pool, vdi) for pool in case.pools for vdi in pool.vdis}
    logs = {uuid: log for (_, uuid), log in sorted(cbt_history(case).now.items(), reverse=True)}
    owners = _owners_of_rows(case, rows)
    members: dict[str, set[str]] = {}
    for uuid in (*rows, *logs, *owners):
        owner = owners.get(uuid, uuid)
        members.setdefault(owner, {owner}).add(uuid)
    refs = {key: vdi.uuid for _, vdi in rows.values() for key in (vdi.ref, vdi.uuid) if key}
    of_disks = (each for each in outcomes if each.rule.startswith(OF_DISKS))
    untold = _Untold((gap for each in of_disks for gap in _gaps_of_outcome(each)), rows.keys())
    every = cbt_history(case).contradictions
    found: dict[str, set[str]] = {}
    for contradictions_each in every:
        found.setdefault(contradictions_each.uuid, set()).add(contradictions_each.what)
    contradictions_by_log = {uuid: tuple(sorted(texts)) for uuid, texts in found.items()}
    findings_found: dict[str, list[Finding]] = {}
    for finding in (finding for outcome in outcomes for finding in outcome.findings):
        for findings_uuid in dict.fromkeys(s.uuid for s in finding.subjects if s.type == "VDI"):
            findings_found.setdefault(findings_uuid, []).append(finding)
    findings_of_outcomes = {
        findings_uuid: tuple(own) for findings_uuid, own in findings_found.items()
    }
    return DiskIndex(
        rows=rows,
        logs=logs,
        owners=owners,
        members={owner: frozenset(own) for owner, own in members.items()},
        pointed=frozenset(uuid for log in logs.values() for uuid in named(log)),
        refs=refs,
        calls=_calls_by_disk(sm_operations(case), refs),
        findings=findings_of_outcomes,
        attached=_bundles_of_attached(disk_attachments(case)),
        contradictions=contradictions_by_log,
        untold=frozenset(
            owner for owner, own in members.items() if untold.concerns(own, rows.get(owner))
        ),
    )


def named(log: CbtLog | None) -> tuple[str, ...]:
    """Return the uuids that a log's pointers name; a log that is gone names nobody."""
    if log is None or gone(log):
        return ()
    return tuple(p.value for p in (log.parent, log.child) if p and p.value != NO_LOG)


def _owners_of_rows(case: Case, rows: Mapping[str, tuple[PoolState, Vdi]]) -> dict[str, str]:
    owners = {}
    for uuid, (pool, vdi) in rows.items():
        live = pool.vdi(vdi.snapshot_of)
        owners[uuid] = live.uuid if live else vdi.uuid
    for chain in cbt_history(case).chains:
        known = (owners[log.uuid] for log in chain.logs if not _has_no_known_disk(rows, log.uuid))
        last = chain.logs[-1].uuid if chain.logs else ""
        owner = chain.live or next(known, last)
        owners |= {log.uuid: owner for log in chain.logs if _has_no_known_disk(rows, log.uuid)}
    for newer, older in cbt_history(case).snapshots.items():
        if _has_no_known_disk(rows, newer):
            owners.setdefault(newer, owners.get(older, older))
    return owners


def _has_no_known_disk(rows: Mapping[str, tuple[PoolState, Vdi]], uuid: str) -> bool:
    """Tell whether the database does not say of which disk a log is."""
    if uuid not in rows:
        return True
    pool, vdi = rows[uuid]
    return pool.vdi(vdi.snapshot_of) is None and (
        vdi.type == CBT_METADATA or vdi.is_a_snapshot is True
    )


def _calls_by_disk(
    operations: Iterable[Operation], refs: Mapping[str, str]
) -> dict[str, tuple[Operation, ...]]:
    calls: dict[str, list[Operation]] = {}
    for op in operations:
        sides = [op.vdi] if op.vdi else []
        if op.name == COMPARE and op.args and op.args[0] in refs:
            sides.append(refs[op.args[0]])
        for uuid in dict.fromkeys(sides):
            calls.setdefault(uuid, []).append(op)
    return {uuid: tuple(own) for uuid, own in calls.items()}


def _gaps_of_outcome(outcome: Outcome) -> tuple[Gap | None, ...]:
    """Return what a rule could not look at, None for what is not known."""
    silent = outcome.verdict in (Verdict.CANNOT_TELL, Verdict.ERROR) or outcome.doubt
    return outcome.gaps or ((None,) if silent else ())


class _Untold:
    """What was not seen and may be of a disk.

    A gap that names disks is about these. SM logs on the host that it runs on, and it runs where
    the SR is plugged: the log of another host tells nothing of the disk.
    """

    def __init__(self, gaps: Iterable[Gap | None], disks: AbstractSet[str]) -> None:
        self._named: set[str] = set()
        self._others: dict[tuple[str, str], Gap | None] = {}
        self._plugged: dict[tuple[PoolState, str], tuple[AbstractSet[str | None], ...]] = {}
        for gap in gaps:
            text = f"{gap.why} {gap.settle_with}" if gap else ""
            named = disks & frozenset(UUID_PATTERN.findall(text))
            self._named |= named
            if not named:  # of two about the same source of one host, one tells
                self._others[(gap.need, gap.host or "") if gap else ("", "")] = gap

    def concerns(self, own: AbstractSet[str], row: tuple[PoolState, Vdi] | None) -> bool:
        """Tell whether some of it may be of the disk that has these uuids and this row."""
        return bool(self._named & own) or any(
            gap is None or self._may_be_of(gap, row) for gap in self._others.values()
        )

    def _may_be_of(self, gap: Gap, row: tuple[PoolState, Vdi] | None) -> bool:
        sr = row[0].sr(row[1].sr) if row else None
        if gap.need not in _WHERE_SM_RUNS or row is None or sr is None or not row[0].complete:
            return True
        # The names of the hosts that have an SR attached, and of all of the pool.
        pool = row[0]
        if (pool, sr.uuid) not in self._plugged:
            hosts_plugged = frozenset(host.name_label for host in pool.hosts_with(sr))
            everyone = frozenset(host.name_label for host in pool.hosts)
            self._plugged[pool, sr.uuid] = hosts_plugged, everyone
        plugged, known = self._plugged[pool, sr.uuid]
        return not plugged or gap.host not in known or gap.host in plugged


def _bundles_of_attached(attachments: Iterable[Attachment]) -> dict[str, str]:
    found: dict[str, set[str]] = {}
    for each in attachments:
        if each.open_at_capture:
            found.setdefault(each.vdi, set()).add(f"{each.mode.value} on {each.host}")
    return {uuid: ", ".join(sorted(words)) for uuid, words in found.items()}
