"""A disk that a client asked for could not be attached to dom0, or not be let go afterwards.

xapi-nbd makes and plugs a VBD for each connection (xen-api `ocaml/nbd/src/cleanup.ml`, with_vbd);
what xapi answers ends the connection. Only errors of xapi are told here: a client that asks for a
disk that does not exist, or with a dead session, is another matter.
"""

from collections.abc import Iterator, Sequence
from datetime import timedelta

from analyzer.case.case import Case
from analyzer.case.time.order import Mark, mark
from analyzer.checks.nbd_served.nbd_served import (
    disk_called,
    ended_by,
    host_of,
    quoted,
    said,
)
from analyzer.checks.observation import Observation
from analyzer.checks.tools.finding import found, over, times
from analyzer.model.finding import Basis, Confidence, Finding, Severity, Subject
from analyzer.model.nbd import ClientTrouble, NbdSession, SessionFate
from analyzer.model.rule import RuleText
from analyzer.model.sentence import say
from analyzer.rebuilt.nbd.sessions.lines import ACCEPTED, SERVING, UNPLUGGING
from analyzer.rebuilt.nbd.sessions.sessions import nbd_sessions

RULE = "nbd-attach-refused"
_TROUBLES = (ClientTrouble.VBD_REFUSED, ClientTrouble.DEVICE_MISSING)
_RETRIED = timedelta(hours=1)
Key = tuple[Subject, str, str, str | None]


def examine(case: Case, text: RuleText) -> Iterator[Observation]:
    """Judge each (host, error, disk) once, however often it was tried."""
    groups: dict[Key, list[NbdSession]] = {}
    for session in nbd_sessions(case):
        if session.trouble in _TROUBLES and session.fate is SessionFate.FAILED:
            # The case of the text.
            if session.trouble is ClientTrouble.DEVICE_MISSING:
                case_of_session = "device"
            else:
                kinds = {event.kind for event in session.events}
                if UNPLUGGING in kinds:
                    case_of_session = "release"
                else:
                    case_of_session = "refused" if session.vbd or ACCEPTED in kinds else "early"
            groups.setdefault(
                (
                    host_of(case, session.events[0]),
                    case_of_session,
                    session.code or "",
                    session.vdi,
                ),
                [],
            ).append(session)
    for key, own in groups.items():
        yield _finding_of_sessions(case, text, key, own)


def _finding_of_sessions(
    case: Case, text: RuleText, key: Key, sessions: Sequence[NbdSession]
) -> Finding:
    host, kind, code, vdi = key
    events = ended_by(sessions)
    worked = _worked_later(case, vdi, sessions[-1]) if kind != "release" else None
    began = worked.began if worked else None
    later = began if began and began.within(sessions[-1].events[-1].moment, _RETRIED) else None
    values = {
        "host": host.name or host.uuid,
        "disk": disk_called(case, vdi),
        "code": code,
        "said": said(events),
        "later": say("A connection for it at {later} worked.", later=later) if later else "",
        **times(events),
        **({"again": disk_called(case, vdi)} if kind != "release" else {}),
        **({"left": vdi} if vdi and kind == "release" else {}),
        **({"vdi": vdi} if vdi else {}),
    }
    sure = all(session.joined is Confidence.CERTAIN for session in sessions)
    named = all(session.vdi_joined is Confidence.CERTAIN for session in sessions)
    made = found(
        text,
        (text.title, text.detail) if kind == "refused" else text.case(kind),
        basis=Basis.SYMPTOM,
        confidence=Confidence.CERTAIN if sure and named else Confidence.LIKELY,
        subjects=(host, *((case.world.subject("VDI", vdi),) if vdi else ())),
        rows=[values],
        evidence=quoted(events, sessions),
        events=events,
        severity=Severity.WARNING if later or kind == "early" else None,
    )
    if worked is None or worked.vdi_joined is not Confidence.CERTAIN:
        return made
    shown = next((e for e in worked.events if e.kind == SERVING), worked.events[-1])
    return over(made, "a later connection for the disk worked", shown)


def _came_to_read(session: NbdSession) -> bool:
    """Tell whether a connection came to read its disk, however its client left."""
    kinds = {event.kind for event in session.events}
    if session.fate is SessionFate.CLOSED or session.goodbye:
        return True
    return SERVING in kinds and session.trouble not in (*_TROUBLES, ClientTrouble.STORAGE)


def _worked_later(case: Case, vdi: str | None, refused: NbdSession) -> NbdSession | None:
    """Return the next connection for the same disk that worked."""
    failed = mark(refused.events[-1])
    return next(
        (
            session
            for session in nbd_sessions(case)
            if vdi is not None
            and session.vdi == vdi
            and _came_to_read(session)
            and session.events
            and session.began
            and case.order.surely_before(
                failed, Mark(at=session.began, source=session.events[0].source)
            )
        ),
        None,
    )
