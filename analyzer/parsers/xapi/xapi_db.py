"""Read xapi-db.xml and xapi-db-dumped.xml: the pool's database.

Writer: xapi, ``ocaml/database/db_xml.ml`` (``To.table``); times in it are UTC. Both files are one
line without a line feed, so a `Source` here has no line. xen-bugtool writes ``xapi-db.xml`` with
ElementTree from the host's own copy (on a supporter up to 300 s old) after taking secrets out,
and ``xapi-db-dumped.xml`` with ``xe pool-dump-database``, which asks the master.

True piece: ``<row ref="OpaqueRef:…" uuid="…" name__label="disk%.0" cbt_enabled="true" …/>``.

Not read: tables that `_xapi_rows.BUILDERS` does not name, references back (``VDI.VBDs``).
"""

import codecs
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.sax import SAXException
from xml.sax.handler import ContentHandler
from xml.sax.xmlreader import AttributesImpl

from defusedxml.common import DefusedXmlException
from defusedxml.expatreader import DefusedExpatParser, create_parser

from analyzer.bundle.member import Member
from analyzer.model.report import ParseProblem
from analyzer.model.source import Source
from analyzer.model.xapi import XapiDatabase, XapiObject
from analyzer.parsers._api import Fact
from analyzer.parsers.xapi.xapi_rows import BUILDERS
from analyzer.parsers.xapi.xapi_values import DatabaseRow

_UUID = re.compile(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
LIVE = "xapi-db-dumped.xml"
FILES = ("xapi-db.xml", LIVE)
DEEPEST = 16
LONGEST_PIECE = 16 << 20  # bytes from tag to tag; what a database says of one object is far less
_OPENING = re.compile(rb"^(?:\xef\xbb\xbf)?\s*(?:<\?xml[^>]{0,200}\?>)?\s*<database>\s*<manifest>")

# XML 1.0 has no place for these bytes; one of them in a name must not end the reading.
_CONTROLS = bytes(byte for byte in range(32) if byte not in b"\t\n\r")
_LEGAL = bytes.maketrans(_CONTROLS, b"?" * len(_CONTROLS))


@dataclass(slots=True, kw_only=True)
class _Content:
    """What was read so far: the state of one reading."""

    manifest: dict[str, str] = field(default_factory=dict)
    objects: list[XapiObject] = field(default_factory=list)
    tables: set[str] = field(default_factory=set)
    complete: bool = False
    understood: bool = True
    tags: int = 0
    problems: Counter[str] = field(default_factory=Counter)


class _Handler(ContentHandler):
    """Take rows as they come; nothing of the tree is kept."""

    def __init__(self, source: Source, content: _Content) -> None:
        super().__init__()
        self._source = source
        self._content = content
        self._path: list[str] = []
        self._table = ""

    def startElement(self, name: str, attrs: AttributesImpl) -> None:  # noqa: N802 (SAX's name)
        self._content.tags += 1
        match (self._path, name):
            case (["database"], "table"):
                self._table = attrs.get("name", "")
            case (["database", "table"], "row"):
                self._row(dict(attrs.items()))
            case (["database", "manifest"], "pair"):
                self._content.manifest[attrs.get("key", "")] = attrs.get("value", "")
            case _:
                _refuse_depth(self._path)
        self._path.append(name)

    def endElement(self, name: str) -> None:  # noqa: N802 (SAX's name)
        self._content.tags += 1
        self._path.pop()
        match (self._path, name):
            case (["database"], "table"):
                self._content.tables.add(self._table)
            case ([], "database"):
                self._content.complete = True
            case ([], _):
                self._content.problems[f"the document is a <{name[:40]}>, not a <database>"] += 1
            case _:
                pass

    def _row(self, attributes: dict[str, str]) -> None:
        build = BUILDERS.get(self._table)
        if build is None:
            return
        row = DatabaseRow(self._source, self._table, attributes, self._content.problems)
        if _UUID.fullmatch(row.uuid):  # it will stand in commands that people paste into a shell
            self._content.objects.append(build(row))
        else:
            self._content.understood = False
            self._content.problems[f"a row of table {self._table} has no uuid"] += 1


@dataclass(frozen=True, slots=True, kw_only=True)
class XapiDb:
    """The parser of both files; it also takes a database under another name by its opening."""

    name: str = "xapi_db"

    def claims(self, path: str, head: bytes) -> bool:
        """Tell whether the file is named so, or opens as `xe pool-dump-database` writes."""
        return path.rpartition("/")[2] in FILES or _OPENING.match(head) is not None

    def read(self, member: Member, limit: int) -> Iterator[Fact]:
        """Yield one database, then what in it was not understood."""
        source = Source(bundle=member.bundle, member=member.path)
        content = _Content()
        fault = _parse(member, limit, _Handler(source, content), content)
        yield XapiDatabase(
            source=source,
            generation=_whole(content.manifest.get("generation_count")),
            schema_minor=_whole(content.manifest.get("schema_minor_vsn")),
            live=member.path.rpartition("/")[2] == LIVE,
            complete=content.complete and content.understood,
            tables=frozenset(content.tables),
            objects=tuple(content.objects),
        )
        if fault:
            yield ParseProblem(source=source, what=fault)
        for what, count in sorted(content.problems.items()):
            yield ParseProblem(source=source, what=f"{what} ({count} times)" if count > 1 else what)


PARSER = XapiDb()


def _parse(member: Member, limit: int, handler: _Handler, content: _Content) -> str:
    """Feed the member to the handler; return what ended the reading too early, or ""."""
    parser: DefusedExpatParser = create_parser(forbid_dtd=True)
    parser.setContentHandler(handler)
    try:
        size = _feed(member, limit, parser, content)
        if size and not content.complete and size <= limit:
            parser.close()
    except DefusedXmlException:
        content.complete = False
        return "refused: it declares a document type or entities, which xapi never writes"
    except SAXException as error:
        return _ended(f"not XML: {error.getMessage()}", member, content)
    if size > limit:
        return _ended(f"longer than the {limit} bytes that are read of a document", member, content)
    return _ended("it is empty", member, content) if not size else ""


def _feed(member: Member, limit: int, parser: DefusedExpatParser, content: _Content) -> int:
    """Feed all but what the parser would hold in memory only, and look through again and again."""
    size = tags = piece = 0
    decoder = codecs.getincrementaldecoder("utf-8-sig")("replace")
    for block in member.blocks():
        size += len(block)
        if size > limit:
            break
        legal = block.translate(_LEGAL)
        text = decoder.decode(legal)
        if legal != block or "\ufffd" in text:
            content.problems["bytes that are no legal text were replaced"] += 1
        if text:
            parser.feed(text)
        piece = piece + len(block) if content.tags == tags else 0
        tags = content.tags
        if piece > LONGEST_PIECE and not content.complete:
            msg = f"{piece:,} bytes without a tag, which no database has"
            raise SAXException(msg)
    return size


def _ended(why: str, member: Member, content: _Content) -> str:
    if content.complete:
        return f"after its end: {why}"
    lost = member.damage or why
    return f"cut short: {lost}; {len(content.objects)} objects were read before"


def _refuse_depth(path: list[str]) -> None:
    if len(path) > DEEPEST:
        raise SAXException("nested deeper than any database")


def _whole(text: str | None) -> int | None:
    return int(text) if text and re.fullmatch(r"[0-9]{1,18}", text) else None
