"""What may not happen to the verdicts of a sample that is damaged."""

from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeAlias

from analyzer.errors import InputError
from analyzer.model.finding import Finding, Outcome, Verdict
from analyzer.model.report import Report
from analyzer.render.words.status import exit_status
from analyzer.run import Options, analyze
from tests.mutate.damage import Damage, Kind, damages
from tests.mutate.packed import SHAPES, Blow, blows, is_read, is_told, packed
from tests.world.recipes import RECIPES
from tests.world.sample import Recipe, Sample

Answers: TypeAlias = Mapping[str, Outcome]
GREEN = (Verdict.RULED_OUT, Verdict.NOT_APPLICABLE)
# A refused comparison, CBT that was turned off, a server that does not listen.
_FAMILIES = ("cbt-list-", "cbt-disabled-", "nbd-service-")
_SAME = {"nbd-address-configuration": "nbd-service-"}
# It tells what no other rule does.
_FOR_THE_REST = ("storage-call-refused",)
# What xen-bugtool may well not have collected: a report without it is whole.
_AS_COLLECTED = (Kind.REMOVED, Kind.EMPTIED, Kind.HEAD, Kind.CLOCK, Kind.END)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdicts:
    """What changed for the worse: rules found before and green now, and findings that are new.

    ``failed`` are rules that ended in an error of ours, ``silent`` says that the exit status is 0
    all the same. ``untold`` is a loss that nothing in the archive can tell.
    """

    lost: tuple[str, ...] = ()
    new: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()
    silent: tuple[str, ...] = ()
    untold: bool = False

    @property
    def good(self) -> bool:
        """Tell whether nothing got worse."""
        return self.untold or not (self.lost or self.new or self.failed or self.silent)


@dataclass(frozen=True, slots=True, kw_only=True)
class Damaged:
    """A damage of a sample, or of the archive that it comes in; ``shape`` is how it is packed."""

    sample: str
    shape: str
    damage: Damage | None = None
    blow: Blow | None = None

    @property
    def kind(self) -> Kind:
        """Return the sort of damage."""
        return self._done.kind

    @property
    def where(self) -> str:
        """Return what is printed of it."""
        return f"{self.sample}: {self.shape} {self._done.where}"

    @property
    def _done(self) -> Damage | Blow:
        done = self.damage or self.blow
        assert done is not None
        return done


def all_damages(sample: str = "") -> tuple[Damaged, ...]:
    """Return every damage of every sample, or of one, in a fixed order."""
    names = [recipe.name for recipe in RECIPES if sample in ("", recipe.name)]
    return tuple(damaged for name in names for damaged in _damages_of(name))


def _damages_of(name: str) -> Iterator[Damaged]:
    """Yield the damages of a sample; what its members suffer, in one form of archive in turn."""
    reports = _told(name).reports
    for number, damage in enumerate(damages(reports)):
        yield Damaged(sample=name, shape=SHAPES[number % len(SHAPES)], damage=damage)
    for blow in blows(name, reports):
        yield Damaged(sample=name, shape=blow.shape, blow=blow)


def judge(damaged: Damaged) -> Verdicts:
    """Damage a sample and compare what is said of it with what is said of it whole."""
    reports = _told(damaged.sample).reports
    if damaged.damage is not None:
        reports = deepcopy(reports)
        damaged.damage.inflict(reports)
    archive = packed(reports, damaged.shape)
    told = _is_told(damaged, archive)
    if damaged.blow is not None:
        archive = damaged.blow.strike(archive)
    try:
        report = _report(archive)
    except InputError:
        return Verdicts()
    except Exception as error:  # noqa: BLE001 - that there is none is what is judged
        return Verdicts(failed=(f"{type(error).__name__}: {error}",))
    before = _whole(damaged.sample, damaged.shape)
    return _compare(before, report, damaged.kind, told=told)


def _is_told(damaged: Damaged, archive: bytes) -> bool:
    if damaged.blow is not None:
        return is_told(damaged.blow, archive)
    path = damaged.damage.path if damaged.damage else ""
    return not path or is_read(path)


def _compare(before: Answers, report: Report, kind: Kind, *, told: bool) -> Verdicts:
    """Compare; a log that begins later tells less, and its verdicts say from when on they hold."""
    after = _answers(report)
    lost = () if kind is Kind.HEAD else _lost(before, after)
    failed = tuple(rule for rule, outcome in after.items() if outcome.verdict is Verdict.ERROR)
    whole = exit_status(report) == 0
    silent = ("exit status 0",) if whole and kind not in _AS_COLLECTED else ()
    new = _new(before, after)
    return Verdicts(
        lost=lost,
        new=new,
        failed=failed,
        silent=silent,
        untold=not told and bool(lost or silent) and not (new or failed),
    )


def _lost(before: Answers, after: Answers) -> tuple[str, ...]:
    return tuple(
        f"{rule}: {outcome.verdict.value}"
        for rule, outcome in after.items()
        if before[rule].verdict is Verdict.FOUND and outcome.verdict in GREEN
    )


def _new(before: Answers, after: Answers) -> tuple[str, ...]:
    return tuple(
        f"{rule} {finding.severity.value} {finding.confidence.value} {finding.title}"
        for rule, outcome in after.items()
        for finding in outcome.findings
        if not any(
            _same(finding, known)
            for known in (each for one in before.values() for each in one.findings)
            if _family(known.rule) == _family(rule) or rule in _FOR_THE_REST
        )
    )


def _family(rule: str) -> str:
    """Return what a rule is one of: what is told of a thing has another reason when less is read."""
    return next((first for first in _FAMILIES if rule.startswith(first)), _SAME.get(rule, rule))


def _same(one: Finding, other: Finding) -> bool:
    """Tell whether two findings are of one thing: of a subject, or by a line."""
    subjects = {s.uuid for s in one.subjects} & {s.uuid for s in other.subjects}
    lines = {e.text for e in one.evidence} & {e.text for e in other.evidence}
    return bool(subjects or lines)


@cache
def _told(name: str) -> Sample:
    return _recipe(name).tell()


def _recipe(name: str) -> Recipe:
    return next(recipe for recipe in RECIPES if recipe.name == name)


@cache
def _whole(name: str, shape: str) -> Answers:
    return _answers(_report(packed(_told(name).reports, shape)))


def _answers(report: Report) -> Answers:
    return {outcome.rule: outcome for outcome in report.outcomes}


def _report(archive: bytes) -> Report:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "report"
        path.write_bytes(archive)
        return analyze([path], Options(jobs=1))
