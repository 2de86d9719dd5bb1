"""Where CBT logs lie, and which SRs keep them as volumes.

Writer of the paths: `_get_cbt_logpath` in VDI.py of sm, which joins the SR's folder and
``<disk>.cbtlog``: ``/dev/VG_XenStorage-<sr>/`` on LVM, ``/run/sr-mount/<sr>/`` on files
(``/var/run/…`` up to sm 3).
"""

import re

from analyzer.model.terms import LOG_SUFFIX, UUID, UUID_PATTERN, VOLUME_GROUP, VOLUME_TYPES
from analyzer.values import dataclass

FILE_TYPES = frozenset(
    {
        "cephfs",
        "ext",
        "ext4",
        "file",
        "glusterfs",
        "largeblock",
        "moosefs",
        "nfs",
        "smb",
        "xfs",
        "zfs",
    }
)
_PATH = re.compile(
    rf"(?:/dev/{VOLUME_GROUP}(?P<group>{UUID})/|(?:/var)?/run/sr-mount/(?P<mount>{UUID})/|(?:.*/)?)"
    rf"(?P<disk>{UUID})\.cbtlog"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LogPath:
    """A path of a log taken apart; ``volume`` is None where the path does not tell."""

    sr: str
    disk: str
    volume: bool | None


def log_path(text: str, sr: str | None) -> LogPath | None:
    """Take the path or name of a log apart; `sr` is the SR where the path names none.

    >>> log_path("1b0c5d2e-0000-4000-8000-000000000001.cbtlog", "s")
    LogPath(sr='s', disk='1b0c5d2e-0000-4000-8000-000000000001', volume=None)
    """
    found = _PATH.fullmatch(text)
    if found is None:
        return None
    group, mount = found["group"], found["mount"]
    volume = True if group else False if mount else None
    return LogPath(sr=group or mount or sr or "", disk=found["disk"], volume=volume)


def is_uuid(text: str) -> bool:
    """Tell whether a text is a uuid as cbt-util and SM print it."""
    return UUID_PATTERN.fullmatch(text) is not None


def volumes_by_type(kind: str | None) -> bool | None:
    """Tell whether an SR of this type keeps logs as volumes; None: not known here."""
    if kind in VOLUME_TYPES:
        return True
    return False if kind in FILE_TYPES else None


def shown_path(sr: str, disk: str, *, volume: bool | None) -> str:
    """Return the path of a log as an administrator of a current release has it."""
    if volume is None:
        return f"<folder of SR {sr}>/{disk}{LOG_SUFFIX}"
    folder = f"/dev/{VOLUME_GROUP}{sr}" if volume else f"/run/sr-mount/{sr}"
    return f"{folder}/{disk}{LOG_SUFFIX}"
