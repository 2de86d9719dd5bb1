"""Journal: all syslog files of one host, in the traditional format of rsyslog."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby

from tests.support.clock import Dial

SMLOG = "var/log/SMlog"
XENSOURCE = "var/log/xensource.log"
AUDIT = "var/log/audit.log"
DAEMON = "var/log/daemon.log"
KERN = "var/log/kern.log"
USER = "var/log/user.log"

_UP_BEFORE = timedelta(hours=22, minutes=39)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Line:
    day: date
    written: datetime
    text: str


class Journal:
    """What the programs of `host` logged, file by file, stamped with its local time.

    ``booted`` is the true time of the last boot; ``handed`` is command of SM → reference of the
    task for which xapi calls it next.
    """

    def __init__(self, host: str, clock: Dial, *, first_pid: int = 2400) -> None:
        self.host = host
        self.clock = clock
        self.booted = clock.clock.now - _UP_BEFORE
        self.handed: dict[str, str] = {}
        self._lines: dict[str, list[_Line]] = {}
        self._pid = first_pid

    def write(self, path: str, tag: str, text: str) -> None:
        """Add a record, now. ``tag`` is the program as on the line, ``SM`` or ``systemd[1]``."""
        self.raw(path, f"{self.clock.bsd} {self.host} {tag}: {text}")

    def raw(self, path: str, line: str) -> None:
        """Add a line of a program that does not log by syslog."""
        entry = _Line(day=self.clock.local.date(), written=self.clock.now, text=line)
        self._lines.setdefault(path, []).append(entry)

    def begin_midway(self, share: float) -> None:
        """Lose the first part of every file, as logrotate does: at any line."""
        for path, lines in self._lines.items():
            self._lines[path] = lines[int(share * len(lines)) :]

    def kernel(self, text: str) -> None:
        """Add a line of the kernel, with the seconds since the boot, which no clock changes."""
        self.write(KERN, "kernel", f"[{self.uptime.total_seconds():12.6f}] {text}")

    @property
    def uptime(self) -> timedelta:
        """Return the time since the boot."""
        return self.clock.clock.now - self.booted

    def pid(self) -> int:
        """Return the pid of a new process."""
        self._pid = 2400 + (self._pid - 2400 + 7) % 30000
        return self._pid

    def paths(self) -> tuple[str, ...]:
        """Return the files that have lines."""
        return tuple(self._lines)

    def lines(self, path: str) -> tuple[str, ...]:
        """Return all lines of a file, oldest first."""
        return tuple(line.text for line in self._lines.get(path, []))

    def days(self, path: str) -> Iterator[tuple[datetime, tuple[str, ...]]]:
        """Yield (time of the last, lines) of each day, newest first, as logrotate cuts them."""
        days = groupby(self._lines.get(path, []), key=lambda line: line.day)
        for entries in reversed([list(day) for _, day in days]):
            yield entries[-1].written, tuple(line.text for line in entries)
