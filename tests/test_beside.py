"""What is made in a fork is what would be made here; a fork that fails costs nothing else."""

import os
import signal
import sys

import pytest

from analyzer.beside import begun

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="forks are used on Linux only")


def test_a_fork_gives_what_is_made_there() -> None:
    made = begun(lambda: str(os.getpid()).encode() + b" " + b"x" * 1_000_000, worth_it=True)
    pid, _, content = made().partition(b" ")
    assert pid != str(os.getpid()).encode()
    assert content == b"x" * 1_000_000


def test_what_is_not_worth_a_fork_is_made_here_when_it_is_asked_for() -> None:
    calls: list[int] = []

    def make() -> bytes:
        calls.append(os.getpid())
        return b"made"

    made = begun(make, worth_it=False)
    assert not calls
    assert made() == b"made"
    assert calls == [os.getpid()]


@pytest.mark.parametrize("end", [lambda: os.kill(os.getpid(), signal.SIGKILL), lambda: 1 / 0])
def test_what_a_fork_failed_at_is_made_here(end: object, capfd: pytest.CaptureFixture[str]) -> None:
    here = os.getpid()

    def make() -> bytes:
        if os.getpid() != here:
            assert callable(end)
            end()
        return b"made here"

    assert begun(make, worth_it=True)() == b"made here"
    assert capfd.readouterr() == ("", "")


def test_what_fails_here_too_says_why() -> None:
    def make() -> bytes:
        raise ValueError("why")

    with pytest.raises(ValueError, match="why"):
        begun(make, worth_it=True)()
