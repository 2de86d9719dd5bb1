"""The full timeline: what is merged, what is chosen, and that no order is claimed falsely."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.case.case import Case
from analyzer.model.clock import ClockChange, ClockChangeKind, HostClock
from analyzer.model.entry import Entry, EntryKind
from analyzer.model.finding import Confidence, Evidence, Severity, Subject
from analyzer.model.hole import Hole, HoleKind
from analyzer.model.incident import Incident, IncidentKind
from analyzer.model.lines import with_mark
from analyzer.model.moment import Moment
from analyzer.model.report import Report
from analyzer.model.source import Source
from analyzer.rebuilt.calls.operations import sm_operations
from analyzer.run import load_case
from analyzer.story.timeline.full_timeline import full_timeline
from analyzer.story.timeline.full_timeline import told as told_of
from analyzer.story.timeline.happenings import made, mark_of, quoted
from analyzer.story.timeline.order import in_order
from analyzer.story.timeline.wanted import Wanted, chosen, fits_kind
from tests.render.support import empty_report, rich_report

CRASH = Path(__file__).resolve().parents[3] / "sample_bundles" / "host-crash.tar.bz2"
NOON = datetime(2024, 11, 22, 12, tzinfo=UTC)


def around(seconds: float, doubt: float = 0.0) -> Moment:
    at, width = NOON + timedelta(seconds=seconds), timedelta(seconds=doubt)
    return Moment(at=at, earliest=at - width, latest=at + width, dated_by="test")


def record(
    seconds: float,
    line: int,
    member: str = "var/log/SMlog",
    *,
    bundle: str = "jupiter",
    doubt: float = 0.0,
) -> Entry:
    return Entry(
        moment=around(seconds, doubt),
        what=EntryKind.RECORD,
        host=bundle,
        lane="smlog",
        source=Source(bundle=bundle, member=member, line=line),
        kinds=("sm-call.entry",),
        title="",
        message="vdi_attach",
        text="Nov 22 12:00:00 jupiter SM: [1] vdi_attach",
    )


def yearless(line: int) -> Entry:
    far = timedelta(days=40_000)
    at = Moment(at=NOON, earliest=NOON - far, latest=NOON + far, dated_by="year unknown")
    return Entry(
        moment=at,
        what=EntryKind.RECORD,
        host="jupiter",
        lane="smlog",
        source=Source(bundle="jupiter", member="var/log/SMlog.3", line=line),
        kinds=("sm-call.entry",),
        title="",
        message="",
        text="x",
    )


ENTRIES = st.builds(
    record,
    seconds=st.integers(0, 30),
    line=st.integers(1, 9),
    member=st.sampled_from(["var/log/SMlog", "var/log/kern.log"]),
    bundle=st.sampled_from(["jupiter", "saturn"]),
    doubt=st.sampled_from([0.0, 0.4, 3.0, 60.0]),
)


def _ordered(first: Entry, then: Entry) -> bool:
    same = (first.source.bundle, first.source.member) == (then.source.bundle, then.source.member)
    if same:
        return first.source.line <= then.source.line
    return first.moment.certainly_before(then.moment)


@given(st.lists(ENTRIES, max_size=12))
def test_entry_without_a_mark_is_certainly_where_it_stands(entries: list[Entry]) -> None:
    shown = in_order(entries)
    for place, entry in enumerate(shown):
        if not entry.about:
            assert all(_ordered(before, entry) for before in shown[:place])
            assert all(_ordered(entry, after) for after in shown[place + 1 :])


@given(st.lists(ENTRIES, max_size=12))
def test_mark_has_a_reason(entries: list[Entry]) -> None:
    shown = in_order(entries)
    for place, entry in enumerate(shown):
        if entry.about:
            before = all(_ordered(other, entry) for other in shown[:place])
            after = all(_ordered(entry, other) for other in shown[place + 1 :])
            assert not (before and after)


@given(st.permutations([record(2, 5), record(0, 1), record(1, 3, "var/log/kern.log"), yearless(1)]))
def test_order_does_not_depend_on_the_order_of_reading(entries: list[Entry]) -> None:
    assert in_order(entries) == in_order(sorted(entries, key=lambda entry: entry.source))


def test_neighbours_on_hosts_with_doubtful_zones_are_not_ordered() -> None:
    shown = in_order([record(0, 1, doubt=3600), record(600, 1, bundle="saturn")])
    assert [entry.about for entry in shown] == [True, True]


def test_lines_of_one_file_in_their_order_need_no_mark() -> None:
    shown = in_order([record(0, 1, doubt=3600), record(0, 2, doubt=3600)])
    assert [entry.about for entry in shown] == [False, False]


def test_line_that_a_clock_step_put_before_earlier_ones_is_marked() -> None:
    shown = in_order([record(100, 1), record(40, 2), record(120, 3)])
    assert [(entry.source.line, entry.about) for entry in shown] == [
        (2, True),
        (1, True),
        (3, False),
    ]


def test_entry_of_an_unknown_year_comes_last_and_puts_no_other_in_doubt() -> None:
    shown = in_order([yearless(1), record(0, 1), record(5, 2)])
    assert [entry.about for entry in shown] == [False, False, True]


def incident(began: Moment, evidence: Evidence, ended: Moment | None = None) -> Incident:
    return Incident(
        id="I-1",
        kind=IncidentKind.SR_OUTAGE,
        host="jupiter",
        bundle="jupiter",
        title="SR tank did not answer",
        began=began,
        ended=ended,
        confidence=Confidence.CERTAIN,
        subjects=(Subject(type="SR", uuid="0d2b6bd6-53d4-2f51-9e6c-1f8de3b4f0a7"),),
        evidence=(evidence,),
    )


def told(line: int, seconds: float) -> Evidence:
    source = Source(bundle="jupiter", member="var/log/SMlog", line=line)
    return Evidence(source=source, text="I/O error", at=around(seconds))


def with_made(report: Report) -> tuple[Entry, ...]:
    return in_order(made(report, quoted(report), (), {}))


def test_incident_is_an_entry_where_it_begins_and_one_where_it_ends() -> None:
    one = incident(around(0), told(1, 0), around(60))
    entries = with_made(replace(empty_report(), incidents=(one,)))
    assert [(entry.what, entry.moment.at) for entry in entries] == [
        (EntryKind.INCIDENT_BEGAN, NOON),
        (EntryKind.INCIDENT_ENDED, NOON + timedelta(seconds=60)),
    ]
    assert entries[0].until == around(60)


def test_end_of_an_incident_quotes_the_line_that_tells_of_it() -> None:
    end = Evidence(source=told(9, 60).source, text="server is OK", at=around(60))
    one = incident(around(0), told(1, 0), around(60))
    both = replace(one, evidence=(told(1, 0), end))
    assert with_made(replace(empty_report(), incidents=(both,)))[1].text == "server is OK"


def test_incident_puts_its_own_line_in_no_doubt() -> None:
    report = replace(empty_report(), incidents=(incident(around(0), told(1, 0)),))
    entries = in_order([record(0, 1), *made(report, quoted(report), (), {})])
    assert [entry.about for entry in entries] == [False, False]


def test_incident_of_which_the_beginning_is_not_known_leaves_its_line_in_doubt() -> None:
    report = replace(empty_report(), incidents=(incident(around(-30, 40), told(1, 0)),))
    entries = in_order([record(0, 1), *made(report, quoted(report), (), {})])
    assert [entry.about for entry in entries] == [True, True]


def test_hole_is_an_entry_that_lasts() -> None:
    hole = Hole(
        bundle="jupiter",
        host="jupiter",
        source="smlog",
        kind=HoleKind.ROTATED,
        began=around(0),
        ended=around(600),
        expected="a line at least every 31 s",
    )
    (entry,) = with_made(replace(empty_report(), holes=(hole,)))
    assert (entry.what, entry.until, entry.message) == (
        EntryKind.HOLE,
        around(600),
        "expected: a line at least every 31 s",
    )


def clock(kind: ClockChangeKind, seconds: float | None) -> HostClock:
    change = ClockChange(
        kind=kind,
        host="jupiter",
        bundle="jupiter",
        at=around(0),
        seconds=seconds,
        confidence=Confidence.CERTAIN,
        before=told(1, 3600),
        after=told(2, 0),
        members=("var/log/SMlog",),
    )
    return HostClock(
        host="jupiter",
        bundle="jupiter",
        dated_by="audit.log",
        zone_known=True,
        utc_offset_minutes=60,
        changes=(change,),
    )


def test_step_of_a_clock_is_an_entry_with_its_length() -> None:
    (entry,) = with_made(replace(empty_report(), clocks=(clock(ClockChangeKind.BACK, -3600),)))
    assert entry.title == "the clock was set back by 1 h"


def test_change_of_a_clock_that_an_incident_tells_of_is_no_second_entry() -> None:
    report = replace(
        empty_report(),
        clocks=(clock(ClockChangeKind.BACK, -3600),),
        incidents=(incident(around(0), told(2, 0)),),
    )
    assert EntryKind.CLOCK not in [entry.what for entry in with_made(report)]


@pytest.mark.parametrize("kept", [True, False], ids=["its line is kept", "its line is not kept"])
def test_boot_is_an_entry_where_its_own_line_is_none(kept: bool) -> None:
    report = replace(empty_report(), clocks=(clock(ClockChangeKind.REBOOT, None),))
    line = report.clocks[0].changes[0].after.source
    entries = made(report, quoted(report), [replace(record(0, 1), source=line)] * kept, {})
    assert (EntryKind.CLOCK in [entry.what for entry in entries]) is not kept


def test_line_that_findings_quote_bears_their_titles_and_the_worst_severity() -> None:
    report = rich_report()
    quotes = quoted(report)
    source, uses = next((s, u) for s, u in quotes.findings.items() if u[0][1].at)
    entry = with_mark(record(0, 1), mark_of(source, quotes))
    assert entry.findings == tuple(dict.fromkeys(finding.id for finding, _ in uses))
    assert entry.severity is min((f.severity for f, _ in uses), key=lambda each: each.rank)


def test_quoted_line_that_was_not_kept_is_an_entry_of_its_own() -> None:
    entries = with_made(rich_report())
    assert any(entry.what is EntryKind.FINDING and entry.severity for entry in entries)
    assert Severity.ERROR in {entry.severity for entry in entries}


@pytest.mark.parametrize(
    ("wanted", "shown"),
    [
        (Wanted(), True),
        (Wanted(first=NOON), True),
        (Wanted(first=NOON + timedelta(seconds=2)), True),
        (Wanted(first=NOON + timedelta(seconds=4)), False),
        (Wanted(last=NOON - timedelta(seconds=2)), True),
        (Wanted(last=NOON - timedelta(seconds=4)), False),
        (Wanted(bundles=frozenset({"jupiter"})), True),
        (Wanted(bundles=frozenset({"saturn"})), False),
        (Wanted(kinds=("sm-call",)), True),
        (Wanted(kinds=("record",)), True),
        (Wanted(kinds=("sm-*",)), True),
        (Wanted(kinds=("finding",)), False),
        (Wanted(kinds=("finding", "sm-call.entry")), True),
    ],
)
def test_filters_count_the_doubt_in_favour_of_showing(wanted: Wanted, shown: bool) -> None:
    assert chosen(record(0, 1, doubt=3), wanted, fits=True) is shown


def test_kind_is_also_the_pattern_that_a_selector_belongs_to() -> None:
    assert fits_kind(["cbt-log-missing.made"], ["cbt-log-missing"])
    assert not fits_kind(["cbt-log-missing.made"], ["made"])


@pytest.fixture(scope="module")
def crashed() -> tuple[Case, Report]:
    return load_case([CRASH])


def test_line_is_one_entry_however_many_selectors_kept_it(crashed: tuple[Case, Report]) -> None:
    entries = full_timeline(*crashed, {}, Wanted())
    lines = [entry.source for entry in entries if entry.what is EntryKind.RECORD]
    assert len(lines) == len(set(lines))
    assert max(len(entry.kinds) for entry in entries) > 1


def test_disk_brings_the_lines_of_its_calls_and_tasks_though_they_do_not_name_it(
    crashed: tuple[Case, Report],
) -> None:
    case, report = crashed
    found = next(f for o in report.outcomes for f in o.findings if f.subjects[0].type == "VDI")
    disk = found.subjects[0].uuid
    entries = full_timeline(case, report, {}, Wanted(objects=(frozenset({disk}),)))
    every = full_timeline(case, report, {}, Wanted())
    unnamed = [e for e in entries if disk not in e.text and e.what is EntryKind.RECORD]
    assert 0 < len(entries) < len(every)
    assert unnamed
    tasks = {entry.task for entry in entries if entry.task}
    shown = {entry.source for entry in entries}
    assert all(entry.source in shown for entry in every if entry.task in tasks)


def test_all_objects_must_be_told_of(crashed: tuple[Case, Report]) -> None:
    case, report = crashed
    disks = sorted({each.vdi for each in sm_operations(case) if each.vdi})[:2]
    both = Wanted(objects=tuple(frozenset({disk}) for disk in disks))
    either = Wanted(objects=(frozenset(disks),))
    assert len(full_timeline(case, report, {}, both)) < len(full_timeline(case, report, {}, either))


def test_session_is_found_by_what_names_it(crashed: tuple[Case, Report]) -> None:
    case, report = crashed
    entries = full_timeline(case, report, {}, Wanted(session="trackid="))
    assert entries
    assert all("trackid=" in entry.text.lower() or entry.task for entry in entries)


def test_lines_of_a_session_are_shown_though_they_do_not_name_it(
    crashed: tuple[Case, Report],
) -> None:
    case, report = crashed
    events = case.events.of(*case.events.kinds)
    line = next(event for event in events if event.parser == "daemon_log")
    entries = full_timeline(case, report, {}, Wanted(lines=frozenset({line.source})))
    assert [entry.source for entry in entries if entry.what is EntryKind.RECORD] == [line.source]


def test_every_log_of_the_hosts_says_what_was_read_of_it(crashed: tuple[Case, Report]) -> None:
    case, report = crashed
    told = told_of(case, report, {}, Wanted())
    logs = {log.need: log for log in told.logs}
    assert logs["smlog"].window
    assert not logs["smlog"].why
    assert told.kept == len(case.events)
    assert not told_of(case, report, {}, Wanted(bundles=frozenset({"elsewhere"}))).logs
