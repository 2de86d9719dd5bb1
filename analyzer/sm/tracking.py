"""Turning CBT on and off, and what attaching does to a log (VDI.py of sm).

xapi looks at its database first (change_cbt_status, xapi_vdi.ml), SM at the storage only.
"""

from analyzer.model.cbt import NO_LOG
from analyzer.sm._storage import CommandFailed, Refused, Storage, run
from analyzer.sm.state import Kind, Result, State, Use, Vdi

IN_USE = "VDI_IN_USE"
INCONSISTENT = "VDI_CBT_METADATA_INCONSISTENT"
RESIZE_FAILED = "VDI_CBT_RESIZE_FAILED"


def enable(state: State, disk: str) -> Result:
    """Enable CBT (`configure_blocktracking`, enable)."""

    def act(storage: Storage) -> None:
        vdi = storage.vdis[disk]
        if vdi.kind is not Kind.DISK:
            raise Refused("VDI_INCOMPATIBLE_TYPE", "VDI_INCOMPATIBLE_TYPE")
        if vdi.cbt_enabled:  # xapi: "Not doing anything, CBT is already enabled"
            return
        if not storage.exists(disk):
            try:
                storage.create_log(disk)
            except CommandFailed as failed:
                words = "Unable to activate changed block tracking."
                raise Refused("SR_BACKEND_FAILURE_457", words) from failed
            if vdi.host_key:
                storage.set_consistent(disk, consistent=False)
        storage.change(disk, cbt_enabled=True)

    return run(state, act, "SR_BACKEND_FAILURE_202")


def disable(state: State, disk: str) -> Result:
    """Disable CBT as a user does (`configure_blocktracking`): the parent's child is cut.

    It fails where the header of the disk's log, or of its parent's, cannot be read; in the second
    case the disk's log is gone by then, and the database still says that CBT is on.
    """

    def act(storage: Storage) -> None:
        if not storage.vdis[disk].cbt_enabled:
            return
        if storage.exists(disk):
            try:
                parent = storage.parent(disk)
                storage.remove(disk)
                if storage.exists(parent):
                    storage.set_child(parent, NO_LOG)
            except CommandFailed as failed:
                words = "Unable to deactivate changed block tracking."
                raise Refused("SR_BACKEND_FAILURE_458", words) from failed
        storage.change(disk, cbt_enabled=False)

    return run(state, act, "SR_BACKEND_FAILURE_202")


def attach(state: State, disk: str, *, read_only: bool = False) -> Result:
    """Attach a disk (`activate`): a log whose flag is 0 was not closed, and CBT is turned off."""

    def act(storage: Storage) -> None:
        if storage.vdis[disk].use is not Use.NONE:
            raise Refused(IN_USE, IN_USE)
        if storage.exists(disk) and not read_only:  # the log is not opened for reading
            if storage.consistent(disk):
                storage.set_consistent(disk, consistent=False)
            else:
                storage.disable_on_error(disk, INCONSISTENT)
        use = Use.READ if read_only else Use.WRITTEN
        storage.change(disk, use=use, host_key=True, since=storage.clock)

    return run(state, act, "SR_BACKEND_FAILURE_46")


def detach(state: State, disk: str) -> Result:
    """Detach a disk (`deactivate`), which marks its log as closed, also after reading only."""

    def act(storage: Storage) -> None:
        if storage.vdis[disk].use is Use.NONE:
            return
        if storage.exists(disk):
            # A log that a crash left open becomes "closed" here when the disk was attached for
            # reading: deactivate() does not know how it was attached.
            storage.set_consistent(disk, consistent=True)
        storage.change(disk, use=Use.NONE, host_key=False)

    return run(state, act, "SR_BACKEND_FAILURE_46")


def crash(state: State, disk: str, *, key_left: bool = False) -> Result:
    """Let the host die: the log stays open, and what its session recorded may be lost.

    The ``host_…`` key goes when the host plugs the SR again (reset_sr, resetvdis.py), or when
    the host is declared dead; with ``key_left`` neither has happened yet.
    """

    def act(storage: Storage) -> None:
        vdi = storage.vdis[disk]
        if vdi.use is Use.WRITTEN:
            storage.lose(disk, vdi.since)
        storage.change(disk, use=Use.NONE, host_key=vdi.host_key and key_left)

    return run(state, act, "")


def resize(state: State, disk: str, size: int) -> Result:
    """Grow a detached disk to `size` bytes (`resize_cbt`); where its log cannot, CBT goes off."""

    def act(storage: Storage) -> None:
        vdi = storage.vdis[disk]
        if vdi.use is not Use.NONE:
            raise Refused(IN_USE, IN_USE)
        if size < vdi.size:
            raise Refused("SR_BACKEND_FAILURE_79", "shrinking not allowed")
        if size == vdi.size:
            return
        storage.change(disk, size=size)
        if not storage.exists(disk):
            return
        try:
            storage.set_size(disk, size)
        except CommandFailed:
            storage.disable_on_error(disk, RESIZE_FAILED)

    return run(state, act, "SR_BACKEND_FAILURE_110")


def scan(state: State) -> Result:
    """Scan the SR: the database follows what the storage has (`SR.scan`, `_loadvdis`).

    ``cbt_enabled`` becomes whether a log exists, a VDI without image and log is forgotten, and
    a log without VDI becomes one of type cbt_metadata, without its snapshot_of.
    """

    def act(storage: Storage) -> None:
        for name, vdi in list(storage.vdis.items()):
            logged = storage.exists(name)
            if vdi.data:
                storage.change(name, cbt_enabled=logged, row=True)
            elif logged:
                storage.change(name, cbt_enabled=True, row=True, kind=Kind.METADATA)
            else:
                storage.change(name, cbt_enabled=False, row=False)
        for name in storage.logs.keys() - storage.vdis.keys():
            storage.vdis[name] = Vdi(kind=Kind.METADATA, cbt_enabled=True, data=False)

    return run(state, act, "SR_BACKEND_FAILURE_40")
