"""What the database calls the objects that findings are about."""

from analyzer.case.case import Case
from analyzer.case.pool import PoolState
from analyzer.model.finding import Subject
from analyzer.model.xapi import XapiObject


def name_of(kind: str, value: str, case: Case) -> Subject:
    """Return the subject `value`, an uuid (or, of a Host, its name), with its name-label."""
    if kind == "Host":
        for report in case.hosts:
            if value == report.name:
                return Subject(type=kind, uuid=report.host_uuid or value, name=value)
    for pool in case.pools:
        if row := _row(pool, kind, value):
            return Subject(type=kind, uuid=row.uuid, name=row.name_label)
    return Subject(type=kind, uuid=value)


def _row(pool: PoolState, kind: str, value: str) -> XapiObject | None:
    match kind:
        case "Host":
            return pool.host(value)
        case "Network":
            return pool.network(value)
        case "SR":
            return pool.sr(value)
        case "VDI":
            return pool.vdi(value)
        case "VM":
            return pool.vm(value)
        case _:
            return None
