"""What the log files of one source cover, and whether they may be trusted."""

from collections.abc import Iterable, Sequence
from itertools import pairwise

from analyzer.bundle.names import log_name
from analyzer.model.moment import Moment
from analyzer.model.report import Coverage

_ODD_LINES = 3
_ODD_SHARE = 100  # one line in so many

Window = tuple[Moment, Moment]


def common_window(windows: Iterable[Window | None]) -> Window | None:
    """Return the time that all windows share; None if one is missing or they do not meet."""
    known = list(windows)
    whole = [window for window in known if window is not None]
    if not whole or len(whole) < len(known):
        return None
    first = max((window[0] for window in whole), key=lambda moment: moment.at)
    last = min((window[1] for window in whole), key=lambda moment: moment.at)
    return (first, last) if first.at <= last.at else None


def log_fault(members: Sequence[str], rows: Sequence[Coverage]) -> str:
    """Say why a log that is present must not be trusted, "" if nothing speaks against it."""
    return files_fault(members, rows) or _rotation_fault(row.member for row in rows)


def files_fault(members: Sequence[str], rows: Sequence[Coverage]) -> str:
    """Say why the files of a log that are there must not be trusted, "" if nothing does."""
    read = {row.member for row in rows}
    unread = [member for member in members if member not in read]
    if unread or not rows:
        return f"{', '.join(sorted(unread)[:3]) or 'the log'} was not read"
    faults = map(_member_fault, sorted(rows, key=lambda row: row.member))
    return next(filter(None, faults), "")


def rotations_missing(members: Iterable[str]) -> int | None:
    """Return between how many files of a log others are missing, None if the live one is."""
    families = _rotations_by_family(members).values()
    if any(rotations[0] != 0 for rotations in families):
        return None
    return sum(old > new + 1 for rotations in families for new, old in pairwise(rotations))


def _member_fault(row: Coverage) -> str:
    understood = row.lines - row.not_understood - row.blank
    if row.lines == row.blank:
        return f"{row.member} is empty"
    if understood <= 0:
        return f"not one line of {row.member} was understood"
    if fault := lines_fault(row):
        return fault
    if row.first is None or row.last is None:
        return f"{row.member} has no line with a time"
    return ""


def lines_fault(row: Coverage) -> str:
    """Say which lines may hold what is looked for without being seen, "" if none may."""
    if row.longest_cut:
        return (
            f"a line of {row.longest_cut:,} bytes in {row.member} was cut at our limit of "
            f"{row.line_limit:,}, and its rest was not read: a higher --max-line reads it"
        )
    if row.hidden:
        lines = "1 line" if row.hidden == 1 else f"{row.hidden:,} lines"
        return (
            f"{lines} of {row.member} that {'was' if row.hidden == 1 else 'were'} not understood "
            f"may hold what is looked for, such as: {row.hidden_like}"
        )
    few = row.not_understood <= _ODD_LINES and row.not_understood * 2 < row.lines - row.blank
    if not few and row.not_understood * _ODD_SHARE > row.lines:
        return f"{row.not_understood} of {row.lines} lines of {row.member} were not understood"
    return ""


def settle_cut(rows: Sequence[Coverage]) -> str:
    """Return how to read the lines that were cut at our limit, "" if none were."""
    longest = max((row.longest_cut for row in rows), default=0)
    return f"run cbtriage again with --max-line {longest}" if longest else ""


def not_understood(rows: Iterable[Coverage]) -> int:
    """Return how many lines of usable logs nobody understood, and nothing was found in."""
    return sum(row.not_understood for row in rows)


def _rotation_fault(members: Iterable[str]) -> str:
    """Say which file of a rotated log is missing: the live one, or one between two others."""
    for family, rotations in _rotations_by_family(members).items():
        if rotations[0] != 0:
            return f"{family} itself is missing; only older, rotated files of it are there"
        for newer, older in pairwise(rotations):
            if older > newer + 1:
                return f"{family}.{newer + 1} is missing between {family}.{older} and newer files"
    return ""


def _rotations_by_family(members: Iterable[str]) -> dict[str, list[int]]:
    families: dict[str, set[int]] = {}
    for member in members:
        family, rotation = family_of(member)
        families.setdefault(family, set()).add(rotation)
    return {family: sorted(families[family]) for family in sorted(families)}


def family_of(member: str) -> tuple[str, int]:
    """Return the log's family and age; a file whose name says nothing is a log by itself."""
    name = log_name(member)
    return (name.family, name.rotation) if name else (member, 0)


def log_window(rows: Sequence[Coverage]) -> Window | None:
    """Return from the first stamp of the oldest file to the last one of the live file."""
    families: dict[str, list[tuple[int, Coverage]]] = {}
    for row in rows:
        family, rotation = family_of(row.member)
        families.setdefault(family, []).append((rotation, row))
    return common_window(_family_window(files) for files in families.values())


def _family_window(files: Sequence[tuple[int, Coverage]]) -> Window | None:
    first = max(files, key=lambda file: file[0])[1].first
    last = min(files, key=lambda file: file[0])[1].last
    return None if first is None or last is None else (first, last)
