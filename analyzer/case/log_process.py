"""A process that reads logs for another one.

It is given on standard input what is asked for, then one log after the other in blocks, and
answers on standard output with the rows and failures found. Both ends are the same program, so
what goes between them is pickled; nothing of it comes from a status report but bytes and texts.
"""

import gc
import pickle
import signal
import struct
import sys
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import field
from typing import IO, TypeAlias

from analyzer.bundle.budget import LINES_OF_A_ROW, TEXT_OF_A_ROW
from analyzer.case.errors.ledger import ErrorLedger, Failure
from analyzer.case.kept_rows import KeptRows
from analyzer.case.rows import KeepPolicy, PackedRows, Row, packed
from analyzer.case.shared_blocks import SharedBlocks
from analyzer.parsers import LOG_PARSERS
from analyzer.parsers._api import LogStats, Selector
from analyzer.parsers.scan.later import LaterLines
from analyzer.parsers.scan.scan import Scanner
from analyzer.values import dataclass

PROGRAM = f"from {__name__} import main; main()"
PART = 20_000  # rows and failures that are handed over at once
_SIZE = struct.Struct("<I")
_SHARED = 1 << 31  # in a size: the block itself lies in memory that both processes see
_OBJECT = pickle.HIGHEST_PROTOCOL


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What to look for, and how; `quick` as in `Scanner`."""

    selectors: tuple[Selector, ...]
    keep: KeepPolicy
    line_limit: int
    quick: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Log:
    """A log whose blocks follow, the name of its parser, and how many rows it may make."""

    bundle: str
    member: str
    parser: str
    most: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Some of what was found in a log."""

    rows: PackedRows
    failures: Sequence[Failure]


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """What is known of a log as a whole, or (``trace``) how our code failed on it.

    ``met`` and ``kept`` are how many lines met Python and how many rows were made of them;
    ``overfull``: that is more than may be, and it was not read to its end.
    """

    stats: LogStats | None = None
    records: int = 0
    hosts: Counter[str] = field(default_factory=Counter)
    disks: Mapping[str, str] = field(default_factory=dict)
    trace: str = ""
    met: int = 0
    kept: int = 0
    overfull: bool = False
    later: LaterLines = field(default_factory=LaterLines)


@dataclass(frozen=True, slots=True)
class Taken:
    """A block was taken out of the memory that both processes see."""


Answer: TypeAlias = Part | End


def send(stream: IO[bytes], message: object) -> None:
    """Write an object so that `receive` gets it."""
    send_block(stream, pickle.dumps(message, _OBJECT))


def receive(stream: IO[bytes]) -> object:
    """Return the next object, None at the end of the stream."""
    block = receive_block(stream)
    return pickle.loads(block) if block else None  # noqa: S301 - written by `send`, of this program


def send_block(stream: IO[bytes], block: bytes) -> None:
    """Write a block of bytes; an empty one ends a log."""
    stream.write(_SIZE.pack(len(block)))
    stream.write(block)
    stream.flush()


def send_shared(stream: IO[bytes], size: int) -> None:
    """Tell that a block of so many bytes was put into the memory that both processes see."""
    stream.write(_SIZE.pack(_SHARED | size))
    stream.flush()


def receive_block(stream: IO[bytes], take: Callable[[int], bytes] | None = None) -> bytes:
    """Return the next block, nothing at the end of a log or of the stream.

    ``take`` takes one of so many bytes out of the memory that both processes see.
    """
    head = stream.read(_SIZE.size)
    if len(head) < _SIZE.size:
        return b""
    size = _SIZE.unpack(head)[0]
    if take is not None and size & _SHARED:
        return take(size ^ _SHARED)
    block = stream.read(size)
    return block if len(block) == size else b""


def serve(incoming: IO[bytes], outgoing: IO[bytes], shared: SharedBlocks | None = None) -> None:
    """Read the logs that come in until there are no more."""

    def take(size: int) -> bytes:
        assert shared is not None, "only a fork is told of shared blocks"
        block = shared.take(size)
        send(outgoing, Taken())
        return block

    asked = receive(incoming)
    assert isinstance(asked, Asked), "the first message says what is asked for"
    reader = _LogReader(asked, outgoing)
    while isinstance(log := receive(incoming), Log):
        blocks = iter(lambda: receive_block(incoming, take), b"")
        try:
            end = reader.read(log, blocks)
        except Exception:  # noqa: BLE001 - one bad log must not cost the others theirs
            end = End(trace=traceback.format_exc(limit=-3))
        for _ in blocks:  # what a failure left
            pass
        send(outgoing, end)


class _LogReader:
    """Reads one log after the other, and hands over what it finds before it is too much."""

    def __init__(self, asked: Asked, outgoing: IO[bytes]) -> None:
        self._scanner = Scanner(
            LOG_PARSERS,
            asked.selectors,
            line_limit=asked.line_limit,
            filtered=asked.quick,
            quick=asked.quick,
        )
        self._keep = asked.keep
        self._errors = ErrorLedger(noise=asked.keep.noise)
        self._parsers = {parser.name: parser for parser in LOG_PARSERS}
        self._outgoing = outgoing

    def read(self, log: Log, blocks: Iterator[bytes]) -> End:
        """Read a log to its end."""
        parser = self._parsers[log.parser]
        self._errors.disks.clear()
        kept = KeptRows(self._keep)
        failures: list[Failure] = []
        hosts: Counter[str] = Counter()
        waiting = 0  # failures, a long one counted as several

        def tell(failure: Failure) -> None:
            nonlocal waiting
            failures.append(failure)
            waiting += len(failure.record.message) // TEXT_OF_A_ROW or 1
            if waiting >= PART:
                self._hand_over((), failures)
                waiting = 0

        scan = self._scanner.scan_blocks(
            blocks,
            parser,
            self._errors.watch(parser, tell),
            most=log.most * LINES_OF_A_ROW,
            at_once=False,
        )
        try:
            for record, hits in scan:
                if kept.count > log.most:
                    scan.overfull = True
                    break
                if record.syslog_host:
                    hosts[record.syslog_host] += 1
                kept.add(
                    bundle=log.bundle,
                    member=log.member,
                    parser=log.parser,
                    record=record,
                    hits=hits,
                )
                if kept.waiting >= PART:
                    self._hand_over(kept.taken(), failures)
        finally:
            self._hand_over(kept.close(), failures)
        disks = dict(self._errors.disks)
        hosts.update([scan.later_host] if scan.later_host else [])
        return End(
            stats=scan.stats,
            records=scan.records,
            hosts=hosts,
            disks=disks,
            met=scan.met,
            kept=kept.count,
            overfull=scan.overfull,
            later=scan.later,
        )

    def _hand_over(self, rows: Sequence[Row], failures: list[Failure]) -> None:
        if rows or failures:
            send(self._outgoing, Part(rows=packed(rows), failures=tuple(failures)))
        failures.clear()


def serve_alone(
    incoming: IO[bytes], outgoing: IO[bytes], shared: SharedBlocks | None = None
) -> None:
    """Serve the process that made this one; that one alone heeds Ctrl-C, and ends both."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gc.set_threshold(200_000, 50, 100)
    serve(incoming, outgoing, shared)


def main() -> None:
    """Serve on standard input and output."""
    serve_alone(sys.stdin.buffer, sys.stdout.buffer)
