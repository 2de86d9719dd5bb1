"""Stories of time: what is said of order and cause is true, and what is true is said."""

import re
from datetime import timedelta
from itertools import pairwise

import pytest

from analyzer.model.clock import ClockChange, ClockChangeKind
from analyzer.model.finding import Confidence, Verdict
from analyzer.model.hole import HoleKind
from analyzer.model.incident import Incident, IncidentKind
from analyzer.model.report import Cause, Report
from analyzer.model.run import FullReason, RunVerdict
from tests.samples.time_stories import CRASHES, holds, root, story
from tests.samples.verdicts import outcome_of, subjects

_GIVEN_UP = "cbt-disabled-inconsistent-log"
_ALL = (
    *CRASHES,
    "rotated_gap",
    "two_troubles",
    "storm",
    "many_incidents",
    "clocks_never_compared_fast",
    "clocks_never_compared_slow",
)


def _incident(report: Report, kind: IncidentKind) -> Incident:
    (found,) = [incident for incident in report.incidents if incident.kind is kind]
    return found


def _changes(report: Report, host: str = "jupiter") -> list[ClockChange]:
    (clock,) = [clock for clock in report.clocks if clock.host == host]
    return [change for change in clock.changes if change.kind is not ClockChangeKind.REBOOT]


@pytest.mark.parametrize("name", CRASHES)
def test_the_crash_explains_every_finding(name: str) -> None:
    _, report = story(name)
    cause = root(report)
    crash = _incident(report, IncidentKind.HOST_CRASHED)
    assert cause.chain[0].incident == crash.id
    assert set(cause.findings) == {f.id for o in report.outcomes for f in o.findings}


@pytest.mark.parametrize("name", CRASHES)
def test_the_sentence_tells_cause_and_effect_in_order(name: str) -> None:
    told, report = story(name)
    title = root(report).title
    host = told.world.hosts[-1].name
    crash = f"Host {host} went down without an orderly shutdown"
    assert title.startswith(crash)
    assert "CBT was turned off because the disk's log was inconsistent (2 disks)" in title
    order = root(report).chain[1].order
    assert order in ("then", "about the same time")
    assert (", and then CBT" in title) == (order == "then")


@pytest.mark.parametrize(
    "name", [n for n in CRASHES if n not in ("summer_time_ends", "clock_set_back")]
)
def test_an_order_that_clocks_do_not_blur_is_told(name: str) -> None:
    _, report = story(name)
    assert root(report).chain[1].order == "then"


@pytest.mark.parametrize("name", CRASHES)
def test_the_cause_is_as_sure_as_its_weakest_link(name: str) -> None:
    assert root(story(name)[1]).confidence in (Confidence.LIKELY, Confidence.POSSIBLE)


@pytest.mark.parametrize("name", CRASHES)
def test_the_crash_is_dated_in_a_range_that_holds_its_time(name: str) -> None:
    told, report = story(name)
    assert holds(_incident(report, IncidentKind.HOST_CRASHED).began, told.down)


@pytest.mark.parametrize("name", CRASHES)
def test_findings_are_dated_in_ranges_that_hold_their_times(name: str) -> None:
    told, report = story(name)
    findings = outcome_of(report, _GIVEN_UP).findings
    assert {uuid for f in findings for uuid in subjects(f)} >= {disk.uuid for disk in told.disks}
    late = 60.0  # the VM's start takes a while
    assert all(
        f.first_seen
        and told.given_up <= f.first_seen.latest
        and f.first_seen.earliest <= told.given_up + timedelta(seconds=late)
        for f in findings
    )


@pytest.mark.parametrize("name", CRASHES)
def test_each_backup_gets_its_verdict(name: str) -> None:
    told, report = story(name)
    got = [[(disk.verdict, disk.reason) for disk in run.disks] for run in report.runs]
    assert got == [
        [(RunVerdict.FULL, FullReason.FIRST_RUN)] * 2,
        [(RunVerdict.INCREMENTAL, None)] * 2,
        [(RunVerdict.FULL, FullReason.CBT_OFF)] * 2,
    ]
    assert all(holds(run.began, at, 2) for run, at in zip(report.runs, told.backups, strict=True))


@pytest.mark.parametrize("name", _ALL)
def test_what_is_called_ordered_does_not_overlap(name: str) -> None:
    for cause in story(name)[1].causes:
        for before, step in pairwise(cause.chain):
            if step.order == "then":
                assert before.at
                assert step.at
                assert before.at.certainly_before(step.at)


@pytest.mark.parametrize("name", _ALL)
def test_no_step_of_a_chain_is_certainly_before_its_root(name: str) -> None:
    for cause in story(name)[1].causes:
        start = cause.chain[0].at
        late = [s for s in cause.chain if s.at and start and s.at.certainly_before(start)]
        assert late == []


@pytest.mark.parametrize("name", _ALL)
def test_every_line_is_understood(name: str) -> None:
    _, report = story(name)
    assert {row.member: row.shapes for row in report.coverage if row.not_understood} == {}
    assert [(str(problem.source), problem.what) for problem in report.problems] == []


@pytest.mark.parametrize("name", _ALL)
def test_no_rule_fails(name: str) -> None:
    _, report = story(name)
    assert [o.reason for o in report.outcomes if o.verdict is Verdict.ERROR] == []


def test_a_clock_seven_minutes_fast_is_measured_and_corrected() -> None:
    told, report = story("crash_across_zones")
    clock = next(clock for clock in report.clocks if clock.host == "saturn")
    (skew,) = clock.skews
    assert skew.to == "jupiter"
    assert abs(skew.seconds - 420) <= skew.doubt + 1
    assert skew.doubt < 10
    boot = _incident(report, IncidentKind.HOST_CRASHED).ended
    assert holds(boot, told.down + timedelta(minutes=9), 2)


def test_zones_nine_hours_apart_are_told_by_each_host() -> None:
    _, report = story("crash_across_zones")
    zones = {clock.host: clock.utc_offset_minutes for clock in report.clocks}
    assert zones == {"jupiter": 60, "saturn": -480}
    assert all(clock.zone_known for clock in report.clocks)


@pytest.mark.parametrize(
    ("name", "days"),
    [
        ("new_year", ["2023-12-30", "2023-12-31", "2024-01-01"]),
        ("leap_day", ["2024-02-27", "2024-02-28", "2024-02-29"]),
    ],
)
def test_days_are_those_of_the_true_year(name: str, days: list[str]) -> None:
    _, report = story(name)
    assert [f"{run.began.at:%F}" for run in report.runs] == days
    assert {row.first.at.year for row in report.coverage if row.first} <= {
        int(days[0][:4]),
        int(days[-1][:4]),
    }


@pytest.mark.parametrize(
    ("name", "seconds"), [("summer_time_begins", 3600.0), ("summer_time_ends", -3600.0)]
)
def test_summer_time_is_no_set_clock(name: str, seconds: float) -> None:
    _, report = story(name)
    changes = [(change.kind, change.seconds) for change in _changes(report)]
    assert changes == [(ClockChangeKind.SUMMER_TIME, seconds)]
    assert IncidentKind.CLOCK_STEPPED not in {i.kind for i in report.incidents}


def test_a_clock_that_was_set_back_an_hour_is_told() -> None:
    _, report = story("clock_set_back")
    (change,) = _changes(report)
    assert change.kind is ClockChangeKind.BACK
    assert change.seconds is not None
    assert -3610 <= change.seconds < 0
    if change.seconds > -3590:
        assert "at least" in _incident(report, IncidentKind.CLOCK_STEPPED).title


@pytest.mark.parametrize("name", ["crash_across_zones", "new_year", "leap_day", "rotated_gap"])
def test_no_change_of_the_clock_is_invented(name: str) -> None:
    _, report = story(name)
    for clock in report.clocks:
        assert _changes(report, clock.host) == []
        assert clock.contradictions == ()


@pytest.mark.parametrize("source", ["smlog", "xensource_log"])
def test_a_missing_file_is_a_hole_of_its_day(source: str) -> None:
    _, report = story("rotated_gap")
    holes = [hole for hole in report.holes if hole.source == source]
    assert [hole.kind for hole in holes] == [HoleKind.ROTATED]
    assert f"{holes[0].began.at:%F}" == "2024-11-19"
    assert f"{holes[0].ended.at:%F}" == "2024-11-20"


def test_nothing_is_ruled_out_over_a_hole() -> None:
    _, report = story("rotated_gap")
    needing = ("cbt-disabled-no-space", "cbt-disabled-snapshot-failed", "cbt-list-wrong-order")
    for rule in needing:
        outcome = outcome_of(report, rule)
        assert outcome.verdict is Verdict.CANNOT_TELL
        assert "rotated" in outcome.reason


def test_what_is_behind_the_hole_is_explained_all_the_same() -> None:
    told, report = story("rotated_gap")
    crash = _incident(report, IncidentKind.HOST_CRASHED)
    assert holds(crash.began, told.down)
    assert [cause.chain[0].incident for cause in report.causes] == [crash.id]
    assert root(report).chain[1].order == "then"


def test_a_storm_ends_in_a_handful_of_causes() -> None:
    told, report = story("storm")
    assert len(outcome_of(report, _GIVEN_UP).findings) == len(told.disks)
    assert len(report.causes) <= 3
    crash = _incident(report, IncidentKind.HOST_CRASHED)
    assert report.causes[0].chain[0].incident == crash.id
    assert len(report.causes[0].chain) <= 10
    assert len(report.causes[0].title) < 1000


def test_a_storm_counts_every_line() -> None:
    told, report = story("storm")
    findings = outcome_of(report, "nbd-session-invalid").findings
    assert sum(finding.count for finding in findings) >= 10_000
    logs = outcome_of(report, _GIVEN_UP).findings
    assert {uuid for f in logs for uuid in subjects(f)} >= {disk.uuid for disk in told.disks}


def test_a_storm_keeps_the_clients_with_the_crash_that_ended_their_sessions() -> None:
    _, report = story("storm")
    sessions = {f.id for f in outcome_of(report, "nbd-session-invalid").findings}
    assert sessions <= set(report.causes[0].findings)


def _cause_of(report: Report, rule: str) -> Cause:
    ids = {finding.id for finding in outcome_of(report, rule).findings}
    (cause,) = [cause for cause in report.causes if ids & set(cause.findings)]
    return cause


def test_two_troubles_at_the_same_time_are_two_causes() -> None:
    _, report = story("two_troubles")
    full, down = _cause_of(report, "cbt-disabled-no-space"), _cause_of(report, _GIVEN_UP)
    assert len(report.causes) == 2
    assert not set(full.findings) & set(down.findings)
    assert "space" in full.title
    assert "went down" in down.title


def test_two_troubles_are_not_ordered_against_each_other() -> None:
    _, report = story("two_troubles")
    full, down = _cause_of(report, "cbt-disabled-no-space"), _cause_of(report, _GIVEN_UP)
    assert full.first_seen
    assert down.first_seen
    assert not full.first_seen.certainly_before(down.first_seen)
    assert not down.first_seen.certainly_before(full.first_seen)
    assert not re.search("went down", full.title)


@pytest.mark.parametrize("name", ["clocks_never_compared_fast", "clocks_never_compared_slow"])
def test_unmeasured_clocks_do_not_hide_a_cause(name: str) -> None:
    _, report = story(name)
    crash = _incident(report, IncidentKind.HOST_CRASHED)
    sessions = _cause_of(report, "nbd-session-invalid")
    assert sessions.chain[0].incident == crash.id


@pytest.mark.parametrize("name", ["clocks_never_compared_fast", "clocks_never_compared_slow"])
def test_unmeasured_clocks_order_nothing(name: str) -> None:
    _, report = story(name)
    ids = {finding.id for finding in outcome_of(report, "nbd-session-invalid").findings}
    chain = _cause_of(report, "nbd-session-invalid").chain
    places = [number for number, step in enumerate(chain) if step.finding in ids]
    for number in places:
        around = chain[number : number + 2] if number == 0 else chain[number - 1 : number + 2]
        assert all(step.order in ("about the same time", "in unknown order") for step in around[1:])


@pytest.mark.parametrize(
    ("kind", "host"),
    [
        (IncidentKind.SR_OUTAGE, "jupiter"),
        (IncidentKind.TOOLSTACK_RESTARTED, "jupiter"),
        (IncidentKind.HOST_FENCED, "saturn"),
        (IncidentKind.ROLLING_UPGRADE, ""),
    ],
)
def test_what_befell_a_pool_is_an_incident_each(kind: IncidentKind, host: str) -> None:
    _, report = story("many_incidents")
    found = _incident(report, kind)
    assert found.host == host
    assert len(report.incidents) == 4


def test_incidents_alone_are_no_finding() -> None:
    _, report = story("many_incidents")
    assert report.causes == ()
    assert [o.rule for o in report.outcomes if o.findings] == []


def test_five_hundred_lines_of_one_outage_are_one_incident() -> None:
    _, report = story("many_incidents")
    outage = _incident(report, IncidentKind.SR_OUTAGE)
    assert outage.count >= 500
    assert outage.ended is not None
    assert len(outage.evidence) < 50


def test_a_fenced_host_is_dated_as_its_clock_shows_which_is_measured() -> None:
    told, report = story("many_incidents")
    fenced = _incident(report, IncidentKind.HOST_FENCED).began
    fast = timedelta(seconds=40)  # as chronyc tells
    assert fenced.earliest - fast <= told.down + timedelta(seconds=2)
    assert told.down <= fenced.latest


def test_what_chrony_measured_is_told() -> None:
    _, report = story("many_incidents")
    skews = {
        clock.host: [s.seconds for s in clock.skews if s.to == "NTP"] for clock in report.clocks
    }
    assert skews == {"jupiter": [pytest.approx(0.000012)], "saturn": [40.0]}
