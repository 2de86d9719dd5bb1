"""The full timeline as CSV (RFC 4180, UTF-8), with the columns of the JSON Lines."""

import csv
import io
from collections.abc import Iterable, Iterator

from analyzer.model.entry import Entry
from analyzer.render.timeline.timeline_columns import COLUMNS, Columns, Value
from analyzer.render.words.view import visible

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def timeline_csv(entries: Iterable[Entry], *, raw: bool = False) -> Iterator[str]:
    """Yield the heading and one row an entry.

    What a spreadsheet would run as a formula gets an apostrophe before it; characters that do not
    print are written out, line feeds of a record stay.
    """
    row = io.StringIO()
    writer = csv.writer(row)
    writer.writerow(COLUMNS)
    columns = Columns(raw=raw)
    for entry in entries:
        yield row.getvalue()
        row.seek(0)
        row.truncate()
        writer.writerow(map(_cell, columns.of(entry).values()))
    yield row.getvalue()


def _cell(value: Value) -> str:
    if not isinstance(value, str):
        return "" if value is None else str(value)
    shown = value if value.isprintable() else visible(value, lines=True)
    return f"'{shown}" if shown.startswith(_FORMULA) else shown
