"""What known defects look like: lines and runs of SM that fit one, on which host, which disk."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from types import MappingProxyType

from analyzer.case.case import Case
from analyzer.case.time.order import mark
from analyzer.checks.defects.defects import Symptom
from analyzer.checks.tools.chain_facts import gone
from analyzer.checks.tools.log_disk import is_metadata
from analyzer.checks.tools.lost_tracking import During, losses
from analyzer.checks.tools.sm_runs import code_of, runs, runs_of, visited
from analyzer.model.event import Event
from analyzer.model.finding import Confidence
from analyzer.model.operation import Operation, Result
from analyzer.model.terms import VOLUME_TYPES
from analyzer.model.xapi import Sr
from analyzer.rebuilt.cbt.history import cbt_history
from analyzer.rebuilt.cbt.log_paths import FILE_TYPES
from analyzer.values import dataclass

RULE = "known-defect"
_UNRELATED = 460  # what list_changed_blocks ends with off a chain (sm, VDI.py)
_SAME_TIME = timedelta(seconds=10)
_SAME_CAUSE = timedelta(hours=1)
_OTHER_REASONS = ("insufficient space", "No space left", "Failed to pause VDI")
_TROUBLE = ("storage-trouble.nfs", "storage-trouble.block", "storage-trouble.filesystem")
_NO_TEXT = ("codec can't decode", "UnicodeDecodeError")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """A symptom seen once: its lines, the first of them on the host whose package counts."""

    lines: tuple[Event, ...]
    vdi: str | None = None
    sr: str | None = None
    confidence: Confidence = Confidence.LIKELY


Look = Callable[[Case], Iterator[Sighting]]


def sightings(case: Case, symptom: Symptom) -> tuple[Sighting, ...]:
    """Return every time that a symptom was seen."""
    return tuple(_LOOKS[symptom](case))


def _comparison_from_metadata(case: Case) -> Iterator[Sighting]:
    """Yield comparisons from a metadata disk on a file SR, refused before any log was read."""
    for run in runs(case, "vdi_list_changed_blocks"):
        known = case.world.vdi(run.vdi or "")
        row = _sr_of_run(case, run)
        refused = (
            run.result is Result.FAILED
            and any(code_of(raised) == _UNRELATED for raised in run.raised)
            and not visited(run)
        )
        if not refused or run.commands or row is None or row.type not in FILE_TYPES:
            continue
        lost = gone(cbt_history(case).at(row.uuid, run.vdi or "", run.entry or run.first))
        if known and is_metadata(known) and known.cbt_enabled is not False and not lost:
            yield _of_run(run)


def _scan_index(case: Case) -> Iterator[Sighting]:
    for run in runs(case, "sr_scan"):
        row = _sr_of_run(case, run)
        said = any("list index out of range" in raised.text for raised in run.raised)
        if (
            said
            and row is not None
            and row.type in VOLUME_TYPES
            and any(
                is_metadata(vdi) and vdi.sr in (row.ref, row.uuid)
                for pool in case.pools
                for vdi in pool.vdis
            )
        ):
            yield _of_run(run)


def _enable_after_disable(case: Case) -> Iterator[Sighting]:
    """Yield failures to turn CBT on again for a disk of a shared LVM SR."""
    off: dict[str, Operation] = {}
    for run in runs(case, "vdi_disable_cbt", "vdi_enable_cbt"):
        if run.name == "vdi_disable_cbt" and run.result is Result.SUCCEEDED and run.vdi:
            off[run.vdi] = run
        elif run.name == "vdi_enable_cbt" and run.result is Result.FAILED and run.vdi in off:
            row = _sr_of_run(case, run)
            shared = row is not None and row.type in VOLUME_TYPES and row.shared is True
            shared = shared and _has_supporter(case, row)
            other = any(word in one.text for one in run.raised for word in _OTHER_REASONS)
            if shared and not other:
                before = off[run.vdi].entry
                yield _of_run(run, *([before] if before else []))


def _has_supporter(case: Case, row: Sr | None) -> bool:
    """Tell whether another host of the pool can have written or held what is on the SR."""
    pools = [pool for pool in case.pools if row is None or pool.sr(row.uuid) is row]
    return any(len(pool.hosts) > 1 for pool in pools)


def _metadata_checksum(case: Case) -> Iterator[Sighting]:
    """Yield passing checksum faults in a pool where another host can have been writing."""
    if _has_supporter(case, None):
        for sighting in _look_for_line("metadata-checksum")(case):
            if len(sighting.lines) == 1:  # what goes on for hours is no race
                yield sighting


def _nbd_timeout(case: Case) -> Iterator[Sighting]:
    """Yield time-outs of NBD devices, unless the storage was in trouble at that time."""
    trouble = [event for kind in _TROUBLE for event in case.events.of(kind)]
    for sighting in _look_for_line("nbd-timeout")(case):
        near = (
            event.moment.within(line.moment, _SAME_CAUSE)
            for event in trouble
            for line in sighting.lines
            if event.source.bundle == line.source.bundle
        )
        if not any(near):
            yield sighting


def _base_left_active(case: Case) -> Iterator[Sighting]:
    """Yield bases that were deleted unused, where a supporter may have had them active."""
    if _has_supporter(case, None):
        for sighting in _look_for_line("unused-base")(case):
            yield replace(sighting, confidence=Confidence.POSSIBLE)


def _bitmap_not_text(case: Case) -> Iterator[Sighting]:
    for run in runs(case, "vdi_list_changed_blocks"):
        if any(word in raised.text for raised in run.raised for word in _NO_TEXT):
            yield _of_run(run)


def _inconsistent_after_read_only(case: Case) -> Iterator[Sighting]:
    """Yield disks found inconsistent shortly after another host activated them read-only."""
    for loss in losses(case, During.ATTACH):
        for run in runs_of(case, loss.vdi, "vdi_activate"):
            other = run.args[:1] == ("false",) and run.host != loss.line.host and run.entry
            if other and run.first.within(loss.line.moment, _SAME_CAUSE):
                assert run.entry is not None
                lines = (loss.line, run.entry)
                yield Sighting(lines=lines, vdi=loss.vdi, sr=run.sr, confidence=Confidence.POSSIBLE)
                break


def _hidden_disk(case: Case) -> Iterator[Sighting]:
    """Yield clones and snapshots refused as hidden, after the collector was told to stop."""
    stops = case.events.of(f"{RULE}.collector-stopped")
    for event in case.events.of(f"{RULE}.hidden"):
        before = [
            stop
            for stop in stops
            if stop.source.bundle == event.source.bundle
            and case.order.surely_before(mark(stop), mark(event))
        ]
        if before and before[-1].moment.within(event.moment, _SAME_CAUSE):
            yield Sighting(lines=(event, before[-1]))


def _look_for_line(name: str) -> Look:
    """Return what looks for a line that is the symptom by itself: one sighting per host."""

    def look(case: Case) -> Iterator[Sighting]:
        hosts: dict[str, list[Event]] = {}
        for event in case.events.of(f"{RULE}.{name}"):
            hosts.setdefault(event.host, []).append(event)
        for own in hosts.values():
            yield Sighting(lines=(own[0], *own[-1:]) if len(own) > 1 else tuple(own))

    return look


def _of_run(run: Operation, *more: Event) -> Sighting:
    lines = [*([run.entry] if run.entry else []), *(raised.event for raised in run.raised[-1:])]
    return Sighting(lines=(*lines, *more), vdi=run.vdi, sr=run.sr)


def _sr_of_run(case: Case, run: Operation) -> Sr | None:
    return case.world.sr(run.sr)


_LOOKS: Mapping[Symptom, Look] = MappingProxyType(
    {
        Symptom.COMPARISON_FROM_METADATA_REFUSED: _comparison_from_metadata,
        Symptom.SCAN_INDEX: _scan_index,
        Symptom.ENABLE_AFTER_DISABLE: _enable_after_disable,
        Symptom.BITMAP_NOT_TEXT: _bitmap_not_text,
        Symptom.INCONSISTENT_AFTER_READ_ONLY: _inconsistent_after_read_only,
        Symptom.DUPLICATE_KEY: _look_for_line("duplicate-key"),
        Symptom.PARENT_NOT_SET: _look_for_line("parent-not-set"),
        Symptom.METADATA_CHECKSUM: _metadata_checksum,
        Symptom.HIDDEN_DISK: _hidden_disk,
        Symptom.NBD_TIMEOUT: _nbd_timeout,
        Symptom.BASE_LEFT_ACTIVE: _base_left_active,
        Symptom.SCAN_TOOL_CRASHED: _look_for_line("scan-tool-crashed"),
        Symptom.RENAME_REFUSED: _look_for_line("rename-refused"),
        Symptom.COLLECTOR_CANNOT_LOAD: _look_for_line("collector-cannot-load"),
    }
)
