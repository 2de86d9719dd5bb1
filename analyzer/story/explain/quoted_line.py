"""A quoted line as it stands in the report, where that is enough to explain it."""

from analyzer.case.excerpts import LONGEST
from analyzer.model.report import Excerpt
from analyzer.parsers.scan.text import TextScanner
from analyzer.rebuilt.calls.line_again import LineAgain
from analyzer.story.explain.explain_line import SHOWN_AROUND


def line_in(excerpt: Excerpt, line: int, parser: str) -> LineAgain | None:
    """Return a line of a log out of the lines around quoted ones, None where these are too few."""
    place = line - excerpt.first
    around = excerpt.lines[max(place - SHOWN_AROUND, 0) : place + SHOWN_AROUND + 1]
    before = min(place, SHOWN_AROUND)
    whole = place >= SHOWN_AROUND or excerpt.first == 1
    if not whole or len(around) <= before + SHOWN_AROUND or max(map(len, around)) > LONGEST:
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


def is_one_line(again: LineAgain, scanner: TextScanner) -> bool:
    """Tell whether a line is a record of its own, whatever stands farther away."""
    records = scanner.parse_text(again.parser, f"{again.text}\n")
    around = scanner.parse_text(again.parser, "".join(f"{each}\n" for each in again.after[:1]))
    return [each.lines for each in (*records, *around)] == [1, 1]
