"""What ``cbtriage explain`` says: how a rule came to its answer, and what was made of a line."""

from collections.abc import Mapping

from analyzer.model.event import Event
from analyzer.model.finding import Gap, Outcome
from analyzer.model.moment import Moment
from analyzer.model.report import Suppressed
from analyzer.model.rule import RuleText
from analyzer.model.source import Source
from analyzer.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class HostNeed:
    """A source of one status report: what is wrong with it, None if nothing, and its time.

    ``covered`` tells that what is wrong does no harm, as another report covers it. ``hidden``
    says what may hide in lines of it that were not understood, "" if nothing may.
    """

    host: str
    bundle: str
    gap: Gap | None
    window: tuple[Moment, Moment] | None
    covered: bool = False
    hidden: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NeedExplained:
    """A source that a rule needs; ``scope`` says of which hosts.

    ``elsewhere`` is what is missing of it beside the reports that were given.
    """

    need: str
    scope: str
    hosts: tuple[HostNeed, ...]
    elsewhere: tuple[Gap, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SelectorExplained:
    """A kind of line that is asked for, and how often it was seen."""

    kind: str
    parser: str
    process: str
    message: str
    count: int
    first: Event | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """Events that could be a finding, and what they lack of it, "" if nothing."""

    events: tuple[Event, ...]
    lacks: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleExplained:
    """A rule or another pattern. ``outcome`` is None for what gives no answer by itself.

    ``condition`` says in words what makes a finding of events, ``undecided`` what a check found
    that it could not decide, ``beside`` the sources that it looked at beside its needs, and
    ``near`` what else of these logs was put aside as noise.
    """

    text: RuleText
    role: str
    condition: str
    outcome: Outcome | None
    needs: tuple[NeedExplained, ...]
    selectors: tuple[SelectorExplained, ...]
    attempts: tuple[Attempt, ...] = ()
    undecided: tuple[Gap, ...] = ()
    beside: tuple[str, ...] = ()
    near: tuple[Suppressed, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class HitExplained:
    """A selector that takes the line; ``reason`` is why it is noise, "" if it is not."""

    kind: str
    role: str
    title: str
    kept: bool
    fields: Mapping[str, str]
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LineExplained:
    """A line of a member, and all that was made of it.

    ``whole`` tells that the member is read as a whole, not line by line; ``parser`` is "" where
    nobody reads it. ``problem`` says why the line was not understood, "" if it was. ``record`` is
    the whole record that it belongs to, which begins at ``begins``; ``head`` says program, pid,
    task and level. ``quoted_by`` are (what, id or name, title) of what rests on it.
    """

    source: Source
    whole: bool
    host: str
    text: str
    before: tuple[str, ...]
    after: tuple[str, ...]
    parser: str
    problem: str
    begins: int
    record: str
    head: str
    moment: Moment | None
    hits: tuple[HitExplained, ...]
    quoted_by: tuple[tuple[str, str, str], ...]
