"""``var/log/user.log``: nbd_client_manager, cbt-util and others (facility user), host local time.

nbd_client_manager.py (xen-api, python3/libexec) logs without a pid and names its level in
brackets, which is taken off; cbt-util.c (blktap) logs under its own name::

    Mar  5 07:24:23 jupiter nbd_client_manager: [DEBUG] Running cmd ['modprobe', 'nbd']
    Mar  5 07:24:24 jupiter cbt-util: Creating new log file …
"""

import re

from analyzer.model.event import Level
from analyzer.parsers._api import Body, LogParser
from analyzer.parsers.scan.failure import WORDS
from analyzer.parsers.scan.syslog import ANY_TAG, ESCAPES, unescape, unfold_repeats

_LEVELS = {
    "DEBUG": Level.DEBUG,
    "INFO": Level.INFO,
    "WARNING": Level.WARN,
    "ERROR": Level.ERROR,
    "CRITICAL": Level.ERROR,
}
_LEVEL = re.compile(r"\[(DEBUG|INFO|WARNING|ERROR|CRITICAL)\] ?")


def _user_body(tag: str, pid: int | None, text: str) -> Body:
    inner, count = unfold_repeats(text)
    found = _LEVEL.match(inner)
    return Body(
        process=tag,
        pid=pid,
        message=unescape(inner[found.end() :] if found else inner),
        level=_LEVELS[found[1]] if found else None,
        count=count,
    )


PARSER = LogParser(
    name="user_log",
    rest=ANY_TAG,
    parse=_user_body,
    always=ESCAPES,
    failure=WORDS,
    loud=r"\[(?:ERROR|CRITICAL)\]",
)
