"""What may be wrong with a status report: members lost, logs that begin late or end early, clocks."""

import gzip
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum
from functools import partial

from analyzer.bundle.names import log_name
from tests.support.bundle import BundleBuilder
from tests.support.clock import MONTHS

Reports = Sequence[BundleBuilder]
HEADS = 20
ENDS = (30, 60)  # percent of the live file that is left
SHIFTS = (timedelta(minutes=7), timedelta(minutes=-95))
_ALWAYS = ("inventory.xml", "xen-bugtool.log")
_SYSLOG = re.compile(rb"^([A-Z][a-z]{2}) ([ 0-9][0-9]) ([0-9]{2}:[0-9]{2}:[0-9]{2}) ", re.MULTILINE)
_INNER = re.compile(rb"\[([0-9]{8}T[0-9]{2}:[0-9]{2}:[0-9]{2})(\.[0-9]{3})Z\|")


class Kind(Enum):
    """Sorts of damage; the value is what is printed."""

    REMOVED = "member removed"
    EMPTIED = "member emptied"
    END = "log ends early"
    HEAD = "log begins late"
    CLOCK = "clock moved"
    HALVED = "member halved"
    NULS = "member full of zero bytes"
    TIMEOUT = "member timed out"
    SWAPPED = "rotations swapped"
    CUT = "archive cut"
    FLIPPED = "bit flipped"
    ZEROED = "block zeroed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Damage:
    """One damage of a sample; ``inflict`` changes the reports that it is given.

    ``path`` is set where it is to one member.
    """

    kind: Kind
    where: str
    inflict: Callable[[Reports], None]
    path: str = ""


def damages(reports: Reports) -> Iterator[Damage]:
    """Yield every damage that is done to a sample, in a fixed order."""
    for number, report in enumerate(reports):
        logs = _logs(report)
        yield from _lost_members(number, report, logs)
        yield from _swapped(number, report, logs)
        for family, files in logs.items():
            for percent in ENDS:
                inflict = partial(_end_early, number=number, path=files[-1], percent=percent)
                yield Damage(
                    kind=Kind.END, where=f"{report.host} {family} {percent}%", inflict=inflict
                )
    for place in range(1, HEADS + 1):
        for only in ("", "var/log/SMlog"):
            inflict = partial(_begin_late, share=place / (HEADS + 1), only=only)
            where = f"{only or 'all logs'} {place}/{HEADS + 1}"
            yield Damage(kind=Kind.HEAD, where=where, inflict=inflict)
    # the database has the master's time, so of it alone nothing can be moved
    for number, report in list(enumerate(reports))[1:]:
        for shift in SHIFTS:
            inflict = partial(_move_clock, number=number, shift=shift)
            yield Damage(kind=Kind.CLOCK, where=f"{report.host} {shift}", inflict=inflict)


def _lost_members(
    number: int, report: BundleBuilder, logs: Mapping[str, Sequence[str]]
) -> Iterator[Damage]:
    """Yield each member taken away, and made empty; the oldest file of a log is its head."""
    oldest = {files[0] for files in logs.values() if len(files) > 1}
    for path in report.paths():
        if path in _ALWAYS:
            continue
        for kind, inflict in _LOSSES:
            late = path in oldest and kind in _GONE
            early = kind is Kind.HALVED and log_name(path) is not None
            yield Damage(
                kind=Kind.HEAD if late else Kind.END if early else kind,
                where=f"{report.host} {path} {kind.value}",
                inflict=partial(inflict, number=number, path=path),
                path=path,
            )


def _swapped(
    number: int, report: BundleBuilder, logs: Mapping[str, Sequence[str]]
) -> Iterator[Damage]:
    """Yield the two oldest files of each log, each under the other's name."""
    for family, files in logs.items():
        if len(files) > 1:
            inflict = partial(_swap, number=number, one=files[0], other=files[1])
            yield Damage(kind=Kind.SWAPPED, where=f"{report.host} {family}", inflict=inflict)


def _logs(report: BundleBuilder) -> Mapping[str, Sequence[str]]:
    """Return the files of each log, the oldest first."""
    found: dict[str, list[tuple[int, str]]] = {}
    for path in report.paths():
        name = log_name(path)
        if name is not None and path.startswith("var/log/"):
            base = re.sub(r"(\.[0-9]+)?(\.gz)?$", "", path)
            found.setdefault(base, []).append((-name.rotation, path))
    return {family: [path for _, path in sorted(files)] for family, files in found.items()}


def _remove(reports: Reports, *, number: int, path: str) -> None:
    reports[number].remove(path)


def _empty(reports: Reports, *, number: int, path: str) -> None:
    reports[number].empty(path)


def _halve(reports: Reports, *, number: int, path: str) -> None:
    content = reports[number].content(path)
    reports[number].file(path, content[: len(content) // 2])


def _fill(reports: Reports, *, number: int, path: str) -> None:
    reports[number].file(path, bytes(len(reports[number].content(path))))


def _time_out(reports: Reports, *, number: int, path: str) -> None:
    content = reports[number].content(path)
    reports[number].file(path, content[: len(content) // 2] + b"\n** timeout **\n")


_LOSSES = (
    (Kind.REMOVED, _remove),
    (Kind.EMPTIED, _empty),
    (Kind.HALVED, _halve),
    (Kind.NULS, _fill),
    (Kind.TIMEOUT, _time_out),
)


_GONE = (Kind.REMOVED, Kind.EMPTIED)


def _swap(reports: Reports, *, number: int, one: str, other: str) -> None:
    report = reports[number]
    texts = _read(report, one), _read(report, other)
    _write(report, one, texts[1])
    _write(report, other, texts[0])


def _end_early(reports: Reports, *, number: int, path: str, percent: int) -> None:
    lines = _read(reports[number], path).splitlines(keepends=True)
    _write(reports[number], path, b"".join(lines[: len(lines) * percent // 100]))


def _begin_late(reports: Reports, *, share: float, only: str) -> None:
    """Drop the first lines of each log, over all of its files."""
    for report in reports:
        for family, files in _logs(report).items():
            if only in ("", family):
                _drop(report, files, share)


def _drop(report: BundleBuilder, files: Sequence[str], share: float) -> None:
    lines = {path: _read(report, path).splitlines(keepends=True) for path in files}
    left = int(sum(map(len, lines.values())) * share)
    for path in files:
        if left and left >= len(lines[path]) and path != files[-1]:
            report.remove(path)
        elif left:
            _write(report, path, b"".join(lines[path][left:]))
        left = max(left - len(lines[path]), 0)


def _move_clock(reports: Reports, *, number: int, shift: timedelta) -> None:
    """Move the clock of a host in all of its logs; what xapi wrote elsewhere stays."""
    report = reports[number]
    for path in report.paths():
        if path.startswith("var/log/"):
            text = _read(report, path)
            text = _SYSLOG.sub(partial(_later, shift=shift), text)
            _write(report, path, _INNER.sub(partial(_later_inside, shift=shift), text))


def _later(stamp: re.Match[bytes], *, shift: timedelta) -> bytes:
    month = MONTHS.index(stamp[1].decode()) + 1
    text = f"2024-{month:02}-{int(stamp[2]):02} {stamp[3].decode()}"
    at = datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC) + shift
    return f"{MONTHS[at.month - 1]} {at.day:2d} {at:%H:%M:%S} ".encode()


def _later_inside(stamp: re.Match[bytes], *, shift: timedelta) -> bytes:
    at = datetime.strptime(stamp[1].decode(), "%Y%m%dT%H:%M:%S").replace(tzinfo=UTC) + shift
    return f"[{at:%Y%m%dT%H:%M:%S}".encode() + stamp[2] + b"Z|"


def _read(report: BundleBuilder, path: str) -> bytes:
    content = report.content(path)
    return gzip.decompress(content) if path.endswith(".gz") else content


def _write(report: BundleBuilder, path: str, content: bytes) -> None:
    report.file(path, gzip.compress(content, mtime=0) if path.endswith(".gz") else content)
