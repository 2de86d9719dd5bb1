"""The parts of a case file: a zip that is written as they are made."""

import io
import tempfile
import zipfile
from collections.abc import Iterable
from typing import IO

_BLOCK = 1 << 20


def file_aside() -> IO[bytes]:
    """Return a file without a name, in memory where there is no place for one."""
    try:
        return tempfile.TemporaryFile()
    except OSError:
        return io.BytesIO()


class Parts:
    """Parts of a case file, in their order, behind those that a file has already."""

    def __init__(self, file: IO[bytes], *, more: bool = False) -> None:
        self.file = file
        self.packed = zipfile.ZipFile(
            file, "a" if more else "w", zipfile.ZIP_DEFLATED, compresslevel=1
        )

    def put(self, name: str, content: bytes | Iterable[bytes], *, stored: bool = False) -> None:
        """Add a part, as it is where it is to be ``stored``."""
        # Dated 1980 either way: the same case makes the same bytes.
        with self.packed.open(zipfile.ZipInfo(name) if stored else name, "w") as part:
            for piece in (content,) if isinstance(content, bytes) else content:
                part.write(piece)

    def take(self, others: "Parts") -> None:
        """Add the parts of another file as they are, and close that; put another behind them."""
        own, theirs = self.packed, others.packed
        start, left = own.start_dir, theirs.start_dir
        self.file.seek(start)
        others.file.seek(0)
        while left:
            block = others.file.read(min(left, _BLOCK))
            self.file.write(block)
            left -= len(block)
        for each in theirs.filelist:
            each.header_offset += start
            own.filelist.append(each)
            own.NameToInfo[each.filename] = each
        own.start_dir = self.file.tell()
        others.whole().close()

    def whole(self) -> IO[bytes]:
        """Return the file, at its start; it can be continued."""
        self.packed.close()
        self.file.seek(0)
        return self.file
