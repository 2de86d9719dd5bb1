"""What SM's commands say of CBT logs: each line that names one, as a call of one shape.

Writers: cbtutil.py (``['/usr/sbin/cbt-util', 'set', '-n', '<log>', '-p', '<uuid>']``),
lvutil.py (``lvcreate``, ``lvrename``, ``lvremove``) and FileSR.py (``FileVDI._rename``) of sm.
"""

import re
from collections.abc import Iterator, Sequence
from enum import Enum, auto
from itertools import pairwise

from analyzer.bundle.names import log_name
from analyzer.model.event import Event
from analyzer.model.operation import Command, Operation, Result
from analyzer.model.source import Source
from analyzer.model.terms import UUID, UUID_PATTERN, VOLUME_GROUP
from analyzer.rebuilt.cbt.log_paths import LogPath, is_uuid, log_path
from analyzer.values import dataclass

Place = tuple[int, int]

_RENAME = re.compile(r"FileVDI\._rename (\S+) to (\S+)")
_DISABLED = re.compile(
    rf"(?:Changed Block Tracking metadata is inconsistent for disk ({UUID})\."
    rf"|Resizing of CBT metadata for disk ({UUID}) failed\."
    rf"|Creating CBT metadata log for disk ({UUID}) failed\."
    rf"|Creating CBT snapshot for ({UUID}) failed\.?)"
)
_WALKED = re.compile(rf"DEBUG: Processing VDI ({UUID}) of size ([0-9]{{1,20}})")
# SR.py ScanRecord of sm: what a scan found other than the database has it
_DIFFERS = re.compile(r"(\w+) (\S.*) <> ")
_UPDATES = re.compile(rf"Updating VDI with location=\S+ uuid=({UUID})")
_LOST = re.compile(rf"(?:VDIs missing from disk: |Forgetting VDI with location=\S+ uuid={UUID})")
_RENAMED_NAME = 2  # ['lvrename', path, new name]
# The notes that tell of logs.
_TELLING = frozenset(("cbt-told.database", "cbt-told.dropped", "cbt-told.renamed", "cbt-told.walk"))


class Verb(Enum):
    """What is done to a log."""

    CREATE = auto()
    SET = auto()
    GET = auto()
    COALESCE = auto()
    ALLOCATE = auto()  # its volume, empty
    RENAME = auto()
    REMOVE = auto()
    DROP = auto()  # the sentence before SM removes a log for an error
    WALK = auto()  # list_changed_blocks came to it
    FIND = auto()  # a scan found it
    MISS = auto()  # a scan did not find it, nor an image of that name


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One line about a log. ``option`` is cbt-util's letter, ``value`` what it was given.

    ``other`` is the new name of a RENAME and the older log of a COALESCE.
    """

    verb: Verb
    log: LogPath
    event: Event
    result: Result
    option: str = ""
    value: str = ""
    other: LogPath | None = None
    rc: int | None = None

    @property
    def done(self) -> bool:
        """Tell whether the command is known to have succeeded."""
        return self.result is Result.SUCCEEDED


def place(source: Source) -> Place:
    """Return what sorts the lines of one bundle's log as they were written."""
    name = log_name(source.member)
    return (-name.rotation if name else 0, source.line)


def calls_of(operation: Operation) -> tuple[Call, ...]:
    """Return what an operation did to logs, in the order of its lines."""
    notes = [(note, note.message) for note in operation.notes if note.kind in _TELLING]
    if not (operation.commands or notes):
        return ()
    found = [_call_of_command(command, operation.sr) for command in operation.commands]
    # Read a line that is no command; what it says happened, or was about to (DROP, RENAME).
    note_of_event: list[Call | None] = []
    for event, said in notes:
        unknown = Result.UNKNOWN
        if note_found := _RENAME.fullmatch(said):
            log, new = (log_path(path, operation.sr) for path in note_found.groups())
            note_of_event.append(_call_of_rename(log, new, event, unknown))
        else:
            sr = operation.sr or ""
            if note_found := _DISABLED.fullmatch(said):
                disk = next(group for group in note_found.groups() if group)
                log = LogPath(sr=sr, disk=disk, volume=None)
                note_of_event.append(Call(verb=Verb.DROP, log=log, event=event, result=unknown))
            elif note_found := _WALKED.fullmatch(said):
                log = LogPath(sr=sr, disk=note_found[1], volume=None)
                done = Result.SUCCEEDED
                note_of_event.append(
                    Call(verb=Verb.WALK, log=log, event=event, result=done, value=note_found[2])
                )
            else:
                note_of_event.append(None)
    found += note_of_event
    calls = [call for call in found if call is not None]
    calls += _calls_of_scan(operation, notes)
    return tuple(sorted(calls, key=lambda call: place(call.event.source)))


def _call_of_command(command: Command, sr: str | None) -> Call | None:
    program = command.argv[0].rpartition("/")[2] if command.argv else ""
    arguments = command.argv[1:]
    match program:
        case "cbt-util":
            return _cbt_util(command, arguments, sr)
        case "lvcreate":
            groups = [argument for argument in arguments if argument.startswith(VOLUME_GROUP)]
            name = _options_given(arguments).get("-n", "")
            call_log = log_path(f"/dev/{groups[0]}/{name}", None) if groups else None
            return _call_on_log(Verb.ALLOCATE, call_log, command)
        case "lvrename":
            if len(command.argv) <= _RENAMED_NAME:
                return None
            volume_log = log_path(command.argv[1], sr)
            new = log_path(command.argv[_RENAMED_NAME], volume_log.sr if volume_log else sr)
            return _call_of_rename(volume_log, new, command.event, command.result)
        case "lvremove":
            logs = (log_path(argument, sr) for argument in arguments)
            log = next((log for log in logs if log), None)
            return _call_on_log(Verb.REMOVE, log, command)
        case _:
            return None


def _call_on_log(
    verb: Verb, log: LogPath | None, command: Command, option: str = "", value: str = ""
) -> Call | None:
    if log is None:
        return None
    return Call(
        verb=verb,
        log=log,
        event=command.event,
        result=command.result,
        option=option,
        value=value,
        rc=command.rc,
    )


def _cbt_util(command: Command, arguments: Sequence[str], sr: str | None) -> Call | None:
    verbs = {"create": Verb.CREATE, "set": Verb.SET, "get": Verb.GET, "coalesce": Verb.COALESCE}
    verb = verbs.get(arguments[0]) if arguments else None
    given = _options_given(arguments[1:])
    if verb is None:
        return None
    if verb is Verb.COALESCE:
        # coalesce merges the parent's bits into the child's log; the parent stays as it was
        # (blktap, cbt/cbt-util.c).
        older, newer = (log_path(given.get(option, ""), sr) for option in ("-p", "-c"))
        if older is None or newer is None:
            return None
        return Call(
            verb=Verb.COALESCE, log=newer, event=command.event, result=command.result, other=older
        )
    log = log_path(given.pop("-n", ""), sr)
    option, value = next(iter(given.items()), ("", ""))
    if log is None or (verb is not Verb.GET and not _fits_option(option, value)):
        return None
    return _call_on_log(verb, log, command, option, value)


def _options_given(arguments: Sequence[str]) -> dict[str, str]:
    """Return option → value, "" for one that has none."""
    return {
        option: "" if value.startswith("-") else value
        for option, value in pairwise([*arguments, ""])
        if option.startswith("-")
    }


def _fits_option(option: str, value: str) -> bool:
    """Tell whether a value is of the option's sort; what is not cannot be replayed."""
    if option in ("-p", "-c"):
        return is_uuid(value)
    return option in ("-s", "-f") and re.fullmatch(r"[0-9]{1,20}", value) is not None


def _call_of_rename(
    log: LogPath | None, new: LogPath | None, event: Event, result: Result
) -> Call | None:
    if log is None or new is None:
        return None
    return Call(verb=Verb.RENAME, log=log, event=event, result=result, other=new)


def _calls_of_scan(operation: Operation, notes: Sequence[tuple[Event, str]]) -> Iterator[Call]:
    """Yield the logs that a scan found or missed.

    It compares each disk with its row and logs the first difference alone, then updates the rows
    of those disks in the same order, so a line with a uuid belongs to each line with a difference.
    """
    differs = [(note, what) for note, said in notes if (what := _DIFFERS.match(said))]
    updates = [disk for _, said in notes if (disk := _UPDATES.match(said))]
    pairs = zip(differs, updates, strict=True) if len(differs) == len(updates) else ()
    for (note, what), disk in pairs:
        if what[1] == "cbt_enabled":
            verb = Verb.FIND if what[2] == "True" else Verb.MISS
            yield _scan_call(verb, disk[1], operation, note)
    for note, said in notes:
        if _LOST.match(said):
            for lost in dict.fromkeys(UUID_PATTERN.findall(said)):
                yield _scan_call(Verb.MISS, lost, operation, note)


def _scan_call(verb: Verb, disk: str, operation: Operation, event: Event) -> Call:
    log = LogPath(sr=operation.sr or "", disk=disk, volume=None)
    return Call(verb=verb, log=log, event=event, result=Result.SUCCEEDED)
