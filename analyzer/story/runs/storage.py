"""What SM and xapi-nbd tell of the calls that backups are made of."""

import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType

from analyzer.case.case import Case
from analyzer.model.event import Event
from analyzer.model.finding import Confidence
from analyzer.model.nbd import ClientTrouble, NbdSession, SessionFate
from analyzer.model.operation import Attachment, Operation, Result
from analyzer.rebuilt.calls.attachments import disk_attachments
from analyzer.rebuilt.calls.operations import sm_operations
from analyzer.rebuilt.nbd.sessions.lines import SERVING
from analyzer.rebuilt.nbd.sessions.sessions import nbd_sessions
from analyzer.story.runs.acts import Act, Deed

_ACTS: Mapping[str, Act] = MappingProxyType(
    {
        "vdi_snapshot": Act.SNAPSHOT,
        "vdi_enable_cbt": Act.ENABLED,
        "vdi_disable_cbt": Act.DISABLED,
        "vdi_list_changed_blocks": Act.COMPARED,
        "vdi_data_destroy": Act.PURGED,
        "vdi_delete": Act.DELETED,
    }
)
_DOM0 = "dom0"
# sm LVHDSR.py _finishSnapshot(): the snapshot is the second disk that is introduced.
_INTRODUCED = re.compile(
    r"^vdi_clone: introduced 2nd snap VDI: OpaqueRef:[0-9a-f-]{36} \((?P<vdi>[0-9a-f-]{36})\)"
)


def told_by_sm(case: Case, uuids: Mapping[str, str]) -> Iterator[Deed]:
    """Yield a deed per call of SM that a backup may make."""
    for op in sm_operations(case):
        act = _ACTS.get(op.name)
        line = op.entry or next(iter(op.lines), None)
        if act is None or line is None or not op.vdi:
            continue
        failed = op.result is Result.FAILED
        shown = next((each.event for each in reversed(op.raised)), line) if failed else line
        if act is Act.COMPARED and op.args:
            other_disk = uuids.get(op.args[0], op.args[0])
        elif act is Act.SNAPSHOT:
            found = (_INTRODUCED.match(note.message) for note in op.notes)
            other_disk = next((each["vdi"] for each in found if each), "")
        else:
            other_disk = ""
        yield Deed(
            act=act,
            disk=op.vdi,
            other=other_disk,
            began=op.first,
            ended=op.last if op.last.at >= op.first.at else op.first,
            shown=shown,
            origin="smlog",
            succeeded=None if op.result is Result.UNKNOWN else not failed,
            code=_final_code(op) if failed else "",
            sr=op.sr or "",
            line=line,
        )


def told_by_nbd(case: Case) -> Iterator[Deed]:
    """Yield a deed per connection whose disk is known."""
    for session in nbd_sessions(case):
        began = session.began or session.ended
        if session.vdi is None or began is None or not session.events:
            continue
        if session.trouble is not None and _client_could_read(session) is False:
            line: Event = session.events[-1]
        else:
            line = next(
                (each for each in session.events if each.kind == SERVING), session.events[0]
            )
        yield Deed(
            act=Act.READ,
            disk=session.vdi,
            began=began,
            ended=session.ended if session.ended and session.ended.at >= began.at else began,
            shown=line,
            origin="daemon_log",
            succeeded=_client_could_read(session),
            code=session.trouble.value if session.trouble else "",
            sure=max(session.vdi_joined, session.joined, key=list(Confidence).index),
        )


def told_by_attachments(case: Case) -> Iterator[Deed]:
    """Yield a deed per disk that a virtual machine had, other than a control domain."""
    for each in disk_attachments(case):
        if each.vm not in (None, _DOM0) and each.began is not None and each.events:
            yield _deed_of_attachment(each, each.events[0])


def _deed_of_attachment(attachment: Attachment, line: Event) -> Deed:
    began = attachment.began or line.moment
    ended = attachment.ended or began
    return Deed(
        act=Act.ATTACHED,
        disk=attachment.vdi,
        other=attachment.vm or "",
        began=began,
        ended=ended if ended.at >= began.at else began,
        shown=line,
        origin="smlog",
    )


def _final_code(op: Operation) -> str:
    codes = [each.code for each in op.raised if each.final and each.code is not None]
    return f"SR_BACKEND_FAILURE_{codes[-1]}" if codes else "SR_BACKEND_FAILURE"


def _client_could_read(session: NbdSession) -> bool | None:
    """Tell whether a client could read; None where it went away, which may be its way to end."""
    serving = any(event.kind == SERVING for event in session.events)
    if not serving and session.fate is SessionFate.FAILED:
        return False
    if session.trouble in (None, ClientTrouble.CLIENT_GONE):
        return True if serving else None
    return False
