"""``var/log/xensource.log``: xapi and the daemons of the toolstack (facility local5).

Written by debug.ml (xen-api, ocaml/libs/log) through rsyslog, in host local time::

    Jul 29 16:37:07 jupiter xapi: [ info||4882 HTTPS ->:::80|VDI.snapshot R:03a940e24a95|xapi] text

xenopsd-xc, xcp-networkd, message-switch and others share the file; a line without the bracket is
understood as a message too. Not read: the thread, the client and the module of the bracket.
"""

from analyzer.parsers._api import LogParser
from analyzer.parsers.logs import toolstack as _toolstack
from analyzer.parsers.scan.syslog import other_tag

PARSER = LogParser(
    name="xensource_log",
    # Not of SM, which has a facility and a file of its own: such a file is not xensource.log.
    rest=rf"(?:{other_tag(('', 'SM', 'SMGC', 'SM-GC'))})(?:\[[^\] \n]*\])?:",
    parse=_toolstack.parse,
    usual=_toolstack.usual,
    always=_toolstack.ALWAYS,
    failure=_toolstack.FAILURE,
    loud=_toolstack.LOUD,
)
