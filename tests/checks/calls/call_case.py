"""CallCase: a case whose SMlog is also replayed, and the lines that tell of calls of xapi.

The shapes are those of xen-api `message_forwarding.ml`, `debug.ml` and `rbac_audit.ml`, and of sm
`SRCommand.py`, `VDI.py`, of releases before and after sm 3.
"""

from dataclasses import replace
from typing import Self, TypeVar

from analyzer.checks.observation import Examined
from analyzer.model.finding import Finding
from analyzer.model.source import Source
from analyzer.model.xapi import Sm, Vbd, Vdi, Vm, XapiObject
from tests.checks.support import SR, CaseBuilder, examine, vdi

LIVE = "6b0c1a3e-9d1f-4c55-8a47-2f60b7c0e913"
OLD = "91c3e5d0-7a41-4f0e-8f6b-55d1c0b7a2e4"
NEW = "3e7b9a1c-5d2f-4b8e-a0c6-91d4f27e8b35"
ELSE = "c7f1b2a9-3e4d-4a5b-9c6d-0e1f2a3b4c5d"
VM = "58d0c3b7-1f6a-4e92-8b5d-a7c4e1f09263"
MOUNT = f"/run/sr-mount/{SR}"
Row = TypeVar("Row", bound=XapiObject)
NOBODY = "00000000-0000-0000-0000-000000000000"


class CallCase(CaseBuilder):
    """A case as the pipeline builds it: with SM's runs, the logs replayed, and attachments."""

    def audit_log(self, text: str) -> Self:
        """Add lines of audit.log."""
        return self._log("audit_log", "var/log/audit.log", text)

    def ask(self, rule: str) -> Examined:
        """Return what a check says of the case."""
        return examine(self.build(), rule)

    def only(self, rule: str) -> Finding:
        """Return the one finding of a check."""
        (finding,) = self.ask(rule).findings
        return finding


def live(uuid: str = LIVE, **fields: object) -> Vdi:
    """Return a live disk with CBT."""
    return vdi(uuid, **{"managed": True, **fields})


def snapshot(uuid: str = OLD, of: str = LIVE, time: str = "", **fields: object) -> Vdi:
    """Return a snapshot with CBT."""
    known: dict[str, object] = {
        "is_a_snapshot": True,
        "snapshot_of": f"OpaqueRef:{of}",
        "snapshot_time": time or None,
        "managed": True,
    }
    return vdi(uuid, **{**known, **fields})


def vm(uuid: str = VM, **fields: object) -> Vm:
    """Return a VM."""
    return replace(_plain(Vm, uuid), name_label="web-01", **fields)  # type: ignore[arg-type]  # of the model


def vbd(disk: str, machine: str = VM, **fields: object) -> Vbd:
    """Return an attached VBD."""
    known: dict[str, object] = {
        "vdi": f"OpaqueRef:{disk}",
        "vm": f"OpaqueRef:{machine}",
        "currently_attached": True,
        "reserved": False,
    }
    row = _plain(Vbd, f"{disk[:18]}{machine[18:]}")
    return replace(row, **{**known, **fields})  # type: ignore[arg-type]  # of the model


def sm(kind: str, *features: str) -> Sm:
    """Return a storage driver."""
    return replace(_plain(Sm, NEW), type=kind, features=dict.fromkeys(features, "1"))


def _plain(kind: type[Row], uuid: str) -> Row:
    source = Source(bundle="jupiter", member="xapi-db.xml")
    return kind(source=source, ref=f"OpaqueRef:{uuid}", uuid=uuid, written=f'<row uuid="{uuid}"/>')


TASK = "0a1b2c3d4e5f"
UNRELATED = "; Failed to calculate changed blocks for given VDIs. [opterr=Source and target VDI are unrelated]; "
FULL = "; Unable to activate changed block tracking. [opterr=There is insufficient space]; "
RAW = "; Invalid VDI type [opterr=Raw VDI or snapshot not permitted]; "


def asked(method: str, disk: str, to: str = "", *, time: str = "13:00:00", task: str = TASK) -> str:
    """Return the line with which xapi takes a call."""
    shown = f"vdi_from  = '{disk}'; vdi_to = '{to}'" if to else f"VDI = '{disk}'"
    head = f"[ info||4711 HTTPS 192.0.2.40->:::80|VDI.{method} R:{task}|message_forwarding]"
    return f"{time} xapi: {head} VDI.{method}: {shown}\n"


def failed(
    method: str, code: str, what: str, *, time: str = "13:00:02", task: str = TASK, sync: str = ""
) -> str:
    """Return the lines with which xapi tells of a failed call: twice, with a backtrace."""
    head = f"[error||4711 ||backtrace] {sync}VDI.{method} R:{task} failed with exception"
    error = f"Server_error({code}, [ {what} ])"
    return (
        f"{time} xapi: {head} {error}\n"
        f"{time} xapi: [error||4711 ||backtrace] Raised {error}\n"
        f"{time} xapi: [error||4711 ||backtrace] 1/6 xapi Raised at file ocaml/xapi/xapi_vdi.ml, line 448\n"
    )


def refused(method: str, error: str, *, time: str = "13:00:01", task: str = TASK) -> str:
    """Return the line with which xapi tells that it did not let a call through."""
    head = f"[debug||4711 HTTPS 192.0.2.40->:::80|VDI.{method} R:{task}|message_forwarding]"
    text = f"Caught exception while marking VDI for VDI.{method} in message forwarder: {error}"
    return f"{time} xapi: {head} {text}\n"


def audited(
    method: str, result: str, *disks: str, time: str = "13:00:02", task: str = TASK, name: str = "d"
) -> str:
    """Return the line of audit.log."""
    roles = ("vdi_from", "vdi_to") if len(disks) > 1 else ("self",)
    shown = " ".join(
        f"('{role}' '{name}' '{disk}' 'OpaqueRef:{disk}')"
        for role, disk in zip(roles, disks, strict=True)
    )
    head = f"[20240610T{time}.123Z|audit||4711 HTTPS 192.0.2.40->:::80|{task and f'VDI.{method} R:{task}'}|audit]"
    who = "'trackid=9834f5af41c964e225f24279aefe4e49' 'LOCAL_SUPERUSER' 'root' 'ALLOWED'"
    return f"{time} xapi: {head} ({who} '{result}' 'API' 'VDI.{method}' ({shown}))\n"


def entered(
    method: str, disk: str, to: str = "", *, time: str = "13:00:01", pid: int = 3000
) -> str:
    """Return the entry line of a run of SM."""
    args = [f"OpaqueRef:{to}"] if to else []
    shown = {"sr_uuid": SR, "args": args, "vdi_uuid": disk, "command": f"vdi_{method}"}
    return f"{time} SM: [{pid}] vdi_{method} {shown!r}\n"


def cbt(*words: str, time: str = "13:00:01", pid: int = 3000, mount: str = MOUNT) -> str:
    """Return a run of cbt-util that went well: ``get``, a disk, and the rest."""
    verb, disk, *rest = words
    argv = ["/usr/sbin/cbt-util", verb, "-n", f"{mount}/{disk}.cbtlog", *rest]
    return f"{time} SM: [{pid}] {argv!r}\n{time} SM: [{pid}]   pread SUCCESS\n"


def ended(method: str, reason: str, *, time: str = "13:00:02", pid: int = 3000) -> str:
    """Return the error with which a run of SM ends."""
    return (
        f"{time} SM: [{pid}] ***** generic exception: vdi_{method}: EXCEPTION <class 'xs_errors.SROSError'>, {reason}\n"
        f'{time} SM: [{pid}]   File "/opt/xensource/sm/SRCommand.py", line 113, in run\n'
        f"{time} SM: [{pid}]     return self._run_locked(sr)\n"
        f"{time} SM: [{pid}] \n"
    )


def created(disk: str, *, time: str = "12:00:00", pid: int = 2000) -> str:
    """Return a run that turns CBT on for a disk."""
    return (
        entered("enable_cbt", disk, time=time, pid=pid)
        + cbt("create", disk, "-s", "10737418240", time=time, pid=pid)
        + cbt("set", disk, "-f", "1", time=time, pid=pid)
        + f"{time} SM: [{pid}] Unpause request for {disk} secondary=None\n"
    )


def taken(disk: str, new: str, before: str = "", *, time: str, pid: int) -> str:
    """Return a run that takes a snapshot of a disk with CBT, on a file-based SR."""
    lines = [
        entered("snapshot", disk, time=time, pid=pid),
        f"{time} SM: [{pid}] Saving log consistency state of True for vdi: {disk}\n",
        f"{time} SM: [{pid}] FileVDI._rename {MOUNT}/{disk}.cbtlog to {MOUNT}/{new}.cbtlog\n",
        cbt("set", new, "-f", "1", time=time, pid=pid),
        cbt("get", new, "-p", time=time, pid=pid),
        cbt("set", before, "-c", new, time=time, pid=pid) if before else "",
        cbt("create", disk, "-s", "10737418240", time=time, pid=pid),
        cbt("set", disk, "-f", "1", time=time, pid=pid),
        cbt("get", new, "-c", time=time, pid=pid),
        cbt("set", disk, "-p", new, time=time, pid=pid),
        cbt("set", disk, "-c", NOBODY, time=time, pid=pid),
        cbt("set", new, "-c", disk, time=time, pid=pid),
        f"{time} SM: [{pid}] Unpause request for {disk} secondary=None\n",
    ]
    return "".join(lines)


def dropped(disk: str, before: str = "", *, time: str, pid: int) -> str:
    """Return a run that turns CBT off for a disk, as a user does."""
    return (
        entered("disable_cbt", disk, time=time, pid=pid)
        + cbt("get", disk, "-p", time=time, pid=pid)
        + (cbt("set", before, "-c", NOBODY, time=time, pid=pid) if before else "")
        + f"{time} SM: [{pid}] Unpause request for {disk} secondary=None\n"
    )


def compared(disk: str, to: str, *steps: str, time: str = "13:00:01", pid: int = 3000) -> str:
    """Return a comparison that reads `steps` and fails as unrelated; no steps: before the first."""
    lines = [entered("list_changed_blocks", disk, to, time=time, pid=pid)]
    last = disk
    for step in steps:
        lines.append(cbt("get", last, "-c", time=time, pid=pid))
        if step != last:
            lines.append(cbt("get", step, "-s", time=time, pid=pid))
            lines.append(f"{time} SM: [{pid}] DEBUG: Processing VDI {step} of size 10737418240\n")
            last = step
    reason = UNRELATED.strip("; ")
    return "".join(lines) + ended("list_changed_blocks", reason, time=time, pid=pid)


def comparison(
    disk: str, to: str, code: str = "SR_BACKEND_FAILURE_460", what: str = UNRELATED
) -> str:
    """Return xapi's lines of a comparison that failed."""
    method = "list_changed_blocks"
    return asked(method, disk, to) + failed(method, code, what)
