"""Read zip: by its central directory where the file can be searched, else as a stream.

As a stream (standard input, a zip inside another archive, a zip that was cut) the local headers
are followed, and what can be inflated is delivered.
"""

import re
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

from analyzer.bundle._entry import Entry, Fault
from analyzer.bundle._meter import Meter, Metered
from analyzer.bundle._stream import (
    BLOCK,
    FETCH_AGAIN,
    MAY_BE_CHANGED,
    FileStream,
    Limited,
    Loss,
    Peekable,
    Stream,
)
from analyzer.bundle._unpack import BZIP2, DEFLATE, Unpacked
from analyzer.bundle._zip_header import LOCAL, ZipHeader, from_directory, local_header

_ENDS = (b"PK\x01\x02", b"PK\x05\x06", b"PK\x06\x06")
_MARK = re.compile(b"|".join(map(re.escape, (LOCAL, *_ENDS))))
_NEAR = 512  # bytes looked at first: marks in damage may lie close together
_DESCRIPTOR = b"PK\x07\x08"
_DESCRIPTOR_SIZE = 24  # signature, checksum, two sizes of 8 bytes
_FAULTS = (
    zipfile.BadZipFile,
    NotImplementedError,
    OSError,
    OverflowError,
    ValueError,
    struct.error,
)
_DIRECTORY_LIMIT = 64 << 20


def zip_file_entries(
    path: Path, meter: Meter, on_read: Callable[[int], None]
) -> Iterator[Entry | Fault]:
    """Yield the entries of a zip file in the order of their data; directories are left out."""
    with path.open("rb") as file:
        headers = _central_directory(file)
        if headers is None:
            yield Fault(
                loss=Loss(
                    why="the zip has no readable directory: it is cut", settle_with=FETCH_AGAIN
                )
            )
            file.seek(0)
            stream = Peekable(FileStream(file, on_read))
            yield from _entries_by_scan(stream, meter, told=True)
            return
        for offset, head in headers:
            file.seek(min(max(offset, 0), path.stat().st_size))
            yield _entry(Peekable(FileStream(file, on_read)), head, meter)


def has_directory(path: Path) -> bool:
    """Tell whether a file ends as a zip does, whatever its start is."""
    try:
        return zipfile.is_zipfile(path)
    except _FAULTS:
        return False


def zip_stream_entries(stream: Peekable, meter: Meter) -> Iterator[Entry | Fault]:
    """Yield the entries of a zip that comes as a stream.

    The content of an entry must be read before the next one is asked for.
    """
    return _entries_by_scan(stream, meter, told=False)


def _central_directory(file: BinaryIO) -> list[tuple[int, ZipHeader]] | None:
    try:
        file.seek(0, 2)
        file.seek(max(0, file.tell() - (1 << 16) - 22))
        tail = file.read()
        place = tail.rfind(b"PK\x05\x06")
        directory_size = (
            int.from_bytes(tail[place + 12 : place + 16], "little") if place >= 0 else 0
        )
        if directory_size > _DIRECTORY_LIMIT:
            return None
        with zipfile.ZipFile(file) as archive:
            infos = sorted(archive.infolist(), key=lambda info: info.header_offset)
    except _FAULTS:
        return None
    return [
        (info.header_offset, from_directory(info))
        for info in infos
        if not info.filename.endswith("/")
    ]


def _entry(stream: Peekable, head: ZipHeader, meter: Meter) -> Entry | Fault:
    if head.skip:
        return Entry(name=head.name, skip=head.skip)
    if local_header(stream) is None:
        why = "its data is not where the directory of the zip says"
        return Fault(loss=Loss(why=why, settle_with=FETCH_AGAIN), where=head.name)
    packed = Limited(stream, head.packed or 0)
    return Entry(name=head.name, content=_unpacked_content(packed, head, meter))


def _unpacked_content(packed: Stream, head: ZipHeader, meter: Meter) -> Metered:
    match head.method:
        case zipfile.ZIP_DEFLATED:
            packed = Unpacked(packed, DEFLATE)
        case zipfile.ZIP_BZIP2:
            packed = Unpacked(packed, BZIP2)
        case _:
            pass
    return Metered(_Checked(packed, head.checksum), meter)


class _Checked:
    """A stream whose content has a checksum; a wrong one is a loss, after all was delivered."""

    def __init__(self, inner: Stream, checksum: int | None) -> None:
        self._inner = inner
        self._expected = checksum
        self._checksum = 0
        self._ended = False

    @property
    def loss(self) -> Loss | None:
        if self._inner.loss is not None or not self._ended:
            return self._inner.loss
        if self._expected is None or self._expected == self._checksum:
            return None
        why = f"checksum wrong: {MAY_BE_CHANGED}"
        return Loss(why=why, settle_with=FETCH_AGAIN, changed=True)

    def read(self, size: int) -> bytes:
        block = self._inner.read(size)
        self._checksum = zlib.crc32(block, self._checksum)
        self._ended = self._ended or not block
        return block


def _entries_by_scan(stream: Peekable, meter: Meter, *, told: bool) -> Iterator[Entry | Fault]:
    while (mark := stream.peek(4)) and mark not in _ENDS:
        head = local_header(stream) if mark == LOCAL else None
        if head is None:
            if (fault := _skip_to_next_mark(stream)) is not None:
                yield fault
            continue
        if head.packed is not None:
            body = Limited(stream, head.packed)
            if not head.name.endswith("/"):
                content = None if head.skip else _unpacked_content(body, head, meter)
                yield Entry(name=head.name, content=content, skip=head.skip)
            body.skip()
        elif head.skip:
            yield Entry(name=head.name, skip=head.skip)
        else:
            deflated = head.method == zipfile.ZIP_DEFLATED
            packed = Unpacked(stream, DEFLATE) if deflated else _UntilDescriptor(stream)
            content = Metered(packed, meter)
            yield Entry(name=head.name, content=content)
            while content.read(BLOCK):
                pass
            if isinstance(packed, Unpacked):
                stream.unread(packed.rest)
    if not mark and stream.loss is None and not told:
        why = f"the zip is cut at byte {stream.position:,}: its directory is missing"
        yield Fault(loss=Loss(why=why, settle_with=FETCH_AGAIN))
    stream.skip()


def _skip_to_next_mark(stream: Peekable) -> Fault | None:
    """Go to the next mark of zip; None when no more than a data descriptor was passed over."""
    start, near = stream.position, _NEAR
    while len(window := stream.peek(near)) >= 4:  # noqa: PLR2004 - a mark
        if (found := _MARK.search(window)) is not None:
            stream.skip(found.start())
            break
        stream.skip(len(window) - 3)
        if len(window) < near:
            stream.skip(3)
        near = BLOCK
    else:
        stream.skip(3)
    if stream.position - start <= _DESCRIPTOR_SIZE:
        return None
    why = f"bytes {start:,} to {stream.position:,} are no zip entries: what was there is lost"
    return Fault(loss=Loss(why=why, settle_with=FETCH_AGAIN))


class _UntilDescriptor:
    """Stored data of unknown size, up to the descriptor that tells just that size."""

    def __init__(self, inner: Peekable) -> None:
        self._inner = inner
        self._given = 0
        self._ended = False
        self.loss: Loss | None = None

    def read(self, size: int) -> bytes:
        if self._ended:
            return b""
        window = self._inner.peek(size + _DESCRIPTOR_SIZE)
        end = self._end_by_descriptor(window)
        whole = len(window) < size + _DESCRIPTOR_SIZE
        until = end if end is not None else len(window) if whole else size
        block = self._inner.read(min(until, size)) if until else b""
        self._given += len(block)
        if not block:
            self._ended = True
            self.loss = (
                None
                if end == 0
                else self._inner.loss
                or Loss(
                    why=f"the archive is cut at byte {self._inner.position:,}",
                    settle_with=FETCH_AGAIN,
                )
            )
        return block

    def _end_by_descriptor(self, window: bytes) -> int | None:
        place = window.find(_DESCRIPTOR)
        while place >= 0:
            size = self._given + place
            told = window[place + 8 : place + _DESCRIPTOR_SIZE]
            if told[:8] == struct.pack("<II", size & 0xFFFFFFFF, size & 0xFFFFFFFF):
                return place
            if told == struct.pack("<QQ", size, size):
                return place
            place = window.find(_DESCRIPTOR, place + 1)
        return None
