"""VbdCalls: what xapi logs of the VBDs of a control domain, and of the sessions that make them.

Writer imitated: xen-api `message_forwarding.ml` (its `info` is debug of the module "audit"),
`xapi_vbd.ml`, `xapi_session.ml`, `rbac_audit.ml` (`add_dummy_args` names the disk of a VBD that
is destroyed). The calls are made over the UNIX socket; a supporter's xapi hands them to the
master, which logs them, and the host of the VBD logs what it does itself.
"""

from collections.abc import Mapping

from tests.support.clock import Ids
from tests.world.emit_xapi import Api, Argument, Task, named
from tests.world.objects import Host, Loopback

_SOCKET = "/var/lib/xcp/xapi"
_ROOT = "9834f5af41c964e225f24279aefe4e49"


class VbdCalls:
    """Calls on VBDs; ``apis`` are the hosts' xapi, by the name of the host."""

    def __init__(self, master: Host, apis: Mapping[str, Api], ids: Ids) -> None:
        self._master = master
        self._apis = apis
        self._ids = ids

    def create(self, vbd: Loopback) -> None:
        """Log VBD.create."""
        name = f"Control domain on host: {vbd.host.name}"
        shown = f"VM = '{vbd.host.dom0_uuid} ({name})'; VDI = '{vbd.disk.uuid}'"
        task = self._call("VBD.create", shown)
        self._api.log(task, "xapi_vbd", "Checking whether there's a migrate in progress...")
        parts = f"device = {vbd.number}; uuid = {vbd.uuid}; ref = {vbd.ref}"
        self._api.log(task, "xapi_vbd", f"VBD.create ({parts})")
        dom0 = Argument("VM", name, vbd.host.dom0_uuid, vbd.host.dom0_ref)
        self._api.audit(task, (dom0, named("VDI", vbd.disk)))

    def plug(self, vbd: Loopback) -> Task:
        """Log the start of VBD.plug."""
        task = self._call("VBD.plug", f"VBD = '{vbd.uuid}'")
        self._api.hand_on(task, self._apis[vbd.host.name])
        text = f"VBD.plug of loopback VBD '{vbd.ref}'"
        self._apis[vbd.host.name].log(task, "xapi_vbd", text)
        return task

    def plugged(self, task: Task, vbd: Loopback) -> None:
        """Log the good end of VBD.plug."""
        device = f"device path: {vbd.device}"
        self._apis[vbd.host.name].log(task, "xapi_vbd", device)
        self._done(task, vbd)

    def refused(self, task: Task, vbd: Loopback, code: str, *params: str) -> None:
        """Log the bad end of VBD.plug."""
        self._api.failed(task, (self._self(vbd),), code, *params)

    def unplug(self, vbd: Loopback) -> Task:
        """Log the start of VBD.unplug."""
        task = self._call("VBD.unplug", f"VBD = '{vbd.uuid}'")
        self._api.hand_on(task, self._apis[vbd.host.name])
        text = f"VBD.unplug of loopback VBD '{vbd.ref}'"
        self._apis[vbd.host.name].log(task, "xapi_vbd", text)
        return task

    def unplugged(self, task: Task, vbd: Loopback) -> None:
        """Log the good end of VBD.unplug."""
        self._done(task, vbd)

    def destroy(self, vbd: Loopback) -> None:
        """Log VBD.destroy."""
        task = self._call("VBD.destroy", f"VBD = '{vbd.uuid}'")
        self._api.audit(task, (self._self(vbd), named("VDI", vbd.disk)))

    def session(self, originator: str = "xapi-nbd") -> str:
        """Log that a local program logs in to xapi; returns the session's tracking id."""
        track = self._ids.hex()
        task = self._api.call("session.login_with_password", socket=_SOCKET)
        text = (
            f"Session.create trackid={track} pool=false uname= originator={originator} "
            f"is_local_superuser=true auth_user_sid= parent=trackid={_ROOT}"
        )
        self._api.log(task, "xapi_session", text, level="info")
        return track

    def log_out(self, track: str) -> None:
        """Log the end of a session."""
        task = self._api.call("session.logout", socket=_SOCKET)
        self._api.log(task, "xapi_session", f"Session.destroy trackid={track}", level="info")

    def _done(self, task: Task, vbd: Loopback) -> None:
        """Log that a call is allowed and done, on the host that did it and on the master."""
        for api in {id(api): api for api in (self._apis[vbd.host.name], self._api)}.values():
            api.audit(task, (self._self(vbd),))

    @property
    def _api(self) -> Api:
        return self._apis[self._master.name]

    def _call(self, name: str, shown: str) -> Task:
        task = self._api.call(name, socket=_SOCKET)
        self._api.said(task, f"{name}: {shown}")
        return task

    @staticmethod
    def _self(vbd: Loopback) -> Argument:
        return Argument("self", "", vbd.uuid, vbd.ref)
