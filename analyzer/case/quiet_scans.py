"""Scans of SRs of which nothing is told but that they were made: most of them make no row.

SRs are scanned again and again, all day. A scan that goes well writes its entry line (sm,
``SRCommand.py`` ``_run``) and that it woke the garbage collector (``cleanup.py``): of a large
report a quarter of all rows. One is left out where the next follows within a minute, in the same
five minutes, and no SR was attached between: so the last line before a silence or a boot is still
there, and every call is seen to have ended that did
(`rebuilt.calls.processes.ended_before_others`). The rows of that next one count those left out.
"""

from collections.abc import Callable
from math import inf
from typing import NamedTuple

from analyzer.case.rows import Row
from analyzer.model.terms import SM_CALL_ENTRY, SM_KICKED, SM_LOCKED
from analyzer.parsers._api import Stamp

SCANS = "sr_scan "
_ATTACHES = "sr_attach "
QUICK = 60  # seconds in which a scan has said all it says
QUIET = 15 * 60  # no call is silent for longer, unless it waits
_OVER = QUICK + QUIET  # its last line may be so much later than its first
_NEAR = 60
_SPAN = 5 * 60
_MOST_HEARD = 10_000


class _Scan(NamedTuple):
    rows: list[Row]
    began: int  # second
    attached: int  # calls above that attach an SR


class QuietScans:
    """Takes the rows of one SMlog in order, and gives ``keep`` those that stay, a little later."""

    def __init__(self, keep: Callable[[Row], None]) -> None:
        self._keep = keep
        self._running: dict[int, _Scan] = {}  # by pid, in the order in which they began
        self._due: float = inf  # before this second none of them is over
        self._well: _Scan | None = None  # the last of which all is known
        # pid → second of its last row that is no such scan's, infinite where it may still wait
        self._heard: dict[int, float] = {}
        self._most_heard = _MOST_HEARD
        self._attached = 0
        self._first = self._now = 0  # seconds
        self._month = 0

    def take(self, row: Row) -> None:
        """Take a row."""
        when, pid = row.when, row.pid
        if not isinstance(when, Stamp) or pid is None:
            self._keep(row)
            return
        month, day, hour, minute, second, *_ = when
        now = ((day * 24 + hour) * 60 + minute) * 60 + second
        if month != self._month or now < self._now:
            self.close()
            self._forget()
            self._heard = {each: at if at == inf else now for each, at in self._heard.items()}
            self._first = now  # a scan may have said something in the file before
            self._month = month
        self._now = now
        if now > self._due:
            self._end_scans()
        scan = self._running.get(pid)
        is_entry = row.kind == SM_CALL_ENTRY
        if is_entry and row.message.startswith(SCANS):
            if scan is None and now - self._heard.get(pid, self._first) > QUIET:
                self._due = min(self._due, now + _OVER)
                self._running[pid] = _Scan([row], now, self._attached)
                return
        elif scan is not None and row.kind == SM_KICKED and now - scan.began < QUICK:
            scan.rows.append(row)
            return
        if scan is not None:
            self._keep_all(self._running.pop(pid).rows)
        self._attached += is_entry and row.message.startswith(_ATTACHES)
        if len(self._heard) >= self._most_heard:
            self._forget()
            self._most_heard = _MOST_HEARD + 2 * len(self._heard)
        waits = row.kind == SM_LOCKED or (row.message.startswith("['") and "\n" not in row.message)
        self._heard[pid] = inf if waits else now
        self._keep(row)

    def close(self) -> None:
        """Give out what is held."""
        for scan in (*((self._well,) if self._well else ()), *self._running.values()):
            self._keep_all(scan.rows)
        self._well = None
        self._running.clear()

    def _keep_all(self, rows: list[Row]) -> None:
        for row in rows:
            self._keep(row)

    def _forget(self) -> None:
        """Forget the pids that may be another process's by now."""
        now = self._now
        self._heard = {each: at for each, at in self._heard.items() if now - at <= QUIET}

    def _end_scans(self) -> None:
        """Let go those that have said all they say."""
        for pid, scan in [*self._running.items()]:
            if self._now <= scan.began + _OVER:
                self._due = scan.began + _OVER
                return
            del self._running[pid]
            self._end_scan(scan)
        self._due = inf

    def _end_scan(self, scan: _Scan) -> None:
        before, self._well = self._well, scan
        if before is None:
            return
        near = scan.began - before.began <= _NEAR and scan.began // _SPAN == before.began // _SPAN
        (entry, *kicks), (own, *own_kicks) = before.rows, scan.rows
        if not near or scan.attached != before.attached or (kicks and not own_kicks):
            self._keep_all(before.rows)
            return
        scan.rows[0] = own._replace(count=own.count + entry.count)
        if kicks:
            more = sum([row.count for row in kicks])
            scan.rows[-1] = own_kicks[-1]._replace(count=own_kicks[-1].count + more)
