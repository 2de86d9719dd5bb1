"""Disks as the page shows them: by SR and VM, those with findings open, a limit for the others."""

from collections import Counter
from collections.abc import Mapping
from itertools import groupby
from typing import Any

from analyzer.model.disk import DiskState, DiskView
from analyzer.model.finding import Subject
from analyzer.model.report import Report
from analyzer.render.html.chain_drawing import ChainDrawing, chain_drawing
from analyzer.render.words.chain_text import onwards_words
from analyzer.render.words.disk_words import TONES, chain_facts, disk_name, notable
from analyzer.render.words.view import counted
from analyzer.values import dataclass

MOST_DISKS = 100
MOST_NOTABLE = 500  # each with its chain and findings, 3 kB: of more the page has no room


@dataclass(frozen=True, slots=True, kw_only=True)
class DiskItem:
    """A disk and what the page says around it; ``onwards`` is log → how the chain goes on."""

    disk: DiskView
    anchor: str
    name: str
    vms: str
    facts: str
    tone: str
    drawing: ChainDrawing | None
    onwards: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class DiskGroup:
    """The disks of one SR."""

    sr: Subject
    type: str | None
    items: tuple[DiskItem, ...]


def disk_groups(report: Report) -> tuple[DiskGroup, ...]:
    """Return the disks by SR: those with findings first, then by VM, as many as fit."""
    numbered: list[DiskItem] = []
    for number, disk in enumerate(_disks_shown(report), 1):
        chain = disk.chain
        numbered.append(
            DiskItem(
                disk=disk,
                anchor=f"disk-{number}",
                name=disk_name(disk),
                vms=", ".join(vm.name or vm.uuid for vm in disk.vms),
                facts=chain_facts(chain),
                tone=TONES[disk.state],
                drawing=chain_drawing(chain) if chain.logs else None,
                onwards=onwards_words(chain),
            )
        )
    groups = groupby(numbered, key=lambda item: (item.disk.pool, item.disk.sr))
    return tuple(
        DiskGroup(sr=sr, type=own[0].disk.sr_type, items=tuple(own))
        for (_, sr), group in groups
        if (own := sorted(group, key=lambda item: (not notable(item.disk), item.vms, item.name)))
    )


def disk_context(report: Report) -> dict[str, Any]:
    """Return what the template of the disks needs."""
    groups = disk_groups(report)
    items = [item for group in groups for item in group.items]
    anchors = {log.uuid: item.anchor for item in items for log in item.disk.chain.logs}
    anchors |= {item.disk.vdi.uuid: item.anchor for item in items if item.disk.vdi}
    hidden = max(sum(map(notable, report.disks)) - MOST_NOTABLE, 0)
    if not report.disks:
        facts_of_disks = "none with CBT is known"
    else:
        states = Counter(disk.state for disk in report.disks)
        told = [f"{states[state]} {state}" for state in DiskState if states[state]]
        facts_of_disks = f"{counted(len(report.disks), 'disk')} with CBT: {', '.join(told)}"
    return {
        "disk_groups": groups,
        "disk_anchors": anchors,
        "shown_disks": len(items),
        "hidden_disks": len(report.disks) - len(items) - hidden,
        "hidden_notable": hidden,
        "disk_facts": facts_of_disks,
    }


def _disks_shown(report: Report) -> list[DiskView]:
    worst = [disk for disk in report.disks if notable(disk)]
    others = [disk for disk in report.disks if not notable(disk)]
    room = max(MOST_DISKS - len(worst), 0)
    kept = {id(disk) for disk in (*worst[:MOST_NOTABLE], *others[:room])}
    return [disk for disk in report.disks if id(disk) in kept]
