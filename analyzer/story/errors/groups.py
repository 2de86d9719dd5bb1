"""Groups: the errors of a run as a report shows them, worst and nearest to the backups first."""

import hashlib
from collections.abc import Iterator, Sequence
from datetime import timedelta

from analyzer.case.case import Case
from analyzer.case.errors.codes import error_codes
from analyzer.case.errors.said import Weight
from analyzer.case.errors.trouble import Trouble
from analyzer.model.error_group import ErrorGroup
from analyzer.model.finding import Outcome, Severity, Subject
from analyzer.model.incident import Incident
from analyzer.model.run import BackupRun
from analyzer.story.errors.explain import Explanations

_HOUR = timedelta(hours=1)
_LONGEST_TITLE = 300
# What reads, writes and serves disks; an error of anything else may be the pool's, not a backup's.
_STORAGE = frozenset(
    {"SM", "SMGC", "tapdisk", "xapi-nbd", "nbdkit", "qemu-nbd", "qemu-dp", "vhd-tool", "sparse_dd"}
    | {"cbt-util", "vhd-util", "nbd_client_manager", "kernel", "multipathd", "iscsid", "xapi"}
)
_BACKUP_CALLS = (
    *("snapshot", "checkpoint", "cbt", "data_destroy", "changed_blocks", "nbd", "export", "copy"),
    *(
        "clone",
        "VDI.destroy",
        "vdi_delete",
        "attach",
        "activate",
        "VBD.plug",
        "VBD.unplug",
        "import",
    ),
)


def error_groups(
    case: Case,
    outcomes: Sequence[Outcome],
    incidents: Sequence[Incident],
    runs: Sequence[BackupRun],
) -> tuple[ErrorGroup, ...]:
    """Return the errors: those nobody explains first, then by severity, nearness and time."""
    explanations = Explanations(case, outcomes, incidents)
    made = (
        _group_of_trouble(trouble, case, explanations.of(trouble), _near_backup(trouble, runs))
        for trouble in case.troubles
    )
    return tuple(sorted(made, key=_rank_of_group))


def _rank_of_group(group: ErrorGroup) -> tuple[object, ...]:
    return (
        bool(group.explained_by),
        group.severity.rank,
        not group.near_backup,
        -group.last_seen.at.timestamp(),
        -(group.per_hour or 0),
        group.id,
    )


def _group_of_trouble(
    trouble: Trouble, case: Case, explained_by: str, near_backup: bool
) -> ErrorGroup:
    codes = error_codes()
    known = codes.by_name.get(trouble.code)
    words = codes.number_in_words(trouble.text)
    meaning = [known.means if known else "", f"error {words}" if words else ""]
    meaning += [known.stops] if known and known.stops else []
    parts = (trouble.host, trouble.process, trouble.code, trouble.form, trouble.sr, trouble.disk)
    id_of_trouble = (
        f"E-{hashlib.sha256(chr(0).join(parts).encode(errors='replace')).hexdigest()[:8]}"
    )
    # How often it came between the first and the last, None for one or for one moment.
    spent = (trouble.last.at - trouble.first.at) / _HOUR
    per_hour = round((trouble.count - 1) / spent, 2) if trouble.count > 1 and spent > 0 else None
    return ErrorGroup(
        id=id_of_trouble,
        title=_title_of_trouble(trouble),
        severity=known.severity
        if known and known.severity.rank > 1
        else _severity_of_trouble(trouble),
        host=trouble.host,
        bundle=trouble.bundle,
        process=trouble.process,
        code=trouble.code,
        meaning="; ".join(part for part in meaning if part),
        next_step=_next_step(trouble, known.next_step if known else ""),
        calls=trouble.calls,
        subjects=tuple(_subjects_of_trouble(trouble, case)),
        first_seen=trouble.first,
        last_seen=trouble.last,
        count=trouble.count,
        per_hour=per_hour,
        near_backup=near_backup,
        evidence=trouble.evidence,
        explained_by=explained_by,
    )


def _title_of_trouble(trouble: Trouble) -> str:
    """Name the call and the code, and quote the text: ``vdi_snapshot: SR_BACKEND_…: …``."""
    text = " ".join(trouble.text.split())
    called = [*trouble.calls[:1], trouble.code, text]
    return ": ".join(part for part in called if part)[:_LONGEST_TITLE]


def _severity_of_trouble(trouble: Trouble) -> Severity:
    """Return ERROR for a call or a device that failed in the storage stack, WARNING for the rest.

    A remark of a log's own words may be about anything.
    """
    if trouble.weight is Weight.RAISED and trouble.process in _STORAGE:
        return Severity.ERROR
    if trouble.weight in (Weight.BUILT, Weight.COMMAND):
        return Severity.WARNING
    served = trouble.process in ("xapi-nbd", "nbdkit", "kernel", "SMGC", "tapdisk")
    return Severity.ERROR if served else Severity.WARNING


def _next_step(trouble: Trouble, known: str) -> str:
    if not known:
        first = trouble.evidence[0].source
        return f"Read the lines around it: {first.member}, line {first.line} (of {trouble.host})"
    values = {"host": trouble.host, "sr": trouble.sr or "<SR>", "disk": trouble.disk or "<disk>"}
    for name, value in values.items():
        known = known.replace(f"{{{name}}}", value)
    return known


def _subjects_of_trouble(trouble: Trouble, case: Case) -> Iterator[Subject]:
    for kind, uuid in (("VDI", trouble.disk), ("SR", trouble.sr)):
        if uuid:
            for pool in case.pools:
                row = pool.vdi(uuid) if kind == "VDI" else pool.sr(uuid)
                if row is not None:
                    name_of_uuid: str | None = row.name_label
                    break
            else:
                name_of_uuid = None
            yield Subject(type=kind, uuid=uuid, name=name_of_uuid)
    uuids = (report.host_uuid for report in case.hosts if report.bundle == trouble.bundle)
    host_uuid = next(uuids, None) or trouble.host
    yield Subject(type="Host", uuid=host_uuid, name=trouble.host)


def _near_backup(trouble: Trouble, runs: Sequence[BackupRun]) -> bool:
    """Tell whether it is of a call that a backup makes, or happened while one ran."""
    if any(name in call for call in trouble.calls for name in _BACKUP_CALLS):
        return True
    return any(
        run.began.earliest <= spot.at.latest and spot.at.earliest <= run.ended.latest
        for run in runs
        for spot in trouble.spots
    )
