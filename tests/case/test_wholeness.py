from dataclasses import replace

import pytest

from analyzer.case.case import Case, HostReport
from analyzer.case.events import EventTableBuilder
from analyzer.case.wholeness import Sources
from analyzer.model.finding import Gap
from analyzer.model.hole import Hole, HoleKind
from analyzer.model.host import Role
from analyzer.model.network import FirewalldListing, IptablesListing, NftListing
from analyzer.model.report import Coverage, LedgerEntry, Presence
from analyzer.model.source import Source
from analyzer.model.storage import LvmVolumes
from analyzer.sources import LOGS, SCOPES
from tests.support.judging import (
    JUPITER,
    TITAN,
    World,
    at,
    covered,
    dated,
    entry,
    pair,
    pool,
    report,
    supporter,
    whole,
)

BROKEN = [presence for presence in Presence if presence is not Presence.PRESENT]


def case_of(world: World) -> Case:
    sources = world.sources()
    return Case(
        pools=tuple(world.pools),
        hosts=tuple(world.hosts),
        events=EventTableBuilder().build(dated, {}),
        gap=sources.gap,
        window=sources.window,
    )


def gaps(world: World, need: str) -> tuple[Gap, ...]:
    return world.sources().gaps(need, case_of(world))


def of_log(*rows: Coverage, members: tuple[str, ...] | None = None) -> Sources:
    names = members if members is not None else tuple(row.member for row in rows)
    return Sources(
        ledger=(replace(entry("a", "smlog"), members=names),), coverage=rows, hosts=(report(),)
    )


def why(sources: Sources, need: str = "smlog") -> str:
    gap = sources.gap(need, "a")
    return gap.why if gap else ""


@pytest.mark.parametrize("need", sorted(SCOPES))
def test_a_source_that_is_whole_has_no_gap(need: str) -> None:
    assert gaps(whole(), need) == ()
    assert gaps(pair(), need) == ()


@pytest.mark.parametrize("presence", BROKEN)
@pytest.mark.parametrize("need", sorted(SCOPES))
def test_a_source_that_is_not_present_is_a_gap(need: str, presence: Presence) -> None:
    (gap,) = gaps(whole(breaks={("a", need): presence}), need)
    assert gap == Gap(
        need=need,
        host="jupiter",
        why=f"{need} is {presence.value}",
        settle_with=f"fetch {need}",
    )


def test_a_source_that_the_ledger_does_not_know_is_a_gap() -> None:
    gap = Sources(ledger=(), coverage=(), hosts=(report(),)).gap("smlog", "a")
    assert gap == Gap(
        need="smlog",
        host="jupiter",
        why="not in the status report",
        settle_with="xen-bugtool --yestoall  # on jupiter",
    )


def test_an_entry_without_a_reason_says_what_became_of_it() -> None:
    ledger: tuple[LedgerEntry, ...] = (replace(entry("a", "smlog", Presence.EMPTY), why=""),)
    assert why(Sources(ledger=ledger, coverage=(), hosts=(report(),))) == "empty"


def test_of_two_entries_for_a_source_the_worse_counts() -> None:
    ledger = (entry("a", "smlog", Presence.DAMAGED), entry("a", "smlog"))
    rows = (covered("a", "smlog"),)
    assert why(Sources(ledger=ledger, coverage=rows, hosts=(report(),))) == "smlog is damaged"


def test_a_log_that_was_not_read_is_a_gap() -> None:
    assert why(of_log(members=("var/log/SMlog",))) == "var/log/SMlog was not read"
    assert why(of_log(members=())) == "the log was not read"


def test_a_log_file_that_was_not_read_among_others_is_a_gap() -> None:
    sources = of_log(covered("a", "smlog"), members=("var/log/SMlog", "var/log/SMlog.1"))
    assert why(sources) == "var/log/SMlog.1 was not read"


@pytest.mark.parametrize(("lines", "odd"), [(1000, 10), (100, 3), (7, 3), (1, 0)])
def test_a_few_odd_lines_do_not_matter(lines: int, odd: int) -> None:
    assert why(of_log(covered("a", "smlog", lines=lines, odd=odd))) == ""


@pytest.mark.parametrize(
    ("lines", "odd", "said"),
    [
        (0, 0, "var/log/SMlog is empty"),
        (2, 2, "not one line of var/log/SMlog was understood"),
        (6, 3, "3 of 6 lines of var/log/SMlog were not understood"),
        (390, 4, "4 of 390 lines of var/log/SMlog were not understood"),
    ],
)
def test_a_log_that_was_not_understood_is_a_gap(lines: int, odd: int, said: str) -> None:
    assert why(of_log(covered("a", "smlog", lines=lines, odd=odd))) == said


def test_a_log_without_any_time_is_a_gap() -> None:
    row = replace(covered("a", "smlog"), first=None)
    assert why(of_log(row)) == "var/log/SMlog has no line with a time"


def test_rotated_files_without_the_live_one_are_a_gap() -> None:
    sources = of_log(covered("a", "smlog", member="var/log/SMlog.1"))
    assert "var/log/SMlog itself is missing" in why(sources)


def test_a_hole_between_rotated_files_is_a_gap() -> None:
    rows = [covered("a", "smlog", member=f"var/log/SMlog{n}") for n in ("", ".1", ".4.gz")]
    assert "var/log/SMlog.2 is missing" in why(of_log(*rows))


def test_a_whole_rotated_log_covers_from_its_oldest_to_its_live_file() -> None:
    sources = of_log(
        covered("a", "smlog", first=at(9), last=at(20)),
        covered("a", "smlog", member="var/log/SMlog.1", first=at(5), last=at(9)),
        covered("a", "smlog", member="var/log/SMlog.2.gz", first=at(1), last=at(5)),
    )
    assert sources.window("smlog") == (at(1), at(20))


def test_a_file_whose_name_says_nothing_is_a_log_by_itself() -> None:
    assert why(of_log(covered("a", "smlog", member="ticket/log of jupiter.1"))) == ""


def test_two_families_cover_the_time_that_they_share() -> None:
    sources = of_log(
        covered("a", "smlog", first=at(2), last=at(20)),
        covered("a", "smlog", member="another.txt", first=at(1), last=at(19)),
    )
    assert sources.window("smlog") == (at(2), at(19))


def test_the_window_of_a_case_is_what_all_hosts_cover() -> None:
    ledger = (entry("a", "smlog"), entry("b", "smlog"))
    rows = (
        covered("a", "smlog", first=at(1), last=at(18)),
        covered("b", "smlog", first=at(2), last=at(20)),
    )
    sources = Sources(ledger=ledger, coverage=rows, hosts=(report(), supporter()))
    assert sources.window("smlog") == (at(2), at(18))


def test_hosts_whose_logs_do_not_meet_have_no_window() -> None:
    ledger = (entry("a", "smlog"), entry("b", "smlog"))
    rows = (
        covered("a", "smlog", first=at(1), last=at(2)),
        covered("b", "smlog", first=at(3), last=at(4)),
    )
    sources = Sources(ledger=ledger, coverage=rows, hosts=(report(), supporter()))
    assert sources.window("smlog") is None


def test_a_host_without_the_log_leaves_no_window() -> None:
    broken = pair(breaks={("b", "smlog"): Presence.EMPTY})
    assert broken.sources().window("smlog") is None


@pytest.mark.parametrize("need", ["lvs", "xapi_db"])
def test_what_is_no_log_has_no_window(need: str) -> None:
    assert whole().sources().window(need) is None


def test_no_hosts_no_window() -> None:
    assert Sources(ledger=(), coverage=(), hosts=()).window("smlog") is None


def test_of_two_reports_of_a_host_one_is_enough() -> None:
    world = whole(hosts=(report(), report("b")), breaks={("a", "smlog"): Presence.DAMAGED})
    assert gaps(world, "smlog") == ()
    assert world.sources().window("smlog") == (at(0, day=1), at(20))


def test_reports_without_a_host_uuid_do_not_cover_for_each_other() -> None:
    hosts = (report(uuid=None), report("b", "titan", None))
    world = World(hosts=hosts, breaks={("b", "smlog"): Presence.EMPTY})
    assert "smlog is empty" in [gap.why for gap in gaps(world, "smlog")]


@pytest.mark.parametrize("need", sorted(LOGS))
def test_a_log_is_needed_of_every_host(need: str) -> None:
    (gap,) = gaps(pair(breaks={("b", need): Presence.TIMED_OUT}), need)
    assert gap.host == "titan"


def test_a_host_of_the_pool_without_a_report_is_a_gap() -> None:
    (gap,) = gaps(whole(pools=(pool(JUPITER, TITAN),)), "smlog")
    assert (gap.host, gap.why) == ("titan", "no status report of this host was given")
    assert gap.settle_with == "xen-bugtool --yestoall  # on titan"


@pytest.mark.parametrize("need", ["smlog", "xapi_db"])
def test_a_database_that_is_not_whole_may_hide_hosts(need: str) -> None:
    (gap,) = gaps(whole(pools=(pool(JUPITER, complete=False),)), need)
    assert gap.host == "pool moons"
    assert "not whole" in gap.why


@pytest.mark.parametrize("need", ["smlog", "xapi_db"])
def test_without_a_database_other_hosts_may_exist(need: str) -> None:
    (gap,) = gaps(World(), need)
    assert (gap.host, gap.need) == ("jupiter", need)
    assert "the pool's hosts are unknown" in gap.why


def test_a_host_that_the_database_does_not_name_is_in_an_unknown_pool() -> None:
    world = whole(hosts=(report(), report("b", "titan", TITAN)))
    assert [gap.host for gap in gaps(world, "smlog")] == ["titan"]


@pytest.mark.parametrize("need", ["lvs", "vgs", "xapi_db"])
def test_one_host_of_the_pool_is_enough_for_what_the_pool_shares(need: str) -> None:
    assert gaps(pair(breaks={("b", need): Presence.ABSENT}), need) == ()


@pytest.mark.parametrize("need", ["lvs", "vgs", "xapi_db"])
def test_no_host_of_the_pool_is_a_gap_of_each(need: str) -> None:
    broken = pair(breaks={(bundle, need): Presence.ABSENT for bundle in ("a", "b")})
    assert [gap.host for gap in gaps(broken, need)] == ["jupiter", "titan"]


def test_a_pool_of_which_no_host_was_given_is_a_gap() -> None:
    world = whole(pools=(pool(JUPITER), replace(pool(TITAN), pool=None)))
    assert [gap.host for gap in gaps(world, "lvs")] == ["pool"]


def test_hosts_of_unknown_pools_each_need_their_volumes() -> None:
    hosts = (report(), report("b", "titan", TITAN))
    world = World(hosts=hosts, breaks={("b", "lvs"): Presence.EMPTY})
    assert [gap.host for gap in gaps(world, "lvs")] == ["titan"]


def test_alerts_are_needed_of_the_master_alone() -> None:
    assert gaps(pair(breaks={("b", "alerts"): Presence.ABSENT}), "alerts") == ()
    assert len(gaps(pair(breaks={("a", "alerts"): Presence.ABSENT}), "alerts")) == 1


def test_without_a_report_of_the_master_alerts_are_a_gap() -> None:
    world = whole(hosts=(supporter(),), pools=(pool(TITAN),))
    assert [gap.host for gap in gaps(world, "alerts")] == ["pool moons"]


def test_a_host_of_unknown_role_and_pool_proves_nothing_of_alerts() -> None:
    world = World(hosts=(replace(report(), role=Role.UNKNOWN),))
    assert [gap.host for gap in gaps(world, "alerts")] == ["jupiter"]


def test_a_master_without_a_database_has_the_alerts() -> None:
    assert gaps(World(), "alerts") == ()


def test_no_host_at_all_is_a_gap() -> None:
    world = World()
    world.hosts = ()
    (gap,) = gaps(world, "smlog")
    assert gap.settle_with == "xen-bugtool --yestoall"


def test_a_document_that_was_not_understood_is_a_gap() -> None:
    world = whole(hosts=(replace(report(), lvs=None),))
    assert [gap.why for gap in gaps(world, "lvs")] == ["it is there but could not be understood"]


def test_a_document_that_was_cut_is_a_gap() -> None:
    whole_lvs = report().lvs
    assert isinstance(whole_lvs, LvmVolumes)
    world = whole(hosts=(replace(report(), lvs=replace(whole_lvs, complete=False)),))
    assert [gap.why for gap in gaps(world, "lvs")] == ["it is there but not whole"]


FIREWALL = Source(bundle="a", member="iptables-nvL.out")
CUT = IptablesListing(source=FIREWALL, complete=False, chains=())
NFT = NftListing(source=FIREWALL, complete=True, chains=(), rules=())
ZONES = FirewalldListing(source=FIREWALL, complete=True, zones=())


@pytest.mark.parametrize(
    "host",
    [
        replace(report(), iptables=None, nft=NFT),
        replace(report(), iptables=None, firewalld=ZONES),
        replace(report(), iptables=CUT, firewalld=ZONES),
    ],
)
def test_a_firewall_that_is_whole_in_one_form_is_no_gap(host: HostReport) -> None:
    assert gaps(whole(hosts=(host,)), "firewall") == ()


@pytest.mark.parametrize(
    ("host", "why"),
    [
        (replace(report(), iptables=None), "it is there but could not be understood"),
        (replace(report(), iptables=CUT), "it is there but not whole"),
        (
            replace(report(), iptables=CUT, nft=replace(NFT, complete=False)),
            "it is there but not whole",
        ),
    ],
)
def test_a_firewall_that_is_whole_in_no_form_is_a_gap(host: HostReport, why: str) -> None:
    assert [gap.why for gap in gaps(whole(hosts=(host,)), "firewall")] == [why]


def test_a_source_of_a_bundle_without_a_report_is_called_after_the_bundle() -> None:
    gap = Sources(ledger=(entry("x", "lvs"),), coverage=(), hosts=()).gap("lvs", "x")
    assert gap is not None
    assert gap.host == "x"


def test_a_log_with_a_line_that_was_cut_at_our_limit_is_a_gap() -> None:
    row = replace(covered("a", "smlog"), longest_cut=3_000_000, line_limit=1_048_576)
    gap = of_log(row).gap("smlog", "a")
    assert gap is not None
    assert "a line of 3,000,000 bytes in var/log/SMlog was cut at our limit of 1,048,576" in gap.why
    assert "--max-line" in gap.why
    assert gap.settle_with == "run cbtriage again with --max-line 3000000"


@pytest.mark.parametrize(("hidden", "words"), [(1, "1 line of"), (1200, "1,200 lines of")])
def test_a_log_with_lines_that_may_hide_something_is_a_gap(hidden: int, words: str) -> None:
    row = replace(covered("a", "smlog", odd=1), hidden=hidden, hidden_like="9 Changed Block")
    told = why(of_log(row))
    assert words in told
    assert "may hold what is looked for, such as: 9 Changed Block" in told


def test_blank_lines_do_not_make_a_log_understood() -> None:
    assert "not one line" in why(
        of_log(replace(covered("a", "smlog", odd=10), lines=1000, blank=990))
    )
    assert why(of_log(replace(covered("a", "smlog"), lines=9, blank=9))) == "var/log/SMlog is empty"


def test_blank_lines_are_no_lines_that_nobody_understood() -> None:
    assert why(of_log(replace(covered("a", "smlog"), blank=900))) == ""


def test_the_lines_that_nobody_understood_are_counted_over_all_files() -> None:
    older = covered("a", "smlog", member="var/log/SMlog.1", odd=2)
    sources = of_log(covered("a", "smlog", odd=1), older)
    assert (sources.not_understood("smlog"), sources.not_understood("daemon_log")) == (3, 0)


def hole(source: str = "smlog", bundle: str = "a", kind: HoleKind = HoleKind.SILENT) -> Hole:
    return Hole(
        bundle=bundle,
        host=bundle,
        source=source,
        kind=kind,
        began=at(3),
        ended=at(5),
        expected="",
    )


def with_holes(*holes: Hole) -> Sources:
    hosts = (report(), report("b"))
    ledger = tuple(entry(bundle, "smlog") for bundle in ("a", "b"))
    rows = (
        covered("a", "smlog", first=at(1), last=at(8)),
        covered("b", "smlog", first=at(1), last=at(9)),
    )
    return Sources(ledger=ledger, coverage=rows, hosts=hosts, holes=holes)


def test_a_hole_is_one_of_its_log_and_of_the_time_that_it_lies_in() -> None:
    sources = with_holes(hole(bundle="b"), hole("daemon_log", "b"))
    assert sources.holes("smlog", (at(1), at(9))) == (hole(bundle="b"),)
    assert sources.holes("smlog", (at(6), at(9))) == ()


def test_a_hole_that_another_report_of_the_host_fills_is_none() -> None:
    assert with_holes(hole(bundle="a")).holes("smlog", (at(1), at(9))) == ()


def rotated_away(*holes: Hole, rotations: tuple[str, ...] = (".2", "")) -> Sources:
    """Return a log of which the ledger misses rotated files."""
    members = tuple(f"var/log/SMlog{rotation}" for rotation in rotations)
    ledger = replace(entry("a", "smlog", Presence.ROTATED_AWAY), members=members)
    ends = ((at(1), at(3)), (at(5), at(8)))
    rows = [
        replace(covered("a", "smlog", first=first, last=last), member=member)
        for member, (first, last) in zip(members, ends, strict=False)
    ]
    return Sources(ledger=(ledger,), coverage=rows, hosts=(report(),), holes=holes)


def test_a_log_with_a_missing_rotated_file_covers_all_but_that_hole() -> None:
    sources = rotated_away(hole(kind=HoleKind.ROTATED))
    assert why(sources)
    assert sources.covered("smlog", "a") == (at(1), at(8))


@pytest.mark.parametrize(
    "sources",
    [
        rotated_away(),
        rotated_away(hole(kind=HoleKind.SILENT)),
        rotated_away(hole("daemon_log", kind=HoleKind.ROTATED)),
        rotated_away(hole(kind=HoleKind.ROTATED), rotations=(".2", ".1")),
    ],
    ids=["no hole is told", "another hole", "a hole of another log", "the live file is missing"],
)
def test_a_log_whose_missing_file_is_no_known_hole_covers_nothing(sources: Sources) -> None:
    assert sources.covered("smlog", "a") is None


def test_a_log_that_is_damaged_as_well_covers_nothing() -> None:
    damaged = whole(breaks={("a", "smlog"): Presence.DAMAGED}).sources()
    assert damaged.covered("smlog", "a") is None
    assert whole().sources().covered("smlog", "a") is not None
    assert whole().sources().covered("lvs", "a") is None


def test_windows_are_told_host_by_host() -> None:
    assert with_holes().windows("smlog") == {"jupiter": (at(1), at(9))}
    assert with_holes().windows("lvs") == {}
