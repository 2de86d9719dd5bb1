"""How a cause is told: its certainty, its chain of events in order, and what else was considered."""

from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.case.time.order import CLOCKS_APART
from analyzer.causes import Edges, find_causes, load_edges
from analyzer.causes.edges import Join
from analyzer.model.finding import Confidence, Finding
from analyzer.model.moment import Moment
from analyzer.model.report import Cause
from tests.causes.test_causes import causes, doubtful, edge, finding, outcomes
from tests.causes.test_shipped_edges import (
    BOOT,
    DOWN,
    HOSTS,
    SATURN_DOWN,
    STORAGE,
    TAPDISK,
    flag,
    held,
    io_error,
    one_host,
    pool,
    segfault,
    told,
    with_device,
)
from tests.checks.support import (
    OTHER_VDI,
    SATURN,
    SNAPSHOT,
    SR,
    VDI,
    CaseBuilder,
    at,
    sr,
    vdi,
)

SHIPPED = load_edges()
OFF = "cbt-disabled-inconsistent-log"


def chained(cause: Cause) -> list[tuple[str, str]]:
    """Return how each step stands to the one before it, and what it is."""
    return [(link.order, link.title.split(" (")[0]) for link in cause.chain]


def test_chain_is_the_events_in_order_with_how_each_follows() -> None:
    one = finding("one", when="13:00:00", title="One went")
    two = finding("two", when="13:10:00", title="Two went")
    three = finding("three", when="13:10:00", title="Three went")
    (cause,) = causes(one, two, three, edges=(edge("one", "two"), edge("two", "three")))
    assert chained(cause) == [
        ("", "One went"),
        ("then", "Two went"),
        ("about the same time", "Three went"),
    ]


def test_step_of_what_was_seen_by_its_state_only_is_seen_at_the_end() -> None:
    one = finding("one", when="13:00:00", title="One went")
    two = finding("two", when=None, title="Two went")
    (cause,) = causes(one, two, edges=(edge("one", "two"),))
    assert chained(cause) == [("", "One went"), ("seen at the end", "Two went")]


def test_effects_of_one_kind_are_one_step_however_many() -> None:
    one = finding("one", (("VDI", VDI), ("SR", SR)), when="13:00:00", title="One went")
    many = [
        finding("two", (("VDI", f"{n:08x}{VDI[8:]}"), ("SR", SR)), when="13:10:00", title="Two")
        for n in range(50)
    ]
    case = one_host().build()
    edges = Edges(edges=(edge("one", "two", Join.SR),))
    (cause,) = find_causes(outcomes(one, *many), case, edges)[1]
    assert [link.title for link in cause.chain][1] == f"Two (50 disks of SR {SR})"


def test_step_leads_to_its_finding_or_incident() -> None:
    (cause,) = told(one_host(held("13:00:00"), f"13:28:00 {BOOT}"))
    assert [bool(link.incident) for link in cause.chain] == [True, False]
    assert [bool(link.finding) for link in cause.chain] == [False, True]
    assert all(link.source for link in cause.chain)


def test_doubtful_clock_is_said_and_makes_the_cause_possible_only() -> None:
    first = finding("one", when=doubtful("13:00:00", 10))
    then = finding("two", when="14:00:00", bundle="saturn")
    (cause,) = causes(first, then, edges=(edge("one", "two"),))
    assert "which came first is not certain, for a clock is known to 20 hours only" in cause.title
    assert cause.confidence is Confidence.POSSIBLE


def test_cause_is_as_sure_as_its_weakest_part() -> None:
    (cause,) = told(one_host(held("13:00:00"), f"13:28:00 {BOOT}"))
    assert cause.confidence is Confidence.LIKELY  # that there was no shutdown is


def test_object_in_common_and_a_clear_order_are_certain() -> None:
    one, two = finding("one", when="13:00:00"), finding("two", when="14:00:00")
    (cause,) = causes(one, two, edges=(edge("one", "two"),))
    assert cause.confidence is Confidence.CERTAIN


def considered(cause: Cause) -> dict[str, str]:
    """Return the beginning of what was considered → why it was dropped."""
    return {told.title.split(" between")[0].split(" at ")[0]: told.why for told in cause.considered}


def test_boot_of_another_host_is_considered_and_dropped() -> None:
    case = pool(held("13:00:00"), f"13:28:00 {BOOT}", f"13:20:00 {BOOT}")
    (cause,) = told(case)
    assert considered(cause) == {
        "Host pluto went down without an orderly shutdown": "the disk was open on host saturn",
    }
    assert cause.considered[0].source is not None


def test_tapdisk_that_nothing_places_is_considered() -> None:
    (cause,) = told(one_host(held("13:00:00"), f"13:20:00 {segfault(4711)}"))
    assert considered(cause) == {
        "A tapdisk ended by itself on host jupiter": (
            "the disk was open in another tapdisk, pid 11874"
        )
    }


def test_later_boot_is_considered_and_dropped_as_later() -> None:
    kern = f"10:00:00 {BOOT}15:00:00 {BOOT}"
    (cause,) = told(one_host(held("09:00:00") + held("14:00:00", OTHER_VDI), kern))
    assert considered(cause)[DOWN] == "it came later, between 2024-06-10 14:00 and 15:00 UTC"


def test_outage_of_other_storage_is_considered_and_dropped() -> None:
    case = with_device(one_host(held("13:00:00"), f"13:28:00 {io_error('dm-4')}"))
    (cause,) = told(case)
    assert considered(cause)[STORAGE + "device dm-4"] == "it was not the storage of that disk"


def test_log_that_nobody_was_seen_to_open_is_said_of_each_candidate() -> None:
    (cause,) = told(one_host("", f"13:28:00 {BOOT}"))
    assert set(considered(cause).values()) == {
        "SMlog does not show which tapdisk had the log of the disk open before"
    }


def test_use_on_a_host_whose_clock_is_not_known_is_suspected_with_its_line() -> None:
    case = pool(held("13:20:00"), f"13:28:00 {BOOT}", f"13:20:00 {BOOT}")
    (cause,) = told(case)
    (suspect,) = [each for each in cause.considered if "Host saturn" in each.title]
    assert suspect.suspected
    assert suspect is cause.considered[0]
    assert suspect.why.startswith("the log of the disk was in use on host saturn")
    assert suspect.why.endswith("the clocks of the two hosts may be 30 min apart")
    assert "; suspected, not proven: Host saturn went down" in cause.title
    assert suspect.source is not None
    assert suspect.source.bundle == "saturn"
    others = [each.why for each in cause.considered if "Host saturn" not in each.title]
    assert not any("SMlog does not show" in why for why in others)


def test_disk_marked_anew_after_the_crash_drops_it_with_that_line() -> None:
    smlog = held("13:00:00") + flag("13:30:00", 0)
    (cause,) = told(one_host(smlog, f"13:28:00 {BOOT}"))
    assert considered(cause)[DOWN] == "the log of the disk was in use anew after it"


def test_outage_behind_a_tapdisk_that_died_is_the_root() -> None:
    kern = f"13:25:00 {io_error('sdc')}13:28:00 {segfault(11874)}"
    smlog = held("13:00:00")
    case = with_device(one_host(smlog, kern))
    (cause,) = told(case)
    assert [link.title.split(" at ")[0] for link in cause.chain[:2]] == [
        STORAGE + "device sdc",
        TAPDISK,
    ]


def storm(size: int) -> tuple[CaseBuilder, list[Finding]]:
    """Return many disks that a host had open when it went down, and what became of them."""
    disks = [f"{n:08x}{VDI[8:]}" for n in range(size)]
    smlog = "".join(held("13:00:00", disk, pid=2000 + n) for n, disk in enumerate(disks))
    rows = (sr(), *(vdi(disk) for disk in disks))
    case = CaseBuilder().host().database(*rows).smlog(smlog).kern_log(f"13:28:00 {BOOT}")
    found = [
        finding(rule, (("VDI", disk), ("SR", SR)), when=f"13:{29 + n * 30 // size}:00", title=rule)
        for rule in (OFF, "cbt-stale-child-pointer", "cbt-every-backup-full", "cbt-log-missing")
        for n, disk in enumerate(disks)
    ]
    return case, found


def test_thousands_of_consequences_are_one_cause() -> None:
    case, found = storm(500)
    (cause,) = told(case, *found)
    assert cause.title.startswith(DOWN)
    assert len(cause.findings) == 2000
    assert len(cause.chain) < 10
    assert len(cause.context) <= 40


def test_many_tapdisks_that_died_together_are_one_cause() -> None:
    disks = [f"{n:08x}{VDI[8:]}" for n in range(40)]
    smlog = "".join(held("13:00:00", disk, pid=2000 + n) for n, disk in enumerate(disks))
    kern = "".join(f"13:28:{n:02} {segfault(2000 + n)}" for n in range(40))
    rows = (sr(), *(vdi(disk) for disk in disks))
    case = CaseBuilder().host().database(*rows).smlog(smlog).kern_log(kern)
    found = [finding(OFF, (("VDI", disk), ("SR", SR)), when="13:29:00") for disk in disks]
    (cause,) = told(case, *found)
    assert "(and 39 more like it)" in cause.title


def test_two_unrelated_troubles_at_the_same_time_are_two_causes() -> None:
    case = CaseBuilder().host().database(sr(), vdi(), vdi(OTHER_VDI), hosts=HOSTS)
    case = case.smlog(held("13:00:00")).kern_log(f"13:28:00 {segfault(11874)}")
    case = case.host("saturn", SATURN).smlog(held("13:00:00", OTHER_VDI, pid=4711))
    case = case.kern_log(f"13:28:00 {BOOT}")
    one = finding()
    other = finding(subjects=(("VDI", OTHER_VDI),), bundle="saturn")
    titles = sorted(cause.title for cause in told(case, one, other))
    assert [
        title.startswith(start) for title, start in zip(titles, (TAPDISK, SATURN_DOWN), strict=True)
    ] == [True, True]


MOMENTS = st.one_of(
    st.none(),
    st.tuples(st.integers(0, 23), st.integers(0, 600)).map(
        lambda pair: _moment(at(f"{pair[0]:02}:00:00"), timedelta(minutes=pair[1]))
    ),
)
RULES = (
    OFF,
    "cbt-log-missing",
    "cbt-stale-child-pointer",
    "cbt-every-backup-full",
    "sr-busy-retry",
)


def _moment(moment: Moment, reach: timedelta) -> Moment:
    return Moment(
        at=moment.at,
        earliest=moment.at - reach,
        latest=moment.at + reach,
        dated_by="test",
    )


@settings(deadline=None)  # two whole runs for each example
@given(
    st.lists(
        st.tuples(
            st.sampled_from(RULES),
            st.sampled_from([VDI, OTHER_VDI, SNAPSHOT]),
            MOMENTS,
            st.sampled_from(["jupiter", "saturn"]),
        ),
        unique_by=lambda row: (row[0], row[1]),
        max_size=8,
    ),
    st.randoms(use_true_random=False),
)
def test_order_of_findings_changes_nothing_and_no_cause_is_certainly_later(
    rows: list[tuple[str, str, Moment | None, str]], random: object
) -> None:
    case = CaseBuilder().host().host("saturn", SATURN).build()
    found = [
        finding(rule, (("VDI", disk),), when=moment, bundle=bundle)
        for rule, disk, moment, bundle in rows
    ]
    shuffled = list(found)
    random.shuffle(shuffled)  # type: ignore[attr-defined]  # hypothesis' own Random
    outcome, result = find_causes(outcomes(*found), case, SHIPPED)
    assert find_causes(outcomes(*shuffled), case, SHIPPED)[1] == result
    assert sorted(name for cause in result for name in cause.findings) == sorted(
        f.id for f in found
    )
    by_id = {f.id: f for each in outcome for f in each.findings}
    for effect in by_id.values():
        for cause in effect.explained_by:
            first, then = by_id[cause].first_seen, effect.first_seen
            # nobody compared the clocks of the two hosts
            assert not (first and then and then.latest + CLOCKS_APART < first.earliest)
    assert _circles({f.id: f.explained_by for f in by_id.values()}) == []


def _circles(behind: dict[str, tuple[str, ...]]) -> list[str]:
    found = []
    for start, first in behind.items():
        seen, now = {start}, first
        while now and now[0] not in seen:
            seen.add(now[0])
            now = behind[now[0]]
        found += list(now)
    return found


@settings(deadline=None)
@given(st.lists(MOMENTS, min_size=2, max_size=6))
def test_step_is_then_only_where_it_is_certainly_after_the_one_before(
    moments: list[Moment | None],
) -> None:
    names = [f"rule-{n}" for n in range(len(moments))]
    found = [finding(name, when=moment) for name, moment in zip(names, moments, strict=True)]
    edges = tuple(edge(a, b, hours=48) for a in names for b in names if a < b)
    for cause in causes(*found, edges=edges):
        for before, step in zip(cause.chain, cause.chain[1:], strict=False):
            surely = before.at and step.at and before.at.certainly_before(step.at)
            assert (step.order == "then") is bool(surely)
