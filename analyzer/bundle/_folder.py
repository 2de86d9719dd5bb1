"""Read an unpacked folder, in sorted order, never through a symbolic link."""

import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

from analyzer.bundle._entry import Entry, Fault, utc
from analyzer.bundle._stream import FileStream, Loss

_KINDS = {stat.S_IFLNK: "a symbolic link", stat.S_IFIFO: "a pipe", stat.S_IFSOCK: "a socket"}


def folder_entries(folder: Path, on_read: Callable[[int], None]) -> Iterator[Entry | Fault]:
    """Yield the files below `folder` as entries with relative names, ``/`` between folders."""
    waiting = sorted(folder.iterdir(), reverse=True)
    while waiting:
        path = waiting.pop()
        name = path.relative_to(folder).as_posix()
        try:
            info = path.lstat()
            if stat.S_ISDIR(info.st_mode):
                waiting += sorted(path.iterdir(), reverse=True)
                continue
        except OSError as error:
            yield _fault_of_unreadable(name, error)
            continue
        if stat.S_ISREG(info.st_mode):
            yield from entry_of_file(path, name, info, on_read)
        else:
            skip = _KINDS.get(stat.S_IFMT(info.st_mode), "a device")
            yield Entry(name=name, skip=skip)


def entry_of_file(
    path: Path, name: str, info: os.stat_result, on_read: Callable[[int], None]
) -> Iterator[Entry | Fault]:
    """Yield a file, which is open until the next entry is asked for."""
    try:
        with path.open("rb") as file:
            stream = FileStream(file, on_read)
            mtime = utc(info.st_mtime)
            yield Entry(name=name, mtime=mtime, content=stream, path=path)
    except OSError as error:
        yield _fault_of_unreadable(name, error)


def _fault_of_unreadable(name: str, error: OSError) -> Fault:
    loss = Loss(
        why=f"not readable: {error.strerror or error}",
        settle_with="give the folder's files to the user who runs this, or run as their owner",
    )
    return Fault(loss=loss, where=name)
