"""How a cause is told: one sentence, from the titles of the findings and an edge's template."""

from collections.abc import Sequence
from datetime import timedelta

from analyzer.causes.link import Order
from analyzer.causes.trouble import Trouble
from analyzer.model.incident import IncidentKind
from analyzer.model.moment import Moment
from analyzer.model.sentence import FIELD, Around, Sentence, Value, say
from analyzer.values import dataclass

_HOUR = timedelta(hours=1)
_WORDS = {Order.BEFORE: "and then", Order.ABOUT: "and about the same time", Order.UNKNOWN: "and"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """The effects that one edge joins to a root, and how the edge puts it.

    ``doubt`` is how well the clocks are known, where that leaves the order open.
    """

    template: str
    order: Order
    effects: tuple[Trouble, ...]
    doubt: timedelta = timedelta(0)


def sentence(roots: Sequence[Trouble], part: Part | None, size: int, unknown: str = "") -> Sentence:
    """Return the title of a cause; ``size`` is the number of all its findings.

    ``unknown`` is what to say of roots that are findings nothing explains.
    """
    cause = called(roots)
    if part is None:
        return say("{cause}; {unknown}", cause=cause, unknown=unknown) if unknown else cause
    values = {
        "cause": cause,
        "order": _WORDS[part.order],
        "effect": _title_inside_sentence(called(part.effects)),
    }
    more = size - sum(1 for trouble in (*roots, *part.effects) if trouble.finding)
    with_it = f"; {more} more finding{'s' if more > 1 else ''} with it" if more > 0 else ""
    # Say that the clocks leave open which came first.
    if not part.doubt:
        words_of_clock_doubt = ""
    else:
        known = "minutes" if part.doubt < _HOUR else f"{round(part.doubt / _HOUR)} hours"
        words_of_clock_doubt = (
            f"; which came first is not certain, for a clock is known to {known} only"
        )
    return say(
        "{told}{doubt}{more}",
        told=Sentence(part.template, values),
        doubt=words_of_clock_doubt,
        more=with_it,
    )


def called(troubles: Sequence[Trouble]) -> Sentence:
    """Return what happened, and to how many."""
    first = troubles[0]
    if first.finding is None:
        more = f" (and {len(troubles) - 1} more like it)" if troubles[1:] else ""
        # An incident with its time; of a boot of which no more is known that of the boot.
        if first.kind is IncidentKind.HOST_BOOTED:
            head, _, tail = first.title.partition("; ")
            incident_more = f" ({tail})" if tail else ""
            incident_with_time: Sentence = say(
                "{head} {when}{more}", head=head, when=when(first.last), more=incident_more
            )
        else:
            incident_with_time = say("{title} {when}", title=first.title, when=when(first.first))
        return say("{befell}{more}", befell=incident_with_time, more=more)
    findings = [trouble.finding for trouble in troubles if trouble.finding]
    titles = {finding.title for finding in findings}
    if len(findings) == 1:
        words_finding = findings[0]
        subject = words_finding.subjects[0] if words_finding.subjects else None
        name = (subject.name or subject.uuid) if subject else ""
        if subject is None or name in words_finding.title:
            return say("{title}", title=words_finding.title)
        it = subject.told or f"{subject.kind} {name}"
        if subject.taken is None:
            return say("{title} ({it})", title=words_finding.title, it=it)
        return say("{title} ({it}, {at})", title=words_finding.title, it=it, at=subject.taken)
    if len(titles) > 1:
        more = f"and {len(findings) - 1} more like it"
        return say("{title} ({more})", title=findings[0].title, more=more)
    # How many objects, and in which SR where all are in one.
    objects = {finding.subjects[0] for finding in findings if finding.subjects}
    kinds = {subject.kind for subject in objects}
    repositories = {s for finding in findings for s in finding.subjects if s.type == "SR"}
    sr = next(iter(repositories)) if len(repositories) == 1 else None
    where = f" of SR {sr.name or sr.uuid}" if sr else ""
    if len(kinds) != 1 or len(objects) != len(findings):
        findings_in_words = f"{len(findings)} findings{where}"
    else:
        findings_in_words = f"{len(objects)} {next(iter(kinds))}s{where}"
    return say("{title} ({many})", title=findings[0].title, many=findings_in_words)


def _title_inside_sentence(sentence: Sentence) -> Sentence:
    """Return a title as it stands inside a sentence: an abbreviation keeps its capitals."""
    if sentence[1:2].isupper():
        return sentence
    template, values = sentence.template, dict(sentence.values)
    if opening := FIELD.match(template):
        first = values.get(opening[1])
        if isinstance(first, str):
            values[opening[1]] = _title_inside_sentence(
                first if isinstance(first, Sentence) else Sentence(first)
            )
        return Sentence(template, values)
    return Sentence(template[:1].lower() + template[1:], values)


def when(moment: Moment | None) -> Value:
    """Say when something was: the range where it is not known to the minute."""
    return Around(moment) if moment is not None else "at an unknown date"
