"""What was made of one line: its record, its time, who asked for it, and what rests on it."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple, Protocol

from analyzer.model.explained import HitExplained, LineExplained
from analyzer.model.moment import Moment
from analyzer.model.source import Source
from analyzer.parsers._api import Hit, Record, Stamp
from analyzer.parsers.scan.text import TextScanner
from analyzer.rebuilt.calls.line_again import LineAgain
from analyzer.rules.pattern import Pattern
from analyzer.story.explain.quotes import Quoter
from analyzer.values import dataclass

SHOWN_AROUND = 2
_BLANK = "it is empty: blank lines are passed over"
_UNREAD = "no parser of cbtriage reads this member"
_NOT_UNDERSTOOD = (
    "not understood: it has not the form of this log (a stamp, a host, a program, and what that "
    "writes), so nothing is concluded from it"
)


class KeptLine(NamedTuple):
    """What was kept of a line: when it is of, and its fields by kind."""

    moment: Moment
    fields: Mapping[str, Mapping[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class KindWords:
    """What a kind of line is asked for: the role and title of its pattern, and why it is noise."""

    role: str
    title: str
    reason: str = ""


def kind_words(patterns: Iterable[Pattern]) -> Mapping[str, KindWords]:
    """Return what each kind of line is asked for."""
    return {
        kind: KindWords(role=each.role.value, title=each.text.heading, reason=each.reason)
        for each in patterns
        for kind in each.kinds
    }


class LineFacts(Protocol):
    """What is known of lines beside what they say: of a case, or of its case file."""

    def host(self, bundle: str) -> str:
        """Return the name of the host of a status report."""

    def moment(self, source: Source, stamp: Stamp) -> Moment | None:
        """Return when a line is of, None in a case that is not of bundles."""

    def kept(self, source: Source) -> KeptLine | None:
        """Return what was kept of a line, None for nothing."""

    def quoted_by(self, sources: Collection[Source]) -> Iterable[Quoter]:
        """Yield what rests on one of these lines."""


def explain_line(
    facts: LineFacts,
    again: LineAgain,
    scanner: TextScanner,
    words: Callable[[str], KindWords],
) -> LineExplained:
    """Return all that was made of a line; ``words`` tells of a selector.

    The member must have the line.
    """
    assert again.text is not None
    record, begins = _record_of_again(again, scanner)
    source = Source(bundle=again.bundle, member=again.member, line=begins)
    kept = facts.kept(source)
    moment = kept.moment if kept is not None else None
    if moment is None and record is not None:
        moment = facts.moment(source, record.stamp)
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
        host=facts.host(again.bundle),
        text=again.text,
        before=again.before[-SHOWN_AROUND:],
        after=again.after[:SHOWN_AROUND],
        parser=again.parser,
        problem=problem_of_again,
        begins=begins,
        record=record.text if record else "",
        head=_head_of_record(record),
        moment=moment,
        hits=tuple(_hits_of_line(hits, kept, words)),
        quoted_by=tuple(dict.fromkeys(facts.quoted_by({source, own, *whole}))),
    )


def _record_of_again(again: LineAgain, scanner: TextScanner) -> tuple[Record | None, int]:
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


def _hits_of_line(
    hits: Sequence[Hit], kept: KeptLine | None, words: Callable[[str], KindWords]
) -> Iterator[HitExplained]:
    """Yield what takes the line: of a log as it is matched now, of a document as it was kept."""
    rows = kept.fields if kept is not None else {}
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
