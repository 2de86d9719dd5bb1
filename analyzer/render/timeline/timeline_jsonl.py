"""The full timeline as JSON Lines with the columns that Timesketch asks for.

``message``, ``datetime``, ``timestamp_desc`` and ``timestamp`` (microseconds) are Timesketch's
(timesketch, docs/guides/user/import-from-json-csv.md); all others are kept by it as they are.
"""

import json
from collections.abc import Iterable, Iterator

from analyzer.model.entry import Entry
from analyzer.render.timeline.timeline_columns import Columns


def timeline_jsonl(entries: Iterable[Entry], *, raw: bool = False) -> Iterator[str]:
    """Yield one JSON object a line, in ASCII only: text is verbatim, escaped by JSON alone."""
    told, encoded = Columns(raw=raw).of, json.JSONEncoder(allow_nan=False).encode
    return (f"{encoded(told(entry))}\n" for entry in entries)
