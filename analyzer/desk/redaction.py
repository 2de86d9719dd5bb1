"""Reports that do not say whose they are.

First every identifier is found, then each is told by a token, the same wherever it stands:
``host-1``, ``vm-3``, and ``ip-2.5`` for the fifth address of the second network, so that what is
near stays near. What hides an identifier (percent-encoding, base64, hexadecimal, the interface part
of an IPv6 address made of a MAC) is looked into. In the end every text that is to leave is read
again, and none leaves in which an identifier is left.
"""

import base64
import binascii
import html
import ipaddress
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from functools import cache
from importlib.resources.abc import Traversable
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeVar, cast
from urllib.parse import unquote

import re2

from analyzer.case.case import Case
from analyzer.desk.identifiers import (
    Identifier,
    Kind,
    addresses,
    domains,
    in_case,
    in_document,
    in_text,
    unique,
)
from analyzer.errors import UsageError
from analyzer.model.moment import Moment
from analyzer.model.packed_lines import PackedLines, unpacked, with_lines_unpacked
from analyzer.model.sentence import Sentence
from analyzer.render.data.json import report_object
from analyzer.resources import folder

if TYPE_CHECKING:
    from analyzer.model.report import Report

Told = TypeVar("Told")

_SHORT, _SHORT_NUMBER = 2, 4  # what is shorter is replaced only where it stands alone as a name
_HIDDEN = 6  # a shorter name is found in any noise
_IN_WORDS = (f"{Kind.SECRET}-", f"{Kind.MAC}-")  # these are looked for inside of words too
_PERCENT = re.compile(r"[^\s\"'<>]*%[0-9A-Fa-f]{2}[^\s\"'<>]*")
_BASE64 = re.compile(r"(?<![A-Za-z0-9+/_=-])[A-Za-z0-9+/_-]{12,}={0,2}(?![A-Za-z0-9+/_=-])")
_HEX = re.compile(r"(?i)(?<![0-9a-z])(?:0x)?(?:[0-9a-f]{2}){6,}(?![0-9a-z])")
_PARTS = 2000  # literals of one automaton


def redactor_of(
    what: object,
    case: Case | None = None,
    tokens: Mapping[str, str] = MappingProxyType({}),
    kinds: frozenset[Kind] = frozenset(Kind),
) -> "Redactor":
    """Return what redacts a report (or a report.json as objects), and what was said about it.

    `tokens` are those of an earlier run, {token: identifier}: a case keeps its words. The case
    adds what its databases name; without it, only what the report itself shows is known. Only
    ``kinds`` are taken out, and addresses always.
    """
    document = what if isinstance(what, Mapping) else report_object(cast("Report", what))
    found = [*in_document(document), *(in_case(case) if case else ())]
    hosts = {identifier.text for identifier in found if identifier.kind is Kind.HOST}
    # What is ours in a report: ids, the names of rules, of sources, of closed sets.
    own_texts: list[str] = []
    for key in ("rule", "id", "fingerprint", "plan", "source", "parser", "process", "pattern"):
        own_texts.extend(_values_of(document, key))
    schema = json.loads((folder("reports") / "report.schema.json").read_text("utf-8"))
    own_texts.extend(_words_of_schema(schema))
    kept = frozenset(own_texts)
    for text in set(_texts_in(what)) - kept:
        for reading in {text, unquote(text)}:
            found += [*in_text(reading), *domains(hosts, reading)]
    return Redactor((each for each in found if each.kind in kinds), tokens, kept)


def _texts_in(value: object) -> Iterator[str]:
    """Yield all texts of a value, however deep."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, part in value.items():
            yield from _texts_in(key)
            yield from _texts_in(part)
    elif isinstance(value, (tuple, list, frozenset)):
        for part in value:
            yield from _texts_in(part)
    elif isinstance(value, PackedLines):
        yield from unpacked(value.packed)
    elif is_dataclass(value) and not isinstance(value, type):
        for field in fields(value):
            yield from _texts_in(getattr(value, field.name))


def _values_of(value: object, key: str) -> Iterator[str]:
    if isinstance(value, Mapping):
        if isinstance(value.get(key), str):
            yield value[key]
        for part in value.values():
            yield from _values_of(part, key)
    elif isinstance(value, list):
        for part in value:
            yield from _values_of(part, key)


def _words_of_schema(schema: object) -> Iterator[str]:
    if isinstance(schema, Mapping):
        yield from (word for word in schema.get("enum", ()) if isinstance(word, str))
        if isinstance(schema.get("const"), str):
            yield schema["const"]
        for part in schema.values():
            yield from _words_of_schema(part)
    elif isinstance(schema, list):
        for part in schema:
            yield from _words_of_schema(part)


class Redactor:
    """What tells every identifier by its token; made with all that was found, at once.

    ``tokens`` are those of an earlier run: {token: identifier}. ``kept`` are texts of our own
    that stay as they are.
    """

    def __init__(
        self, found: Iterable[Identifier], tokens: Mapping[str, str], kept: Iterable[str]
    ) -> None:
        self._tokens = {text.casefold(): token for token, text in tokens.items()}
        self._written = dict(tokens)
        self._counts: dict[str, int] = {}
        for token in tokens:
            stem, number = re.fullmatch(r"(.*[-.])(\d+)", token).groups()  # type: ignore[union-attr]
            self._counts[stem] = max(self._counts.get(stem, 0), int(number))
        self._kept = frozenset(kept)
        self._told: dict[str, str] = {}
        self._forms = set(tokens.values())
        for identifier in unique(found):
            kind, add_text = identifier.kind, identifier.text
            add_token = self._tokens.get(add_text.casefold()) or self._next_number(
                f"{kind}-", add_text
            )
            forms = _forms_of_mac(add_text) if kind is Kind.MAC else ()
            for form in (add_text, *forms, html.escape(add_text), json.dumps(add_text)[1:-1]):
                self._tokens.setdefault(form.casefold(), add_token)
                self._forms.add(form)
        self._literal_automata = tuple(_literal_automata(filter(_is_findable, self._forms)))

    @property
    def tokens(self) -> Mapping[str, str]:
        """Return what each token stands for: the private map."""
        return dict(sorted(self._written.items()))

    def value(self, value: Told) -> Told:
        """Return a report, or a part of one, with all its texts told by tokens."""
        return cast("Told", self._value_redacted(value))

    def text(self, text: str) -> str:
        """Return a text told by tokens."""
        if text in self._kept:
            return text
        if (told := self._told.get(text)) is None:
            # Look into what may hide an identifier.
            decoded_text = text
            if "%" in decoded_text:
                decoded_text = _PERCENT.sub(
                    lambda found: self._without_hidden(found[0], unquote(found[0])), decoded_text
                )
            decoded_text = _BASE64.sub(
                lambda found: self._hidden_redacted(found[0], _from_base64(found[0])), decoded_text
            )
            decoded_redacted = _HEX.sub(
                lambda found: self._hidden_redacted(found[0], _from_hex(found[0])), decoded_text
            )
            told = self._told[text] = self._plain_redacted(decoded_redacted)
        return told

    def residue(self, text: str) -> list[str]:
        """Return the tokens of identifiers that still stand in a text that is to leave.

        Names that are words of our own pages are not looked for here: nobody could tell them.
        """
        text = with_lines_unpacked(text)
        read = {text, html.unescape(unquote(text))}
        left = {
            written[b:e].casefold()
            for written in read
            for b, e in self._places_of_literals(written)
        }
        return sorted({self._tokens[literal] for literal in left - _our_words()})

    def _value_redacted(self, value: Any) -> Any:
        if isinstance(value, Sentence):
            return value.with_values(self._value_redacted)
        if isinstance(value, str):
            # A text that may be nothing but a name, be it as short as it may.
            if isinstance(value, Enum) or value in self._kept:
                return value
            return self._tokens.get(value.casefold()) or self.text(value)
        if isinstance(value, (tuple, list, frozenset)):
            return type(value)(self._value_redacted(part) for part in value)
        if isinstance(value, Mapping):
            return {
                self._value_redacted(key): self._value_redacted(part) for key, part in value.items()
            }
        if isinstance(value, PackedLines):
            return value.told_by(self._value_redacted)
        if is_dataclass(value) and not isinstance(value, (Moment, type)):
            # A copy field by field: ids were made of what must not be told, and stay.
            made = object.__new__(type(value))
            for field in fields(value):
                object.__setattr__(
                    made, field.name, self._value_redacted(getattr(value, field.name))
                )
            return made
        return value

    def _plain_redacted(self, text: str) -> str:
        parts, done = [], 0
        for begin, end in self._places_of_literals(text):
            parts += [text[done:begin], self._tokens[text[begin:end].casefold()]]
            done = end
        addresses_text = "".join([*parts, text[done:]])
        addresses_parts, addresses_done = [], 0
        for addresses_begin, addresses_end, kind, written in addresses(addresses_text):
            # The token of an address, which says of which network it is.
            address = ipaddress.ip_address(written)
            if known := self._tokens.get(address.exploded):
                address_token = known
            else:
                bits = 24 if kind is Kind.V4 else 64
                network = str(ipaddress.ip_network((address, bits), strict=False))
                near = self._tokens.get(network) or self._next_number(f"{kind}-", network)
                address_token = self._next_number(f"{near}.", address.exploded)
            addresses_parts += [
                addresses_text[addresses_done:addresses_begin],
                address_token,
            ]
            addresses_done = addresses_end
        return "".join([*addresses_parts, addresses_text[addresses_done:]])

    def _next_number(self, stem: str, text: str) -> str:
        self._counts[stem] = self._counts.get(stem, 0) + 1
        token = f"{stem}{self._counts[stem]}"
        self._written[token] = text
        self._tokens[text.casefold()] = token
        return token

    def _places_of_literals(self, text: str) -> Iterator[tuple[int, int]]:
        """Yield where identifiers stand in a text, in order."""
        done = 0
        found = (
            span
            for a in self._literal_automata
            if a.search(text)
            for span in _spans_of_automaton(a, text, self._tokens)
        )
        for begin, end in sorted(found, key=lambda span: (span[0], -span[1])):
            if begin >= done:
                yield begin, end
                done = end

    def _without_hidden(self, written: str, plain: str) -> str:
        told = self._plain_redacted(plain)
        return written if told == plain else told

    def _hidden_redacted(self, written: str, readings: Iterable[str]) -> str:
        for plain in readings:
            literal = any(end - begin >= _HIDDEN for begin, end in self._places_of_literals(plain))
            if literal or any(True for _ in addresses(plain)):
                return self._tokens.get(written.casefold()) or self._next_number("hidden-", written)
        return written


def _literal_automata(literals: Iterable[str]) -> Iterator[Any]:
    """Yield automata that find literals, the longest first, in one pass over a text each."""
    ordered = sorted(literals, key=lambda literal: (-len(literal), literal))
    options = re2.Options()
    options.case_sensitive = False
    options.longest_match = True
    options.max_mem = 1 << 28
    for at in range(0, len(ordered), _PARTS):
        yield re2.compile("|".join(map(re2.escape, ordered[at : at + _PARTS])), options)


def _spans_of_automaton(
    automaton: Any, text: str, known: Mapping[str, str]
) -> Iterator[tuple[int, int]]:
    """Yield where literals stand alone in a text, none in another.

    Where the longest is only the begin of a longer word, a shorter one may still stand alone.
    """
    for found in automaton.finditer(text):
        begin, end = found.span()
        while end - begin >= _SHORT:
            token = known.get(text[begin:end].casefold(), "")
            anywhere = end - begin >= _HIDDEN and token.startswith(_IN_WORDS)
            if token and (anywhere or _stands_alone(text, begin, end)):
                yield begin, end
                break
            inner = automaton.search(text[begin : end - 1])
            if inner is None:
                break
            begin, end = begin + inner.start(), begin + inner.end()


def _stands_alone(text: str, begin: int, end: int) -> bool:
    """Tell whether a literal is no part of a longer word."""
    before, after = text[max(begin - 1, 0) : begin], text[end : end + 1]
    first, last = text[begin], text[end - 1]
    return not ((before.isalnum() and first.isalnum()) or (after.isalnum() and last.isalnum()))


def _is_findable(literal: str) -> bool:
    return len(literal) >= (_SHORT_NUMBER if literal.isdigit() else _SHORT)


def _forms_of_mac(mac: str) -> Iterator[str]:
    """Yield a MAC as other programs write it, and what IPv6 makes of it (EUI-64)."""
    digits = re.sub(r"[:-]", "", mac).casefold()
    yield digits
    yield "-".join(digits[n : n + 2] for n in range(0, 12, 2))
    yield ":".join(digits[n : n + 2] for n in range(0, 12, 2))
    yield ".".join(digits[n : n + 4] for n in range(0, 12, 4))
    flipped = f"{int(digits[:2], 16) ^ 2:02x}{digits[2:]}"
    for half in (flipped, digits):
        groups = [half[:4], f"{half[4:6]}ff", f"fe{half[6:8]}", half[8:]]
        yield ":".join(groups)
        yield ":".join(group.lstrip("0") or "0" for group in groups)
        yield "".join(groups)


def _from_base64(written: str) -> Iterator[str]:
    plain = written.rstrip("=").translate(str.maketrans("-_", "+/"))
    for begin in range(4):
        part = plain[begin:]
        part = part[: len(part) - (len(part) % 4 == 1)]
        try:
            yield from _readable_texts(base64.b64decode(part + "=" * (-len(part) % 4)))
        except binascii.Error:
            continue


def _from_hex(written: str) -> Iterator[str]:
    yield from _readable_texts(bytes.fromhex(written[written[:2].lower() == "0x" and 2 :]))


def _readable_texts(data: bytes) -> Iterator[str]:
    text = data.decode("utf-8", "replace")
    if len(text) >= _HIDDEN and sum(c.isprintable() for c in text) >= len(text) // 2:
        yield text


@cache
def _our_words() -> frozenset[str]:
    """Return the words of our own pages and data, in which a name may happen to stand."""
    words: set[str] = set()
    for part in ("reports", "patterns"):
        for text in _texts_below(folder(part)):
            words.update(re.findall(r"\w+", text.casefold()))
    return frozenset(words)


def _texts_below(place: Traversable) -> Iterator[str]:
    for entry in place.iterdir():
        if entry.is_dir():
            yield from _texts_below(entry)
        else:
            yield entry.read_text("utf-8")


def check_residue(redactor: Redactor, texts: Mapping[str, str]) -> None:
    """Read what is to leave once more.

    Raises:
        UsageError: an identifier is left in one of the texts; it is named by its token.
    """
    for name, text in texts.items():
        if left := redactor.residue(text):
            msg = (
                f"{name}: {', '.join(left[:5])} could not be taken out of it, so nothing was "
                "written; please report this, it is a fault of cbtriage"
            )
            raise UsageError(msg)
