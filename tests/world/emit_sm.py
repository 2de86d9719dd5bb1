"""SmProcess: what one SM command writes to SMlog.

Writer imitated: sm `util.py` (`SMlog`, `pread`, `logException`), `lock.py`, `lvutil.cmd_lvm`,
`SRCommand._run`, `xs_errors.XenError`, `fairlock.c`.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from tests.support.clock import Ids
from tests.world.journal import SMLOG
from tests.world.objects import Host, Storage

Frames = tuple[tuple[str, int, str, str], ...]  # file, line, function, code
_ERRORS = ("SR", "xs_errors", "sm.core.xs_errors")  # where SROSError is, by generation of sm

_FAIRLOCK = "/run/fairlock/devicemapper"
_NIL_LVM = "/var/lock/sm/.nil/lvm"


class SmProcess:
    """One process of SM on a host: a pid, the locks it has opened, the lines it logs."""

    def __init__(self, host: Host, program: str = "SM") -> None:
        self.host = host
        self.pid = host.journal.pid()
        self._thread = "[MainThread]" if host.release.qcow2 and program == "SM" else ""
        self.modern = host.release.sm_major >= 3
        self.family = "LVM" if host.release.qcow2 else "LVHD"
        self._program = program
        self._opened: list[str] = []
        self._held: set[str] = set()
        host.journal.clock.tick(0.3)

    def say(self, text: str) -> None:
        """Log `text`, one record per line, each with the pid."""
        for line in text.split("\n"):
            self.host.journal.write(SMLOG, self._program, f"[{self.pid}]{self._thread} {line}")

    def enter(self, command: str, storage: Storage, arguments: Mapping[str, object]) -> None:
        """Log the command's entry line: its name and its parameters."""
        self.say(f"{command} {self._parameters(command, storage, arguments)!r}")

    def run(self, *argv: str, seconds: float = 0.05) -> None:
        """Log an external command that succeeds."""
        self.say(repr(list(argv)))
        self.host.journal.clock.tick(seconds)
        self.say("  pread SUCCESS")

    def fail(self, *argv: str, code: int, stderr: str, seconds: float = 0.05) -> None:
        """Log an external command that fails; a line feed in `stderr` splits the record."""
        self.say(repr(list(argv)))
        self.host.journal.clock.tick(seconds)
        self.say(f"FAILED in util.pread: (rc {code}) stdout: '', stderr: '{stderr}'")

    def tap_ctl(self, *argv: str, status: int = 0) -> None:
        """Log a tap-ctl call and its status."""
        self.say(repr(["/usr/sbin/tap-ctl", *argv]))
        self.host.journal.clock.tick(0.1)
        self.say(f" = {status}")

    def lvm(self, *argv: str) -> None:
        """Log an LVM command inside the lock that serialises them on this release."""
        with self._serialised():
            self.run(*argv)

    def lvm_fails(self, *argv: str, code: int, stderr: str) -> None:
        """Log an LVM command that fails."""
        with self._serialised():
            self.fail(*argv, code=code, stderr=stderr)

    def refresh(self, storage: Storage) -> None:
        """Log LVMCache's reading of the volume group."""
        self.say("LVMCache: refreshing")
        self.lvm(
            "/sbin/lvs", "--noheadings", "--units", "b", "-o", "+lv_tags", f"/dev/{storage.group}"
        )

    def dm_gone(self, path: str) -> None:
        """Log the check after a deactivation: status 1, that is no such device, is success."""
        name = path.removeprefix("/dev/").replace("-", "--").replace("/", "-")
        self.lvm("/sbin/dmsetup", "status", name)

    def deactivated(self, path: str) -> None:
        """Log the deactivation of a volume."""
        self.lvm("/sbin/lvchange", "-an", path)
        self.dm_gone(path)

    @contextmanager
    def locked(self, namespace: str, name: str) -> Iterator[None]:
        """Log taking and giving back a lock; taking it again inside is silent."""
        path = f"/var/lock/sm/{namespace}/{name}"
        if path in self._held:
            yield
            return
        self._opening(path)
        self.say(f"lock: acquired {path}")
        self._held.add(path)
        try:
            yield
        finally:
            self._held.discard(path)
            self.say(f"lock: released {path}")

    def forget_lock(self, namespace: str, name: str) -> None:
        """Log the removal of a lock file."""
        path = f"/var/lock/sm/{namespace}/{name}"
        self.say(f"lock: unlinking lock file {path}")
        self._opened = [opened for opened in self._opened if opened != path]

    def close(self) -> None:
        """Log the closing of the locks that are still open, as the process ends."""
        for path in self._opened:
            self.say(f"lock: closed {path}")
        self._opened.clear()

    def raising(self, code: int, text: str) -> None:
        """Log an error object being made, caught later or not; sm 4 does not."""
        if self.host.release.sm_major > 3:
            return
        self.say(f"Raising exception [{code}, {text}]")

    @property
    def error_class(self) -> str:
        """Return the name of the class of SM's errors."""
        return f"{_ERRORS[self.host.release.sm_major - 2]}.SROSError"

    def exception(self, tag: str, kind: str, text: str, frames: Frames) -> None:
        """Log an exception with its traceback; the last record is empty."""
        shown = f"<class '{kind}'>" if "." in kind or self.modern else f"<type 'exceptions.{kind}'>"
        lines = [f"***** {tag}: EXCEPTION {shown}, {text}"]
        old = self.host.release.sm_major <= 3
        folder = "/opt/xensource/sm" if old else "/usr/lib/python3.11/site-packages/sm"
        for file, number, function, code in frames:
            lines.append(f'  File "{folder}/{file}", line {number}, in {function}')
            lines.append(f"    {code}")
        self.say("\n".join([*lines, ""]))

    @contextmanager
    def _serialised(self) -> Iterator[None]:
        if not self.modern:
            with self.locked(".nil", "lvm"):
                yield
            return
        clock = self.host.journal.clock
        daemon = "fairlock[3906]"
        monotonic = clock.now.timestamp() % 10_000_000
        self.host.journal.write(SMLOG, daemon, f"{_FAIRLOCK} acquired")
        self.host.journal.write(SMLOG, daemon, f"{_FAIRLOCK} sent '{self.pid} - {monotonic:.9f}'")
        yield
        self.host.journal.write(SMLOG, daemon, f"{_FAIRLOCK} released")

    def _opening(self, path: str) -> None:
        if path not in self._opened:
            self.say(f"lock: opening lock file {path}")
            self._opened.append(path)

    def _task(self, command: str) -> str:
        """Return the reference of xapi's task for this call: another one for each."""
        if command in self.host.journal.handed:
            return self.host.journal.handed.pop(command)
        return Ids(f"{self.host.uuid}/{self.pid}/{self.host.journal.clock.zulu}").uuid()

    def _parameters(
        self, command: str, storage: Storage, arguments: Mapping[str, object]
    ) -> dict[str, object]:
        master = "true" if self.host.master or not storage.shared else "false"
        device = f"/dev/disk/by-id/scsi-{storage.uuid[:8]}"
        return {
            "sr_uuid": storage.uuid,
            "subtask_of": f"DummyRef:|{self._task(command)}|"
            f"{command.replace('vdi_', 'VDI.').replace('sr_', 'SR.')}",
            **arguments,
            "host_ref": self.host.ref,
            "session_ref": "******" if self.modern else f"OpaqueRef:{self.host.uuid}",
            "device_config": {"SRmaster": master, "device": device},
            "command": command,
            "sr_ref": storage.ref,
        }
