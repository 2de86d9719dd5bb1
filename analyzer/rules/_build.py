"""A valid pattern file becomes a `Pattern`."""

import re
from datetime import timedelta

from analyzer.model.finding import Advice, Confidence, Severity
from analyzer.model.goal import Goal, StepKind
from analyzer.model.host import Role as HostRole
from analyzer.model.rpm import parse_version
from analyzer.model.rule import RuleText
from analyzer.parsers._api import Selector
from analyzer.rules._format import (
    Alternative,
    CheckFile,
    ContextFile,
    FindingFile,
    NoiseFile,
    PatternFile,
    StateFile,
    StepEntry,
    VersionsEntry,
    WhenEntry,
)
from analyzer.rules.pattern import (
    CbtUse,
    Correlate,
    Correlation,
    Mended,
    Pattern,
    Role,
    SampleSet,
    Versions,
    When,
)

_ENDS, _HOURLY, _REPEATED = "first-and-last", "ends-of-each-hour", "ends-of-five-minutes"
_GOALS = {goal.name.lower().replace("_", "-"): goal for goal in Goal}
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def built(name: str, file: PatternFile) -> Pattern:
    """Make the pattern of a file that was found valid; ``name`` is where it was read."""
    if isinstance(file, CheckFile):
        return _check_of_file(name, file)
    entries = tuple(
        (_selector_of_entry(file.id, entry, place, len(file.select) == 1), entry)
        for place, entry in enumerate(file.select, 1)
    )
    selectors = tuple(selector for selector, _ in entries)
    always = isinstance(file, NoiseFile)
    samples = SampleSet(
        selectors=selectors,
        hit=file.samples.hit,
        miss=file.samples.miss,
        cannot_tell=file.samples.cannot_tell,
    )
    return Pattern(
        file=name,
        role=Role(file.role),
        text=_text_of_file(file),
        selectors=selectors,
        samples=(samples,),
        sparse=frozenset(
            selector.id for selector, entry in entries if always or entry.keep == _ENDS
        ),
        hourly=frozenset(selector.id for selector, entry in entries if entry.keep == _HOURLY),
        repeated=frozenset(selector.id for selector, entry in entries if entry.keep == _REPEATED),
        subjects=tuple(file.subjects.items()) if isinstance(file, FindingFile) else (),
        correlate=_correlate_of_file(file) if isinstance(file, FindingFile) else Correlate(),
        when=_when_installed(file.when) if isinstance(file, FindingFile) else When(),
        mended=tuple(
            Mended(package=each.package, version=parse_version(each.version), vendor=each.vendor)
            for each in file.mended
        )
        if isinstance(file, FindingFile)
        else (),
        reason=file.reason if isinstance(file, NoiseFile) else "",
    )


def _when_installed(entry: WhenEntry) -> When:
    package, release = entry.package, entry.release
    return When(
        role=HostRole(entry.role) if entry.role else None,
        sr_types=entry.sr_type,
        release=_versions_of_entry("", release) if release else None,
        package=_versions_of_entry(package.name, package) if package else None,
        cbt=CbtUse(entry.cbt) if entry.cbt else None,
    )


def _versions_of_entry(package: str, entry: VersionsEntry) -> Versions:
    return Versions(
        package=package,
        start=parse_version(entry.start) if entry.start else None,
        end=parse_version(entry.before) if entry.before else None,
    )


def _check_of_file(name: str, file: CheckFile) -> Pattern:
    selectors = {
        key: Selector(
            id=f"{file.id}.{key}",
            parser=entry.parser,
            message=entry.message,
            process=entry.process,
            only_with=entry.only_with,
        )
        for key, entry in file.select.items()
    }
    return Pattern(
        file=name,
        role=Role.CHECK,
        text=_text_of_file(file),
        selectors=tuple(selectors.values()),
        samples=tuple(
            SampleSet(selectors=(selectors[key],), hit=entry.samples.hit, miss=entry.samples.miss)
            for key, entry in file.select.items()
        ),
        sparse=frozenset(
            selectors[key].id for key, entry in file.select.items() if entry.keep == _ENDS
        ),
        hourly=frozenset(
            selectors[key].id for key, entry in file.select.items() if entry.keep == _HOURLY
        ),
        repeated=frozenset(
            selectors[key].id for key, entry in file.select.items() if entry.keep == _REPEATED
        ),
    )


def _selector_of_entry(rule: str, entry: Alternative, place: int, only: bool) -> Selector:
    name = entry.name or ("" if only else str(place))
    return Selector(
        id=f"{rule}.{name}" if name else rule,
        parser=entry.parser,
        message=entry.message,
        process=entry.process,
        only_with=entry.only_with,
    )


def _text_of_file(file: PatternFile) -> RuleText:
    """Return the prose; what only findings have is empty for others, and of the least weight."""
    if isinstance(file, NoiseFile | ContextFile | StateFile):
        return RuleText(
            id=file.id,
            title=file.title,
            severity=Severity.INFO,
            confidence=Confidence.CERTAIN,
            detail="",
            action=(),
            wrong_if="",
            references=file.references,
            needs=(),
            area=file.area,
            status=file.status,
        )
    cases = file.cases if isinstance(file, CheckFile) else {}
    return RuleText(
        id=file.id,
        title=file.title,
        severity=Severity(file.severity),
        confidence=Confidence(file.confidence),
        detail=file.detail,
        action=tuple(_step_of_entry(entry) for entry in file.action),
        wrong_if=file.wrong_if,
        references=file.references,
        needs=file.needs,
        cases=tuple((name, case.title, case.detail) for name, case in cases.items()),
        area=file.area,
        status=file.status,
        goals=tuple(_GOALS[name] for name in file.goals),
        called=file.called,
        unseen=file.unseen if isinstance(file, CheckFile) else "",
    )


def _step_of_entry(entry: StepEntry) -> Advice:
    return Advice(
        step=entry.step,
        risk=entry.risk,
        kind=StepKind(entry.kind),
        lost=entry.lost or "",
        precondition=entry.precondition or "",
        answered_by=entry.answered_by or "",
    )


def _correlate_of_file(file: FindingFile) -> Correlate:
    entry = file.correlate
    default = tuple(dict.fromkeys(file.subjects.values())) or ("host",)
    match = re.fullmatch(r"(\d+)([smhd])", entry.timespan)
    assert match is not None  # the model has seen to it
    return Correlate(
        type=Correlation(entry.type),
        group_by=entry.group_by or default,
        timespan=timedelta(**{_UNITS[match[2]]: int(match[1])}),
        gte=entry.gte,
        ties=entry.ties,
    )
