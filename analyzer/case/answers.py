"""The manifest of what the script of `cbtriage ask` collected: where, when, and how it went.

Writer: our own script (`analyzer.asking.script`), in UTC. Lines of words between tabs, the first of
which says what a line is; ``command`` is name of the file, exit status, began, ended (seconds since
1970), command; ``stderr`` is name of the file and a line that the command wrote there.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from types import MappingProxyType

from analyzer.values import dataclass

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
    commands: Mapping[str, tuple[Ran, ...]]

    def ran(self, member: str) -> tuple[datetime, datetime] | None:
        """Return when the commands of a file began and ended, None for a file of no command."""
        times = [
            time for each in self.commands.get(member, ()) for time in (each.began, each.ended)
        ]
        return (min(times), max(times)) if times else None

    def failure(self, member: str) -> str:
        """Say how the commands of a file failed, "" if any of them did not."""
        commands = self.commands.get(member, ())
        if not commands or any(each.status == 0 for each in commands):
            return ""
        own = commands[0]
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
    ran: dict[str, list[Ran]] = {}
    for words in (line.split("\t") for line in lines[1:]):
        match words:
            case ["host", host_uuid, hostname]:
                pass
            case ["command", name, status, began, ended, *command]:
                first, last = _time_in_manifest(began), _time_in_manifest(ended)
                if first and last and status.isascii() and status.isdecimal():
                    made = Ran(
                        status=int(status[:4]), began=first, ended=last, command=" ".join(command)
                    )
                    ran.setdefault(name, []).append(made)
            case ["stderr", name, *text] if name in ran:
                own = ran[name]
                own[-1] = replace(own[-1], stderr=(*own[-1].stderr, " ".join(text)))
            case _:
                pass
    return Answers(
        member=member,
        host_uuid=host_uuid,
        hostname=hostname,
        commands=MappingProxyType({name: tuple(own) for name, own in ran.items()}),
    )


def _time_in_manifest(text: str) -> datetime | None:
    if not (text.isascii() and text.isdecimal() and int(text[:12]) < _LARGEST):
        return None
    return datetime.fromtimestamp(int(text), UTC)
