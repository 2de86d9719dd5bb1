"""cbtriage as a library: status reports in, a report out, as objects or as a pandas frame.

>>> import cbtriage
>>> report = cbtriage.analyze("sample_bundles/host-crash.tar.bz2")
>>> report.to_dict()["causes"][0]["severity"]
'error'
>>> report.findings_frame().groupby("rule").size()["cbt-disabled-inconsistent-log"]
np.int64(2)
"""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any, TypeAlias

import pandas as pd

from analyzer import __version__
from analyzer.errors import AnalyzerError, InputError
from analyzer.model.finding import Finding, Severity
from analyzer.model.report import Report as _Report
from analyzer.render.data.json import render_json, report_object
from analyzer.render.words.order import ordered
from analyzer.run import Options
from analyzer.run import analyze as _analyze
from analyzer.values import dataclass

__all__ = ["AnalyzerError", "InputError", "Report", "__version__", "analyze"]

PathLike: TypeAlias = str | os.PathLike[str]

COLUMNS = (
    *("id", "fingerprint", "rule", "severity", "confidence", "title", "detail"),
    *("subjects", "names", "first_seen", "last_seen", "count", "causes"),
    *("bundle", "member", "line", "text"),
)


@dataclass(frozen=True, slots=True)
class Report:
    """All that was found, and what could not be told."""

    _report: _Report

    def to_dict(self) -> dict[str, Any]:
        """Return what report.json holds: objects, lists, texts and numbers."""
        return report_object(self._report)

    def to_json(self) -> str:
        """Return report.json, to the byte."""
        return render_json(self._report)

    def findings_frame(self) -> pd.DataFrame:
        """Return one row per finding, ordered by rule, severity and time.

        ``severity`` is an ordered category (info < … < critical), ``subjects`` and ``names`` are
        tuples of the objects' uuids and names, ``first_seen`` and ``last_seen`` are in UTC, NaT
        where the year is unknown, ``causes`` the ids of the causes that explain it. ``bundle`` to
        ``text`` are the line that it rests on.
        """
        report = ordered(self._report)
        causes = {
            finding: tuple(cause.id for cause in report.causes if finding in cause.findings)
            for cause in report.causes
            for finding in cause.findings
        }
        found = [finding for outcome in report.outcomes for finding in outcome.findings]
        rows = [_row_of_finding(finding, causes.get(finding.id, ())) for finding in found]
        frame = pd.DataFrame(rows, columns=list(COLUMNS))
        worst_last = [severity.value for severity in reversed(Severity)]
        frame["severity"] = pd.Categorical(frame["severity"], categories=worst_last, ordered=True)
        for name in ("first_seen", "last_seen"):
            frame[name] = pd.to_datetime(frame[name], utc=True)
        return frame.astype({"count": "int64", "line": "int64"})


def analyze(paths: PathLike | Iterable[PathLike], options: Options | None = None) -> Report:
    """Analyze status reports, all hosts of a pool together.

    Raises:
        InputError: a path cannot be read, or nothing in any of them belongs to a status report.
        AnalyzerError: a pattern file is not valid.
    """
    given = [paths] if isinstance(paths, (str, os.PathLike)) else list(paths)
    return Report(_analyze([Path(path) for path in given], options))


def _row_of_finding(finding: Finding, causes: tuple[str, ...]) -> dict[str, object]:
    line = finding.evidence[0]
    first, last = finding.first_seen, finding.last_seen
    return {
        "id": finding.id,
        "fingerprint": finding.fingerprint,
        "rule": finding.rule,
        "severity": finding.severity.value,
        "confidence": finding.confidence.value,
        "title": str(finding.title),
        "detail": str(finding.detail),
        "subjects": tuple(subject.uuid for subject in finding.subjects),
        "names": tuple(subject.name or "" for subject in finding.subjects),
        "first_seen": first.at if first and first.year_known else None,
        "last_seen": last.at if last and last.year_known else None,
        "count": finding.count,
        "causes": causes,
        "bundle": line.source.bundle,
        "member": line.source.member,
        "line": line.source.line,
        "text": line.text,
    }
