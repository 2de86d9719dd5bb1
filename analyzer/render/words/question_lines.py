"""A question and what answers it, in lines of text, the same in every output."""

from collections.abc import Iterator

from analyzer.model.question import Question
from analyzer.model.report import Report
from analyzer.model.sentence import say
from analyzer.render.words.short_time import short_time, window_words
from analyzer.render.words.summary import window
from analyzer.render.words.view import counted

_MOST = 3


def question_title(question: Question) -> str:
    """Return what is asked."""
    about = f"{question.about.type} {question.about.called}" if question.about else ""
    return "Asked: " + " · ".join(part for part in (about, question.when) if part)


def question_lines(report: Report) -> Iterator[str]:
    """Yield what answers the question of a report, and last what lies beside it."""
    question = report.question
    if question is None:
        return
    known = {each.id: each for outcome in report.outcomes for each in outcome.findings}
    titles: dict[str, list[str]] = {}
    for name in question.findings:
        told = f"{known[name].severity.upper()} {known[name].title}"
        titles.setdefault(told, []).append(name)
    for told, names in list(titles.items())[:_MOST]:
        times = f", {len(names)} times" if len(names) > 1 else ""
        yield f"{told}{times} ({names[0]})"
    if len(titles) > _MOST:
        yield f"and {counted(len(titles) - _MOST, 'more finding')} about it"
    if not question.findings:
        yield "No finding answers it; what could not be told is said below."
    yield from question.states
    for each in question.happened:
        yield f"{short_time(each.at)}  {each.what}  ({each.source})"
    if question.first and not question.happened:
        yield _why_nothing_happened(report, question)
    if question.beside:
        yield f"Beside the question: {counted(len(question.beside), 'other finding')}, as follows."


def _why_nothing_happened(report: Report, question: Question) -> str:
    read = window(report)
    if read and question.first and question.last:
        before = question.last.certainly_before(read[0])
        if before or read[1].certainly_before(question.first):
            what = "begins after" if before else "ends before"
            return say(
                "What was read {what} that time: {read}.", what=what, read=window_words(*read)
            )
    return "Nothing of it that has a name is known within an hour of that time."
