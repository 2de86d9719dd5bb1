"""The ledger of errors: every line that says something failed, folded while logs are read.

Nothing is kept of a line but its group: how often, the first and the last of each file, and a few
places by which the group is joined with what the rules found. What is kept is bounded whatever a
log says: beyond a number of groups per report only the form of a line counts, then only its log.
"""

import heapq
import re
from collections import OrderedDict, deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import field
from functools import partial
from operator import itemgetter
from typing import NamedTuple, TypeVar

from analyzer.case.errors.said import Failure, Said, Setting, Weight, folded, said
from analyzer.case.errors.tried_again import TriedAgain
from analyzer.model.event import Level
from analyzer.model.source import quoted
from analyzer.model.terms import OPAQUE_REF, SHORT_TASK, SM_CALL, UUID, VDI_UUID_ARGUMENT
from analyzer.parsers._api import LogParser, Record, Stamp
from analyzer.parsers.scan.later import NumberedLine
from analyzer.parsers.scan.match import Seen, automaton
from analyzer.parsers.scan.records import LineReader
from analyzer.parsers.scan.scan import Notice
from analyzer.values import dataclass

__all__ = ["ErrorLedger", "Failure", "Key", "Lines", "Place"]

LONGEST_TEXT = 4096
LONGEST_MESSAGE = 65_536  # characters in which the objects of a failure are looked for
_GROUPS = 2000  # of one report by form and object
_FORMS = 4000  # and in all; what comes later is only counted
_PLACES = 8  # kept from the beginning of a file, and as many from its end
_PROCESSES = 4096
_WAITING = 2 * _PROCESSES  # lines that tell what a process is at
_LONGEST_HEAD = 256  # characters of a line before its message
_ALL_OTHERS = "further kinds of lines that say something failed"

_SR = re.compile(
    r"(?:VG_XenStorage-|XSLocalEXT-|/sr-mount/|=== SR |'sr_uuid': u?')"
    rf"({UUID})"
)
_VDI = re.compile(
    r"(?:'vdi_uuid': u?'|/VHD-|/LV-|VDI |\*|for |of |/)"
    rf"({UUID})"
)
_SHORT = re.compile(r"\*?\b([0-9a-f]{8})(?:\[[A-Za-z0-9]*\])?\([0-9.]+[GMK]")
_REF_OF_VDI = re.compile(r"'vdi_ref': u?'(OpaqueRef:[0-9a-f-]{36})'")
_REFS = 50_000

T = TypeVar("T")


class Place(NamedTuple):
    """Where a line of a group stands, and whose it is."""

    line: int
    stamp: Stamp
    pid: int | None
    task: str | None
    text: str


@dataclass(frozen=True, slots=True)
class Key:
    """What makes two lines the same error, within one report."""

    bundle: str
    parser: str
    process: str
    code: str
    form: str
    sr: str
    disk: str


@dataclass(slots=True, kw_only=True)
class Lines:
    """The lines of one error in one file, as far as they are kept.

    ``counts`` are by weight, because one failure may be told several times; ``disk`` and ``sr``
    of the key are uuids, references or the first eight digits of a uuid.
    """

    key: Key
    member: str
    weight: Weight
    text: str
    code: str = ""
    calls: dict[str, None] = field(default_factory=dict)
    counts: dict[Weight, int] = field(default_factory=dict)
    first: list[Place] = field(default_factory=list)
    last: list[Place] = field(default_factory=list)

    @property
    def count(self) -> int:
        """Return how often it happened."""
        return max(self.counts.values())

    @property
    def places(self) -> tuple[Place, ...]:
        """Return the kept places in the order of lines."""
        return (*self.first, *self.last)


class ErrorLedger:
    """Take the records of every log; ``lines`` are the errors found in them.

    ``disks`` are the references of disks for which SM was called, with their uuids.

    ``noise`` are the kinds of hits that nobody has to care about: such a record is no error.
    """

    def __init__(self, noise: Iterable[str] = ()) -> None:
        self._noise = frozenset(noise)
        self._found: dict[tuple[Key, str], Lines] = {}
        self._forms: dict[str, str] = {}
        self._groups: dict[str, int] = {}
        self.disks: dict[str, str] = {}  # reference → uuid, as SM was called for them

    @property
    def lines(self) -> tuple[Lines, ...]:
        """Return the errors, one row per file."""
        return tuple(self._found.values())

    def of_bundles(self, bundles: Collection[str]) -> "ErrorLedger":
        """Return the errors that these bundles' logs tell of."""
        part = ErrorLedger(self._noise)
        part._found = {key: row for key, row in self._found.items() if key[0].bundle in bundles}
        part.disks = self.disks
        return part

    def of(self, bundle: str, member: str, parser: LogParser) -> Notice | None:
        """Return what takes the records of one file, None for a log that tells of no failure."""
        return self.watch(parser, partial(self.add, bundle, member, parser.name))

    def watch(self, parser: LogParser, tell: Callable[["Failure"], None]) -> Notice | None:
        """Return what tells the failures among the records of one file that it is given."""
        if parser.failure is None and parser.loud is None:
            return None
        return _Watch(self, parser, tell)

    def is_noise(self, seen: Seen) -> bool:
        """Tell whether nobody has to care about a record in which this was seen."""
        return not self._noise.isdisjoint(hit.selector for hit in seen.hits)

    def add(self, bundle: str, member: str, parser: str, failure: "Failure") -> None:
        """Fold a failure that a file tells of."""
        record, told, at, is_over = failure
        # The group of a line; of too many groups first the objects are left out.
        form = self._forms.get(told.text)
        if form is None:
            if len(self._forms) > _FORMS:
                self._forms.clear()
            form = self._forms[told.text] = folded(told.text)
        process = record.process
        groups = self._groups.get(bundle, 0)
        if groups >= _FORMS:
            key_of_line: Key = Key(bundle, parser, process, "", _ALL_OTHERS, "", "")
        elif groups >= _GROUPS:
            key_of_line = Key(bundle, parser, process, told.code, form, "", "")
        else:
            sr = at.sr or _first_match(_SR, record.message)
            disk = at.disk or _first_match(_VDI, told.text) or _first_match(OPAQUE_REF, told.text)
            disk = disk or _first_match(_SHORT, told.text)
            code = "" if record.process in ("SM", "SMGC") else told.code
            key_of_line = Key(bundle, parser, process, code, form, sr, "" if disk == sr else disk)
        if is_over:
            self._take_back_line(key_of_line, member, record, told)
        else:
            self._add_line(key_of_line, member, record, told, at)

    def add_disks(self, disks: Mapping[str, str]) -> None:
        """Remember which disks references are of: they may be gone from the database."""
        for ref, uuid in disks.items():
            if len(self.disks) < _REFS:
                self.disks[ref] = uuid

    def note_disk(self, message: str) -> None:
        """Remember what a call of SM tells of its disk."""
        if "'vdi_ref'" not in message:  # of an SR
            return
        ref, uuid = _first_match(_REF_OF_VDI, message), _first_match(VDI_UUID_ARGUMENT, message)
        if ref and uuid:
            self.add_disks({ref: uuid})

    def _add_line(self, key: Key, member: str, record: Record, told: Said, at: Setting) -> None:
        lines = self._found.get((key, member))
        if lines is None:
            lines = Lines(key=key, member=member, weight=told.weight, text=told.text)
            self._found[key, member] = lines
            self._groups[key.bundle] = self._groups.get(key.bundle, 0) + 1
        if told.weight > lines.weight:
            lines.weight, lines.text = told.weight, told.text
        lines.code = lines.code or told.code
        call = told.call or at.call
        if call and len(lines.calls) < _PLACES:
            lines.calls[call] = None
        lines.counts[told.weight] = lines.counts.get(told.weight, 0) + record.count
        found = SHORT_TASK.search(record.task) if record.task else None
        task_reference = found[1] if found else None
        place = Place(
            record.line,
            record.stamp,
            record.pid,
            task_reference,
            record.text,
        )
        if len(lines.first) < _PLACES:
            lines.first.append(place)
        else:
            lines.last.append(place)
            if len(lines.last) > _PLACES:
                del lines.last[0]

    def _take_back_line(self, key: Key, member: str, record: Record, told: Said) -> None:
        lines = self._found.get((key, member))
        if lines is None:
            return
        lines.counts[told.weight] = lines.counts.get(told.weight, 0) - record.count
        if lines.count <= 0:
            del self._found[key, member]
            self._groups[key.bundle] -= 1
            return
        for places in (lines.first, lines.last):
            if len(lines.places) > 1:
                places[:] = [place for place in places if place.line != record.line]


class _Watch:
    """Tells the failures among the records of one file."""

    def __init__(
        self, ledger: ErrorLedger, parser: LogParser, tell: Callable[[Failure], None]
    ) -> None:
        self._ledger = ledger
        self._loud = parser.loud is not None
        self._tell = tell
        self._settings = _Settings(parser)
        self._tried = TriedAgain()

    def __call__(self, record: Record, seen: Seen) -> None:
        if record.message.startswith("[" if seen.sets else "*** lv"):  # done, or tried again
            for failure in self._tried.taken_back(record):
                self._tell(failure._replace(is_over=True))
        elif seen.sets and record.pid:
            self._settings.add(record, record.pid)
            self._ledger.note_disk(record.message)
            return
        loud = self._loud and record.level is Level.ERROR
        if not (loud or seen.fails) or self._ledger.is_noise(seen):
            return
        told = said(record.process, record.message, loud=loud)
        if told is not None:
            at = _setting_of_line(self._settings.before(record))
            text = quoted(record.text, LONGEST_TEXT)
            short = record._replace(text=text, message=record.message[:LONGEST_MESSAGE])
            failure = Failure(short, told, at)
            self._tried.add(failure)
            self._tell(failure)

    def set_aside(self, lines: Sequence[NumberedLine]) -> None:
        """Take lines that are read when their process fails."""
        self._settings.add_unread(lines)


class _Settings:
    """What each process of a file said last of what it is at.

    Nobody asks as long as nothing fails: lines wait as they are, the last of them, until then.
    """

    def __init__(self, parser: LogParser) -> None:
        self._read = LineReader(parser).read
        self._sets = automaton(parser.setting) if parser.setting else None
        self._known: OrderedDict[int, str] = OrderedDict()
        self._told: deque[tuple[int, tuple[int, str]]] = deque(maxlen=_WAITING)
        self._unread: deque[NumberedLine] = deque(maxlen=_WAITING)

    def add(self, record: Record, pid: int) -> None:
        """Take what was read; the lines of a file come in its order."""
        self._told.append((record.line, (pid, record.message[:LONGEST_TEXT])))

    def add_unread(self, lines: Iterable[NumberedLine]) -> None:
        """Take lines, in the order of the file."""
        longest = LONGEST_TEXT + _LONGEST_HEAD
        self._unread.extend([(number, line[:longest]) for number, line in lines])

    def before(self, record: Record) -> str:
        """Return what its process said last before it, "" if nothing."""
        told, unread = (_taken_before(record.line, each) for each in (self._told, self._unread))
        for number, line in heapq.merge(told, unread, key=itemgetter(0)):
            found = self._what_is_set(number, line) if isinstance(line, bytes) else line
            if found is not None:
                pid, self._known[pid] = found
                if len(self._known) > _PROCESSES:
                    self._known.popitem(last=False)
        return self._known.get(record.pid or 0, "")

    def _what_is_set(self, number: int, line: bytes) -> tuple[int, str] | None:
        record = self._read(number, line)
        if record is None or not record.pid or self._sets is None:
            return None
        message = record.message[:LONGEST_TEXT]
        sets = self._sets.find(message.encode(errors="replace")) >= 0
        return (record.pid, message) if sets else None


def _taken_before(line: int, waiting: deque[tuple[int, T]]) -> Iterator[tuple[int, T]]:
    """Yield the lines before one, and take them away."""
    while waiting and waiting[0][0] < line:
        yield waiting.popleft()


def _setting_of_line(message: str) -> Setting:
    call = SM_CALL.match(message)
    return Setting(call[1] if call else "", _first_match(_SR, message), _first_match(_VDI, message))


def _first_match(pattern: re.Pattern[str], text: str) -> str:
    found = pattern.search(text)
    return (found[1] if pattern.groups else found[0]) if found else ""
