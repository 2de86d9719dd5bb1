"""A defect of an installed package that looks like an error of the user or of the storage (H-13).

An affected version alone is no finding: the symptom has to be in what was read, too.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from analyzer.case.case import Case, HostReport
from analyzer.checks.defects.defect_symptoms import Sighting, sightings
from analyzer.checks.defects.defects import Defect, load_defects
from analyzer.checks.observation import Observation
from analyzer.checks.tools.chain_facts import disk_subjects
from analyzer.checks.tools.finding import found, host_subject, quote, times
from analyzer.model.finding import Basis, Evidence, Finding, Gap
from analyzer.model.rpm import Package, parse_package
from analyzer.model.rule import RuleText

_MOST = 3


def examine(case: Case, text: RuleText) -> Iterator[Observation]:
    """Hold each defect's symptoms against the packages of the host that they were seen on."""
    reports = {report.bundle: report for report in case.hosts}
    for defect in load_defects():
        groups: dict[str, list[Sighting]] = {}
        for one in sightings(case, defect.symptom):
            if one.lines:
                groups.setdefault(one.lines[0].source.bundle, []).append(one)
        for bundle, seen in groups.items():
            report = reports.get(bundle)
            installed = _installed_packages(report, defect.package) if report else ()
            if report and any(defect.has(package.version) for _, package in installed):
                yield _finding_of_defect(case, text, defect, report, seen)
            elif report and not installed:
                yield _gap_of_defect(report, defect, seen)


def _installed_packages(report: HostReport, name: str) -> tuple[tuple[str, Package], ...]:
    """Return (line, package) of the packages of that name; more than one while updating."""
    lines = report.packages.names if report.packages else ()
    packages = ((line, parse_package(line)) for line in lines if line.startswith(f"{name}-"))
    return tuple((line, package) for line, package in packages if package and package.name == name)


def _finding_of_defect(
    case: Case, text: RuleText, defect: Defect, report: HostReport, seen: Sequence[Sighting]
) -> Finding:
    assert report.packages is not None
    (line, package), *_ = (
        pair for pair in _installed_packages(report, defect.package) if defect.has(pair[1].version)
    )
    events = [one.lines[0] for one in seen]
    values = {
        "title": defect.title,
        "package": defect.package,
        "installed": f"{package.name}-{package.version}",
        "fixed": defect.fixed,
        "looks": defect.looks_like,
        "why": defect.why,
        "host": report.name,
        **times(events),
    }
    quotes = [quote(event) for one in seen[:_MOST] for event in one.lines]
    disks = [
        subject
        for vdi, sr in dict.fromkeys((one.vdi, one.sr) for one in seen)
        if vdi
        for subject in disk_subjects(case, vdi, sr)
    ]
    subjects_of_symptoms = tuple(dict.fromkeys([host_subject(report), *disks]))
    finding = found(
        text,
        (text.title, text.detail),
        basis=Basis.BOTH,
        confidence=seen[0].confidence,
        subjects=subjects_of_symptoms,
        rows=[values],
        evidence=tuple(
            dict.fromkeys([*quotes, Evidence(source=report.packages.source, text=line)])
        ),
        events=events,
    )
    return replace(finding, references=(*text.references, *defect.references))


def _gap_of_defect(report: HostReport, defect: Defect, seen: Sequence[Sighting]) -> Gap:
    return Gap(
        need="packages",
        host=report.name,
        why=f"“{defect.title}” was seen on {report.name} ({seen[0].lines[0].source}), a known "
        f"defect of some versions of {defect.package}, and which version is installed was not read",
        settle_with=f"rpm -q {defect.package}",
    )
