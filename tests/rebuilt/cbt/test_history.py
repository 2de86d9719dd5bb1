"""CBT logs held against what the bundles show of them, and where the order is in doubt."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from analyzer.case.case import Case
from analyzer.case.time.order import Order
from analyzer.model.cbt import CbtLog, CbtLogFile, Change
from analyzer.model.clock import ClockSkew, HostClock
from analyzer.model.finding import Confidence
from analyzer.model.moment import Moment
from analyzer.model.operation import Operation, Result
from analyzer.model.source import Source
from analyzer.rebuilt.cbt.history import CbtHistory, rebuild
from tests.checks.support import CAPTURED, GROUP, SATURN, CaseBuilder, lvs, pbd, sr, vdi
from tests.rebuilt.cbt.sm_logs import SR, Sm, moment, read_back

CERTAIN, LIKELY, POSSIBLE = Confidence.CERTAIN, Confidence.LIKELY, Confidence.POSSIBLE
HOSTS = (("4d7c1f0e-2a9b-4c3d-8e5f-60718293a4b5", "jupiter"), (SATURN, "saturn"))


def clocks_with_a_skew_of(doubt: float) -> tuple[HostClock, HostClock]:
    """Return two clocks that were compared; ``doubt`` is in seconds."""
    skew = ClockSkew(
        host="saturn",
        bundle="saturn",
        to="jupiter",
        seconds=420,
        doubt=doubt,
        how="",
        pairs=3,
        evidence=(),
    )
    master = HostClock(
        host="jupiter", bundle="jupiter", dated_by="", zone_known=True, utc_offset_minutes=0
    )
    return master, replace(master, host="saturn", bundle="saturn", skews=(skew,))


def told(case: Case, sm: Sm, files: Sequence[CbtLogFile] = ()) -> CbtHistory:
    """Return the history of SM's lines and a case's bundles."""
    return rebuild(sm.operations(), case.pools, case.hosts, files)


def log(history: CbtHistory, uuid: str) -> CbtLog:
    found = history.log(SR, uuid)
    assert found is not None
    return found


def exists(history: CbtHistory, uuid: str) -> tuple[bool, Confidence] | None:
    known = log(history, uuid).exists
    return (known.value, known.confidence) if known else None


def enabled(*, volumes: bool = True) -> tuple[Sm, str]:
    sm = Sm(volumes=volumes)
    disk = sm.disk()
    sm.enable(disk)
    return sm, disk


def copy(uuid: str, member: str, **fields: object) -> CbtLogFile:
    file = CbtLogFile(
        source=Source(bundle="jupiter", member=member),
        uuid=uuid,
        parent="",
        child="",
        consistent=1,
        size=10 << 30,
        bitmap_bytes=20480,
        expected_bytes=20480,
        bits=0,
    )
    return replace(file, **fields)  # type: ignore[arg-type]  # fields of CbtLogFile


def test_nothing_is_known_of_nothing() -> None:
    history = rebuild((), (), ())

    assert (dict(history.now), history.chains, history.contradictions) == ({}, (), ())
    assert history.find("x") is None
    assert history.at(SR, "x", moment(1)) is None


def test_volumes_that_are_listed_are_there() -> None:
    sm, disk = enabled()
    case = CaseBuilder().host().lvs(lvs(f"{disk}.cbtlog", "MGT")).build()

    history = told(case, sm)

    assert exists(history, disk) == (True, CERTAIN)
    assert history.contradictions == ()


def test_a_listed_log_that_no_line_names_is_there_and_no_more_is_known() -> None:
    other = "91c3e5d0-7a41-4f0e-8f6b-55d1c0b7a2e4"
    case = CaseBuilder().host().lvs(lvs(f"{other}.cbtlog")).build()

    history = told(case, Sm(volumes=True))

    assert exists(history, other) == (True, CERTAIN)
    assert log(history, other).child is None
    assert [change.change for change in log(history, other).changes] == [Change.SEEN]
    assert history.chains[0].breaks == {other: "what its child pointer names is not known"}


def test_a_whole_list_without_a_log_wins_over_the_lines() -> None:
    sm, disk = enabled()
    case = CaseBuilder().host().lvs(lvs(f"VHD-{disk}")).build()

    history = told(case, sm)

    assert exists(history, disk) == (False, LIKELY)
    (contradiction,) = history.contradictions
    assert contradiction.what == "the log was there, then it was not there, and nothing tells why"
    assert [str(each.source).partition(":")[0] for each in contradiction.evidence] == [
        "var/log/SMlog",
        "lvs.out",
    ]
    assert f"VHD-{disk}" in contradiction.evidence[1].text


def test_a_list_that_was_cut_misses_nothing() -> None:
    sm, disk = enabled()
    cut = lvs("MGT").removesuffix("\n") + "\n** timeout **\n"
    case = CaseBuilder().host().lvs(cut).build()

    assert exists(told(case, sm), disk) == (True, LIKELY)


def test_a_removed_log_that_is_listed_contradicts() -> None:
    sm, disk = enabled()
    sm.disable(disk)
    case = CaseBuilder().host().lvs(lvs(f"{disk}.cbtlog")).build()

    history = told(case, sm)

    assert exists(history, disk) == (True, LIKELY)
    assert log(history, disk).child is None
    assert len(history.contradictions) == 1


def test_a_change_while_the_report_was_made_is_no_contradiction() -> None:
    sm, disk = enabled()
    captured = sm_time(sm) + timedelta(minutes=2)
    case = CaseBuilder().host(captured=captured).lvs(lvs("MGT")).build()

    history = told(case, sm)

    assert exists(history, disk) == (True, POSSIBLE)
    assert history.contradictions == ()


def test_a_list_without_a_time_contradicts_nothing() -> None:
    sm, disk = enabled()
    case = CaseBuilder().host(captured=None).lvs(lvs("MGT")).build()

    assert told(case, sm).contradictions == ()
    assert exists(told(case, sm), disk) == (True, POSSIBLE)


def sm_time(sm: Sm) -> datetime:
    return moment(sm.now).at


@pytest.mark.parametrize(
    ("names", "found"),
    [
        (("x.vhd",), (False, LIKELY)),
        ((), (True, LIKELY)),  # perhaps nothing was mounted there
    ],
)
def test_a_listing_of_a_mounted_folder_tells_what_is_missing(
    names: tuple[str, ...], found: tuple[bool, Confidence]
) -> None:
    sm, disk = enabled(volumes=False)
    case = CaseBuilder().host().listing(*names).build()

    assert exists(told(case, sm), disk) == found


def test_a_listing_of_an_unknown_folder_tells_nothing() -> None:
    case = CaseBuilder().host().listing("x.vhd", repository=None).build()

    assert told(case, Sm(volumes=False)).now == {}


def test_a_copy_of_a_log_fills_in_what_is_not_known() -> None:
    sm = Sm(volumes=True)
    disk = sm.disk()
    older = "91c3e5d0-7a41-4f0e-8f6b-55d1c0b7a2e4"
    file = copy(disk, f"added/{SR}/{disk}.cbtlog", parent=older, consistent=0)
    case = CaseBuilder().host().database(sr(), vdi(disk)).build()

    found = log(told(case, sm, [file]), disk)

    assert found.parent is not None
    assert found.consistent is not None
    assert (found.parent.value, found.parent.confidence) == (older, CERTAIN)
    assert found.consistent.value is False


def test_a_copy_whose_sr_nobody_knows_is_left_out() -> None:
    file = copy("91c3e5d0-7a41-4f0e-8f6b-55d1c0b7a2e4", "x.cbtlog")

    assert rebuild((), (), (), [file]).now == {}


def test_a_copy_without_a_whole_header_says_nothing() -> None:
    sm, disk = enabled()
    file = copy(disk, "x.cbtlog", header=False, size=0)

    size = log(told(CaseBuilder().host().build(), sm, [file]), disk).size

    assert size is not None
    assert size.value == 10 << 30


def test_a_copy_that_disagrees_wins_less_surely_and_both_are_kept() -> None:
    sm, disk = enabled()
    file = copy(disk, "x.cbtlog", size=20 << 30)

    history = told(CaseBuilder().host().build(), sm, [file])

    size = log(history, disk).size
    assert size is not None
    assert (size.value, size.confidence) == (20 << 30, LIKELY)
    (contradiction,) = history.contradictions
    assert contradiction.what == f"its size was {10 << 30}, and then {20 << 30} was read"


def test_the_database_is_a_hint_where_nothing_else_is_known() -> None:
    rows = (vdi("a"), vdi("b", cbt_enabled=None, type="cbt_metadata"), vdi("c", cbt_enabled=False))
    case = CaseBuilder().host().database(sr(), *rows).build()

    history = told(case, Sm(volumes=True))

    assert {key[1]: exists(history, key[1]) for key in history.now} == {
        "a": (True, LIKELY),
        "b": (True, LIKELY),
    }


def test_the_database_against_the_lines_lowers_the_confidence() -> None:
    sm, disk = enabled()
    case = CaseBuilder().host().database(sr(), vdi(disk, cbt_enabled=False)).build()

    history = told(case, sm)

    assert exists(history, disk) == (True, POSSIBLE)
    (contradiction,) = history.contradictions
    assert contradiction.what == "the database has cbt_enabled=false, and the log is there"


def test_the_database_against_a_list_leaves_what_the_list_shows() -> None:
    sm, disk = enabled()
    builder = CaseBuilder().host().lvs(lvs(f"{disk}.cbtlog"))
    other = "91c3e5d0-7a41-4f0e-8f6b-55d1c0b7a2e4"
    rows = (vdi(disk, cbt_enabled=True), vdi(other))

    history = told(builder.database(sr(), pbd(), *rows).build(), sm)

    assert exists(history, other) == (False, CERTAIN)
    assert [each.uuid for each in history.contradictions] == [other]


@pytest.mark.parametrize(
    ("fields", "generation"),
    [({}, None), ({"current_operations": {"OpaqueRef:1": "snapshot"}}, 1)],
)
def test_a_row_of_unknown_age_contradicts_nothing(
    fields: dict[str, object], generation: int | None
) -> None:
    sm, disk = enabled()
    row = vdi(disk, cbt_enabled=False, **fields)
    case = CaseBuilder().host().database(sr(), row, generation=generation).build()

    assert told(case, sm).contradictions == ()


def test_a_row_tells_whether_the_last_disk_of_a_chain_is_live() -> None:
    sm, disk = enabled()
    taken = sm.snapshot(disk)
    rows = (vdi(disk, is_a_snapshot=True), vdi(taken, is_a_snapshot=True))
    case = CaseBuilder().host().database(sr(), *rows).build()

    assert told(case, sm).chains[0].live is None


def test_without_the_report_of_another_host_nothing_is_certain() -> None:
    sm, disk = enabled()
    builder = CaseBuilder().host()
    rows = (sr(), pbd(), pbd(SATURN), vdi(disk))

    history = told(builder.database(*rows, hosts=HOSTS).build(), sm)

    assert history.partly_seen == {SR}
    assert exists(history, disk) == (True, LIKELY)
    assert log(history, disk).changes[0].confidence is CERTAIN


def test_a_volume_group_tells_that_logs_are_volumes() -> None:
    case = CaseBuilder().host().lvs(lvs("MGT", group=GROUP)).build()

    assert told(case, Sm(volumes=True)).volumes == {SR: True}


def test_two_hosts_in_the_same_second_leave_the_flag_in_doubt() -> None:
    sm = Sm(volumes=True, hosts=("jupiter", "saturn"), gap=0)
    disk = sm.disk()
    sm.enable(disk)
    sm.activate(disk, "saturn")

    flag = log(sm.history(), disk).consistent

    assert flag is not None
    assert flag.confidence is POSSIBLE


@pytest.mark.parametrize(
    ("minutes", "order", "confidence"),
    [
        (7, Order(), POSSIBLE),
        (40, Order(), CERTAIN),
        (7, Order(clocks_with_a_skew_of(5)), CERTAIN),
        (7, Order(clocks_with_a_skew_of(600)), POSSIBLE),
    ],
    ids=["not compared", "far apart", "compared", "compared badly"],
)
def test_two_hosts_are_in_order_as_far_as_their_clocks_tell(
    minutes: int, order: Order, confidence: Confidence
) -> None:
    sm = Sm(volumes=True, hosts=("jupiter", "saturn"), gap=0)
    disk = sm.disk()
    sm.enable(disk)
    sm.now += minutes * 60
    sm.activate(disk, "saturn")

    flag = log(rebuild(sm.operations(), (), (), order=order), disk).consistent

    assert flag is not None
    assert flag.confidence is confidence


def test_one_host_in_the_same_second_is_in_order() -> None:
    sm = Sm(volumes=True, gap=0)
    disk = sm.disk()
    sm.enable(disk)
    sm.activate(disk)

    flag = log(sm.history(), disk).consistent

    assert flag is not None
    assert (flag.value, flag.confidence) == (False, CERTAIN)


def test_a_pointer_set_by_two_hosts_with_clocks_in_doubt_is_no_fact() -> None:
    sm = Sm(volumes=False, hosts=("jupiter", "saturn"))
    disk = sm.disk()
    sm.enable(disk)
    first = sm.snapshot(disk)
    operations = doubtful(sm.operations())
    moved = tuple(
        replace(each, host="saturn") if each.name == "vdi_snapshot" else each for each in operations
    )

    history = rebuild(moved, (), ())

    parent = log(history, disk).parent
    assert parent is not None
    assert (parent.value, parent.confidence) == (first, POSSIBLE)


def doubtful(operations: Sequence[Operation]) -> tuple[Operation, ...]:
    """Return operations whose times may be hours off."""
    hours = timedelta(hours=12)

    def wide(at: Moment) -> Moment:
        return replace(at, earliest=at.earliest - hours, latest=at.latest + hours)

    return tuple(
        replace(
            each,
            commands=tuple(
                replace(command, event=replace(command.event, moment=wide(command.event.moment)))
                for command in each.commands
            ),
            notes=tuple(replace(note, moment=wide(note.moment)) for note in each.notes),
        )
        for each in operations
    )


@pytest.mark.parametrize("volumes", [True, False])
def test_what_has_no_result_is_not_taken_as_known(volumes: bool) -> None:
    sm, disk = enabled(volumes=volumes)
    new = sm.snapshot(disk)
    known, unsure = sm.operations()[0], sm.operations()[1]
    commands = tuple(replace(each, result=Result.UNKNOWN) for each in unsure.commands)
    operations = (known, replace(unsure, commands=commands, result=Result.UNKNOWN))

    history = rebuild(operations, (), ())

    assert exists(history, disk) is None
    assert log(history, new).child is None
    assert {change.confidence for change in log(history, new).changes} == {POSSIBLE}


def test_a_command_that_failed_changes_nothing() -> None:
    sm, disk = enabled()
    sm.resize(disk)
    first, second = sm.operations()
    commands = tuple(replace(each, result=Result.FAILED, rc=5) for each in second.commands)

    size = log(rebuild((first, replace(second, commands=commands)), (), ()), disk).size

    assert size is not None
    assert size.value == 10 << 30


def test_a_file_that_is_not_found_is_not_there() -> None:
    sm, disk = enabled(volumes=False)
    sm.resize(disk)
    first, second = sm.operations()
    commands = tuple(replace(each, result=Result.FAILED, rc=2) for each in second.commands)

    history = rebuild((first, replace(second, commands=commands)), (), ())

    assert exists(history, disk) == (False, LIKELY)


def test_a_volume_that_is_not_found_is_perhaps_only_inactive() -> None:
    sm, disk = enabled()
    sm.resize(disk)
    first, second = sm.operations()
    commands = tuple(replace(each, result=Result.FAILED, rc=2) for each in second.commands)

    history = rebuild((first, replace(second, commands=commands)), (), ())

    assert exists(history, disk) == (True, LIKELY)


def test_a_file_whose_enabling_failed_is_taken_away() -> None:
    sm, disk = enabled(volumes=False)
    (made,) = sm.operations()

    history = rebuild((replace(made, result=Result.FAILED),), (), ())

    assert exists(history, disk) == (False, LIKELY)


def test_two_reports_of_one_host_are_replayed_once() -> None:
    sm, disk = enabled()
    text = sm.text()
    sm.snapshot(disk)

    history = rebuild(read_back({"older": text, "newer": sm.text()}, "jupiter"), (), ())

    assert [change.change for change in log(history, disk).changes].count(Change.CREATED) == 2
    assert history.contradictions == ()


def test_the_past_knows_only_what_was_certainly_before() -> None:
    sm, disk = enabled()
    made = sm.now
    sm.resize(disk)

    history = sm.history()

    then, now = history.at(SR, disk, moment(made + 3)), history.at(SR, disk, moment(sm.now + 3))
    assert then is not None
    assert now is not None
    assert then.size is not None
    assert now.size is not None
    assert (then.size.value, now.size.value) == (10 << 30, 11 << 30)


def test_a_change_at_the_very_moment_makes_the_past_unsure() -> None:
    sm, disk = enabled()
    sm.resize(disk)

    then = sm.history().at(SR, disk, moment(sm.now))

    assert then is not None
    assert then.size is not None
    assert then.exists is not None
    assert (then.size.confidence, then.exists.confidence) == (POSSIBLE, CERTAIN)


def test_before_it_was_made_a_log_was_not_there() -> None:
    sm, disk = enabled()

    then = sm.history().at(SR, disk, moment(1))

    assert then is not None
    assert then.exists is not None
    assert (then.exists.value, then.exists.confidence) == (False, LIKELY)


def test_pointers_in_a_circle_end() -> None:
    sm = Sm(volumes=True)
    disk = sm.disk()
    sm.enable(disk)
    first = sm.snapshot(disk)
    file = copy(disk, "x.cbtlog", parent=first, child=first)
    other = copy(first, "y.cbtlog", parent=disk, child=disk)

    history = told(CaseBuilder().host(captured=CAPTURED).build(), sm, [file, other])

    (circle,) = history.chains
    assert sorted(each.uuid for each in circle.logs) == sorted([disk, first])
    assert history.find(first) is log(history, first)
    assert "circle" in next(iter(circle.breaks.values()))


def test_a_chain_breaks_where_the_next_log_was_never_seen() -> None:
    unseen = "91c3e5d0-7a41-4f0e-8f6b-55d1c0b7a2e4"
    sm, disk = enabled()
    file = copy(disk, "x.cbtlog", child=unseen)

    history = told(CaseBuilder().host().build(), sm, [file])

    assert "is not known" in history.chains[0].breaks[disk]


def test_hostile_values_are_not_replayed() -> None:
    path = f"/run/sr-mount/{SR}/91c3e5d0-7a41-4f0e-8f6b-55d1c0b7a2e4.cbtlog"
    commands = [
        "['/usr/sbin/cbt-util']",
        "['/usr/sbin/cbt-util', 'dance', '-n', '" + path + "']",
        "['/usr/sbin/cbt-util', 'set', '-n', '" + path + "', '-c', '../../etc']",
        "['/usr/sbin/cbt-util', 'set', '-n', '" + path + "', '-s', '" + "9" * 5000 + "']",
        "['/usr/sbin/cbt-util', 'set', '-n', '/tmp/x.cbtlog', '-f', '1']",
        "['/usr/sbin/cbt-util', 'coalesce', '-p', '" + path + "']",
        "['/sbin/lvrename', 'x.cbtlog']",
        "['/sbin/lvrename', 'x.cbtlog', 'y.cbtlog']",
        "['/sbin/lvcreate', '-n', 'x.cbtlog']",
        "['/sbin/lvremove', '-f', 'x.cbtlog']",
        "FileVDI._rename /x.cbtlog to /y.cbtlog",
    ]
    text = "".join(
        f"Jun 10 01:00:00 jupiter SM: [24517] {line}\n"
        for command in commands
        for line in (command, "  pread SUCCESS")
    )

    assert rebuild(read_back({"jupiter": text}), (), ()).now == {}


def test_a_list_of_another_hosts_earlier_report_does_not_contradict_a_later_row() -> None:
    other = "91c3e5d0-7a41-4f0e-8f6b-55d1c0b7a2e4"
    builder = CaseBuilder().host("saturn", SATURN, captured=CAPTURED - timedelta(days=1))
    builder.lvs(lvs("MGT")).host().database(sr(), pbd(SATURN), vdi(other), hosts=HOSTS)

    history = told(builder.build(), Sm(volumes=True))

    assert exists(history, other) == (False, CERTAIN)
    assert history.contradictions == ()


def test_a_row_without_the_time_of_its_report_contradicts_nothing() -> None:
    sm, disk = enabled()
    builder = CaseBuilder().host(captured=None)
    case = builder.database(sr(), vdi(disk, cbt_enabled=False)).build()

    assert told(case, sm).contradictions == ()


def test_the_line_of_another_host_is_placed_by_its_time() -> None:
    sm, disk = enabled()
    sm.gap = 3600
    sm.activate(disk)
    sm.resize(disk)
    line = sm.operations()[1].entry
    assert line is not None
    elsewhere = replace(line, host="saturn", source=replace(line.source, bundle="saturn"))

    then = sm.history().at(SR, disk, elsewhere)

    assert then is not None
    assert then.size is not None
    assert then.size.value == 10 << 30


def test_what_was_unsure_and_is_seen_again_is_no_contradiction() -> None:
    sm, disk = enabled()
    captured = sm_time(sm) + timedelta(minutes=2)
    later = sm_time(sm) + timedelta(hours=2)
    builder = CaseBuilder().host(captured=captured).lvs(lvs("MGT"))
    builder.host("saturn", SATURN, captured=later).lvs(lvs(f"VHD-{disk}"))

    history = told(builder.build(), sm)

    assert exists(history, disk) == (False, LIKELY)
    assert history.contradictions == ()
