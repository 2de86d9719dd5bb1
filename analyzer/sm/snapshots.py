"""Taking and deleting snapshots: how a chain of logs grows and shrinks (VDI.py of sm)."""

from enum import StrEnum

from analyzer.sm._storage import CommandFailed, Refused, Storage, run
from analyzer.sm.state import Kind, Result, SrKind, State, Use, Vdi
from analyzer.sm.tracking import IN_USE

SNAPSHOT_FAILED = "VDI_CBT_SNAPSHOT_FAILED"


class FlagOf(StrEnum):
    """What the new log's flag is taken from."""

    USE = "whether the disk is attached"
    LOG = "the old log's flag"


def snapshot(
    state: State, disk: str, name: str, *, owner: str = "", flag_of: FlagOf = FlagOf.USE
) -> Result:
    """Take a snapshot (`_do_snapshot`, `_cbt_snapshot`): its log is the disk's, renamed.

    FileSR and LVHDSR take the new log's flag from the disk, so a snapshot taken after a crash
    and before the next start hides the crash; with ``FlagOf.LOG`` it is the old log's.
    """

    def act(storage: Storage) -> None:
        vdi = storage.vdis[disk]
        tracked = storage.exists(disk)
        consistent = not vdi.host_key
        if tracked and flag_of is FlagOf.LOG:
            consistent = storage.consistent(disk)
        storage.vdis[name] = Vdi(
            kind=Kind.SNAPSHOT,
            size=vdi.size,
            cbt_enabled=tracked,
            snapshot_of=disk,
            owner=owner,
            taken=storage.clock,
        )
        if tracked:
            _cbt_snapshot(storage, disk, name, consistent=consistent)

    return run(state, act, "SR_BACKEND_FAILURE_82")


def _cbt_snapshot(storage: Storage, disk: str, name: str, *, consistent: bool) -> None:
    # Up to the parent's child pointer a failure fails the snapshot, with the log already renamed:
    # the disk has none from here on, while the database says that CBT is on.
    storage.rename(disk, name)
    try:
        storage.set_consistent(name, consistent=True)
        parent = storage.parent(name)
        if storage.exists(parent):
            storage.set_child(parent, name)
    except CommandFailed as failed:
        if storage.sr is SrKind.FILES:  # image and row are there already, and stay
            raise
        storage.change(name, data=False, row=False)  # _failClone of LVHDSR.py undoes the image
        raise Refused("SR_BACKEND_FAILURE_81", str(failed)) from failed
    try:
        storage.create_log(disk)
        if not consistent:
            storage.set_consistent(disk, consistent=False)
        child = storage.child(name)
        storage.set_parent(disk, name)
        storage.set_child(disk, child)
        storage.set_child(name, disk)
    except CommandFailed:
        storage.disable_on_error(disk, SNAPSHOT_FAILED)


def vdi_delete(state: State, name: str) -> Result:
    """Delete a disk, a snapshot, or a VDI of type cbt_metadata (`delete`).

    The image and the row go first. A failure in the logs is reported after that, so the VDI is
    gone and its log is left; one in the merge of bitmaps is not reported at all.
    """

    def act(storage: Storage) -> None:
        vdi = storage.vdis.get(name)
        if vdi is None or not vdi.row:
            raise Refused("UUID_INVALID", "UUID_INVALID")
        if vdi.use is not Use.NONE:
            raise Refused(IN_USE, IN_USE)
        storage.change(name, row=False, data=False, cbt_enabled=False)
        if not storage.exists(name):
            return
        if storage.sr is SrKind.FILES and not vdi.data:
            # Without an image FileVDI takes the log itself for it and unlinks that, so nothing
            # is left to relink or merge (FileVDI._find_path_with_retries, delete).
            storage.remove(name)
            return
        _delete_log(storage, name)

    return run(state, act, "SR_BACKEND_FAILURE_80")


def _delete_log(storage: Storage, name: str) -> None:
    parent, child = storage.parent(name), storage.child(name)
    if storage.exists(parent):
        storage.set_child(parent, child)
    if storage.exists(child):
        storage.set_parent(child, parent)
        storage.consistent(child)  # whether a tapdisk has it, which is paused then
        try:
            storage.coalesce(name, child)
        except CommandFailed:
            # Not put back to what they were but to what they should have been: both neighbours
            # now name this log, whatever they named before; the log stays, and the call is ok.
            if storage.exists(parent):
                storage.set_child(parent, name)
            if storage.exists(child):
                storage.set_parent(child, name)
            return
    storage.remove(name)


def data_destroy(state: State, name: str) -> Result:
    """Destroy a snapshot's data and keep its log (`data_destroy`): no log is touched."""

    def act(storage: Storage) -> None:
        vdi = storage.vdis.get(name)
        if vdi is None or not vdi.row:
            raise Refused("UUID_INVALID", "UUID_INVALID")
        if vdi.kind is Kind.METADATA:  # xapi: already done
            return
        if vdi.kind is not Kind.SNAPSHOT:
            raise Refused("OPERATION_NOT_ALLOWED", "OPERATION_NOT_ALLOWED")
        if not vdi.cbt_enabled:
            raise Refused("VDI_NO_CBT_METADATA", "VDI_NO_CBT_METADATA")
        if vdi.owner:  # a VBD is left, plugged or not
            raise Refused(IN_USE, IN_USE)
        storage.change(name, kind=Kind.METADATA, data=False)

    return run(state, act, "SR_BACKEND_FAILURE_202")
