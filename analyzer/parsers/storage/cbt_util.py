"""Read what `cbt-util get` printed of CBT logs, which somebody saved or pasted for us.

Writer: blktap ``cbt/cbt-util.c``, `cbt_util_get`: one value a run, a uuid for ``-p`` (parent) and
``-c`` (child), the consistency flag for ``-f``, bytes for ``-s``. The value does not say which one
it is, nor of which log: the command above it does, behind a shell prompt or bare; else the name of
the file, where it names the disk and leaves one value that it can be.
The header as `od -A n -v -t x1 -N 48` prints it is read too. No times.

True lines: ``[root@jupiter ~]# cbt-util get -n /run/sr-mount/1b0c…/6b0c….cbtlog -c`` and
``9f3a5c1e-0d2b-4c7a-8e61-5b4d3c2a1f00``.

Not read: bitmaps (``-b``).
"""

import re
from collections.abc import Iterator, Sequence

from analyzer.bundle.member import Member
from analyzer.model.cbt import CbtLogValue, CbtLogValues, Change
from analyzer.model.report import ParseProblem
from analyzer.model.terms import UUID, UUID_PATTERN
from analyzer.parsers._api import Fact
from analyzer.parsers._text import Text, command_of, head_lines, is_loose, read_text
from analyzer.parsers.storage.cbtlog_format import HEADER, disk_of, read_cbtlog
from analyzer.values import dataclass

_GET = re.compile(r"(?:\S*/)?cbt-util\s+get\s(?P<rest>.*)")
_OD = re.compile(r"(?:\S*/)?od\s.*-t\s*x1\s(?P<rest>.*)")
_PATH = re.compile(rf"(?P<path>[^\s'\",;]*{UUID}\.cbtlog)")
_OPTION = re.compile(r"(?<![\w-])-(?P<letter>[pcfsb])(?![\w-])")
_OF_OPTION = {
    "p": Change.PARENT,
    "c": Change.CHILD,
    "f": Change.CONSISTENT,
    "s": Change.SIZE,
}
_NAMED = re.compile(r"(?:^|[^a-z])(?:(?P<parent>parent|-p)|(?P<child>child|-c))(?![a-z])")
_NUMBER = re.compile(r"[0-9]{1,18}")
_BYTES = re.compile(r"\s*[0-9a-f]{2}(?: +[0-9a-f]{2}){0,31}\s*")
_SECTOR = 512


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """A command whose answer is awaited; ``field`` is None for the header that `od` shows."""

    path: str
    field: Change | None
    line: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CbtUtil:
    """The parser of saved answers of `cbt-util get`."""

    name: str = "cbtlog"

    def claims(self, path: str, head: bytes) -> bool:
        """Tell whether a loose file holds the command, or one bare value of the disk it names."""
        if not is_loose(path):
            return False
        full = [line.strip() for line in head_lines(head) if line.strip()]
        if len(full) == 1 and disk_of(path):
            return bool(UUID_PATTERN.fullmatch(full[0]) or _NUMBER.fullmatch(full[0]))
        return bool(full) and _asked_on_line(0, full[0]) is not None

    def read(self, member: Member, limit: int) -> Iterator[Fact]:
        """Yield the values log by log, in the order of the file, then what cannot be used."""
        text = read_text(member, limit)
        values: dict[str, list[CbtLogValue]] = {}
        strange: list[ParseProblem] = []
        for asked, answer in _commands_with_answers(text):
            if asked.field is None:
                found: tuple[CbtLogValue, ...] = _header_of_asked(text, asked, answer)
            elif not answer:
                found = ()
            else:
                index, line = answer[0]
                value = _value_of_field(asked.field, line.strip())
                if value is None:
                    found = ()
                else:
                    quoted = f"{asked.text}\n{line}" if index == asked.line + 1 else line
                    at = asked.line if index == asked.line + 1 else index
                    found = (
                        CbtLogValue(
                            field=asked.field, value=value, source=text.at(at), text=quoted
                        ),
                    )
            values.setdefault(asked.path, []).extend(found)
            if not found:
                what = f"`{asked.text.strip()}` shows no value below it"
                strange.append(ParseProblem(source=text.at(asked.line), what=what))
        if not values and not strange:
            yield from _bare_values(text)
        for path, own in values.items():
            if own:
                yield CbtLogValues(
                    source=own[0].source, path=path, uuid=disk_of(path), values=tuple(own)
                )
        yield from strange


PARSER = CbtUtil()


def _commands_with_answers(text: Text) -> Iterator[tuple[_Asked, tuple[tuple[int, str], ...]]]:
    """Yield each command with the lines up to the next one."""
    asked: _Asked | None = None
    below: list[tuple[int, str]] = []
    for index, line in text.closed():
        begun = _asked_on_line(index, line)
        if begun or command_of(line) is not None:
            if asked:
                yield asked, tuple(below)
            asked, below = begun, []
        elif line.strip():
            below.append((index, line))
    if asked:
        yield asked, tuple(below)


def _asked_on_line(index: int, line: str) -> _Asked | None:
    typed = command_of(line) or line.strip()
    found = _GET.match(typed) or _OD.match(typed)
    path = _PATH.search(found["rest"]) if found else None
    if found is None or path is None:
        return None
    option = _OPTION.search(found["rest"])
    field = _OF_OPTION.get(option["letter"]) if option else None
    if found.re is _GET and field is None:
        return None
    return _Asked(path=path["path"], field=field, line=index, text=line)


def _value_of_field(field: Change, answer: str) -> str | None:
    """Return what was printed as it is kept, None where it is no value of that kind."""
    if field in (Change.PARENT, Change.CHILD):
        if not UUID_PATTERN.fullmatch(answer):
            return None
        return answer if answer.strip("0-") else ""
    good = _NUMBER.fullmatch(answer) and (field is Change.SIZE or answer in ("0", "1"))
    return answer if good else None


def _header_of_asked(
    text: Text, asked: _Asked, below: Sequence[tuple[int, str]]
) -> tuple[CbtLogValue, ...]:
    rows = [line for _, line in below if _BYTES.fullmatch(line)]
    data = bytes.fromhex("".join(rows).replace(" ", "")) if rows else b""
    if len(data) < HEADER.size:
        return ()
    log = read_cbtlog(data[: HEADER.size], asked.path)
    quoted, source = "\n".join((asked.text, *rows)), text.at(asked.line)
    values = (
        (Change.PARENT, log.parent),
        (Change.CHILD, log.child),
        (Change.CONSISTENT, str(log.consistent)),
        (Change.SIZE, str(log.size)),
    )
    return tuple(
        CbtLogValue(field=field, value=value, source=source, text=quoted) for field, value in values
    )


def _bare_values(text: Text) -> Iterator[Fact]:
    """Yield the one value of a file whose name says of which disk it is."""
    path = text.source.member
    lines = ((index, line.strip()) for index, line in text.closed())
    index, answer = next((each for each in lines if each[1]), (0, ""))
    # Which value a bare answer is; a uuid needs the word in the file's name.
    if _NUMBER.fullmatch(answer):
        if answer in ("0", "1"):
            field: Change | None = Change.CONSISTENT
        else:
            field = Change.SIZE if int(answer) % _SECTOR == 0 else None
    else:
        named = _NAMED.search(path.rpartition("/")[2].lower())
        field = None if named is None else Change.PARENT if named["parent"] else Change.CHILD
    value = _value_of_field(field, answer) if field else None
    if field is None or value is None:
        what = "it does not say which value of the log this is: keep the command above the answer"
        yield ParseProblem(source=text.at(index), what=what)
        return
    own = CbtLogValue(field=field, value=value, source=text.at(index), text=text.lines[index])
    yield CbtLogValues(source=own.source, path="", uuid=disk_of(path), values=(own,))
