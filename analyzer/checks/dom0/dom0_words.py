"""Disks that control domains hold, in the words and rows of a finding."""

from collections.abc import Sequence

from analyzer.case.case import Case
from analyzer.checks.tools.finding import Row, how_often, listed, named
from analyzer.model.event import Event
from analyzer.model.finding import Subject
from analyzer.model.nbd import Dom0Attachment, Holder
from analyzer.model.sentence import say


def disk_name(case: Case, vdi: str) -> str:
    """Return what to call a disk in a sentence."""
    known = case.world.vdi(vdi)
    return named(known.name_label if known else None, vdi)


def hosts_words(case: Case, held: Sequence[Dom0Attachment]) -> str:
    """Return the names of the hosts whose control domains hold a disk."""
    names = sorted({_name(case, each) for each in held})
    return listed(names)


def holder_words(held: Sequence[Dom0Attachment]) -> str:
    """Return for whom."""
    return listed(sorted({each.by.value for each in held}))


def since_words(held: Sequence[Dom0Attachment]) -> str:
    """Return since when, with a blank before it; "" where nothing is known."""
    known = [each.since for each in held if each.since]
    if known:
        return say(" since {at}", at=min(known, key=lambda moment: moment.at))
    before = [each.before for each in held if each.before]
    if before:
        return say(" since before {at}", at=min(before, key=lambda moment: moment.at))
    return ""


def blocks_words(calls: Sequence[Event]) -> str:
    """Return which calls it stood in the way of, as a sentence; "" for none."""
    if not calls:
        return ""
    methods = listed(sorted({f"VDI.{call.fields['method']}" for call in calls}))
    return say(
        "{methods} was refused with VDI_IN_USE {often}.", methods=methods, often=how_often(calls)
    )


def subjects_of(case: Case, vdi: str, held: Sequence[Dom0Attachment]) -> tuple[Subject, ...]:
    """Return the disk, its SR and the hosts."""
    known = case.world.vdi(vdi)
    disk = Subject(type="VDI", uuid=vdi, name=known.name_label if known else None)
    sr = case.world.sr_of(known) if known else None
    where = (Subject(type="SR", uuid=sr.uuid, name=sr.name_label),) if sr else ()
    names = {each.host: _name(case, each) for each in held if each.host}
    hosts = (Subject(type="Host", uuid=uuid, name=name) for uuid, name in sorted(names.items()))
    return (disk, *where, *hosts)


def step_rows(case: Case, vdi: str, values: Row, held: Sequence[Dom0Attachment]) -> list[Row]:
    """Return the rows that fill the steps: one per VBD; the last one fills the texts."""
    known = case.world.vdi(vdi)
    sr = case.world.sr_of(known) if known else None
    rows: list[Row] = []
    for each in held:
        row = dict(values)
        if each.plugged is not False:  # else nobody can be reading it
            row["tasks" if each.by is Holder.XAPI else "server"] = _name(case, each)
        if each.vbd:
            row["vbd"] = each.vbd
            row |= {"plugged": each.vbd} if each.plugged is not False else {}
        rows.append(row)
    if sr is not None and any(each.plugged is not False for each in held):
        rows.append({**values, "sr": sr.uuid})
    return [*rows, values]


def _name(case: Case, each: Dom0Attachment) -> str:
    for report in case.hosts:
        if each.host in (report.host_uuid, report.bundle):
            return report.name
    for pool in case.pools:
        if (host := pool.host(each.host)) is not None:
            return host.name_label or host.uuid
    return each.host or "a host that is not known"
