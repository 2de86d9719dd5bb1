"""What is made in a fork is what would be made here; a fork that fails costs nothing else."""

import os
import signal
import sys
import time
from collections.abc import Callable

import pytest

from analyzer.beside import Begun

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="forks are used on Linux only")


def told(begun: Begun[bytes, bytes], what: bytes = b"") -> Begun[bytes, bytes]:
    begun.tell(what)
    return begun


@pytest.mark.parametrize("size", [0, 1_000_000])  # a pipe holds 64 kB
def test_a_fork_gives_what_is_made_there_of_what_it_is_told(size: int) -> None:
    begun = Begun[bytes, bytes](
        lambda told: str(os.getpid()).encode() + b" " + told(), worth_it=True
    )
    pid, _, content = told(begun, b"x" * size).made().partition(b" ")
    assert pid != str(os.getpid()).encode()
    assert content == b"x" * size


def test_a_fork_works_before_it_is_told() -> None:
    def make(told: Callable[[], float]) -> bytes:
        before = time.monotonic()
        return str(told() > before).encode()

    begun = Begun[float, bytes](make, worth_it=True)
    time.sleep(0.5)
    begun.tell(time.monotonic())
    assert begun.made() == b"True"


def test_what_is_not_worth_a_fork_is_made_here_when_it_is_asked_for() -> None:
    calls: list[int] = []

    def make(told: Callable[[], bytes]) -> bytes:
        calls.append(os.getpid())
        return b"made of " + told()

    begun = told(Begun[bytes, bytes](make, worth_it=False), b"this")
    assert not calls
    assert begun.made() == b"made of this"
    assert calls == [os.getpid()]


@pytest.mark.parametrize("end", [lambda: os.kill(os.getpid(), signal.SIGKILL), lambda: 1 / 0])
def test_what_a_fork_failed_at_is_made_here(end: object, capfd: pytest.CaptureFixture[str]) -> None:
    here = os.getpid()

    def make(told: Callable[[], bytes]) -> bytes:
        if os.getpid() != here:
            assert callable(end)
            end()
        return b"made here of " + told()

    assert (
        told(Begun[bytes, bytes](make, worth_it=True), b"x" * 1_000_000).made()[:15]
        == b"made here of xx"
    )
    assert capfd.readouterr() == ("", "")


def test_what_fails_here_too_says_why() -> None:
    def make(_told: Callable[[], bytes]) -> bytes:
        raise ValueError("why")

    with pytest.raises(ValueError, match="why"):
        told(Begun[bytes, bytes](make, worth_it=True)).made()
