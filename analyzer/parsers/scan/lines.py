"""Cut a stream of blocks into chunks of whole lines, each line of bounded length."""

import re
from collections.abc import Iterable, Iterator

_CR, _LF = b"\r\n"
_LINE_END = re.compile(rb"[\r\n]")


class WholeLines:
    """Chunks of whole lines; every line ends with LF, the last of the stream too.

    A line of more than `limit` bytes is cut to its first `limit` and the rest skipped without
    being held; ``longest_cut`` is the whole length of the longest such line, 0 without any.
    A stream whose first line ends with a bare CR is taken to end all its lines so. What is cut
    does not depend on where the blocks end. A chunk that is not UTF-8 gets
    replacement characters, so that bytes and text say the same. ``position`` is how many bytes of
    the stream are in the chunks so far, and ``bare`` tells that its lines end with a CR.
    A stream that is ``begun`` is the rest of one whose lines end with LF.
    """

    def __init__(self, blocks: Iterable[bytes], limit: int, *, begun: bool = False) -> None:
        self._blocks = blocks if begun else self._with_line_feeds(blocks)
        self.bare = False
        self.position = 0
        self.limit = limit
        self._parts: list[bytes] = []
        self._length = 0  # of the line that is still open, skipped bytes included
        self.longest_cut = 0

    def __iter__(self) -> Iterator[bytes]:
        taken = 0
        for block in self._blocks:
            end = block.rfind(b"\n") + 1
            if end:
                self._keep_piece(block[:end])
                self.position = taken + end
                yield self._close_chunk()
            self._keep_piece(block[end:])
            taken += len(block)
        if self._length:
            self._keep_piece(b"\n")
            yield self._close_chunk()

    def _keep_piece(self, piece: bytes) -> None:
        """Add a piece of the stream; of the line that is open keep no more than the limit."""
        first = piece.find(b"\n")
        inside = len(piece) if first < 0 else first
        room = max(0, self.limit - self._length)
        self._length += inside
        if first < 0:
            self._parts.append(piece[:room])
            return
        self._note_longest_cut(self._length)
        self._parts.append(piece if inside <= room else piece[:room] + piece[first:])
        self._length = 0

    def _note_longest_cut(self, length: int) -> None:
        if length > self.limit:
            self.longest_cut = max(self.longest_cut, length)

    def _close_chunk(self) -> bytes:
        chunk = b"".join(self._parts)
        self._parts = []
        self._length = 0
        # Cut the lines that are too long; hop from line end to line end, a limit at a time.
        kept: list[bytes] = []
        start = done = 0
        while len(chunk) - start > self.limit + 1:
            last = chunk.rfind(b"\n", start, start + self.limit + 1)
            if last >= 0:
                start = last + 1
                continue
            end = chunk.index(b"\n", start)
            self._note_longest_cut(end - start)
            kept.append(chunk[done : start + self.limit])
            start = done = end
            start += 1
        chunk = b"".join((*kept, chunk[done:])) if kept else chunk
        if chunk.isascii():
            return chunk
        return chunk.decode(errors="replace").encode()

    def _with_line_feeds(self, blocks: Iterable[bytes]) -> Iterator[bytes]:
        """Yield the blocks, with LF for CR if the first line ends with a CR that no LF follows."""
        waiting = iter(blocks)
        held = b""
        for block in waiting:
            text = held + block
            end = _LINE_END.search(text)
            if end is None:
                yield text
                continue
            if text[end.start()] == _CR and end.end() == len(text):
                yield text[: end.start()]
                held = b"\r"
                continue
            self.bare = text[end.start()] == _CR and text[end.end()] != _LF
            yield text.replace(b"\r", b"\n") if self.bare else text
            yield from (rest.replace(b"\r", b"\n") for rest in waiting) if self.bare else waiting
            return
        if held:
            yield b"\n"
