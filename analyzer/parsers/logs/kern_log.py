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

# At a boot the kernel says "failed" of many things that a host does not have: only storage,
# memory and processes that died count.
_FAILURE = (
    r"I/O error|blocked for more than|segfault at|general protection|[Oo]ut of memory"
    r"|[Kk]ill(?:ed)? process|-fs (?:error|warning)|fs_error|[Cc]orruption|filesystem read-only"
    r"|not respon(?:ding|ded)|Connection timed out|conn error|recovery timed out|rejecting I/O"
    r"|Failing path|[Rr]emoving path|Send control failed|Receive control failed|hung task|"
    r"Medium [Ee]rror|Sense Key : (?:Medium|Hardware)|task abort|drbd.*(?:[Ff]ail|[Ee]rror|lost)"
    r"|soft lockup|stalls on CPU|Call Trace|Kernel panic|BUG: "
)
_UPTIME = re.compile(r"\[ *([0-9]{1,10}\.[0-9]{1,9})\] ?")


def _kernel_body(tag: str, pid: int | None, text: str) -> Body:
    inner, count = unfold_repeats(text)
    found = _UPTIME.match(inner)
    message = inner[found.end() :] if found else inner
    return Body(process=tag, pid=pid, message=message, count=count)


def _uptime_seconds(text: str) -> float | None:
    found = _UPTIME.match(text)
    return float(found[1]) if found else None


PARSER = LogParser(
    name="kern_log",
    rest=ANY_TAG,
    parse=_kernel_body,
    uptime=_uptime_seconds,
    failure=_FAILURE,
)
