"""The files of a report: all of one run, whole, and over nothing that is not ours.

Each is written beside its place under a name that nobody can foresee, so a link or a pipe that
lies there is never followed. Only when all are on the disk do the old ones go and the new ones
come: a run that is killed leaves files of one run, never half of one.
"""

import os
import shutil
import stat
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, TypeAlias

from analyzer.errors import UsageError

_OURS = b"cbtriage"
_HEAD = 1 << 20
Content: TypeAlias = str | bytes | IO[bytes]


def write_files(folder: Path, texts: Mapping[str, Content], *, force: bool) -> tuple[Path, ...]:
    """Write texts by file name into a folder, all or none, and return their paths.

    Of a file it is what stands in it from where it is read on; it is closed.

    Raises:
        UsageError: it cannot be written there, or (not with `force`) something lies there that is
            not a report of ours.
    """
    parts: dict[Path, Path] = {}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not force:
            for check_target in [folder / name for name in texts]:
                if not _is_free(check_target):
                    check_msg = (
                        f"{check_target}: it is there and no report of cbtriage; "
                        "give another folder with -o, or --force to overwrite it"
                    )
                    raise UsageError(check_msg)
        for name, text in texts.items():
            _write_part(folder, name, text, parts)
        with _alone_in_folder(folder):
            for target in parts:
                target.unlink(missing_ok=True)
            for target, put_part in parts.items():
                put_part.replace(target)
    except OSError as error:
        msg = f"{folder}: cannot write the report ({error.strerror}); give another folder with -o"
        raise UsageError(msg) from error
    finally:  # on a full disk, and on Ctrl-C
        for part in parts.values():
            with suppress(OSError):
                part.unlink(missing_ok=True)
    return tuple(parts)


def _is_free(target: Path) -> bool:
    """Tell whether nothing lies at a path but what an earlier run left."""
    try:
        status = target.lstat()
        if not stat.S_ISREG(status.st_mode):
            return False
        with target.open("rb") as file:
            return not status.st_size or _OURS in file.read(_HEAD)
    except FileNotFoundError:  # or another run has just taken it away, to put its own there
        return True


def _write_part(folder: Path, name: str, text: Content, parts: dict[Path, Path]) -> None:
    handle, part = tempfile.mkstemp(prefix=f".{name}.", suffix=".part", dir=folder)
    parts[folder / name] = Path(part)
    with os.fdopen(handle, "wb") as file:
        if isinstance(text, str | bytes):
            file.write(text if isinstance(text, bytes) else text.encode())
        else:
            with text:
                shutil.copyfileobj(text, file)
        file.flush()
        os.fsync(handle)
    # The mask of new files; mkstemp makes them for their owner alone.
    mask = os.umask(0o077)
    os.umask(mask)
    Path(part).chmod(0o666 & ~mask)


@contextmanager
def _alone_in_folder(folder: Path) -> Iterator[None]:
    """Keep another run that writes there waiting, so that all files are of one of the two."""
    try:
        import fcntl
    except ModuleNotFoundError:  # Windows, where a folder cannot be opened either
        yield
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
