"""A disk, or a snapshot of its VM, could not be moved to another SR because CBT was on.

Source: xen-api `xapi_vm_migrate.ml` assert_can_migrate_vdis() and vdi_pool_migrate(): of all disks
that would change their SR none may have CBT. Disks of the VM's snapshots go where their disk goes,
so they are asked too; a metadata disk belongs to no VM and is not. A pool with CBT in which nobody
asked for a migration is no finding.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta

from analyzer.case.case import Case
from analyzer.case.pool import PoolState
from analyzer.checks.observation import Observation
from analyzer.checks.tools.finding import Row, found, listed, named, near, quote_ends, quote_row
from analyzer.checks.tools.log_disk import is_metadata
from analyzer.model.event import Event
from analyzer.model.finding import Basis, Confidence, Finding, Severity, Subject
from analyzer.model.rule import RuleText
from analyzer.model.sentence import say
from analyzer.model.xapi import Vdi, Vm
from analyzer.values import dataclass

RULE = "cbt-migration-blocked"
FAILED, REFUSED, AUDITED = f"{RULE}.failed", f"{RULE}.refused", f"{RULE}.audited"
_BOOT = "VDI.set_on_boot"
_ONE_CALL = timedelta(minutes=2)
_MOST = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class _Blocker:
    """A disk with CBT that may not be moved; ``of`` is the snapshot VM that has it, if any."""

    row: Vdi
    of: Vm | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Refusals:
    """The refused calls of one VM, or about one disk whose VM is not known."""

    pool: PoolState | None
    vm: Vm | None
    row: Vdi | None
    ref: str
    events: tuple[Event, ...]

    @property
    def boot(self) -> bool:
        """Tell whether it was not a migration that was asked for."""
        return all(event.fields["method"] == _BOOT for event in self.events)


def examine(case: Case, text: RuleText) -> Iterator[Observation]:
    """Read the calls that failed with VDI_CBT_ENABLED, then look what stands in the way."""
    groups: dict[tuple[str, bool], list[Event]] = {}
    for event in case.events.of(FAILED, REFUSED, AUDITED):
        # The uuid of the VM, else of the disk, else the reference.
        ref = event.fields["vdi"]
        known = case.world.vdi(ref)
        if known is None:
            owner_of_reference = ref
        else:
            vm = _vm_of(case, known)
            owner_of_reference = vm.uuid if vm else known.uuid
        key = (owner_of_reference, event.fields["method"] == _BOOT)
        groups.setdefault(key, []).append(event)
    refusals_by_disk: list[_Refusals] = []
    for _, events in sorted(groups.items()):
        refusals_ref = events[-1].fields["vdi"]
        refusals_known = case.world.vdi(refusals_ref)
        refusals_by_disk.append(
            _Refusals(
                pool=case.world.pool_of(refusals_known)
                if refusals_known
                else _pool_of(case, events[-1]),
                vm=_vm_of(case, refusals_known) if refusals_known else None,
                row=refusals_known,
                ref=refusals_ref,
                events=tuple(events),
            )
        )
    for refusals in refusals_by_disk:
        yield _finding_of_refusals(text, refusals)


def _pool_of(case: Case, event: Event) -> PoolState | None:
    """Return the pool whose database would name the disk, if it still had it."""
    owners = (pool for pool in case.pools if event.source.bundle in pool.bundles)
    return next(owners, None)


def _vm_of(case: Case, row: Vdi) -> Vm | None:
    """Return the VM that a disk is of; for a disk of a snapshot, the VM it was taken of."""
    for vbd in case.world.vbds_of(row):
        vm = case.world.vm(vbd.vm)
        if vm is not None and not vm.is_control_domain:
            return case.world.vm(vm.snapshot_of) or vm if vm.is_a_snapshot else vm
    return None


def _blockers_now(refusals: _Refusals) -> tuple[_Blocker, ...]:
    """Return what would be refused now: live disks first."""
    pool, vm, row = refusals.pool, refusals.vm, refusals.row
    if pool is None or row is None:
        return ()
    if vm is None:
        return (_Blocker(row=row, of=None),) if row.cbt_enabled else ()
    keys = {vm.uuid, vm.ref} - {""}
    snapshots = {each.uuid: each for each in pool.vms if each.snapshot_of in keys}
    own: dict[str, _Blocker] = {}
    for vbd in pool.vbds:
        holder, disk = pool.vm(vbd.vm), pool.vdi(vbd.vdi)
        mine = holder is not None and (holder is vm or holder.uuid in snapshots)
        if mine and disk is not None and disk.cbt_enabled and not is_metadata(disk):
            own[disk.uuid] = _Blocker(row=disk, of=None if holder is vm else holder)
    return tuple(sorted(own.values(), key=lambda each: (each.of is not None, each.row.uuid)))


def _finding_of_refusals(text: RuleText, refusals: _Refusals) -> Finding:
    blockers = _blockers_now(refusals)
    told, severity = _title_and_severity(text, refusals, blockers)
    first, last = refusals.events[0].moment, refusals.events[-1].moment
    count = _number_of_calls(refusals.events)
    once = say("once, at {at}", at=last)
    often = (
        once
        if count == 1
        else say("{count} times, from {first} to {last}", count=count, first=first, last=last)
    )
    values = {
        "what": _refused_in_words(refusals),
        "method": listed(sorted({event.fields["method"] for event in refusals.events})),
        "often": often,
        "blockers": _in_words(blockers),
    }
    return found(
        text,
        told,
        basis=Basis.BOTH if blockers else Basis.SYMPTOM,
        confidence=Confidence.CERTAIN,
        severity=severity,
        subjects=_subjects_of_refusal(refusals, blockers),
        rows=[*({**values, **_step_of_blocker(each)} for each in blockers), values],
        evidence=(
            *quote_ends(refusals.events),
            *tuple(
                quote_row(each.row, "cbt_enabled", "is_a_snapshot", "snapshot_of")
                for each in blockers[:_MOST]
            ),
        ),
        events=refusals.events,
        count=_number_of_calls(refusals.events),
    )


def _title_and_severity(
    text: RuleText, refusals: _Refusals, blockers: Sequence[_Blocker]
) -> tuple[tuple[str, str], Severity | None]:
    if refusals.boot:
        return text.case("boot"), Severity.INFO
    if blockers:
        return (text.title, text.detail), None
    if refusals.pool is not None and refusals.pool.complete:
        return text.case("over"), Severity.INFO
    return text.case("unknown"), None


def _number_of_calls(events: Sequence[Event]) -> int:
    """Return how many calls the lines are of: one call is logged up to four times."""
    count, last = 0, None
    for event in events:
        if last is None or not near(last, event, _ONE_CALL):
            count, last = count + 1, event
    return count


def _refused_in_words(refusals: _Refusals) -> str:
    row, vm = refusals.row, refusals.vm
    if row is None:
        return f"a disk that the database has not ({refusals.ref})"
    kind = "snapshot" if row.is_a_snapshot else "disk"
    of = f" of VM {named(vm.name_label, vm.uuid)}" if vm else ""
    return f"{kind} {named(row.name_label, row.uuid)}{of}"


def _in_words(blockers: Sequence[_Blocker]) -> str:
    live = [named(each.row.name_label, each.row.uuid) for each in blockers if each.of is None]
    old = [each.row.uuid for each in blockers if each.of is not None]
    parts = [f"disk {listed(live[:_MOST])}"] if live else []
    parts += [f"snapshot {listed(old[:_MOST])}"] if old else []
    more = max(len(live) - _MOST, 0) + max(len(old) - _MOST, 0)
    return listed([*parts, *([f"{more} more"] if more else [])])


def _step_of_blocker(blocker: _Blocker) -> Row:
    row = blocker.row
    if blocker.of is not None:
        return {
            "snapshot": row.uuid,
            "snapshot_disk": blocker.of.name_label or blocker.of.uuid,
            "snapshot_vm": blocker.of.uuid,
        }
    if row.is_a_snapshot:  # of no VM: its CBT cannot be turned off, and nothing moves it along
        return {}
    return {"live": row.uuid, "live_disk": named(row.name_label, row.uuid)}


def _subjects_of_refusal(refusals: _Refusals, blockers: Iterable[_Blocker]) -> tuple[Subject, ...]:
    row, vm = refusals.row, refusals.vm
    own = [Subject(type="VM", uuid=vm.uuid, name=vm.name_label)] if vm else []
    own.append(
        Subject(
            type="VDI", uuid=row.uuid if row else refusals.ref, name=row.name_label if row else None
        )
    )
    own += [Subject(type="VDI", uuid=each.row.uuid, name=each.row.name_label) for each in blockers]
    return tuple(dict.fromkeys(own))
