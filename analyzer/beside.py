"""Something made in a fork of this process, while this one goes on.

A fork has all that this process knows, and only its answer has to be sent. It does nothing but make
that: it writes to no stream of this process, and never returns from where it was made.
"""

import os
import pickle
import sys
import threading
import warnings
from collections.abc import Callable
from contextlib import suppress
from pickle import UnpicklingError
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from multiprocessing.process import BaseProcess

# What this process does comes first, above all to unpack: it is through with a block before others
# take its caches. Of 660 MB reading takes 30.5 to 34.4 processor seconds so, 35.8 to 45.4 where
# none gives way.
_GIVES_WAY = 10
Told = TypeVar("Told")
Made = TypeVar("Made")


def fork_of(run: Callable[[], None]) -> "BaseProcess":
    """Start a fork that runs something and ends.

    Raises:
        OSError: there is no memory for it, or too many processes.
        ValueError: this system has no forks.
    """

    def alone() -> None:
        try:
            with suppress(OSError):
                os.nice(_GIVES_WAY)
            run()
        except BaseException:  # noqa: BLE001 - its traceback would be taken for this process's
            os._exit(1)
        os._exit(0)

    import multiprocessing  # noqa: PLC0415 - a small report needs no fork

    process = multiprocessing.get_context("fork").Process(target=alone, daemon=True)
    with warnings.catch_warnings():
        # Threads of numpy's algebra, which it stops for a fork by itself.
        warnings.simplefilter("ignore", DeprecationWarning)
        process.start()
    return process


class Begun(Generic[Told, Made]):
    """Something that is made of what is known now, and of what it is told later.

    Where it is not worth a fork, or there is none, it is made when it is asked for; so it is where
    the fork failed, and then raises what it raises. ``make`` waits where it asks what it is told.
    """

    def __init__(self, make: Callable[[Callable[[], Told]], Made], *, worth_it: bool) -> None:
        self._make = make
        self._process: BaseProcess | None = None
        if worth_it and sys.platform == "linux":
            self._fork()

    @property
    def is_beside(self) -> bool:
        """Tell whether it is being made meanwhile."""
        return self._process is not None

    def tell(self, told: Told) -> None:
        """Tell what the making waits for; it goes there beside this thread. Call it once."""
        self._told = told
        if self._process is None:
            return

        def hand_over() -> None:
            with suppress(BrokenPipeError), os.fdopen(self._telling, "wb") as stream:
                pickle.dump(told, stream, pickle.HIGHEST_PROTOCOL)

        threading.Thread(target=hand_over, daemon=True).start()

    def made(self) -> Made:
        """Return what is made; call it once, when all was told."""
        if self._process is not None:
            made: list[Made] = []
            with os.fdopen(self._made, "rb") as incoming, suppress(EOFError, UnpicklingError):
                made.append(pickle.load(incoming))  # noqa: S301 - of this program
            self._process.join()
            if made and self._process.exitcode == 0:
                return made[0]
        return self._make(lambda: self._told)

    def _fork(self) -> None:
        (self._made, writing), (hearing, self._telling) = os.pipe(), os.pipe()

        def heard() -> Told:
            with os.fdopen(hearing, "rb") as stream:
                told: Told = pickle.load(stream)  # noqa: S301 - of this program
                return told

        def answer() -> None:
            os.close(self._made)
            os.close(self._telling)
            with os.fdopen(writing, "wb") as stream:
                pickle.dump(self._make(heard), stream, pickle.HIGHEST_PROTOCOL)

        try:
            self._process = fork_of(answer)
        except OSError:
            os.close(self._made)
            os.close(self._telling)
        os.close(writing)
        os.close(hearing)
