"""Something made in a fork of this process, while this one goes on.

A fork has all that this process knows, and only its answer has to be sent. It does nothing but make
that: it writes to no stream of this process, and never returns from where it was made.
"""

import multiprocessing
import os
import sys
import warnings
from collections.abc import Callable
from multiprocessing.process import BaseProcess


def fork_of(run: Callable[[], None]) -> BaseProcess:
    """Start a fork that runs something and ends.

    Raises:
        OSError: there is no memory for it, or too many processes.
        ValueError: this system has no forks.
    """

    def alone() -> None:
        try:
            run()
        except BaseException:  # noqa: BLE001 - its traceback would be taken for this process's
            os._exit(1)
        os._exit(0)

    process = multiprocessing.get_context("fork").Process(target=alone, daemon=True)
    with warnings.catch_warnings():
        # Threads of numpy's algebra, which it stops for a fork by itself.
        warnings.simplefilter("ignore", DeprecationWarning)
        process.start()
    return process


def begun(make: Callable[[], bytes], *, worth_it: bool) -> Callable[[], bytes]:
    """Begin to make something; return what gives it.

    Where it is not worth a fork, or there is none, it is made when it is asked for; so it is where
    the fork failed, and then raises what it raises.
    """
    if not worth_it or sys.platform != "linux":
        return make
    reading, writing = os.pipe()

    def answer() -> None:
        os.close(reading)
        with os.fdopen(writing, "wb") as stream:
            stream.write(make())

    try:
        process = fork_of(answer)
    except OSError:
        os.close(reading)
        os.close(writing)
        return make
    os.close(writing)
    incoming = os.fdopen(reading, "rb")

    def made() -> bytes:
        with incoming:
            content = incoming.read()
        process.join()
        return content if process.exitcode == 0 else make()

    return made
