"""Read a listing of an SR's mount point that somebody attached: `ls`, `ls -l`, `ls -lR`, `find`.

Writers: coreutils ``ls`` and findutils ``find``, typed by support staff, as the collector never
lists ``/run/sr-mount`` (``/var/run/sr-mount`` is the same folder). Times are local and not read.

True line: ``-rw-r--r-- 1 root root 4096 Nov 21 10:06 6b0c1a3e-….cbtlog``.

What a listing does not show is only then not there when nothing was left out of it: an error
line, an open last line, or a selection (``grep``, ``*.vhd``, ``find -name``) make it incomplete.
A folder of the listing that is no SR's own (``lost+found``) is not read.
"""

import re
from collections.abc import Iterator
from dataclasses import field

from analyzer.bundle.member import Member
from analyzer.model.source import Source
from analyzer.model.storage import ListedFile, SrListing
from analyzer.model.terms import UUID
from analyzer.parsers._api import Fact
from analyzer.parsers._text import Text, command_of, head_lines, read_text
from analyzer.values import dataclass

# The grammar of one line of `ls` and `find`, as it stands in a listing of SR mount points.

ROOT = r"(?:/var)?/run/sr-mount"
DISK = re.compile(rf"{UUID}\.(?:vhd|cbtlog|qcow2|raw)")
HEADING = re.compile(rf"(?P<root>{ROOT}|\.)?(?:/?(?P<sr>{UUID}))?(?P<sub>/.*?)?/?:")
PATH = re.compile(rf"(?:{ROOT}|\.)/(?P<sr>{UUID})(?:/(?P<name>[^/]+))?(?P<sub>/.*)?")
TOTAL = re.compile(r"total [0-9][0-9.,]*[KMGTP]?")
ERROR = re.compile(
    r"(?:\S*/)?(?:ls|find|du|-?bash|sh): .*|.*(?:No such file or directory|Input/output error|"
    r"Stale file handle|Permission denied|Host is down|Connection timed out)"
)
ERROR_ON = re.compile(rf"{ROOT}/({UUID})")
_LISTS = re.compile(rf"(?:ls|find)\b.*{ROOT}")
_COMMAND_SR = re.compile(rf"ls\b.*{ROOT}/(?P<sr>{UUID})/?(?:\s|$)")
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


_ELSEWHERE = ("var/log/", "etc/", "proc/", "sys/", "var/xapi/", "opt/")


@dataclass(slots=True, kw_only=True)
class _Folder:
    """A folder of the listing while it is read.

    ``whole``: nothing says that it was selected from. ``by_path``: each line names the folder.
    ``rows`` counts what stands in it, folders too; ``empty`` is that it says so itself.
    """

    source: Source
    header: str
    sr: str | None
    whole: bool
    by_path: bool = False
    rows: int = 0
    empty: bool = False
    files: list[ListedFile] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class _Reading:
    """Where the reading stands: the open folder (None: one not read) and what was typed."""

    text: Text
    folders: list[_Folder] = field(default_factory=list)
    folder: _Folder | None = None
    headed: bool = False
    command: str = ""
    lost: set[str] = field(default_factory=set)
    all_lost: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """The parser; it knows its files by what they hold, and stands last of all."""

    name: str = "sr_listing"

    def claims(self, path: str, head: bytes) -> bool:
        """Tell whether a loose file begins with a listing of an SR."""
        if path.startswith(_ELSEWHERE):
            return False
        return any(tells(line) for line in head_lines(head))

    def read(self, member: Member, limit: int) -> Iterator[Fact]:
        """Yield one listing per SR folder, in the order of the file."""
        text = read_text(member, limit)
        reading = _Reading(text=text)
        for index, line in text.closed():
            _line_of_reading(reading, index, line)
        for folder in reading.folders:
            if folder.sr or any(DISK.fullmatch(file.name) for file in folder.files):
                yield _listing_of_folder(reading, folder)


PARSER = Listing()


def _line_of_reading(reading: _Reading, index: int, line: str) -> None:
    heading = HEADING.fullmatch(line.strip())
    command = command_of(line)
    if command is not None:
        reading.command, reading.folder, reading.headed = command, None, False
        # Open the folder that an `ls` command names, unless it selects or goes deeper.
        sr = listed_by(reading.command)
        if sr:
            _add_folder(reading, index, line, sr, whole=True)
    elif heading and line.strip() != ":":
        # Open the folder of a heading if it is an SR's own, or `.:`, which may be one.
        reading.headed = True
        folder_sr = None if heading["sub"] else heading["sr"]
        if (
            folder_sr
            and reading.folder
            and reading.folder.sr == folder_sr
            and not reading.folder.rows
        ):
            return  # `ls -R` repeats as a heading what was typed
        reading.folder = None
        if folder_sr or line.strip() == ".:":
            _add_folder(reading, index, line, folder_sr, whole=True)
    elif ERROR.match(line):
        lost = ERROR_ON.search(line)
        if lost:
            reading.lost.add(lost[1])
        else:
            reading.all_lost = True
    elif line.strip():
        _entry_of_reading(reading, index, line)


def _add_folder(
    reading: _Reading, index: int, header: str, sr: str | None, *, whole: bool
) -> _Folder:
    source = reading.text.at(index)
    folder = _Folder(source=source, header=header, sr=sr, whole=whole)
    reading.folders.append(folder)
    reading.folder = folder
    return folder


def _entry_of_reading(reading: _Reading, index: int, line: str) -> None:
    words = line.split()
    place = mode_place(words)
    name, size = named(words, place)
    path = PATH.fullmatch(name)
    if path:
        _path_entry(reading, index, line, path, size=size)
    elif TOTAL.fullmatch(line.strip()):
        # `ls -l` of one folder begins so, and only of a folder: what follows is not selected.
        folder = reading.folder
        if folder is None and not reading.headed:
            folder = _add_folder(reading, index, line, None, whole="|" not in reading.command)
        if folder:
            folder.empty = line.strip() == "total 0"
    elif line.strip() == "." and reading.folder is None:
        _add_folder(reading, index, line, None, whole=not selects(reading.command))
    else:
        names = [name] if place is not None or words[0].isdecimal() else words
        listed = place is None or words[place][0] in "-l"
        plain_names = names if listed else []
        plain_folder = reading.folder
        if plain_folder is None:
            if reading.headed or not any(
                DISK.fullmatch(bare(plain_name)) for plain_name in plain_names
            ):
                return
            plain_folder = _add_folder(reading, index, "", None, whole=False)
        plain_folder.rows += 1
        for plain_name in plain_names:
            plain_folder.files.append(
                _file_of_index(reading.text, index, line, bare(plain_name), size)
            )


def _path_entry(
    reading: _Reading, index: int, line: str, path: re.Match[str], *, size: int | None
) -> None:
    """Add a line that names the file with its folder, as `find` does; any folder at any time."""
    sr, name = path["sr"], path["name"]
    folder = next((each for each in reading.folders if each.by_path and each.sr == sr), None)
    if folder is None:
        # `find` shows the folder itself first; where it is missing, something was selected.
        itself = name is None and not line.startswith("d")
        open_folder = reading.folder
        whole = itself and not selects(reading.command)
        folder = _add_folder(reading, index, line.rpartition(sr)[0] + sr, sr, whole=whole)
        folder.by_path = True
        reading.folder = open_folder
    if name is not None:
        folder.rows += 1
    if name is not None and path["sub"] is None:
        folder.files.append(_file_of_index(reading.text, index, line, name, size))


def _file_of_index(text: Text, index: int, line: str, name: str, size: int | None) -> ListedFile:
    return ListedFile(source=text.at(index), text=line, name=name, size=size)


def _listing_of_folder(reading: _Reading, folder: _Folder) -> SrListing:
    cut = not reading.text.whole and folder is reading.folders[-1]
    lost = folder.sr in reading.lost if folder.sr else bool(reading.lost)
    unread = any("?????" in file.text for file in folder.files)
    faulty = cut or lost or unread or reading.all_lost
    # A heading with nothing below it is more often a cut than an SR without a single file.
    begun = folder.rows > 0 or folder.empty
    return SrListing(
        source=folder.source,
        header=folder.header,
        sr=folder.sr,
        complete=begun and not faulty and (folder.whole or _is_unselected(folder)),
        files=tuple(folder.files),
    )


def _is_unselected(folder: _Folder) -> bool:
    """Tell whether bare names are of several kinds and several disks, as no `grep` leaves them."""
    if folder.sr:
        return False
    kinds = {file.name.rpartition(".")[2] for file in folder.files}
    disks = {file.name.partition(".")[0] for file in folder.files}
    return len(kinds) > 1 and len(disks) > 1
