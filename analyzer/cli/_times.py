"""Times as people write them on a command line, in the zone that they asked for."""

import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import TYPE_CHECKING

from analyzer.errors import UsageError
from analyzer.model.terms import MICROSECOND
from analyzer.values import dataclass

if TYPE_CHECKING:
    from analyzer.render.words.zone import HostZone, Zone

Local = Callable[[datetime], Sequence[datetime]]

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_WITHOUT_YEAR = re.compile(
    r"(?:(?P<month>[0-9]{1,2})-|(?P<name>[A-Za-z]{3}) +)(?P<day>[0-9]{1,2})"
    r"(?:[T ]+(?P<clock>[0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?))?"
)
_AT = r"(?:,?[T ]+(?:at +)?(?P<clock>[0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?))?"
_ZONE = r"(?P<zone>(?: ?(?:Z|[+-][0-9]{2}:?[0-9]{2}))?)"
_CLOCK = re.compile(rf"(?P<clock>[0-9]{{1,2}}:[0-9]{{2}})(?P<seconds>:[0-9]{{2}})?{_ZONE}")
_WRITTEN = tuple(
    re.compile(f"{date}{_AT}{_ZONE}")
    for date in (
        r"(?P<day>[0-9]{1,2})\.(?P<month>[0-9]{1,2})\.(?P<year>[0-9]{4})",
        r"(?P<year>[0-9]{4})/(?P<month>[0-9]{1,2})/(?P<day>[0-9]{1,2})",
        r"(?P<day>[0-9]{1,2})\.? +(?P<name>[A-Za-z]{3,9})\.?(?:,? +(?P<year>[0-9]{4}))?",
        r"(?P<name>[A-Za-z]{3,9})\.? +(?P<day>[0-9]{1,2})(?:,? +(?P<year>[0-9]{4}))?",
    )
)
_OFFSET = re.compile(r"(?:Z|[+-][0-9]{2}:?[0-9]{2})$")
_DAY, _HOUR, _MINUTE = 8, 10, 12  # digits of a date, and with its hour, and with its minute
_YEARS_BACK = 9  # in so many years there is a 29 February
_SLACK = timedelta(days=1)
_FORMS = (
    "write 2024-06-10T13:32:41, 2024-06-10 13:32+02:00, 2024-06-10, 06-10 13:32, Jun 10 13:32:41, "
    "10 June 13:32, 10.06.2024 13:32 or 13:32"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """What a written time means: a day, a minute, a second; longer where clocks go back."""

    first: datetime
    last: datetime


def period(text: str, option: str, local: Local, newest: datetime) -> Period:
    """Return the period that a text names.

    ``local`` gives the instants at which a clock shows a time. A date without a year is the last
    one that does not lie after ``newest``.

    Raises:
        UsageError: it is no time; the text says which forms are understood.
    """
    # A time as people write it in a form with digits alone; others stay as they are.
    time_text = text.strip()
    time_text = re.sub(r"\s*\b(?:UTC|GMT)$", "Z", time_text)
    if time_found := _CLOCK.fullmatch(time_text):  # the last time that it was so late
        early = time_found["clock"].zfill(5) <= f"{newest:%H:%M}"
        late = f"{newest if early else newest - _SLACK:%Y-%m-%d} {time_found['clock'].zfill(5)}"
        wanted = f"{late}{time_found['seconds'] or ''}{time_found['zone'].strip()}"
    else:
        time_found = next((f for form in _WRITTEN if (f := form.fullmatch(time_text))), None)
        wanted = _time_in_words(time_found, newest) if time_found else time_text
    try:
        if found := _WITHOUT_YEAR.fullmatch(wanted):
            return _last_before(found, local, newest)
        # The period of ISO 8601 with a year; with an offset it is an instant by itself.
        time = datetime.fromisoformat(wanted)
        length = _length_of_unit(_OFFSET.sub("", wanted))
        if time.tzinfo is None:
            return _period_from(time, length, local)
        return _period_from(time, length, lambda aware: (aware.astimezone(UTC),))
    except (ValueError, OverflowError) as error:
        shown = text if text.isprintable() else ascii(text)
        msg = f"{option} {shown}: not a time; {_FORMS}"
        raise UsageError(msg) from error


def _time_in_words(found: re.Match[str], newest: datetime) -> str:
    """Return a date with a month in words, or in another order, as ISO 8601 has it."""
    text, parts = found[0], found.groupdict()
    name = (parts.get("name") or "")[:3].lower()
    if name and name not in _MONTHS:
        return text
    month = _MONTHS.index(name) + 1 if name else int(parts["month"])
    clock = f" {parts['clock'].zfill(5)}" if parts["clock"] else ""
    date, at = f"{month:02d}-{int(parts['day']):02d}", f"{clock}{parts['zone'].strip()}"
    if parts.get("year"):
        return f"{parts['year']}-{date}{at}"
    if not parts["zone"]:
        return f"{date}{at}"
    for year in range(newest.year + 1, max(newest.year - _YEARS_BACK, 1), -1):
        with suppress(ValueError):  # 29 February
            if datetime.fromisoformat(f"{year:04d}-{date}{at}") <= newest + _SLACK:
                return f"{year:04d}-{date}{at}"
    return text


def _last_before(found: re.Match[str], local: Local, newest: datetime) -> Period:
    """Return the last such day that has begun.

    Raises:
        ValueError: there is no such day.
    """
    month = int(found["month"]) if found["month"] else _MONTHS.index(found["name"].lower()) + 1
    clock = found["clock"] or "00:00"
    length = _length_of_unit(f"2024-02-29 {found['clock'] or ''}")
    for year in range(newest.year + 1, max(newest.year - _YEARS_BACK, 1), -1):
        written = f"{year:04d}-{month:02d}-{int(found['day']):02d} {clock:0>5}"
        try:
            span = _period_from(datetime.fromisoformat(written), length, local)
        except ValueError:
            continue
        if span.first <= newest + _SLACK:
            return span
    raise ValueError("no such day")


def _period_from(time: datetime, length: timedelta, local: Local) -> Period:
    instants = local(time)
    return Period(first=min(instants), last=max(instants) + length - MICROSECOND)


def _length_of_unit(written: str) -> timedelta:
    """Return how long the unit is to which a time is written."""
    digits = sum(character.isdigit() for character in written)
    lengths = {_DAY: timedelta(days=1), _HOUR: timedelta(hours=1), _MINUTE: timedelta(minutes=1)}
    return next((lengths[most] for most in lengths if digits <= most), timedelta(seconds=1))


def local_times(zone: "Zone", hosts: Mapping[str, str]) -> Local:
    """Return what gives the instants at which the clocks of a zone show a time.

    ``hosts`` is bundle → name of the hosts that are asked for; their zones count for ``host``.
    """

    def instants(time: datetime) -> Sequence[datetime]:
        if zone.rules is not None:
            return [time.replace(tzinfo=zone.rules, fold=fold).astimezone(UTC) for fold in (0, 1)]
        known = {name: zone.hosts.get(bundle) for bundle, name in hosts.items()}
        return _of_hosts(time, known)

    return instants


def _of_hosts(time: datetime, hosts: "Mapping[str, HostZone | None]") -> Sequence[datetime]:
    """Return the instants at which the hosts' clocks show a time.

    Raises:
        UsageError: the zone of a host is not known, or they differ.
    """
    unknown = sorted(name for name, zone in hosts.items() if zone is None)
    if unknown or not hosts:
        msg = f"--tz host: the zone of {', '.join(unknown) or 'the host'} is not known; name a zone"
        raise UsageError(msg)
    found = {name: frozenset(_instants_showing(time, zone)) for name, zone in hosts.items() if zone}
    if len(set(found.values())) > 1:
        msg = (
            f"--tz host: the zones of {', '.join(sorted(found))} differ; add --host or name a zone"
        )
        raise UsageError(msg)
    return sorted(chain(*found.values()))


def _instants_showing(time: datetime, zone: "HostZone") -> Sequence[datetime]:
    """Return the instants at which a host's clock shows a time; in a gap that of either side."""
    offsets = {
        zone.at(change.at + step)
        for change, _ in zone.changes
        for step in (-MICROSECOND, MICROSECOND)
    }
    offsets |= {zone.at(datetime.max.replace(tzinfo=UTC))}
    every = [(time.replace(tzinfo=offset).astimezone(UTC), offset) for offset in offsets]
    shown = [instant for instant, offset in every if zone.at(instant) == offset]
    return shown or [instant for instant, _ in every]
