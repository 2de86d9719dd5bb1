"""A plan on the terminal, below whatever somebody asked for."""

from collections.abc import Iterator, Sequence

from analyzer.model.plan import Plan
from analyzer.render.words.plan_lines import TITLE, plan_lines, plan_title
from analyzer.render.words.view import visible


def plan_text(plans: Sequence[Plan]) -> Iterator[str]:
    """Yield the lines of plans under their heading, nothing without any."""
    if plans:
        yield from ("", TITLE.upper())
    for plan in plans:
        yield f"  {plan.id}  {visible(plan_title(plan))}"
        for line in plan_lines(plan):
            typed = "$ " if line.code else ""
            yield f"{'  ' * (line.depth + 2)}{typed}{visible(line.text)}"
