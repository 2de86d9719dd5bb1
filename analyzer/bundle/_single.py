"""Tell what a single file is that is no archive: a log, a document, or nothing known."""

import re

from analyzer.bundle.loose import may_be_read
from analyzer.bundle.names import LogName, log_name, place, printable
from analyzer.bundle.paste import is_paste
from analyzer.errors import InputError, UsageError
from analyzer.sources import SOURCES
from analyzer.values import dataclass

_LOGS = {kind.name: kind.family for kind in SOURCES if kind.is_log}
_DOCUMENTS = {path.rpartition("/")[2]: path for kind in SOURCES for path in kind.paths}
_PACKED = re.compile(r"\.(?:gz|bz2|xz)$")
_ROTATED = re.compile(r"\.(\d{1,4})(?:\.(?:gz|bz2|xz))?$", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Single:
    """The one member of an input that is a single file; ``pasted``: lines taken out of logs."""

    path: str
    log: LogName | None
    pasted: bool = False


def identify(name: str, head: bytes, log_as: str | None) -> Single:
    """Tell what the file `name` that starts with `head` is.

    Raises:
        InputError: it is nothing that a status report has.
        UsageError: no parser is called `log_as`.
    """
    if log_as is not None:
        named, pasted = _told(name, log_as), is_paste(head, named=True)
        return Single(path=printable(name), log=named, pasted=pasted)
    path = place(name).path
    if (log := log_name(path)) is not None:
        return Single(path=path, log=log, pasted=is_paste(head, named=True))
    plain = _PACKED.sub("", path)
    if plain in _DOCUMENTS:
        return Single(path=_DOCUMENTS[plain], log=None)
    if is_paste(head, named=False):  # before all else: SM's lines name what listings list
        return Single(path=path, log=None, pasted=True)
    if may_be_read(head):
        return Single(path=path, log=None)
    msg = (
        f"{printable(name)}: neither an archive nor a file of a status report: "
        f"give the archive that xen-bugtool made, or for a log tell which it is with --as "
        f"({', '.join(_LOGS)})"
    )
    raise InputError(msg)


def _told(name: str, log_as: str) -> LogName:
    if log_as not in _LOGS:
        msg = f"--as {log_as}: expected one of {', '.join(_LOGS)}"
        raise UsageError(msg)
    rotated = _ROTATED.search(name)
    return LogName(family=_LOGS[log_as], rotation=int(rotated[1]) if rotated else 0)
