"""What stood around a refused call: who held the disk, how long it ran, what came before."""

import re
from collections.abc import Iterator, Sequence
from datetime import timedelta

from analyzer.case.case import Case
from analyzer.case.errors.trouble import Trouble
from analyzer.checks.tools.finding import named, quote, quote_row
from analyzer.model.finding import Evidence
from analyzer.model.operation import Result
from analyzer.model.sentence import say
from analyzer.model.terms import CBT_METADATA
from analyzer.model.xapi import Vbd, Vdi, Vm
from analyzer.rebuilt.calls.operations import sm_operations_of_disks
from analyzer.rebuilt.calls.tasks import Task, tasks_by_reference
from analyzer.values import dataclass

RENAMED = "storage-call-refused.renamed"
# xapi makes VDI_IN_USE, without parameters, of SM's code 24 (xen-api, sm_exec.ml).
_HELD = frozenset({"VDI_IN_USE", "SR_BACKEND_FAILURE_24"})
# VDIUnavailable: SM finds no file or volume of the disk (sm, FileSR.py and LVHDSR.py).
_NOT_AVAILABLE = frozenset({"SR_BACKEND_FAILURE_46"})
_FAILED = re.compile(r" ([RD]:[0-9a-f]{12}) failed with exception ")
_LONG = timedelta(hours=1)
_TWELVE = timedelta(hours=12)
_SLACK = timedelta(minutes=15)
_BEFORE = timedelta(hours=1)
_SOON = timedelta(minutes=2)
_LETTING_GO = frozenset({"vdi_deactivate", "vdi_detach"})
_MOST = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstance:
    """One thing that stood around a refusal: a sentence, what to do about it, what shows it.

    ``next_step`` has the fields host, sr and disk, and as a sentence values of its own: names of
    a bundle are never part of its template, in which commands are looked for. ``holder`` is the
    uuid of a VM snapshot that has to go first.
    """

    words: str
    next_step: str = ""
    holder: str = ""
    evidence: tuple[Evidence, ...] = ()


def circumstances(case: Case, trouble: Trouble, disk: str) -> tuple[Circumstance, ...]:
    """Return what is known around a refusal for a disk, "" for none."""
    row = case.world.vdi(disk)
    found = [*_kind_of_disk(trouble, row), *_holders_of_disk(case, trouble, row)]
    found += [*_how_long(case, trouble), *_renamed_elsewhere(case, trouble, disk)]
    found += [*_let_go_after(case, trouble, disk), *_hidden_image(trouble)]
    return tuple(found)


def task_of(case: Case, trouble: Trouble) -> Task | None:
    """Return the task whose call ended so, None where no line names one."""
    known = tasks_by_reference(case)
    names = [spot.task for spot in trouble.spots if spot.task]
    names += [found[1] for line in trouble.evidence if (found := _FAILED.search(line.text))]
    return next((known[name] for name in names if name in known), None)


def _kind_of_disk(trouble: Trouble, row: Vdi | None) -> Iterator[Circumstance]:
    if row is None or row.type != CBT_METADATA or trouble.process != "SM":
        return
    yield Circumstance(
        words="Of that disk only the CBT log is left, its data was destroyed: SM loads a disk by "
        "its image, so calls that need one cannot work for it, and nothing is broken.",
        next_step="Do not call it for such a disk; what xapi knows of it a scan brings up to date: "
        "xe sr-scan uuid={sr}",
        evidence=(quote_row(row, "type", "cbt_enabled"),),
    )


def _holders_of_disk(case: Case, trouble: Trouble, row: Vdi | None) -> Iterator[Circumstance]:
    """Tell which VBDs the database has of a disk that was in use."""
    if row is None or trouble.code not in _HELD:
        return
    held = [(vbd, case.world.vm(vbd.vm)) for vbd in case.world.vbds_of(row)]
    if not held:
        return
    listed = "; ".join(_vbd_words(vbd, vm) for vbd, vm in held[:_MOST])
    words = say("When the report was made it was on {listed}.", listed=listed)
    step: str = ""
    holder = ""
    if any("data_destroy" in call for call in trouble.calls):
        snapshots = [vm for _, vm in held if vm is not None and vm.is_a_snapshot]
        words = say(
            "{words} data_destroy needs a disk without any VBD, plugged or not, that of a snapshot "
            "(with or without memory) too.",
            words=words,
        )
        holder = snapshots[0].uuid if snapshots else ""
    doubled = _vm_with_disk_twice(held)
    if doubled is not None:
        words = say(
            "{words} VM {vm} has it twice: so it is after a revert that did not remove the VBDs "
            "from before it (xapi 26.1.4-3.3 of XCP-ng; 26.1.11-1.3 does).",
            words=words,
            vm=named(doubled.name_label, doubled.uuid),
        )
        step = say(
            "With VM {vm} shut down, find the VBD that the snapshot does not have and remove it, "
            "which keeps the disk: xe vbd-list vm-uuid={vm_uuid} params=uuid,userdevice,vdi-uuid",
            vm=named(doubled.name_label, doubled.uuid),
            vm_uuid=doubled.uuid,
        )
    proof = tuple(
        quote_row(vbd, "VM", "VDI", "userdevice", "currently_attached") for vbd, _ in held
    )
    yield Circumstance(words=words, next_step=step, holder=holder, evidence=proof[:_MOST])


def _vbd_words(vbd: Vbd, vm: Vm | None) -> str:
    plugged = "plugged" if vbd.currently_attached else "not plugged"
    if vm is None:
        return f"a VBD of an unknown VM ({plugged})"
    kind = "snapshot" if vm.is_a_snapshot else "VM"
    if vm.is_control_domain:
        return f"a VBD of the control domain {vm.name_label or vm.uuid} ({plugged})"
    return f"device {vbd.userdevice} of {kind} {vm.name_label or vm.uuid} ({plugged})"


def _vm_with_disk_twice(held: Sequence[tuple[Vbd, Vm | None]]) -> Vm | None:
    """Return a VM that has the disk more than once."""
    seen: set[str] = set()
    for _, vm in held:
        if vm is None or vm.is_control_domain or vm.is_a_snapshot:
            continue
        if vm.uuid in seen:
            return vm
        seen.add(vm.uuid)
    return None


def _how_long(case: Case, trouble: Trouble) -> Iterator[Circumstance]:
    """Tell for how long a call had run that is usually done in minutes."""
    task = task_of(case, trouble)
    if task is None or trouble.count > 1 or not task.first.year_known:
        return
    ran = trouble.first.at - task.first.at
    if ran < _LONG:
        return
    hours, minutes = divmod(round(ran / timedelta(minutes=1)), 60)
    words = f"The call had run for {hours} h {minutes:02} min."
    step = ""
    if trouble.code == "CANNOT_CONTACT_HOST" and timedelta() <= ran - _TWELVE <= _SLACK:
        words += (
            " That is the 12 hours after which stunnel ends a connection on which nothing was "
            "said: the host was not away. xapi before 24.37 waits so for a disk that is moved."
        )
        step = (
            "Move the disk with its VM, or while the VM is off, or in less than 12 hours; an "
            "update to xapi 24.37 or later mends it: rpm -q xapi-core (on the coordinator)"
        )
    yield Circumstance(
        words=words, next_step=step, evidence=tuple(quote(event) for event in task.events[:1])
    )


def _renamed_elsewhere(case: Case, trouble: Trouble, disk: str) -> Iterator[Circumstance]:
    """Tell whether another host had given the disk's volume its name shortly before.

    The collector does so at the end of a leaf coalesce; hosts on which the disk is not active were
    not told before sm 3.2.12-12 (CA-413899), and go on with the device of the old volume.
    """
    if not disk or trouble.code not in _NOT_AVAILABLE:
        return
    for event in case.events.of(RENAMED):
        near = event.fields.get("vdi") == disk and event.moment.within(trouble.first, _BEFORE)
        if near and event.host != trouble.host and event.moment.certainly_before(trouble.first):
            yield Circumstance(
                words=say(
                    "{host} had given the disk's volume its name at {at}, as the garbage collector "
                    "does when it merged a disk with its parent; {other} was not told, and "
                    "went by what it knew of the volumes before. From sm 3.2.12-12 on a host "
                    "looks anew when it activates a disk.",
                    host=event.host,
                    at=event.moment,
                    other=trouble.host,
                ),
                next_step="Try again; where it still fails, start the VM on another host, or let "
                "{host} read the volume anew and try again; an update of sm does that by itself: "
                "lvchange --refresh VG_XenStorage-{sr}/VHD-{disk} "
                "--config 'global{metadata_read_only=0}' (on {host})",
                evidence=(quote(event),),
            )
            return


def _let_go_after(case: Case, trouble: Trouble, disk: str) -> Iterator[Circumstance]:
    """Tell whether SM let the disk go only after the refusal (xen-api#4339).

    An export ends for its client before its VBD is unplugged, and xapi waits four seconds for that.
    """
    if not disk or trouble.code not in _HELD:
        return
    for call in sm_operations_of_disks(case).get(disk, ()):
        let_go = call.name in _LETTING_GO and call.result is not Result.FAILED
        if not let_go or not trouble.last.certainly_before(call.last):
            continue
        if call.last.at - trouble.last.at <= _SOON:
            seconds = round((call.last.at - trouble.last.at).total_seconds())
            yield Circumstance(
                words=f"{call.host} let the disk go {seconds} s after that: a client is told that "
                "its export has ended before the disk is detached, and xapi waits four seconds.",
                next_step="Let the client try again some seconds later, as newer ones do; where it "
                "is refused often, look why detaching is slow",
                evidence=(quote(call.lines[-1]),),
            )
            return


def _hidden_image(trouble: Trouble) -> Iterator[Circumstance]:
    """Tell what a mark on the image means that the garbage collector sets for a moment."""
    if "opterr=hidden VDI" in trouble.text:
        yield Circumstance(
            words='The image is marked as "hidden": the garbage collector does that to the parent '
            "of what it merges, and a collector that was ended in that moment leaves it on a disk.",
            next_step="While no collector works on the SR, and the disk is one that a VM uses, "
            "take the mark off: vhd-util set -n <image of {disk}> -f hidden -v 0 (on {host})",
        )
