"""Read systemctl-status.out: the manager's block, and the units' states where they are shown.

Writer: ``systemctl status``, run by xen-bugtool (`system-services`). Without ``--all`` systemd
(``systemctl.c``, `show_system_status`) writes its own block alone: how many units failed, and
the tree of control groups. Whoever ran it by hand with ``--all`` or with names has a block per
unit, with at most ten journal lines. Times are local, with the zone's short name, kept as text.

True lines: ``   Failed: 1 units``, ``           │ ├─xapi-nbd.service``, and
``   Active: failed (Result: exit-code) since Thu 2024-11-21 10:06:01 UTC; 5min ago``.

Not read: units without an "Active:" line, which systemd always writes; processes.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import takewhile

from analyzer.bundle.member import Member
from analyzer.model.host import ServiceState, ServiceStates
from analyzer.model.report import ParseProblem
from analyzer.parsers._api import Fact
from analyzer.parsers._text import Text, read_text
from analyzer.values import dataclass

# The bullet is a circle, a cross, x or *, or what a wrong encoding made of it.
_NAME = (
    r"(?P<unit>\S{1,256}\.(?:service|socket|device|mount|automount|swap|target|path|timer|slice|"
    r"scope|snapshot|busname))"
)
_UNIT = re.compile(rf"(?:[^\sA-Za-z0-9]\S{{0,5}}|x) {_NAME}(?: - .*)?")
_FAILED = re.compile(r" +Failed: ([0-9]{1,9}) units(?: .*)?")
# Drawn with lines, or in ASCII in the C locale.
_RUNNING = re.compile(rf"[\s│|]*(?:├─|└─|\|-|`-){_NAME}")
_ACTIVE = re.compile(r"\s+Active: (?P<active>[a-z-]+)(?P<rest>.*)")
_SINCE = re.compile(r"\bsince (?P<since>[^;]+)")
_JOURNAL = re.compile(r"[A-Z][a-z]{2} +[0-9]{1,2} [0-9]{2}:[0-9]{2}:[0-9]{2} .*")

Lines = Sequence[tuple[int, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemctlStatus:
    """The parser."""

    name: str = "systemctl"

    def claims(self, path: str, head: bytes) -> bool:  # noqa: ARG002 (its name is enough)
        """Tell whether the file is named so."""
        return path.rpartition("/")[2] == "systemctl-status.out"

    def read(self, member: Member, limit: int) -> Iterator[Fact]:
        """Yield the units in the order of the file, then the first that has no state."""
        text = read_text(member, limit)
        services: list[ServiceState] = []
        stateless: list[ParseProblem] = []
        for unit, lines in _blocks_of_units(text):
            for index, service_line in lines:
                active = _ACTIVE.fullmatch(service_line)
                if active:
                    since = _SINCE.search(active["rest"])
                    service: ServiceState | None = ServiceState(
                        source=text.at(index),
                        unit=unit,
                        active=active["active"],
                        text=service_line,
                        since=since["since"].strip() if since else None,
                        journal=tuple(entry for _, entry in lines if _JOURNAL.fullmatch(entry)),
                    )
                    break
            else:
                service = None
            if service:
                services.append(service)
            else:
                what = f"the unit {unit} has no state"
                stateless.append(ParseProblem(source=text.at(lines[0][0]), what=what))
        counts = (_FAILED.fullmatch(line) for line in _manager_lines(text))
        failed_units = next((int(count[1]) for count in counts if count), None)
        nodes = (_RUNNING.fullmatch(line) for line in _manager_lines(text))
        running = tuple(sorted({node["unit"] for node in nodes if node}))
        understood = bool(services) or (failed_units is not None and bool(running))
        yield ServiceStates(
            source=text.source,
            complete=text.whole and understood and not stateless,
            services=tuple(services),
            failed_units=failed_units,
            running=running,
        )
        yield from stateless[:1]


PARSER = SystemctlStatus()


def _manager_lines(text: Text) -> Iterator[str]:
    """Yield the lines of the manager's block, which stands first."""
    lines = (line for _, line in text.closed())
    return takewhile(lambda line: not _UNIT.fullmatch(line), lines)


def _blocks_of_units(text: Text) -> Iterator[tuple[str, Lines]]:
    """Yield (unit, its lines with the first)."""
    unit = ""
    lines: list[tuple[int, str]] = []
    for index, line in text.closed():
        opened = _UNIT.fullmatch(line)
        if opened:
            if unit:
                yield unit, lines
            unit, lines = opened["unit"], []
        lines.append((index, line))
    if unit:
        yield unit, lines
