"""A process that judges, with a time and a memory that it may take: a hang is an answer too."""

import gc
import resource
import time
from contextlib import suppress
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from tempfile import TemporaryDirectory

from analyzer.bundle.budget import MIB
from tests.mutate.judge import Damaged, Judge, Judged, Verdicts

SECONDS = 120.0  # of a clock on the wall: other work may have the machine
_MEMORY = 4096 * MIB
_SWEEP = 50  # judgements from one sweep of Python's garbage to the next


class Worker:
    """Judges one damage after the other; it is ended and begun anew where one takes too long."""

    def __init__(self, seconds: float = SECONDS) -> None:
        self._seconds = seconds
        self._start()

    def judge(self, damaged: Damaged) -> Judged:
        """Return what became of a sample; a process that hangs or dies has failed."""
        began = time.monotonic()
        self._pipe.send(damaged)
        if self._pipe.poll(self._seconds):
            with suppress(EOFError):
                judged: Judged = self._pipe.recv()
                return judged
        self.close()
        self._start()
        took = time.monotonic() - began
        why = f"no answer in {took:.0f} s" if took > self._seconds else "the process died"
        return Judged(verdicts=Verdicts(failed=(why,)), seconds=took, again=False)

    def close(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.join()
        self._pipe.close()

    def _start(self) -> None:
        context = get_context("spawn")  # no threads and no memory of this process
        self._pipe, other = context.Pipe()
        self._process = context.Process(target=_serve, args=(other,), daemon=True)
        self._process.start()
        other.close()


def _serve(pipe: Connection) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    with TemporaryDirectory() as folder, suppress(EOFError, KeyboardInterrupt):
        judge = Judge(Path(folder) / "report")
        gc.disable()
        done = 0
        while True:
            pipe.send(judge(pipe.recv()))
            done += 1
            if done % _SWEEP == 0:
                gc.collect()
