from dataclasses import replace
from typing import Protocol

import pytest

from analyzer.case.wholeness import Sources
from analyzer.model.finding import (
    Basis,
    Confidence,
    Evidence,
    Finding,
    Gap,
    Outcome,
    Severity,
    Verdict,
)
from analyzer.model.hole import Hole, HoleKind
from analyzer.model.moment import Moment
from analyzer.model.report import Presence
from analyzer.model.rule import RuleText
from analyzer.model.source import Source
from analyzer.rules import verdict
from analyzer.rules.load import load_catalogue
from analyzer.rules.pattern import Catalogue
from analyzer.rules.verdict import conclude, failed
from tests.support.judging import (
    JUPITER,
    World,
    alert,
    at,
    covered,
    entry,
    network,
    pair,
    pool,
    report,
    supporter,
    vdi,
    whole,
)

TEXT = RuleText(
    id="r",
    title="It happened",
    severity=Severity.WARNING,
    confidence=Confidence.LIKELY,
    detail="",
    action=(),
    wrong_if="",
    references=(),
    needs=("smlog", "xapi_db"),
    area="any",
)
OWN_GAP = Gap(need="lvs", host="titan", why="its VG was not seen", settle_with="vgs")


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load_catalogue()


def finding(severity: Severity = Severity.WARNING, hour: int = 9) -> Finding:
    return Finding(
        rule="r",
        title="It happened",
        severity=severity,
        confidence=Confidence.LIKELY,
        basis=Basis.STATE,
        subjects=(),
        detail="",
        action=(),
        evidence=(Evidence(source=Source(bundle="a", member="m"), text="t"),),
        first_seen=at(hour) if hour else None,
    )


class Concluding(Protocol):
    """Conclude on a world; all but the world has a default."""

    def __call__(
        self,
        world: World,
        text: RuleText = TEXT,
        *findings: Finding,
        gaps: tuple[Gap, ...] = (),
        not_applicable: str = "",
    ) -> Outcome:
        """Return the answer of the rule."""


@pytest.fixture
def concluded(catalogue: Catalogue) -> Concluding:
    def run(
        world: World,
        text: RuleText = TEXT,
        *findings: Finding,
        gaps: tuple[Gap, ...] = (),
        not_applicable: str = "",
    ) -> Outcome:
        case, sources = world.case(catalogue)
        return conclude(text, findings, case, sources, gaps=gaps, not_applicable=not_applicable)

    return run


def test_nothing_found_and_nothing_missing_is_ruled_out(concluded: Concluding) -> None:
    outcome = concluded(whole())
    assert outcome.verdict is Verdict.RULED_OUT
    assert outcome.window == (at(0, day=1), at(20))
    assert outcome.settle_with == ()


def test_a_rule_that_needs_no_log_holds_for_no_window(concluded: Concluding) -> None:
    outcome = concluded(whole(), replace(TEXT, needs=("xapi_db",)))
    assert (outcome.verdict, outcome.window) == (Verdict.RULED_OUT, None)
    assert outcome.reason == "nothing of the kind in xapi_db of jupiter"


def test_a_finding_stands_whatever_is_missing(concluded: Concluding) -> None:
    outcome = concluded(World(), TEXT, finding(Severity.ERROR), not_applicable="no")
    assert outcome.verdict is Verdict.FOUND
    assert outcome.severity is Severity.ERROR
    assert "there may be more" in outcome.reason


def test_findings_are_ordered_worst_and_earliest_first(concluded: Concluding) -> None:
    late, early, worst = finding(), finding(hour=3), finding(Severity.CRITICAL, 12)
    unknown = finding(hour=0)
    outcome = concluded(whole(), TEXT, late, early, worst, unknown)
    assert outcome.findings == (worst, unknown, early, late)
    assert outcome.reason == "4 findings"


def test_of_a_storm_of_findings_the_worst_and_latest_are_told(
    concluded: Concluding, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verdict, "_MOST", 3)
    worst, hours = finding(Severity.CRITICAL, 1), [finding(hour=hour) for hour in range(2, 9)]
    outcome = concluded(whole(), TEXT, *hours, worst)
    assert outcome.findings == (worst, *hours[-2:])
    assert outcome.doubt.startswith("5 more were found and are left out")
    assert outcome.reason.startswith("3 findings; there may be more: 5 more")


def test_of_a_storm_of_gaps_the_first_are_told_and_the_others_counted(
    concluded: Concluding, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verdict, "_MOST_GAPS", 2)
    gaps = tuple(replace(OWN_GAP, why=f"nothing tells of call {n}") for n in range(9))
    outcome = concluded(whole(), TEXT, gaps=(*gaps, *gaps))
    assert outcome.verdict is Verdict.CANNOT_TELL
    assert outcome.gaps[:2] == gaps[:2]
    assert [gap.why for gap in outcome.gaps[2:]] == ["7 more like these could not be told either"]
    assert "call 2" not in outcome.reason


def test_a_gap_that_the_rule_saw_itself_counts(concluded: Concluding) -> None:
    outcome = concluded(whole(), TEXT, gaps=(OWN_GAP, OWN_GAP))
    assert outcome.verdict is Verdict.CANNOT_TELL
    assert outcome.reason == "lvs of titan: its VG was not seen"
    assert outcome.settle_with == ("vgs",)


def test_one_reason_for_several_sources_is_said_once(concluded: Concluding) -> None:
    outcome = concluded(World())
    assert outcome.reason.startswith("smlog, xapi_db of jupiter: the pool's hosts are unknown")
    assert len(outcome.settle_with) == 1


def test_a_rule_that_does_not_apply_says_why(concluded: Concluding) -> None:
    outcome = concluded(whole(), TEXT, not_applicable="no SR is a file SR")
    assert (outcome.verdict, outcome.reason) == (Verdict.NOT_APPLICABLE, "no SR is a file SR")


def test_what_is_missing_never_makes_a_rule_not_apply(concluded: Concluding) -> None:
    assert concluded(World(), TEXT, not_applicable="no SR").verdict is Verdict.CANNOT_TELL
    own = concluded(whole(), TEXT, not_applicable="no SR", gaps=(OWN_GAP,))
    assert own.verdict is Verdict.CANNOT_TELL


def test_hosts_whose_logs_have_no_time_in_common_are_not_ruled_out(catalogue: Catalogue) -> None:
    case, _ = pair().case(catalogue)
    ledger = [entry(bundle, name) for bundle in ("a", "b") for name in ("smlog", "xapi_db")]
    rows = [
        covered("a", "smlog", first=at(1), last=at(2)),
        covered("b", "smlog", first=at(3), last=at(4)),
    ]
    sources = Sources(ledger=ledger, coverage=rows, hosts=(report(), supporter()))
    outcome = conclude(TEXT, (), case, sources)
    assert outcome.verdict is Verdict.CANNOT_TELL
    assert outcome.reason == "smlog: the logs of the hosts have no time in common"


@pytest.mark.parametrize(
    ("first", "last", "verdict"),
    [
        (at(5), at(5, 20), Verdict.CANNOT_TELL),
        (at(5), at(6, 30), Verdict.RULED_OUT),
    ],
)
def test_minutes_that_all_logs_share_rule_nothing_out(
    catalogue: Catalogue, first: Moment, last: Moment, verdict: Verdict
) -> None:
    case, _ = pair().case(catalogue)
    ledger = [entry(bundle, name) for bundle in ("a", "b") for name in ("smlog", "xapi_db")]
    rows = [covered("a", "smlog"), covered("b", "smlog", first=first, last=last)]
    sources = Sources(ledger=ledger, coverage=rows, hosts=(report(), supporter()))
    outcome = conclude(TEXT, (), case, sources)
    assert outcome.verdict is verdict
    assert ("was read of all logs" in outcome.reason) is (verdict is Verdict.CANNOT_TELL)


def test_logs_of_one_host_of_different_times_are_not_told_as_those_of_hosts(
    catalogue: Catalogue,
) -> None:
    world = whole()
    case, _ = world.case(catalogue)
    names = ("smlog", "daemon_log")
    rows = [
        covered("a", name, first=at(hour), last=at(hour + 1))
        for name, hour in zip(names, (1, 5), strict=True)
    ]
    ledger = [entry("a", name) for name in names]
    one = replace(case, hosts=case.hosts[:1])
    sources = Sources(ledger=ledger, coverage=rows, hosts=one.hosts)
    outcome = conclude(replace(TEXT, needs=names), (), one, sources)
    assert outcome.verdict is Verdict.CANNOT_TELL
    assert "were not written at the same time" in outcome.reason
    assert "hosts" not in outcome.reason


def test_a_rule_that_our_code_failed_on_says_so() -> None:
    trace = 'Traceback:\n  File "x.py", line 1, in f\n    1 / 0\n\nZeroDivisionError: no\n'
    outcome = failed(TEXT, trace)
    assert outcome.verdict is Verdict.ERROR
    assert outcome.reason.endswith('File "x.py", line 1, in f | 1 / 0 | ZeroDivisionError: no')


CBT = replace(TEXT, area="cbt", needs=("lvs",))
NBD = replace(TEXT, area="nbd", needs=("lvs",))
UNUSED = pool(JUPITER, vdis=(vdi(cbt=False),), networks=(network(),))
SMLOG = ("a", "smlog")
LINE = "Jun 10 10:00:00 jupiter SM: [7] ['/usr/sbin/cbt-util', 'get', '-n', 'x.cbtlog', '-f']\n"
CLIENT = "Jun 10 10:00:00 jupiter xapi-nbd[7]: main: Got new client\n"


@pytest.mark.parametrize("text", [CBT, NBD])
def test_an_area_that_nobody_uses_does_not_apply_whatever_the_rule_lacks(
    concluded: Concluding, text: RuleText
) -> None:
    world = whole(pools=(UNUSED,), breaks={("a", "lvs"): Presence.EMPTY})
    outcome = concluded(world, text)
    assert outcome.verdict is Verdict.NOT_APPLICABLE
    assert outcome.reason.endswith("since 2026-06-01 00:00:00 UTC")


def test_a_database_from_before_cbt_is_proof_enough(concluded: Concluding) -> None:
    old = replace(pool(JUPITER, vdis=(vdi(cbt=None),)), schema_minor=132)
    assert concluded(whole(pools=(old,)), CBT).verdict is Verdict.NOT_APPLICABLE


@pytest.mark.parametrize(
    "world",
    [
        whole(),
        whole(pools=(UNUSED,), logs={SMLOG: LINE}),
        whole(pools=(UNUSED,), alerts=[alert("VDI_CBT_RESIZE_FAILED")]),
        whole(pools=(UNUSED,), breaks={SMLOG: Presence.EMPTY}),
        whole(pools=(UNUSED,), breaks={("a", "xapi_db"): Presence.DAMAGED}),
        whole(pools=(replace(UNUSED, complete=False),)),
        whole(pools=(UNUSED,), hosts=(report(), supporter())),
        whole(pools=(UNUSED, pool("another"))),
        whole(pools=(pool(JUPITER, vdis=(vdi(cbt=None),)),)),
        whole(pools=(pool(JUPITER, vdis=(vdi(cbt=False), replace(vdi(), type="cbt_metadata"))),)),
        World(),
    ],
    ids=[
        "cbt on",
        "activity in SMlog",
        "an alert",
        "SMlog empty",
        "database damaged",
        "database cut",
        "unknown host",
        "another pool",
        "unknown flag",
        "data-destroyed disk",
        "no database",
    ],
)
def test_cbt_that_may_be_used_is_never_called_unused(concluded: Concluding, world: World) -> None:
    assert concluded(world, CBT).verdict is not Verdict.NOT_APPLICABLE


@pytest.mark.parametrize(
    "world",
    [
        whole(),
        whole(pools=(pool(JUPITER, networks=(network("insecure_nbd"),)),)),
        whole(pools=(UNUSED,), logs={("a", "daemon_log"): CLIENT}),
        whole(pools=(UNUSED,), breaks={("a", "daemon_log"): Presence.TIMED_OUT}),
        whole(pools=(replace(UNUSED, complete=False),)),
        whole(pools=(pool(JUPITER, networks=(replace(network(), purpose=None),)),)),
        World(),
    ],
    ids=[
        "nbd",
        "insecure_nbd",
        "a client",
        "daemon.log cut",
        "database cut",
        "unknown purpose",
        "no database",
    ],
)
def test_nbd_that_may_be_used_is_never_called_unused(concluded: Concluding, world: World) -> None:
    assert concluded(world, NBD).verdict is not Verdict.NOT_APPLICABLE


def hole(
    host: str = "jupiter", source: str = "smlog", kind: HoleKind = HoleKind.SILENT, day: int = 9
) -> Hole:
    return Hole(
        bundle="b" if host == "titan" else "a",
        host=host,
        source=source,
        kind=kind,
        began=at(3, day=day),
        ended=at(5, 10, day=day),
        expected="",
        after=Source(bundle="a", member="var/log/SMlog", line=2),
    )


def test_a_log_that_ends_before_the_report_cannot_tell_of_the_rest(concluded: Concluding) -> None:
    outcome = concluded(whole(holes=(replace(hole(kind=HoleKind.ENDED), after=None),)))
    assert outcome.verdict is Verdict.CANNOT_TELL
    assert "it ends at 2026-06-09 03:00:00 UTC" in outcome.reason


def test_what_was_not_read_is_no_part_of_what_is_ruled_out(concluded: Concluding) -> None:
    outcome = concluded(whole(holes=(hole(), hole(source="daemon_log"))))
    assert (outcome.verdict, outcome.holes) == (Verdict.RULED_OUT, (hole(),))
    assert outcome.reason.endswith(
        "; 2 h 10 min from 2026-06-09 03:00:00 UTC were not read in smlog of jupiter: the log is "
        "silent for longer than is usual for it"
    )


def test_a_host_that_was_down_is_said_to_have_been_down(concluded: Concluding) -> None:
    outcome = concluded(pair(holes=(hole("titan", kind=HoleKind.DOWN),)))
    assert outcome.reason.endswith("; titan was down for 2 h 10 min from 2026-06-09 03:00:00 UTC")


def test_many_holes_are_counted(concluded: Concluding) -> None:
    outcome = concluded(whole(holes=[hole(day=day) for day in range(2, 8)]))
    assert outcome.reason.endswith("; and 3 more holes")
    assert len(outcome.holes) == 6


def test_holes_of_a_log_that_was_looked_at_beside_count(catalogue: Catalogue) -> None:
    case, sources = whole(holes=(hole(source="daemon_log"),)).case(catalogue)
    outcome = conclude(TEXT, (), case, sources, beside=("daemon_log",))
    assert outcome.holes == (hole(source="daemon_log"),)


def test_a_rule_by_state_alone_has_no_holes(concluded: Concluding) -> None:
    outcome = concluded(whole(holes=(hole(),)), replace(TEXT, needs=("xapi_db",)))
    assert outcome.holes == ()


def test_an_area_that_is_unused_says_what_of_its_log_was_not_read(concluded: Concluding) -> None:
    outcome = concluded(whole(pools=(UNUSED,), holes=(hole(),)), CBT)
    assert outcome.verdict is Verdict.NOT_APPLICABLE
    assert "2 h 10 min from 2026-06-09 03:00:00 UTC were not read" in outcome.reason


def test_the_host_whose_log_begins_last_is_named(catalogue: Catalogue) -> None:
    case, _ = pair().case(catalogue)
    ledger = [entry(bundle, name) for bundle in ("a", "b") for name in ("smlog", "xapi_db")]
    rows = [
        covered("a", "smlog", first=at(1), last=at(8)),
        covered("b", "smlog", first=at(3), last=at(6)),
    ]
    sources = Sources(ledger=ledger, coverage=rows, hosts=(report(), supporter()))
    assert conclude(TEXT, (), case, sources).reason.endswith(
        "between 2026-06-10 03:00:00 UTC and 2026-06-10 06:00:00 UTC; before that nothing was read "
        "of titan, of titan nothing after it"
    )


def test_what_no_status_report_shows_is_never_ruled_out_and_says_what_was_checked() -> None:
    rule = "nbd-address-unreachable-network"
    outcome = whole().judge(load_catalogue(), rule)
    assert outcome.verdict is Verdict.CANNOT_TELL
    assert outcome.by_nature
    assert "Checked: whether the links" in outcome.reason
    assert "Not checked, because no status report shows it" in outcome.reason
    beside = whole().judge(load_catalogue(), "nbd-address-configuration")
    assert "Not checked" not in beside.reason


def test_rule_that_does_not_apply_speaks_of_no_checks() -> None:
    unused = whole(pools=(pool(JUPITER, networks=(network(),)),))
    outcome = unused.judge(load_catalogue(), "nbd-address-unreachable-network")
    assert outcome.verdict is Verdict.NOT_APPLICABLE
    assert "Not checked" not in outcome.reason
