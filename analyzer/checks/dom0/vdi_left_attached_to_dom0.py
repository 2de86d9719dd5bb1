"""A disk was left attached to a control domain, where nothing reads it any more.

Whoever reads a disk through xapi-nbd, or exports it, has it attached to a control domain until
the end of the transfer. A backup that was running while the report was made is no defect: what
is still in use is never found, and where that cannot be told only what was in the way, or what
is a day old, is called possible.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from analyzer.case.case import Case
from analyzer.checks.dom0.dom0_blocked import blocked, held_then
from analyzer.checks.dom0.dom0_left import HeldDisk, LeftVerdict, deliberate, held_disks, verdict_of
from analyzer.checks.observation import LookedAt, Observation
from analyzer.checks.tools.finding import (
    Row,
    found,
    how_often,
    listed,
    over,
    quote,
    quote_ends,
    quote_row,
    times,
)
from analyzer.model.event import Event
from analyzer.model.finding import Basis, Confidence, Finding, Gap, Severity, Subject
from analyzer.model.moment import Moment
from analyzer.model.nbd import Dom0Attachment, Holder, SessionFate
from analyzer.model.rule import RuleText
from analyzer.model.sentence import say
from analyzer.model.terms import CBT_METADATA


def examine(case: Case, text: RuleText) -> Iterator[Observation]:
    """Judge each disk that a control domain holds, or held when it was to be destroyed."""
    disks = tuple(held_disks(case))
    for disk in disks:
        if (answer := _judge_attached(case, text, disk)) is not None:
            yield answer
    now = {disk.vdi for disk in disks}
    for vdi, calls in blocked(case).items():
        if vdi not in now and (finding := _finding_of_past(case, text, vdi, calls)) is not None:
            yield finding
    yield LookedAt("smlog")


def _judge_attached(case: Case, text: RuleText, disk: HeldDisk) -> Finding | Gap | None:
    if deliberate(disk):
        return _gap_of_disk(case, disk) if any(each.plugged for each in disk.held) else None
    verdict = verdict_of(disk)
    if verdict is not None:
        return _finding_of_disk(case, text, disk, verdict)
    unknown = [each for each in disk.held if each.in_use is None]
    return _gap_of_disk(case, disk) if unknown else None


def _finding_of_disk(case: Case, text: RuleText, disk: HeldDisk, verdict: LeftVerdict) -> Finding:
    calls, held = disk.calls, verdict.held
    # Return for whom.
    # Which calls it stood in the way of, as a sentence; "" for none.
    if not calls:
        blocks_words = ""
    else:
        methods = listed(sorted({f"VDI.{call.fields['method']}" for call in calls}))
        blocks_words = say(
            "{methods} was refused with VDI_IN_USE {often}.",
            methods=methods,
            often=how_often(calls),
        )
    values = {
        "disk": _disk_name(case, disk.vdi),
        "vdi": disk.vdi,
        "hosts": _hosts_words(case, held),
        "holder": listed(sorted({each.by.value for each in held})),
        "because": "; ".join(dict.fromkeys(each.because for each in held)),
        "since": _since_words(held),
        "blocks": blocks_words,
    }
    shown = [quoted for each in held for quoted in each.evidence]
    made = found(
        text,
        text.case(verdict.case) if verdict.case else (text.title, text.detail),
        basis=Basis.BOTH if calls else Basis.STATE,
        confidence=verdict.confidence,
        subjects=_subjects_of(case, disk.vdi, held),
        rows=_step_rows(case, disk.vdi, values, held),
        evidence=(*quote_ends(calls), *dict.fromkeys(shown)),
        events=calls,
        severity=Severity.ERROR if calls and verdict.case in ("", "unplugged") else None,
        count=len(calls) or None,
    )
    begins = [begin for each in held if (begin := _left_since(each)) is not None]
    first = min((*begins, *filter(None, [made.first_seen])), key=lambda m: m.at, default=None)
    return replace(made, first_seen=first, last_seen=made.last_seen or first)


def _left_since(each: Dom0Attachment) -> Moment | None:
    """Return since when nobody detached it: the end of the server that should have, if it died."""
    session = each.session
    if session is not None and session.fate is SessionFate.LEAKED and session.ended:
        return session.ended
    return each.since


def _gap_of_disk(case: Case, disk: HeldDisk) -> Gap:
    host = _hosts_words(case, disk.held)
    return Gap(
        need="sockets",
        host=host,
        why=say(
            "the control domain of {host} held disk {vdi}{since}, and {because}",
            host=host,
            vdi=disk.vdi,
            since=_since_words(disk.held),
            because=disk.held[0].because,
        ),
        settle_with=f"xe vbd-list vdi-uuid={disk.vdi} params=all; ss -tnp 'sport = :10809'",
    )


def _finding_of_past(
    case: Case, text: RuleText, vdi: str, calls: Sequence[Event]
) -> Finding | None:
    """Return the finding of a disk that is not attached any more, where something shows it was."""
    row = case.world.vdi(vdi)
    if row is None or row.is_a_snapshot is False:
        return None
    done = row.type == CBT_METADATA
    held = held_then(case, vdi, calls)
    if not held or (case.world.vbds_of(row) and calls[-1].fields["method"] == "data_destroy"):
        return None  # xapi counts the VBDs of a VM that is a snapshot too
    values = {
        "disk": _disk_name(case, vdi),
        "vdi": vdi,
        "hosts": ", ".join(held),
        "later": "Its data was destroyed later." if done else "",
        **times(calls),
    }
    shown = (quote_row(row, "type", "is_a_snapshot"),) if done else ()
    made = found(
        text,
        text.case("was"),
        basis=Basis.SYMPTOM,
        confidence=Confidence.LIKELY,
        subjects=_subjects_of(case, vdi, ()),
        rows=[values],
        evidence=(
            quote(calls[-1]),
            *quote_ends(calls[:-1], 2),
            *(quote(own[0]) for own in held.values()),
            *shown,
        ),
        events=calls,
        severity=Severity.INFO if done else None,
        count=len(calls),
    )
    let_go = sorted((own[-1] for own in held.values()), key=lambda line: line.moment.at)
    return over(made, "it was let go later, and nothing shows that anybody holds it", *let_go)


def _disk_name(case: Case, vdi: str) -> str:
    """Return what to call a disk in a sentence."""
    return case.world.named("VDI", vdi)


def _hosts_words(case: Case, held: Sequence[Dom0Attachment]) -> str:
    """Return the names of the hosts whose control domains hold a disk."""
    names = sorted({_host_name(case, each) for each in held})
    return listed(names)


def _since_words(held: Sequence[Dom0Attachment]) -> str:
    """Return since when, with a blank before it; "" where nothing is known."""
    known = [each.since for each in held if each.since]
    if known:
        return say(" since {at}", at=min(known, key=lambda moment: moment.at))
    before = [each.before for each in held if each.before]
    if before:
        return say(" since before {at}", at=min(before, key=lambda moment: moment.at))
    return ""


def _subjects_of(case: Case, vdi: str, held: Sequence[Dom0Attachment]) -> tuple[Subject, ...]:
    """Return the disk, its SR and the hosts."""
    known = case.world.vdi(vdi)
    disk = case.world.subject("VDI", vdi)
    sr = case.world.sr_of(known) if known else None
    where = (Subject(type="SR", uuid=sr.uuid, name=sr.name_label),) if sr else ()
    names = {each.host: _host_name(case, each) for each in held if each.host}
    hosts = (Subject(type="Host", uuid=uuid, name=name) for uuid, name in sorted(names.items()))
    return (disk, *where, *hosts)


def _step_rows(case: Case, vdi: str, values: Row, held: Sequence[Dom0Attachment]) -> list[Row]:
    """Return the rows that fill the steps: one per VBD; the last one fills the texts."""
    known = case.world.vdi(vdi)
    sr = case.world.sr_of(known) if known else None
    rows: list[Row] = []
    for each in held:
        row = dict(values)
        if each.plugged is not False:  # else nobody can be reading it
            row["tasks" if each.by is Holder.XAPI else "server"] = _host_name(case, each)
        if each.vbd:
            row["vbd"] = each.vbd
            row |= {"plugged": each.vbd} if each.plugged is not False else {}
        rows.append(row)
    if sr is not None and any(each.plugged is not False for each in held):
        rows.append({**values, "sr": sr.uuid})
    return [*rows, values]


def _host_name(case: Case, each: Dom0Attachment) -> str:
    for report in case.hosts:
        if each.host in (report.host_uuid, report.bundle):
            return report.name
    for pool in case.pools:
        if (host := pool.host(each.host)) is not None:
            return host.name_label or host.uuid
    return each.host or "a host that is not known"
