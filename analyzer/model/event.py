"""One thing that a log says happened."""

from collections.abc import Mapping
from dataclasses import field, replace
from enum import StrEnum
from types import MappingProxyType

from analyzer.model.moment import Moment
from analyzer.model.source import Source
from analyzer.values import dataclass

CODING = ("utf-8", "surrogatepass")  # of words that are kept as bytes
_PLACE = 32  # bits of where a text ends
_END = (1 << _PLACE) - 1


class Level(StrEnum):
    """How loud the program was; not what it costs the pool (that is `Severity`)."""

    DEBUG = "debug"
    INFO = "info"
    WARN = "warn"
    ERROR = "error"
    AUDIT = "audit"


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """A log record that some rule or state builder asked for.

    ``kind`` is the id of the selector that kept it; ``fields`` are that selector's named
    groups. ``text`` is verbatim, with all physical lines of the record; ``count`` is 1 plus
    the repetitions that syslog folded into a "message repeated N times" line. ``host`` is the
    name of the host whose bundle this is.
    """

    moment: Moment
    source: Source
    kind: str
    parser: str
    host: str
    process: str
    # Where text and message lie (`place_of_text`) among words that many events share: bytes, or a
    # mapped file, which is read as bytes are.
    words: bytes = field(repr=False, compare=False)
    place: int = field(repr=False, compare=False)
    said: int = field(repr=False, compare=False)
    pid: int | None = None
    task: str | None = None
    level: Level | None = None
    count: int = 1
    fields: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def text(self) -> str:
        """Return the record verbatim, with all its physical lines."""
        return text_at(self.words, self.place)

    @property
    def message(self) -> str:
        """Return what was said, without what every line of the log begins with."""
        return text_at(self.words, self.said)

    def alone(self) -> "Event":
        """Return it with its own text only, as it is taken out of the memory of a run."""
        return self._saying(self.text, self.message)

    def joined_with(self, other: "Event") -> "Event":
        """Return it with message and text of another behind its own."""
        return self._saying(f"{self.text}\n{other.text}", f"{self.message}\n{other.message}")

    def _saying(self, text: str, message: str) -> "Event":
        words, place, said = words_of(text, message)
        return replace(self, words=words, place=place, said=said)


def place_of_text(start: int, end: int) -> int:
    """Return as one number where a text begins and ends: a pair takes three times the memory."""
    return start << _PLACE | end


def text_at(words: bytes, place: int) -> str:
    """Return the text at a place of `place_of_text`."""
    return words[place >> _PLACE : place & _END].decode(*CODING)


def words_of(text: str, message: str) -> tuple[bytes, int, int]:
    """Return the words of a text and its message, and the places of both in them."""
    whole, said = text.encode(*CODING), message.encode(*CODING)
    words = whole if whole.endswith(said) else whole + said
    return words, place_of_text(0, len(whole)), place_of_text(len(words) - len(said), len(words))
