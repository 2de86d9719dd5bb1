"""What the user accepts: findings and errors that are known to him, with his reason, for a time.

A file for ``--accept``, YAML::

    accepted:
      - rule: nbd-network-purpose-mixed     or the id of an error that nobody explains (E-…)
        object: Backup                      uuid or name of any object of it; left out: every one
        reason: migrated next week
        until: '2026-12-31'                 the last day on which it holds; left out: for ever

What is accepted stays in the report, as information and marked so. The day is that of the report,
not that of the run: the same bundle gives the same answer for ever.
"""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import date
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from analyzer.case.case import Case
from analyzer.errors import UsageError
from analyzer.model.error_group import ErrorGroup
from analyzer.model.finding import Finding, Outcome, Severity, Subject
from analyzer.model.report import Accepted
from analyzer.model.sentence import say
from analyzer.values import dataclass

if TYPE_CHECKING:
    from analyzer.yaml_file import Document

_KEYS = ("rule", "object", "reason", "until")


@dataclass(frozen=True, slots=True, kw_only=True)
class Acceptance:
    """One entry of the file; ``object`` is "" for every one, ``until`` None for ever."""

    rule: str
    object: str
    reason: str
    until: date | None

    def covers(self, rule: str, subjects: Sequence[Subject]) -> bool:
        """Tell whether it is about something that was found."""
        named = {name for subject in subjects for name in (subject.uuid, subject.name)}
        return self.rule == rule and (not self.object or self.object in named)


def load_accepted(path: Path, rules: Collection[str]) -> tuple[Acceptance, ...]:
    """Read the file; ``rules`` are the names that there are.

    Raises:
        UsageError: it cannot be read, or an entry is not as it should be; the text says which.
    """
    yaml_file = import_module("analyzer.yaml_file")  # PyYAML: only where something is accepted
    try:
        document: Document = yaml_file.read_yaml(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        msg = f"--accept {path}: cannot be read: {error}"
        raise UsageError(msg) from error
    if document.faults:
        line, what = document.faults[0]
        msg = f"{path}:{line} {what}"
        raise UsageError(msg)
    value = document.value
    entries = value.get("accepted") if isinstance(value, dict) else None
    if not isinstance(entries, list):
        msg = f"{path}:1 accepted: expected a list of rule, object, reason and until"
        raise UsageError(msg)
    return tuple(
        _entry_of_path(path, document, place, entry, rules) for place, entry in enumerate(entries)
    )


def _entry_of_path(
    path: Path, document: "Document", place: int, entry: object, rules: Collection[str]
) -> Acceptance:
    line, _ = document.place(("accepted", place))
    if not isinstance(entry, dict) or not all(
        key in _KEYS and isinstance(value, str) for key, value in entry.items()
    ):
        msg = f"{path}:{line} expected {', '.join(_KEYS)}, each a text (a date in quotes)"
        raise UsageError(msg)
    rule, reason = entry.get("rule", ""), entry.get("reason", "")
    if rule not in rules and not rule.startswith("E-"):
        msg = f"{path}:{line} rule: {rule!r} is none; `cbtriage rules list` names them all"
        raise UsageError(msg)
    if not reason.strip():
        msg = f"{path}:{line} reason: the key is missing: say why it is accepted"
        raise UsageError(msg)
    try:
        until = date.fromisoformat(entry["until"]) if "until" in entry else None
    except ValueError as error:
        msg = f"{path}:{line} until: expected a day such as '2026-12-31', got {entry['until']!r}"
        raise UsageError(msg) from error
    return Acceptance(rule=rule, object=entry.get("object", ""), reason=reason, until=until)


def day_of(case: Case) -> date | None:
    """Return the day on which the newest report was made, None where nothing tells it."""
    made = [report.captured_at for report in case.hosts if report.captured_at is not None]
    days = [moment.at.date() for moment in made if moment.year_known]
    return max(days, default=None)


def accept(
    outcomes: Sequence[Outcome], acceptances: Sequence[Acceptance], day: date | None
) -> tuple[tuple[Outcome, ...], tuple[Accepted, ...]]:
    """Return the outcomes with what is accepted marked, and one row for each such finding."""
    if not acceptances:
        return tuple(outcomes), ()
    rows: list[Accepted] = []
    marked = []
    for outcome in outcomes:
        found = []
        for finding in outcome.findings:
            own = _first_that_covers(acceptances, outcome.rule, finding.subjects)
            found.append(_marked_as_accepted(finding, own, day) if own else finding)
            rows += [_row_of_day(finding.id, own, day)] if own else []
        ranks = [each.severity for each in found]
        worst = min(ranks, key=lambda severity: severity.rank, default=outcome.severity)
        marked.append(replace(outcome, findings=tuple(found), severity=worst))
    return tuple(marked), tuple(rows)


def accept_errors(
    groups: Sequence[ErrorGroup], acceptances: Sequence[Acceptance], day: date | None
) -> tuple[tuple[ErrorGroup, ...], tuple[Accepted, ...]]:
    """Return errors that nobody explains with what is accepted marked, and a row for each."""
    rows, marked = [], []
    for group in groups:
        own = _first_that_covers(acceptances, group.id, group.subjects)
        if own is not None:
            rows.append(_row_of_day(group.id, own, day))
        if own is None or _is_over(own, day):
            marked.append(group)
            continue
        said = f"accepted ({own.reason}): {group.title}"
        marked.append(replace(group, title=said, severity=Severity.INFO))
    return tuple(marked), tuple(rows)


def _first_that_covers(
    acceptances: Sequence[Acceptance], rule: str, subjects: Sequence[Subject]
) -> Acceptance | None:
    return next((each for each in acceptances if each.covers(rule, subjects)), None)


def _is_over(own: Acceptance, day: date | None) -> bool:
    return own.until is not None and day is not None and own.until < day


def _marked_as_accepted(finding: Finding, own: Acceptance, day: date | None) -> Finding:
    until = f"until {own.until.isoformat()}" if own.until else "without end"
    if _is_over(own, day):
        return replace(
            finding,
            detail=say(
                "{detail} It was accepted {until}, which is over: {reason}.",
                detail=finding.detail,
                until=until,
                reason=own.reason,
            ),
        )
    return replace(
        finding,
        title=say("accepted: {title}", title=finding.title),
        severity=Severity.INFO,
        detail=say(
            "{detail} It is accepted {until}: {reason}.",
            detail=finding.detail,
            until=until,
            reason=own.reason,
        ),
    )


def _row_of_day(found: str, own: Acceptance, day: date | None) -> Accepted:
    return Accepted(
        id=found,
        rule=own.rule,
        object=own.object,
        reason=own.reason,
        until=own.until.isoformat() if own.until else "",
        expired=_is_over(own, day),
    )
