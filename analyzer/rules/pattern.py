"""Patterns as loaded, and the catalogue that holds them all."""

from collections.abc import Iterator
from datetime import timedelta
from enum import StrEnum

from analyzer.case.rows import KeepPolicy
from analyzer.model.host import Role as HostRole
from analyzer.model.rpm import Version, compare
from analyzer.model.rule import RuleText
from analyzer.parsers._api import Selector
from analyzer.values import dataclass


class Role(StrEnum):
    """What a pattern is for."""

    FINDING = "finding"
    NOISE = "noise"
    CONTEXT = "context"
    STATE = "state"
    CHECK = "check"


class Correlation(StrEnum):
    """How events become an incident; Sigma's words where it has them."""

    EVENT_COUNT = "event_count"
    TEMPORAL = "temporal"
    TEMPORAL_ORDERED = "temporal_ordered"
    ABSENT = "absent"


@dataclass(frozen=True, slots=True, kw_only=True)
class Correlate:
    """``group_by`` are fields of events; ``gte`` counts only for EVENT_COUNT.

    ``ties`` lets lines of one second pass for ordered.
    """

    type: Correlation = Correlation.EVENT_COUNT
    group_by: tuple[str, ...] = ("host",)
    timespan: timedelta = timedelta(hours=1)
    gte: int = 1
    ties: bool = False


class CbtUse(StrEnum):
    """Whether change tracking is on for any disk of a pool."""

    IN_USE = "in-use"
    UNUSED = "unused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Versions:
    """Versions of a package, or of a release where it has no name.

    ``start`` is in it, ``end`` is not; None is without end.
    """

    package: str = ""
    start: Version | None = None
    end: Version | None = None

    def __str__(self) -> str:
        first = f"{self.start} or newer" if self.start else ""
        last = f"older than {self.end}" if self.end else ""
        return " and ".join(part for part in (first, last) if part) or "any version"

    def holds(self, version: Version) -> bool:
        """Tell whether a version is one of them."""
        if self.start is not None and compare(version, self.start) < 0:
            return False
        return self.end is None or compare(version, self.end) < 0


@dataclass(frozen=True, slots=True, kw_only=True)
class When:
    """The state in which lines are a finding, in the field's terms; None or () asks nothing.

    ``role`` and the versions are of the host that wrote the lines, ``sr_types`` are of the SR
    that they name, else of the SR of the disk that they name.
    """

    role: HostRole | None = None
    sr_types: tuple[str, ...] = ()
    release: Versions | None = None
    package: Versions | None = None
    cbt: CbtUse | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Mended:
    """The first version of a package that does not have a defect; ``vendor`` "" is any."""

    package: str
    version: Version
    vendor: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleSet:
    """Lines that one of ``selectors`` must take (each of them one), and lines that none takes.

    ``cannot_tell`` are lines that one takes and that alone decide nothing.
    """

    selectors: tuple[Selector, ...]
    hit: tuple[str, ...]
    miss: tuple[str, ...]
    cannot_tell: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Pattern:
    """A file of the catalogue.

    Of a CHECK, ``selectors`` and ``text`` only are used: its judgement is code. ``sparse`` are
    the kinds of which only the ends are kept, ``hourly`` those of which the ends of each hour are,
    ``repeated`` those of which the ends of five minutes of a task are; ``file`` is where it was
    read, for messages.
    """

    file: str
    role: Role
    text: RuleText
    selectors: tuple[Selector, ...]
    samples: tuple[SampleSet, ...]
    sparse: frozenset[str] = frozenset()
    hourly: frozenset[str] = frozenset()
    repeated: frozenset[str] = frozenset()
    subjects: tuple[tuple[str, str], ...] = ()
    correlate: Correlate = Correlate()
    when: When = When()
    mended: tuple[Mended, ...] = ()
    reason: str = ""

    @property
    def id(self) -> str:
        """Return the pattern's name, which is that of its file."""
        return self.text.id

    @property
    def kinds(self) -> tuple[str, ...]:
        """Return what its events are called."""
        return tuple(selector.id for selector in self.selectors)


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """All patterns, ordered by id; ``version`` names their exact contents."""

    patterns: tuple[Pattern, ...]
    version: str

    @property
    def rules(self) -> tuple[Pattern, ...]:
        """Return the patterns that make findings by themselves."""
        return tuple(self._of_role(Role.FINDING))

    @property
    def noise(self) -> tuple[Pattern, ...]:
        """Return the patterns of lines that nobody has to care about."""
        return tuple(self._of_role(Role.NOISE))

    @property
    def checks(self) -> tuple[RuleText, ...]:
        """Return the texts of the checks."""
        return tuple(pattern.text for pattern in self._of_role(Role.CHECK))

    @property
    def texts(self) -> tuple[RuleText, ...]:
        """Return the texts of all that answers: patterns of findings and checks."""
        return (*(pattern.text for pattern in self.rules), *self.checks)

    @property
    def context(self) -> tuple[tuple[str, str], ...]:
        """Return (kind, title) of the selectors that set the scene."""
        return tuple(
            (kind, pattern.text.title)
            for pattern in self._of_role(Role.CONTEXT)
            for kind in pattern.kinds
        )

    @property
    def selectors(self) -> tuple[Selector, ...]:
        """Return every kind of line that somebody asks for."""
        return tuple(selector for pattern in self.patterns for selector in pattern.selectors)

    @property
    def keep(self) -> KeepPolicy:
        """Return which hits become rows of the event table."""
        return KeepPolicy(
            sparse=frozenset(kind for pattern in self.patterns for kind in pattern.sparse),
            noise=frozenset(kind for pattern in self.noise for kind in pattern.kinds),
            muted=frozenset(kind for pattern in self.rules for kind in pattern.kinds),
            hourly=frozenset(kind for pattern in self.patterns for kind in pattern.hourly),
            repeated=frozenset(kind for pattern in self.patterns for kind in pattern.repeated),
        )

    def get(self, name: str) -> Pattern:
        """Return the pattern `name`.

        Raises:
            KeyError: there is none.
        """
        for pattern in self.patterns:
            if pattern.id == name:
                return pattern
        raise KeyError(name)

    def text(self, name: str) -> RuleText:
        """Return the text of the rule `name`.

        Raises:
            KeyError: there is none.
        """
        return self.get(name).text

    def _of_role(self, role: Role) -> Iterator[Pattern]:
        return (pattern for pattern in self.patterns if pattern.role is role)
