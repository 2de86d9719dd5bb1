"""vdi_list_changed_blocks: the model of SM walks, and what it did is printed as SM's lines.

Writer imitated: sm `VDI.py` (`list_changed_blocks`, `_get_blocktracking_status`).
"""

from collections.abc import Iterator, Sequence
from itertools import cycle, islice, pairwise

from analyzer.model.terms import UNRELATED_DISKS
from analyzer.sm import comparing
from analyzer.sm.state import Body, Command, Part, Result, State, Verb
from analyzer.sm.state import Log as ModelLog
from tests.world.emit_cbt import Disks, cbt_util, cbt_util_fails, log_exists, log_of
from tests.world.emit_disk import command
from tests.world.emit_errors import NeverEndsError, raised
from tests.world.emit_sm import SmProcess
from tests.world.objects import Disk, Host, Storage, bitmap

Bits = frozenset[str]

_STEPS = 40  # a walk that runs in a circle logs for ever; this is enough of it


def list_changed_blocks(host: Host, older: Disk, newer: Disk, disks: Disks) -> Bits:
    """Compare two disks along their logs; returns the names of the writes between them.

    Raises:
        SmError: SM refuses, or something on the way fails.
        NeverEndsError: the pointers run in a circle.
    """
    with command(host, "vdi_list_changed_blocks", older, (newer.ref,)) as sm:
        if older is not newer and not _tracks(sm, older):
            raise raised(sm, 460, UNRELATED_DISKS)
        answer = comparing.list_changed_blocks(_state(disks), older.uuid, newer.uuid)
        for did in _walked(answer):
            _print(sm, older.storage, disks, did)
        if answer.outcome == comparing.ENDLESS:
            raise NeverEndsError
        if answer.outcome == comparing.SIZES:
            sm.say("Cannot calculate changed blocks withinconsistent bitmap sizes")
        if not answer.ok:
            raise raised(sm, int(answer.code.removeprefix("SR_BACKEND_FAILURE_")), answer.outcome)
        return Bits().union(*(log_of(disks[uuid]).bits for uuid in answer.visited))


def _tracks(sm: SmProcess, asked: Disk) -> bool:
    """Tell whether SM's object of the older disk can have a log; some releases are blind."""
    blind = sm.host.release.blind and not asked.storage.volumes and not asked.image
    return not blind and asked.format != "raw"


def _state(disks: Disks) -> State:
    """Return the logs as the model has them."""
    return State(
        logs={
            uuid: ModelLog(
                child=disk.log.child or "",
                size=disk.log.size,
                body=Body.SHORT if disk.log.short else Body.WHOLE,
            )
            for uuid, disk in disks.items()
            if disk.log is not None
        }
    )


def _walked(answer: Result) -> Iterator[Command]:
    """Yield what SM did from its first pointer on; of a circle, enough rounds of it."""
    starts = [place for place, did in enumerate(answer.did) if did.part is Part.CHILD]
    steps = [answer.did[start:end] for start, end in pairwise([*starts, None])]
    if answer.outcome == comparing.ENDLESS:
        steps += islice(cycle(_circle(steps)), _STEPS - len(steps))
    return (did for step in steps for did in step)


def _circle(steps: Sequence[tuple[Command, ...]]) -> Sequence[tuple[Command, ...]]:
    """Return the steps since SM last read the log that it has come back to."""
    reached = [step[-1].log for step in steps]
    return steps[len(reached) - 1 - reached[-2::-1].index(reached[-1]) :]


def _print(sm: SmProcess, storage: Storage, disks: Disks, did: Command) -> None:
    """Print one command; looking for a log is silent, but for the noise of old releases."""
    disk = disks.get(did.log)
    if did.verb is Verb.LOOK or disk is None:
        log_exists(sm, storage, disks, did.log)
        return
    match did.part:
        case Part.CHILD:
            cbt_util(sm, disk, "get", "-c")
        case Part.SIZE:
            cbt_util(sm, disk, "get", "-s")
            sm.say(f"DEBUG: Processing VDI {disk.uuid} of size {log_of(disk).size}")
        case _ if did.failed:
            path = disk.storage.log(disk.uuid)
            stderr = f"Failed to read bitmap from file {path}\n"
            raise cbt_util_fails(sm, disk, "get", "-n", path, "-b", stderr=stderr)
        case _:
            cbt_util(sm, disk, "get", "-b")
            sm.say(f"Size of bitmap: {bitmap(log_of(disk).size) * 8}")
