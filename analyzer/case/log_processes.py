"""Processes beside this one that read logs, so that all cores are busy with a large report.

This process unpacks, and hands the blocks of a log to the process that has least to do; what
comes back is folded in the order of the logs, so that the result does not depend on how many
there are. There may be one for each core: to unpack takes half as long as to read.

Where the input is large they are forks of this process from the start: a fork has all modules and
automata at once. Where forks are not to be had, or other threads are at work, they are processes of
their own, which load all that again, and are started only when enough was read to be worth it.
"""

import gc
import logging
import os
import pickle
import queue
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable
from typing import IO, Protocol, Self

from analyzer.beside import fork_of
from analyzer.bundle._stream import BLOCK
from analyzer.case.log_process import (
    PROGRAM,
    Answer,
    Asked,
    End,
    Log,
    Part,
    Taken,
    receive,
    send,
    send_block,
    send_shared,
    serve_alone,
)
from analyzer.case.shared_blocks import PLACES, SharedBlocks

logger = logging.getLogger(__name__)

WORTH_A_FORK = 20_000_000  # bytes of logs
WORTH_IT = 64_000_000  # bytes of logs after which the first process of its own is started
_AND_ANOTHER = 2  # times as many, after which one more is
_AHEAD = 24  # blocks that wait for a process
PATIENCE = 600.0  # seconds in which it takes no block and answers nothing: it takes a few of one

Fold = Callable[[Answer], None]


class LogProcesses:
    """Up to ``count`` processes; with none every log is read here.

    One that stands still for ``patience`` seconds is ended, and its logs have failed.
    """

    def __init__(
        self,
        asked: Asked,
        count: int,
        *,
        worth_it: int | None = None,
        patience: float = PATIENCE,
    ) -> None:
        self._asked = asked
        self._count = count
        self._worth_it = WORTH_IT if worth_it is None else worth_it
        self._patience = patience
        self._handed_over = 0  # bytes of logs
        self._processes: list[_Process] = []
        self._pending: deque[tuple[_Process, Fold]] = deque()

    def fork(self, expected: int) -> None:
        """Fork the processes now, if so many bytes of logs are expected and it can be done."""
        # Whether a fork of this process is sound: no thread of ours may hold a lock.
        if expected < WORTH_A_FORK or not (
            sys.platform == "linux" and threading.active_count() == 1
        ):
            return
        started: list[_Forked] = []
        try:
            for _ in range(self._count):
                started.append(_Forked(started))
        except OSError as error:
            logger.debug("no fork to read logs: %s", error)
        # threads only when all forks are made
        self._processes += [_Process(each, self._asked, self._patience) for each in started]

    @property
    def pids(self) -> tuple[int, ...]:
        """Return the ids of the processes that were started."""
        return tuple(process.pid for process in self._processes)

    def are_worth_it(self, read: int) -> bool:
        """Tell whether to hand logs over, after so many bytes of logs that were read here."""
        # Start as many processes as so many bytes of logs are worth.
        start_read = read + self._handed_over
        worth_it = self._worth_it * (1 + _AND_ANOTHER * len(self._processes))
        try:
            while len(self._processes) < self._count and start_read >= worth_it:
                self._processes.append(_Process(_Started(), self._asked, self._patience))
                worth_it += self._worth_it * _AND_ANOTHER
        except OSError as error:  # no memory, or no such program: it works without
            logger.debug("no process to read logs: %s", error)
            self._count = 0
        return any(process.lives for process in self._processes)

    def read(self, log: Log, blocks: Iterable[bytes], fold: Fold) -> None:
        """Hand a log over; ``fold`` is called with what was found, now or later."""
        able = [process for process in self._processes if process.lives]
        process = min(able, key=lambda each: each.waiting)
        self._pending.append((process, fold))
        process.put(log)
        for block in blocks:
            process.put(block)
            self._handed_over += len(block)
        process.put(b"")
        self._fold_answers(wait=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, failure: type[BaseException] | None, *_: object) -> None:
        if failure is not None:
            for process in self._processes:
                process.kill()
        self.close()

    def close(self) -> None:
        """Wait for all that was handed over, and end the processes."""
        for process in self._processes:
            process.put(None)
        self._fold_answers(wait=True)
        for process in self._processes:
            process.end()
        self._processes = []

    def _fold_answers(self, *, wait: bool) -> None:
        """Fold what came back, in the order in which the logs were handed over."""
        while self._pending:
            process, fold = self._pending[0]
            answer = process.answer(wait=wait)
            if answer is None:
                return
            fold(answer)
            if isinstance(answer, End):
                self._pending.popleft()


class _Worker(Protocol):
    """A process that reads logs: what it reads from, and what it answers on.

    A fork has ``shared``, memory that it sees too, for blocks.
    """

    pid: int
    shared: SharedBlocks | None
    incoming: IO[bytes]
    outgoing: IO[bytes]

    def kill(self) -> None:
        """End it at once."""

    def wait(self) -> int | None:
        """Wait for its end, and return its status."""


class _Forked:
    """A fork of this process. ``others`` were forked before it, and are none of its concern."""

    def __init__(self, others: "Iterable[_Forked]") -> None:
        theirs, self.incoming = _pipe()
        self.outgoing, answers = _pipe()
        self.shared: SharedBlocks | None = SharedBlocks()
        ours = [end for each in (*others, self) for end in (each.incoming, each.outgoing)]

        def serve() -> None:
            for end in ours:  # so that each sees when nobody writes to it any more
                os.close(end.fileno())
            gc.freeze()
            serve_alone(theirs, answers, self.shared)

        self._process = fork_of(serve)
        theirs.close()
        answers.close()
        assert self._process.pid is not None, "it was started"
        self.pid = self._process.pid

    def kill(self) -> None:
        self._process.kill()

    def wait(self) -> int | None:
        self._process.join()
        return self._process.exitcode


def _pipe() -> tuple[IO[bytes], IO[bytes]]:
    """Return where to read from it and where to write to it."""
    reading, writing = os.pipe()
    return os.fdopen(reading, "rb"), os.fdopen(writing, "wb")


class _Started:
    """A process of its own that runs this program."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(  # noqa: S603 - this program again
            # -P: nothing is imported from the folder that we are in.
            [sys.executable, "-P", "-c", PROGRAM],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert self._process.stdin is not None, "it was opened with a pipe"
        assert self._process.stdout is not None, "it was opened with a pipe"
        self.pid = self._process.pid
        self.shared: SharedBlocks | None = None
        self.incoming: IO[bytes] = self._process.stdin
        self.outgoing: IO[bytes] = self._process.stdout

    def kill(self) -> None:
        self._process.kill()

    def wait(self) -> int | None:
        return self._process.wait()


class _Process:
    """One process with a thread that feeds it and one that listens to it."""

    def __init__(self, worker: "_Worker", asked: Asked, patience: float) -> None:
        self._patience = patience
        self._worker = worker
        self._to_do: queue.Queue[object] = queue.Queue(_AHEAD)
        self._answers: queue.SimpleQueue[Answer | None] = queue.SimpleQueue()
        self._free_places = threading.Semaphore(PLACES)
        self.lives = True
        self._threads = [threading.Thread(target=self._feed_process, args=(asked,), daemon=True)]
        self._threads.append(threading.Thread(target=self._listen_to_process, daemon=True))
        for thread in self._threads:
            thread.start()

    @property
    def pid(self) -> int:
        """Return its id."""
        return self._worker.pid

    @property
    def waiting(self) -> int:
        """Return about how many blocks wait for it."""
        return self._to_do.qsize()

    def put(self, item: object) -> None:
        """Give it a log, a block of it, nothing for its end, None when there is no more."""
        try:
            self._to_do.put(item, timeout=self._patience)
        except queue.Full:
            self.kill()  # what waits for it goes nowhere, and makes room
            self._to_do.put(item)

    def answer(self, *, wait: bool) -> Answer | None:
        """Return what came back next, None if nothing did yet; how it ended for every log."""
        try:
            answer = self._answers.get(block=wait, timeout=self._patience)
        except queue.Empty:
            if not wait:
                return None
            self.kill()
            answer = self._answers.get()
        if answer is not None:
            return answer
        self._answers.put(None)  # for the next log
        status = self._worker.wait()
        return End(trace=f"the process that read it ended before it did (status {status})")

    def kill(self) -> None:
        """End it at once."""
        self._worker.kill()

    def end(self) -> None:
        """Wait for it and its threads."""
        for thread in self._threads:
            thread.join()
        self._worker.wait()

    def _feed_process(self, asked: Asked) -> None:
        stream = self._worker.incoming
        message: object = asked
        while message is not None:
            if self.lives:
                try:
                    if isinstance(message, bytes):
                        self._feed_block(stream, message)
                    else:
                        send(stream, message)
                except OSError:
                    self.lives = False  # what still comes for it goes nowhere
            message = self._to_do.get()
        try:
            stream.close()
        except OSError:
            self.lives = False

    def _feed_block(self, stream: IO[bytes], block: bytes) -> None:
        shared = self._worker.shared
        if shared is None or not 0 < len(block) <= BLOCK:
            send_block(stream, block)
            return
        self._free_places.acquire()
        shared.put(block)
        send_shared(stream, len(block))

    def _listen_to_process(self) -> None:
        stream = self._worker.outgoing
        try:
            while isinstance(answer := receive(stream), Part | End | Taken):
                if isinstance(answer, Taken):
                    self._free_places.release()
                else:
                    self._answers.put(answer)
        except (OSError, EOFError, pickle.UnpicklingError) as error:
            logger.debug("a process that reads logs answers nonsense: %s", error)
        finally:
            self.lives = False
            self._free_places.release()  # to whoever waits for a place: no other comes
            self._answers.put(None)
            stream.close()
