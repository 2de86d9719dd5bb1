"""A CBT log is shorter than it has to be (H-07).

Source: blktap `cbt-util.c` does not look at what fclose() answers: on a full file system a log is
cut short and the command succeeds. Every later command fails with status 5, which SM tries twenty
times, a second apart, and then calls "Connection timed out" (sm `cbtutil.py`, `util.py` ioretry()).
"""

import re
from collections.abc import Iterator
from dataclasses import field

from analyzer.case.case import Case
from analyzer.case.time.order import mark
from analyzer.checks.cbt.log_size import HEADER, bytes_of_log
from analyzer.checks.observation import Observation
from analyzer.checks.tools.chain_facts import disk_subjects, log_path, name_of, sure
from analyzer.checks.tools.finding import found, quote, times
from analyzer.checks.tools.log_disk import is_metadata
from analyzer.checks.tools.sm_runs import argument, log_of
from analyzer.model.event import Event
from analyzer.model.finding import Basis, Confidence, Evidence, Finding, Gap
from analyzer.model.operation import Command, Operation, Result
from analyzer.model.rule import RuleText
from analyzer.model.terms import LOG_SUFFIX, VISITED_VDI, VOLUME_FOLDER
from analyzer.rebuilt.calls.operations import sm_operations
from analyzer.rebuilt.cbt.history import cbt_history
from analyzer.values import dataclass

# cbt-util exits with the number of its error, here that of a read that came up short, and SM
# tries that 20 times, a second apart (blktap, cbt/main.c; sm, util.py, ioretry).
_EIO = 5
_MOST = 4
_CUT = re.compile(r"Failed to read (?:CBT metadata|bitmap)")
_FILE = re.compile(r"from file (/[^ ,']+\.cbtlog)")
_LESS = re.compile(r"^Size of bitmap ([0-9]{1,18}) is less than expected size ([0-9]{1,18})")
_SR = re.compile(r"/(?:VG_XenStorage-|sr-mount/)([0-9a-f-]{36})/")


@dataclass(slots=True, kw_only=True)
class Short:
    """What speaks of one log: ``said`` by SM, ``seen`` in a listing or in the file itself.

    ``sure`` tells whether anything said how long it is; else it is one of two causes.
    """

    sr: str | None = None
    said: list[Event] = field(default_factory=list)
    seen: list[tuple[Evidence, str]] = field(default_factory=list)
    attempts: int = 1
    sure: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Open:
    """A command that failed on a volume, or on one of two logs."""

    disks: tuple[str, ...]
    event: Event
    path: str


def examine(case: Case, text: RuleText) -> Iterator[Observation]:
    """Gather what says of a log that it is too short.

    Failed commands, walks, listings, and the logs in the bundle.
    """
    logs: dict[str, Short] = {}
    open_: list[Open] = []
    for run in sm_operations(case):
        _take_commands(run, logs, open_)
        # Take "Size of bitmap … is less than expected size …", which is of the log visited last.
        walk_vdi = ""
        for note in run.notes:
            visit = VISITED_VDI.match(note.message)
            walk_vdi = visit[1] if visit else walk_vdi
            if walk_vdi and _LESS.match(note.message):
                walk_own = logs.setdefault(walk_vdi, Short())
                walk_own.sr = walk_own.sr or run.sr
                walk_own.sure = True
                walk_own.said.append(note)
    for vdi in [
        vdi for vdi, own in logs.items() if not own.sure and _was_readable_later(case, vdi, own)
    ]:
        del logs[vdi]
    perhaps = _take_listings(case, logs)
    for report in case.hosts:
        for file in report.cbtlogs:
            if file.header and file.bitmap_bytes >= file.expected_bytes:
                continue
            files_own = logs.setdefault(file.uuid, Short())
            files_own.sure = True
            words = f"The copy of the log in {file.source.member}: {file.problem}."
            files_own.seen.append((Evidence(source=file.source, text=file.problem), words))
    for vdi, own in sorted(logs.items()):
        yield _finding_of_disk(case, text, vdi, own)
    for one in _failures_left(open_, logs):
        yield _gap_of_failure(one)
    yield from (gap for vdi, gap in perhaps if vdi not in logs)


def _was_readable_later(case: Case, vdi: str, own: Short) -> bool:
    """Tell whether the log was read or written later, or is listed in its full length.

    Then it was not short: the storage gave input/output errors for a while.
    """
    last = mark(max(own.said, key=lambda event: event.moment.at))
    for run in sm_operations(case):
        for command in run.commands:
            fine = command.result is Result.SUCCEEDED and _reads_all(command)
            own_log = fine and vdi in {log_of(part) for part in command.argv}
            if own_log and case.order.surely_before(last, mark(command.event)):
                return True
    return any(
        file.name == f"{vdi}{LOG_SUFFIX}"
        and (file.size or 0) >= _need_by_disk(case, listing.sr, vdi) > HEADER
        for report in case.hosts
        for listing in report.listings
        for file in listing.files
    )


def _reads_all(command: Command) -> bool:
    """Tell whether a cbt-util command cannot succeed without the whole bitmap."""
    program, action = command.argv[0], command.argv[1:2]
    grows = action == ("set",) and "-s" in command.argv
    reads = "-b" in command.argv or action == ("coalesce",) or grows
    return program.endswith("cbt-util") and reads


def _failures_left(open_: list[Open], logs: dict[str, Short]) -> Iterator[Open]:
    """Yield the failures that nothing else explains, one for the same logs."""
    left = {one.disks: one for one in open_ if not set(one.disks) & set(logs)}
    yield from left.values()


def _take_commands(run: Operation, logs: dict[str, Short], open_: list[Open]) -> None:
    """Take the commands that could not read a log; a volume is cut short for no want of space."""
    for command in run.commands:
        program = command.argv[0] if command.argv else ""
        failed = command.result is Result.FAILED and command.rc == _EIO
        cuts_the_log = program.endswith("cbt-util") and failed and bool(_CUT.search(command.stderr))
        if not cuts_the_log:
            continue
        # The log that could not be read; two where coalesce does not say which of them.
        named = _FILE.search(command.stderr)
        if named:
            paths: tuple[str, ...] = (named[1],)
        else:
            logs_paths = (argument(command, "-n"), argument(command, "-p"), argument(command, "-c"))
            paths = tuple(path for path in logs_paths if log_of(path)) or ("",)
        if len(paths) > 1 or paths[0].startswith(VOLUME_FOLDER):
            open_.append(Open(disks=tuple(map(log_of, paths)), event=command.event, path=paths[0]))
        elif log_of(paths[0]):
            own = logs.setdefault(log_of(paths[0]), Short())
            own.sr = own.sr or _sr_of_log(paths[0])
            own.said.append(command.event)
            own.attempts = max(own.attempts, command.attempts)


def _sr_of_log(path: str) -> str | None:
    found_ = _SR.search(path)
    return found_[1] if found_ else None


def _take_listings(case: Case, logs: dict[str, Short]) -> list[tuple[str, Gap]]:
    """Take the files that are shorter than their own header says; return those that may be.

    A log may be of a smaller size than its disk is now, and then is as long as it has to be.
    """
    perhaps: list[tuple[str, Gap]] = []
    for report in case.hosts:
        for listing in report.listings:
            for file in listing.files:
                vdi = file.name.removesuffix(LOG_SUFFIX)
                need = _need_by_log(case, listing.sr, vdi)
                if not file.name.endswith(LOG_SUFFIX) or file.size is None:
                    continue
                if file.size >= need:
                    if file.size < _need_by_disk(case, listing.sr, vdi):
                        perhaps.append(
                            (vdi, _shorter_than_disk(case, report.name, listing.sr, vdi))
                        )
                    continue
                own = logs.setdefault(vdi, Short())
                own.sr = own.sr or listing.sr
                own.sure = True
                words = f"The file has {file.size} bytes and needs {need}."
                own.seen.append((Evidence(source=file.source, text=file.text), words))
    return perhaps


def _need_by_log(case: Case, sr: str | None, vdi: str) -> int:
    """Return how long a log has to be at least, as far as its own size is known."""
    log = cbt_history(case).log(sr, vdi) if sr else None
    size = sure(log.size) if log else None
    return HEADER if size is None else bytes_of_log(size)


def _need_by_disk(case: Case, sr: str | None, vdi: str) -> int:
    """Return how long a log has to be that is of its disk's size, where its own is not known."""
    known, need = case.world.vdi(vdi), _need_by_log(case, sr, vdi)
    size = known.virtual_size if known and not is_metadata(known) else None
    return need if need > HEADER or size is None else bytes_of_log(size)


def _shorter_than_disk(case: Case, host: str, sr: str | None, vdi: str) -> Gap:
    return Gap(
        need="smlog",
        host=host,
        why=f"the CBT log of disk {vdi} is shorter than the disk's size needs, and the size in its "
        "header is not in what was read: it is cut, or it is of a smaller size",
        settle_with=f"cbt-util get -s -n {log_path(case, sr or '', vdi)}",
    )


def _finding_of_disk(case: Case, text: RuleText, vdi: str, own: Short) -> Finding:
    known = case.world.vdi(vdi)
    row = case.world.sr_of(known) if known else None
    sr = own.sr or (row.uuid if row else None)
    values = {
        "vdi": vdi,
        "disk": name_of(case, vdi),
        "log": log_path(case, sr, vdi) if sr else f"{vdi}{LOG_SUFFIX}",
        "seen": own.seen[0][1] if own.seen else "",
        "host": own.said[-1].host if own.said else "",
        "attempts": f"{own.attempts} times" if own.attempts > 1 else "once",
        **times(own.said),
    }
    if known is not None and known.is_a_snapshot is False:
        values["live"] = vdi
    if sr:
        values["sr"] = sr
    if not own.said:
        title_and_detail: tuple[str, str] = text.case("seen")
    else:
        title_and_detail = (
            text.case("walked") if _LESS.match(own.said[-1].message) else (text.title, text.detail)
        )
    if own.said and own.seen:
        basis_of_failures: Basis = Basis.BOTH
    else:
        basis_of_failures = Basis.SYMPTOM if own.said else Basis.STATE
    return found(
        text,
        title_and_detail,
        basis=basis_of_failures,
        confidence=Confidence.CERTAIN if own.sure else Confidence.LIKELY,
        subjects=disk_subjects(case, vdi, sr),
        rows=[values],
        evidence=(
            *(quote(event) for event in own.said[:_MOST]),
            *(evidence for evidence, _ in own.seen),
        ),
        events=own.said,
    )


def _gap_of_failure(one: Open) -> Gap:
    volume = one.path.startswith(VOLUME_FOLDER)
    which = " or ".join(one.disks)
    reason = (
        "which is a volume: that is an input/output error of the storage, or a volume too small"
        if volume
        else "and did not say which of the two"
    )
    folder = one.path.rpartition("/")[0]
    return Gap(
        need="lvs" if volume else "sr_listing",
        host=one.event.host,
        why=f"cbt-util could not read the CBT log of disk {which}, {reason}",
        settle_with=f"lvs --units b {folder.removeprefix('/dev/')}; dmesg"
        if volume
        else f"ls -l {folder}/*.cbtlog",
    )
