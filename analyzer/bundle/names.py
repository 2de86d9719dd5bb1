"""Names inside a bundle: which status report, which path on the host, which log and rotation."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class LogName:
    """A syslog family and the age of the file: ``var/log/SMlog`` and 2 for ``SMlog.2.gz``."""

    family: str
    rotation: int
