"""Read xapi_cert.out: the host's certificate, as xapi and xapi-nbd show it to clients.

Writer: ``openssl x509 -text`` of xapi-ssl.pem, by the xapi plugin of xen-bugtool (xen-api
``scripts/bugtool-plugin/xapi/stuff.xml``, since 2022). Times are UTC ("GMT").

True lines: ``            Not After : Nov 19 10:06:01 2034 GMT``,
``        Subject: CN = jupiter.example.com`` and
``                DNS:jupiter.example.com, IP Address:192.0.2.11``.

Not read: keys, signatures, the issuer, a second certificate.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from ipaddress import ip_address
from itertools import pairwise

from analyzer.bundle.member import Member
from analyzer.model.network import HostCertificate
from analyzer.model.report import ParseProblem
from analyzer.parsers._api import Fact
from analyzer.parsers._text import opening, read_text
from analyzer.parsers.scan.syslog import MONTHS
from analyzer.values import dataclass

_END = "-----END CERTIFICATE-----"
_BEFORE = re.compile(r"\s+Not Before ?: (?P<when>.*)")
_AFTER = re.compile(r"\s+Not After ?: (?P<when>.*)")
_WHEN = re.compile(
    r"(?P<month>[A-Z][a-z]{2}) {1,2}(?P<day>[0-9]{1,2}) (?P<clock>[0-9]{2}:[0-9]{2}:[0-9]{2}) "
    r"(?P<year>[0-9]{4}) GMT"
)
_SUBJECT = re.compile(r"\s+Subject:(?P<name>.*)")
_COMMON_NAME = re.compile(r"(?:^|[\s,/])CN ?= ?(?P<name>[^,/+]{1,256})")
_ALTERNATIVE = re.compile(r"\s+X509v3 Subject Alternative Name:.*")
_NAME = re.compile(r"DNS:(?P<name>[^\s,]{1,256})")
_ADDRESS = re.compile(r"IP Address:(?P<address>[0-9A-Fa-f:.]{2,64})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """The parser."""

    name: str = "certificate"

    def claims(self, path: str, head: bytes) -> bool:
        """Tell whether the file is named so, or is a loose file that begins as openssl does."""
        named = path.rpartition("/")[2] == "xapi_cert.out"
        return named or opening(path, head).rstrip() == "Certificate:"

    def read(self, member: Member, limit: int) -> Iterator[Fact]:
        """Yield the first certificate; it is whole with both dates, its subject and its end."""
        text = read_text(member, limit)
        first_lines = text.closed()
        ends = [place for place, (_, line) in enumerate(first_lines) if line.strip() == _END]
        lines = first_lines[: ends[0] + 1] if ends else first_lines
        before, after = _line_of_pattern(lines, _BEFORE), _line_of_pattern(lines, _AFTER)
        # The line with the alternative names, which stands below their title.
        subject, names = (
            _line_of_pattern(lines, _SUBJECT),
            next(
                (below for above, below in pairwise(lines) if _ALTERNATIVE.fullmatch(above[1])),
                None,
            ),
        )
        not_before, not_after = _time_of_line(before), _time_of_line(after)
        shown = tuple(line for line in (before, after, subject, names) if line)
        ended = any(line.strip() == _END for _, line in lines)
        known = None not in (not_before, not_after, subject)
        common_subject = _SUBJECT.fullmatch(subject[1]) if subject else None
        found = _COMMON_NAME.search(common_subject["name"]) if common_subject else None
        common_name = found["name"].strip() if found else None
        yield HostCertificate(
            source=text.at(after[0]) if after else text.source,
            text=after[1] if after else "",
            complete=text.whole and ended and known,
            common_name=common_name,
            names=tuple(_NAME.findall(names[1])) if names else (),
            addresses=tuple(_plain_address(each) for each in _ADDRESS.findall(names[1]))
            if names
            else (),
            not_before=not_before,
            not_after=not_after,
            lines=tuple((text.at(index), line) for index, line in sorted(shown)),
        )
        if not (ended and known):
            yield ParseProblem(source=text.source, what="no whole certificate")


PARSER = Certificate()

Numbered = tuple[int, str]


def _line_of_pattern(lines: tuple[Numbered, ...], pattern: re.Pattern[str]) -> Numbered | None:
    return next(((index, line) for index, line in lines if pattern.fullmatch(line)), None)


def _time_of_line(line: Numbered | None) -> datetime | None:
    found = _WHEN.search(line[1]) if line else None
    if found is None or found["month"] not in MONTHS:
        return None
    hour, minute, second = (int(part) for part in found["clock"].split(":"))
    month = MONTHS.index(found["month"]) + 1
    try:
        return datetime(
            int(found["year"]), month, int(found["day"]), hour, minute, second, tzinfo=UTC
        )
    except ValueError:
        return None


def _plain_address(address: str) -> str:
    try:
        return str(ip_address(address))
    except ValueError:
        return address
