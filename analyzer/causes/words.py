"""How a cause is told: one sentence, from the titles of the findings and an edge's template."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from analyzer.causes.link import Order
from analyzer.causes.trouble import Trouble
from analyzer.model.finding import Finding
from analyzer.model.moment import Moment
from analyzer.model.rule import fill

_OBJECTS = {"VDI": "disk", "Host": "host", "Pool": "pool", "Network": "network", "VM": "VM"}


_SHOWN_EXACTLY = timedelta(minutes=1)
_WORDS = {Order.BEFORE: "and then", Order.ABOUT: "and about the same time", Order.UNKNOWN: "and"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """The effects that one edge joins to a root, and how the edge puts it."""

    template: str
    order: Order
    effects: tuple[Trouble, ...]


def sentence(roots: Sequence[Trouble], part: Part | None, size: int, unknown: str = "") -> str:
    """Return the title of a cause; ``size`` is the number of all its findings.

    ``unknown`` is what to say of roots that are findings nothing explains.
    """
    cause = called(roots)
    if part is None:
        return f"{cause}; {unknown}" if unknown else cause
    values = {
        "cause": cause,
        "order": _WORDS[part.order],
        "effect": _inside(called(part.effects)),
    }
    told = len([root for root in roots if root.finding]) + len(part.effects)
    more = size - told
    with_it = f"; {more} more finding{'s' if more > 1 else ''} with it" if more > 0 else ""
    return fill(part.template, values) + with_it


def called(troubles: Sequence[Trouble]) -> str:
    """Return what happened, and to how many."""
    first = troubles[0]
    if first.finding is None:
        return fill(first.label, {"host": first.host, "at": _when(first.first)})
    findings = [trouble.finding for trouble in troubles if trouble.finding]
    titles = {finding.title for finding in findings}
    if len(findings) == 1:
        return _one(findings[0])
    if len(titles) > 1:
        return f"{findings[0].title} (and {len(findings) - 1} more like it)"
    return f"{findings[0].title} ({_many(findings)})"


def _one(finding: Finding) -> str:
    subject = finding.subjects[0] if finding.subjects else None
    name = (subject.name or subject.uuid) if subject else ""
    if subject is None or name in finding.title:
        return finding.title
    return f"{finding.title} ({_OBJECTS.get(subject.type, subject.type)} {name})"


def _many(findings: Sequence[Finding]) -> str:
    """Say how many objects, and in which SR where all are in one."""
    objects = {finding.subjects[0] for finding in findings if finding.subjects}
    types = {subject.type for subject in objects}
    repositories = {s for finding in findings for s in finding.subjects if s.type == "SR"}
    sr = next(iter(repositories)) if len(repositories) == 1 else None
    where = f" of SR {sr.name or sr.uuid}" if sr else ""
    if len(types) != 1 or len(objects) != len(findings):
        return f"{len(findings)} findings{where}"
    kind = next(iter(types))
    return f"{len(objects)} {_OBJECTS.get(kind, kind)}s{where}"


def _inside(text: str) -> str:
    """Return a title as it stands inside a sentence: an abbreviation keeps its capitals."""
    return text if text[1:2].isupper() else text[:1].lower() + text[1:]


def _when(moment: Moment | None) -> str:
    if moment is None or not moment.year_known:
        return "an unknown date"
    about = "about " if moment.doubt > _SHOWN_EXACTLY else ""
    return f"{about}{moment.at:%Y-%m-%d %H:%M} UTC"
