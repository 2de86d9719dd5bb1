"""A VM for the terminal: its disks and how they stand, findings, what to do."""

from collections.abc import Iterator, Sequence

from analyzer.model.disk import DiskView
from analyzer.model.finding import Finding
from analyzer.model.pages import DiskPage
from analyzer.model.plan import Plan
from analyzer.model.vm_view import VmView
from analyzer.render.terminal.found_text import found_text
from analyzer.render.terminal.plan_text import plan_text
from analyzer.render.words.disk_words import chain_facts, disk_name
from analyzer.render.words.view import visible

_FLAGS = {True: "on", False: "off", None: "not known"}


def vm_text(
    vm: VmView, disks: Sequence[DiskPage], findings: Sequence[Finding], plans: Sequence[Plan]
) -> str:
    """Return the page of a VM with what was found of it and its disks, and what to do."""
    identity_of_view: list[str] = []
    where = f" on {visible(vm.host.called)}" if vm.host else ""
    identity_of_view.append(visible(vm.vm.called))
    identity_of_view.append(f"  VM     {vm.vm.uuid} ({vm.kind})")
    identity_of_view.append(f"  state  {visible(vm.state or 'not known')}{where}")
    identity_of_view.append(f"  pool   {visible(vm.pool.called if vm.pool else 'unknown')}")
    lines = [*identity_of_view, "", "DISKS"]
    lines += [line for disk in disks for line in _disk_lines(disk.view)]
    lines += [] if disks else ["  none is known"]
    lines += ["", "FINDINGS", *found_text(findings), *plan_text(plans)]
    return "\n".join(line.rstrip() for line in lines) + "\n"


def _disk_lines(disk: DiskView) -> Iterator[str]:
    uuid = disk.vdi.uuid if disk.vdi else "not in the database"
    sr = visible(disk.sr.name or disk.sr.uuid or "unknown")
    yield f"  {visible(disk_name(disk))}  {uuid}  on SR {sr}"
    trouble = f"; {disk.trouble}" if disk.trouble else ""
    flag = _FLAGS[disk.cbt_enabled]
    yield f"      CBT {flag} in the database; {disk.state}; {chain_facts(disk.chain)}{trouble}"
