"""What was made of one line: its record, its time, who asked for it, and what rests on it."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from analyzer.case.case import Case
from analyzer.case.derived import derived
from analyzer.case.excerpts import LONGEST
from analyzer.model.event import Event
from analyzer.model.explained import HitExplained, LineExplained
from analyzer.model.finding import Evidence
from analyzer.model.moment import Moment
from analyzer.model.operation import Operation
from analyzer.model.report import Excerpt, Report
from analyzer.model.source import Source
from analyzer.parsers._api import Hit, Record
from analyzer.parsers.scan.scan import Scanner
from analyzer.rebuilt.calls.line_again import LineAgain
from analyzer.rebuilt.calls.operations import sm_operations
from analyzer.values import dataclass

_SHOWN_AROUND = 2
_SHORT = 120
_BLANK = "it is empty: blank lines are passed over"
_UNREAD = "no parser of cbtriage reads this member"
_NOT_UNDERSTOOD = (
    "not understood: it has not the form of this log (a stamp, a host, a program, and what that "
    "writes), so nothing is concluded from it"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class KindWords:
    """What a kind of line is asked for: the role and title of its pattern, and why it is noise."""

    role: str
    title: str
    reason: str = ""


def line_in(excerpt: Excerpt, line: int, parser: str) -> LineAgain | None:
    """Return a line of a log out of the lines around quoted ones, None where these are too few."""
    place = line - excerpt.first
    around = excerpt.lines[max(place - _SHOWN_AROUND, 0) : place + _SHOWN_AROUND + 1]
    before = min(place, _SHOWN_AROUND)
    whole = place >= _SHOWN_AROUND or excerpt.first == 1
    if not whole or len(around) <= before + _SHOWN_AROUND or max(map(len, around)) > LONGEST:
        return None
    return LineAgain(
        bundle=excerpt.bundle,
        member=excerpt.member,
        line=line,
        text=around[before],
        before=around[:before],
        after=around[before + 1 :],
        parser=parser,
        is_log=True,
        lines=excerpt.last,
    )


def is_one_line(again: LineAgain, scanner: Scanner) -> bool:
    """Tell whether a line is a record of its own, whatever stands farther away."""
    records = scanner.parse_text(again.parser, f"{again.text}\n")
    around = scanner.parse_text(again.parser, "".join(f"{each}\n" for each in again.after[:1]))
    return [each.lines for each in (*records, *around)] == [1, 1]


def explain_line(
    case: Case,
    report: Report,
    again: LineAgain,
    scanner: Scanner,
    words: Callable[[str], KindWords],
) -> LineExplained:
    """Return all that was made of a line; ``words`` tells of a selector.

    The member must have the line.
    """
    assert again.text is not None
    record, begins = _record_of_again(again, scanner)
    source = Source(bundle=again.bundle, member=again.member, line=begins)
    kept = case.events.of_line(source)
    own = Source(bundle=again.bundle, member=again.member, line=again.line)
    whole = () if again.is_log else (Source(bundle=again.bundle, member=again.member),)
    hits = scanner.match(again.parser, record.process, record.message) if record else ()
    if not again.parser:
        problem_of_again = _UNREAD
    elif not again.is_log or record is not None:
        problem_of_again = ""
    else:
        problem_of_again = _NOT_UNDERSTOOD if (again.text or "").strip() else _BLANK
    return LineExplained(
        source=own,
        whole=not again.is_log and bool(again.parser),
        host=next((host.name for host in case.hosts if host.bundle == again.bundle), again.bundle),
        text=again.text,
        before=again.before[-_SHOWN_AROUND:],
        after=again.after[:_SHOWN_AROUND],
        parser=again.parser,
        problem=problem_of_again,
        begins=begins,
        record=record.text if record else "",
        head=_head_of_record(record),
        moment=_moment_of_source(case, source, record, kept),
        hits=tuple(_hits_of_line(hits, kept, words)),
        quoted_by=tuple(dict.fromkeys(_quoted_by(case, report, {source, own, *whole}))),
    )


def _record_of_again(again: LineAgain, scanner: Scanner) -> tuple[Record | None, int]:
    """Return the record that the line belongs to, and the number of the line it begins on."""
    assert again.text is not None
    if not again.is_log:
        return None, again.line
    lines = (*again.before, again.text, *again.after)
    first = again.line - len(again.before)
    place = len(again.before) + 1
    records = scanner.parse_text(again.parser, "".join(f"{line}\n" for line in lines))
    own = [
        record for record in records if record.line <= place and _holds_line(record, place, again)
    ]
    if not own:
        return None, again.line
    return own[-1], first + own[-1].line - 1


def _holds_line(record: Record, place: int, again: LineAgain) -> bool:
    """Tell whether a line is one of those of a record; other programs' may lie between them."""
    if record.line == place:
        return True
    return record.lines > 1 and (again.text or "").rstrip("\r") in record.text.split("\n")[1:]


def _head_of_record(record: Record | None) -> str:
    if record is None:
        return ""
    parts = (
        ("program", record.process),
        ("pid", record.pid),
        ("task", record.task),
        ("level", record.level.value if record.level else None),
        ("host", record.syslog_host),
        ("repeated", f"{record.count} times" if record.count > 1 else None),
    )
    return ", ".join(f"{name} {value}" for name, value in parts if value not in (None, ""))


def _moment_of_source(
    case: Case, source: Source, record: Record | None, kept: Sequence[Event]
) -> Moment | None:
    if kept:
        return kept[0].moment
    if record is None or case.date is None:
        return None
    return case.date(source.bundle, source.member, source.line, record.stamp)


def _hits_of_line(
    hits: Sequence[Hit], kept: Sequence[Event], words: Callable[[str], KindWords]
) -> Iterator[HitExplained]:
    """Yield what takes the line: of a log as it is matched now, of a document as it was kept."""
    rows: dict[str, Mapping[str, str]] = {event.kind: event.fields for event in kept}
    taken = {hit.selector: hit.fields for hit in hits}
    for kind, fields in {**rows, **taken}.items():
        about = words(kind)
        yield HitExplained(
            kind=kind,
            role=about.role,
            title=about.title,
            kept=kind in rows,
            fields=fields,
            reason=about.reason,
        )


def _quoted_by(case: Case, report: Report, sources: set[Source]) -> Iterator[tuple[str, str, str]]:
    """Yield (what, id or name, title) of all that rests on one of these lines."""
    for finding in (each for outcome in report.outcomes for each in outcome.findings):
        if _rests_on(finding.evidence, sources):
            yield "finding", finding.id, finding.title
    for incident in report.incidents:
        if _rests_on(incident.evidence, sources):
            yield "incident", incident.id, incident.title
    for cause in report.causes:
        if sources.intersection(cause.context):
            yield "cause", cause.id, cause.title
    known = _calls_of_lines(case)
    own = {id(each): each for source in sorted(sources) for each in known.get(source, ())}
    for operation in own.values():
        of = f"disk {operation.vdi}, " if operation.vdi else ""
        yield "call of SM", operation.name or "(entry not seen)", f"{of}{operation.result}"
    yield from _remarks_on_line(report, sources)


def _rests_on(quotations: Iterable[Evidence], sources: set[Source]) -> bool:
    return any(evidence.source in sources for evidence in quotations)


@derived
def _calls_of_lines(case: Case) -> Mapping[Source, Sequence[Operation]]:
    found: dict[Source, list[Operation]] = {}
    for operation in sm_operations(case):
        for source in dict.fromkeys(event.source for event in operation.lines):
            found.setdefault(source, []).append(operation)
    return found


def _remarks_on_line(report: Report, sources: set[Source]) -> Iterator[tuple[str, str, str]]:
    for suppressed in report.suppressed:
        if suppressed.example and suppressed.example.source in sources:
            yield "noise", suppressed.pattern, suppressed.reason
    for problem in report.problems:
        if problem.source in sources:
            yield "problem", problem.source.member, problem.what[:_SHORT]
