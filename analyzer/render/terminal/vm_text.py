"""A VM for the terminal: its disks and how they stand, findings, what to do."""

from collections.abc import Iterator

from analyzer.model.disk import DiskView
from analyzer.render.terminal.found_text import found_text
from analyzer.render.terminal.plan_text import plan_text
from analyzer.render.words.disk_words import chain_facts, disk_name
from analyzer.render.words.view import visible
from analyzer.story.pages import VmPage

_FLAGS = {True: "on", False: "off", None: "not known"}


def vm_text(page: VmPage) -> str:
    """Return the page of a VM."""
    lines = [*_identity(page), "", "DISKS"]
    lines += [line for disk in page.disks for line in _disk(disk)]
    lines += [] if page.disks else ["  none is known"]
    lines += ["", "FINDINGS", *found_text(page.findings), *plan_text(page.plans)]
    return "\n".join(line.rstrip() for line in lines) + "\n"


def _identity(page: VmPage) -> Iterator[str]:
    view = page.view
    where = f" on {visible(view.host.called)}" if view.host else ""
    yield visible(view.vm.called)
    yield f"  VM     {view.vm.uuid} ({view.kind})"
    yield f"  state  {visible(view.state or 'not known')}{where}"
    yield f"  pool   {visible(view.pool.called if view.pool else 'unknown')}"


def _disk(disk: DiskView) -> Iterator[str]:
    uuid = disk.vdi.uuid if disk.vdi else "not in the database"
    sr = visible(disk.sr.name or disk.sr.uuid or "unknown")
    yield f"  {visible(disk_name(disk))}  {uuid}  on SR {sr}"
    trouble = f"; {disk.trouble}" if disk.trouble else ""
    flag = _FLAGS[disk.cbt_enabled]
    yield f"      CBT {flag} in the database; {disk.state}; {chain_facts(disk.chain)}{trouble}"
