"""The lines around those that a report quotes, read again once it is known which these are.

While logs are read nobody knows which lines will be quoted. What was unpacked is read from where it
was laid (`analyzer.bundle.spool`), a folder from itself.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path

from analyzer.bundle.archive import open_bundle
from analyzer.bundle.budget import Budget
from analyzer.bundle.spool import Spool
from analyzer.case.reading import STDIN, named_paths
from analyzer.errors import InputError
from analyzer.model.report import Excerpt
from analyzer.model.source import Source
from analyzer.parsers.scan.lines import WholeLines

NEAR, FAR = 3, 50  # lines before and after
MOST_NEAR, MOST_FAR = 400, 20  # quoted lines that get so many
LONGEST = 400  # characters of a line
SMALL = 8192  # bytes of a member of which all is carried

Range = tuple[int, int]


def read_excerpts(
    paths: Sequence[Path],
    quoted: Iterable[Source],
    budget: Budget,
    log_as: str | None = None,
    spool: Spool | None = None,
) -> tuple[Excerpt, ...]:
    """Return the lines around the quoted ones: wide around the first of them, close around more.

    Of a small member it is all.

    Ordered by bundle, member and line; places that touch are one. What is not in `spool` is looked
    for in the paths; what cannot be read a second time, such as standard input, has none.
    """
    wanted = ranges_of(quoted)
    found: list[Excerpt] = []
    for key in tuple(wanted) if spool is not None else ():
        blocks = spool.blocks(*key) if spool is not None else None
        if blocks is not None:
            found += _of_member(*key, blocks, wanted.pop(key), budget.line)
    for path, name in named_paths(paths).items():
        if wanted and path != STDIN and (path.is_file() or path.is_dir()):
            found += _read_again(path, name, wanted, budget, log_as)
    return tuple(sorted(found, key=lambda each: (each.bundle, each.member, each.first)))


def _read_again(
    path: Path,
    name: str,
    wanted: dict[tuple[str, str], list[Range]],
    budget: Budget,
    log_as: str | None,
) -> Iterator[Excerpt]:
    """Yield what a path has of what is wanted, and take that out of `wanted`."""
    try:
        archive = open_bundle(path, budget=budget, log_as=log_as, name=name)
        for member in archive.members():
            key = member.bundle, member.path
            if key in wanted:
                yield from _of_member(*key, member.blocks(), wanted.pop(key), budget.line)
            if not wanted:
                return
    except (InputError, OSError):  # it went away since the first reading
        return


def ranges_of(quoted: Iterable[Source]) -> dict[tuple[str, str], list[Range]]:
    """Return (bundle, member) → the lines to read, as ranges in order that do not touch."""
    wanted: dict[tuple[str, str], list[Range]] = {}
    lines = [source for source in dict.fromkeys(quoted) if source.line]
    for place, source in enumerate(lines[:MOST_NEAR]):
        reach = FAR if place < MOST_FAR else NEAR
        begin = max(source.line - reach, 1)
        own = wanted.setdefault((source.bundle, source.member), [])
        own.append((begin, source.line + reach))
    return {key: list(_merged_ranges(sorted(own))) for key, own in wanted.items()}


def _merged_ranges(ranges: Iterable[Range]) -> Iterator[Range]:
    open_: Range | None = None
    for first, last in ranges:
        if open_ and first <= open_[1] + 1:
            open_ = open_[0], max(open_[1], last)
            continue
        if open_:
            yield open_
        open_ = first, last
    if open_:
        yield open_


def _of_member(
    bundle: str, member: str, blocks: Iterable[bytes], ranges: Sequence[Range], limit: int
) -> Iterator[Excerpt]:
    chunks = iter(WholeLines(blocks, limit))
    head: list[bytes] = []
    while sum(map(len, head)) <= SMALL and (chunk := next(chunks, b"")):
        head.append(chunk)
    if sum(map(len, head)) <= SMALL:  # then all of it may be shown
        ranges = [(1, sum(chunk.count(b"\n") for chunk in head))]
    # The lines in the ranges by number; a chunk without any is only counted.
    lines_chunks = chain(head, chunks)
    found: dict[int, str] = {}
    done, end = 0, ranges[-1][1]
    for lines_chunk in lines_chunks:
        count = lines_chunk.count(b"\n")
        inside = [r for r in ranges if r[0] <= done + count and r[1] > done]
        if inside:
            ranges_lines = lines_chunk.split(b"\n")
            for lines_first, lines_last in inside:
                for lines_number in range(
                    max(lines_first, done + 1), min(lines_last, done + count) + 1
                ):
                    text = ranges_lines[lines_number - done - 1].decode(errors="replace")
                    found[lines_number] = text if len(text) <= LONGEST else f"{text[:LONGEST]} […]"
        done += count
        if done >= end:
            break
    lines = found
    for first, last in ranges:
        own = [lines[number] for number in range(first, last + 1) if number in lines]
        if own:
            yield Excerpt(bundle=bundle, member=member, first=first, lines=tuple(own))
