"""What tells whose report it is: names, addresses, serial numbers, references, credentials.

Names are known from the database and from the objects that a report is about; all else has a form.
An identifier that is no name and has no form of its own is found by the word before it
(``password=``, ``location=``), as device-config, mount and XML attributes write it.
"""

import ipaddress
import re
from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from functools import cache, lru_cache
from types import MappingProxyType
from typing import Any

import re2

from analyzer.case.case import Case
from analyzer.desk.document import Document, rows
from analyzer.model.terms import UUID
from analyzer.model.xapi import Host, Network, Pbd, Pif, Pool, Sr, Vdi, Vm, XapiObject
from analyzer.values import dataclass


class Kind(StrEnum):
    """What an identifier identifies; the value is what its token begins with."""

    HOST = "host"
    POOL = "pool"
    VM = "vm"
    DISK = "disk"
    SR = "sr"
    NETWORK = "network"
    USER = "user"
    DOMAIN = "domain"
    MAC = "mac"
    TARGET = "iqn"
    DEVICE = "wwn"
    SERIAL = "serial"
    REFERENCE = "ref"
    TRACK = "trackid"
    SECRET = "secret"  # noqa: S105 - the word, not one
    SHARE = "share"
    CERTIFICATE = "certificate"
    BUNDLE = "bundle"
    V4 = "ip"
    V6 = "ip6"


@dataclass(frozen=True, slots=True, order=True)
class Identifier:
    """Something that must not be told, as it stands."""

    kind: Kind
    text: str


# What every pool calls something, and what says nothing of anybody.
_EVERYBODY = re.compile(
    r"(?i)root|localhost|localdomain|local|none|null|true|false|xapi|nbd|admin|"
    r"base copy|local storage|dvd drives|removable storage|xenserver tools|xcp-ng tools|"
    r"(?:pool-wide network associated with|control domain on host|host internal management).*"
)
_TABLES: Mapping[type[XapiObject], Kind] = MappingProxyType(
    {
        Pool: Kind.POOL,
        Host: Kind.HOST,
        Sr: Kind.SR,
        Vdi: Kind.DISK,
        Vm: Kind.VM,
        Network: Kind.NETWORK,
    }
)
_TYPES: Mapping[str, Kind] = MappingProxyType(
    {
        "pool": Kind.POOL,
        "host": Kind.HOST,
        "sr": Kind.SR,
        "vdi": Kind.DISK,
        "vm": Kind.VM,
        "network": Kind.NETWORK,
    }
)

# ``key=value``, ``key: "a value"``, ``'key' 'value'``
_VALUE = (
    r"""(?:["']?\s*[:=]\s*|["']\s+(?=["']))"""
    r"""(?:(?P<quote>["'])(?P<quoted>[^"'\n]*)(?P=quote)|(?P<value>[^\s"'<>,;&)}\]]+))"""
)
_FORMS: tuple[tuple[Kind, re.Pattern[str]], ...] = (
    (Kind.SECRET, re.compile(r"://[^\s/:@]+:(?P<value>[^\s/@]+)@")),
    (
        Kind.SECRET,
        re.compile(
            r"(?i)(?:incoming_chap|chap|cifs)?_?(?:password|passwd|passphrase|secret|api_?key|"
            rf"auth_token)(?:_secret)?{_VALUE}"
        ),
    ),
    (Kind.USER, re.compile(r"://(?P<value>[^\s/:@]+):[^\s/@]+@")),
    (
        Kind.USER,
        re.compile(
            r"(?i)\b(?:(?:incoming_)?chapuser|username|user-?name|uname|auth_user_name|"
            rf"subject-name){_VALUE}"
        ),
    ),
    (Kind.USER, re.compile(r"(?:for|for user|opened for user) (?P<value>[\w.@-]+) (?:from|by) ")),
    (Kind.USER, re.compile(r"(?P<value>[\w.+-]+)@(?=[\w-]+\.[\w.-]*[a-z])")),
    (Kind.DOMAIN, re.compile(r"[\w.+-]+@(?P<value>[\w-]+(?:\.[\w-]+)*\.[a-z]{2,})")),
    (Kind.DOMAIN, re.compile(r"(?i)\bdomain(?:name)?=(?P<value>[\w-]+(?:\.[\w-]+)+)")),
    (
        Kind.TARGET,
        re.compile(r"(?i)\b(?P<value>iqn\.\d{4}-\d\d\.[a-z0-9.-]+(?::[^\s\"'<>,;)}\]]+)?)"),
    ),
    (
        Kind.DEVICE,  # a SCSI id: the kind of name, then 16 or 32 digits
        re.compile(
            r"(?i)(?<![0-9a-f-])(?P<value>(?:0x|3)?[356][0-9a-f]{15}(?:[0-9a-f]{16})?)(?![0-9a-f-])"
        ),
    ),
    (Kind.DEVICE, re.compile(r"(?i)\b(?P<value>(?:naa|eui|wwn|t10)[.-](?:0x)?[0-9a-z]{12,})")),
    (Kind.DEVICE, re.compile(r"(?i)\b(?P<value>(?:[0-9a-f]{2}:){7}[0-9a-f]{2})(?![:\w])")),
    (Kind.SERIAL, re.compile(rf"(?i)\bserial(?:[ _-]?(?:number|no))?{_VALUE}")),
    (Kind.REFERENCE, re.compile(r"OpaqueRef:(?P<value>[0-9a-f-]{36})")),
    (Kind.TRACK, re.compile(r"(?i)\btrack_?id=(?P<value>[0-9a-f]{8,})")),
    (Kind.SHARE, re.compile(r"(?i)\b(?:serverpath|location|share|sharename)" + _VALUE)),
    (Kind.SHARE, re.compile(r"(?<![\w/:])(?P<value>[\w.-]+:/[\w./-]{2,})")),
    (Kind.SHARE, re.compile(r"(?<![\w:/])(?P<value>//[\w.-]+/[\w.$/-]+)")),
    (
        Kind.CERTIFICATE,
        re.compile(r"(?i)(?:subject|issuer)\s*[:=]\s*(?P<value>(?:/|[A-Z]+\s*=)[^\n\"]*)"),
    ),
    (
        Kind.MAC,
        re.compile(
            r"(?i)(?<![0-9a-f:-])(?P<value>[0-9a-f]{2}(?:[:-][0-9a-f]{2}){5})(?![0-9a-f:-])"
        ),
    ),
)
_DOTS, _COLONS = 3, 6  # of an address, without "::"; the last colon of seven may be dots
_V4 = re.compile(r"(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?!\w|\.\d)")
_V6 = re.compile(r"(?<![\w:.])(?=[0-9A-Fa-f:]*:[0-9A-Fa-f]*:)[0-9A-Fa-f:]{3,}(?:\.\d{1,3}){0,3}")
_V4_IN_V6 = re.compile(r":\d{1,3}(?:\.\d{1,3}){3}$")


def in_case(case: Case) -> Iterator[Identifier]:
    """Yield what the databases of a case name; names that every pool has are none."""
    for pool in case.pools:
        own = (pool.pool,) if pool.pool else ()
        tables = (
            own,
            pool.hosts,
            pool.srs,
            pool.pbds,
            pool.vdis,
            pool.vms,
            pool.networks,
            pool.pifs,
        )
        for table in tables:
            for row in table:
                kind = _TABLES.get(type(row))
                if not (isinstance(row, Vm) and row.is_a_template and not row.is_a_snapshot):
                    if kind and row.name_label:
                        yield from _identifiers_named(kind, row.name_label)
                    if isinstance(row, Host) and row.hostname:
                        yield from _identifiers_named(Kind.HOST, row.hostname)
                    if isinstance(row, Pif) and row.mac:
                        yield from _identifiers_named(Kind.MAC, row.mac)
                    if isinstance(row, Pbd):
                        for key, value in (row.device_config or {}).items():
                            yield from in_text(f"{key}={value}")


def in_document(document: Document) -> Iterator[Identifier]:
    """Yield what a report names in its own fields: objects, hosts, pools, bundles."""
    for key, kind in (("hosts", Kind.HOST), ("pools", Kind.POOL), ("bundles", Kind.BUNDLE)):
        for row in rows(document, key):
            name = str(row.get("name") or "")
            yield from _identifiers_named(
                kind, name.split(":", maxsplit=1)[0] if kind is Kind.BUNDLE else name
            )
    yield from _subjects_in(document)


def in_text(text: str) -> Iterator[Identifier]:
    """Yield what has the form of an identifier."""
    for kind, form in _forms_met(text):
        for found in form.finditer(text):
            value = found.groupdict().get("quoted") or found["value"] or ""
            if _VALUED.fullmatch(value) or (kind is Kind.SHARE and "/" not in value):
                continue
            yield from _identifiers_named(kind, value)


def _forms_met(text: str) -> Iterable[tuple[Kind, re.Pattern[str]]]:
    """Return the forms that a text may have: no fewer than it has, and of most lines few."""
    if text.isascii() and text.isprintable():  # else RE2 has other letters and spaces than `re`
        return [_FORMS[number] for number in sorted(_wider_forms().Match(text) or ())]
    return _FORMS


@cache
def _wider_forms() -> Any:
    """Return an automaton of all forms, without what RE2 knows not: what stands around them."""
    options = re2.Options()
    options.max_mem = 1 << 28
    every = re2.Set.SearchSet(options)
    for _, form in _FORMS:
        every.Add(_AROUND.sub("", form.pattern).replace("(?P=quote)", "[\"']"))
    every.Compile()
    return every


_AROUND = re.compile(r"\(\?<?[=!][^()]*\)")
# Masked already, or the system's own paths.
_VALUED = re.compile(r"(?i)\*+|[•x]+|\(null\)|<.*>|(?:/dev|/run/sr-mount|/var|/usr|/opt|/etc)/.*")


def addresses(text: str) -> Iterator[tuple[int, int, Kind, str]]:
    """Yield where addresses stand in a text: begin, end, kind, the address without a prefix."""
    if "::" not in text and text.count(":") < _COLONS and text.count(".") < _DOTS:
        return
    done = 0
    ipv6_addresses: list[tuple[int, int, Kind, str]] = []
    for ipv6_found in _V6.finditer(text):
        ipv6_written = ipv6_found[0]
        if "." in ipv6_written and not _V4_IN_V6.search(ipv6_written):
            ipv6_written = ipv6_written.rpartition(":")[0]
        while ipv6_written[-1:] in (":", ".") and not _tells_of_somebody(
            ipv6_written
        ):  # what ends a phrase
            ipv6_written = ipv6_written[:-1]
        if ipv6_written and _tells_of_somebody(ipv6_written):
            ipv6_addresses.append(
                (ipv6_found.start(), ipv6_found.start() + len(ipv6_written), Kind.V6, ipv6_written)
            )
    for begin, end, kind, written in sorted(
        [
            *(
                (found.start(), found.end(), Kind.V4, found[0])
                for found in _V4.finditer(text)
                if _tells_of_somebody(found[0])
            ),
            *ipv6_addresses,
        ],
        key=lambda it: (it[0], -it[1]),
    ):
        if begin >= done:
            yield begin, end, kind, written
            done = end


@lru_cache(maxsize=4096)  # the same addresses stand in many lines
def _tells_of_somebody(written: str) -> bool:
    """Tell whether it is an address, and one that is somebody's."""
    if "." not in written and "::" not in written and written.count(":") < _COLONS:
        return False  # most times of day
    try:
        address = ipaddress.ip_address(written)
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv4Address):
        mask = int(address) ^ 0xFFFFFFFF
        return not (address.is_loopback or address.is_unspecified or (mask & (mask + 1)) == 0)
    return not (address.is_loopback or address.is_unspecified) and any(
        c in "0123456789" for c in written
    )


def _subjects_in(value: object) -> Iterator[Identifier]:
    if isinstance(value, Mapping):
        kind = _TYPES.get(str(value.get("type", "")).lower())
        if kind and "uuid" in value:
            for key in ("name", "uuid") if kind is Kind.HOST else ("name",):
                yield from _identifiers_named(kind, str(value.get(key) or ""))
        list_value = value.get("names")
        list_or_none = list_value if isinstance(list_value, list) else []
        for name in (value.get("common_name"), *list_or_none):
            yield from _identifiers_named(Kind.HOST, str(name or "").removeprefix("*."))
        for inner in value.values():
            yield from _subjects_in(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _subjects_in(inner)


def domains(hosts: Iterable[str], texts: Iterable[str]) -> Iterator[Identifier]:
    """Yield the domains behind the names of hosts in texts; a suffix of a file is none."""
    names = "|".join(sorted(map(re.escape, hosts), key=len, reverse=True))
    behind = re.compile(rf"(?i)(?<![\w.-])(?:{names})\.((?:[a-z0-9-]+\.)+[a-z]{{2,}})")
    for text in texts if names else ():
        for found in behind.finditer(text):
            if not re.match(r"(?i)tar\.|.*\.log$|log\.", found[1]):
                yield Identifier(Kind.DOMAIN, found[1])


_UUID = re.compile(rf"(?i){UUID}")


def _identifiers_named(kind: Kind, text: str) -> Iterator[Identifier]:
    named = text.strip()
    if kind is not Kind.REFERENCE and _UUID.fullmatch(named):
        return
    if (
        not named
        or _EVERYBODY.fullmatch(named)
        or any(True for _ in addresses(named) if kind in (Kind.HOST, Kind.DOMAIN))
    ):
        return
    if kind is Kind.HOST and "." in named:
        short, _, domain = named.partition(".")
        yield from (Identifier(Kind.HOST, short), Identifier(Kind.DOMAIN, domain))
        return
    yield Identifier(kind, named)
    if kind is Kind.SHARE:
        # The server of a share, and its path where it is deep enough to be somebody's.
        server, _, path = named.removeprefix("//").partition(":/" if ":/" in named else "/")
        yield from _identifiers_named(Kind.HOST, server)
        if path:
            yield Identifier(Kind.SHARE, f"/{path.lstrip('/')}")


def unique(found: Iterable[Identifier]) -> tuple[Identifier, ...]:
    """Return each once, in an order that does not depend on where it was found."""
    return tuple(sorted(set(found)))
