"""``var/log/xensource.log``: xapi and the daemons of the toolstack (facility local5).

Written by debug.ml (xen-api, ocaml/libs/log) through rsyslog, in host local time::

    Jul 29 16:37:07 jupiter xapi: [ info||4882 HTTPS ->:::80|VDI.snapshot R:03a940e24a95|xapi] text

xenopsd-xc, xcp-networkd, message-switch and others share the file; a line without the bracket is
understood as a message too. Not read: the thread, the client and the module of the bracket.
"""

from analyzer.parsers._api import Body, LogParser, Usual
from analyzer.parsers.logs import toolstack as _toolstack
from analyzer.parsers.scan.syslog import other_tag

# SM has a facility and a file of its own: a file with its lines is not xensource.log.
_OF_SM = ("SM", "SMGC", "SM-GC")


def _parse(tag: str, pid: int | None, text: str) -> Body | None:
    return None if tag in _OF_SM else _toolstack.parse(tag, pid, text)


def _usual(line: str, head: int) -> Usual | None:
    found = _toolstack.usual(line, head)
    return None if found and found[1] in _OF_SM else found


PARSER = LogParser(
    name="xensource_log",
    rest=rf"(?:{other_tag(('', *_OF_SM))})(?:\[[^\] \n]*\])?:",
    parse=_parse,
    usual=_usual,
    always=_toolstack.ALWAYS,
    failure=_toolstack.FAILURE,
    loud=_toolstack.LOUD,
)
