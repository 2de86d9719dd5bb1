"""The full timeline as CSV (RFC 4180, UTF-8), with the columns of the JSON Lines."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence

from analyzer.model.entry import Entry
from analyzer.render.timeline.timeline_columns import COLUMNS, columns
from analyzer.render.words.view import visible

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def timeline_csv(entries: Iterable[Entry], *, raw: bool = False) -> Iterator[str]:
    """Yield the heading and one row an entry.

    What a spreadsheet would run as a formula gets an apostrophe before it; characters that do not
    print are written out, line feeds of a record stay.
    """
    yield _row_text(COLUMNS)
    for entry in entries:
        row = columns(entry, raw=raw)
        cell_text: list[str] = []
        for name in COLUMNS:
            value = row[name]
            if not isinstance(value, str):
                cell_text.append("" if value is None else str(value))
            else:
                shown = visible(value, lines=True)
                cell_text.append(f"'{shown}" if shown.startswith(_FORMULA) else shown)
        yield _row_text(cell_text)


def _row_text(cells: Sequence[str]) -> str:
    row = io.StringIO()
    csv.writer(row).writerow(cells)
    return row.getvalue()
