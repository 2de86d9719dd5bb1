"""Find the NBD connections that somebody means: by VBD, disk, session reference, or pid."""

from analyzer.case.case import Case
from analyzer.model.finding import Gap
from analyzer.model.names import fitting
from analyzer.model.nbd import NbdSession
from analyzer.rebuilt.nbd.sessions.disks import disks_by_vbd
from analyzer.rebuilt.nbd.sessions.sessions import nbd_sessions
from analyzer.story.disks.index import index
from analyzer.story.names import known_disks

_REF = "opaqueref:"
_LOG = "daemon_log"


def find_sessions(case: Case, wanted: str) -> tuple[NbdSession, ...]:
    """Return the connections that `wanted` fits, in their order; all of them for "".

    It may be the reference of the VBD or of the client's session, the VBD's or the disk's uuid,
    the beginning of one of these, the disk's name, or the pid of xapi-nbd.
    """
    text = wanted.strip().lower()
    sessions = nbd_sessions(case)
    if not text:
        return sessions
    if text.isdecimal() and (own := _of_process(sessions, int(text))):
        return own
    disks = {found.uuid for found in fitting(known_disks(case, index(case, ())), wanted)}
    uuids = {ref: disk.vbd_uuid or "" for ref, disk in disks_by_vbd(case).items()}
    key = text.removeprefix(_REF)
    return tuple(
        session
        for session in sessions
        if session.vdi in disks
        or any(name.startswith(key) for name in _names(session, uuids.get(session.vbd or "", "")))
    )


def unread_logs(case: Case) -> tuple[Gap, ...]:
    """Return which hosts may have served clients that no log that was read shows, and why."""
    gaps = [gap for report in case.hosts if (gap := case.gap(_LOG, report.bundle)) is not None]
    missing = dict.fromkeys(name for pool in case.pools for name in case.hosts_missing(pool))
    why, settle = "no status report of this host was given", "xen-bugtool --yestoall"
    return (*gaps, *(Gap(need=_LOG, host=name, why=why, settle_with=settle) for name in missing))


def _of_process(sessions: tuple[NbdSession, ...], pid: int) -> tuple[NbdSession, ...]:
    return tuple(session for session in sessions if session.pid == pid)


def _names(session: NbdSession, vbd_uuid: str) -> list[str]:
    names = (session.vbd, session.session, session.vdi, vbd_uuid)
    return [name.lower().removeprefix(_REF) for name in names if name]
