"""The volume of a CBT log is too small for the disk's new size (H-14).

Source: sm of XCP-ng 8.3 since 3.2.12-17.2, `_create_cbt_log`: the volume of a log is made for the
disk's size at that time (4 MiB up to 256 GiB) and never extended. A QCOW2 disk can grow beyond what
4 MiB can describe, just under 2 TiB; a VHD disk cannot.
"""

from collections.abc import Iterator

from analyzer.case.case import Case
from analyzer.case.time.order import began, mark
from analyzer.checks.cbt.log_size import EXTENT, MIB, bytes_of_log, volume_for
from analyzer.checks.observation import Observation
from analyzer.checks.tools.chain_facts import disk_subjects, name_of, sure
from analyzer.checks.tools.finding import Row, found, quote, quote_row
from analyzer.checks.tools.sm_runs import argument, cbt_util, log_of, quote_run, runs, succeeded
from analyzer.model.finding import Basis, Confidence, Evidence, Finding
from analyzer.model.operation import Operation, Result
from analyzer.model.rule import RuleText
from analyzer.model.sentence import Size
from analyzer.model.storage import LogicalVolume
from analyzer.model.terms import LOG_SUFFIX, VOLUME_FOLDER, VOLUME_GROUP, VOLUME_TYPES
from analyzer.model.xapi import Vdi
from analyzer.rebuilt.calls.operations import sm_operations
from analyzer.rebuilt.cbt.history import cbt_history
from analyzer.values import dataclass

# With QCOW2 the volume of a log is sized when it is made and never extended: a disk that grows
# beyond it makes `cbt-util set -s` fail (sm, LVHDSR.py).
_MOST_DIGITS = 19


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """How large the volume of a log was, how that is known, and how surely."""

    size: int
    evidence: tuple[Evidence, ...]
    confidence: Confidence


def examine(case: Case, text: RuleText) -> Iterator[Observation]:
    """Look at resizes that failed to resize the log, and at volumes too small for their disks."""
    told: set[str] = set()
    for finding in _by_resize(case, text):
        told |= {subject.uuid for subject in finding.subjects}
        yield finding
    for row, volume in _short_volumes(case):
        if row.uuid not in told:
            assert volume.size is not None
            sr = volume.vg.removeprefix(VOLUME_GROUP)
            yield found(
                text,
                (text.title, text.detail),
                basis=Basis.STATE,
                confidence=Confidence.LIKELY,
                subjects=disk_subjects(case, row.uuid, sr),
                rows=[
                    {
                        **_values_of_volume(case, row.uuid, sr, row.virtual_size or 0, volume.size),
                        "kept": row.uuid,
                    }
                ],
                evidence=(
                    Evidence(source=volume.source, text=volume.text),
                    quote_row(row, "virtual_size"),
                ),
            )


def _by_resize(case: Case, text: RuleText) -> Iterator[Finding]:
    for run in runs(case, "vdi_resize", "vdi_resize_online"):
        for command, value in cbt_util(run, "set", "-s"):
            path = argument(command, "-n")
            number = value.isascii() and value.isdecimal() and len(value) <= _MOST_DIGITS
            failed = command.result is Result.FAILED and path.startswith(VOLUME_FOLDER)
            room = _room_of_volume(case, run, log_of(path)) if failed and number else None
            if room is not None and bytes_of_log(int(value)) > room.size:
                vdi, size = log_of(argument(command, "-n")), int(argument(command, "-s"))
                yield found(
                    text,
                    text.case("resized"),
                    basis=Basis.SYMPTOM,
                    confidence=room.confidence,
                    subjects=disk_subjects(case, vdi, run.sr),
                    rows=[
                        {
                            **_values_of_volume(case, vdi, run.sr or "", size, room.size),
                            "when": run.first,
                            "lost": vdi,
                        }
                    ],
                    evidence=tuple(
                        dict.fromkeys([*quote_run(run), quote(command.event), *room.evidence])
                    ),
                    events=[command.event],
                )


def _room_of_volume(case: Case, run: Operation, vdi: str) -> Room | None:
    """Return the size of the log's volume: as made, or as SM makes it for the size before."""
    for earlier in reversed(sm_operations(case)):
        for command in earlier.commands:
            program = command.argv[0] if command.argv else ""
            made = program.endswith("lvcreate") and argument(command, "-n") == f"{vdi}.cbtlog"
            makes_the_log = made and succeeded(command) and argument(command, "-L").isdecimal()
            if makes_the_log and case.order.surely_before(mark(command.event), began(run)):
                size = -(-int(argument(command, "-L")) * MIB // EXTENT) * EXTENT
                quoted = (quote(command.event),)
                return Room(size=size, evidence=quoted, confidence=Confidence.CERTAIN)
    log = cbt_history(case).at(run.sr, vdi, run.entry or run.first) if run.sr else None
    before = sure(log.size) if log else None
    if log is None or log.size is None or before is None:
        return None
    return Room(
        size=volume_for(before), evidence=(log.size.evidence,), confidence=Confidence.LIKELY
    )


def _short_volumes(case: Case) -> Iterator[tuple[Vdi, LogicalVolume]]:
    """Yield the disks whose log's volume is shorter than the log has to be."""
    volumes = {
        (volume.vg, volume.name): volume
        for report in case.hosts
        if report.lvs
        for volume in report.lvs.volumes
    }
    for pool in case.pools:
        for row in pool.vdis:
            sr = pool.sr(row.sr) if row.sr else None
            if sr is None or sr.type not in VOLUME_TYPES or not row.virtual_size:
                continue
            volume = volumes.get((f"{VOLUME_GROUP}{sr.uuid}", f"{row.uuid}{LOG_SUFFIX}"))
            need = bytes_of_log(row.virtual_size)
            if volume is not None and volume.size is not None and volume.size < need:
                yield row, volume


def _values_of_volume(case: Case, vdi: str, sr: str, size: int, room: int) -> Row:
    return {
        "vdi": vdi,
        "disk": name_of(case, vdi),
        "sr": sr,
        "size": Size(size),
        "need": str(bytes_of_log(size)),
        "room": str(room),
    }
