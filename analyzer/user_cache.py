"""Keep what was worked out once in the user's cache folder, ``<cache>/cbtriage``.

The folder is ``$XDG_CACHE_HOME``, else ``%LOCALAPPDATA%``, else ``~/.cache``. Whatever lies in it
can be made again, so it may be deleted at any time; where it cannot be read or written, every run
works things out for itself. Nothing of a bundle is ever kept.

What is kept may be code (templates are). So only files that belong to us, in a folder that belongs
to us, and that nobody else may write, are read: who can change these can change our programs, too.
"""

import hashlib
import os
import stat
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from analyzer import __version__

_MAGIC = b"cbtriage cache 1\n"
_LARGEST = 1 << 24  # bytes of a file
_WRITABLE_BY_OTHERS = stat.S_IWGRP | stat.S_IWOTH


def key_of(parts: Iterable[bytes]) -> bytes:
    """Return what names these contents, and the program that made something of them."""
    digest = hashlib.sha256(__version__.encode())
    for part in parts:
        digest.update(b"\0%d\0" % len(part) + part)
    return digest.digest()


def recall(name: str, key: bytes) -> bytes | None:
    """Return what was kept as `name` for exactly this key, None where nothing whole was."""
    folder = _cache_folder()
    if folder is None:
        return None
    try:
        content = _is_trusted(folder / name) if _is_ours(folder.stat()) else b""
    except OSError:
        return None
    head = _MAGIC + key
    body = content[len(head) + hashlib.sha256().digest_size :]
    return body if content == head + hashlib.sha256(body).digest() + body else None


def keep(name: str, key: bytes, body: bytes) -> None:
    """Keep it as `name`, in the place of what was there; a folder that takes nothing is no fault.

    Whoever reads meets the whole of the old file or the whole of the new one.
    """
    folder = _cache_folder()
    if folder is None:
        return
    with suppress(OSError):
        for each in (folder.parent, folder):  # never a home that is not there
            each.mkdir(mode=0o700, exist_ok=True)
        if _is_ours(folder.stat()):
            path = folder / name
            content = _MAGIC + key + hashlib.sha256(body).digest() + body
            handle, made = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
            try:
                with os.fdopen(handle, "wb") as stream:
                    stream.write(content)
                Path(made).replace(path)
            except OSError:
                Path(made).unlink(missing_ok=True)
                raise


def _cache_folder() -> Path | None:
    """Return where we may keep things; the XDG specification wants a relative path ignored."""
    bases = [os.environ.get("XDG_CACHE_HOME", ""), os.environ.get("LOCALAPPDATA", "")]
    if os.environ.get("HOME") != "":  # an empty one would mean the root folder
        with suppress(RuntimeError):  # none, and no entry of the user
            bases.append(str(Path.home() / ".cache"))
    base = next((base for base in bases if Path(base).is_absolute()), None)
    return Path(base) / "cbtriage" if base else None


def _is_trusted(path: Path) -> bytes:
    """Return the content of a plain file of ours, nothing of any other."""
    # Not through a link, and never waiting for the other end of a pipe.
    flags = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    with open(os.open(path, os.O_RDONLY | flags), "rb") as stream:  # noqa: PTH123 - by its handle
        status = os.fstat(stream.fileno())
        ours = stat.S_ISREG(status.st_mode) and _is_ours(status)
        return stream.read(_LARGEST) if ours else b""


def _is_ours(status: os.stat_result) -> bool:
    """Tell whether it is ours alone; where users have no numbers (Windows) folders are by user."""
    if not hasattr(os, "geteuid"):
        return True
    return status.st_uid == os.geteuid() and not status.st_mode & _WRITABLE_BY_OTHERS
