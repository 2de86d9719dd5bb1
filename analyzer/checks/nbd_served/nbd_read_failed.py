"""Reading a disk for an NBD client failed, and xapi-nbd broke off the transfer.

The nbd library ends the connection where a read of the block device fails in the middle of a
reply (`lib/server.ml`, serve): the device in dom0 returned an error, so the storage under it did.
"""

from collections.abc import Iterator

from analyzer.case.case import Case
from analyzer.checks.nbd_served.nbd_served import (
    disk_called,
    ended_by,
    host_of,
    quoted,
    said,
)
from analyzer.checks.observation import Observation
from analyzer.checks.tools.finding import found, times
from analyzer.model.finding import Basis, Confidence, Subject
from analyzer.model.nbd import ClientTrouble, NbdSession, SessionFate
from analyzer.model.rule import RuleText
from analyzer.rebuilt.nbd.sessions.sessions import nbd_sessions

RULE = "nbd-read-failed"
Key = tuple[Subject, str | None]


def examine(case: Case, text: RuleText) -> Iterator[Observation]:
    """Judge each (host, disk) once whose connections a failed read ended, but for a stop."""
    groups: dict[Key, list[NbdSession]] = {}
    for session in nbd_sessions(case):
        if session.trouble is ClientTrouble.STORAGE and session.fate is SessionFate.FAILED:
            key = host_of(case, session.events[0]), session.vdi
            groups.setdefault(key, []).append(session)
    for key, own in groups.items():
        host, vdi = key
        events = ended_by(own)
        values = {
            "host": host.name or host.uuid,
            "disk": disk_called(case, vdi),
            "said": said(events),
            **times(events),
            **({"vdi": vdi} if vdi else {}),
        }
        sure = all(
            session.joined is Confidence.CERTAIN and session.vdi_joined is Confidence.CERTAIN
            for session in own
        )
        yield found(
            text,
            (text.title, text.detail),
            basis=Basis.SYMPTOM,
            confidence=Confidence.CERTAIN if sure else Confidence.LIKELY,
            subjects=(host, *((case.world.subject("VDI", vdi),) if vdi else ())),
            rows=[values],
            evidence=quoted(events, own),
            events=events,
        )
