from datetime import UTC, datetime, timedelta

import pytest

from analyzer.case import events as module
from analyzer.case.events import EventTable, EventTableBuilder, KeepPolicy, alert_message
from analyzer.case.rows import LONGEST_MESSAGE
from analyzer.model.event import Level
from analyzer.model.host import Alert
from analyzer.model.moment import Moment
from analyzer.model.source import Source
from analyzer.parsers._api import Hit, Record, Stamp

HOUR = timedelta(hours=1)
VDI = "6b0c1a3e-9d1f-4c55-8a47-2f60b7c0e913"
OTHER = "0d2b6bd6-53d4-4f51-9e6c-1f8de3b4f0a7"


def exact(_bundle: str, _member: str, _line: int, stamp: Stamp) -> Moment:
    at = datetime(2026, stamp.month, stamp.day, stamp.hour, stamp.minute, stamp.second, tzinfo=UTC)
    return Moment.exact(at, "test")


def record(line: int, minute: int, **changes: object) -> Record:
    values: dict[str, object] = {
        "line": line,
        "lines": 1,
        "stamp": Stamp(month=6, day=10, hour=13 + minute // 60, minute=minute % 60, second=0),
        "syslog_host": "jupiter",
        "process": "SM",
        "message": f"message {line}",
        "text": f"text {line}",
    }
    return Record(**(values | changes))  # type: ignore[arg-type]  # test builder


def hit(kind: str = "a", **fields: str) -> tuple[Hit, ...]:
    return (Hit(selector=kind, fields=fields),)


def add(
    builder: EventTableBuilder,
    entry: Record,
    hits: tuple[Hit, ...],
    bundle: str = "b",
    member: str = "var/log/SMlog",
) -> None:
    builder.add(bundle=bundle, member=member, parser="smlog", record=entry, hits=hits)


def table(*entries: tuple[Record, tuple[Hit, ...]]) -> EventTable:
    builder = EventTableBuilder()
    for entry, hits in entries:
        add(builder, entry, hits)
    return builder.build(exact, {"b": "jupiter"})


def an_alert(minute: int = 5, body: str = "text") -> Alert:
    return Alert(
        source=Source(bundle="b", member="var/xapi/blobs/messages/1"),
        text="<message/>",
        name="VDI_CBT_RESIZE_FAILED",
        priority=3,
        cls="VDI",
        obj_uuid=VDI,
        moment=Moment.exact(datetime(2026, 6, 10, 13, minute, tzinfo=UTC), "alert"),
        body=body,
        uuid="u",
    )


def test_an_event_is_made_once_for_all_that_ask() -> None:
    events = table((record(1, 5), hit("a")), (record(2, 6), hit("b")))
    (event,) = events.of("a")
    assert events.of("a", "b")[0] is event
    assert events.of_lines([event.source]) == (event,)
    assert events.of_lines([event.source])[0] is event


def test_an_event_comes_back_as_it_was_added() -> None:
    entry = record(7, 5, pid=24517, task="T", level=Level.WARN, count=3)
    (event,) = table((entry, hit(vdi=VDI, odd="é"))).of("a")
    assert event.source == Source(bundle="b", member="var/log/SMlog", line=7)
    assert event.moment == exact("", "", 0, entry.stamp)
    assert event.moment.at.tzinfo is UTC
    assert (event.kind, event.parser, event.host, event.process) == ("a", "smlog", "jupiter", "SM")
    assert (event.message, event.text) == ("message 7", "text 7")
    assert (event.pid, event.task, event.level, event.count) == (24517, "T", Level.WARN, 3)
    assert dict(event.fields) == {"vdi": VDI, "odd": "é"}


def test_what_a_record_lacks_is_none() -> None:
    with_all = record(1, 0, pid=1, task="T", level=Level.INFO)
    event = table((with_all, hit()), (record(2, 1), hit())).of("a")[1]
    assert (event.pid, event.task, event.level) == (None, None, None)


def test_one_row_per_record_and_hit() -> None:
    made = table((record(1, 0), (*hit("a"), *hit("b"))))
    assert len(made) == 2
    assert [event.kind for event in made.of("b", "a")] == ["a", "b"]


def test_events_are_ordered_by_time_then_host_then_member_then_line() -> None:
    builder = EventTableBuilder()
    add(builder, record(2, 5), hit(), bundle="x", member="m2")
    add(builder, record(9, 5), hit(), bundle="y", member="m1")
    add(builder, record(3, 5), hit(), bundle="x", member="m1")
    add(builder, record(1, 5), hit(), bundle="x", member="m2")
    add(builder, record(8, 1), hit(), bundle="y", member="m9")
    made = builder.build(exact, {"x": "zeta", "y": "alpha"})
    assert [(event.host, str(event.source)) for event in made.of("a")] == [
        ("alpha", "m9:8"),
        ("alpha", "m1:9"),
        ("zeta", "m1:3"),
        ("zeta", "m2:1"),
        ("zeta", "m2:2"),
    ]


def test_a_stamp_out_of_the_order_of_its_file_is_in_doubt() -> None:
    minutes = (1, 2, 50, 3, 4)
    events = table(*((record(n, minute), hit()) for n, minute in enumerate(minutes, 1))).of("a")
    assert [event.source.line for event in events] == [1, 2, 3, 4, 5]
    moment = events[2].moment
    assert (moment.earliest.minute, moment.at.minute, moment.latest.minute) == (2, 2, 50)
    assert moment.dated_by == "test; its stamp is not in the order of its file"


def test_a_bundle_without_a_host_name_is_called_as_syslog_did() -> None:
    builder = EventTableBuilder()
    add(builder, record(1, 0), hit())
    assert builder.build(exact, {}).of("a")[0].host == "jupiter"


def test_an_alert_without_a_host_name_is_called_after_its_bundle() -> None:
    builder = EventTableBuilder()
    builder.add_alert("b", an_alert(), hit())
    assert builder.build(exact, {}).of("a")[0].host == "b"


def test_an_alert_keeps_its_own_time_and_source() -> None:
    builder = EventTableBuilder()
    builder.add_alert("b", an_alert(body="Resizing failed."), hit(vdi=VDI))
    (event,) = builder.build(exact, {"b": "jupiter"}).of("a")
    assert event.moment.dated_by == "alert"
    assert event.message == f"VDI_CBT_RESIZE_FAILED 3 VDI {VDI} Resizing failed."
    assert (event.parser, event.text, event.source.line) == ("alerts", "<message/>", 0)


def test_the_message_of_an_alert_is_all_that_identifies_it() -> None:
    assert alert_message(an_alert(body="x")) == f"VDI_CBT_RESIZE_FAILED 3 VDI {VDI} x"


def test_an_empty_table_has_no_events_and_no_incidents() -> None:
    made = EventTableBuilder().build(exact, {})
    assert made.of("a") == ()
    assert made.incidents(("a",), ("vdi",), HOUR) == ()
    assert made.per_hour() == ()
    assert made.totals("a") == (0, None)


@pytest.mark.parametrize("size", [4, 29])
def test_chunks_do_not_change_the_result(monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    entries = [(record(n, n % 50, pid=n), hit(vdi=VDI)) for n in range(1, 30)]
    whole = table(*entries).of("a")
    monkeypatch.setattr(module, "CHUNK", size)
    assert table(*entries).of("a") == whole


def test_a_burst_ends_where_neighbours_are_farther_apart_than_the_timespan() -> None:
    made = table(*[(record(n, minute), hit(vdi=VDI)) for n, minute in enumerate((0, 59, 118, 200))])
    bursts = made.incidents(("a",), ("vdi",), HOUR)
    assert [[event.source.line for event in burst] for burst in bursts] == [[0, 1, 2], [3]]


def test_bursts_of_different_objects_are_apart_even_at_the_same_time() -> None:
    made = table(
        (record(1, 0), hit(vdi=VDI)), (record(2, 0), hit(vdi=OTHER)), (record(3, 1), hit(vdi=VDI))
    )
    bursts = made.incidents(("a",), ("vdi",), HOUR)
    assert [[event.source.line for event in burst] for burst in bursts] == [[1, 3], [2]]


def test_bursts_join_several_kinds() -> None:
    made = table((record(1, 0), hit("a", vdi=VDI)), (record(2, 0), hit("b", vdi=VDI)))
    assert len(made.incidents(("a", "b"), ("vdi",), HOUR)) == 1


def test_tables_of_pools_are_one_whatever_their_columns_lack(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    plain = table((record(1, 0, level=Level.ERROR), hit()))
    builder = EventTableBuilder()
    add(builder, record(2, 1, task="VDI.snapshot R:0123456789ab"), hit("b"))
    builder.add_alert("b", an_alert(), hit("alert"))
    monkeypatch.setattr(module, "CHUNK", 1)  # of one part and of several, which pandas types apart
    add(builder, record(3, 2), hit("c"))
    both = EventTable.together([plain, builder.build(exact, {"b": "jupiter"})])
    assert [event.kind for event in both.of(*both.kinds)] == ["a", "b", "c", "alert"]
    assert [event.level for event in both.of(*both.kinds)] == [Level.ERROR, None, None, None]
    assert [event.task for event in both.of("b")] == ["VDI.snapshot R:0123456789ab"]


def test_events_without_the_field_belong_together() -> None:
    made = table((record(1, 0), hit(sr=OTHER)), (record(2, 0), hit()))
    assert [len(burst) for burst in made.incidents(("a",), ("vdi",), HOUR)] == [2]


def test_bursts_can_be_grouped_by_host_and_process_id() -> None:
    made = table((record(1, 0, pid=1), hit()), (record(2, 0, pid=2), hit()), (record(3, 0), hit()))
    assert [len(burst) for burst in made.incidents(("a",), ("host", "pid"), HOUR)] == [1, 1, 1]


def test_without_a_key_all_events_are_one_group() -> None:
    made = table((record(1, 0), hit()), (record(2, 1), hit()))
    assert [len(burst) for burst in made.incidents(("a",), (), HOUR)] == [2]


def test_a_doubtful_time_joins_rather_than_splits() -> None:
    def doubtful(_bundle: str, _member: str, line: int, stamp: Stamp) -> Moment:
        at = exact("", "", 0, stamp).at
        doubt = timedelta(hours=3) if line == 1 else timedelta(0)
        return Moment(at=at, earliest=at - doubt, latest=at + doubt, dated_by="test")

    builder = EventTableBuilder()
    for line, minute in ((1, 0), (2, 200), (3, 300)):
        add(builder, record(line, minute), hit(vdi=VDI))
    bursts = builder.build(doubtful, {}).incidents(("a",), ("vdi",), HOUR)
    assert [[event.source.line for event in burst] for burst in bursts] == [[1, 2], [3]]


@pytest.fixture
def sparse() -> EventTableBuilder:
    return EventTableBuilder(KeepPolicy(sparse=frozenset({"a"})))


@pytest.mark.parametrize("seen", [1, 2, 3, 40])
def test_a_sparse_kind_keeps_its_ends_and_counts_the_rest(
    sparse: EventTableBuilder, seen: int
) -> None:
    for n in range(seen):
        add(sparse, record(n + 1, n % 50, count=2), hit())
    made = sparse.build(exact, {})
    assert sorted(event.source.line for event in made.of("a")) == sorted({1, seen})
    assert made.totals("a")[0] == 2 * seen


def test_a_sparse_kind_keeps_its_ends_in_each_member(sparse: EventTableBuilder) -> None:
    for n in range(5):
        add(sparse, record(n + 1, n), hit(), member="m1")
        add(sparse, record(n + 1, n), hit(), member="m2")
    assert len(sparse.build(exact, {})) == 4


def test_a_record_of_noise_feeds_no_muted_kind_but_the_others() -> None:
    policy = KeepPolicy(noise=frozenset({"n"}), muted=frozenset({"rule"}))
    builder = EventTableBuilder(policy)
    add(builder, record(1, 0), (*hit("n"), *hit("rule"), *hit("check")))
    add(builder, record(2, 0), hit("rule"))
    made = builder.build(exact, {})
    assert [event.source.line for event in made.of("rule")] == [2]
    assert [event.source.line for event in made.of("n", "check")] == [1, 1]


def test_events_per_hour_are_counted_by_host() -> None:
    made = table((record(1, 0), hit()), (record(2, 59), hit()), (record(3, 60), hit()))
    assert made.per_hour() == (
        (datetime(2026, 6, 10, 13, tzinfo=UTC), "jupiter", 2),
        (datetime(2026, 6, 10, 14, tzinfo=UTC), "jupiter", 1),
    )


def of_two_reports(ids: dict[str, str]) -> EventTable:
    builder = EventTableBuilder()
    for bundle in ("early", "late"):
        for line in (1, 2):  # the same words twice within one second
            add(builder, record(line, 5, text="the same"), hit(), bundle=bundle)
    add(builder, record(9, 6, text="news"), hit(), bundle="late")
    return builder.build(exact, {"early": "jupiter", "late": "jupiter"}, ids)


def test_two_reports_of_one_host_hold_a_line_once() -> None:
    events = of_two_reports({"early": "u", "late": "u"}).of("a")
    assert [event.text for event in events] == ["the same", "the same", "news"]


def test_two_hosts_of_one_name_are_not_one_host() -> None:
    both = of_two_reports({"early": "u", "late": "v"})
    assert len(both.of("a")) == 5
    assert len(both.incidents(("a",), ("host",), HOUR)) == 2


def test_a_monster_of_a_line_is_quoted_by_its_beginning() -> None:
    (event,) = table((record(1, 5, text="x" * 100_000), hit())).of("a")
    assert len(event.text) < 17_000
    assert event.text.endswith("[… 83616 more characters]")


def test_of_a_monster_of_a_line_no_more_is_kept_than_a_record_of_joined_lines_has() -> None:
    (event,) = table((record(1, 1, message="x" * 1_000_000), hit())).of("a")
    assert len(event.message) == LONGEST_MESSAGE


def test_events_that_nobody_holds_are_forgotten_and_made_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("analyzer.case.events._MANY", 0)
    known = table(*((record(line, line), hit()) for line in (1, 2, 3)))
    held = known.of("a")[1]
    before = [event.source for event in known.of("a")]
    known.give_back_memory()
    made = known._events  # noqa: SLF001 - nobody else knows what it holds
    assert [event is not None for event in made] == [False, True, False]
    again = known.of("a")
    assert again[1] is held
    assert [event.source for event in again] == before


def hourly(*minutes: int, device: str = "sdc") -> EventTable:
    builder = EventTableBuilder(keep=KeepPolicy(hourly=frozenset({"a"})))
    for line, minute in enumerate(minutes, 1):
        add(builder, record(line, minute), hit(device=device))
    return builder.build(exact, {"b": "jupiter"})


def test_the_ends_of_each_hour_are_kept_and_the_others_counted() -> None:
    made = hourly(0, 5, 10, 59, 61, 70).of("a")
    assert [(event.moment.at.minute, event.count) for event in made] == [
        (0, 1),
        (59, 3),
        (1, 1),
        (10, 1),
    ]
    assert sum(event.count for event in made) == 6


def test_the_ends_of_each_hour_are_kept_for_each_combination_of_fields() -> None:
    builder = EventTableBuilder(keep=KeepPolicy(hourly=frozenset({"a"})))
    for line, device in enumerate(("sdc", "sdd", "sdc", "sdd", "sdc"), 1):
        add(builder, record(line, line), hit(device=device))
    made = builder.build(exact, {"b": "jupiter"}).of("a")
    assert [(event.fields["device"], event.source.line, event.count) for event in made] == [
        ("sdc", 1, 1),
        ("sdd", 2, 1),
        ("sdd", 4, 1),
        ("sdc", 5, 2),
    ]


def test_the_ends_of_five_minutes_are_kept_of_what_a_task_says_in_the_same_words() -> None:
    builder = EventTableBuilder(keep=KeepPolicy(repeated=frozenset({"a"})))
    tries = [(minute, task) for minute in (0, 1, 4, 5, 6, 65) for task in ("copy R:1", "copy R:2")]
    for line, (minute, task) in enumerate(tries, 1):
        add(builder, record(line, minute, task=task, message="busy"), hit())
    add(builder, record(20, 2, task="copy R:1", message="other words"), hit())
    made = builder.build(exact, {"b": "jupiter"}).of("a")
    assert [(e.moment.at.minute, e.count) for e in made if e.task == "copy R:1"] == [
        (0, 1),
        (2, 1),
        (4, 2),
        (5, 1),
        (6, 1),
        (5, 1),
    ]
    assert sum(event.count for event in made) == len(tries) + 1


def test_alerts_are_kept_by_the_hour_too() -> None:
    builder = EventTableBuilder(keep=KeepPolicy(hourly=frozenset({"a"})))
    for minute in (1, 2, 3):
        builder.add_alert("b", an_alert(minute), hit())
    assert [e.count for e in builder.build(exact, {}).of("a")] == [1, 2]


def joinable() -> EventTable:
    return table(
        (record(1, 0, task="VDI.snapshot R:0a1b2c3d4e5f"), hit("a", vdi=VDI)),
        (record(2, 5, pid=7), hit("b", vdi=VDI, sr="s")),
        (record(3, 30, task="dispatch:VDI.snapshot R:0a1b2c3d4e5f"), hit("b", vdi=OTHER)),
        (record(4, 59), hit("b", vdi=VDI)),
    )


def test_the_lines_of_a_task_are_found_by_its_reference() -> None:
    found = joinable().by_task()
    assert {key: [e.source.line for e in events] for key, events in found.items()} == {
        "R:0a1b2c3d4e5f": [1, 3]
    }


def test_the_last_line_of_a_host_is_found() -> None:
    made = joinable()
    last = made.last_line("b")
    before = made.last_line("b", made.of("b")[-1].moment.at)
    assert (last and last.source.line, before and before.source.line) == (4, 3)


def test_alerts_are_no_lines_of_a_host() -> None:
    builder = EventTableBuilder()
    builder.add_alert("b", an_alert(), hit())
    assert builder.build(exact, {"b": "jupiter"}).last_line("b") is None


def test_the_last_line_of_one_log_is_found() -> None:
    made = joinable()
    assert made.last_line("b", parser="smlog") is not None
    assert made.last_line("b", parser="kern_log") is None
    assert made.last_line("another") is None


def test_first_events_of_lines_are_those_of_each_line_by_itself() -> None:
    builder = EventTableBuilder()
    for member in ("var/log/SMlog", "var/log/SMlog.1"):
        for line in (3, 1, 2):
            add(builder, record(line, line), (*hit("b"), *hit("a")), member=member)
    events = builder.build(exact, {"b": "jupiter"})
    asked = {
        Source(bundle=bundle, member=member, line=line)
        for bundle in ("b", "other")
        for member in ("var/log/SMlog", "var/log/SMlog.2")
        for line in (1, 3, 9)
    }
    one_by_one = {source: found[0] for source in asked if (found := events.of_lines([source]))}
    assert len(one_by_one) == 2
    assert events.first_of_lines(asked) == one_by_one
    assert events.first_of_lines(()) == {}
