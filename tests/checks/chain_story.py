"""Story: SMlog of one SR, written as SM writes it while a small model of the CBT logs changes.

The sequences are those of sm `VDI.py`: what SM would do to the logs is done to the model, and the
lines it would log are kept. `lines` is what `CaseBuilder.smlog` takes.
"""

from dataclasses import dataclass, field

from tests.checks.support import GROUP, SR

NONE = "00000000-0000-0000-0000-000000000000"
SIZE = 10 << 30


@dataclass
class Log:
    """What the header of a log says; "" is none."""

    parent: str = ""
    child: str = ""


@dataclass
class Story:
    """One SR of files, or of volumes; the clock goes on by a second with each line."""

    volumes: bool = False
    seconds: int = 3600
    pid: int = 2000
    text: list[str] = field(default_factory=list)
    logs: dict[str, Log] = field(default_factory=dict)
    metadata: set[str] = field(default_factory=set)

    @property
    def lines(self) -> str:
        """Return all lines so far."""
        return "".join(self.text)

    @property
    def now(self) -> str:
        """Return the time of the line written last."""
        return _clock(self.seconds)

    def wait(self, minutes: int = 30) -> "Story":
        """Let time pass."""
        self.seconds += minutes * 60
        return self

    def path(self, disk: str) -> str:
        """Return the path of a log."""
        folder = f"/dev/{GROUP}" if self.volumes else f"/var/run/sr-mount/{SR}"
        return f"{folder}/{disk}.cbtlog"

    def say(self, words: str) -> None:
        """Write a line of the process that runs."""
        self.seconds += 1
        self.text.append(f"{_clock(self.seconds)} SM: [{self.pid}] {words}\n")

    def begin(self, name: str, disk: str, args: tuple[str, ...] = (), **more: str) -> None:
        """Begin a call."""
        self.pid += 1
        entry = {
            "device_config": {"SRmaster": "true"},
            "command": name,
            "args": list(args),
            "sr_uuid": SR,
            "vdi_uuid": disk,
            **more,
        }
        self.say(f"{name} {entry!r}")

    def run(self, *argv: str, rc: int = 0, stderr: str = "") -> None:
        """Write a command and how it ended."""
        self.say(repr(list(argv)))
        if rc:
            self.say(f"FAILED in util.pread: (rc {rc}) stdout: '', stderr: '{stderr}'")
        else:
            self.say("  pread SUCCESS")

    def cbt(self, verb: str, disk: str, *more: str) -> None:
        """Write a successful cbt-util command."""
        self.run("/usr/sbin/cbt-util", verb, "-n", self.path(disk), *more)

    def enable(self, disk: str) -> "Story":
        """Turn CBT on."""
        self.begin("vdi_enable_cbt", disk)
        self.say(f"Pause request for {disk}")
        self._create(disk)
        self.say(f"Unpause request for {disk} secondary=None")
        return self

    def disable(self, disk: str) -> "Story":
        """Turn CBT off, as a user does: the parent's pointer is cleared."""
        self.begin("vdi_disable_cbt", disk)
        self.say(f"Pause request for {disk}")
        self.cbt("get", disk, "-p")
        self._remove(disk)
        parent = self.logs.pop(disk).parent
        if parent in self.logs:
            self._set(parent, "child", "")
        self.say(f"Unpause request for {disk} secondary=None")
        return self

    def activate(self, disk: str, *, write: bool = True) -> "Story":
        """Activate a disk whose log is consistent."""
        self.begin("vdi_activate", disk, ("true" if write else "false",))
        if write:
            self.cbt("get", disk, "-f")
            self.cbt("set", disk, "-f", "0")
        self.say(f"Removed activating flag from {disk}")
        return self

    def deactivate(self, disk: str) -> "Story":
        """Deactivate a disk, read-only or not."""
        self.begin("vdi_deactivate", disk)
        self.cbt("set", disk, "-f", "1")
        self.say(f"Removed host key host_OpaqueRef:4d7c1f0e-2a9b-4c3d-8e5f-60718293a4b5 for {disk}")
        return self

    def lose(self, disk: str) -> "Story":
        """Activate a disk whose log is not consistent: an error turns CBT off."""
        self.begin("vdi_activate", disk, ("true",))
        self.cbt("get", disk, "-f")
        self.say(f"Changed Block Tracking metadata is inconsistent for disk {disk}.")
        self._remove(disk)
        self.logs.pop(disk)
        self.say(f"Removed activating flag from {disk}")
        return self

    def snapshot(self, disk: str, taken: str) -> "Story":
        """Take a snapshot of a disk with CBT that is not attached."""
        self.begin("vdi_snapshot", disk)
        self.say(f"Saving log consistency state of True for vdi: {disk}")
        self._rename(disk, taken)
        old = self.logs[taken] = self.logs.pop(disk)
        self.cbt("set", taken, "-f", "1")
        self.cbt("get", taken, "-p")
        if old.parent in self.logs:
            self._set(old.parent, "child", taken)
        self._create(disk)
        self.cbt("get", taken, "-c")
        self._set(disk, "parent", taken)
        self._set(disk, "child", old.child)
        self._set(taken, "child", disk)
        self.say(f"Unpause request for {disk} secondary=None")
        return self

    def destroy_data(self, taken: str) -> "Story":
        """Destroy the data of a snapshot."""
        self.begin("vdi_data_destroy", taken)
        self.metadata.add(taken)
        self.say("Kicking GC")
        return self

    def delete(self, taken: str) -> "Story":
        """Delete a snapshot; its log is merged, but for a metadata disk on a file SR."""
        kind = "cbt_metadata" if taken in self.metadata else "user"
        self.begin("vdi_delete", taken, vdi_type=kind)
        log = self.logs.pop(taken)
        if kind == "user" or self.volumes:
            self._merge(taken, log)
        self.say("Kicking GC")
        return self

    def compare(self, older: str, newer: str) -> "Story":
        """Compare two disks as SM does, and log how it ends."""
        self.begin("vdi_list_changed_blocks", older, (f"OpaqueRef:{newer}",))
        current, seen = older, {older}
        while current != newer:
            self.cbt("get", current, "-c")
            current = self.logs[current].child
            if current not in self.logs or current in seen:
                self.refuse()
                return self
            seen.add(current)
            self.cbt("get", current, "-s")
            self.say(f"DEBUG: Processing VDI {current} of size {SIZE}")
            self.cbt("get", current, "-b")
            self.say("Size of bitmap: 163840")
        return self

    def end(self) -> "Story":
        """Let another call follow, which shows that the last one ended."""
        self.wait(20).begin("sr_scan", "")
        self.say("VDIs missing from disk: set()")
        return self

    def refuse(self) -> None:
        """Write what SM does where it finds no way from one disk to the other."""
        why = "Failed to calculate changed blocks for given VDIs. [opterr=Source and target VDI are unrelated]"
        self.say(f"Raising exception [460, {why}]")
        for tag in ("generic exception: vdi_list_changed_blocks", "NFS VHD"):
            self.say(f"***** {tag}: EXCEPTION <class 'xs_errors.SROSError'>, {why}")
            self.say('  File "/opt/xensource/sm/SRCommand.py", line 113, in run')
            self.say("    return self._run_locked(sr)")
            self.say("")

    def _create(self, disk: str) -> None:
        if self.volumes:
            self.run("/sbin/lvcreate", "-n", f"{disk}.cbtlog", "-L", "4", GROUP)
        self.cbt("create", disk, "-s", str(SIZE))
        self.cbt("set", disk, "-f", "1")
        self.logs[disk] = Log()

    def _remove(self, disk: str) -> None:
        if self.volumes:
            self.run("/sbin/lvremove", "-f", self.path(disk))

    def _rename(self, disk: str, taken: str) -> None:
        if self.volumes:
            self.run("/sbin/lvrename", self.path(disk), f"{taken}.cbtlog")
        else:
            self.say(f"FileVDI._rename {self.path(disk)} to {self.path(taken)}")

    def _set(self, disk: str, which: str, value: str) -> None:
        setattr(self.logs[disk], which, value)
        self.cbt("set", disk, "-p" if which == "parent" else "-c", value or NONE)

    def _merge(self, taken: str, log: Log) -> None:
        self.cbt("get", taken, "-p")
        self.cbt("get", taken, "-c")
        if log.parent in self.logs:
            self._set(log.parent, "child", log.child)
        if log.child in self.logs:
            self._set(log.child, "parent", log.parent)
            self.cbt("get", log.child, "-f")
            self.run(
                "/usr/sbin/cbt-util", "coalesce", "-p", self.path(taken), "-c", self.path(log.child)
            )
        self._remove(taken)


def _clock(seconds: int) -> str:
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
