"""SM's runs, as checks ask for them: by name, by the line they wrote, by what they ran."""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta

from analyzer.case.case import Case
from analyzer.case.derived import derived
from analyzer.checks.tools.finding import quote
from analyzer.model.event import Event
from analyzer.model.finding import Evidence
from analyzer.model.operation import Command, Operation, Raised, Result
from analyzer.model.terms import UUID, VISITED_VDI
from analyzer.rebuilt.calls.operations import sm_operations, sm_operations_of_processes

# One run is one process; a process id comes back only after tens of thousands of others.
_SAME_RUN = timedelta(minutes=5)
_LOG = re.compile(rf"(?:^|/)({UUID})\.cbtlog$")
_CODE = re.compile(r"SR_BACKEND_FAILURE_([0-9]{1,4})")


@derived
def runs(case: Case, *names: str) -> tuple[Operation, ...]:
    """Return the runs of these names, in the order of their times, no copy of one twice."""
    found: dict[tuple[object, ...], Operation] = {}
    for run in sm_operations(case):
        if run.name in names:
            entry = run.entry.text if run.entry else run.first.at.isoformat()
            # two reports of one host both hold it
            found.setdefault((run.host, run.pid, run.name, entry), run)
    return tuple(found.values())


def runs_of(case: Case, vdi: str | None, *names: str) -> Sequence[Operation]:
    """Return the runs of these names for one disk, as `runs` does."""
    return _runs_of_disks(case, *names).get(vdi, ())


@derived
def _runs_of_disks(case: Case, *names: str) -> Mapping[str | None, Sequence[Operation]]:
    found: dict[str | None, list[Operation]] = {}
    for run in runs(case, *names):
        found.setdefault(run.vdi, []).append(run)
    return found


def run_of(case: Case, event: Event) -> Operation | None:
    """Return the run that wrote a line, None where its entry was not read."""
    fits = [
        run
        for run in sm_operations_of_processes(case).get((event.source.bundle, event.pid), ())
        if run.name and run.first.at <= event.moment.at <= run.last.at + _SAME_RUN
    ]
    return fits[-1] if fits else None


def log_of(path: str) -> str:
    """Return the uuid in the name of a CBT log, "" for any other file.

    >>> log_of("/dev/VG_XenStorage-s/6b0c1a3e-9d1f-4c55-8a47-2f60b7c0e913.cbtlog")
    '6b0c1a3e-9d1f-4c55-8a47-2f60b7c0e913'
    """
    found = _LOG.search(path)
    return found[1] if found else ""


def cbt_util(run: Operation, verb: str, option: str = "") -> Iterator[tuple[Command, str]]:
    """Yield (command, the option's value) of the run's cbt-util commands of one verb.

    Without an option all of them, with "" as the value.
    """
    for command in run.commands:
        program, *rest = command.argv or ("",)
        if program.endswith("cbt-util") and rest[:1] == [verb]:
            if not option:
                yield command, ""
            elif option in rest:
                yield command, argument(command, option)


def argument(command: Command, option: str) -> str:
    """Return what follows an option on a command line, "" without it."""
    place = command.argv.index(option) + 1 if option in command.argv else len(command.argv)
    return command.argv[place] if place < len(command.argv) else ""


def succeeded(command: Command) -> bool:
    """Tell whether a command's success was logged."""
    return command.result is Result.SUCCEEDED


def visited(run: Operation) -> tuple[str, ...]:
    """Return the logs that list_changed_blocks read, in order (VDI.py, "DEBUG: Processing VDI")."""
    found = (VISITED_VDI.match(note.message) for note in run.notes)
    return tuple(match[1] for match in found if match)


def code_of(raised: Raised) -> int | None:
    """Return the number of SM's error, from the exception or from its text."""
    if raised.code is not None:
        return raised.code
    found = _CODE.search(raised.text)
    return int(found[1]) if found else None


def quote_run(run: Operation) -> tuple[Evidence, ...]:
    """Return the entry line of a run, or without one the first line that was read of it."""
    lines = [
        run.entry,
        *run.notes,
        *(command.event for command in run.commands),
        *(raised.event for raised in run.raised),
    ]
    first = next((line for line in lines if line is not None), None)
    return () if first is None else (quote(first),)
