from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.case.case import Case
from analyzer.causes import Edges, find_causes, load_edges
from analyzer.causes.edges import INCIDENTS, Edge, Join
from analyzer.causes.sessions import KINDS
from analyzer.errors import CatalogueError
from analyzer.model.finding import (
    Advice,
    Basis,
    Confidence,
    Evidence,
    Finding,
    Outcome,
    Severity,
    Subject,
    Verdict,
)
from analyzer.model.moment import Moment
from analyzer.model.report import Cause
from analyzer.model.source import Source
from tests.checks.support import (
    CATALOGUE,
    JUPITER,
    OTHER_VDI,
    SATURN,
    SR,
    VDI,
    CaseBuilder,
    at,
    sr,
    vdi,
)

INCONSISTENT = "cbt-disabled-inconsistent-log"
TEXTS = (*(pattern.text for pattern in CATALOGUE.patterns), *CATALOGUE.checks)
BOOT = "kernel: [    0.000000] Linux version 4.19.0+1 (mockbuild@builder)\n"
SHUTDOWN = "systemd[1]: Reached target Shutdown.\n"
EMPTY = CaseBuilder().host().build()


def finding(
    rule: str = INCONSISTENT,
    subjects: tuple[tuple[str, str], ...] = (("VDI", VDI),),
    *,
    when: str | Moment | None = "13:32:41",
    last: str | None = None,
    severity: Severity = Severity.ERROR,
    title: str = "CBT was turned off",
    bundle: str = "jupiter",
    member: str = "var/log/SMlog",
    action: tuple[str, ...] = ("Turn CBT on again",),
) -> Finding:
    """Return a finding with one quoted line."""
    first = at(when) if isinstance(when, str) else when
    text = f"{rule} {subjects} {when}"
    return Finding(
        rule=rule,
        title=title,
        severity=severity,
        confidence=Confidence.CERTAIN,
        basis=Basis.SYMPTOM,
        subjects=tuple(Subject(type=kind, uuid=uuid) for kind, uuid in subjects),
        detail="",
        action=tuple(Advice(step=step) for step in action),
        evidence=(
            Evidence(source=Source(bundle=bundle, member=member, line=1), text=text, at=first),
        ),
        first_seen=first,
        last_seen=at(last) if last else first,
    )


def outcomes(*findings: Finding) -> tuple[Outcome, ...]:
    """Return one outcome per rule."""
    rules = sorted({found.rule for found in findings})
    return tuple(
        Outcome(
            rule=rule,
            title=rule,
            severity=Severity.ERROR,
            verdict=Verdict.FOUND,
            reason="",
            findings=tuple(found for found in findings if found.rule == rule),
        )
        for rule in rules
    )


def edge(cause: str, effect: str, join: Join = Join.VDI, hours: int = 24) -> Edge:
    """Return an edge with a plain sentence."""
    return Edge(
        cause=cause,
        effect=effect,
        join=join,
        within=timedelta(hours=hours),
        sentence="{cause}, {order} {effect}: so it is",
    )


def causes(
    *findings: Finding, edges: tuple[Edge, ...] = (), case: Case = EMPTY
) -> tuple[Cause, ...]:
    """Return the causes of findings under these edges."""
    return find_causes(outcomes(*findings), case, Edges(edges=edges))[1]


def explained(*findings: Finding, edges: tuple[Edge, ...]) -> dict[str, tuple[str, ...]]:
    """Return rule → what explains its (only) finding."""
    told, _ = find_causes(outcomes(*findings), EMPTY, Edges(edges=edges))
    return {outcome.rule: outcome.findings[0].explained_by for outcome in told}


def booted(*lines: str) -> CaseBuilder:
    """Return a case of jupiter with lines of kern.log, and a pool that has the disks."""
    return CaseBuilder().host().kern_log("".join(lines)).database(sr(), vdi(), vdi(OTHER_VDI))


def doubtful(time: str, hours: int) -> Moment:
    """Return a moment that is known to some hours only."""
    instant = at(time).at
    reach = timedelta(hours=hours)
    return Moment(at=instant, earliest=instant - reach, latest=instant + reach, dated_by="test")


def test_no_findings_have_no_causes() -> None:
    assert causes() == ()


def test_finding_without_a_cause_is_its_own() -> None:
    (cause,) = causes(finding())
    assert cause.id == "C-1"
    assert cause.title == f"CBT was turned off (disk {VDI})"
    assert cause.next_action == "Turn CBT on again"


def test_effect_is_explained_by_its_cause_and_shares_it() -> None:
    first = finding("no-space", when="13:00:00")
    then = finding("log-missing", when="14:00:00")
    edges = (edge("no-space", "log-missing"),)
    assert explained(first, then, edges=edges)["log-missing"] == (first.id,)
    (cause,) = causes(first, then, edges=edges)
    assert set(cause.findings) == {first.id, then.id}


def test_sentence_says_what_came_first() -> None:
    first = finding("no-space", when="13:00:00", title="Space ran out")
    then = finding("log-missing", when="14:00:00", title="A log was missing")
    (cause,) = causes(first, then, edges=(edge("no-space", "log-missing"),))
    assert cause.title.startswith(f"Space ran out (disk {VDI}), and then a log was missing")


def test_effect_certainly_before_its_cause_is_not_joined() -> None:
    late = finding("no-space", when="15:00:00")
    early = finding("log-missing", when="14:00:00")
    assert len(causes(late, early, edges=(edge("no-space", "log-missing"),))) == 2


def test_later_line_of_the_same_log_is_no_cause_however_doubtful_its_date() -> None:
    late = finding("no-space", when=doubtful("15:00:00", 10))
    early = finding("log-missing", when=doubtful("14:00:00", 10))
    assert len(causes(late, early, edges=(edge("no-space", "log-missing"),))) == 2


def test_overlapping_ranges_are_told_as_about_the_same_time() -> None:
    first = finding("no-space", when=doubtful("13:00:00", 10))
    then = finding("log-missing", when="14:00:00", bundle="saturn")
    (cause,) = causes(first, then, edges=(edge("no-space", "log-missing"),))
    assert "and about the same time" in cause.title


def test_unknown_year_joins_nothing() -> None:
    first = finding("no-space", when=doubtful("13:00:00", 24 * 400))
    then = finding("log-missing", when="14:00:00")
    assert len(causes(first, then, edges=(edge("no-space", "log-missing"),))) == 2


def test_effect_too_long_after_is_not_joined() -> None:
    first = finding("no-space", when="01:00:00")
    then = finding("log-missing", when="14:00:00")
    assert len(causes(first, then, edges=(edge("no-space", "log-missing", hours=2),))) == 2


def test_effect_during_a_lasting_cause_is_joined() -> None:
    first = finding("no-space", when="01:00:00", last="23:00:00")
    then = finding("log-missing", when="14:00:00")
    assert len(causes(first, then, edges=(edge("no-space", "log-missing", hours=0),))) == 1


def test_other_disk_is_not_joined() -> None:
    first = finding("no-space", when="13:00:00")
    then = finding("log-missing", (("VDI", OTHER_VDI),), when="14:00:00")
    assert len(causes(first, then, edges=(edge("no-space", "log-missing"),))) == 2


def test_disks_of_one_repository_are_joined_through_the_database() -> None:
    case = booted().build()
    first = finding("no-space", when="13:00:00")
    then = finding("log-missing", (("VDI", OTHER_VDI),), when="14:00:00")
    edges = (edge("no-space", "log-missing", Join.SR),)
    assert len(causes(first, then, edges=edges, case=case)) == 1


def test_any_join_needs_nothing_in_common() -> None:
    first = finding("no-space", when="13:00:00")
    then = finding("log-missing", (("VDI", OTHER_VDI),), when="14:00:00")
    assert len(causes(first, then, edges=(edge("no-space", "log-missing", Join.ANY),))) == 1


def test_state_without_a_time_is_joined_by_its_disk_with_plain_and() -> None:
    first = finding("no-space", when="13:00:00", title="Space ran out")
    then = finding("log-missing", when=None, title="A log was missing")
    (cause,) = causes(first, then, edges=(edge("no-space", "log-missing"),))
    assert f"(disk {VDI}), and a log was missing" in cause.title


def test_state_without_a_time_is_not_joined_by_host() -> None:
    first = finding("no-space", (("Host", JUPITER),), when="13:00:00")
    then = finding("log-missing", (("Host", JUPITER),), when=None)
    assert len(causes(first, then, edges=(edge("no-space", "log-missing", Join.HOST),))) == 2


def test_circle_of_edges_is_cut() -> None:
    one = finding("one", when=None)
    two = finding("two", when=None)
    edges = (edge("one", "two"), edge("two", "one"))
    (cause,) = causes(one, two, edges=edges)
    assert set(cause.findings) == {one.id, two.id}
    assert sum(1 for by in explained(one, two, edges=edges).values() if by) == 1


def test_chain_is_one_cause_with_the_first_as_root() -> None:
    one = finding("one", when="13:00:00", title="One went")
    two = finding("two", when="13:10:00", title="Two went")
    three = finding("three", when="13:20:00", title="Three went")
    (cause,) = causes(one, two, three, edges=(edge("one", "two"), edge("two", "three")))
    assert cause.title.startswith("One went")
    assert cause.title.endswith("; 1 more finding with it")


def test_nearest_cause_is_chosen() -> None:
    early = finding("no-space", when="01:00:00")
    near = finding("no-space", when="13:59:00")
    then = finding("log-missing", when="14:00:00")
    assert explained(early, near, then, edges=(edge("no-space", "log-missing"),))[
        "log-missing"
    ] == (near.id,)


def test_one_rule_in_one_repository_is_one_cause() -> None:
    found = [
        finding("no-space", (("VDI", disk), ("SR", SR)), when=when, title="Space ran out")
        for disk, when in ((VDI, "13:00:00"), (OTHER_VDI, "13:30:00"))
    ]
    (cause,) = causes(*found)
    assert cause.title == f"Space ran out (2 disks of SR {SR})"


def test_one_rule_on_two_hosts_is_two_causes() -> None:
    one = finding("nbd", (("Host", JUPITER),))
    two = finding("nbd", (("Host", SATURN),), bundle="saturn")
    case = CaseBuilder().host().host("saturn", SATURN).build()
    assert len(causes(one, two, case=case)) == 2


def test_one_rule_within_a_day_on_two_disks_is_two_causes() -> None:
    one = finding("no-space", (("VDI", VDI), ("SR", SR)), when="09:00:00")
    two = finding("no-space", (("VDI", OTHER_VDI), ("SR", SR)), when="13:00:00")
    assert len(causes(one, two)) == 2


def test_one_rule_in_one_repository_on_two_hosts_is_two_causes() -> None:
    one = finding("no-space", (("VDI", VDI), ("SR", SR)), when="13:00:00")
    two = finding("no-space", (("VDI", OTHER_VDI), ("SR", SR)), when="13:05:00", bundle="saturn")
    case = CaseBuilder().host().host("saturn", SATURN).build()
    assert len(causes(one, two, case=case)) == 2


def test_same_object_with_the_same_thing_to_do_is_one_cause_night_after_night() -> None:
    one = finding("nbd", (("Host", JUPITER),), when="01:00:00")
    two = finding("nbd", (("Host", JUPITER),), when="22:00:00")
    (cause,) = causes(one, two)
    assert cause.title.endswith("(2 findings)")
    assert cause.next_action == "Turn CBT on again"


def test_same_object_with_other_things_to_do_is_two_causes() -> None:
    one = finding("nbd", (("Host", JUPITER),), when="01:00:00", action=("Mend one",))
    two = finding("nbd", (("Host", JUPITER),), when="22:00:00", action=("Mend two",))
    assert len(causes(one, two)) == 2


def test_hosts_of_one_name_in_two_pools_are_two_causes() -> None:
    case = CaseBuilder().host("xenserver", JUPITER, bundle="a")
    case = case.host("xenserver", SATURN, bundle="b")
    one = finding("nbd", (("Host", "xenserver"),), when="13:00:00", bundle="a")
    two = finding("nbd", (("Host", "xenserver"),), when="13:05:00", bundle="b")
    assert len(causes(one, two, case=case.build())) == 2


def test_next_action_of_unlike_steps_says_that_it_is_of_one() -> None:
    one = finding("log", (("VDI", VDI), ("SR", SR)), when="13:00:00", action=("Mend one",))
    two = finding("log", (("VDI", OTHER_VDI), ("SR", SR)), when="13:05:00", action=("Mend two",))
    (cause,) = causes(one, two)
    assert cause.next_action == (
        "Mend one Likewise for each other finding of this cause, with its own values."
    )


def test_bursts_far_apart_are_two_causes() -> None:
    later = Moment.exact(datetime(2024, 6, 20, 13, 0, tzinfo=UTC), "test")
    one = finding("no-space", (("VDI", VDI), ("SR", SR)))
    two = finding("no-space", (("VDI", OTHER_VDI), ("SR", SR)), when=later)
    assert len(causes(one, two)) == 2


def test_findings_of_different_titles_are_counted_as_alike() -> None:
    one = finding("no-space", (("VDI", VDI), ("SR", SR)), title="Space ran out on web")
    two = finding("no-space", (("VDI", OTHER_VDI), ("SR", SR)), title="Space ran out on mail")
    assert causes(one, two)[0].title.endswith("(and 1 more like it)")


def test_findings_about_the_same_object_are_counted_as_findings() -> None:
    one = finding("no-space", (("VDI", VDI), ("SR", SR)), when="13:00:00")
    two = finding("no-space", (("VDI", VDI), ("SR", SR)), when="14:00:00")
    assert causes(one, two)[0].title.endswith(f"(2 findings of SR {SR})")


def test_worst_comes_first_and_information_last() -> None:
    note = finding("note", (("Host", JUPITER),), severity=Severity.INFO, when="01:00:00")
    bad = finding("bad", (("Host", JUPITER),), severity=Severity.CRITICAL, when="15:00:00")
    mild = finding("mild", (("Host", JUPITER),), severity=Severity.WARNING, when="12:00:00")
    found = causes(note, bad, mild)
    assert [cause.severity for cause in found] == ["critical", "warning", "info"]
    assert [cause.id for cause in found] == ["C-1", "C-2", "C-3"]


def test_cause_is_as_severe_as_its_worst_finding() -> None:
    root = finding("one", when="13:00:00", severity=Severity.WARNING, action=("Mend one",))
    then = finding("two", when="13:10:00", severity=Severity.CRITICAL, action=("Mend two",))
    (cause,) = causes(root, then, edges=(edge("one", "two"),))
    assert cause.severity is Severity.CRITICAL
    assert cause.next_action == "Mend one"


def test_cause_without_steps_has_no_next_action() -> None:
    assert causes(finding(action=()))[0].next_action == ""


def test_title_that_names_the_object_is_not_doubled() -> None:
    assert causes(finding(title=f"Disk {VDI} lost CBT"))[0].title == f"Disk {VDI} lost CBT"


def test_finding_without_subjects_is_told_by_its_title() -> None:
    assert causes(finding(subjects=()))[0].title == "CBT was turned off"


def test_every_rule_and_event_that_an_edge_names_exists() -> None:
    edges = load_edges()
    rules = {text.id for text in TEXTS}
    kinds = {kind for pattern in CATALOGUE.patterns for kind in pattern.kinds}
    named = {name for e in edges.edges for name in (e.effect, e.cause)} - INCIDENTS
    named |= {rule for rule, _ in edges.unknown}
    wanted = {kind for e in edges.edges for kind in e.unless} | {*KINDS}
    assert (named - rules, wanted - kinds) == (set(), set())


def test_words_that_an_edge_asks_for_are_in_a_title_of_its_rule() -> None:
    titles = {text.id: [text.title, *(case[1] for case in text.cases)] for text in TEXTS}
    asked = [(e.cause, e.cause_says) for e in load_edges().edges if e.cause_says]
    asked += [(e.effect, e.effect_says) for e in load_edges().edges if e.effect_says]
    assert asked
    lost = [(rule, said) for rule, said in asked if not any(said in t for t in titles[rule])]
    assert lost == []


def test_shipped_edges_make_no_circle_of_rules() -> None:
    after: dict[str, set[str]] = {}
    for each in load_edges().edges:
        after.setdefault(each.cause, set()).add(each.effect)

    def reached(rule: str, seen: frozenset[str] = frozenset()) -> set[str]:
        found = set(after.get(rule, ()))
        return found.union(*(reached(one, seen | {rule}) for one in found if one not in seen))

    assert [rule for rule in after if rule in reached(rule)] == []


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["one", "two", "three"]),
            st.sampled_from([VDI, OTHER_VDI]),
            st.one_of(st.none(), st.integers(0, 23)),
        ),
        unique=True,
        max_size=8,
    ),
    st.permutations(["one", "two", "three"]),
)
def test_every_finding_is_in_exactly_one_cause_in_any_order(
    rows: list[tuple[str, str, int | None]], order: list[str]
) -> None:
    found = [
        finding(rule, (("VDI", disk),), when=None if hour is None else f"{hour:02}:00:00")
        for rule, disk, hour in rows
    ]
    edges = tuple(edge(a, b) for a in order for b in order if a != b)
    grouped = [name for cause in causes(*found, edges=edges) for name in cause.findings]
    assert sorted(grouped) == sorted(f.id for f in found)
    assert causes(*found, edges=edges) == causes(*reversed(found), edges=edges)


GOOD = """\
incidents:
  down: [host-crashed, host-fenced]
edges:
  - cause: down
    effect: some-rule
    join: host
    within: 24h
    sentence: '{cause}, {order} {effect}'
"""


def written(tmp_path: Path, text: str) -> Path:
    """Return a file with that text."""
    path = tmp_path / "causes.yaml"
    path.write_text(text)
    return path


def test_name_for_several_incidents_is_an_edge_for_each(tmp_path: Path) -> None:
    edges = load_edges(written(tmp_path, GOOD)).edges
    assert [each.cause for each in edges] == ["host-crashed", "host-fenced"]
    assert edges[0].within == timedelta(hours=24)


def test_lists_of_causes_and_effects_are_an_edge_for_each_pair(tmp_path: Path) -> None:
    text = GOOD.replace("cause: down", "cause: [down, other]").replace(
        "effect: some-rule", "effect: [a, b]"
    )
    edges = load_edges(written(tmp_path, text)).edges
    assert [(each.cause, each.effect) for each in edges] == [
        (cause, effect) for cause in ("host-crashed", "host-fenced", "other") for effect in "ab"
    ]


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("24h", "soon", "causes.yaml:7 edges.0.within: expected a duration such as 90s"),
        ("24h", "24", "expected a duration"),
        ("join: host", "join: cluster", "causes.yaml:6 edges.0.join: "),
        ("    join: host\n", "    joined: host\n", "causes.yaml:6 edges.0.joined: "),
        (
            "    join: host\n",
            "    join: host\n    join: vdi\n",
            ":7 join: the key is there twice",
        ),
        ("{order}", "{when}", "causes.yaml:8 edges.0.sentence: nothing fills {when}"),
        ("host-fenced", "host-eaten", "causes.yaml:2 incidents.down.1: there is no incident host-"),
        ("some-rule", "down", "causes.yaml:5 edges.0.effect: nothing explains itself"),
        ("cause: down", "cause: other", "causes.yaml:2 incidents.down: no edge names it"),
        ("cause: down", "cause: []", "causes.yaml:4 edges.0.cause: "),
        (GOOD, "", "causes.yaml:1 the file is empty"),
        (GOOD, "edges: [\n", "causes.yaml:2 "),
        (GOOD, "just words\n", "causes.yaml:1 "),
    ],
)
def test_fault_in_the_file_is_told_with_its_line(
    tmp_path: Path, old: str, new: str, told: str
) -> None:
    with pytest.raises(CatalogueError) as raised:
        load_edges(written(tmp_path, GOOD.replace(old, new)))
    assert told in str(raised.value)


def test_bytes_that_are_not_text_are_told_as_a_fault(tmp_path: Path) -> None:
    path = tmp_path / "causes.yaml"
    path.write_bytes(b"\xff\xfe\x00edges")
    with pytest.raises(CatalogueError, match=r"causes\.yaml:1 "):
        load_edges(path)
