"""What xapi and SM would check before a call, as text and JSON."""

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType

from analyzer.model.call import Answer, CallJudgement
from analyzer.model.plan import Plan
from analyzer.render.terminal.plan_text import plan_text
from analyzer.render.words.view import cut, visible

SIGNS: Mapping[Answer, str] = MappingProxyType(
    {Answer.OK: "ok", Answer.FAILS: "FAILS", Answer.UNKNOWN: "unknown"}
)
QUOTE = 300


def call_text(judgement: CallJudgement, plans: Sequence[Plan] = ()) -> str:
    """Return the checks in their order, the sentence they end in, the remedy, and the plans."""
    lines = [*_head_of_call(judgement), ""]
    for number, check in enumerate(judgement.checks, 1):
        check_lines: list[str] = []
        check_lines.append(f"{number:>3}. {SIGNS[check.answer]:<8} {check.by}: {check.asks}")
        check_lines.append(f"              {visible(check.words)}")
        if check.error:
            check_lines.append(f"              -> {visible(check.error)}")
        for evidence in check.evidence:
            text = cut(visible(evidence.text), QUOTE)
            check_lines.append(f"              [{visible(str(evidence.source))}] {text}")
        if check.settle_with:
            check_lines.append(f"              settle with: {visible(check.settle_with)}")
        lines += check_lines
    lines += ["", visible(judgement.sentence)]
    word = "settle with" if judgement.answer is Answer.UNKNOWN else "remedy"
    lines += [f"{word}: {visible(step.step)}" for step in judgement.remedy]
    lines += plan_text(plans)
    return "\n".join(lines) + "\n"


def _head_of_call(judgement: CallJudgement) -> Iterator[str]:
    yield f"{judgement.call}, the checks in their order; the first that fails decides"
    for subject in judgement.subjects:
        yield f"  {subject.type} {visible(subject.name or '')} {subject.uuid}".replace("  ", " ")
