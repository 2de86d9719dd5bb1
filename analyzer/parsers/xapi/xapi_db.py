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
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import field, replace
from typing import NoReturn
from xml.parsers import expat

from defusedxml.common import DefusedXmlException, DTDForbidden

from analyzer.bundle.member import Member
from analyzer.model.report import CUT_SHORT, ParseProblem
from analyzer.model.source import Source
from analyzer.model.terms import LIVE_DATABASE
from analyzer.model.xapi import XapiDatabase, XapiObject
from analyzer.parsers._api import Fact
from analyzer.parsers.xapi.xapi_references import LEADS_NOWHERE, astray
from analyzer.parsers.xapi.xapi_rows import BUILDERS
from analyzer.parsers.xapi.xapi_values import NOT_USED, DatabaseRow
from analyzer.values import dataclass

_UUID = re.compile(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
FILES = ("xapi-db.xml", LIVE_DATABASE)
DEEPEST = 16
BYTES_OF_AN_OBJECT = 4096  # of a limit on bytes: twice what xapi writes of a disk
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
    most: int  # objects that are kept
    full: bool = False
    tags: int = 0
    columns: dict[str, frozenset[str]] = field(default_factory=dict)
    problems: Counter[str] = field(default_factory=Counter)


class _NotADatabaseError(Exception):
    """The document is XML that no database has; the text says why."""


class _Handler:
    """Take rows as they come; nothing of the tree is kept."""

    def __init__(self, source: Source, content: _Content, written: "_Written") -> None:
        self._source = source
        self._written = written
        self._content = content
        self._path: list[str] = []
        self._table = ""

    def started(self, name: str, attrs: dict[str, str]) -> None:
        """Take an opening tag."""
        self._content.tags += 1
        match (self._path, name):
            case (["database"], "table"):
                self._table = attrs.get("name", "")
            case (["database", "table"], "row"):
                build = BUILDERS.get(self._table)
                if build is not None:
                    offset, tag = self._written.tag()
                    source = replace(self._source, offset=offset)
                    row = DatabaseRow(source, self._table, attrs, self._content.problems, tag)
                    columns = frozenset(attrs)
                    if self._content.columns.setdefault(self._table, columns) != columns:
                        self._content.problems[
                            f"rows of table {self._table} differ in their columns"
                        ] += 1
                        self._content.understood = False
                    if len(self._content.objects) >= self._content.most:
                        self._content.full = True
                    elif _UUID.fullmatch(
                        row.uuid
                    ):  # it will stand in commands that people paste into a shell
                        self._content.objects.append(build(row))
                    else:
                        self._content.understood = False
                        self._content.problems[f"a row of table {self._table} has no uuid"] += 1
            case (["database", "manifest"], "pair"):
                self._content.manifest[attrs.get("key", "")] = attrs.get("value", "")
            case _:
                if len(self._path) > DEEPEST:
                    raise _NotADatabaseError("nested deeper than any database")
        self._path.append(name)

    def ended(self, name: str) -> None:
        """Take a closing tag."""
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
        content = _Content(most=max(limit // BYTES_OF_AN_OBJECT, 1))
        fault = _parse_member(member, limit, source, content)
        content.problems.update(astray(content.objects) if content.complete else ())
        # Whether something of it was changed: xapi writes each value as its type has it.
        yield XapiDatabase(
            source=source,
            generation=_whole_number(content.manifest.get("generation_count")),
            schema_minor=_whole_number(content.manifest.get("schema_minor_vsn")),
            live=member.path.rpartition("/")[2] == LIVE_DATABASE,
            complete=content.complete
            and content.understood
            and not any(what.endswith((NOT_USED, LEADS_NOWHERE)) for what in content.problems),
            tables=frozenset(content.tables),
            objects=tuple(content.objects),
        )
        if fault:
            yield ParseProblem(source=source, what=fault)
        for what, count in sorted(content.problems.items()):
            yield ParseProblem(source=source, what=f"{what} ({count} times)" if count > 1 else what)


PARSER = XapiDb()


def _parse_member(member: Member, limit: int, source: Source, content: _Content) -> str:
    """Read the member into the content; return what ended the reading too early, or ""."""
    parser = _parser_without_doctypes()
    written = _Written(parser)
    handler = _Handler(source, content, written)
    parser.StartElementHandler, parser.EndElementHandler = handler.started, handler.ended
    try:
        size = _feed_parser(member, limit, written, content)
        if size and not content.complete and not content.full and size <= limit:
            parser.Parse(b"", True)
    except DefusedXmlException:
        content.complete = False
        return "refused: it declares a document type or entities, which xapi never writes"
    except expat.ExpatError as error:
        return _why_ended(f"not XML: {expat.ErrorString(error.code)}", member, content)
    except _NotADatabaseError as error:
        return _why_ended(f"not XML: {error}", member, content)
    if size > limit or content.full:
        return _why_ended(
            f"longer than the {limit} bytes that are read of a document", member, content
        )
    return _why_ended("it is empty", member, content) if not size else ""


def _parser_without_doctypes() -> expat.XMLParserType:
    """Return a parser that refuses document types, without which nothing declares an entity.

    It is expat itself, as defusedxml's reader sets it: that one loads Python's whole network stack.
    """
    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = _refuse_doctype
    return parser


def _refuse_doctype(name: str, system: str | None, public: str | None, _internal: bool) -> NoReturn:
    raise DTDForbidden(name, system, public)


class _Written:
    """What is fed to the parser, kept as long as a tag may be asked for."""

    def __init__(self, parser: expat.XMLParserType) -> None:
        self._parser = parser
        self._kept = b""
        self._start = 0  # of what is kept, in all that was fed
        self._offset = 0  # of the same in the file
        self._sure = 0  # no tag of the last block begins before, where illegal bytes move them

    def feed(self, text: str, stored: bytes, offset: int) -> None:
        """Feed a text that is stored so in the file, at an offset, but for illegal bytes."""
        fed = text.encode()
        exact = len(stored) == len(fed)
        done = min(max(self._byte_index() - self._start, 0), len(self._kept))
        self._kept = self._kept[done:]
        self._start += done
        self._offset = offset - len(self._kept)
        self._sure = sys.maxsize if exact else max(self._offset, 0)
        self._kept += stored if exact else fed
        self._parser.Parse(text)

    def tag(self) -> tuple[int, str]:
        """Return the tag that begins now: where in the file, in bytes, and as it is written."""
        begin = self._byte_index() - self._start
        end = self._kept.find(b">", begin)
        while self._kept.count(b'"', begin, end) % 2 and end > 0:  # a ">" inside of a value
            end = self._kept.find(b">", end + 1)
        tag = self._kept[begin : end + 1].decode("utf-8", "surrogateescape")
        return min(self._offset + begin, self._sure), tag

    def _byte_index(self) -> int:
        return max(self._parser.CurrentByteIndex, 0)  # -1 before the first feed


def _feed_parser(member: Member, limit: int, written: _Written, content: _Content) -> int:
    """Feed all but what the parser would hold in memory only, and look through again and again."""
    size = tags = piece = 0
    decoder = codecs.getincrementaldecoder("utf-8-sig")("replace")
    behind = b""  # bytes of a character that the next block ends
    for block in member.blocks():
        size += len(block)
        if size > limit:
            break
        legal = block.translate(_LEGAL)
        text = decoder.decode(legal)
        if legal != block or "\ufffd" in text:
            content.problems["bytes that are no legal text were replaced"] += 1
        stored = (behind + block).removesuffix(behind := decoder.getstate()[0])
        if text:
            offset = size - len(behind) - len(stored)
            bom = len(codecs.BOM_UTF8) if not offset and stored.startswith(codecs.BOM_UTF8) else 0
            written.feed(text, stored[bom:], offset + bom)
        piece = piece + len(block) if content.tags == tags else 0
        tags = content.tags
        if content.full:
            content.complete = False
            member.refuse("objects of a database", content.most, "--max-document")
            break
        if piece > LONGEST_PIECE and not content.complete:
            msg = f"{piece:,} bytes without a tag, which no database has"
            raise _NotADatabaseError(msg)
    return size


def _why_ended(why: str, member: Member, content: _Content) -> str:
    if content.complete:
        return f"after its end: {why}"
    lost = member.damage or why
    return f"{CUT_SHORT}{lost}; {len(content.objects)} objects were read before"


def _whole_number(text: str | None) -> int | None:
    return int(text) if text and re.fullmatch(r"[0-9]{1,18}", text) else None
