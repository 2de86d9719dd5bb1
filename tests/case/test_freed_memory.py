"""Freed memory goes back to the system, also that of threads which have ended."""

import platform
import re
import threading
from pathlib import Path

import pytest

from analyzer.case.freed_memory import give_back_freed_memory


def resident() -> int:
    """Return the bytes of memory that this process has."""
    found = re.search(r"VmRSS:\s+([0-9]+)", Path("/proc/self/status").read_text())
    assert found
    return int(found[1]) * 1024


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="others do not hold it")
def test_what_a_thread_freed_is_given_back() -> None:
    held: list[bytes] = []

    def fill() -> None:
        held.extend(bytes(5000) for _ in range(20_000))

    thread = threading.Thread(target=fill)
    thread.start()
    thread.join()
    last = held.pop()  # keeps the end of it in use
    held.clear()
    before = resident()
    give_back_freed_memory()
    assert before - resident() > 50_000_000
    assert last
