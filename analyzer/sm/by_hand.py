"""What a person or a full disk does to logs: none of it asks SM, all of it always works.

`set_parent` and `set_child` are `cbt-util set -p|-c`, which fails where the header is not whole.
"""

from dataclasses import replace

from analyzer.sm._storage import Storage, run
from analyzer.sm.state import Body, Result, State

FAILED = "cbt-util"


def remove_log(state: State, log: str) -> Result:
    """Remove a log's file or volume."""

    def act(storage: Storage) -> None:
        storage.logs.pop(log, None)

    return run(state, act, FAILED)


def cut_header(state: State, log: str) -> Result:
    """Cut a log to less than a header (48 bytes), as a full disk does."""
    return _cut_short(state, log, Body.CUT)


def cut_bitmap(state: State, log: str) -> Result:
    """Cut a log inside its bitmap; a header that was cut already stays cut."""
    return _cut_short(state, log, Body.SHORT)


def _cut_short(state: State, log: str, body: Body) -> Result:
    def act(storage: Storage) -> None:
        found = storage.logs.get(log)
        if found and found.body is not Body.CUT:
            storage.logs[log] = replace(found, body=body, recorded=())

    return run(state, act, FAILED)


def set_parent(state: State, log: str, parent: str) -> Result:
    """Do `cbt-util set -n LOG -p PARENT`; ``NO_LOG`` stands for the null uuid."""
    return run(state, lambda storage: storage.set_parent(log, parent), FAILED)


def set_child(state: State, log: str, child: str) -> Result:
    """Do `cbt-util set -n LOG -c CHILD`; ``NO_LOG`` stands for the null uuid."""
    return run(state, lambda storage: storage.set_child(log, child), FAILED)
