"""Raw disks, which cannot have CBT: SM's refusal, and what shows that a disk is raw.

Only SM knows: it says `Raw VDI or snapshot not permitted` for both (sm `VDI.py`
configure_blocktracking()). In the database a raw disk of an LVM SR has ``vdi_type=aio`` in
`sm_config`, of a file SR ``type=raw``; its volume is called ``LV-<uuid>``, its file ``<uuid>.raw``.
"""

from collections.abc import Iterable

from analyzer.case.case import Case
from analyzer.checks.calls.call_finding import quoted_row
from analyzer.checks.tools.calls import Call
from analyzer.model.finding import Evidence

NOT_RAW = "by-storage"
_WORDS = "Raw VDI or snapshot not permitted"
# VDIType; a failure of SM without a code of its own reaches xapi as SR_BACKEND_FAILURE
# (sm, VDI.py; xen-api, sm_exec.ml).
_CODES = ("SR_BACKEND_FAILURE_66", "SR_BACKEND_FAILURE")
_RAW = {("vdi_type", "aio"), ("vdi_type", "raw"), ("type", "raw")}
_OTHER = {("vdi_type", "vhd"), ("vdi_type", "qcow2"), ("type", "vhd"), ("type", "qcow2")}


def is_type_error(call: Call) -> bool:
    """Tell whether SM refused to change CBT because of what the disk is."""
    return call.code in _CODES and _WORDS in call.reason


def shown_raw(case: Case, uuid: str) -> tuple[Evidence, ...]:
    """Return what shows that a disk is raw; () where nothing does."""
    row = case.world.vdi(uuid)
    if row is not None and _RAW & set((row.sm_config or {}).items()):
        return quoted_row(row, "sm_config")
    return tuple(_raw_volumes(case, uuid))[:1]


def shown_other(case: Case, uuid: str) -> tuple[Evidence, ...]:
    """Return what shows that a disk is of a format that can have CBT."""
    row = case.world.vdi(uuid)
    own = row is not None and bool(_OTHER & set((row.sm_config or {}).items()))
    return quoted_row(row, "sm_config") if own else ()


def _raw_volumes(case: Case, uuid: str) -> Iterable[Evidence]:
    for report in case.hosts:
        for volume in report.lvs.volumes if report.lvs else ():
            if volume.name == f"LV-{uuid}":
                yield Evidence(source=volume.source, text=volume.text)
        for listing in report.listings:
            for file in listing.files:
                if file.name == f"{uuid}.raw":
                    yield Evidence(source=file.source, text=file.text)
