"""The options that several commands share."""

import inspect
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import typer

from analyzer.errors import UsageError
from analyzer.values import dataclass

if TYPE_CHECKING:
    from analyzer.dating.assumed import Assumed

Paths: TypeAlias = Annotated[
    list[Path],
    typer.Argument(
        metavar="PATH...",
        help=(
            "Status reports: tar (bz2, gz, xz), zip, an unpacked folder, one log, or pasted lines "
            "of logs; - is standard input. Give all hosts of a pool together."
        ),
        show_default=False,
    ),
]


def _log_named(name: str) -> str:
    from analyzer.sources import SOURCES  # all that is read of a report, which few commands need

    known = [kind.name for kind in SOURCES if kind.is_log]
    if name not in known:
        msg = f"{name!r} is not one of {', '.join(map(repr, known))}"
        raise typer.BadParameter(msg)
    return name


LogAs: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--as",
        parser=_log_named,
        metavar="LOG",
        help="What a single log file is, when its name does not say: smlog, xensource_log, …",
    ),
]
Year: TypeAlias = Annotated[
    int | None,
    typer.Option(
        min=1990,
        max=2100,
        help="The year of the newest line, for logs or pasted lines without a report.",
    ),
]
LogZone: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--zone",
        metavar="ZONE",
        help="The zone of the hosts' clocks, where nothing tells it: +02:00, Europe/Rome.",
    ),
]
Accept: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--accept",
        metavar="FILE",
        help="What is known and accepted (YAML: rule, object, reason, until): shown as such.",
        show_default=False,
    ),
]
Rules: TypeAlias = Annotated[
    list[Path] | None,
    typer.Option("--rules", metavar="PATH", help="A further pattern file or folder; repeatable."),
]
Tz: TypeAlias = Annotated[
    str,
    typer.Option(
        "--tz",
        metavar="ZONE",
        help="Show times in UTC, host (each host's own), +02:00, or a zone such as Europe/Rome.",
    ),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class HowToRead:
    """What somebody says of the input that it does not tell by itself, and what he accepts."""

    accept: Path | None = None
    year: int | None = None
    zone: str | None = None

    @property
    def assumed(self) -> "Assumed":
        """Return what is said of logs that tell no year or no zone.

        Raises:
            UsageError: the zone is none.
        """
        from analyzer.dating.assumed import Assumed
        from analyzer.render.words.zone import zone_named

        if self.zone is None:
            return Assumed(year=self.year)
        named = zone_named(self.zone)
        if named.rules is None:
            raise UsageError("--zone host: name the zone that the hosts' clocks had")
        return Assumed(year=self.year, zone=named.rules, zone_name=named.name)


def told_how_to_read(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options --accept, --year and --zone; its argument ``how`` has them."""

    @wraps(command, assigned=("__module__", "__name__", "__qualname__", "__doc__"))
    def told(
        *words: Any, accept: Accept = None, year: Year = None, log_zone: LogZone = None, **more: Any
    ) -> None:
        command(*words, how=HowToRead(accept=accept, year=year, zone=log_zone), **more)

    own = inspect.signature(command).parameters
    shared = inspect.signature(told, follow_wrapped=False).parameters
    taken = [each for name, each in own.items() if name != "how"]
    taken += [shared[name] for name in ("accept", "year", "log_zone")]
    told.__signature__ = inspect.Signature(taken)  # type: ignore[attr-defined]
    told.__annotations__ = {each.name: each.annotation for each in taken}
    return told
