"""A tapdisk, or xapi-nbd, ran out of file descriptors, because ended connections kept theirs.

The NBD server in tapdisk leaked a descriptor per connection in several ways (xapi-project/blktap
CA-391882, CA-397082, CA-401174). The version alone is no finding: the process has to have run
out, or to be close to it.
"""

from collections.abc import Iterator, Sequence

from analyzer.case.case import Case, HostReport
from analyzer.case.world import by_host
from analyzer.checks.observation import LookedAt, Observation
from analyzer.checks.tools.finding import found, host_subject, listed, quote_ends, times
from analyzer.model.event import Event
from analyzer.model.finding import Basis, Confidence, Finding, Severity
from analyzer.model.rpm import compare, parse_package, parse_version
from analyzer.model.rule import RuleText

RULE = "nbd-descriptor-leak"
EXHAUSTED, HIGH, SERVER = f"{RULE}.exhausted", f"{RULE}.high", f"{RULE}.server"
_PACKAGE = "blktap"
_FIXED = parse_version("3.55.2")


def examine(case: Case, text: RuleText) -> Iterator[Observation]:
    """Judge each host by what could not be opened, and by how high descriptors were numbered."""
    events = case.events.of(EXHAUSTED, HIGH, SERVER)
    for reports in by_host(case.hosts):
        bundles = {report.bundle for report in reports}
        own = [event for event in events if event.source.bundle in bundles]
        of = {kind: [e for e in own if e.kind == kind] for kind in (EXHAUSTED, HIGH, SERVER)}
        if of[EXHAUSTED]:
            yield _finding_of_leak(text, reports[-1], of[EXHAUSTED], "")
        elif of[HIGH]:
            yield _finding_of_leak(text, reports[-1], of[HIGH], "growing")
        if of[SERVER]:
            yield _finding_of_leak(text, reports[-1], of[SERVER], "server")
    yield LookedAt("packages")


def _finding_of_leak(
    text: RuleText, report: HostReport, events: Sequence[Event], kind: str
) -> Finding:
    version, older = _installed_blktap(report)
    pids = list(dict.fromkeys(str(event.pid) for event in events if event.pid is not None))
    values = {
        "host": report.name,
        "pids": listed(pids) or "(not named)",
        "version": version if kind != "server" else "",
        "highest": str(max((int(e.fields.get("fd", "0")) for e in events), default=0)),
        "server" if kind == "server" else "tapdisk": report.name,
        **times(events),
    }
    rows = [{**values, "pid": pid} for pid in pids]
    if kind == "growing":
        how_sure: Confidence = Confidence.POSSIBLE
    else:
        how_sure = Confidence.CERTAIN if older or kind == "server" else Confidence.LIKELY
    return found(
        text,
        text.case(kind) if kind else (text.title, text.detail),
        basis=Basis.BOTH if older and not kind else Basis.SYMPTOM,
        confidence=how_sure,
        subjects=(host_subject(report),),
        rows=[*rows, values],
        evidence=quote_ends(events),
        events=events,
        severity=Severity.WARNING if kind == "growing" else None,
    )


def _installed_blktap(report: HostReport) -> tuple[str, bool]:
    """Say which blktap is installed, and tell whether it is one with the leaks."""
    for name in report.packages.names if report.packages else ():
        package = parse_package(name)
        if package is not None and package.name == _PACKAGE:
            older = compare(package.version, _FIXED) < 0
            what = "is older than the one that closed them all" if older else "has all known fixes"
            return f"{_PACKAGE} {package.version} is installed, which {what}.", older
    return "Which blktap is installed was not read.", False
