"""Read var/xapi/blobs/messages: what XenCenter shows as alerts.

Writer: xapi on the pool master, ``ocaml/xapi/xapi_message.ml`` (`to_xml`), one file per message,
named after its time; links to it make up to four copies (`symlinks`). Times are UTC.

True piece: ``<message><ref>OpaqueRef:…</ref><name>VDI_CBT_RESIZE_FAILED</name>…</message>``.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from xml.etree.ElementTree import ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from analyzer.bundle.member import Member
from analyzer.model.host import Alert
from analyzer.model.moment import Moment
from analyzer.model.report import CUT_SHORT, ParseProblem
from analyzer.model.source import Source
from analyzer.parsers._api import Fact
from analyzer.parsers._text import MIB, decode
from analyzer.values import dataclass

LARGEST = MIB  # a body is a few lines
# Alerts are files of the pool master, not rows of its database, and lie there several times,
# under links by object and by uuid (xen-api, xapi_message.ml).
_FOLDERS = ("var/xapi/blobs/messages/", "var/lib/xcp/blobs/messages/")
_TIME = re.compile(
    r"([0-9]{4})-?([0-9]{2})-?([0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]{1,6})[0-9]*)?"
    r"(?:Z|[+]00:?00)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Alerts:
    """The parser; it takes every file below the folder, whatever a link or XenCenter named it."""

    name: str = "alerts"

    def claims(self, path: str, head: bytes) -> bool:  # noqa: ARG002 (its place is enough)
        """Tell whether the file lies in xapi's message store."""
        return path.startswith(_FOLDERS)

    def read(self, member: Member, limit: int) -> Iterator[Fact]:
        """Yield the alert, or a problem."""
        source = Source(bundle=member.bundle, member=member.path)
        content = member.read(min(limit, LARGEST) + 1)
        if len(content) > min(limit, LARGEST):
            yield ParseProblem(source=source, what="it is too long for an alert")
            return
        fields = _fields_or_why(content)
        if isinstance(fields, str):
            yield ParseProblem(source=source, what=fields)
            return
        alert_content = decode(content)
        at = read_time(fields.get("timestamp", ""))
        if at is None:
            alert_or_problem: Alert | ParseProblem = ParseProblem(
                source=source, what="an alert without a time"
            )
        else:
            priority = fields.get("priority", "")
            start = alert_content.find("<message")
            alert_or_problem = Alert(
                source=Source(
                    bundle=source.bundle,
                    member=source.member,
                    line=alert_content.count("\n", 0, start) + 1,
                ),
                text=alert_content[start:].rstrip(),
                name=fields["name"],
                priority=int(priority) if re.fullmatch("-?[0-9]{1,18}", priority) else None,
                cls=fields.get("cls", ""),
                obj_uuid=fields.get("obj_uuid", ""),
                moment=Moment.exact(at, dated_by="alert"),
                body=fields.get("body", ""),
                uuid=fields["uuid"],
            )
        yield alert_or_problem


PARSER = Alerts()


def read_time(text: str) -> datetime | None:
    """Return the UTC time of ``20241122T10:06:01Z`` or ``2024-11-22T10:06:01.5Z``."""
    found = _TIME.fullmatch(text.strip())
    if found is None:
        return None
    year, month, day, hour, minute, second = (int(found[place]) for place in range(1, 7))
    microsecond = int((found[7] or "").ljust(6, "0"))
    try:
        return datetime(year, month, day, hour, minute, second, microsecond, tzinfo=UTC)
    except ValueError:
        return None


def _fields_or_why(content: bytes) -> dict[str, str] | str:
    """Return the message's elements, or why there are none."""
    try:
        root = fromstring(content, forbid_dtd=True)
    except DefusedXmlException:
        return "refused: it declares a document type or entities, which xapi never writes"
    except (ParseError, LookupError, ValueError) as error:
        return f"{CUT_SHORT}not the XML of an alert: {error}" if content else "it is empty"
    fields = {child.tag: child.text or "" for child in root}
    if root.tag != "message" or not fields.get("uuid") or not fields.get("name"):
        return "not an alert: no name and uuid"
    return fields
