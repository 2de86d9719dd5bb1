"""docs/plans.md says what the planner says now."""

from tests.plans.page import PAGE, TROUBLES, page


def test_the_page_is_of_this_planner() -> None:
    assert PAGE.read_text("utf-8") == page(), "run: python -m tests.plans.page"


def test_each_plan_ends_in_four_incremental_nights() -> None:
    ends = [part.split("\n")[0] for part in page().split("\nAfter it: ")[1:]]
    assert len(ends) == len(TROUBLES)
    assert all(end.endswith("four incremental backups.") for end in ends)
