"""What is shown in another zone than UTC: every moment of it, in our sentences too."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields, is_dataclass, replace
from datetime import datetime, timedelta, timezone
from typing import Any, TypeVar, cast

from analyzer.model.finding import Evidence, Finding
from analyzer.model.moment import LocalMoment, Moment
from analyzer.model.report import BundleInfo, Cause, CauseLink, Report
from analyzer.model.sentence import Sentence
from analyzer.model.source import Source
from analyzer.render.words.short_time import with_exact_times
from analyzer.render.words.zone import Zone

Shown = TypeVar("Shown")
_QUARTER = 15  # minutes: no zone changes more often
_NEARLY = timedelta(minutes=_QUARTER) - timedelta(microseconds=1)


def in_zone(value: Shown, zone: Zone) -> Shown:
    """Return a report, or a part of one, with its moments and sentences in the zone.

    Quoted lines and names stay as they are, whatever they look like. In each host's own zone a
    moment has that of the bundle it stands in, or UTC where it belongs to none.
    """
    if zone.is_utc:
        return value
    # The bundle of the first line of each finding.
    causes = (
        {
            finding.id: finding.evidence[0].source.bundle
            for outcome in value.outcomes
            for finding in outcome.findings
        }
        if isinstance(value, Report)
        else {}
    )
    return cast("Shown", _Shift(zone, causes).value(value, ""))


def shift_to(zone: Zone) -> Callable[[Any, str], Any]:
    """Return what returns a part of what stands in a bundle as `in_zone` does."""
    return _Shift(zone, {}).value


def in_utc(report: Report) -> Report:
    """Return a report that may be shown in a zone as it was before."""
    shown = isinstance(_first_moment(report), LocalMoment)
    return cast("Report", _Back(Zone(), {}).value(report, "")) if shown else report


def in_exact_times(report: Report) -> Report:
    """Return a report whose sentences tell times as `exact_times` does, within which it is."""
    return cast("Report", _Exact(Zone(), {}).value(report, ""))


def _first_moment(value: object) -> Moment | None:
    if isinstance(value, Moment):
        return value
    parts: Iterable[object] = value if isinstance(value, tuple) else ()
    if is_dataclass(value) and not isinstance(value, Source):
        parts = (getattr(value, field.name) for field in fields(value))
    return next(filter(None, map(_first_moment, parts)), None)


class _Shift:
    """One walk over values that are all frozen: parts that do not change are shared."""

    def __init__(self, zone: Zone, findings: Mapping[str, str]) -> None:
        self._zone = zone
        self._findings = findings
        self._offsets: dict[datetime, timezone | None] = {}  # of quarters of an hour

    def value(self, value: Any, bundle: str) -> Any:
        """Return the value, shifted."""
        if isinstance(value, Moment):
            return self._moment_of_bundle(value, bundle)
        if isinstance(value, Sentence):
            return value.with_values(lambda part: self.value(part, bundle))
        if isinstance(value, tuple):
            parts = tuple(self.value(part, bundle) for part in value)
            return parts if any(a is not b for a, b in zip(parts, value, strict=True)) else value
        if is_dataclass(value) and not isinstance(value, Source):
            return self._object_of_bundle(value, self._bundle_of_value(value) or bundle)
        return value

    def _object_of_bundle(self, value: Any, bundle: str) -> Any:
        changed = {}
        for field in fields(value):
            old = getattr(value, field.name) if field.init else None
            new = self.value(old, bundle)
            if new is not old:
                changed[field.name] = new
        return replace(value, **changed) if changed else value

    def _moment_of_bundle(self, moment: Moment, bundle: str) -> Moment:
        return LocalMoment(
            at=moment.at,
            earliest=moment.earliest,
            latest=moment.latest,
            dated_by=moment.dated_by,
            zone=self._offset_at(moment.at) or self._zone.at(moment.at, bundle),
        )

    def _offset_at(self, time: datetime) -> timezone | None:
        """Return the offset of the zone, None where it changes in this quarter of an hour."""
        if self._zone.rules is None:
            return None  # a host's is its own
        quarter = time.replace(minute=time.minute // _QUARTER * _QUARTER, second=0, microsecond=0)
        if quarter not in self._offsets:
            first, last = self._zone.at(quarter), self._zone.at(quarter + _NEARLY)
            self._offsets[quarter] = first if first == last else None
        return self._offsets[quarter]

    def _bundle_of_value(self, value: object) -> str:
        """Return the name of the bundle that a value is from, "" where it does not say."""
        if isinstance(value, BundleInfo):
            return value.name
        if isinstance(value, Cause):
            return next((self._findings.get(name, "") for name in value.findings), "")
        if isinstance(value, Finding):
            return value.evidence[0].source.bundle
        # The first quotation or line that a value rests on.
        found: list[object] = []
        for first_name in ("evidence", "events", "steps"):
            first_part = getattr(value, first_name, None)
            if isinstance(first_part, Evidence):
                found.append(first_part)
            elif isinstance(first_part, tuple) and first_part:
                found.append(getattr(first_part[0], "evidence", first_part[0]))
        for part in (value, *found):
            source = getattr(part, "source", None)
            if isinstance(source, Source):
                return source.bundle
        own = getattr(value, "bundle", "")
        return own if isinstance(own, str) else ""


class _Exact(_Shift):
    """A walk that leaves moments alone and tells those in sentences to the second.

    Steps of a cause stay: their titles end with the time that stands beside them.
    """

    def value(self, value: Any, bundle: str) -> Any:
        """Return the value, with such sentences."""
        if isinstance(value, (Moment, CauseLink)):
            return value
        if isinstance(value, Sentence):
            return with_exact_times(value)
        return super().value(value, bundle)


class _Back(_Shift):
    """A walk that takes the zone away again."""

    def _moment_of_bundle(self, moment: Moment, bundle: str) -> Moment:  # noqa: ARG002
        if not isinstance(moment, LocalMoment):
            return moment
        return Moment(
            at=moment.at,
            earliest=moment.earliest,
            latest=moment.latest,
            dated_by=moment.dated_by,
        )
