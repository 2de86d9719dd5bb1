"""Chains: logs joined by their child pointers, and where a pointer leads nowhere."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from analyzer.model.cbt import NO_LOG, CbtChain, CbtLog, Change
from analyzer.model.finding import Confidence
from analyzer.model.terms import METADATA_TYPES
from analyzer.model.xapi import Vdi
from analyzer.rebuilt.cbt.replay import Key

Logs = Mapping[str, CbtLog]  # of one SR, by disk


def chains_of(now: Mapping[Key, CbtLog], vdis: Mapping[Key, Vdi]) -> tuple[CbtChain, ...]:
    """Return the chains of all SRs, ordered by SR and oldest log.

    A log is joined to its child if that one is there and does not name another parent; several
    logs may point to one (an old pointer that nobody took back), so only one of them is joined.
    """
    chains: list[CbtChain] = []
    of_srs: dict[str, dict[str, CbtLog]] = {}
    for (sr, disk), log in sorted(now.items()):
        of_srs.setdefault(sr, {})[disk] = log
    for sr, logs in of_srs.items():
        there = {
            disk: log for disk, log in logs.items() if log.exists is not None and log.exists.value
        }
        # Return disk → the disk whose log follows; no two lead to the same.
        named: dict[str, list[str]] = {}
        for following_disk, following_log in there.items():
            child = _child_named(following_log)
            if child and child in there and child != following_disk:
                named.setdefault(child, []).append(following_disk)
        following: dict[str, str] = {}
        for child, following_disks in named.items():
            parent = there[child].parent
            if parent is None or parent.confidence is Confidence.POSSIBLE:
                fits = following_disks if len(following_disks) == 1 else []
            else:
                fits = [
                    following_disk
                    for following_disk in following_disks
                    if following_disk == parent.value
                ]
            following.update(dict.fromkeys(fits, child))
        paths = _paths_of_logs(there, following)
        chains += [_chain_of_disks(sr, disks, logs, vdis) for disks in paths]
    return tuple(chains)


def _child_named(log: CbtLog) -> str | None:
    """Return what a log's child pointer names, None where that is not sure enough to draw."""
    known = log.child
    return None if known is None or known.confidence is Confidence.POSSIBLE else known.value


def _paths_of_logs(logs: Logs, following: Mapping[str, str]) -> Sequence[tuple[str, ...]]:
    """Return the paths from each log that follows none; a circle begins at its first disk."""
    led_to = set(following.values())
    starts = [disk for disk in logs if disk not in led_to]
    paths: list[tuple[str, ...]] = []
    seen: set[str] = set()
    for start in (*starts, *logs):
        path: list[str] = []
        disk: str | None = start
        while disk is not None and disk not in seen:
            seen.add(disk)
            path.append(disk)
            disk = following.get(disk)
        if path:
            paths.append(tuple(path))
    return sorted(paths)


def _chain_of_disks(
    sr: str,
    disks: Sequence[str],
    logs: Logs,
    vdis: Mapping[Key, Vdi],
) -> CbtChain:
    last = logs[disks[-1]]
    breaks = {disks[-1]: words} if (words := _why_chain_ends(last, disks, logs)) else {}
    # Whether a log is that of a disk in use, not of a snapshot.
    vdi = vdis.get((sr, last.uuid))
    if vdi is not None and vdi.is_a_snapshot is not None:
        is_live = not vdi.is_a_snapshot and vdi.type not in METADATA_TYPES
    else:
        made = [c.change for c in last.changes if c.change in (Change.CREATED, Change.ARRIVED)]
        is_live = bool(made) and made[-1] is Change.CREATED
    live = last.uuid if is_live else None
    return CbtChain(
        sr=sr,
        live=live,
        logs=tuple(logs[disk] for disk in disks),
        breaks=MappingProxyType(breaks),
    )


def _why_chain_ends(log: CbtLog, disks: Sequence[str], logs: Logs) -> str:
    """Say why a chain ends at a log although it may go on; "" where the log says it ends."""
    child = _child_named(log)
    if child is None:
        return "what its child pointer names is not known"
    if child == NO_LOG:
        return ""
    if child in disks:
        return f"its child pointer leads back to {child}: a circle"
    next_log = logs.get(child)
    if next_log is None or next_log.exists is None:
        return f"its child pointer names {child}, and whether that log is there is not known"
    if not next_log.exists.value:
        return f"its child pointer names {child}, whose log is not there"
    parent = next_log.parent
    if parent is None or parent.confidence is Confidence.POSSIBLE:
        return f"its child pointer names {child}, as that of another log does"
    named = f"names {parent.value}" if parent.value else "has none"
    return f"its child pointer names {child}, whose parent pointer {named}: stale"
