"""One line of a member, read again from what the user gave: most lines are not kept."""

from collections import deque
from collections.abc import Iterator, Sequence
from pathlib import Path

from analyzer.bundle.archive import open_bundle
from analyzer.bundle.budget import Budget
from analyzer.bundle.member import Member
from analyzer.case.reading import STDIN, named_paths
from analyzer.errors import InputError
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
    paths: Sequence[Path],
    places: Sequence[tuple[str, str]],
    line: int,
    *,
    budget: Budget,
    log_as: str | None = None,
) -> LineAgain | None:
    """Return the line of the first member that is one of the places (bundle, path), None if none.

    Standard input cannot be read twice.
    """
    for member in _members_named(paths, budget, log_as):
        if (member.bundle, member.path) in places:
            return _line_read(member, line, budget.line)
    return None


def members_named(
    paths: Sequence[Path], name: str, *, budget: Budget, log_as: str | None = None
) -> tuple[tuple[str, str], ...]:
    """Return (bundle, path) of every member whose path ends with `name`."""
    found = {
        (member.bundle, member.path)
        for member in _members_named(paths, budget, log_as)
        if f"/{member.path}".endswith(f"/{name.lstrip('/')}")
    }
    return tuple(sorted(found))


def _members_named(paths: Sequence[Path], budget: Budget, log_as: str | None) -> Iterator[Member]:
    for path, name in named_paths(paths).items():
        if path == STDIN:
            continue
        try:
            archive = open_bundle(path, budget=budget, log_as=log_as, name=name)
        except InputError:  # the first reading said so
            continue
        yield from archive.members()


def _line_read(member: Member, line: int, limit: int) -> LineAgain:
    log = log_parser(member.log) if member.log else None
    document = None if member.log else document_parser(member.path, member.head())
    before: deque[bytes] = deque(maxlen=AROUND)
    after: list[bytes] = []
    wanted: bytes | None = None
    number = 0
    for chunk in WholeLines(member.blocks(), limit):
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
