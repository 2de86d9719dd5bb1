"""What is shown in another zone than UTC: every moment of it, and the times in our sentences."""

import re
from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from datetime import UTC, datetime
from typing import Any, TypeVar, cast

from analyzer.model.finding import Evidence, Finding
from analyzer.model.moment import Moment
from analyzer.model.report import BundleInfo, Cause, Report
from analyzer.model.source import Source
from analyzer.render.words.zone import LocalMoment, Zone, offset_text

Shown = TypeVar("Shown")

# Our own words, see `analyzer.rules._wording.when`; never what is quoted or stands in quotes.
_SENTENCES = frozenset(
    {"because", "detail", "doubt", "label", "next_action", "reason", "risk", "step", "title"}
    | {"what", "why", "words", "wrong_if"}
)
_SAID = re.compile(
    r"(?<!['\"])([0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}(?::[0-9]{2})?) UTC"
    r"(?: \(between ([0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2})"
    r" and ([0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2})\))?"
)

# How the title of a cause says a range, see `analyzer.causes.words.when`.
_BETWEEN = re.compile(
    r"(?<!['\"])between ([0-9]{4}-[0-9]{2}-[0-9]{2}) ([0-9]{2}:[0-9]{2})"
    r" and (?:([0-9]{4}-[0-9]{2}-[0-9]{2}) )?([0-9]{2}:[0-9]{2}) UTC"
)


def in_zone(value: Shown, zone: Zone) -> Shown:
    """Return a report, or a part of one, with its moments and sentences in the zone.

    Quoted lines, commands and files' names stay as they are. In each host's own zone a moment has
    that of the bundle it stands in, or UTC where it belongs to none.
    """
    if zone.is_utc:
        return value
    causes = _cause_bundles(value) if isinstance(value, Report) else {}
    return cast("Shown", _Shift(zone, causes).value(value, ""))


def _cause_bundles(report: Report) -> dict[str, str]:
    """Return the bundle of the first line of each finding."""
    return {
        finding.id: finding.evidence[0].source.bundle
        for outcome in report.outcomes
        for finding in outcome.findings
    }


class _Shift:
    """One walk over values that are all frozen: parts that do not change are shared."""

    def __init__(self, zone: Zone, findings: Mapping[str, str]) -> None:
        self._zone = zone
        self._findings = findings

    def value(self, value: Any, bundle: str) -> Any:
        """Return the value, shifted."""
        if isinstance(value, Moment):
            return self._moment(value, bundle)
        if isinstance(value, tuple):
            parts = tuple(self.value(part, bundle) for part in value)
            return parts if any(a is not b for a, b in zip(parts, value, strict=True)) else value
        if is_dataclass(value) and not isinstance(value, Source):
            return self._object(value, self._bundle(value) or bundle)
        return value

    def _object(self, value: Any, bundle: str) -> Any:
        changed = {}
        for field in fields(value):
            old = getattr(value, field.name) if field.init else None
            if field.name in _SENTENCES and isinstance(old, str):
                new: object = self._sentence(old, bundle)
            else:
                new = self.value(old, bundle)
            if new is not old:
                changed[field.name] = new
        return replace(value, **changed) if changed else value

    def _moment(self, moment: Moment, bundle: str) -> LocalMoment:
        return LocalMoment(
            at=moment.at,
            earliest=moment.earliest,
            latest=moment.latest,
            dated_by=moment.dated_by,
            zone=self._zone.at(moment.at, bundle),
        )

    def _bundle(self, value: object) -> str:
        """Return the name of the bundle that a value is from, "" where it does not say."""
        if isinstance(value, BundleInfo):
            return value.name
        if isinstance(value, Cause):
            return next((self._findings.get(name, "") for name in value.findings), "")
        if isinstance(value, Finding):
            return value.evidence[0].source.bundle
        for part in (value, *_first_parts(value)):
            source = getattr(part, "source", None)
            if isinstance(source, Source):
                return source.bundle
        own = getattr(value, "bundle", "")
        return own if isinstance(own, str) else ""

    def _sentence(self, text: str, bundle: str) -> str:
        if " UTC" not in text:
            return text
        text = _BETWEEN.sub(lambda found: self._between(found, bundle), text)
        return _SAID.sub(lambda found: self._said(found, bundle), text)

    def _between(self, found: re.Match[str], bundle: str) -> str:
        try:
            ends = [
                datetime.fromisoformat(f"{date} {time}").replace(tzinfo=UTC)
                for date, time in ((found[1], found[2]), (found[3] or found[1], found[4]))
            ]
        except ValueError:
            return found[0]
        zone = self._zone.at(ends[0], bundle)
        first, last = (end.astimezone(zone) for end in ends)
        spec = "%H:%M" if first.date() == last.date() else "%Y-%m-%d %H:%M"
        said = "UTC" if zone is UTC else offset_text(first)
        return f"between {first:%Y-%m-%d %H:%M} and {last:{spec}} {said}"

    def _said(self, found: re.Match[str], bundle: str) -> str:
        try:
            at = datetime.fromisoformat(found[1]).replace(tzinfo=UTC)
        except ValueError:
            return found[0]
        spec = "minutes" if len(found[1]) == len("2026-06-10 11:32") else "seconds"
        zone = self._zone.at(at, bundle)
        local = at.astimezone(zone)
        said = local.replace(tzinfo=None).isoformat(sep=" ", timespec=spec)
        text = f"{said} {'UTC' if zone is UTC else offset_text(local)}"
        if found[2] is None:
            return text
        ends = [self._nearest(found[n], at) for n in (2, 3)]
        if None in ends:
            return found[0]
        first, last = (f"{end.astimezone(zone):%m-%d %H:%M}" for end in ends if end)
        return f"{text} (between {first} and {last})"

    def _nearest(self, text: str, at: datetime) -> datetime | None:
        """Return the time without year that is nearest to another."""
        found = []
        for year in (at.year - 1, at.year, at.year + 1):
            try:
                found.append(datetime.fromisoformat(f"{year:04d}-{text}").replace(tzinfo=UTC))
            except ValueError:
                continue
        return min(found, key=lambda each: abs(each - at), default=None)


def _first_parts(value: object) -> list[object]:
    """Return the first quotation or line that a value rests on."""
    found: list[object] = []
    for name in ("evidence", "events", "steps"):
        part = getattr(value, name, None)
        if isinstance(part, Evidence):
            found.append(part)
        elif isinstance(part, tuple) and part:
            found.append(getattr(part[0], "evidence", part[0]))
    return found
