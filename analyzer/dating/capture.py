"""When a status report was made, as its own name and its inventory tell: host local time.

xen-bugtool (status-report) names the report ``bug-report-%Y%m%d%H%M%S`` and writes
``strftime("%c")`` into ``inventory.xml``, with what ``uptime`` (procps) says; neither names the
zone.
"""

import re
from datetime import UTC, datetime

from analyzer.parsers._api import Stamp
from analyzer.parsers.scan.syslog import MONTHS

_REPORT = re.compile(
    r"bug-report-([0-9]{4})([0-9]{2})([0-9]{2})([0-9]{2})([0-9]{2})([0-9]{2})(?![0-9])"
)
_C_LOCALE = re.compile(
    r"\S+ +(?P<month>[A-Z][a-z]{2}) +(?P<day>[0-9]{1,2}) "
    r"(?P<time>[0-9:]{8})(?: [A-Za-z+-][A-Za-z0-9:+-]*)? (?P<year>[0-9]{4})"
)
_ENGLISH = re.compile(
    r"\S+ +(?P<day>[0-9]{1,2}) (?P<month>[A-Z][a-z]{2}) (?P<year>[0-9]{4}) "
    r"(?P<time>[0-9:]{8})(?: (?P<half>AM|PM))?(?: [A-Za-z+-][A-Za-z0-9:+-]*)?"
)

_UPTIME = re.compile(
    r"\bup +(?:(?P<days>[0-9]{1,6}) days?, +)?"
    r"(?:(?P<hours>[0-9]{1,2}):(?P<minutes>[0-9]{2})|(?P<only>[0-9]{1,4}) min)\b"
)


def parse_report_name(name: str) -> Stamp | None:
    """Return the host's local time in a status report's name, None without one.

    >>> parse_report_name("bug-report-20241122100601.tar.bz2").hour
    10
    """
    found = _REPORT.search(name)
    return _whole_stamp([int(part) for part in found.groups()]) if found else None


def parse_c_date(text: str) -> Stamp | None:
    """Return the local time that ``strftime("%c")`` wrote in the C or an English locale.

    >>> parse_c_date("Fri Nov 22 10:06:01 2024").minute
    6
    """
    found = _C_LOCALE.fullmatch(text.strip()) or _ENGLISH.fullmatch(text.strip())
    if found is None or found["month"] not in MONTHS:
        return None
    parts = found.groupdict()
    clock = [int(part) for part in parts["time"].split(":") if part]
    if len(clock) != 3:  # noqa: PLR2004  hours, minutes, seconds
        return None
    day_hour = clock[0]
    half = parts.get("half")
    hour = day_hour if half is None else day_hour % 12 + (12 if half == "PM" else 0)
    month = MONTHS.index(parts["month"]) + 1
    return _whole_stamp([int(parts["year"]), month, int(parts["day"]), hour, *clock[1:]])


def parse_uptime(text: str) -> float | None:
    """Return the seconds since the boot that ``uptime`` tells, to the minute; None without them.

    >>> parse_uptime(" 10:06:01 up 2 days,  3:46,  1 user,  load average: 0.10, 0.10, 0.09")
    186360.0
    """
    found = _UPTIME.search(text)
    if found is None:
        return None
    minutes = int(found["only"] or 0) + 60 * int(found["hours"] or 0) + int(found["minutes"] or 0)
    return 86_400.0 * int(found["days"] or 0) + 60.0 * minutes


def _whole_stamp(parts: list[int]) -> Stamp | None:
    year, month, day, hour, minute, second = parts
    try:
        datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    except ValueError:
        return None
    return Stamp(year=year, month=month, day=day, hour=hour, minute=minute, second=second)
