"""What may not happen to the verdicts of a sample that is damaged."""

import time
from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import TypeAlias

from analyzer.errors import InputError
from analyzer.judging import MAY_BE_CHANGED
from analyzer.model.finding import Finding, Outcome, Verdict
from analyzer.model.report import Report
from analyzer.render.words.status import exit_status
from analyzer.run import Options, analyze
from analyzer.sources import SOURCES
from tests.mutate.damage import Damage, Kind, damages
from tests.mutate.packed import SHAPES, Blow, blows, is_read, is_told, packed
from tests.mutate.payload import payload
from tests.world.recipes import RECIPES
from tests.world.sample import Recipe, Sample

Answers: TypeAlias = Mapping[str, Outcome]
GREEN = (Verdict.RULED_OUT, Verdict.NOT_APPLICABLE)
# Damaged in every form of archive, their bytes too: small ones, a healthy one, two hosts.
PACKED = (
    "cbt-heavy-healthy",
    "cbt-refused-nfs",
    "nbd-network-trouble",
    "nbd-no-network",
    "resize-failed",
    "snapshot-failed",
)
# A refused comparison, CBT that was turned off, a server that does not listen.
_FAMILIES = ("cbt-list-", "cbt-disabled-", "nbd-service-")
_SAME = {"nbd-address-configuration": "nbd-service-"}
# It tells what no other rule does.
_FOR_THE_REST = ("storage-call-refused",)
# What xen-bugtool may well not have collected, or under another name: a report so is whole.
_AS_COLLECTED = (Kind.REMOVED, Kind.EMPTIED, Kind.HEAD, Kind.CLOCK, Kind.END, Kind.SWAPPED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdicts:
    """What changed for the worse: rules found before and green now, and findings that are new.

    ``failed`` are rules that ended in an error of ours, ``silent`` says that the exit status is 0
    all the same. ``untold`` is a loss that nothing in the archive can tell; ``doubted`` tells of a
    new finding that says itself that its lines may have been changed.
    """

    lost: tuple[str, ...] = ()
    new: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()
    silent: tuple[str, ...] = ()
    untold: bool = False
    doubted: bool = False

    @property
    def good(self) -> bool:
        """Tell whether nothing got worse."""
        return self.untold or not (self.lost or self.new or self.failed or self.silent)


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """Verdicts, the seconds they took, and whether an archive that reads alike had them before."""

    verdicts: Verdicts
    seconds: float
    again: bool


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
    """Yield the damages of a sample; of most only what may lack of a report that is whole."""
    reports = _told(name).reports
    if name not in PACKED:
        lacking = (each for each in damages(reports) if each.kind in _AS_COLLECTED)
        for number, damage in enumerate(lacking):
            yield Damaged(sample=name, shape=SHAPES[number % len(SHAPES)], damage=damage)
        return
    for damage in damages(reports):
        for shape in SHAPES:
            yield Damaged(sample=name, shape=shape, damage=damage)
    for blow in blows(name, reports):
        yield Damaged(sample=name, shape=blow.shape, blow=blow)


class Judge:
    """Damages samples, and compares what is said of them with what is said of them whole.

    ``path`` is where the archives are written. What reads like an archive that was judged before
    has its verdicts.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._known: dict[tuple[object, ...], Verdicts] = {}
        self._whole: dict[tuple[str, str], Answers] = {}
        self._read_whole: dict[tuple[str, str], str] = {}
        self._packed: dict[tuple[str, str], bytes] = {}

    def __call__(self, damaged: Damaged) -> Judged:
        """Return what changed for the worse."""
        began = time.process_time()
        archive = self._archive(damaged)
        told = _is_told(damaged, archive)
        if damaged.blow is not None:
            archive = damaged.blow.strike(archive)
        self._path.write_bytes(archive)
        try:
            read = payload(self._path)
        except InputError:
            read = ""
        except Exception:  # noqa: BLE001 - the analysis will meet it too, and tell
            read = ""
        key = (damaged.sample, read, damaged.kind is Kind.HEAD, damaged.kind in _AS_COLLECTED, told)
        again = key in self._known and bool(read)
        if not again:
            self._known[key] = self._verdicts(damaged, read, told=told)
        took = time.process_time() - began
        return Judged(verdicts=self._known[key], seconds=took, again=again)

    def _archive(self, damaged: Damaged) -> bytes:
        """Return the archive that a blow is dealt to, or whose members are damaged."""
        if damaged.damage is not None:
            reports = deepcopy(_told(damaged.sample).reports)
            damaged.damage.inflict(reports)
            return packed(reports, damaged.shape)
        return self._packed_whole(damaged.sample, damaged.shape)

    def _packed_whole(self, sample: str, shape: str) -> bytes:
        if (sample, shape) not in self._packed:
            self._packed[sample, shape] = packed(_told(sample).reports, shape)
        return self._packed[sample, shape]

    def _verdicts(self, damaged: Damaged, read: str, *, told: bool) -> Verdicts:
        try:
            report = analyze([self._path], Options(jobs=1))
        except InputError:
            return Verdicts()
        except Exception as error:  # noqa: BLE001 - that there is none is what is judged
            return Verdicts(failed=(f"{type(error).__name__}: {error}",))
        before = self._whole_answers(damaged.sample, damaged.shape)
        verdicts = _compare(before, report, damaged.kind, told=told)
        harmless = (
            _has_another_form(damaged) or read == self._read_whole[damaged.sample, damaged.shape]
        )
        return replace(verdicts, silent=()) if harmless else verdicts

    def _whole_answers(self, sample: str, shape: str) -> Answers:
        if (sample, shape) not in self._whole:
            self._path.write_bytes(self._packed_whole(sample, shape))
            self._read_whole[sample, shape] = payload(self._path)
            self._whole[sample, shape] = _answers(analyze([self._path], Options(jobs=1)))
        return self._whole[sample, shape]


def _is_told(damaged: Damaged, archive: bytes) -> bool:
    if damaged.blow is not None:
        return is_told(damaged.blow, archive)
    path = damaged.damage.path if damaged.damage else ""
    if damaged.kind is Kind.HALVED and _half_is_of_whole_lines(damaged.sample, path):
        return False
    return not path or is_read(path)


def _half_is_of_whole_lines(sample: str, path: str) -> bool:
    """Tell whether half of an output looks like a shorter one: no sum tells, it was made anew."""
    own = [report for report in _told(sample).reports if path in report.paths()]
    contents = [report.content(path) for report in own]
    return any(content[: len(content) // 2].endswith(b"\n") for content in contents)


def _has_another_form(damaged: Damaged) -> bool:
    """Tell whether what a member holds stands in another one too, which is whole."""
    path = damaged.damage.path if damaged.damage else ""
    kind = next((each for each in SOURCES if path in each.paths), None)
    others = {each for report in _told(damaged.sample).reports for each in report.paths()}
    return kind is not None and len(others.intersection(kind.paths)) > 1


def _compare(before: Answers, report: Report, kind: Kind, *, told: bool) -> Verdicts:
    """Compare; a log that begins later tells less, and its verdicts say from when on they hold."""
    after = _answers(report)
    lost = () if kind is Kind.HEAD else _lost(before, after)
    failed = tuple(rule for rule, outcome in after.items() if outcome.verdict is Verdict.ERROR)
    whole = exit_status(report, None) == 0
    silent = ("exit status 0",) if whole and kind not in _AS_COLLECTED else ()
    found = _new(before, after)
    new = tuple(words for words, each in found if MAY_BE_CHANGED not in str(each.detail))
    return Verdicts(
        lost=lost,
        new=new,
        doubted=len(new) < len(found),
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


def _new(before: Answers, after: Answers) -> tuple[tuple[str, Finding], ...]:
    return tuple(
        (f"{rule} {finding.severity.value} {finding.confidence.value} {finding.title}", finding)
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


def _answers(report: Report) -> Answers:
    return {outcome.rule: outcome for outcome in report.outcomes}
