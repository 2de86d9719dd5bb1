"""What somebody asked of a report, and what of it answers that."""

from analyzer.model.finding import Subject
from analyzer.model.moment import Moment
from analyzer.model.source import Source
from analyzer.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """Something that happened to what was asked for, and the line that tells of it."""

    at: Moment
    what: str
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked (an object, a time, or both), and what answers it.

    ``when`` says how the time was read. ``findings`` are the ids of those that answer it, the worst
    first, ``states`` how the object stood at that time and stands at the end, ``happened`` what is
    nearest to the time. ``beside`` are the ids of the findings that lie beside the question.
    """

    about: Subject | None
    first: Moment | None
    last: Moment | None
    when: str
    findings: tuple[str, ...]
    states: tuple[str, ...]
    happened: tuple[Happening, ...]
    beside: tuple[str, ...]
