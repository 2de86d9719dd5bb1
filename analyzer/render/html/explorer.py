"""What the page's scripts read: one JSON text with the timeline's points, zones, and the ticket.

Times are milliseconds from ``base``; points are columns, their times as steps from one to the
next, so that two hundred thousand of them are a few megabytes.
"""

import json
import shlex
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TypeAlias

from markupsafe import Markup

from analyzer.model.entry import Entry
from analyzer.model.moment import Moment
from analyzer.model.report import Report
from analyzer.model.terms import EPOCH
from analyzer.render.html.time_axis import coverage_by_log, spans_of
from analyzer.render.html.timeline import lane_keys, lane_name, lane_order
from analyzer.render.html.timeline_marks import WORST_LAST
from analyzer.render.html.timeline_spans import ends_of, id_of, kind_of, lasting
from analyzer.render.words.view import anchor, short_ids, visible
from analyzer.render.words.zone import zone_named

Row: TypeAlias = tuple[str, str]
Lasting: TypeAlias = tuple[Row, str, Moment, Moment, str, str]
_UNSAFE = str.maketrans({c: f"\\u{ord(c):04x}" for c in "<>&\u2028\u2029"})
_SECOND = 1000
_MILLISECOND = timedelta(milliseconds=1)


def page_data(report: Report, ticket: str, most: int, anchors: Mapping[str, str]) -> Markup:
    """Return the JSON, with nothing in it that could end the element it stands in.

    Of the points of the timeline at most so many: those that findings rest on, and the latest.
    ``anchors`` are those of what is no finding, by its id.
    """
    # The names of the given files as words of a command.
    names = dict.fromkeys(bundle.name.partition(":")[0] for bundle in report.bundles)
    files_given = " ".join(map(shlex.quote, names)) or "BUNDLE"
    # Each host's zone: name, minutes east of UTC, and [time in ms, by how many minutes].
    hosts = zone_named("host").of(report).hosts
    zones_names = {host.bundle: host.name for host in report.hosts}
    zones_of_hosts = [
        [
            visible(zones_names[bundle]),
            zone.minutes,
            [[_milliseconds(change.at), by.total_seconds() // 60] for change, by in zone.changes],
        ]
        for bundle, zone in sorted(hosts.items())
    ]
    data = {
        "ticket": visible(ticket, lines=True),
        "zones": zones_of_hosts,
        "bundles": visible(files_given),
        "anchors": {visible(name): target for name, target in anchors.items()},
    }
    text = json.dumps(
        data | _timeline_data(report, most), ensure_ascii=False, separators=(",", ":")
    )
    return Markup(text.translate(_UNSAFE))  # noqa: S704  # no character of HTML is left in it


class _Table:
    """Texts by number, each once."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def __getitem__(self, text: str) -> int:
        return self._numbers.setdefault(text, len(self._numbers))

    @property
    def texts(self) -> list[str]:
        """Return the texts in the order of their numbers."""
        return [visible(text) for text in self._numbers]


def _timeline_data(report: Report, most: int) -> dict[str, object]:
    points = [e for e in report.happenings if e.what.is_line and e.moment.year_known]
    if len(points) > most:
        points = sorted(points, key=lambda e: (bool(e.findings), e.moment.at))[-most:]
    lasting = [each for each in _lasting_rows(report) if each[2].year_known and each[3].year_known]
    covered = [
        (lane_name(*key), first, last)
        for key, entries in coverage_by_log(report).items()
        for _, first, last in spans_of(entries)
    ]
    rows = {*(row for row, *_ in lasting), *(lane_name(*key) for key in lane_keys(report))}
    order = sorted(rows, key=lane_order(report))
    lanes, labels = {row: number for number, row in enumerate(order)}, _Table()
    starts = [point.moment.earliest for point in points]
    starts += [min(first.earliest, last.earliest) for _, _, first, last, *_ in lasting]
    starts += [first.at for _, first, _ in covered]
    base = min(starts, default=EPOCH)
    return {
        "base": _milliseconds(base),
        "lanes": [[visible(host), visible(name)] for host, name in order],
        "bars": [
            [lanes[row], _milliseconds(a.at, base), _milliseconds(b.at, base)]
            for row, a, b in covered
        ],
        "holes": [
            [lanes[row], _milliseconds(hole.began.at, base), _milliseconds(hole.ended.at, base)]
            for hole in report.holes
            if hole.began.year_known and hole.ended.year_known
            if (row := lane_name(hole.host, hole.source)) in lanes
        ],
        "spans": [
            [
                lanes[row],
                *(_milliseconds(time, base) for time in _ends_of_doubt(first, last)),
                *(labels[text] for text in (kind, words, of)),
            ]
            for row, kind, first, last, words, of in lasting
        ],
        **_columns_of_points(report, points, base, lanes, labels),
        "labels": [short_ids(text) for text in labels.texts],
    }


def _milliseconds(time: datetime, base: datetime = EPOCH) -> int:
    return (time - base) // _MILLISECOND


def _columns_of_points(
    report: Report,
    points: Sequence[Entry],
    base: datetime,
    lanes: Mapping[Row, int],
    labels: _Table,
) -> dict[str, object]:
    """Return the columns of the points in the order of time, and the doubt of those that have."""
    bundles = tuple(bundle.name for bundle in report.bundles)
    points = sorted(points, key=lambda point: point.moment.at)
    times = [_milliseconds(point.moment.at, base) for point in points]
    made = {(p.source.bundle, p.source.member): p.source for p in points}
    members = {key: number for number, key in enumerate(made)}
    doubts = [
        (_milliseconds(p.moment.earliest, base), _milliseconds(p.moment.latest, base))
        for p in points
    ]
    return {
        "members": [
            [visible(source.member), anchor(source, bundles).rpartition(":")[0]]
            for source in made.values()
        ],
        "marks": {
            "t": [time - before for time, before in zip(times, [0, *times], strict=False)],
            "lane": [lanes[lane_name(point.host, point.lane)] for point in points],
            "kind": [WORST_LAST.index(point.severity or "context") for point in points],
            "label": [labels[point.title] for point in points],
            "of": [labels[next(iter(point.findings), "")] for point in points],
            "also": [[n, labels[id_]] for n, p in enumerate(points) for id_ in p.findings[1:]],
            "member": [members[point.source.bundle, point.source.member] for point in points],
            "line": [point.source.line for point in points],
            "doubt": [[n, a, b] for n, (a, b) in enumerate(doubts) if b - a > _SECOND],
        },
    }


def _lasting_rows(report: Report) -> Iterator[Lasting]:
    """Yield (row, kind, first, last, words, id of what it is) of all that lasted."""
    for row, entry in lasting(report):
        words = f"{entry.title}; its end was not seen" if entry.open else entry.title
        yield row, kind_of(entry), *ends_of(entry), words, id_of(entry) or ""
    for span in report.spans:
        row = span.host, span.kind.value
        yield row, span.kind.name.lower(), span.began, span.ended, span.what, span.vdi


def _ends_of_doubt(first: Moment, last: Moment) -> tuple[datetime, datetime, datetime, datetime]:
    """Return since when it may have lasted, certainly lasted, and until when each."""
    earliest, latest = min(first.earliest, last.earliest), max(first.latest, last.latest)
    return earliest, first.latest, last.earliest, latest
