"""A log that a crash left inconsistent was marked as consistent by a read-only detach (H-02).

Source: sm `VDI.py`. activate() leaves the log alone when the disk is activated read-only, but
deactivate() always writes the flag 1. So the next read-write activation trusts a log that has
lost what was written before the crash, and CBT goes on as if nothing had been.
"""

from collections.abc import Iterator
from itertools import islice

from analyzer.case.case import Case
from analyzer.case.time.order import ended, mark
from analyzer.checks.observation import Observation
from analyzer.checks.tools.chain_facts import disk_subjects, log_path, name_of, sure
from analyzer.checks.tools.finding import Row, found, quote
from analyzer.checks.tools.sm_runs import argument, cbt_util, log_of, quote_run, runs, succeeded
from analyzer.checks.tools.unread import held_back
from analyzer.model.cbt import Known
from analyzer.model.event import Event
from analyzer.model.finding import Basis, Confidence, Finding, Gap
from analyzer.model.operation import Command, Operation
from analyzer.model.rule import RuleText
from analyzer.model.sentence import say
from analyzer.rebuilt.cbt.history import cbt_history
from analyzer.values import dataclass

BOOTED = "host-booted"
_READ_ONLY = "false"
# A read-only activate returns before it looks at the log, but every deactivate sets its flag to
# consistent (sm, VDI.py, activate and deactivate): a crash in between is hidden by it.
_SESSION = ("vdi_activate", "vdi_deactivate")


@dataclass(frozen=True, slots=True, kw_only=True)
class Marked:
    """A read-only detach that wrote the flag 1 over a 0.

    ``writer`` is the read-write activation whose session had not ended by then, ``boot`` the
    start of its host in between, ``alive`` whether the session ended properly later.
    """

    run: Operation
    command: Command
    flag: Known[bool]
    writer: Operation
    boot: Event | None
    alive: bool


def examine(case: Case, text: RuleText) -> Iterator[Observation]:
    """Look at every read-only detach that wrote the flag of a log.

    What the flag was before is compared with the read-write session that had set it.
    """
    marked = tuple(_runs_marked(case))
    yield from (_gap_of_marked(one) for one in marked if not one.boot and not one.alive)
    yield from held_back(case, (_finding_of_marked(case, text, one) for one in marked if one.boot))


def _runs_marked(case: Case) -> Iterator[Marked]:
    sessions: dict[str, list[Operation]] = {}
    for run in runs(case, *_SESSION):
        if run.vdi:
            sessions.setdefault(run.vdi, []).append(run)
    for vdi, own in sorted(sessions.items()):
        last: dict[str, Operation] = {}  # host → its last session call
        writers: dict[str, Operation] = {}  # host → its activation that no detach followed
        for place, run in enumerate(own):
            # Whether a detach ends a session that its host had begun read-only.
            began = last.get(run.host) if run.name == "vdi_deactivate" else None
            ends_read_only = (
                began is not None
                and began.name == "vdi_activate"
                and began.args[:1] == (_READ_ONLY,)
            )
            command = _flag_written(run, vdi) if ends_read_only else None
            flag = _flag_before(case, run) if command else None
            if command and flag and writers:
                writer = list(writers.values())[-1]
                # Whether the next session call of the writer's host ends its session.
                later = islice(own, (place + 1), None)
                following = next((run for run in later if run.host == writer.host), None)
                session_ended = following is not None and following.name == "vdi_deactivate"
                yield Marked(
                    run=run,
                    command=command,
                    flag=flag,
                    writer=writer,
                    boot=_boot_between(case, writer, run),
                    alive=session_ended,
                )
            last[run.host] = run
            if run.name == "vdi_deactivate":
                writers.pop(run.host, None)
            elif run.args[:1] != (_READ_ONLY,):
                writers[run.host] = run


def _flag_written(run: Operation, vdi: str) -> Command | None:
    for command, value in cbt_util(run, "set", "-f"):
        if value == "1" and succeeded(command) and log_of(argument(command, "-n")) == vdi:
            return command
    return None


def _flag_before(case: Case, run: Operation) -> Known[bool] | None:
    """Return the flag before the run, if it surely was 0."""
    log = (
        cbt_history(case).at(run.sr, run.vdi, run.entry or run.first)
        if run.sr and run.vdi
        else None
    )
    return log.consistent if log and sure(log.consistent) is False else None


def _boot_between(case: Case, writer: Operation, run: Operation) -> Event | None:
    """Return the start of the writer's host between its activation and the detach."""
    for event in case.events.of(BOOTED):
        after = case.order.surely_before(ended(writer), mark(event))
        before = after and case.order.surely_before(mark(event), ended(run))
        if event.host == writer.host and before:
            return event
    return None


def _finding_of_marked(case: Case, text: RuleText, one: Marked) -> Finding:
    vdi, sr = one.run.vdi or "", one.run.sr or ""
    assert one.boot is not None
    values: Row = {
        "vdi": vdi,
        "disk": name_of(case, vdi),
        "writer": one.writer.host,
        "since": one.writer.first,
        "boot": one.boot.moment,
        "host": one.run.host,
        "when": one.command.event.moment,
        "log": log_path(case, sr, vdi),
    }
    lines = [*quote_run(one.writer), one.flag.evidence, quote(one.boot), *quote_run(one.run)]
    return found(
        text,
        (text.title, text.detail),
        basis=Basis.BOTH,
        confidence=Confidence.LIKELY,
        subjects=disk_subjects(case, vdi, sr or None),
        rows=[values],
        evidence=tuple(dict.fromkeys([*lines, quote(one.command.event)])),
        events=[one.command.event],
    )


def _gap_of_marked(one: Marked) -> Gap:
    return Gap(
        need="smlog",
        host=one.writer.host,
        why=say(
            "the read-only detach of disk {vdi} on {host} at {at} marked its CBT log as consistent "
            "while the read-write session of {writer} had not ended, and nothing shows whether "
            "that session had crashed",
            vdi=one.run.vdi or "",
            host=one.run.host,
            at=one.run.last,
            writer=one.writer.host,
        ),
        settle_with=say(
            "last -x reboot on {host}, and its SMlog since {at}",
            host=one.writer.host,
            at=one.writer.first,
        ),
    )
