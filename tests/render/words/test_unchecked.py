"""What could not be checked is told as a part of the system, not as a number of rules."""

from dataclasses import replace

import pytest

from analyzer.model.finding import Verdict
from analyzer.render.words.unchecked import unchecked
from tests.render.support import clear_report, outcome

CANNOT, OUT, NONE = Verdict.CANNOT_TELL, Verdict.RULED_OUT, Verdict.NOT_APPLICABLE


@pytest.mark.parametrize(
    ("verdicts", "told"),
    [
        ({"cbt-a": CANNOT, "cbt-b": OUT, "nbd-a": OUT}, "part of CBT"),
        ({"cbt-a": CANNOT, "cbt-b": NONE, "nbd-a": CANNOT}, "all of CBT and NBD"),
        ({"cbt-a": CANNOT, "nbd-a": CANNOT, "sr-a": OUT, "xapi-a": Verdict.ERROR},
         "all of CBT and NBD, part of storage and hosts"),
        ({"cbt-a": CANNOT, "nbd-a": CANNOT, "sr-a": CANNOT}, "all of CBT, NBD, storage and hosts"),
        ({"cbt-a": Verdict.FOUND, "nbd-a": OUT}, "part of CBT"),  # and not looked at everywhere
    ],
)  # fmt: skip
def test_it_is_all_of_an_area_only_if_nothing_of_it_was_checked(
    verdicts: dict[str, Verdict], told: str
) -> None:
    outcomes = tuple(outcome(rule, verdict) for rule, verdict in verdicts.items())
    silent = [r for r, v in verdicts.items() if v not in {OUT, NONE}]
    assert unchecked(replace(clear_report(), outcomes=outcomes), silent) == told
