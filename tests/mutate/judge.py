"""What may not happen to the verdicts of a sample that is damaged."""

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeAlias

from analyzer.model.finding import Finding, Outcome, Verdict
from analyzer.run import analyze
from tests.mutate.damage import Damage, Kind, Reports, damages
from tests.support.bundle import xencenter_zip
from tests.world.recipes import RECIPES
from tests.world.sample import Recipe, Sample

Answers: TypeAlias = Mapping[str, Outcome]
GREEN = (Verdict.RULED_OUT, Verdict.NOT_APPLICABLE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdicts:
    """What changed for the worse: rules found before and green now, and findings that are new.

    ``failed`` are rules that ended in an error of ours.
    """

    lost: tuple[str, ...] = ()
    new: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()

    @property
    def good(self) -> bool:
        """Tell whether nothing got worse."""
        return not (self.lost or self.new or self.failed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Damaged:
    """A damage of a sample, by name."""

    sample: str
    damage: Damage
    where: str = field(init=False, default="")

    def __post_init__(self) -> None:
        object.__setattr__(self, "where", f"{self.sample}: {self.damage.where}")


def all_damages() -> tuple[Damaged, ...]:
    """Return every damage of every sample, in a fixed order."""
    return tuple(
        Damaged(sample=recipe.name, damage=damage)
        for recipe in RECIPES
        for damage in damages(_told(recipe.name).reports)
    )


def judge(damaged: Damaged) -> Verdicts:
    """Damage a sample and compare what is said of it with what is said of it whole."""
    sample = _told(damaged.sample)
    reports = deepcopy(sample.reports)
    damaged.damage.inflict(reports)
    return _compare(_whole(damaged.sample), _answers(reports), damaged.damage.kind)


def _compare(before: Answers, after: Answers, kind: Kind) -> Verdicts:
    """Compare; a log that begins later tells less, and its verdicts say from when on they hold."""
    lost = () if kind is Kind.HEAD else _lost(before, after)
    failed = (rule for rule, outcome in after.items() if outcome.verdict is Verdict.ERROR)
    return Verdicts(lost=lost, new=_new(before, after), failed=tuple(failed))


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
            if _family(known.rule) == _family(rule)
        )
    )


def _family(rule: str) -> str:
    """Return what a rule is one of: a refused comparison has another reason when less is read."""
    return "cbt-list" if rule.startswith("cbt-list-") else rule


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
def _whole(name: str) -> Answers:
    return _answers(_told(name).reports)


def _answers(reports: Reports) -> Answers:
    with TemporaryDirectory() as folder:
        if len(reports) == 1:
            path = reports[0].write_tar(Path(folder) / "r.tar", compression=None)
        else:
            path = xencenter_zip(Path(folder) / "r.zip", reports)
        return {outcome.rule: outcome for outcome in analyze([path]).outcomes}
