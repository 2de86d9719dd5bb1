"""Gather: every member of every bundle is read once and becomes rows, facts and coverage."""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import field, replace
from datetime import UTC, datetime, timedelta

from analyzer.bundle._meter import over
from analyzer.bundle.budget import BYTES_OF_A_ROW, LINES_OF_A_ROW, Budget
from analyzer.bundle.inventory import (
    LARGEST,
    BugtoolLog,
    ReportInventory,
    read_bugtool_log,
    read_inventory,
)
from analyzer.bundle.ledger import SeenMember
from analyzer.bundle.member import ConcreteMember, Member
from analyzer.bundle.paste import NO_HOST, Pasted
from analyzer.case.answers import MANIFEST, Answers, read_answers
from analyzer.case.errors.ledger import ErrorLedger
from analyzer.case.events import EventTableBuilder
from analyzer.case.log_process import Answer, End, Log, Part
from analyzer.case.log_processes import LogProcesses
from analyzer.dating.assumed import Assumed
from analyzer.dating.capture import parse_uptime
from analyzer.dating.clock import Clock, parse_c_date, parse_report_name
from analyzer.model.places import MemberPlace
from analyzer.model.report import ParseProblem
from analyzer.model.source import Source
from analyzer.model.terms import BUGTOOL_LOG
from analyzer.parsers import document_parser, log_parser
from analyzer.parsers._api import Fact, LogParser, LogStats, Record, Stamp, Witness
from analyzer.parsers.scan.later import LaterLines
from analyzer.parsers.scan.match import Seen
from analyzer.parsers.scan.scan import Scanner
from analyzer.sources import SOURCES, XAPI_DB
from analyzer.values import dataclass

INVENTORY = "inventory.xml"
# Of each source, what the collector calls it; and those that tell of which host they are.
_COLLECTED = {kind.name: kind for kind in SOURCES}
_IDENTITY = frozenset({XAPI_DB, "xensource_inventory", "pool_conf", "alerts"})
_FEW = 2  # files of the collector that somebody sends by themselves
_REPORT_NAME = re.compile(r"bug-report-\d{14}")


@dataclass(slots=True, kw_only=True)
class LogRead:
    """A log member that was read to its end; ``written`` is when the host wrote it last.

    ``later`` are lines that are read only where others are found.
    """

    member: str
    parser: str
    stats: LogStats
    records: int
    written: datetime | None = None
    later: LaterLines = field(default_factory=LaterLines)


@dataclass(slots=True, kw_only=True)
class BundleContent:
    """What one status report held, as far as it was read."""

    name: str
    clock: Clock = field(default_factory=Clock)
    seen: list[SeenMember] = field(default_factory=list)
    logs: list[LogRead] = field(default_factory=list)
    facts: list[Fact] = field(default_factory=list)
    documents: list[tuple[str, str]] = field(default_factory=list)  # (parser, member)
    problems: list[ParseProblem] = field(default_factory=list)
    syslog_hosts: Counter[str] = field(default_factory=Counter)
    inventory: ReportInventory | None = None
    bugtool: BugtoolLog | None = None
    pasted: bool = False
    stopped: str = ""  # which limit of ours ended the reading of its archive
    answers: Answers | None = None
    times: dict[str, datetime] = field(default_factory=dict)  # when documents were written
    given: str = ""  # the input that holds it
    blocks: tuple[tuple[int, int], ...] = ()  # as in `ReportPlaces`
    places: dict[str, MemberPlace] = field(default_factory=dict)

    @property
    def is_report(self) -> bool:
        """Tell whether this is of a host, not only files that somebody laid beside a report.

        A few files under the collector's names may be either; then it is no report unless one of
        them says of which host it is.
        """
        if self.answers is not None:
            return False
        if self.logs or self.inventory or self.bugtool or _REPORT_NAME.search(self.name):
            return True
        own = [parser for parser, member in self.documents if _COLLECTED[parser].collects(member)]
        return len(own) > _FEW or not _IDENTITY.isdisjoint(own)

    @property
    def excerpt(self) -> bool:
        """Tell whether it is one log, or lines that somebody took out of some."""
        alone = len(self.seen) == 1 or self.pasted
        return alone and not (self.documents or self.inventory or self.bugtool)

    @property
    def understood(self) -> bool:
        """Tell whether any member was one that cbtriage knows."""
        return bool(self.logs or self.documents or self.inventory or self.bugtool)

    @property
    def claimed(self) -> Mapping[str, tuple[str, ...]]:
        """Return parser name → members that it recognised by name or content."""
        names = sorted({parser for parser, _ in self.documents})
        return {
            name: tuple(sorted(member for parser, member in self.documents if parser == name))
            for name in names
        }


class Gathering:
    """Take members one by one; afterwards `bundles` holds all but the events, the builder them.

    ``errors`` holds what the logs say failed.
    """

    def __init__(
        self,
        scanner: Scanner,
        events: EventTableBuilder,
        budget: Budget,
        errors: ErrorLedger | None = None,
        processes: LogProcesses | None = None,
        *,
        assumed: Assumed | None = None,
    ) -> None:
        self._assumed = assumed
        self.bundles: dict[str, BundleContent] = {}
        self.errors = errors or ErrorLedger()
        self._scanner = scanner
        self._events = events
        self._budget = budget
        self._rows = self._room = budget.rows  # for lines of logs that are kept: in all, and left
        self._limit = budget.document
        self._processes = processes
        self._read_here = 0  # bytes of logs

    def make_room(self, size: int) -> None:
        """Let as many more lines be kept as an input of so many bytes may hold."""
        self._rows += size // BYTES_OF_A_ROW
        self._room += size // BYTES_OF_A_ROW

    def has_room(self, member: Member) -> bool:
        """Tell whether a member is of a status report that may still be read; if not, it is told.

        What belongs to no report counts as none.
        """
        reports = sum(content.is_report for content in self.bundles.values())
        known = member.bundle in self.bundles
        if known or reports < self._budget.reports:
            return True
        _refuse_member(member, "status reports", self._budget.reports, "--max-reports")
        return False

    def finish(self) -> None:
        """Wait for what other processes still read."""
        if self._processes is not None:
            self._processes.close()

    def content(self, bundle: str) -> BundleContent:
        """Return the content of a status report, empty if it is new."""
        if bundle not in self.bundles:
            content = self.bundles[bundle] = BundleContent(name=bundle, clock=Clock(self._assumed))
            if name := _REPORT_NAME.search(bundle):
                local = parse_report_name(name.group())
                content.clock.add_capture(local, None, f"the name {name.group()}")
        return self.bundles[bundle]

    def take(self, member: Member) -> None:
        """Read a member with the parser that claims it; one that nobody claims is passed over."""
        content = self.content(member.bundle)
        if member.log is not None:
            parser = log_parser(member.log)
            if parser is not None:
                self._take_log(content, member, parser)
        elif member.path == INVENTORY:
            content.inventory = read_inventory(_read_bugtool_notes(member))
            if content.inventory is not None:
                local = parse_c_date(content.inventory.date or "")
                content.clock.add_capture(local, member.mtime, "the date in inventory.xml")
                content.clock.add_uptime(parse_uptime(content.inventory.uptime or ""))
                witness = _inventory_witness(member, local)
                if witness is not None:
                    content.clock.add_witness(witness)
        elif member.path == MANIFEST:
            content.answers = read_answers(member.read(self._limit), member.path)
        elif member.path == BUGTOOL_LOG:
            content.bugtool = read_bugtool_log(_read_bugtool_notes(member))
        else:
            self._take_document(content, member)
        content.seen.append(SeenMember.of(member))

    def failed(self, member: Member, trace: str) -> None:
        """Remember that our own code failed on a member: its source is not to be trusted."""
        content = self.content(member.bundle)
        member.damage = member.damage or "a parser of cbtriage failed on it"
        content.seen.append(SeenMember.of(member))
        source = Source(bundle=member.bundle, member=member.path)
        content.problems.append(ParseProblem(source=source, what=f"parser failed: {trace}"))

    def _take_log(self, content: BundleContent, member: Member, parser: LogParser) -> None:
        pasted = member.pasted if isinstance(member, ConcreteMember) else None
        elsewhere = self._processes if pasted is None else None
        if elsewhere is not None and elsewhere.are_worth_it(self._read_here):
            self._hand_over(elsewhere, content, member, parser)
            return
        notice = self.errors.of(member.bundle, member.path, parser)

        def notice_as_pasted(record: Record, seen: Seen) -> None:
            if notice is not None:
                notice(_as_pasted(record, pasted), seen)

        content.pasted = content.pasted or pasted is not None
        before, most = self._events.count, min(self._rows // 2, self._room)
        told = notice_as_pasted if pasted else notice
        scan = self._scanner.scan(
            member, parser, told, most=most * LINES_OF_A_ROW, at_once=pasted is not None
        )
        for read, hits in scan:
            if self._events.count - before > most:
                scan.overfull = True
                break
            record = _as_pasted(read, pasted)
            if record.syslog_host:
                content.syslog_hosts[record.syslog_host] += 1
            self._events.add(
                bundle=member.bundle,
                member=member.path,
                parser=parser.name,
                record=record,
                hits=hits,
            )
        if scan.overfull:
            _refuse_member(member, "kept lines of logs", self._rows, "--max-rows")
        self._room -= min(max(self._events.count - before, scan.met // LINES_OF_A_ROW), most)
        self._read_here += member.size_read
        content.syslog_hosts.update([scan.later_host] if scan.later_host else [])
        _note_log(
            content,
            member,
            parser,
            scan.stats,
            records=scan.records,
            pasted=pasted,
            later=scan.later,
        )

    def _hand_over(
        self, processes: LogProcesses, content: BundleContent, member: Member, parser: LogParser
    ) -> None:
        """Let another process read a log."""

        def fold(answer: Answer) -> None:
            match answer:
                case Part() if self._room > 0:
                    self._room -= answer.rows.weight
                    self._events.take_packed(answer.rows)
                    for failure in answer.failures:
                        self.errors.add(member.bundle, member.path, parser.name, failure)
                case Part():
                    self._note_overfull_log(content, member.path)
                case End() if answer.stats is None:
                    self.failed(member, answer.trace)
                case End():
                    content.syslog_hosts.update(answer.hosts)
                    self.errors.add_disks(answer.disks)
                    self._room -= max(answer.met // LINES_OF_A_ROW - answer.kept, 0)
                    if answer.overfull:
                        self._note_overfull_log(content, member.path)
                    _note_log(
                        content,
                        member,
                        parser,
                        answer.stats,
                        records=answer.records,
                        later=answer.later,
                    )

        log = Log(
            bundle=member.bundle,
            member=member.path,
            parser=parser.name,
            most=self._rows // 2,
        )
        processes.read(log, member.blocks(), fold)

    def _note_overfull_log(self, content: BundleContent, path: str) -> None:
        """Note that a log which another process reads has more lines than may be kept."""
        why = over("kept lines of logs", self._rows, "--max-rows").why
        content.seen = [
            replace(seen, damage=why, over_budget=True) if seen.path == path else seen
            for seen in content.seen
        ]

    def _take_document(self, content: BundleContent, member: Member) -> None:
        parser = document_parser(member.path, member.head())
        if parser is None:
            return
        content.documents.append((parser.name, member.path))
        if member.mtime is not None:
            content.times[member.path] = member.mtime
        if content.answers is not None and (failure := content.answers.failure(member.path)):
            member.damage = failure
        for fact in parser.read(member, self._limit):
            if isinstance(fact, ParseProblem):
                content.problems.append(fact)
            else:
                content.facts.append(fact)
        # Read what a parser left: only then an archive says whether what it gave out was damaged.
        blocks = iter(member.blocks())
        while member.size_read <= self._limit and next(blocks, None):
            pass
        if member.size_read > self._limit:
            _refuse_member(member, "bytes of a file read whole", self._limit, "--max-document")


def _as_pasted(record: Record, pasted: Pasted | None) -> Record:
    """Return a record as it was pasted, without what stands for its date and its host."""
    if pasted is None:
        return record
    lines = (pasted.written.get(line, line) for line in record.text.split("\n"))
    host = "" if record.syslog_host == NO_HOST else record.syslog_host
    return record._replace(text="\n".join(lines), syslog_host=host)


def _read_bugtool_notes(member: Member) -> bytes:
    """Read what xen-bugtool says of its report."""
    notes = member.read(LARGEST + 1)
    if len(notes) > LARGEST:
        _refuse_member(member, "bytes of such a file", LARGEST, "")
    return notes[:LARGEST]


def _refuse_member(member: Member, what: str, limit: int, option: str) -> None:
    if isinstance(member, ConcreteMember):
        member.refuse(what, limit, option)


def _note_log(
    content: BundleContent,
    member: Member,
    parser: LogParser,
    stats: LogStats,
    *,
    records: int,
    later: LaterLines,
    pasted: Pasted | None = None,
) -> None:
    assert member.log is not None
    undated = pasted.undated if pasted else frozenset[int]()
    content.clock.add(member.path, member.log, stats, member.mtime, undated)
    content.logs.append(
        LogRead(
            member=member.path,
            parser=parser.name,
            stats=stats,
            records=records,
            written=member.mtime,
            later=later,
        )
    )


_QUARTER, _SLACK = timedelta(minutes=15), timedelta(minutes=1)
_FARTHEST = timedelta(hours=14)


def _inventory_witness(member: Member, local: Stamp | None) -> Witness | None:
    """Compare inventory.xml's local date with its own time stamp, both made in one moment.

    A copied or unpacked file may carry any time: the difference counts only when it is a true
    zone offset, a multiple of a quarter of an hour.
    """
    if local is None or local.year is None or member.mtime is None:
        return None
    naive = member.mtime.replace(
        year=local.year,
        month=local.month,
        day=local.day,
        hour=local.hour,
        minute=local.minute,
        second=local.second,
        microsecond=0,
        tzinfo=UTC,
    )
    offset = naive - member.mtime
    rounded = round(offset / _QUARTER) * _QUARTER
    if abs(rounded) > _FARTHEST or abs(offset - rounded) > _SLACK:
        return None
    return Witness(line=0, local=local, utc=naive - rounded, kind="inventory.xml")
