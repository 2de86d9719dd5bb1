"""A call for a disk that no database has, answered from what the logs tell of it.

Every call begins with the disk's row: xe asks VDI.get_by_uuid, which raises UUID_INVALID (xen-api
`ocaml/idl/datamodel_errors.ml`) where there is none.
"""

from analyzer.case.case import Case
from analyzer.case.derived import derived
from analyzer.model.call import CallCheck
from analyzer.model.finding import Evidence
from analyzer.rebuilt.answers.questions import asked, check, row
from analyzer.rebuilt.calls.attachments import attachments_of_disks
from analyzer.rebuilt.calls.operations import sm_operations_of_disks
from analyzer.rebuilt.cbt.history import cbt_history


@derived
def told_of(case: Case, uuid: str) -> tuple[Evidence, ...]:
    """Return the newest line that tells of the disk's log, else of a call; () if no line does."""
    log = cbt_history(case).find(uuid)
    if log is not None and log.changes:
        return (log.changes[-1].evidence,)
    if log is not None and log.exists:
        return (log.exists.evidence,)
    calls = [call for call in sm_operations_of_disks(case).get(uuid, ()) if call.lines]
    attached = [each.events for each in attachments_of_disks(case).get(uuid, ()) if each.events]
    lines = [*(call.lines[0] for call in calls), *(events[0] for events in attached)]
    newest = max(lines, key=lambda line: (line.moment.at, line.source), default=None)
    if newest is None:
        return ()
    return (Evidence(source=newest.source, text=newest.text, at=newest.moment),)


def in_database(case: Case, uuid: str, role: str) -> CallCheck:
    """Ask whether xapi still has the disk."""
    about = asked(case, uuid)
    whole = bool(case.pools) and all(pool.complete for pool in case.pools)
    return check(
        f"does the database have {role}, {uuid}?",
        False if about else (True if whole else None),
        ("it does", "it does not: only logs tell of this disk"),
        "UUID_INVALID",
        row(about.vdi) if about else told_of(case, uuid),
        settle_with=f"xe vdi-list uuid={uuid}",
        remedy="Call it for a disk that is there: xe vdi-list params=uuid,name-label,is-a-snapshot",
    )
