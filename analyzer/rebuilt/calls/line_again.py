"""One line of a member, read again from what the user gave: most lines are not kept."""

from collections import deque
from collections.abc import Sequence
from pathlib import Path

from analyzer.bundle.again import log_from_mark, member_again
from analyzer.bundle.archive import open_bundle
from analyzer.bundle.budget import Budget
from analyzer.bundle.member import Member
from analyzer.bundle.named_paths import STDIN, named_paths
from analyzer.errors import InputError
from analyzer.model.places import MemberPlace, ReportPlaces
from analyzer.parsers import document_parser, log_parser
from analyzer.parsers.scan.lines import WholeLines
from analyzer.values import dataclass

AROUND = 300  # lines before and after that a record may stretch over


@dataclass(frozen=True, slots=True, kw_only=True)
class LineAgain:
    """A line with those around it; ``parser`` is "" where nobody reads the member.

    ``lines`` is how many the member has as far as it was read; with fewer than asked for
    ``text`` is None.
    """

    bundle: str
    member: str
    line: int
    text: str | None
    before: tuple[str, ...]
    after: tuple[str, ...]
    parser: str
    is_log: bool
    lines: int


def line_again(
    paths: Sequence[Path], report: ReportPlaces, place: MemberPlace, line: int, *, budget: Budget
) -> LineAgain | None:
    """Return a line of a member, None where the input has it no more.

    Standard input cannot be read twice.
    """
    path = next((path for path, name in named_paths(paths).items() if name == report.given), None)
    if path is None or path == STDIN:
        return None
    again = _line_from_place(path, report, place, line, budget)
    if again is not None:
        return again
    for member in open_bundle(path, budget=budget, name=report.given).members():
        if (member.bundle, member.path) == (report.bundle, place.path):
            return _line_read(member, line, budget.line)
    return None


def _line_from_place(
    path: Path, report: ReportPlaces, place: MemberPlace, line: int, budget: Budget
) -> LineAgain | None:
    """Return a line of a member that lies there, None where it does not, or is damaged."""
    # The lines before it begin behind a mark, too.
    marks = [mark for mark in place.marks if mark[0] < line - AROUND]
    passed, size = marks[-1] if marks else (0, 0)
    try:
        members = (
            iter([log_from_mark(path, report, place, size, budget)])
            if passed
            else member_again(path, report, place, budget)
        )
        for member in members:
            again = _line_read(member, line, budget.line, passed)
            return again if member.loss is None else None
    except (InputError, OSError):
        pass
    return None


def _line_read(member: Member, line: int, limit: int, passed: int = 0) -> LineAgain:
    """Return a line of a member, of which so many were passed over before it is read."""
    log = log_parser(member.log) if member.log else None
    document = None if member.log else document_parser(member.path, member.head())
    before: deque[bytes] = deque(maxlen=AROUND)
    after: list[bytes] = []
    wanted: bytes | None = None
    number = passed
    for chunk in WholeLines(member.blocks(), limit, begun=passed > 0):
        count = chunk.count(b"\n")
        if number + count < line - AROUND:
            number += count
            continue
        for each in chunk.split(b"\n")[:-1]:
            number += 1
            if number < line:
                before.append(each)
            elif number == line:
                wanted = each
            else:
                after.append(each)
        if len(after) >= AROUND:
            break
    parser = log or document
    return LineAgain(
        bundle=member.bundle,
        member=member.path,
        line=line,
        text=None if wanted is None else wanted.decode(errors="replace"),
        before=tuple(each.decode(errors="replace") for each in before),
        after=tuple(each.decode(errors="replace") for each in after[:AROUND]),
        parser=parser.name if parser else "",
        is_log=log is not None,
        lines=number,
    )
