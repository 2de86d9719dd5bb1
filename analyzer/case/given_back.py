"""What lies beside status reports: whose it is, when it was made, and what cannot be used.

Somebody was asked for a listing, a log or a table and sent it, as a file or packed; `cbtriage ask`
writes a script whose archive says of itself from which host it is and when it was made. What such
a file says is told with the report of its host or SR, and keeps its own time.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import field
from datetime import UTC, datetime, timedelta
from types import MappingProxyType

from analyzer.case.gather import BundleContent
from analyzer.dating.assumed import Assumed
from analyzer.model.cbt import CbtLogFile, CbtLogValues
from analyzer.model.host import HostInventory
from analyzer.model.moment import Moment
from analyzer.model.report import GivenFile, LedgerEntry, Presence
from analyzer.model.storage import LvmVolumes, SrListing, VolumeGroups
from analyzer.model.terms import VOLUME_GROUP
from analyzer.model.xapi import Host, Pbd, Sr, XapiDatabase
from analyzer.parsers._api import Fact
from analyzer.values import dataclass

GIVEN = "given-back"  # the ledger's word for a file that no report has
_OLDEST = datetime(2017, 1, 1, tzinfo=UTC)  # before CBT a file's time stamp is a packer's zero
_WRITING = timedelta(minutes=10)
_MOST_NAMED = 20
_ANSWERED = timedelta(days=60)  # after its report at the latest a line of it is sent
# What ZipStatusReportAction of xenadmin lays beside the reports.
_OF_XENCENTER = re.compile(r"[0-9-]{19}-(?:Coordinators\.txt|Metadata\.json)|README.*", re.ASCII)
_NO_USE = "nothing in it is known here: neither a listing, nor a table, a log or a record of xe"
_RENAME = "save each command's whole output, with the command above it, in a file of its own"

Place = tuple[str, str]  # bundle, member


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What was given back for one report: its files' facts, and when each of them was made.

    ``documents`` and ``seen`` are as in `BundleContent`; ``taken`` is by (bundle, member).
    """

    facts: tuple[Fact, ...] = ()
    documents: tuple[tuple[str, str, BundleContent], ...] = ()
    taken: Mapping[Place, Moment] = field(default_factory=lambda: MappingProxyType({}))


NOTHING = Given()


@dataclass(frozen=True, slots=True, kw_only=True)
class Joined:
    """The reports of a run, what was given back for each, and entries for what was of no use.

    ``logs`` are logs, or lines of logs, that are of the host of a report and of no other: what
    they hold is told with that host, and where they are whole they stand for its own.
    """

    contents: tuple[BundleContent, ...]
    given: Mapping[str, Given]
    unused: tuple[LedgerEntry, ...]
    loose: tuple[BundleContent, ...] = ()
    logs: Mapping[str, tuple[BundleContent, ...]] = field(
        default_factory=lambda: MappingProxyType({})
    )

    @property
    def all_logs(self) -> tuple[BundleContent, ...]:
        """Return the reports, and what holds logs beside them."""
        return (*self.contents, *(each for own in self.logs.values() for each in own))

    @property
    def alone(self) -> "Joined":
        """Return the reports without anything beside them."""
        return Joined(contents=self.contents, given={}, unused=())

    def of(self, contents: Sequence[BundleContent]) -> "Joined":
        """Return what is of some of the reports, as of one pool; what is of none goes with all."""
        names = {content.name for content in contents}
        elsewhere = {
            loose.name
            for report, given in self.given.items()
            for _, _, loose in given.documents
            if report not in names
        }
        return Joined(
            contents=tuple(contents),
            given={name: given for name, given in self.given.items() if name in names},
            unused=self.unused,
            loose=tuple(each for each in self.loose if each.name not in elsewhere),
            logs={name: own for name, own in self.logs.items() if name in names},
        )

    @property
    def files(self) -> tuple[GivenFile, ...]:
        """Return the files that were joined to a report, ordered by archive and name."""
        files = (
            GivenFile(
                bundle=content.name,
                member=member,
                source=parser,
                joined_to=report,
                taken=given.taken.get((content.name, member)),
            )
            for report, given in self.given.items()
            for parser, member, content in given.documents
        )
        logs = (
            GivenFile(
                bundle=content.name,
                member=log.member,
                source=log.parser,
                joined_to=report,
                taken=_when_log_was_copied(content, log.member),
            )
            for report, own in self.logs.items()
            for content in own
            for log in content.logs
        )
        return tuple(sorted((*files, *logs), key=lambda file: (file.bundle, file.member)))


def joined(contents: Sequence[BundleContent]) -> Joined:
    """Tell reports from what lies beside them, and give each file to the report it is about.

    Where there is no report, what lies there speaks for itself.
    """
    held = tuple(content for content in contents if content.is_report)
    alone = tuple(content for content in contents if _is_logs_alone(content))
    logs = _logs_by_owner(alone, [content for content in held if content not in alone])
    joined_logs = {content.name for own in logs.values() for content in own}
    reports = tuple(content for content in held if content.name not in joined_logs)
    loose = tuple(content for content in contents if not content.is_report)
    if not reports:
        return Joined(contents=tuple(contents), given={}, unused=())
    owners = _Owners(reports)
    unused: list[LedgerEntry] = []
    parts: dict[str, list[tuple[BundleContent, str, str, list[Fact]]]] = {}
    for content in loose:
        for parser, member in content.documents:
            facts = [fact for fact in content.facts if fact.source.member == member]
            owner = owners.of(content, member, facts)
            if facts and owner is not None:
                parts.setdefault(owner.name, []).append((content, parser, member, facts))
            else:
                unused.append(_entry_of_unused_file(content, member, facts))
        unused += _nobody_knows(content)
    given = {
        report.name: _given_for_report(report, parts[report.name])
        for report in reports
        if report.name in parts
    }
    return Joined(contents=reports, given=given, unused=tuple(unused), loose=loose, logs=logs)


def _is_logs_alone(content: BundleContent) -> bool:
    """Tell whether logs lie here that may be of the host of another report."""
    if not content.logs or content.inventory or content.bugtool:
        return False
    return content.answers is not None or not content.documents


def _logs_by_owner(
    alone: Sequence[BundleContent], reports: Sequence[BundleContent]
) -> Mapping[str, tuple[BundleContent, ...]]:
    """Return report → logs that are of its host: by the manifest, else by syslog's name of it."""
    found: dict[str, list[BundleContent]] = {}
    for content in alone:
        if content.answers is not None:
            own = [each for each in reports if content.answers.host_uuid in _host_uuids(each)]
        else:
            names = set(content.syslog_hosts)
            own = [each for each in reports if len(names) == 1 and names & set(each.syslog_hosts)]
        if len({tuple(_host_uuids(each)) for each in own}) == 1:
            found.setdefault(own[-1].name, []).append(content)
            # Let the years of logs be told by when they were copied, else by their host's report.
            report = own[-1]
            captured, minutes = report.clock.captured_at, report.clock.utc_offset_minutes or 0
            times = [
                at.at for log in content.logs if (at := _when_log_was_copied(content, log.member))
            ]
            until = max(times, default=captured.at + _ANSWERED if captured else None)
            if until is not None:
                content.clock.assume(Assumed(until=until + timedelta(minutes=minutes)))
            content.clock.settle()
    return MappingProxyType({name: tuple(own) for name, own in found.items()})


def _when_log_was_copied(content: BundleContent, member: str) -> Moment | None:
    """Return when a log was copied, by the manifest."""
    ran = content.answers.ran(member) if content.answers is not None else None
    return Moment.exact(ran[1], "its archive's manifest") if ran else None


def _given_for_report(
    report: BundleContent, parts: Iterable[tuple[BundleContent, str, str, list[Fact]]]
) -> Given:
    parts = tuple(parts)
    return Given(
        facts=tuple(fact for *_, facts in parts for fact in facts),
        documents=tuple((parser, member, content) for content, parser, member, _ in parts),
        taken=MappingProxyType(
            {
                (content.name, member): moment
                for content, _, member, _ in parts
                if (moment := _when_file_was_made(content, member, report.clock.captured_at))
                is not None
            }
        ),
    )


def _when_file_was_made(
    content: BundleContent, member: str, captured: Moment | None
) -> Moment | None:
    """Return when a file was made: its archive's word, else not after its own time stamp.

    What was asked for comes after the report, but a copy is stamped when it was copied.
    """
    if content.answers is not None and (ran := content.answers.ran(member)) is not None:
        return Moment(at=ran[1], earliest=ran[0], latest=ran[1], dated_by="its archive's manifest")
    written = content.times.get(member)
    if written is None or written < _OLDEST:
        return captured
    how = "the file's own time stamp"
    if captured is None or written <= captured.latest:
        return Moment(
            at=written, earliest=written - _WRITING, latest=written + _WRITING, dated_by=how
        )
    return Moment(at=written, earliest=captured.earliest, latest=written, dated_by=how)


def _nobody_knows(content: BundleContent) -> Iterator[LedgerEntry]:
    """Yield what no parser knew; many files of one place are one entry."""
    known = {member for _, member in content.documents} | {log.member for log in content.logs}
    answers = content.answers
    names = [
        seen.path
        for seen in content.seen
        if seen.path not in known
        and not _OF_XENCENTER.fullmatch(seen.path)
        and not (answers and seen.path == answers.member)
    ]
    if len(names) > _MOST_NAMED:
        yield _entry_not_used(content, f"{names[0]} and {len(names) - 1:,} more", _NO_USE)
        return
    for name in names:
        failed = answers.failure(name) if answers else ""
        yield _entry_not_used(content, name, failed or _NO_USE)


def _entry_of_unused_file(
    content: BundleContent, member: str, facts: Sequence[Fact]
) -> LedgerEntry:
    if facts:
        why = "nothing in it says of which host it is, and several hosts' reports were given"
        name = f"{member.rpartition('/')[2]}"
        return _entry_not_used(content, member, why, f"name it after its host: jupiter-{name}")
    said = [problem.what for problem in content.problems if problem.source.member == member]
    return _entry_not_used(
        content, member, said[0] if said else "it holds nothing that can be used"
    )


def _entry_not_used(
    content: BundleContent, member: str, why: str, settle_with: str = _RENAME
) -> LedgerEntry:
    return LedgerEntry(
        bundle=content.name,
        source=GIVEN,
        members=(member,),
        presence=Presence.NOT_USED,
        why=f"{member}: {why}",
        settle_with=settle_with,
    )


class _Owners:
    """Finds the report that a file is about: by what it names, else by its name and its place."""

    def __init__(self, reports: Sequence[BundleContent]) -> None:
        self._reports = reports
        self._known = {report.name: frozenset(_uuids_of_facts(report.facts)) for report in reports}

    def of(
        self, content: BundleContent, member: str, facts: Sequence[Fact]
    ) -> BundleContent | None:
        """Return the report that facts belong to, None where several may be theirs."""
        if content.answers is not None:
            host = content.answers.host_uuid
            own = [report for report in self._reports if host in _host_uuids(report)]
            if own:
                return own[-1]
        named = frozenset(_uuids_of_facts(facts))
        about = [report for report in self._reports if named & self._known[report.name]]
        candidates = about or list(self._reports)
        for choice in (
            [each for each in candidates if _is_called(each, f"{content.name}/{member}")],
            [each for each in about if named & _srs_of_own_host(each)],
            [each for each in candidates if _name_of_archive(each) == _name_of_archive(content)],
        ):
            if len(choice) == 1 or (choice and named):
                return choice[0]
        return candidates[0] if named or len(candidates) == 1 else None


def _name_of_archive(content: BundleContent) -> str:
    return content.name.partition(":")[0]


def _is_called(report: BundleContent, text: str) -> bool:
    """Tell whether a file's name has the name of the report's host among its words."""
    words = "".join(char if char.isalnum() else " " for char in text.lower()).split()
    own = report.inventory.hostname if report.inventory else ""
    names = {name.lower().partition(".")[0] for name in (own or "", *report.syslog_hosts)} - {""}
    return any(
        "".join(c if c.isalnum() else " " for c in n).split() in _runs_of_words(words)
        for n in names
    )


def _runs_of_words(words: Sequence[str]) -> list[list[str]]:
    return [
        list(words[i:j])
        for i in range(len(words))
        for j in range(i + 1, min(i + 5, len(words) + 1))
    ]


def _host_uuids(report: BundleContent) -> frozenset[str | None]:
    return frozenset(fact.host_uuid for fact in report.facts if isinstance(fact, HostInventory))


def _srs_of_own_host(report: BundleContent) -> frozenset[str]:
    """Return the SRs that the report's host had attached, by the database."""
    mine = _host_uuids(report)
    found: set[str] = set()
    for database in (fact for fact in report.facts if isinstance(fact, XapiDatabase)):
        rows = database.objects
        hosts = {row.ref for row in rows if isinstance(row, Host) and row.uuid in mine}
        on = {r.sr for r in rows if isinstance(r, Pbd) and r.host in hosts and r.currently_attached}
        found |= {row.uuid for row in rows if isinstance(row, Sr) and row.ref in on}
    return frozenset(found)


def _uuids_of_facts(facts: Iterable[Fact]) -> Iterator[str]:
    """Yield the uuids of the objects that facts are about."""
    for fact in facts:
        match fact:
            case SrListing():
                yield from (fact.sr,) if fact.sr else ()
                yield from (file.name.partition(".")[0] for file in fact.files)
            case LvmVolumes():
                yield from (row.vg.removeprefix(VOLUME_GROUP) for row in fact.volumes)
            case VolumeGroups():
                yield from (row.name.removeprefix(VOLUME_GROUP) for row in fact.groups)
            case CbtLogFile() | CbtLogValues():
                yield fact.uuid
            case XapiDatabase():
                yield from (row.uuid for row in fact.objects)
            case _:
                pass
