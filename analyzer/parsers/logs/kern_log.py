"""``var/log/kern.log``: the kernel of the control domain (facility kern), in host local time.

::

    Jul  8 15:09:13 jupiter kernel: [99081.001306] block nbd0: Receive control failed (result -32)

The uptime in brackets is cut off the message; the clock compares it with the stamps. What the
kernel said before rsyslog ran is stamped with the time of its reading. Not read: ``dmesg`` without
the head.
"""

import re

from analyzer.parsers._api import Body, LogParser
from analyzer.parsers.scan.syslog import ANY_TAG, unfold_repeats

_UPTIME = re.compile(r"\[ *([0-9]{1,10}\.[0-9]{1,9})\] ?")


def _parse(tag: str, pid: int | None, text: str) -> Body:
    inner, count = unfold_repeats(text)
    found = _UPTIME.match(inner)
    message = inner[found.end() :] if found else inner
    return Body(process=tag, pid=pid, message=message, count=count)


def _seconds(text: str) -> float | None:
    found = _UPTIME.match(text)
    return float(found[1]) if found else None


PARSER = LogParser(
    name="kern_log",
    rest=ANY_TAG,
    parse=_parse,
    uptime=_seconds,
)
