"""Words in which an identifier may be hidden: percent-encoding, Base64, hexadecimal."""

import base64
import binascii
import re
from collections.abc import Iterable, Iterator

from analyzer.desk.literals import HIDDEN

_WORD = 12  # characters of the shortest that is looked into
PERCENT = re.compile(r"[^\s\"'<>]*%[0-9A-Fa-f]{2}[^\s\"'<>]*")
BASE64 = re.compile(r"(?<![A-Za-z0-9+/_=-])[A-Za-z0-9+/_-]{12,}={0,2}(?![A-Za-z0-9+/_=-])")
HEX = re.compile(r"(?i)(?<![0-9a-z])(?:0x)?(?:[0-9a-f]{2}){6,}(?![0-9a-z])")


def _only(*kept: range | str) -> bytes:
    """Return the table that makes spaces of all bytes but those of some characters."""
    shown = {ord(c) if isinstance(c, str) else c for part in kept for c in part}
    return bytes(byte if byte in shown else ord(" ") for byte in range(256))


_ALNUM = (
    range(ord("0"), ord("9") + 1),
    range(ord("a"), ord("z") + 1),
    range(ord("A"), ord("Z") + 1),
)
_OF_BASE64, _OF_HEX = _only(*_ALNUM, "+/_=-"), _only(*_ALNUM)


def base64_words(texts: Iterable[str]) -> set[str]:
    """Return what `BASE64` finds in texts of ASCII, each once."""
    return {word for word in _long_words(texts, _OF_BASE64) if BASE64.fullmatch(word)}


def hex_words(texts: Iterable[str]) -> set[str]:
    """Return what `HEX` finds in texts of ASCII, each once."""
    return {word for word in _long_words(texts, _OF_HEX) if HEX.fullmatch(word)}


def _long_words(texts: Iterable[str], letters: bytes) -> Iterator[str]:
    words = set("\n".join(texts).encode().translate(letters).split())
    return (word.decode() for word in words if len(word) >= _WORD)


def from_base64(written: str) -> Iterator[str]:
    """Yield what a word says, wherever in it the encoded text begins."""
    plain = written.rstrip("=").translate(str.maketrans("-_", "+/"))
    for begin in range(4):
        part = plain[begin:]
        part = part[: len(part) - (len(part) % 4 == 1)]
        try:
            yield from _readable_texts(base64.b64decode(part + "=" * (-len(part) % 4)))
        except binascii.Error:
            continue


def from_hex(written: str) -> Iterator[str]:
    """Yield what a word says."""
    yield from _readable_texts(bytes.fromhex(written[written[:2].lower() == "0x" and 2 :]))


def _readable_texts(data: bytes) -> Iterator[str]:
    text = data.decode("utf-8", "replace")
    if len(text) >= HIDDEN and sum(map(str.isprintable, text)) >= len(text) // 2:
        yield text
