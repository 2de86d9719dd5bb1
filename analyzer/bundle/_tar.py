"""Read tar as a stream, over damage.

Headers are taken apart by tarfile; the walk is ours, because tarfile ends without a word at a
damaged header, keeps every header, and reads an extended header of any size into memory.
"""

import tarfile
from collections.abc import Iterator
from dataclasses import field

from analyzer.bundle._entry import Entry, Fault, utc
from analyzer.bundle._stream import FETCH_AGAIN, Limited, Loss, Peekable
from analyzer.values import dataclass

RECORD = tarfile.BLOCKSIZE
_EXTENSIONS = (tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK, b"x", b"X", b"g")
_EXTENSION_LIMIT = 1 << 20
_SHOWN = 200  # characters of what a link stands for
_ZEROS = bytes(RECORD)
_MAGIC = slice(257, 262)
_SPARSE_MORE = {"first": 482, "next": 504}
_KINDS = {
    tarfile.LNKTYPE: "a hard link to {}",
    tarfile.SYMTYPE: "a symbolic link to {}",
    tarfile.CHRTYPE: "a device",
    tarfile.BLKTYPE: "a device",
    tarfile.FIFOTYPE: "a pipe",
    tarfile.GNUTYPE_SPARSE: "a sparse file",
}


def header(block: bytes) -> tarfile.TarInfo | None:
    """Return the header that a block of 512 bytes is, None when it is none."""
    try:
        info = tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
    except (tarfile.HeaderError, ValueError):
        return None
    return info if info.size >= 0 else None


def tar_entries(stream: Peekable) -> Iterator[Entry | Fault]:
    """Yield the entries of a tar in stream order; directories are left out.

    The content of an entry must be read before the next one is asked for. After a damaged
    header the next good one is looked for, and what lies between is a `Fault`.
    """
    reader = _Reader(stream=stream)
    while (block := reader.next_header()) is not None:
        if isinstance(block, Fault):
            yield block
            continue
        entry, body = reader.entry(block)
        if entry is not None:
            yield entry
        body.skip()
        stream.skip(-block.size % RECORD if reader.has_body(block) else 0)
    if stream.loss is None and not reader.ended:
        yield _fault_of_archive(
            f"the tar has no end mark: cut at byte {stream.position:,} or before"
        )


@dataclass(slots=True, kw_only=True)
class _Reader:
    stream: Peekable
    ended: bool = False
    defaults: dict[str, str] = field(default_factory=dict)
    extended: dict[str, str] = field(default_factory=dict)

    def next_header(self) -> tarfile.TarInfo | Fault | None:
        """Return the next header of a file, extensions read; None at the end."""
        while (block := self.stream.exactly(RECORD)) and len(block) == RECORD:
            if block == _ZEROS:
                self.ended = True
                continue
            info = header(block)
            if info is None:
                start = self.stream.position - RECORD
                while len(resume_block := self.stream.exactly(RECORD)) == RECORD:
                    if resume_block[_MAGIC] == b"ustar" and header(resume_block) is not None:
                        self.stream.unread(resume_block)
                        break
                end = self.stream.position
                return _fault_of_archive(
                    f"bytes {start:,} to {end:,} are no tar entries: what was there is lost"
                )
            self.ended = False
            if info.type not in _EXTENSIONS:
                self._apply_extended_fields(info, block)
                return info
            if (fault := self._read_extended_header(info)) is not None:
                return fault
        if block.strip(b"\0") and self.stream.loss is None:
            self.ended = True
            return _fault_of_archive(f"cut inside a header at byte {self.stream.position:,}")
        return None

    def _read_extended_header(self, info: tarfile.TarInfo) -> Fault | None:
        if info.size > _EXTENSION_LIMIT:
            self.stream.skip(info.size + -info.size % RECORD)
            return _fault_of_archive(f"an extended header of {info.size:,} bytes was passed over")
        text = self.stream.exactly(info.size)
        self.stream.skip(-info.size % RECORD)
        match info.type:
            case tarfile.GNUTYPE_LONGNAME:
                self.extended["path"] = _text_up_to_nul(text)
            case tarfile.GNUTYPE_LONGLINK:
                self.extended["linkpath"] = _text_up_to_nul(text)
            case b"g":
                self.defaults |= _pax_records(text)
            case _:
                self.extended |= _pax_records(text)
        return None

    def _apply_extended_fields(self, info: tarfile.TarInfo, block: bytes) -> None:
        fields = self.defaults | self.extended
        self.extended = {}
        info.name = fields.get("path", info.name)
        info.linkname = fields.get("linkpath", info.linkname)
        text = fields.get("mtime")
        try:
            number_or_default = info.mtime if text is None else float(text)
        except ValueError:
            number_or_default = info.mtime
        info.mtime = number_or_default
        size = fields.get("size", "")
        info.size = int(size[:20]) if size.isdecimal() and size.isascii() else info.size
        if any(name.startswith("GNU.sparse") for name in fields):
            info.type = tarfile.GNUTYPE_SPARSE
        elif info.type == tarfile.GNUTYPE_SPARSE:
            skip_block = block
            place = _SPARSE_MORE["first"]
            while len(skip_block) == RECORD and skip_block[place]:
                skip_block = self.stream.exactly(RECORD)
                place = _SPARSE_MORE["next"]

    def entry(self, info: tarfile.TarInfo) -> tuple[Entry | None, Limited]:
        """Return what a header announces, None for a directory, and its bytes."""
        body = Limited(self.stream, info.size if self.has_body(info) else 0)
        if info.type in (tarfile.DIRTYPE, tarfile.GNUTYPE_LONGNAME, b"D", b"V"):
            return None, body
        mtime = utc(float(info.mtime))
        if info.isreg() and info.type != tarfile.GNUTYPE_SPARSE:
            start, size = self.stream.position, info.size
            return Entry(name=info.name, mtime=mtime, content=body, start=start, size=size), body
        kind = _KINDS.get(info.type, f"an entry of type {info.type!r}")
        return Entry(name=info.name, skip=kind.format(info.linkname[:_SHOWN])), body

    @staticmethod
    def has_body(info: tarfile.TarInfo) -> bool:
        """Tell whether content follows the header."""
        return info.isreg() or info.type not in tarfile.SUPPORTED_TYPES


def _pax_records(block: bytes) -> dict[str, str]:
    fields: dict[str, str] = {}
    while block:
        digits, _, _ = block.partition(b" ")
        if not digits.isdigit() or not len(digits) < int(digits[:8]) <= len(block):
            break
        record, block = block[len(digits) + 1 : int(digits)], block[int(digits) :]
        key, _, value = record.rstrip(b"\n").partition(b"=")
        fields[_text_up_to_nul(key)] = _text_up_to_nul(value)
    return fields


def _text_up_to_nul(block: bytes) -> str:
    return block.partition(b"\0")[0].decode("utf-8", "surrogateescape")


def _fault_of_archive(why: str) -> Fault:
    return Fault(loss=Loss(why=why, settle_with=FETCH_AGAIN))
