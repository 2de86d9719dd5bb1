"""The full timeline as OTLP in JSON, one export request a line.

The form is that of OpenTelemetry's protocol (opentelemetry-proto, logs/v1, "JSON Protobuf
Encoding"): collectors read it from a file (receiver ``otlpjsonfile``), Loki 3 and later at
``/otlp/v1/logs``, a line for each request. Times are nanoseconds in text; an unknown year
has none, and only says when it was observed: never.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby, islice
from types import MappingProxyType

from analyzer import __version__
from analyzer.model.entry import Entry
from analyzer.model.event import Level
from analyzer.model.finding import Severity
from analyzer.render.timeline.timeline_columns import Columns, Value

_BATCH = 500
_LEVELS: Mapping[Level | None, tuple[int, str]] = MappingProxyType(
    {
        Level.DEBUG: (5, "DEBUG"),
        Level.INFO: (9, "INFO"),
        Level.AUDIT: (9, "INFO"),
        Level.WARN: (13, "WARN"),
        Level.ERROR: (17, "ERROR"),
        None: (0, ""),
    }
)
_SEVERITIES: Mapping[Severity | None, tuple[int, str]] = MappingProxyType(
    {
        Severity.INFO: (9, "INFO"),
        Severity.WARNING: (13, "WARN"),
        Severity.ERROR: (17, "ERROR"),
        Severity.CRITICAL: (21, "FATAL"),
        None: (0, ""),
    }
)
# In what all records of a request share, and in the record itself.
_SAID_BESIDE = frozenset(
    {"host", "bundle", "message", "datetime", "timestamp", "severity", "level"}
)


def timeline_otlp(entries: Iterable[Entry], *, raw: bool = False) -> Iterator[str]:
    """Yield one request a line, each of one host's report and at most 500 records, in ASCII."""
    columns, encoded = Columns(raw=raw), json.JSONEncoder(allow_nan=False).encode
    for (host, bundle), group in groupby(entries, lambda each: (each.host, each.source.bundle)):
        while batch := list(islice(group, _BATCH)):
            resource = {"host.name": host, "service.name": "cbtriage", "cbtriage.bundle": bundle}
            scope = {"name": "cbtriage", "version": __version__}
            records: list[dict[str, object]] = []
            for entry in batch:
                row = columns.of(entry)
                number, text = max(_LEVELS[entry.level], _SEVERITIES[entry.severity])
                stamp = row["timestamp"]
                told = {
                    f"cbtriage.{name}": value
                    for name, value in row.items()
                    if value not in (None, "") and name not in _SAID_BESIDE
                }
                records.append(
                    {
                        "timeUnixNano": str(stamp * 1000) if isinstance(stamp, int) else "0",
                        "severityNumber": number,
                        "severityText": text,
                        "body": {"stringValue": row["message"]},
                        "attributes": _attributes_of_values(told),
                    }
                )
            logs = {"scope": scope, "logRecords": records}
            request_of_batch = {
                "resourceLogs": [
                    {
                        "resource": {"attributes": _attributes_of_values(resource)},
                        "scopeLogs": [logs],
                    },
                ]
            }
            yield f"{encoded(request_of_batch)}\n"


def _attributes_of_values(values: Mapping[str, Value]) -> list[dict[str, object]]:
    return [
        {
            "key": key,
            "value": {"intValue": str(value)} if isinstance(value, int) else {"stringValue": value},
        }
        for key, value in values.items()
    ]
