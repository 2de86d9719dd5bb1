"""The grammar of one line of `ls` and `find`, as it stands in a listing of SR mount points."""

import re

from analyzer.parsers._text import command_of

_ID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
ROOT = r"(?:/var)?/run/sr-mount"
DISK = re.compile(rf"{_ID}\.(?:vhd|cbtlog|qcow2|raw)")
HEADING = re.compile(rf"(?P<root>{ROOT}|\.)?(?:/?(?P<sr>{_ID}))?(?P<sub>/.*?)?/?:")
PATH = re.compile(rf"(?:{ROOT}|\.)/(?P<sr>{_ID})(?:/(?P<name>[^/]+))?(?P<sub>/.*)?")
TOTAL = re.compile(r"total [0-9][0-9.,]*[KMGTP]?")
ERROR = re.compile(
    r"(?:\S*/)?(?:ls|find|du|-?bash|sh): .*|.*(?:No such file or directory|Input/output error|"
    r"Stale file handle|Permission denied|Host is down|Connection timed out)"
)
ERROR_ON = re.compile(rf"{ROOT}/({_ID})")
_LISTS = re.compile(rf"(?:ls|find)\b.*{ROOT}")
_COMMAND_SR = re.compile(rf"ls\b.*{ROOT}/(?P<sr>{_ID})/?(?:\s|$)")
_SELECTED = re.compile(
    r"[|*?]|\s-(?:i?name|i?regex|i?path|newer|[acm]time|size|mmin|type [^f])\b"
    r"|^ls .*(?:\s-[A-Za-z]*[dIB]|\s--(?:directory|ignore|hide))"
)
_LOCAL = re.compile(rf"\./{DISK.pattern}")
_MODE = re.compile(r"[-bcdlps?][-rwxsStT?]{9}[.+@]?")
_LONG = 6  # words of a long row from the mode on: mode, links, owner, group, size, date …


def tells(line: str) -> bool:
    """Tell whether a line can only be of a listing of SRs."""
    heading = HEADING.fullmatch(line)
    named = bool(heading and (heading["root"] or "").endswith("sr-mount"))
    words = line.split()
    command = command_of(line)
    return (
        named
        or bool(command and _LISTS.match(command))
        or bool(words and DISK.fullmatch(words[-1].rpartition("/")[2]) and _is_entry(words))
    )


def _is_entry(words: list[str]) -> bool:
    """Tell whether words are a bare name or path, or a row of `ls -l` or `find -ls`."""
    if len(words) == 1:
        only = words[0]
        return bool(DISK.fullmatch(only) or PATH.fullmatch(only) or _LOCAL.fullmatch(only))
    return mode_place(words) is not None or words[0].isdecimal()


def listed_by(command: str) -> str | None:
    """Return the SR that an `ls` command lists, None if it selects or goes deeper."""
    found = _COMMAND_SR.match(command)
    return found["sr"] if found and not selects(command) else None


def selects(command: str) -> bool:
    """Tell whether a command leaves something out of what it lists."""
    return _SELECTED.search(command) is not None


def mode_place(words: list[str]) -> int | None:
    """Return where the mode stands in a row of `ls -l`, `ls -ls` or `find -ls`."""
    return next((n for n, word in enumerate(words[:3]) if _MODE.fullmatch(word)), None)


def named(words: list[str], place: int | None) -> tuple[str, int | None]:
    """Return the name a row ends with, and its size in bytes if it shows that."""
    if place is None:
        return words[-1], None
    row = words[place:]
    if "->" in row:
        row = row[: row.index("->")]
    # `ls -go` has no owner and group: then a clock time stands where the date should.
    size = row[4] if len(row) > _LONG and ":" not in row[5] else ""
    return row[-1], int(size) if re.fullmatch("[0-9]{1,18}", size) else None


def bare(name: str) -> str:
    """Return a name without the ``./`` of `find`."""
    return name.removeprefix("./")
