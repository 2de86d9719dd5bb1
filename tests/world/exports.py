"""Exports: NBD clients of a pool, from get_nbd_info to the end of the connection or worse.

Order of steps: xen-api `ocaml/nbd/src/main.ml` (`handle_connection`), `cleanup.ml` (`with_vbd`):
VBD.create, plug, serve, then unplug and destroy, each of the last two with a login of its own.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from tests.support.clock import Ids
from tests.world import emit_disk
from tests.world.emit_nbd import Nbd
from tests.world.emit_vbd import VbdCalls
from tests.world.emit_xapi import Api
from tests.world.journal import USER
from tests.world.objects import Disk, Host, Loopback, Pool

_CLIENT = "192.0.2.40"


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """An error of xapi: its code and its parameters."""

    code: str
    params: tuple[str, ...]

    @property
    def text(self) -> str:
        """Return the exception as OCaml prints it."""
        return f"Server_error({self.code}, [ {'; '.join(self.params)} ])"


class Exports:
    """The NBD servers of a pool, by host, and the disks that they hold for clients."""

    def __init__(
        self, state: Pool, apis: Mapping[str, Api], nbd: Mapping[str, Nbd], ids: Ids
    ) -> None:
        self._state = state
        self._api = apis[state.master.name]
        self._nbd = nbd
        self._ids = ids
        self._tapdisks: dict[tuple[str, str], tuple[str, str]] = {}
        self._listed: dict[str, list[str]] = {}
        self.calls = VbdCalls(state.master, apis, ids)

    def info(self, disk: Disk, client: str = _CLIENT, *, socket: str = "") -> None:
        """Log that a client asks where it may read a disk."""
        task = self._api.call("VDI.get_nbd_info", client, socket=socket)
        self._api.said(task, f"VDI.get_nbd_info: vdi  = '{disk.uuid}'")

    def start(self, host: Host, failure: Refusal | None = None) -> None:
        """Start xapi-nbd; it cleans up what its last run left, or fails to with `failure`."""
        nbd = self._nbd[host.name]
        nbd.launch()
        for uuid in self._listed.pop(host.name, []):
            nbd.main(f"Cleaning up VBD with UUID {uuid}")
        for vbd in self.held(host):
            nbd.main(f"Cleaning up VBD with UUID {vbd.uuid}")
            if failure is None:
                self._cleaned(nbd, vbd)
                continue
            nbd.login()
            head = f"Caught exception while cleaning up VBD with UUID {vbd.uuid}"
            nbd.main(f"{head}: {failure.text}")
        nbd.listen()

    def stop(self, host: Host) -> None:
        """Stop xapi-nbd in order: what clients had open is closed, and the disks let go.

        They stay in the list of VBDs to clean up; the next start finds that they are gone.
        """
        nbd = self._nbd[host.name]
        held = self.held(host)
        nbd.signalled(len(held))
        for vbd in held:
            nbd.main(f"Cleaning up VBD with ref {vbd.ref}")
            self._cleaned(nbd, vbd)
        self._listed[host.name] = [vbd.uuid for vbd in held]
        nbd.stopped()

    def crash(self, host: Host, exception: str = "") -> None:
        """End xapi-nbd with a segmentation fault or an exception: the disks stay in dom0."""
        nbd = self._nbd[host.name]
        if exception:
            nbd.died(exception)
        else:
            nbd.killed()
        for vbd in self.held(host):
            vbd.client = ""

    def fail_to_start(self, host: Host, exception: str, *, times: int = 5) -> None:
        """Start xapi-nbd in vain until systemd gives up."""
        nbd = self._nbd[host.name]
        for _ in range(times):
            nbd.launch()
            if exception.startswith("Unix.Unix_error(Unix.EADDRINUSE"):
                nbd.lines(("Initialising TLS", "Setting up server socket"))
            nbd.died(exception)
            nbd.comes_back()
        nbd.given_up()

    def open(
        self, disk: Disk, host: Host, *, client: str = _CLIENT, refusal: Refusal | None = None
    ) -> Loopback:
        """Connect a client to a disk; with a `refusal` xapi does not plug it."""
        nbd = self._nbd[host.name]
        nbd.client()
        self.calls.log_out(self.calls.session())
        nbd.negotiation()
        nbd.found_disk()
        vbd = self._vbd(disk, host)
        self.calls.create(vbd)
        nbd.main(f"Plugging VBD {vbd.ref}")
        task = self.calls.plug(vbd)
        if refusal is not None:
            self.calls.refused(task, vbd, refusal.code, *refusal.params)
            self._destroyed(nbd, vbd)
            nbd.caught(refusal.text)
            return vbd
        self._attach(vbd)
        vbd.plugged, vbd.client = True, f"{client}:{self._ids.number(33000, 60000)}"
        self.calls.plugged(task, vbd)
        nbd.serving()
        return vbd

    def close(self, vbd: Loopback) -> None:
        """Let a client say goodbye."""
        nbd = self._nbd[vbd.host.name]
        nbd.disconnected()
        self._released(nbd, vbd)

    def lose(self, vbd: Loopback, exception: str = "End_of_file") -> None:
        """Let a client go without a word; xapi-nbd notices, and lets the disk go."""
        nbd = self._nbd[vbd.host.name]
        self._released(nbd, vbd)
        nbd.caught(exception)

    def stuck(self, vbd: Loopback, refusal: Refusal) -> None:
        """Let a client say goodbye, and xapi refuse to unplug and to destroy the VBD."""
        nbd = self._nbd[vbd.host.name]
        nbd.disconnected()
        nbd.main(f"Unplugging VBD {vbd.ref}")
        nbd.login()
        task = self.calls.unplug(vbd)
        self.calls.refused(task, vbd, refusal.code, *refusal.params)
        nbd.main(f"Destroying VBD {vbd.ref}")
        nbd.login()
        nbd.caught(refusal.text)
        vbd.client = ""

    def held(self, host: Host) -> list[Loopback]:
        """Return what xapi-nbd of a host holds in dom0."""
        return [vbd for vbd in self._state.loopbacks if vbd.host is host]

    def take(self, disk: Disk, host: Host) -> Loopback:
        """Attach a disk to dom0 for something that is not NBD, such as an export."""
        vbd = self._vbd(disk, host)
        self.calls.create(vbd)
        task = self.calls.plug(vbd)
        self._attach(vbd)
        vbd.plugged = True
        self.calls.plugged(task, vbd)
        return vbd

    def give_back(self, vbd: Loopback) -> None:
        """Take a disk away from dom0."""
        task = self.calls.unplug(vbd)
        self._detach(vbd)
        self.calls.unplugged(task, vbd)
        self.calls.destroy(vbd)
        self._state.loopbacks.remove(vbd)

    def _vbd(self, disk: Disk, host: Host) -> Loopback:
        taken = {vbd.number for vbd in self.held(host)}
        number = next(number for number in range(255) if number not in taken)
        modern = host.release.sm_major > 3
        path = f"sm/backend/{disk.storage.uuid}/{disk.uuid}"
        vbd = Loopback(
            uuid=self._ids.uuid(),
            ref=self._ids.ref(),
            host=host,
            disk=disk,
            number=number,
            device=f"nbd{number}" if modern else path,
            plugged=False,
        )
        self._state.loopbacks.append(vbd)
        return vbd

    def _attach(self, vbd: Loopback) -> None:
        """Let SM attach the disk, unless another VBD of the host has it already."""
        if vbd.host.ref not in vbd.disk.attached:
            emit_disk.attach(vbd.host, vbd.disk, writable=False)
            emit_disk.activate(vbd.host, vbd.disk, writable=False)
            self._tapdisks[vbd.host.ref, vbd.disk.uuid] = vbd.disk.tapdisk
        if vbd.host.release.sm_major > 3:
            self._device(vbd, "-unix", vbd.disk.uuid)

    def _detach(self, vbd: Loopback) -> None:
        others = [v for v in self._state.loopbacks if v is not vbd and v.plugged]
        shared = any(v.disk is vbd.disk and v.host is vbd.host for v in others)
        if vbd.host.release.sm_major > 3:
            self._device(vbd, "-disconnect", "")
        if not shared and vbd.disk.attached.get(vbd.host.ref) == "RO":
            vbd.disk.tapdisk = self._tapdisks.pop((vbd.host.ref, vbd.disk.uuid))
            emit_disk.deactivate(vbd.host, vbd.disk)
            emit_disk.detach(vbd.host, vbd.disk)
        vbd.plugged = False

    @staticmethod
    def _device(vbd: Loopback, verb: str, export: str) -> None:
        """Log nbd-client's doing in dom0 where there is no blktap device (nbd_client_manager.py)."""
        journal = vbd.host.journal
        device = f"/dev/{vbd.device}"
        if export:
            path = f"/run/blktap-control/nbd/{vbd.disk.storage.uuid}/{vbd.disk.uuid}"
            argv = ["nbd-client", verb, path, device, "-timeout", "90", "-persist", "-name", export]
            journal.write(USER, "nbd_client_manager", f"[DEBUG] Running cmd {argv!r}")
            return
        argv = ["nbd-client", verb, device]
        journal.write(USER, "nbd_client_manager", f"[DEBUG] Running cmd {argv!r}")
        for text in (
            "NBD_DISCONNECT",
            "Disconnected due to user request.",
            "shutting down sockets",
        ):
            journal.kernel(f"block {vbd.device}: {text}")

    def _released(self, nbd: Nbd, vbd: Loopback) -> None:
        nbd.main(f"Unplugging VBD {vbd.ref}")
        nbd.login()
        self._unplugged(vbd)
        self._destroyed(nbd, vbd)

    def _destroyed(self, nbd: Nbd, vbd: Loopback) -> None:
        nbd.main(f"Destroying VBD {vbd.ref}")
        nbd.login()
        track = self.calls.session()
        self.calls.destroy(vbd)
        self.calls.log_out(track)
        self._state.loopbacks.remove(vbd)

    def _unplugged(self, vbd: Loopback) -> None:
        track = self.calls.session()
        task = self.calls.unplug(vbd)
        self._detach(vbd)
        self.calls.unplugged(task, vbd)
        self.calls.log_out(track)

    def _cleaned(self, nbd: Nbd, vbd: Loopback) -> None:
        """Unplug and destroy a VBD in a clean-up, which logs in once for both."""
        nbd.login()
        self._unplugged(vbd)
        self.calls.destroy(vbd)
        self._state.loopbacks.remove(vbd)
