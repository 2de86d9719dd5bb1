"""Chains of images that come close to SM's limit, counted along ``sm_config:vhd-parent``.

Source: sm `vhdutil.py` MAX_CHAIN_SIZE, asked for at each snapshot (`LVHDSR._snapshot`,
`FileSR._snapshot`). SM writes the parent of an image into its row when it scans; a row may still
name a parent that the collector has removed, so only images that have a row of their own count.
"""

from collections.abc import Iterator, Sequence

from analyzer.case.case import Case
from analyzer.case.pool import PoolState
from analyzer.checks.observation import Observation
from analyzer.checks.tools.finding import found, listed, named, quote_row
from analyzer.model.finding import Basis, Confidence, Finding, Severity, Subject
from analyzer.model.rule import RuleText
from analyzer.model.xapi import Vdi

_MOST = 30
_CLOSE = 25
_COUNTED = 100  # no SR holds a longer one
_SHOWN = 6
_PARENT = "vhd-parent"


def examine(case: Case, text: RuleText) -> Iterator[Observation]:
    """Yield a finding for each SR with chains that are too long, or nearly."""
    for pool in case.pools:
        images = {row.uuid: row for row in pool.vdis}
        by_sr: dict[str, list[tuple[Vdi, int]]] = {}
        for row in pool.vdis:
            length = _length(images, row) if row.managed is not False else 0
            if length >= _CLOSE:
                by_sr.setdefault(row.sr or "", []).append((row, length))
        for sr, disks in sorted(by_sr.items()):
            yield _finding(text, pool, sr, sorted(disks, key=lambda each: (-each[1], each[0].uuid)))


def _length(images: dict[str, Vdi], row: Vdi) -> int:
    """Return how many images a disk consists of, its own among them."""
    seen = {row.uuid}
    while (parent := images.get((row.sm_config or {}).get(_PARENT, ""))) is not None:
        if parent.uuid in seen or len(seen) == _COUNTED:
            break
        seen.add(parent.uuid)
        row = parent
    return len(seen)


def _finding(
    text: RuleText, pool: PoolState, ref: str, disks: Sequence[tuple[Vdi, int]]
) -> Finding:
    storage = pool.sr(ref)
    sr = storage.uuid if storage else ref
    name = (storage.name_label if storage else None) or sr
    longest = disks[0][1]
    shown = [f"{length} of disk {named(row.name_label, row.uuid)}" for row, length in disks]
    more = len(shown) - _SHOWN
    shown = [*shown[:_SHOWN], *([f"those of {more} more disks"] if more > 0 else [])]
    values = {
        "sr": sr,
        "sr_name": name,
        "longest": str(longest),
        "disks": listed(shown),
        "left": str(_MOST - longest),
    }
    full = longest >= _MOST
    return found(
        text,
        text.case("full") if full else (text.title, text.detail),
        basis=Basis.STATE,
        confidence=Confidence.LIKELY,
        severity=Severity.ERROR if full else None,
        subjects=(
            Subject(type="SR", uuid=sr, name=name),
            *(Subject(type="VDI", uuid=row.uuid, name=row.name_label) for row, _ in disks[:_SHOWN]),
        ),
        rows=[values],
        evidence=tuple(quote_row(row, "sm_config") for row, _ in disks[:_SHOWN]),
        count=len(disks),
    )
