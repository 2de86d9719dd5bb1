"""CBT logs that a crash left inconsistent, and that SM marked as consistent all the same (H-02).

Source: sm `VDI.py`, `FileSR.py`, `LVHDSR.py`. activate() leaves the log alone when the disk is
activated read-only, but deactivate() always writes the flag 1. A snapshot never looks at the flag:
the log that it takes is marked as consistent, and the new one gets what the disk says, which is
"not attached" once its host has started anew. Either way the next read-write activation trusts a
log that has lost what was not written before the crash.
"""

from collections.abc import Iterator, Mapping, Sequence
from enum import Enum
from itertools import islice

from analyzer.case.case import Case
from analyzer.case.derived import derived
from analyzer.case.time.order import ended, mark
from analyzer.checks.tools.chain_facts import sure
from analyzer.checks.tools.sm_runs import argument, cbt_util, log_of, runs, succeeded
from analyzer.model.cbt import Known
from analyzer.model.event import Event
from analyzer.model.operation import Command, Operation, Result
from analyzer.model.terms import HOST_BOOTED
from analyzer.rebuilt.cbt.history import cbt_history
from analyzer.values import dataclass

_READ_ONLY = "false"
_CALLS = ("vdi_activate", "vdi_deactivate", "vdi_snapshot")
_STATE = "Saving log consistency state of {} for vdi: {}"


class How(Enum):
    """By what a log was marked as consistent."""

    DETACH = "detach"
    SNAPSHOT = "snapshot"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hidden:
    """A call that wrote the flag 1 over a 0, or over what is not known, as clocks of two hosts are.

    ``writer`` is the read-write activation whose session had not ended by then, or where that was
    not read a snapshot that found the disk attached, on some host; None where only the flag shows
    that there was one, or a host booted and nothing from before shows whether it had the disk.
    ``boot`` is the start of its host in between where the flag surely was 0, ``alive`` whether the
    session ended properly later.
    """

    how: How
    run: Operation
    command: Command
    flag: Known[bool] | None
    writer: Operation | None
    boot: Event | None
    alive: bool


@derived
def hidden_crashes(case: Case) -> tuple[Hidden, ...]:
    """Return the calls that marked a log as consistent whose session had not ended, by disk."""
    calls: dict[str, list[Operation]] = {}
    for run in runs(case, *_CALLS):
        if run.vdi:
            calls.setdefault(run.vdi, []).append(run)
    return tuple(found for vdi, own in sorted(calls.items()) for found in _of_disk(case, vdi, own))


def _of_disk(case: Case, vdi: str, own: Sequence[Operation]) -> Iterator[Hidden]:
    last: dict[str, Operation] = {}  # host → its last session call
    writers: dict[str, Operation] = {}  # host → its activation that no detach followed
    found_attached: Operation | None = None
    known_since = False  # whether anything shows who had the disk
    for place, run in enumerate(own):
        how = _how_it_can_hide(last, run, vdi)
        command = _flag_written(run, vdi, how) if how else None
        writer = next(reversed(writers.values()), found_attached)
        if how and command:
            flag = _flag_before(case, run)
            known = sure(flag)
            in_use = known is False or (not known_since and _may_follow_a_boot(case, run))
            if known is not True and (writer or in_use):
                yield Hidden(
                    how=how,
                    run=run,
                    command=command,
                    flag=flag,
                    writer=writer,
                    boot=_boot_between(case, writer, run) if writer and known is False else None,
                    alive=writer is not None and _session_ended(own, place + 1, writer),
                )
        known_since |= run.name != "vdi_activate" or run.args[:1] != (_READ_ONLY,)
        if run.name == "vdi_snapshot":
            found_attached = run if _says(run, "False", vdi) else None
            continue
        last[run.host] = run
        if run.name == "vdi_deactivate":
            # Of another host by a clock that nothing ties to this one it may be an earlier session.
            if found_attached and case.order.surely_before(ended(found_attached), ended(run)):
                found_attached = None
            writers.pop(run.host, None)
        elif run.args[:1] != (_READ_ONLY,):
            writers[run.host] = run


def _how_it_can_hide(last: Mapping[str, Operation], run: Operation, vdi: str) -> How | None:
    """Tell whether it ends a session begun read-only, or takes a disk that nobody has."""
    if run.name == "vdi_snapshot":
        alone = _says(run, "True", vdi) and run.result is not Result.FAILED
        return How.SNAPSHOT if alone else None
    began = last.get(run.host) if run.name == "vdi_deactivate" else None
    reading = began and began.name == "vdi_activate" and began.args[:1] == (_READ_ONLY,)
    return How.DETACH if reading else None


def _says(run: Operation, consistent: str, vdi: str) -> bool:
    """Tell what a snapshot found: a log is consistent while nobody has the disk (FileSR.py)."""
    return any(note.message == _STATE.format(consistent, vdi) for note in run.notes)


def _flag_written(run: Operation, vdi: str, how: How) -> Command | None:
    """Return the command that wrote 1: of a snapshot to the log that it took."""
    for command, value in cbt_util(run, "set", "-f"):
        own = log_of(argument(command, "-n")) == vdi
        if value == "1" and succeeded(command) and own is (how is How.DETACH):
            return command
    return None


def _flag_before(case: Case, run: Operation) -> Known[bool] | None:
    """Return what is known of the flag before the run."""
    log = (
        cbt_history(case).at(run.sr, run.vdi, run.entry or run.first)
        if run.sr and run.vdi
        else None
    )
    return log.consistent if log else None


def _may_follow_a_boot(case: Case, run: Operation) -> bool:
    """Tell whether some host may have started anew before a call."""
    boots = case.events.of(HOST_BOOTED)
    return any(not case.order.surely_before(ended(run), mark(event)) for event in boots)


def _boot_between(case: Case, writer: Operation, run: Operation) -> Event | None:
    """Return the start of the writer's host between its activation and the call."""
    for event in case.events.of(HOST_BOOTED):
        if event.host == writer.host or writer.name == "vdi_snapshot":
            after = case.order.surely_before(ended(writer), mark(event))
            if after and case.order.surely_before(mark(event), ended(run)):
                return event
    return None


def _session_ended(runs_of_disk: Sequence[Operation], start: int, writer: Operation) -> bool:
    """Tell whether the next session call of the writer's host ends its session."""
    later = islice(runs_of_disk, start, None)
    own = (run for run in later if run.host == writer.host and run.name != "vdi_snapshot")
    following = next(own, None)
    return following is not None and following.name == "vdi_deactivate"
