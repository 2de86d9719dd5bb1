"""SM's walk from disk to disk, against a plain copy of the numbered steps of cbtlog-format.md."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.case.pool import build_pools
from analyzer.model.cbt import NO_LOG, CbtLog, Known, WalkEnd
from analyzer.model.finding import Confidence, Evidence
from analyzer.model.source import Source
from analyzer.model.xapi import Sm as Driver
from analyzer.rebuilt.cbt.changed_blocks import walk
from analyzer.rebuilt.cbt.history import CbtHistory
from tests.checks.support import CaseBuilder, sr, vdi
from tests.rebuilt.cbt.sm_logs import SR, Sm, moment
from tests.support.whole import examples

MIB = 1 << 20
LINE = Evidence(source=Source(bundle="b", member="var/log/SMlog", line=3), text="a line")
NAMES = ("a", "b", "c", "d", "e")


@dataclass(frozen=True, slots=True, kw_only=True)
class Plain:
    """A log: what its child pointer names, and the bytes of its disk."""

    child: str
    size: int


Merged = tuple[int, int]  # bits, bytes of the disk
End = tuple[WalkEnd, tuple[str, ...]]


def reference(logs: Mapping[str, Plain], start: str, to: str) -> End:
    """Do what SM does: refuse, or walk."""
    if start == to:
        return WalkEnd.SAME, ()
    for uuid, end in ((start, WalkEnd.NO_LOG_FROM), (to, WalkEnd.NO_LOG_TO)):
        if uuid not in logs:
            return end, ()
    return reference_walk(logs, start, to)


def reference_walk(logs: Mapping[str, Plain], start: str, to: str) -> End:
    """Walk; one that has gone on for long never ends."""
    current, merged = start, (0, 0)
    visited: list[str] = []
    for _ in range(100):
        current = logs[current].child
        if current not in logs:
            return WalkEnd.CHAIN_ENDS, tuple(visited)
        more = reference_merge(merged, logs[current].size)
        if more is None:
            return WalkEnd.SIZES, tuple(visited)
        merged = more
        visited += [current] if current not in visited else []
        if current == to:
            return WalkEnd.REACHED, tuple(visited)
    return WalkEnd.CYCLE, tuple(visited)


def reference_merge(merged: Merged, size: int) -> Merged | None:
    """Merge a bitmap, None where SM raises 459."""
    length, vdi_size = merged
    bits = math.ceil(math.ceil(size / 65536) / 8) * 8
    if bits < size // 65536:
        return None
    if not length:
        return bits, size
    if size < vdi_size or bits < length or (size > vdi_size and bits <= length):
        return None
    return (bits, size) if size > vdi_size else merged


SIZES = st.sampled_from([0, 65536, 3 * 65536, 512 * 1024, 2 * MIB, 2 * MIB + 65536, 4 * MIB])
PLAIN = st.builds(Plain, child=st.sampled_from([*NAMES, NO_LOG, "gone"]), size=SIZES)
LOGS = st.dictionaries(st.sampled_from(NAMES), PLAIN, min_size=1)


def known(log: Plain, uuid: str) -> CbtLog:
    return CbtLog(
        sr=SR,
        uuid=uuid,
        exists=Known(value=True, evidence=LINE, confidence=Confidence.CERTAIN),
        child=Known(value=log.child, evidence=LINE, confidence=Confidence.CERTAIN),
        size=Known(value=log.size, evidence=LINE, confidence=Confidence.CERTAIN),
    )


def missing(uuid: str) -> CbtLog:
    gone = Known(value=False, evidence=LINE, confidence=Confidence.CERTAIN)
    return CbtLog(sr=SR, uuid=uuid, exists=gone)


def history(logs: Mapping[str, Plain]) -> CbtHistory:
    now = {(SR, uuid): missing(uuid) for uuid in (*NAMES, "gone")}
    now |= {(SR, uuid): known(log, uuid) for uuid, log in logs.items()}
    return CbtHistory(now=now, volumes={SR: True})


@settings(max_examples=examples(500), deadline=None)
@given(logs=LOGS, start=st.sampled_from(NAMES), to=st.sampled_from(NAMES))
def test_the_walk_is_that_of_sm(logs: Mapping[str, Plain], start: str, to: str) -> None:
    walked = walk(history(logs), (), start, to)

    assert (walked.end, walked.visited) == reference(logs, start, to)


@settings(max_examples=examples(500), deadline=None)
@given(
    logs=LOGS,
    start=st.sampled_from(NAMES),
    to=st.sampled_from(NAMES),
    hidden=st.sets(
        st.tuples(st.sampled_from([*NAMES, "gone"]), st.sampled_from(["exists", "child", "size"])),
        min_size=1,
        max_size=4,
    ),
    unsure=st.booleans(),
)
def test_a_walk_over_less_than_all_agrees_or_cannot_tell(
    logs: Mapping[str, Plain],
    start: str,
    to: str,
    hidden: set[tuple[str, str]],
    unsure: bool,
) -> None:
    told = history(logs)
    now = dict(told.now)
    for uuid, name in hidden:
        value = getattr(now[SR, uuid], name)
        less = replace(value, confidence=Confidence.POSSIBLE) if unsure and value else None
        changed = replace(now[SR, uuid], **{name: less})  # type: ignore[arg-type]  # a field
        now[SR, uuid] = changed

    walked = walk(replace(told, now=now), (), start, to)

    if walked.end is WalkEnd.UNKNOWN:
        assert walked.why
        assert walked.settle_with
    elif walked.end is WalkEnd.NO_LOG_TO:  # also if nobody knows of the other one
        assert to not in logs
    else:
        assert (walked.end, walked.visited) == reference(logs, start, to)


def test_an_end_is_told_with_the_pointer_that_leads_nowhere() -> None:
    logs = {
        "a": Plain(child="b", size=MIB),
        "b": Plain(child="gone", size=MIB),
        "c": Plain(child="", size=MIB),
    }

    walked = walk(history(logs), (), "a", "c")

    assert (walked.end, walked.at, walked.next) == (WalkEnd.CHAIN_ENDS, "b", "gone")
    assert walked.evidence == (LINE,)


def test_what_would_tell_an_unknown_pointer_is_named() -> None:
    told = history({"a": Plain(child="b", size=MIB), "b": Plain(child="", size=MIB)})
    now = {**told.now, (SR, "a"): replace(told.now[SR, "a"], child=None)}

    walked = walk(replace(told, now=now), (), "a", "b")

    assert walked.end is WalkEnd.UNKNOWN
    assert walked.settle_with == f"cbt-util get -c -n /dev/VG_XenStorage-{SR}/a.cbtlog"


@pytest.mark.parametrize(
    ("volumes", "command"),
    [
        ({SR: True}, f"lvs /dev/VG_XenStorage-{SR}/b.cbtlog"),
        ({SR: False}, f"ls -l /run/sr-mount/{SR}/b.cbtlog"),
        ({}, f"ls -l <folder of SR {SR}>/b.cbtlog"),
    ],
)
def test_what_would_tell_whether_a_log_is_there_is_named(
    volumes: Mapping[str, bool], command: str
) -> None:
    told = history({"a": Plain(child="b", size=MIB)})
    now = {key: log for key, log in told.now.items() if key != (SR, "b")}

    walked = walk(replace(told, now=now, volumes=volumes), (), "a", "b")

    assert (walked.end, walked.settle_with) == (WalkEnd.UNKNOWN, command)


def hide(told: CbtHistory, uuid: str, name: str) -> CbtHistory:
    less = replace(told.now[SR, uuid], **{name: None})  # type: ignore[arg-type]  # a field
    return replace(told, now={**told.now, (SR, uuid): less})


def test_a_size_that_nothing_is_compared_with_does_not_matter() -> None:
    told = history({"a": Plain(child="b", size=MIB), "b": Plain(child="", size=MIB)})

    walked = walk(hide(told, "b", "size"), (), "a", "b")

    assert (walked.end, walked.visited) == (WalkEnd.REACHED, ("b",))


def test_a_size_that_decides_is_named() -> None:
    logs = {name: Plain(child=child, size=MIB) for name, child in (("a", "b"), ("b", "c"))}
    told = history({**logs, "c": Plain(child="", size=MIB)})

    walked = walk(hide(told, "c", "size"), (), "a", "c")

    assert (walked.end, walked.at, walked.visited) == (WalkEnd.UNKNOWN, "c", ("b", "c"))
    assert walked.settle_with == f"cbt-util get -s -n /dev/VG_XenStorage-{SR}/c.cbtlog"


def test_a_pointer_behind_an_unknown_size_is_named_first() -> None:
    told = history({"a": Plain(child="b", size=MIB), "b": Plain(child="c", size=MIB)})
    told = replace(told, now={**told.now, (SR, "c"): known(Plain(child="", size=MIB), "c")})

    walked = walk(hide(hide(told, "b", "size"), "b", "child"), (), "a", "c")

    assert walked.settle_with == f"cbt-util get -c -n /dev/VG_XenStorage-{SR}/b.cbtlog"


def test_a_disk_without_a_log_is_named_whatever_the_other_has() -> None:
    told = history({"a": Plain(child="b", size=MIB)})

    walked = walk(hide(told, "a", "exists"), (), "a", "b")

    assert (walked.end, walked.at) == (WalkEnd.NO_LOG_TO, "b")


def test_a_likely_pointer_makes_the_answer_likely() -> None:
    told = history({"a": Plain(child="b", size=MIB), "b": Plain(child="", size=MIB)})
    likely = Known(value="b", evidence=LINE, confidence=Confidence.LIKELY)
    now = {**told.now, (SR, "a"): replace(told.now[SR, "a"], child=likely)}

    walked = walk(replace(told, now=now), (), "a", "b")

    assert (walked.end, walked.confidence) == (WalkEnd.REACHED, Confidence.LIKELY)


def test_a_raw_disk_has_no_log() -> None:
    rows = (sr(), vdi("a", sm_config={"vdi_type": "aio"}))
    pools = CaseBuilder().host().database(*rows).build().pools

    walked = walk(history({"a": Plain(child="b", size=MIB)}), pools, "a", "b")

    assert (walked.end, walked.why) == (WalkEnd.NO_LOG_FROM, "disk a is raw")
    assert walked.evidence


@pytest.mark.parametrize(
    ("features", "end"),
    [
        ({"VDI_CONFIG_CBT": "1"}, WalkEnd.REACHED),
        ({"VDI_CREATE": "1"}, WalkEnd.NOT_SUPPORTED),
        (None, WalkEnd.REACHED),
    ],
)
def test_the_driver_of_the_sr_must_be_able(
    features: Mapping[str, str] | None, end: WalkEnd
) -> None:
    driver = Driver(
        source=LINE.source,
        ref="OpaqueRef:1",
        uuid="1",
        type="lvmoiscsi",
        features=features,
        written='<row type="lvmoiscsi"/>',
    )
    pools = CaseBuilder().host().database(sr(), driver).build().pools
    logs = {"a": Plain(child="b", size=MIB), "b": Plain(child="", size=MIB)}

    assert walk(history(logs), pools, "a", "b").end is end


def test_a_disk_of_which_nothing_is_known_has_no_log_if_the_database_says_so() -> None:
    rows = (sr(), vdi("b", cbt_enabled=False))
    pools = CaseBuilder().host().database(*rows).build().pools
    told = CbtHistory(now={(SR, "a"): known(Plain(child="", size=MIB), "a")})

    walked = walk(told, pools, "a", "b")

    assert (walked.end, walked.confidence) == (WalkEnd.NO_LOG_TO, Confidence.LIKELY)


def test_the_sr_of_a_disk_without_a_log_is_the_databases() -> None:
    pools = CaseBuilder().host().database(sr(), vdi("a", cbt_enabled=None)).build().pools

    walked = walk(CbtHistory(volumes={SR: False}), pools, "a", "b")

    assert walked.settle_with == f"ls -l /run/sr-mount/{SR}/a.cbtlog"


def test_the_walk_of_the_past_uses_the_logs_of_then() -> None:
    sm = Sm(volumes=True)
    disk = sm.disk()
    sm.enable(disk)
    first, second = sm.snapshot(disk), sm.snapshot(disk)
    before = moment(sm.now + 2)
    sm.delete(second)
    told = sm.history()

    assert walk(told, (), first, second, before).end is WalkEnd.REACHED
    assert walk(told, (), first, second).end is WalkEnd.NO_LOG_TO


def test_no_pool_at_all_is_no_reason_to_refuse() -> None:
    assert walk(CbtHistory(), build_pools(()), "a", "b").end is WalkEnd.UNKNOWN
