"""The full timeline as CSV (RFC 4180, UTF-8), with the columns of the JSON Lines."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence

from analyzer.model.entry import Entry
from analyzer.render.timeline.timeline_columns import COLUMNS, Value, columns
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
        yield _row_text([_cell_text(row[name]) for name in COLUMNS])


def _cell_text(value: Value) -> str:
    if not isinstance(value, str):
        return "" if value is None else str(value)
    shown = visible(value, lines=True)
    return f"'{shown}" if shown.startswith(_FORMULA) else shown


def _row_text(cells: Sequence[str]) -> str:
    row = io.StringIO()
    csv.writer(row).writerow(cells)
    return row.getvalue()
