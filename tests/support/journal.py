"""Journal: all syslog files of one host, in the traditional format of rsyslog."""

from collections.abc import Iterator
from datetime import datetime
from itertools import groupby

from tests.support.clock import Clock

SMLOG = "var/log/SMlog"
XENSOURCE = "var/log/xensource.log"
AUDIT = "var/log/audit.log"
DAEMON = "var/log/daemon.log"
KERN = "var/log/kern.log"
USER = "var/log/user.log"


class Journal:
    """What the programs of `host` logged, file by file, stamped with its local time."""

    def __init__(self, host: str, clock: Clock, *, first_pid: int = 2400) -> None:
        self.host = host
        self.clock = clock
        self._lines: dict[str, list[tuple[datetime, str]]] = {}
        self._pid = first_pid

    def write(self, path: str, tag: str, text: str) -> None:
        """Add a record, now. ``tag`` is the program as on the line, ``SM`` or ``systemd[1]``."""
        line = f"{self.clock.bsd} {self.host} {tag}: {text}"
        self._lines.setdefault(path, []).append((self.clock.local, line))

    def pid(self) -> int:
        """Return the pid of a new process."""
        self._pid = 2400 + (self._pid - 2400 + 7) % 30000
        return self._pid

    def paths(self) -> tuple[str, ...]:
        """Return the files that have lines."""
        return tuple(self._lines)

    def lines(self, path: str) -> tuple[str, ...]:
        """Return all lines of a file, oldest first."""
        return tuple(line for _, line in self._lines.get(path, []))

    def days(self, path: str) -> Iterator[tuple[datetime, tuple[str, ...]]]:
        """Yield (last local time, lines) of each day, newest first, as logrotate cuts them."""
        days = groupby(self._lines.get(path, []), key=lambda entry: entry[0].date())
        for entries in reversed([list(day) for _, day in days]):
            yield entries[-1][0], tuple(line for _, line in entries)
