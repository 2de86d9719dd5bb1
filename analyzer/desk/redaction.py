"""Reports that do not say whose they are.

First every identifier is found, then each is told by a token, the same wherever it stands:
``host-1``, ``vm-3``, and ``ip-2.5`` for the fifth address of the second network, so that what is
near stays near. What hides an identifier (percent-encoding, base64, hexadecimal, the interface part
of an IPv6 address made of a MAC) is looked into. In the end every text that is to leave is read
again, and none leaves in which an identifier is left.
"""

import html
import ipaddress
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from enum import Enum
from functools import cache
from importlib.resources.abc import Traversable
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar, cast
from urllib.parse import unquote

from analyzer.case.case import Case
from analyzer.desk.hidden import (
    BASE64,
    HEX,
    PERCENT,
    base64_words,
    from_base64,
    from_hex,
    hex_words,
)
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
from analyzer.desk.literals import HIDDEN, Literals
from analyzer.errors import UsageError
from analyzer.model.moment import Moment
from analyzer.model.packed_lines import PackedLines, unpacked, with_lines_unpacked
from analyzer.model.sentence import Sentence
from analyzer.render.data.json import report_object
from analyzer.resources import folder

if TYPE_CHECKING:
    from analyzer.model.report import Report

Told = TypeVar("Told")
Decoded: TypeAlias = Callable[[str], Iterator[str]]

_IN_WORDS = (f"{Kind.SECRET}-", f"{Kind.MAC}-")  # these are looked for inside of words too


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
    texts = set(_texts_in(what)) - kept
    readings = texts | {unquote(text) for text in texts if "%" in text}
    found += domains(hosts, readings)
    for reading in readings:
        found += in_text(reading)
    redactor = Redactor((each for each in found if each.kind in kinds), tokens, kept)
    redactor.hiding_in(readings)
    return redactor


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
        for name in _fields_of(type(value)):
            yield from _texts_in(getattr(value, name))


@cache
def _fields_of(kind: type[Any]) -> tuple[str, ...]:
    return tuple(field.name for field in fields(kind))


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
        self._literals = Literals(self._forms, self._tokens, _IN_WORDS)
        self._places: dict[str, Sequence[tuple[int, int]]] = {}  # of lines that hide nothing
        self._hide_nothing: dict[Decoded, set[str]] = {from_base64: set(), from_hex: set()}

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
            if (places := self._places.pop(text, None)) is None:
                text_told = self._plain_redacted(self._without_hidden(text))
            else:
                text_told = self._addresses_redacted(self._literals_redacted(text, places))
            told = self._told[text] = text_told
        return told

    def residue(self, text: str) -> list[str]:
        """Return the tokens of identifiers that still stand in a text that is to leave.

        Names that are words of our own pages are not looked for here: nobody could tell them.
        """
        text = with_lines_unpacked(text)
        read = {text, html.unescape(unquote(text))}
        left = {
            written[b:e].casefold() for written in read for b, e in self._literals.places(written)
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
            return value.told_by(self._lines_redacted)
        if is_dataclass(value) and not isinstance(value, (Moment, type)):
            # A copy field by field: ids were made of what must not be told, and stay.
            made = object.__new__(type(value))
            for name in _fields_of(type(value)):
                object.__setattr__(made, name, self._value_redacted(getattr(value, name)))
            return made
        return value

    def _lines_redacted(self, lines: Sequence[str]) -> list[str]:
        """Return many lines, each told as by itself; what is in them is looked for at once."""
        clear = [line for line in dict.fromkeys(lines) if line.isascii() and "%" not in line]
        hiding = self.hiding_in(clear)
        clear = [line for line in clear if not any(word in line for word in hiding)]
        self._places = dict(zip(clear, self._literals.places_in_lines(clear), strict=True))
        return [self._value_redacted(line) for line in lines]

    def hiding_in(self, texts: Iterable[str]) -> set[str]:
        """Return the words that may hide an identifier, and note that the others hide none."""
        plain = [text for text in texts if text.isascii()]
        return self._hiding(base64_words(plain), from_base64) | self._hiding(
            hex_words(plain), from_hex
        )

    def _hiding(self, words: set[str], decoded: Decoded) -> set[str]:
        unseen = sorted(words - self._hide_nothing[decoded])
        readings = [(word, plain) for word in unseen for plain in decoded(word)]
        telling = self._literals.that_may_tell([plain for _, plain in readings])
        hiding = {readings[number][0] for number in telling}
        self._hide_nothing[decoded].update(words - hiding)
        return hiding

    def _plain_redacted(self, text: str) -> str:
        return self._addresses_redacted(self._literals_redacted(text, self._literals.places(text)))

    def _literals_redacted(self, text: str, places: Iterable[tuple[int, int]]) -> str:
        parts, done = [], 0
        for begin, end in places:
            parts += [text[done:begin], self._tokens[text[begin:end].casefold()]]
            done = end
        return "".join([*parts, text[done:]])

    def _addresses_redacted(self, addresses_text: str) -> str:
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

    def _without_hidden(self, text: str) -> str:
        """Look into what may hide an identifier."""
        if "%" in text:
            text = PERCENT.sub(lambda found: self._percent_redacted(found[0]), text)
        text = BASE64.sub(lambda found: self._hidden_redacted(found[0], from_base64), text)
        return HEX.sub(lambda found: self._hidden_redacted(found[0], from_hex), text)

    def _percent_redacted(self, written: str) -> str:
        plain = unquote(written)
        told = self._plain_redacted(plain)
        return written if told == plain else told

    def _hidden_redacted(self, written: str, decoded: Decoded) -> str:
        if written in self._hide_nothing[decoded]:
            return written
        for plain in decoded(written):
            literal = any(end - begin >= HIDDEN for begin, end in self._literals.places(plain))
            if literal or any(True for _ in addresses(plain)):
                return self._tokens.get(written.casefold()) or self._next_number("hidden-", written)
        return written


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
