"""The zone in which times are shown: UTC, each host's own, or one by name.

Every instant stays UTC; only how it is read changes. Names and rules are those of the zone files
of this machine or, where it has none, those that come with python-dateutil.
"""

import re
from collections.abc import Mapping
from dataclasses import field
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from types import MappingProxyType
from typing import TYPE_CHECKING

from analyzer.errors import UsageError
from analyzer.model.clock import ClockChangeKind
from analyzer.model.moment import Moment, zone_of, zone_text
from analyzer.values import dataclass

if TYPE_CHECKING:
    from analyzer.model.report import Report

HOST = "host"
_OFFSET = re.compile(r"([+-])([0-9]{2}):?([0-9]{2})")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_+-]*(?:/[A-Za-z0-9][A-Za-z0-9_+-]*)*")
_FARTHEST = timedelta(hours=18)
_NEAR = 5
_NO_HOSTS: Mapping[str, "HostZone"] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class HostZone:
    """A host's newest offset, and its changes of summer time: (when, by how much), newest first."""

    minutes: int
    changes: tuple[tuple[Moment, timedelta], ...] = ()

    def at(self, time: datetime) -> timezone:
        """Return the offset that held at an instant."""
        offset = timedelta(minutes=self.minutes)
        for change, by in self.changes:
            if time < change.at:
                offset -= by
        return timezone(offset)


@dataclass(frozen=True, slots=True, kw_only=True)
class Zone:
    """What ``--tz`` asks for. ``rules`` is None for each host's own zone, kept in ``hosts``."""

    name: str = "UTC"
    rules: tzinfo | None = UTC
    hosts: Mapping[str, HostZone] = field(default_factory=lambda: _NO_HOSTS)

    @property
    def is_utc(self) -> bool:
        """Tell whether nothing changes."""
        return self.rules is UTC

    def at(self, time: datetime, bundle: str = "") -> timezone:
        """Return the offset at an instant; UTC for a host whose offset is not known."""
        if self.rules is None:
            own = self.hosts.get(bundle)
            return own.at(time) if own else UTC
        offset = time.astimezone(self.rules).utcoffset() or timedelta(0)
        return UTC if self.is_utc else timezone(offset)

    def of(self, report: "Report") -> "Zone":
        """Return it with the offsets of the hosts of a run, where they are asked for."""
        if self.rules is not None:
            return self
        changes = {}
        for clock in report.clocks:
            found = [
                (change.at, timedelta(seconds=change.seconds))
                for change in clock.changes
                if change.kind is ClockChangeKind.SUMMER_TIME and change.seconds is not None
            ]
            changes[clock.bundle] = sorted(found, key=lambda change: change[0].at, reverse=True)
        host_zones = {
            host.bundle: HostZone(
                minutes=host.utc_offset_minutes, changes=tuple(changes.get(host.bundle, ()))
            )
            for host in report.hosts
            if host.utc_offset_minutes is not None
        }
        return Zone(name=self.name, rules=None, hosts=host_zones)


def zone_named(text: str) -> Zone:
    """Return the zone that `text` names: UTC, ``host``, ``+02:00`` or ``Europe/Rome``.

    Raises:
        UsageError: there is no such zone; the text names those that are near.
    """
    wanted = text.strip().casefold()
    if wanted in {"utc", "z"}:
        return Zone()
    if wanted == HOST:
        return Zone(name=HOST, rules=None)
    if (offset := _offset_of_text(wanted)) is not None:
        return Zone(name=text.strip(), rules=timezone(offset))
    # Zones by name are asked for seldom, and take longer to load than to be looked up.
    from zoneinfo import available_timezones  # noqa: PLC0415

    from dateutil import tz  # noqa: PLC0415

    names = {name.casefold(): name for name in available_timezones()}
    name = names.get(wanted, text.strip())
    # A zone's rules; what is no plain name could be a path or a rule of POSIX.
    found = tz.gettz(name) if _NAME.fullmatch(name) else None
    rules = found if isinstance(found, tz.tzfile) else None
    if rules is None:
        # Say that there is no such zone, and which names are near: whole, or by their last part.
        from difflib import get_close_matches  # noqa: PLC0415

        unknown_wanted = text.strip().casefold()
        cities: dict[str, list[str]] = {}
        for unknown_name in sorted(names):
            cities.setdefault(unknown_name.rpartition("/")[2], []).append(unknown_name)
        close = get_close_matches(unknown_wanted, names, _NEAR)
        city = unknown_wanted.rpartition("/")[2]
        of_cities = [
            unknown_name
            for near in get_close_matches(city, cities, _NEAR)
            for unknown_name in cities[near]
        ]
        near = [names[unknown_name] for unknown_name in dict.fromkeys((*of_cities, *close))][:_NEAR]
        hint = f"; near it are {', '.join(near)}" if near else ""
        shown = text if text.isprintable() else ascii(text)
        unknown_in_words = (
            f"--tz {shown}: no such time zone{hint}; give UTC, host (each host's own), "
            "an offset such as +02:00, or a name such as Europe/Rome"
        )
        raise UsageError(unknown_in_words)
    return Zone(name=name, rules=rules)


def clock_text(moment: Moment) -> tuple[str, str]:
    """Return date and time of a moment, and the zone they are in: "UTC" or "+02:00"."""
    time = moment.at.astimezone(zone_of(moment))
    text = time.replace(tzinfo=None).isoformat(sep=" ", timespec="seconds")
    return text, zone_text(time)


def _offset_of_text(text: str) -> timedelta | None:
    found = _OFFSET.fullmatch(text)
    if found is None:
        return None
    offset = timedelta(hours=int(found[2]), minutes=int(found[3]))
    sound = offset <= _FARTHEST and int(found[3]) < 60  # noqa: PLR2004 - minutes of an hour
    return (-offset if found[1] == "-" else offset) if sound else None
