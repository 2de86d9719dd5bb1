"""Calls: the CBT calls of a client, checked by xapi, done by SM, and how both may refuse them.

Writer imitated: xen-api `xapi_vdi.ml` (`check_operation_error`, `_data_destroy`), `sm.ml`,
`sm_exec.ml`; the checks are in xapi's order.
"""

from collections.abc import Callable
from dataclasses import dataclass

from tests.world import emit_disk
from tests.world.emit_compare import Bits, list_changed_blocks
from tests.world.emit_errors import NeverEndsError, SmError
from tests.world.emit_xapi import Api, Task
from tests.world.objects import Disk, Host, Loopback, Pool

_METADATA = "CBT metadata"


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What list_changed_blocks answers: an error's code, or "" and the writes it knows of."""

    error: str = ""
    blocks: Bits = frozenset()


class Calls:
    """Calls on the disks of one pool; each returns the code of its error, "" if it went well."""

    def __init__(self, state: Pool, api: Api) -> None:
        self._state = state
        self._api = api

    @property
    def _by_ref(self) -> dict[str, Host]:
        return {host.ref: host for host in self._state.hosts}

    def enable_cbt(self, disk: Disk) -> str:
        """Turn CBT on for a disk; nothing is done where the database says that it is on."""
        task = self._api.forward("VDI.enable_cbt", disk)
        if error := self._refused_switch(task, disk):
            return error
        if disk.cbt_enabled:
            text = "VDI.enable_cbt: Not doing anything, CBT is already enabled"
            self._api.log(task, "xapi_vdi", text)
            self._api.end(task, disk)
            return ""
        self._api.reach(task, disk)
        return self._do(task, disk, lambda: self._enable(disk))

    def disable_cbt(self, disk: Disk) -> str:
        """Turn CBT off for a disk, as a user does."""
        task = self._api.forward("VDI.disable_cbt", disk)
        if error := self._refused_switch(task, disk):
            return error
        self._api.reach(task, disk)
        return self._do(task, disk, lambda: self._disable(disk))

    def data_destroy(self, snapshot: Disk) -> str:
        """Keep of a snapshot the CBT log only."""
        task = self._api.forward("VDI.data_destroy", snapshot)
        if not snapshot.is_a_snapshot:
            text = f"VDI is not a snapshot: {snapshot.ref}"
            return self._api.refuse(task, snapshot, "OPERATION_NOT_ALLOWED", text)
        if not snapshot.cbt_enabled:
            return self._api.refuse(task, snapshot, "VDI_NO_CBT_METADATA", snapshot.ref)
        plugged = len(self._vbds(snapshot))
        if plugged:
            return self._still_plugged(task, snapshot, plugged)
        self._api.reach(task, snapshot)
        text = f"finished, VDI {snapshot.uuid} has 0 VBD(s)"
        self._api.log(task, "xapi_vdi", f"wait_for_vbds_to_be_unplugged_and_destroyed: {text}")
        return self._do(task, snapshot, lambda: emit_disk.data_destroy(self._master, snapshot))

    def list_changed_blocks(self, older: Disk, newer: Disk) -> Comparison:
        """Compare two disks; xapi looks at the newer one only."""
        text = f"vdi_from  = '{{v}}'; vdi_to = '{newer.uuid}'"
        task = self._api.forward("VDI.list_changed_blocks", older, text)
        if any(self._vbds(newer)):
            params = (newer.ref, "list_changed_blocks")
            return Comparison(error=self._api.refuse(task, older, "VDI_IN_USE", *params))
        self._api.reach(task, older, newer)
        try:
            blocks = list_changed_blocks(self._master, older, newer, self._state.stored)
        except NeverEndsError:
            return Comparison(error="never ends")
        except SmError as error:
            return Comparison(error=self._failed(task, older, error))
        self._api.end(task, older)
        return Comparison(blocks=blocks)

    def destroy(self, disk: Disk) -> str:
        """Delete a disk; if its log has to stay, a later scan finds that."""
        task = self._api.forward("VDI.destroy", disk)
        if any(held.plugged for held in self._held(disk)):
            return self._api.refuse(task, disk, "VDI_IN_USE", disk.ref, "destroy")
        self._api.reach(task, disk)
        gone = emit_disk.delete(self._master, disk, self._state.stored, self._by_ref)
        del self._state.disks[disk.uuid]
        if not gone:
            self._state.orphans[disk.uuid] = disk
        self._api.end(task, disk)
        return ""

    @property
    def _master(self) -> Host:
        """Return the host that runs SM's master calls."""
        return self._state.master

    def _vbds(self, disk: Disk) -> list[bool]:
        """Return a value per VBD of a disk: whether it is plugged."""
        machines = [machine for machine in self._state.machines if disk in machine.disks]
        guests = [machine.host is not None for machine in machines]
        return guests + [held.plugged for held in self._held(disk)]

    def _held(self, disk: Disk) -> list[Loopback]:
        """Return the VBDs of control domains on a disk."""
        return [held for held in self._state.loopbacks if held.disk is disk]

    def _refused_switch(self, task: Task, disk: Disk) -> str:
        """Do xapi's checks of enable_cbt and disable_cbt."""
        if disk.type == "cbt_metadata":
            params = (disk.ref, _METADATA)
            return self._api.refuse(task, disk, "VDI_INCOMPATIBLE_TYPE", *params)
        if disk.is_a_snapshot:
            text = f"VDI is a snapshot: {disk.ref}"
            return self._api.refuse(task, disk, "OPERATION_NOT_ALLOWED", text)
        return ""

    def _still_plugged(self, task: Task, snapshot: Disk, count: int) -> str:
        """Wait four seconds for VBDs that do not go."""
        head = "wait_for_vbds_to_be_unplugged_and_destroyed:"
        left = f"{count} VBD(s) of VDI {snapshot.uuid}"
        self._api.log(task, "xapi_vdi", f"{head} waiting for {left} to be unplugged and destroyed")
        self._api.host.journal.clock.tick(4)
        end = f"finished, VDI {snapshot.uuid} has {count} VBD(s)"
        self._api.log(task, "xapi_vdi", f"{head} {end}")
        return self._api.fail(task, snapshot, "VDI_IN_USE", snapshot.ref, "data_destroy")

    def _enable(self, disk: Disk) -> None:
        emit_disk.enable_cbt(self._master, disk, self._by_ref)
        self._api.set_cbt(disk, enabled=True)

    def _disable(self, disk: Disk) -> None:
        emit_disk.disable_cbt(self._master, disk, self._state.stored, self._by_ref)
        self._api.set_cbt(disk, enabled=False)

    def _do(self, task: Task, disk: Disk, work: Callable[[], None]) -> str:
        try:
            work()
        except SmError as error:
            return self._failed(task, disk, error)
        self._api.end(task, disk)
        return ""

    def _failed(self, task: Task, disk: Disk, error: SmError) -> str:
        code = f"SR_BACKEND_FAILURE_{error.code}"
        return self._api.fail(task, disk, code, "", error.reason, "")
