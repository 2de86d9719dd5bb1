"""``var/log/audit.log``: who called what in xapi, with the result (facility local6).

Written by rbac_audit.ml (xen-api, ocaml/xapi) through rsyslog. The outer stamp is host local
time, the inner one is UTC, so that each line tells the host's offset::

    Nov 22 11:06:01 jupiter xapi: [20241122T10:06:01.123Z|audit||12 |task|audit] ('trackid=…' …

Not read: the S-expression of the call is left whole in the message.
"""

from analyzer.parsers._api import LogParser
from analyzer.parsers.logs import toolstack as _toolstack
from analyzer.parsers.scan.syslog import ANY_TAG

PARSER = LogParser(
    name="audit_log",
    rest=ANY_TAG,
    parse=_toolstack.parse,
    usual=_toolstack.usual,
    always=_toolstack.ALWAYS,
    witness=_toolstack.inner_utc,
)
