"""A VM that was reverted, or moved with its disks, has new disks without a log."""

import pytest

from analyzer.model.finding import Finding
from tests.causes.test_causes import finding
from tests.causes.test_joins import explained
from tests.causes.test_shipped_edges import created
from tests.checks.support import SNAPSHOT, SR, VDI, CaseBuilder, sr, vbd, vdi, vm

VM = "c7f1b2a9-3e4d-4a5b-9c6d-0e1f2a3b4c5d"
OTHER_VM = "d8f1b2a9-3e4d-4a5b-9c6d-0e1f2a3b4c5d"
VM_SNAPSHOT = "e9f1b2a9-3e4d-4a5b-9c6d-0e1f2a3b4c5d"
OTHER_SNAPSHOT = "f0f1b2a9-3e4d-4a5b-9c6d-0e1f2a3b4c5d"
XAPI = "xapi: [ info||4711 HTTPS 192.0.2.40->:::80|Async.{call} R:0a1b2c3d4e5f|message_forwarding]"


def called(call: str, words: str, at: str = "11:00:00") -> str:
    """Return the line with which a call names its object."""
    return f"{at} {XAPI.format(call=call)} {call}: {words}\n"


REVERTED = called("VM.revert", f"snapshot = '{VM_SNAPSHOT}'")
MOVED = called("VM.migrate_send", f"VM = '{VM}'")
OTHERS = called("VM.revert", f"snapshot = '{OTHER_SNAPSHOT}'")
FAILED = (
    "11:00:09 xapi: [error||4711 |Async.VM.migrate_send R:0a1b2c3d4e5f|backtrace] "
    "Async.VM.migrate_send R:0a1b2c3d4e5f failed with exception "
    "Server_error(VDI_CBT_ENABLED, [ OpaqueRef:91c3e5d0-7a41-4f0e-8f6b-55d1c0b7a2e4 ])\n"
)


def two_vms() -> CaseBuilder:
    """Return a pool of two VMs, of which the first has the disk and a snapshot of it."""
    builder = CaseBuilder().host()
    rows = (
        *(vm(VM), vm(OTHER_VM, name_label="db-01")),
        vm(VM_SNAPSHOT, is_a_snapshot=True, snapshot_of=f"OpaqueRef:{VM}"),
        vm(OTHER_SNAPSHOT, is_a_snapshot=True, snapshot_of=f"OpaqueRef:{OTHER_VM}"),
        *(sr(), vdi(), vdi(SNAPSHOT, is_a_snapshot=True, snapshot_of=f"OpaqueRef:{VDI}")),
        vbd("1d2b6bd6-53d4-2f51-9e6c-1f8de3b4f0a7", VDI, f"OpaqueRef:{VM}", mode="RW"),
    )
    return builder.database(*rows)


def kept() -> Finding:
    return finding(
        "cbt-enabled-on-old-snapshots", (("VDI", VDI), ("SR", SR), ("VDI", SNAPSHOT)), when=None
    )


def refused() -> Finding:
    return finding("cbt-destroy-cbt-not-enabled", (("VDI", SNAPSHOT), ("SR", SR)), when="12:00:00")


@pytest.mark.parametrize(
    ("xapi", "smlog", "is_cause"),
    [
        (REVERTED, "", True),
        (OTHERS, "", False),
        (called("VM.snapshot", f"VM = '{VM}'; new_name = 'nightly'"), "", False),
        (REVERTED, created("11:30:00"), False),
    ],
    ids=["reverted", "another VM", "only a snapshot", "CBT was turned on since"],
)
def test_revert_explains_snapshots_that_keep_cbt(xapi: str, smlog: str, *, is_cause: bool) -> None:
    assert explained(two_vms().xensource_log(xapi).smlog(smlog).build(), kept()) is is_cause


@pytest.mark.parametrize(
    ("xapi", "is_cause"),
    [(MOVED, True), (MOVED + FAILED, False), (MOVED.replace("11:00", "12:30"), False)],
    ids=["moved", "refused", "later"],
)
def test_move_explains_a_disk_without_cbt(xapi: str, *, is_cause: bool) -> None:
    assert explained(two_vms().xensource_log(xapi).build(), refused()) is is_cause
