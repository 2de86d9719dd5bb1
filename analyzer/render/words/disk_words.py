"""Disks with CBT in words: one line a disk, and the order in which pages show them."""

from analyzer.model.disk import BreakKind, DiskChain, DiskState, DiskView
from analyzer.render.words.view import counted

TONES = {
    DiskState.BROKEN: "error",
    DiskState.UNPROVEN: "unsure",
    DiskState.SOUND: "clear",
    DiskState.OFF: "context",
}


def disk_name(disk: DiskView) -> str:
    """Return what a disk is called: its name, its uuid, or that nobody knows it."""
    if disk.vdi is None:
        return "logs of a disk that the database does not have"
    return disk.vdi.name or disk.vdi.uuid


def disk_place(disk: DiskView) -> str:
    """Return the VMs and the SR of a disk."""
    vms = ", ".join(vm.name or vm.uuid for vm in disk.vms)
    where = f"on SR {disk.sr.name or disk.sr.uuid or 'unknown'}"
    return f"of VM {vms} {where}" if vms else where


def chain_facts(chain: DiskChain) -> str:
    """Return how many logs, what is not known of them, and what is broken."""
    faults = sum(found.kind is BreakKind.FAULT for found in chain.breaks)
    stale = sum(link.stale for link in chain.links)
    unseen = sum(log.exists is None for log in chain.logs)
    unknown = sum(found.kind is BreakKind.UNKNOWN for found in chain.breaks)
    facts = [counted(len(chain.logs), "log") if chain.logs else "no log is known"]
    facts += [counted(faults, "break")] if faults else []
    facts += [counted(stale, "stale pointer")] if stale else []
    facts += [f"{unseen} not seen"] if unseen else []
    facts += [f"{counted(unknown, 'pointer')} not known"] if unknown else []
    return ", ".join(facts)


def disk_line(disk: DiskView) -> str:
    """Return a disk on one line."""
    uuid = f" ({disk.vdi.uuid})" if disk.vdi and disk.vdi.name else ""
    line = f"{disk_name(disk)}{uuid} {disk_place(disk)}: {disk.state}; {chain_facts(disk.chain)}"
    if disk.findings:
        line += f"; findings {', '.join(disk.findings)}"
    return line


def notable(disk: DiskView) -> bool:
    """Tell whether a page shows a disk open and first: a finding or a break is about it."""
    return bool(disk.findings) or disk.state is DiskState.BROKEN
