"""Joining logs: what is a link, what is a break, and what is only not known."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.model.cbt import CbtLog, Known
from analyzer.model.disk import BreakKind, DiskBreak
from analyzer.model.finding import Confidence, Evidence
from analyzer.model.source import Source
from analyzer.rebuilt.cbt.walk_order import Joined, join, least_sure

PROOF = Evidence(source=Source(bundle="b", member="var/log/SMlog", line=1), text="line")
CERTAIN, LIKELY = Confidence.CERTAIN, Confidence.LIKELY


def known(value: str, sure: Confidence = CERTAIN) -> Known[str]:
    return Known(value=value, evidence=PROOF, confidence=sure)


def log(
    uuid: str,
    parent: str | None = None,
    child: str | None = None,
    *,
    exists: bool | None = True,
    sure: Confidence = CERTAIN,
) -> CbtLog:
    there = None if exists is None else Known(value=exists, evidence=PROOF, confidence=CERTAIN)
    return CbtLog(
        sr="sr",
        uuid=uuid,
        exists=there,
        parent=None if parent is None else known(parent),
        child=None if child is None else known(child, sure),
    )


def joined(*logs: CbtLog) -> Joined:
    return join({each.uuid: each for each in logs}, "is strange")


def kinds(breaks: Sequence[DiskBreak]) -> list[tuple[str, BreakKind]]:
    return [(found.at, found.kind) for found in breaks]


def test_pointers_that_agree_make_a_certain_chain_oldest_first() -> None:
    chain = joined(log("v", "n2", ""), log("n1", "", "n2"), log("n2", "n1", "v"))
    assert chain.order == ("n1", "n2", "v")
    assert {(link.older, link.newer) for link in chain.links} == {("n1", "n2"), ("n2", "v")}
    assert all(link.confidence is CERTAIN and not link.stale for link in chain.links)
    assert chain.breaks == ()


def test_link_is_as_sure_as_its_least_sure_part() -> None:
    (link,) = joined(log("n", "", "v", sure=LIKELY), log("v", "n", "")).links
    assert link.confidence is LIKELY
    assert least_sure(CERTAIN, Confidence.POSSIBLE, LIKELY) is Confidence.POSSIBLE


def test_link_to_a_log_that_was_not_seen_is_not_certain() -> None:
    (link,) = joined(log("n", "", "v"), log("v", "n", "", exists=None)).links
    assert link.confidence is LIKELY


def test_parent_pointer_alone_is_not_certain() -> None:
    (link,) = joined(log("n"), log("v", "n", "")).links
    assert (link.older, link.newer, link.confidence) == ("n", "v", LIKELY)


def test_pointer_that_the_newer_log_denies_is_stale() -> None:
    chain = joined(log("n1", "", "v"), log("n2", "", "v"), log("v", "n2", ""))
    assert [(link.older, link.stale) for link in chain.links] == [("n1", True), ("n2", False)]


def test_pointer_to_a_log_that_is_gone_is_a_break() -> None:
    chain = joined(log("n", "", "v"), log("v", exists=False))
    assert kinds(chain.breaks) == [("n", BreakKind.FAULT)]
    assert chain.links == ()


def test_pointer_to_a_stranger_is_not_known() -> None:
    (found,) = joined(log("n", "", "x"), log("v", "", "")).breaks
    assert found.kind is BreakKind.UNKNOWN
    assert found.what == "its child pointer names x, which is strange"


def test_parent_that_is_gone_is_a_break_before_its_child() -> None:
    (found,) = joined(log("p", exists=False), log("v", "p", "")).breaks
    assert (found.at, found.to, found.kind) == ("p", "v", BreakKind.FAULT)


def test_log_that_is_gone_and_that_nobody_names_is_no_break() -> None:
    assert joined(log("p", exists=False), log("v", "", "")).breaks == ()


def test_empty_pointer_before_a_newer_log_is_an_end_in_good_order() -> None:
    assert kinds(joined(log("n", "", ""), log("v", "", "")).breaks) == [("n", BreakKind.END)]


def test_empty_pointer_of_a_log_that_is_named_as_parent_is_a_break() -> None:
    chain = joined(log("n", "", ""), log("v", "n", ""))
    assert kinds(chain.breaks) == [("n", BreakKind.FAULT)]


def test_unknown_pointer_is_unknown_and_draws_nothing() -> None:
    chain = joined(log("n"), log("v", "", ""))
    assert kinds(chain.breaks) == [("n", BreakKind.UNKNOWN)]
    assert chain.links == ()


def test_newest_log_needs_no_pointer() -> None:
    assert joined(log("v")).breaks == ()


def test_circle_is_a_break_and_does_not_hang() -> None:
    chain = joined(log("a", "b", "b"), log("b", "a", "a"))
    assert [found.kind for found in chain.breaks] == [BreakKind.FAULT]
    assert "circle" in chain.breaks[0].what


def test_log_that_points_to_itself_is_a_circle() -> None:
    assert "circle" in joined(log("a", "a", "a")).breaks[0].what


def test_two_logs_that_point_to_one_are_no_circle() -> None:
    chain = joined(log("v", None, ""), log("a", "", "v"), log("b", "", "v"))
    assert not any("circle" in found.what for found in chain.breaks)


UUIDS = ("a", "b", "c", "d")
POINTERS = st.one_of(st.none(), st.sampled_from((*UUIDS, "", "x")))


@given(
    st.lists(
        st.tuples(POINTERS, POINTERS, st.sampled_from([True, False, None])),
        max_size=len(UUIDS),
    )
)
def test_any_pointers_give_an_order_of_all_logs(
    rows: list[tuple[str | None, str | None, bool | None]],
) -> None:
    named = zip(UUIDS, rows, strict=False)
    logs = [log(uuid, parent, child, exists=there) for uuid, (parent, child, there) in named]
    chain = joined(*logs)
    assert sorted(chain.order) == sorted(each.uuid for each in logs)
    gone = {each.uuid for each in logs if each.exists and not each.exists.value}
    assert not any({link.older, link.newer} & gone for link in chain.links)


@pytest.mark.parametrize("level", list(Confidence))
def test_least_sure_of_one_is_itself(level: Confidence) -> None:
    assert least_sure(level) is level
