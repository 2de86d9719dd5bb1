"""A tapdisk was started, or went on after a pause, without the CBT log of its disk.

Source: sm `blktap2.py` TapCtl.open() and TapCtl.unpause(): the log is named with ``-C`` or ``-c``.
A tapdisk that is not given one tracks nothing, and no line says so. Seen where what pauses a disk
does not know of CBT, as the garbage collector before CA-269654.
"""

from collections.abc import Iterator
from datetime import timedelta

from analyzer.case.case import Case
from analyzer.case.time.order import began, ended, mark
from analyzer.checks.observation import Observation
from analyzer.checks.tools.chain_facts import disk_subjects, name_of, sure
from analyzer.checks.tools.finding import found, quote
from analyzer.checks.tools.sm_runs import runs_of
from analyzer.checks.tools.unread import held_back
from analyzer.model.cbt import Known
from analyzer.model.event import Event
from analyzer.model.finding import Basis, Confidence, Finding
from analyzer.model.operation import AccessMode, Command, Operation, Result
from analyzer.model.rule import RuleText
from analyzer.model.sentence import Value, say
from analyzer.rebuilt.calls.attachments import attachments_of_disks
from analyzer.rebuilt.calls.operations import sm_operations
from analyzer.rebuilt.cbt.history import cbt_history
from analyzer.values import dataclass

# tap-ctl gets the log as -C when a tapdisk opens the disk, as -c when it goes on after a pause
# (sm, blktap2.py).
_VERBS = ("open", "unpause")
_LOG = ("-C", "-c")
_READ_ONLY = "-R"
MERGING = "migration-broken-by-collector.merged"
_ONE_MERGE = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Untracked:
    """A command that gave a tapdisk no log, the log that was there, and what ended it."""

    run: Operation
    command: Command
    log: Known[bool]
    next: Command | None


def examine(case: Case, text: RuleText) -> Iterator[Observation]:
    """Look at each command that makes a tapdisk read and write a disk whose log is there."""
    ways: dict[tuple[str, str], list[tuple[Operation, Command]]] = {}
    for run in sm_operations(case):
        for command in run.commands:
            verb = command.argv[1] if len(command.argv) > 1 else ""
            tap = command.argv[0].endswith("tap-ctl") and command.rc in (None, 0)
            if run.vdi and tap and (verb in _VERBS or verb == "close"):
                ways.setdefault((run.host, run.vdi), []).append((run, command))
    untracked = (one for _, own in sorted(ways.items()) for one in _of_disk(case, own))
    yield from held_back(case, (_finding_of_writer(case, text, one) for one in untracked))


def _of_disk(case: Case, own: list[tuple[Operation, Command]]) -> Iterator[_Untracked]:
    """Yield the times in which one host wrote one disk without its log, each once."""
    silent = False
    for place, (run, command) in enumerate(own):
        without = command.argv[1] in _VERBS and not any(each in command.argv for each in _LOG)
        log = _log_there(case, run, command) if without and not silent else None
        if log is not None and not _read_only(case, run, command):
            later = own[place + 1][1] if place + 1 < len(own) else None
            # Whether CBT was turned on before the next tapdisk: then it was off, unseen.
            line, until = mark(command.event), mark(later.event) if later else None
            turned_on = any(
                call.result is not Result.FAILED
                and case.order.surely_before(line, ended(call))
                and (until is None or case.order.surely_before(began(call), until))
                for call in runs_of(case, run.vdi, "vdi_enable_cbt")
            )
            if not turned_on:
                yield _Untracked(run=run, command=command, log=log, next=later)
        silent = without and (silent or log is not None)


def _log_there(case: Case, run: Operation, command: Command) -> Known[bool] | None:
    """Return that the disk's log was surely there when a command was run, else None."""
    row = case.world.vdi(run.vdi or "")
    pool = case.world.pool_of(row) if row else None
    storage = pool.sr(row.sr) if pool and row else None
    sr = run.sr or (storage.uuid if storage else "")
    log = cbt_history(case).at(sr, run.vdi or "", command.event)
    if log is None or log.exists is None or sure(log.exists) is not True:
        return None
    # What a later list shows was there then only if no host turned CBT on unseen in between: a
    # log may be cut, a host's report missing. So only a line from before counts.
    seen = log.exists.evidence.at
    return log.exists if seen is not None and seen.certainly_before(command.event.moment) else None


def _read_only(case: Case, run: Operation, command: Command) -> bool:
    """Tell whether the disk is not written: SM leaves its log alone then."""
    if _READ_ONLY in command.argv:
        return True
    line = mark(command.event)
    return any(
        each.mode is AccessMode.READ_ONLY
        and each.host == run.host
        and not (each.ended and each.ended.certainly_before(line.at))
        for each in attachments_of_disks(case).get(run.vdi or "", ())
    )


def _finding_of_writer(case: Case, text: RuleText, one: _Untracked) -> Finding:
    vdi = one.run.vdi or ""
    resumed = one.command.argv[1] == "unpause"
    # The line with which the garbage collector began to merge the disk just before.
    if resumed:
        own = [
            event
            for event in case.events.of(MERGING)
            if (one.run.vdi or "").startswith(event.fields["vdi"])
            and timedelta() <= one.run.first.at - event.moment.at <= _ONE_MERGE
        ]
        merging: Event | None = own[-1] if own else None
    else:
        merging = None
    until = one.next.event.moment if one.next else None
    values: dict[str, Value] = {
        "vdi": vdi,
        "disk": name_of(case, vdi),
        "when": one.command.event.moment,
        "did": "went on after a pause" if resumed else "was started",
        "until": say("until {at}", at=until) if until else "until the report was made",
        "host": one.run.host,
        "merged": say(" The garbage collector was merging it since {at}.", at=merging.moment)
        if merging
        else "",
    }
    lines = [quote(one.command.event), one.log.evidence]
    lines += [quote(event) for event in (merging, one.next and one.next.event) if event]
    return found(
        text,
        (text.title, text.detail),
        basis=Basis.BOTH,
        confidence=Confidence.LIKELY,
        subjects=disk_subjects(case, vdi, one.run.sr),
        rows=[values],
        evidence=tuple(dict.fromkeys(lines)),
        events=[one.command.event],
    )
