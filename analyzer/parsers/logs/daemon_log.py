"""``var/log/daemon.log``: xapi-nbd, tapdisk, systemd and other daemons (facility daemon).

xapi-nbd writes through Lwt_log's default template ``<name>[<pid>]: <section>: <message>`` (main.ml,
xen-api ocaml/nbd); the section stays in the message. A datagram over 1024 bytes ends with
``<truncated>``. Times are host local::

    Nov 22 10:06:01 jupiter xapi-nbd[1234]: main: Got new client

Daemons of the toolstack (squeezed, …) log here with xapi's bracket, which is taken apart.
"""

from analyzer.parsers._api import LogParser
from analyzer.parsers.logs import toolstack as _toolstack
from analyzer.parsers.scan.failure import WORDS
from analyzer.parsers.scan.syslog import ANY_TAG

# A unit that ended; a tapdisk that waited for its storage.
_FAILURE = r"[Mm]ain process exited, code=(?:exited, status=[1-9]|killed|dumped)|request took "

PARSER = LogParser(
    name="daemon_log",
    rest=ANY_TAG,
    parse=_toolstack.parse,
    usual=_toolstack.usual,
    always=_toolstack.ALWAYS,
    failure=f"{_FAILURE}|{WORDS}",
    loud=_toolstack.LOUD,
)
