"""The manifest of what the script of `cbtriage ask` collected: where, when, and how it went.

Writer: our own script (`analyzer.asking.script`), in UTC. Lines of words between tabs, the first of
which says what a line is; ``command`` is name of the file, exit status, began, ended (seconds since
1970), command; ``stderr`` is name of the file and a line that the command wrote there.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType

MANIFEST = "cbtriage-answers.txt"
FIRST_LINE = "cbtriage answers 1"
_TIMED_OUT = 124  # as timeout(1) has it
_LARGEST = 1 << 33


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """One command as it was run; ``status`` is 124 where it did not end in time."""

    status: int
    began: datetime
    ended: datetime
    command: str
    stderr: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """A manifest: the host, and its commands by the file that holds what they printed."""

    member: str
    host_uuid: str
    hostname: str
    commands: Mapping[str, Ran]

    def ran(self, member: str) -> tuple[datetime, datetime] | None:
        """Return when the command of a file began and ended, None for a file of no command."""
        own = self.commands.get(member)
        return (min(own.began, own.ended), own.ended) if own else None

    def failure(self, member: str) -> str:
        """Say how the command of a file failed, "" if it did not."""
        own = self.commands.get(member)
        if own is None or own.status == 0:
            return ""
        said = f": {own.stderr[0]}" if own.stderr else ""
        late = own.status == _TIMED_OUT
        how = "did not end in time" if late else f"failed with status {own.status}"
        return f"`{own.command}` {how}{said}"


def read_answers(data: bytes, member: str) -> Answers | None:
    r"""Read a manifest; None when it is none.

    >>> read_answers(b"cbtriage answers 1\nhost\tu\tjupiter\n", MANIFEST).hostname
    'jupiter'
    """
    lines = data.decode("utf-8", "replace").split("\n")
    if lines[0] != FIRST_LINE:
        return None
    host_uuid = hostname = ""
    ran: dict[str, Ran] = {}
    said: dict[str, list[str]] = {}
    for words in (line.split("\t") for line in lines[1:]):
        match words:
            case ["host", host_uuid, hostname]:
                pass
            case ["command", name, status, began, ended, *command]:
                times = (_time(began), _time(ended))
                if times[0] and times[1] and status.isdecimal():
                    ran[name] = Ran(
                        status=int(status[:4]),
                        began=times[0],
                        ended=times[1],
                        command=" ".join(command),
                    )
            case ["stderr", name, *text]:
                said.setdefault(name, []).append(" ".join(text))
            case _:
                pass
    commands = {
        name: Ran(
            status=each.status,
            began=each.began,
            ended=each.ended,
            command=each.command,
            stderr=tuple(said.get(name, ())),
        )
        for name, each in ran.items()
    }
    return Answers(
        member=member,
        host_uuid=host_uuid,
        hostname=hostname,
        commands=MappingProxyType(commands),
    )


def _time(text: str) -> datetime | None:
    if not (text.isascii() and text.isdecimal() and int(text[:12]) < _LARGEST):
        return None
    return datetime.fromtimestamp(int(text), UTC)
