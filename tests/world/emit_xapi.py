"""Api: what xapi logs of calls, in xensource.log and audit.log, and its alerts.

Writer imitated: xen-api `debug.ml`, `message_forwarding.ml`, `xapi_vdi.ml`, `sm.ml`,
`rbac_audit.ml`, `xapi_message.ml`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from tests.support.clock import Ids
from tests.world.journal import AUDIT, XENSOURCE
from tests.world.objects import Disk, Host


class Argument(NamedTuple):
    """An argument of a call as audit.log shows it: parameter, then name, uuid and reference."""

    parameter: str
    name: str
    uuid: str
    ref: str


def named(parameter: str, disk: Disk) -> Argument:
    """Return a disk as an argument."""
    return Argument(parameter, disk.name, disk.uuid, disk.ref)


_TRACK = "trackid=9834f5af41c964e225f24279aefe4e49"


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """An API call under way: who asked, which thread serves it, its name and reference.

    ``mark`` is R for a request, D for a task of xapi's own.
    """

    thread: int
    client: str
    name: str
    ref: str
    mark: str = "R"

    @property
    def short(self) -> str:
        """Return the reference as log lines show it (``Ref.really_pretty_and_small``).

        >>> Task(
        ...     thread=1, client="", name="", ref="OpaqueRef:01234567-89ab-4cde-8f01-23456789abcd"
        ... ).short
        'R:0123456789ab'
        """
        return f"{self.mark}:{self.ref[10:18]}{self.ref[19:23]}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """An alert as xapi keeps it; ``epoch`` names its file, ``subject`` is a uuid."""

    ref: str
    uuid: str
    name: str
    priority: int
    cls: str
    subject: str
    body: str
    epoch: float
    timestamp: str
    generation: int


class Api:
    """xapi on one host."""

    def __init__(self, host: Host, ids: Ids) -> None:
        self.host = host
        self.messages: list[Message] = []
        self._ids = ids

    def call(self, name: str, client: str = "192.0.2.40", *, socket: str = "") -> Task:
        """Start a call, over the network or over a UNIX socket."""
        if socket:
            shown = f"UNIX {socket}"
        elif self.host.release.host_field:
            shown = "INET :::80"
        else:
            shown = f"HTTPS {client}->:::80"
        thread = self._ids.number(200, 9999)
        return Task(thread=thread, client=shown, name=name, ref=self._ids.ref())

    def inside(self, name: str) -> Task:
        """Start a task of xapi's own, with a dummy reference and no client."""
        thread = self._ids.number(10, 199)
        return Task(thread=thread, client="", name=name, ref=self._ids.ref(), mark="D")

    def log(self, task: Task, brand: str, text: str, level: str = "debug") -> None:
        """Log a record of a call."""
        name = self.host.name if self.host.release.host_field else ""
        head = f"{level:>5}|{name}|{task.thread} {task.client}|{task.name} {task.short}|{brand}"
        self.host.journal.write(XENSOURCE, "xapi", f"[{head}] {text}")
        self.host.journal.clock.tick()

    def said(self, task: Task, text: str) -> None:
        """Log what message_forwarding says of a call: at level debug, in the module "audit"."""
        self.log(task, "audit", text)

    def audit(self, task: Task, arguments: Sequence[Argument], result: str = "OK") -> None:
        """Log the call's end in audit.log: its inner stamp is UTC."""
        name = self.host.name if self.host.release.host_field else ""
        stamp = self.host.journal.clock.zulu
        head = f"{stamp}|audit|{name}|{task.thread} {task.client}|{task.name} {task.short}|audit"
        shown = " ".join(f"({' '.join(map(_quoted, words))})" for words in arguments)
        who = f"'{_TRACK}' 'LOCAL_SUPERUSER' 'root' 'ALLOWED'"
        text = f"[{head}] ({who} '{result}' 'API' '{task.name}' ({shown}))"
        self.host.journal.write(AUDIT, "xapi", text)

    def hand_on(self, task: Task, other: "Api") -> None:
        """Log on another host that it was handed a call (xapi's context.ml)."""
        if other is self:
            return
        ids = Ids(f"{task.ref} on {other.host.uuid}")
        came = Task(
            thread=ids.number(200, 9999),
            client=task.client,
            name=f"dispatch:{task.name}",
            ref=ids.ref(),
            mark="D",
        )
        text = f"task {task.name} {task.short} forwarded ({_TRACK})"
        other.log(came, "taskhelper", text)

    def forward(self, call: str, disk: Disk, text: str = "VDI = '{v}'") -> Task:
        """Log that a VDI call is forwarded and its SR marked busy."""
        task = self.call(call)
        self.said(task, f"{call}: {text.format(v=disk.uuid)}")
        self.log(task, "message_forwarding", f"Marking SR for {call} (task={task.ref})")
        return task

    def reach(self, task: Task, disk: Disk, other: Disk | None = None) -> None:
        """Log that SM is called; `other` is the newer disk of a comparison."""
        verb = task.name.replace("VDI.", "vdi_")
        disks = f"vdi_from={disk.ref} vdi_to={other.ref}" if other else f"vdi={disk.ref}"
        where = f"sr={disk.storage.ref} {disks}"
        made = Task(thread=task.thread, client="", name=task.name, ref=_made(task), mark="D")
        text = f"task {made.name} {made.short} created ({_TRACK}) by task {task.name} {task.short}"
        self.log(task, "taskhelper", text)
        self.log(made, "sm", f"SM {disk.storage.type} {verb} {where}")
        self.host.journal.handed[verb] = made.ref.removeprefix("OpaqueRef:")

    def begin(self, call: str, disk: Disk, text: str = "VDI = '{v}'") -> Task:
        """Log the start of a VDI call: forwarded, the SR marked busy, SM called."""
        task = self.forward(call, disk, text)
        self.reach(task, disk)
        return task

    def end(self, task: Task, disk: Disk) -> None:
        """Log the good end of a VDI call."""
        self.log(task, "message_forwarding", f"Unmarking SR after {task.name} (task={task.ref})")
        self.audit(task, (named("self", disk),))

    def refuse(self, task: Task, disk: Disk, code: str, *params: str) -> str:
        """Log that xapi refuses a call before SM hears of it; returns the error's code."""
        shown = f"{code}: [ {'; '.join(params)} ]"
        text = f"Caught exception while marking VDI for {task.name} in message forwarder: {shown}"
        self.log(task, "message_forwarding", text)
        return self.fail(task, disk, code, *params)

    def fail(self, task: Task, disk: Disk, code: str, *params: str) -> str:
        """Log the bad end of a VDI call; returns the error's code."""
        self.log(task, "message_forwarding", f"Unmarking SR after {task.name} (task={task.ref})")
        return self.failed(task, (named("self", disk),), code, *params)

    def failed(self, task: Task, arguments: Sequence[Argument], code: str, *params: str) -> str:
        """Log an error and its backtrace; returns the error's code."""
        shown = "; ".join(params)
        error = f"Server_error({code}, [ {shown} ])"
        head = f"{task.name} {task.short} failed with exception {error}"
        frames = (
            "1/3 xapi Raised at file ocaml/xapi/rbac.ml, line 231",
            "2/3 xapi Called from file ocaml/xapi/rbac.ml, line 239",
            "3/3 xapi Called from file ocaml/xapi/server_helpers.ml, line 78",
        )
        for text in (head, f"Raised {error}", *frames, ""):
            self.log(task, "backtrace", text, level="error")
        self.audit(task, arguments, f"ERROR:{code}: [ {shown} ]")
        return code

    def set_cbt(self, disk: Disk, *, enabled: bool) -> None:
        """Log SM's own call that writes the database's flag."""
        disk.cbt_enabled = enabled
        task = self.call("VDI.set_cbt_enabled", client="127.0.0.1")
        value = f"VDI = '{disk.uuid}'; value = '{str(enabled).lower()}'"
        self.said(task, f"VDI.set_cbt_enabled: {value}")

    def alert(self, name: str, disk: Disk, body: str) -> Message:
        """Log and keep an alert of SM on a disk."""
        return self._message(name, 3, ("VDI", disk.uuid), body)

    def alarm(self, machine: str) -> Message:
        """Log and keep an alert that has nothing to do with disks: a VM's CPU is busy."""
        variable = '<name value="cpu_usage"/><alarm_trigger_level value="0.90"/>'
        body = f"value: 0.971200\nconfig:\n<variable>{variable}</variable>\n"
        return self._message("ALARM", 5, ("VM", machine), body)

    def _message(self, name: str, priority: int, about: tuple[str, str], body: str) -> Message:
        cls, subject = about
        clock = self.host.journal.clock
        task = self.call("message.create", client="127.0.0.1")
        text = f"Message.create {name} {priority} {cls} {subject}"
        self.log(task, "xapi_message", text)
        message = Message(
            ref=self._ids.ref(),
            uuid=self._ids.uuid(),
            name=name,
            priority=priority,
            cls=cls,
            subject=subject,
            body=body,
            epoch=clock.now.timestamp(),
            timestamp=clock.compact,
            generation=90210 + len(self.messages),
        )
        self.messages.append(message)
        return message


def _made(task: Task) -> str:
    """Return the reference of the task that a task makes to call SM."""
    return Ids(f"made by {task.ref}").ref()


def _quoted(text: str) -> str:
    """Return a string as xapi's S-expressions show it."""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
