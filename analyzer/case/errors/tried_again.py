"""Commands of LVM that failed and were tried again: a success takes their failures back.

SM removes and deactivates a volume in up to ten tries, since others look at volumes all the time
(lvutil.py, ``remove``, ``deactivateNoRefcount``): the failed command, ``*** lvremove failed on
attempt #0``, the same command again. The parser joins the last two with how the command ended,
unless it touches a CBT log: such a command is a record of its own.
"""

import re
from collections import OrderedDict
from typing import TypeVar

from analyzer.case.errors.said import Failure, Weight
from analyzer.parsers._api import Record

T = TypeVar("T")

_PROCESSES = 256  # of one log that wait for how their next try ends
_AGAIN = re.compile(
    r"\*\*\* (?P<command>lvremove|lvchange -an) failed on attempt #(?P<number>[0-8])\b"
    r"(?:\n(?P<echo>\[[^\n]*)(?P<ended>\n  pread SUCCESS)?)?"
)
_WORDS = re.compile(r"'(?:/[a-z/]+/)?(lv[a-z]+)', u?'(-an?)?")


class TriedAgain:
    """The failures of one log that a success may take back yet, by process."""

    def __init__(self) -> None:
        self._last: OrderedDict[int, Failure] = OrderedDict()
        self._tries: OrderedDict[int, list[Failure]] = OrderedDict()

    def add(self, failure: Failure) -> None:
        """Take a failure, in the order of the log."""
        pid = failure.record.pid
        if pid is not None and failure.told.weight is Weight.COMMAND:
            _keep(self._last, pid, failure)

    def taken_back(self, record: Record) -> list[Failure]:
        """Return what failed before, as a record says that it was done in the end."""
        if record.pid is None:
            return []
        again = _AGAIN.match(record.message)
        if again is None:  # a command with its success
            tries = self._tries.get(record.pid, [])
            echo = record.message.partition("\n")[0]
            same = tries and tries[-1].record.message.partition("\n")[0] == echo
            return self._tries.pop(record.pid) if same else []
        failure = self._last.pop(record.pid, None)
        tries = [] if again["number"] == "0" else self._tries.pop(record.pid, [])
        tries += [failure] if failure is not None else []
        words = _WORDS.search(again["echo"] or "")
        if again["ended"] and words and " ".join(filter(None, words.groups())) == again["command"]:
            return tries
        if tries:
            _keep(self._tries, record.pid, tries)
        return []


def _keep(kept: OrderedDict[int, T], pid: int, value: T) -> None:
    kept[pid] = value
    kept.move_to_end(pid)
    if len(kept) > _PROCESSES:
        kept.popitem(last=False)
