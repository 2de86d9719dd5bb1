"""Whether a new log still fits on an SR."""

from analyzer.case.case import Case
from analyzer.sm.state import SrKind

_LOG_VOLUME = 4 * 1024 * 1024  # LV_SIZE in journaler.py of sm, which VDI.py takes for a log
_LOG_FILE = 64 * 1024
_GROUP = "VG_XenStorage-"


def has_room(case: Case, sr: str, kind: SrKind) -> bool:
    """Tell whether a new log fits, by ``vgs`` or ``df``; what was not listed is taken to fit."""
    if kind is SrKind.VOLUMES:
        groups = (g for report in case.hosts for g in (report.vgs.groups if report.vgs else ()))
        free = [g.free for g in groups if g.name == f"{_GROUP}{sr}" and g.free is not None]
        return min(free, default=_LOG_VOLUME) >= _LOG_VOLUME
    mounts = (m for report in case.hosts for m in (report.mounts.mounts if report.mounts else ()))
    left = [m.available for m in mounts if sr and m.path.endswith(sr) and m.available is not None]
    return min(left, default=_LOG_FILE) >= _LOG_FILE
