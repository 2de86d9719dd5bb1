"""The answer: each doubt says what none before it said."""

from dataclasses import replace

from analyzer.model.finding import Verdict
from analyzer.render.words.answer import answer_of, doubt_words
from tests.render.support import clear_report, outcome

EMPTY = "smlog of jupiter: SMlog.4.gz has 0 bytes"
UNSEEN = "sr_listing of jupiter: no listing of /run/sr-mount/nas was read"
TOOL, LIST = "xen-bugtool --yestoall", "ls -l /run/sr-mount/nas"


def test_reason_is_said_once_with_what_settles_it() -> None:
    rules = [
        outcome("rule-a", Verdict.CANNOT_TELL, EMPTY, settle_with=(TOOL,)),
        outcome("rule-b", Verdict.CANNOT_TELL, EMPTY, settle_with=(TOOL,)),
        outcome("rule-c", Verdict.CANNOT_TELL, f"{EMPTY}; {UNSEEN}", settle_with=(TOOL, LIST)),
    ]
    first, second = answer_of(replace(clear_report(), outcomes=tuple(rules))).doubts
    assert (first.reason, first.settle_with) == (EMPTY, (TOOL,))
    assert (second.reason, second.settle_with) == (UNSEEN, (LIST,))
    assert doubt_words(second).startswith("the SR's files of jupiter: ")


def test_long_reason_ends_with_a_part_of_it() -> None:
    parts = [f"{n} {'word ' * 20}" for n in range(4)]
    doubt = outcome("rule-a", Verdict.CANNOT_TELL, "; ".join(parts))
    (only,) = answer_of(replace(clear_report(), outcomes=(doubt,))).doubts
    assert doubt_words(only) == f"{'; '.join(parts[:2])} …"
