"""What people call the disks of findings: VM/disk, and of a snapshot what it is of and when."""

from collections.abc import Sequence
from dataclasses import replace

from analyzer.case.case import Case
from analyzer.model.finding import Outcome, Subject
from analyzer.model.terms import CBT_METADATA
from analyzer.model.xapi import Vdi
from analyzer.story.disks.life import snapshot_time


def with_disks_called(case: Case, outcomes: Sequence[Outcome]) -> tuple[Outcome, ...]:
    """Return the outcomes with the disks of their findings named as people name them."""

    def told(subject: Subject) -> Subject:
        row = case.world.vdi(subject.uuid) if subject.type == "VDI" else None
        if row is None:
            return subject
        taken = snapshot_time(row) if _is_of_another(row) else None
        return replace(subject, told=_disk_in_words(case, row), taken=taken)

    return tuple(
        replace(
            outcome,
            findings=tuple(
                replace(finding, subjects=tuple(map(told, finding.subjects)))
                for finding in outcome.findings
            ),
        )
        if outcome.findings
        else outcome
        for outcome in outcomes
    )


def _is_of_another(row: Vdi) -> bool:
    return bool(row.is_a_snapshot or row.type == CBT_METADATA)


def _disk_in_words(case: Case, row: Vdi) -> str | None:
    if not _is_of_another(row):
        return _live_in_words(case, row)
    # A label that only repeats the name of the disk is none.
    kind = "metadata disk" if row.type == CBT_METADATA else "snapshot"
    disk = case.world.vdi(row.snapshot_of)
    machines = [vm for vbd in case.world.vbds_of(row) if (vm := case.world.vm(vbd.vm))]
    label = next((vm.name_label for vm in machines if vm.is_a_snapshot and vm.name_label), "")
    if not label and (disk is None or row.name_label != disk.name_label):
        label = row.name_label or row.uuid
    named = f'{kind} "{label}"' if label else kind
    of = (_live_in_words(case, disk) or disk.name_label or disk.uuid) if disk else ""
    return f"{named} of {of}" if of else named


def _live_in_words(case: Case, row: Vdi) -> str | None:
    """Return "VM/disk" where the disk is of one VM, None else."""
    every = (case.world.vm(vbd.vm) for vbd in case.world.vbds_of(row))
    vms = {vm.uuid: vm for vm in every if vm and not (vm.is_control_domain or vm.is_a_snapshot)}
    if len(vms) != 1 or not row.name_label:
        return None
    (vm,) = vms.values()
    return f"{vm.name_label or vm.uuid}/{row.name_label}"
