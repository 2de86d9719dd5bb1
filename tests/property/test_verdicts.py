"""Nothing is called ruled out, or not applicable, for want of a source that was not read.

Over every rule of the catalogue, YAML and checks: a check that finds nothing stands for all
checks here, since the verdict is the engine's.
"""

from collections.abc import Iterator
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.case.case import Case
from analyzer.case.wholeness import Sources
from analyzer.model.finding import Outcome, Verdict
from analyzer.model.report import Presence
from analyzer.rules.engine import judge
from analyzer.rules.load import load_catalogue
from analyzer.rules.pattern import Pattern, Role
from analyzer.rules.verdict import conclude
from analyzer.sources import SCOPES, Scope
from tests.support.judging import JUPITER, TITAN, World, pair, pool, vdi
from tests.support.whole import examples

GREEN = {Verdict.RULED_OUT, Verdict.NOT_APPLICABLE}
BROKEN = [presence for presence in Presence if presence is not Presence.PRESENT]
CATALOGUE = load_catalogue()
JUDGED = [rule for rule in CATALOGUE.patterns if rule.role in (Role.FINDING, Role.CHECK)]
NEEDS = [(rule, need) for rule in JUDGED for need in rule.text.needs]


def answer(world: World, rule: Pattern) -> Outcome:
    return answer_in(*world.case(CATALOGUE), rule)


def answer_in(case: Case, sources: Sources, rule: Pattern) -> Outcome:
    if rule.role is Role.FINDING:
        return judge(rule, case, sources)
    return conclude(rule.text, (), case, sources)


def bundles(need: str) -> Iterator[tuple[str, ...]]:
    """Yield the sets of bundles that must lose a source before it is missing."""
    match SCOPES[need]:
        case Scope.EVERY_HOST:
            yield from (("a",), ("b",), ("a", "b"))
        case Scope.ONE_HOST:
            yield ("a", "b")
        case Scope.MASTER:
            yield ("a",)


@cache
def broken(names: tuple[str, ...], need: str, presence: Presence) -> tuple[Case, Sources]:
    """Return what rules may see where these bundles lost a source."""
    return pair(breaks={(name, need): presence for name in names}).case(CATALOGUE)


@pytest.mark.parametrize("rule", JUDGED, ids=lambda rule: rule.id)
def test_with_everything_there_the_rule_is_ruled_out(rule: Pattern) -> None:
    outcome = answer(pair(), rule)
    assert outcome.verdict is (Verdict.CANNOT_TELL if rule.text.unseen else Verdict.RULED_OUT)


@pytest.mark.parametrize(("rule", "need"), NEEDS, ids=lambda part: getattr(part, "id", part))
@pytest.mark.parametrize("presence", BROKEN)
def test_a_needed_source_that_is_broken_is_never_green(
    rule: Pattern, need: str, presence: Presence
) -> None:
    for names in bundles(need):
        outcome = answer_in(*broken(names, need, presence), rule)
        assert outcome.verdict is Verdict.CANNOT_TELL, names
        assert outcome.settle_with == (f"fetch {need}",)
        assert need in outcome.reason


@pytest.mark.parametrize("rule", JUDGED, ids=lambda rule: rule.id)
def test_a_host_whose_report_was_not_given_is_never_green_for_logs(rule: Pattern) -> None:
    world = pair()
    world.hosts = world.hosts[:1]
    logs = any(SCOPES[need] is Scope.EVERY_HOST for need in rule.text.needs)
    assert (answer(world, rule).verdict in GREEN) is not (logs or bool(rule.text.unseen))


@pytest.mark.parametrize("rule", JUDGED, ids=lambda rule: rule.id)
def test_without_a_database_only_what_the_master_holds_is_green(rule: Pattern) -> None:
    world = World()
    assert answer(world, rule).verdict is Verdict.CANNOT_TELL


UNUSED = pool(JUPITER, TITAN, vdis=(vdi(cbt=False),), networks=())
PLACES = st.tuples(st.sampled_from(["a", "b"]), st.sampled_from(sorted(SCOPES)))


@settings(deadline=None, max_examples=examples(40))
@given(breaks=st.dictionaries(PLACES, st.sampled_from(BROKEN), max_size=6))
def test_absence_never_adds_to_what_is_known(breaks: dict[tuple[str, str], Presence]) -> None:
    world, less = pair(), pair(breaks=breaks)
    unused, unused_less = pair(pools=(UNUSED,)), pair(pools=(UNUSED,), breaks=breaks)
    pairs = [
        (before.case(CATALOGUE), after.case(CATALOGUE))
        for before, after in ((world, less), (unused, unused_less))
    ]
    for rule in JUDGED:
        for before, after in pairs:
            got = answer_in(*after, rule)
            if got.verdict in GREEN:
                assert _supported(rule, breaks, got), (rule.id, breaks, got.reason)
                assert answer_in(*before, rule).verdict in GREEN


def _supported(rule: Pattern, breaks: dict[tuple[str, str], Presence], got: Outcome) -> bool:
    """Tell whether every source that the answer rests on is there where it has to be."""
    if got.verdict is Verdict.RULED_OUT:
        rests_on: tuple[str, ...] = rule.text.needs
    else:
        rests_on = ("xapi_db", "smlog" if rule.text.area == "cbt" else "daemon_log")
    return not any(
        all((name, need) in breaks for name in names)
        for need in rests_on
        for names in bundles(need)
    )
