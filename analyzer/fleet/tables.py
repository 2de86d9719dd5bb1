"""What is kept of a case: rows of tables, each keyed by the case.

Never by the digest of a bundle: the same bundle lies in many cases, and a join by it multiplies
them.
"""

import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, TypeAlias

import pyarrow as pa

from analyzer.desk.document import Document, captured, instant, rows
from analyzer.model.terms import UUID

Row: TypeAlias = dict[str, Any]
Rows: TypeAlias = dict[str, list[Row]]

_TEXT, _WHOLE, _TIME, _TRUTH = pa.string(), pa.int64(), pa.timestamp("us", tz="UTC"), pa.bool_()


def _table_of(*texts: str, **others: pa.DataType) -> pa.Schema:
    """Return the columns of a table; the first two say of which case and which task a row is."""
    named = {"case": _TEXT, "task": _TEXT, **dict.fromkeys(texts, _TEXT), **others}
    return pa.schema(list(named.items()))


TABLES: Mapping[str, pa.Schema] = MappingProxyType(
    {
        "cases": _table_of(
            "customer", "error", "version", "catalogue", "tone", "product",
            captured=_TIME, bundles=_WHOLE, complete=_TRUTH, cpu_seconds=pa.float64(), bytes=_WHOLE,
        ),
        "outcomes": _table_of("rule", "verdict", "severity", "reason"),
        "findings": _table_of(
            "finding", "fingerprint", "rule", "severity", "confidence", "state", "title",
            first_seen=_TIME, last_seen=_TIME, count=_WHOLE,
        ),
        "subjects": _table_of("finding", "type", "uuid", "name"),
        "causes": _table_of(
            "cause", "severity", "confidence", "state", "title", first_seen=_TIME, findings=_WHOLE
        ),
        "incidents": _table_of("incident", "kind", "host", "title", began=_TIME, ended=_TIME),
        "disks": _table_of("uuid", "name", "sr", "sr_type", "state", "trouble", cbt_enabled=_TRUTH),
        "runs": _table_of("run", "disk", "verdict", "reason", began=_TIME, ended=_TIME),
        "hosts": _table_of("uuid", "name", "role", "product"),
        "packages": _table_of("host", "name", "version"),
        "coverage": _table_of(
            "bundle", "member", "parser",
            lines=_WHOLE, not_understood=_WHOLE, first=_TIME, last=_TIME,
        ),
        "ledger": _table_of("bundle", "source", "presence", "why"),
        "unexplained": _table_of(
            "signature", "process", "code", "severity", "host", "title",
            first_seen=_TIME, last_seen=_TIME, count=_WHOLE,
        ),
    }
)  # fmt: skip


def rows_of(document: Document) -> Rows:
    """Return the rows of a report; case and task are added by who knows them."""
    bundles = rows(document, "bundles")
    tool = document["tool"]
    row_of_case = {
        "version": tool["version"],
        "catalogue": tool["catalogue"],
        "product": next((host["product"] for host in rows(document, "hosts")), None),
        "captured": captured(document),
        "bundles": len(bundles),
        "complete": all(bundle["complete"] for bundle in bundles),
    }
    return {
        "cases": [row_of_case],
        "outcomes": [
            {key: outcome[key] for key in ("rule", "verdict", "severity", "reason")}
            for outcome in rows(document, "outcomes")
        ],
        "findings": list(_findings_of_document(document)),
        "subjects": list(_subjects_of_document(document)),
        "causes": list(_causes_of_document(document)),
        "incidents": list(_incidents_of_document(document)),
        "disks": list(_disks_of_document(document)),
        "runs": list(_rows_of_runs(document)),
        "hosts": [
            {k: host[k] for k in ("uuid", "name", "role", "product")}
            for host in rows(document, "hosts")
        ],
        "packages": [
            {"host": host["name"], **package}
            for host in rows(document, "hosts")
            for package in rows(host, "packages")
        ],
        "coverage": list(_rows_of_coverage(document)),
        "ledger": [
            {key: row[key] for key in ("bundle", "source", "presence", "why")}
            for row in rows(document, "ledger")
        ],
        "unexplained": list(_rows_of_errors(document)),
    }


def signature(title: str) -> str:
    """Return what stays of an error's text in every pool: no numbers, no names of objects.

    >>> signature("lvcreate of VG_XenStorage-47e15be6-26e7-4690-a0f4-ffae6c73858a failed: 5 of 7")
    'lvcreate of VG_XenStorage-<uuid> failed: <n> of <n>'
    """
    text = re.sub(rf"(?i){UUID}", "<uuid>", title)
    text = re.sub(r"0x[0-9a-fA-F]+", "<hex>", text)
    return re.sub(r"\d+(?:\.\d+)*", "<n>", text)


def _findings_of_document(document: Document) -> Iterator[Row]:
    for outcome in rows(document, "outcomes"):
        for finding in rows(outcome, "findings"):
            keys = ("fingerprint", "rule", "severity", "confidence", "state", "title", "count")
            yield {
                "finding": finding["id"],
                **{key: finding[key] for key in keys},
                "first_seen": instant(finding, "first_seen", end="earliest"),
                "last_seen": instant(finding, "last_seen"),
            }


def _subjects_of_document(document: Document) -> Iterator[Row]:
    for outcome in rows(document, "outcomes"):
        for finding in rows(outcome, "findings"):
            for subject in rows(finding, "subjects"):
                yield {
                    "finding": finding["id"],
                    **{k: subject[k] for k in ("type", "uuid", "name")},
                }


def _causes_of_document(document: Document) -> Iterator[Row]:
    for cause in rows(document, "causes"):
        yield {
            "cause": cause["id"],
            **{key: cause[key] for key in ("severity", "confidence", "state", "title")},
            "first_seen": instant(cause, "first_seen", end="earliest"),
            "findings": len(cause["findings"]),
        }


def _incidents_of_document(document: Document) -> Iterator[Row]:
    for incident in rows(document, "incidents"):
        yield {
            "incident": incident["id"],
            **{key: incident[key] for key in ("kind", "host", "title")},
            "began": instant(incident, "began", end="earliest"),
            "ended": instant(incident, "ended"),
        }


def _disks_of_document(document: Document) -> Iterator[Row]:
    for disk in rows(document, "disks"):
        vdi = disk["vdi"] or {}
        yield {
            "uuid": vdi.get("uuid"),
            "name": vdi.get("name"),
            "sr": disk["sr"]["uuid"],
            **{key: disk[key] for key in ("sr_type", "state", "trouble", "cbt_enabled")},
        }


def _rows_of_runs(document: Document) -> Iterator[Row]:
    for run in rows(document, "runs"):
        for disk in rows(run, "disks"):
            yield {
                "run": run["id"],
                "disk": disk["vdi"]["uuid"],
                "verdict": disk["verdict"],
                "reason": disk["reason"],
                "began": instant(disk, "began", end="earliest"),
                "ended": instant(disk, "ended"),
            }


def _rows_of_coverage(document: Document) -> Iterator[Row]:
    for row in rows(document, "coverage"):
        yield {
            **{key: row[key] for key in ("bundle", "member", "parser", "lines", "not_understood")},
            "first": instant(row, "from", end="earliest"),
            "last": instant(row, "to"),
        }


def _rows_of_errors(document: Document) -> Iterator[Row]:
    for row in rows(document, "unexplained"):
        yield {
            "signature": signature(row["title"]),
            **{key: row[key] for key in ("process", "code", "severity", "host", "title", "count")},
            "first_seen": instant(row, "first_seen", end="earliest"),
            "last_seen": instant(row, "last_seen"),
        }
