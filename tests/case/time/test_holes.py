"""Holes: what a log tells of its own silence, and what the other logs of the host tell of it."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.bundle.budget import Budget
from analyzer.bundle.names import log_name
from analyzer.case.events import EventTableBuilder
from analyzer.case.gather import Gathering
from analyzer.case.reading import contents_of
from analyzer.case.time.holes import holes
from analyzer.model.clock import ClockChange, ClockChangeKind, HostClock
from analyzer.model.finding import Confidence, Evidence
from analyzer.model.hole import Hole, HoleKind
from analyzer.model.moment import Moment
from analyzer.model.source import Source
from analyzer.parsers import LOG_PARSERS
from analyzer.parsers._api import Stamp
from analyzer.parsers.scan.scan import Scanner
from analyzer.rules.load import load_catalogue
from analyzer.sources import LOGS
from tests.parsers.memory_member import MemoryMember
from tests.support.whole import examples

CATALOGUE = load_catalogue()
SCANNER = Scanner(LOG_PARSERS, CATALOGUE.selectors)
MONDAY = datetime(2024, 6, 10, tzinfo=UTC)
XAPI, SM = "var/log/xensource.log", "var/log/SMlog"
DAEMON, KERN, USER = "var/log/daemon.log", "var/log/kern.log", "var/log/user.log"
SAYS: Mapping[str, str] = {
    XAPI: "xapi: [debug||5 |heartbeat D:a6bd9ee95f3f|xapi] beat",
    SM: "SM: [24517] sr_scan",
    DAEMON: "systemd[1]: Started Session 1 of user root.",
    KERN: "kernel: [81544.120033] device vif3.0 entered promiscuous mode",
    USER: "root: hello",
}
BOOT = "kernel: [    0.000000] Linux version 4.19.0+1 (mockbuild@builder)"
STOP = "systemd[1]: Reached target Shutdown."


def day(days: float = 0, hours: float = 0, minutes: float = 0) -> datetime:
    return MONDAY + timedelta(days=days, hours=hours, minutes=minutes)


def every(
    minutes: float, first: datetime, last: datetime, *quiet: tuple[datetime, datetime]
) -> Iterator[datetime]:
    """Yield times from first to last, but those inside of a quiet stretch."""
    now = first
    while now <= last:
        if not any(began < now < ended for began, ended in quiet):
            yield now
        now += timedelta(minutes=minutes)


def log(member: str, times: Iterable[datetime], said: Mapping[datetime, str] = {}) -> str:
    family = log_name(member)
    says = SAYS[family.family if family else member]
    told = dict.fromkeys(times, says) | dict(said)
    return "".join(
        f"{time:%b} {time.day:2} {time:%H:%M:%S} jupiter {told[time]}\n" for time in sorted(told)
    )


def found(
    logs: Mapping[str, str], clocks: Iterable[HostClock] = (), cut: str = ""
) -> tuple[Hole, ...]:
    """Return the holes of logs whose report was made three weeks after their beginning."""
    holes = reported(logs, day(21), clocks, cut)
    return tuple(hole for hole in holes if hole.kind is not HoleKind.ENDED)


def reported(
    logs: Mapping[str, str], made: datetime, clocks: Iterable[HostClock] = (), cut: str = ""
) -> tuple[Hole, ...]:
    builder = EventTableBuilder(keep=CATALOGUE.keep)
    gathering = Gathering(SCANNER, builder, Budget())
    capture = Stamp(
        year=made.year,
        month=made.month,
        day=made.day,
        hour=made.hour,
        minute=made.minute,
        second=made.second,
    )
    gathering.content("b").clock.add_capture(capture, made, "test")
    for path, text in logs.items():
        damage = "the archive is cut" if path == cut else ""
        member = MemoryMember(path, text, bundle="b", damage=damage)
        member.log = log_name(path)
        gathering.take(member)
    contents = contents_of(gathering).contents
    clock = contents[0].clock
    events = builder.build(
        lambda _bundle, path, line, stamp: clock.moment(path, line, stamp), {"b": "jupiter"}
    )
    return holes(contents, LOGS, {"b": "jupiter"}, events, tuple(clocks))


def told(holes: Iterable[Hole]) -> list[tuple[str, HoleKind]]:
    return [(hole.source, hole.kind) for hole in holes]


LOST = (day(1, 3), day(1, 5, 10))


def test_a_log_that_never_falls_silent_has_no_hole() -> None:
    assert found({XAPI: log(XAPI, every(1, day(), day(2)))}) == ()


def test_a_long_silence_of_a_steady_log_is_a_hole_between_its_two_lines() -> None:
    (hole,) = found({XAPI: log(XAPI, every(1, day(), day(2), LOST))})
    assert (hole.source, hole.kind, hole.host) == ("xensource_log", HoleKind.SILENT, "jupiter")
    assert hole.ended.at - hole.began.at == timedelta(hours=2, minutes=10)
    assert hole.before == Source(bundle="b", member=XAPI, line=27 * 60 + 1)
    assert hole.after == Source(bundle="b", member=XAPI, line=27 * 60 + 2)
    assert hole.expected == "a line at least every 5 minutes"


def test_a_silence_in_keeping_with_the_others_is_none() -> None:
    often = [(day(0, hour), day(0, hour, 40)) for hour in range(0, 24, 3)]
    assert found({XAPI: log(XAPI, every(1, day(), day(2), *often))}) == ()


def test_a_log_that_says_little_has_no_rhythm_that_it_could_break() -> None:
    assert found({USER: log(USER, [day(), day(0, 1), day(0, 2), day(1, 23)])}) == ()
    assert found({USER: log(USER, every(50, day(), day(6), (day(2), day(4))))}) == ()


def test_sm_without_work_while_xapi_goes_on_is_no_hole() -> None:
    night = [(day(n, 20), day(n + 1, 6)) for n in range(2)]
    logs = {
        XAPI: log(XAPI, every(1, day(), day(3))),
        SM: log(SM, every(1, day(0, 6), day(2, 20), *night)),
    }
    assert found(logs) == ()


def test_sm_that_is_idle_on_a_weekend_is_no_hole() -> None:
    weekend = (day(4, 18), day(7, 7))
    logs = {
        XAPI: log(XAPI, every(1, day(), day(9))),
        SM: log(SM, every(1, day(), day(9), weekend)),
    }
    assert found(logs) == ()


def test_sm_that_scans_all_day_and_night_and_stops_once_has_a_hole() -> None:
    logs = {
        XAPI: log(XAPI, every(1, day(), day(3))),
        SM: log(SM, every(0.5, day(), day(3), LOST)),
    }
    assert told(found(logs)) == [("smlog", HoleKind.SILENT)]
    assert not found(logs)[0].whole_host


def test_a_silence_of_all_logs_is_one_of_the_host_also_for_those_without_a_rhythm() -> None:
    logs = {
        XAPI: log(XAPI, every(1, day(), day(3), LOST)),
        SM: log(SM, [day(), day(0, 20), day(1, 2), day(1, 6), day(3)]),
    }
    both = found(logs)
    assert told(both) == [("smlog", HoleKind.SILENT), ("xensource_log", HoleKind.SILENT)]
    assert [(hole.began.at, hole.whole_host) for hole in both] == [(LOST[0], True)] * 2
    assert both[0].before == Source(bundle="b", member=SM, line=3)
    assert both[0].expected == "xensource_log is silent too: a line at least every 5 minutes"


def test_a_log_that_goes_on_shows_that_the_host_was_alive() -> None:
    logs = {
        XAPI: log(XAPI, every(1, day(), day(3), LOST)),
        SM: log(SM, [day(), day(0, 20), day(1, 4), day(1, 6), day(3)]),
    }
    (hole,) = found(logs)
    assert (hole.source, hole.whole_host) == ("xensource_log", False)


def booted(down: timedelta, said: str = "") -> dict[str, str]:
    began = day(1, 3)
    ended = began + down
    quiet = (began, ended)
    stop = {began: said} if said else {}
    return {
        XAPI: log(XAPI, every(1, day(), day(3), quiet)),
        DAEMON: log(DAEMON, every(1, day(), day(3), quiet), stop),
        KERN: log(KERN, every(60, day(), day(3), quiet), {ended: BOOT}),
    }


def test_a_host_that_booted_at_the_end_of_a_silence_was_down() -> None:
    both = found(booted(timedelta(minutes=9)))
    assert {kind for _, kind in told(both)} == {HoleKind.DOWN}
    assert {source for source, _ in told(both)} == {"daemon_log", "kern_log", "xensource_log"}
    assert "the host booted at its end" in both[0].expected


def test_a_host_that_was_silent_for_days_before_its_boot_may_have_been_up() -> None:
    kinds = {hole.kind for hole in found(booted(timedelta(hours=20)))}
    assert kinds == {HoleKind.SILENT}


def test_a_host_that_was_shut_down_was_down_for_however_long() -> None:
    kinds = {hole.kind for hole in found(booted(timedelta(hours=20), STOP))}
    assert kinds == {HoleKind.DOWN}


def test_boots_are_no_part_of_the_rhythm() -> None:
    quiet = [(day(0, hour), day(0, hour, 50)) for hour in range(1, 24, 4)]
    boots = {ended: BOOT for _, ended in quiet}
    logs = {
        XAPI: log(XAPI, every(1, day(), day(3), *quiet, LOST)),
        KERN: log(KERN, every(60, day(), day(3), *quiet, LOST), boots),
    }
    kinds = [hole.kind for hole in found(logs) if hole.source == "xensource_log"]
    assert kinds == [HoleKind.DOWN] * 6 + [HoleKind.SILENT]


def test_a_rotated_file_that_is_missing_is_a_hole_from_file_to_file() -> None:
    logs = {
        f"{SM}.3": log(SM, every(1, day(), day(0, 4))),
        f"{SM}.1": log(SM, every(1, day(0, 9), day(0, 12))),
        SM: log(SM, every(1, day(0, 12, 1), day(0, 15))),
    }
    (hole,) = found(logs)
    assert (hole.kind, hole.expected) == (HoleKind.ROTATED, "var/log/SMlog.2")
    assert (hole.began.at, hole.ended.at) == (day(0, 4), day(0, 9))


def test_a_file_that_is_cut_is_a_hole_up_to_the_next_one() -> None:
    logs = {
        f"{SM}.1": log(SM, every(1, day(), day(0, 4))),
        SM: log(SM, every(1, day(0, 4, 7), day(0, 9))),
    }
    (hole,) = found(logs, cut=f"{SM}.1")
    assert (hole.kind, hole.expected) == (HoleKind.CUT, "the rest of var/log/SMlog.1")
    assert hole.ended.at == day(0, 4, 7)


def test_a_live_file_that_is_cut_is_a_hole_while_the_others_go_on() -> None:
    logs = {SM: log(SM, [day(), day(1)]), XAPI: log(XAPI, every(1, day(), day(2)))}
    (hole,) = found(logs, cut=SM)
    assert (hole.source, hole.kind, hole.after) == ("smlog", HoleKind.CUT, None)
    assert (hole.began.at, hole.ended.at) == (day(1), day(2))


def test_a_silence_between_two_files_counts_like_one_inside() -> None:
    logs = {
        f"{XAPI}.1": log(XAPI, every(1, day(), LOST[0])),
        XAPI: log(XAPI, every(1, LOST[1], day(3))),
    }
    (hole,) = found(logs)
    assert hole.after == Source(bundle="b", member=XAPI, line=1)


def test_xapi_that_ends_while_other_logs_go_on_has_a_hole_at_its_end() -> None:
    logs = {
        XAPI: log(XAPI, every(1, day(), day(1))),
        DAEMON: log(DAEMON, every(1, day(), day(1, 2))),
    }
    (hole,) = found(logs)
    assert (hole.source, hole.after) == ("xensource_log", None)


def clock(kind: ClockChangeKind, seconds: float, at: datetime) -> HostClock:
    line = Evidence(source=Source(bundle="b", member=KERN, line=1), text="x")
    change = ClockChange(
        kind=kind,
        host="jupiter",
        bundle="b",
        at=Moment.exact(at, "test"),
        seconds=seconds,
        confidence=Confidence.CERTAIN,
        before=line,
        after=line,
        members=(KERN,),
    )
    return HostClock(
        host="jupiter",
        bundle="b",
        dated_by="test",
        zone_known=True,
        utc_offset_minutes=0,
        changes=(change,),
    )


def test_a_clock_that_was_set_forward_makes_no_hole() -> None:
    logs = {XAPI: log(XAPI, every(1, day(), day(3), LOST))}
    assert found(logs, [clock(ClockChangeKind.FORWARD, 2 * 3600 + 9 * 60, LOST[1])]) == ()


def test_a_clock_that_was_set_forward_a_little_explains_no_long_silence() -> None:
    logs = {XAPI: log(XAPI, every(1, day(), day(3), LOST))}
    assert len(found(logs, [clock(ClockChangeKind.FORWARD, 60, LOST[1])])) == 1


def test_a_boot_that_only_the_uptime_shows_counts() -> None:
    quiet = (day(1, 3), day(1, 3, 30))
    logs = {XAPI: log(XAPI, every(1, day(), day(3), quiet))}
    (hole,) = found(logs, [clock(ClockChangeKind.REBOOT, 0, quiet[1])])
    assert hole.kind is HoleKind.DOWN


@settings(max_examples=examples(25), deadline=None)
@given(st.permutations([0, 1, 2, 3]), st.integers(min_value=25, max_value=400))
def test_the_order_of_members_changes_nothing(places: list[int], minutes: int) -> None:
    quiet = (day(0, 20), day(0, 20, minutes))
    parts = [
        (f"{XAPI}.2", log(XAPI, every(2, day(), day(0, 10)))),
        (f"{XAPI}.1", log(XAPI, every(2, day(0, 10), day(0, 18)))),
        (XAPI, log(XAPI, every(2, day(0, 18), day(2), quiet))),
        (SM, log(SM, every(60, day(), day(2)))),
    ]
    holes = found(dict(parts[place] for place in places))
    (hole,) = (hole for hole in holes if hole.source == "xensource_log")
    assert quiet[0] - timedelta(minutes=2) <= hole.began.at <= quiet[0]
    assert quiet[1] <= hole.ended.at <= quiet[1] + timedelta(minutes=2)


def test_a_log_that_reaches_the_report_has_no_hole_behind_its_end() -> None:
    assert reported({XAPI: log(XAPI, every(1, day(), day(2)))}, day(2, 0, 5)) == ()


def test_a_log_that_ends_hours_before_the_report_has_a_hole_behind_its_end() -> None:
    (hole,) = reported({SM: log(SM, every(20, day(), day(2)))}, day(2, 9))
    assert (hole.source, hole.kind, hole.after) == ("smlog", HoleKind.ENDED, None)
    assert hole.before == Source(bundle="b", member=SM, line=2 * 24 * 3 + 1)


def test_a_log_that_was_silent_for_as_long_before_may_be_silent_until_the_report() -> None:
    nights = every(30, day(), day(2), (day(0, 1), day(0, 9)), (day(1, 1), day(1, 9)))
    assert reported({SM: log(SM, nights)}, day(2, 9)) == ()


def test_a_log_that_spoke_at_boot_alone_may_have_ended_there() -> None:
    assert reported({KERN: log(KERN, every(1, day(), day(0, 1)))}, day(2)) == ()
