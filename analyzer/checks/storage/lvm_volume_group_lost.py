"""A command of LVM found a wrong checksum over its metadata, and no volume group in it.

Two things write these lines: damage, and a host that reads while another one writes (sm before
2.46.2 did not try again). What `vgs` shows in the report tells them apart.
"""

from collections.abc import Iterator
from datetime import timedelta

from analyzer.case.case import Case, HostReport
from analyzer.checks.observation import LookedAt, Observation
from analyzer.checks.tools.finding import found, host_subject, near, quote_ends, times
from analyzer.model.event import Event
from analyzer.model.finding import Basis, Confidence, Evidence, Severity, Subject
from analyzer.model.rule import RuleText
from analyzer.model.sentence import Value
from analyzer.model.terms import VOLUME_GROUP

RULE = "lvm-volume-group-lost"
DAMAGED, LOST = f"{RULE}.damaged", f"{RULE}.lost"
_ONE_COMMAND = timedelta(minutes=1)
_SEVERITY = {"stays": Severity.CRITICAL}


def examine(case: Case, text: RuleText) -> Iterator[Observation]:
    """Yield a finding for each volume group that a host did not find so, and how it ended."""
    groups: dict[tuple[str, str], list[Event]] = {}
    damaged = case.events.of(DAMAGED)
    for event in case.events.of(LOST):
        if any(_of_one_command(event, other) for other in damaged):
            groups.setdefault((event.source.bundle, event.fields["group"]), []).append(event)
    reports = {report.bundle: report for report in case.hosts}
    for (bundle, group), lost in sorted(groups.items()):
        own = [event for event in damaged if any(_of_one_command(each, event) for each in lost)]
        finding_report = reports[bundle]
        finding_case, words, shown = _at_the_end(finding_report, group)
        values: dict[str, Value] = {
            "host": finding_report.name,
            "group": group,
            "there": words,
            **times(lost),
        }
        if finding_case != "passed":
            values["read"] = group
        lines = {event.source: event for event in (*own, *lost)}
        yield found(
            text,
            text.case(finding_case) if finding_case else (text.title, text.detail),
            basis=Basis.BOTH if finding_case == "stays" else Basis.SYMPTOM,
            confidence=Confidence.LIKELY if finding_case else Confidence.POSSIBLE,
            severity=_SEVERITY.get(finding_case),
            subjects=(
                Subject(type="SR", uuid=group.removeprefix(VOLUME_GROUP)),
                host_subject(finding_report),
            ),
            rows=[values],
            evidence=(*quote_ends(list(lines.values()), 4), *shown),
            events=lost,
        )
    yield LookedAt("vgs")


def _of_one_command(one: Event, other: Event) -> bool:
    process = (one.source.bundle, one.pid) == (other.source.bundle, other.pid)
    return process and near(one, other, _ONE_COMMAND)


def _at_the_end(report: HostReport, group: str) -> tuple[str, str, tuple[Evidence, ...]]:
    """Return the case by what `vgs` of the host shows, "" where it shows nothing; words; lines."""
    groups = report.vgs
    row = next((each for each in groups.groups if each.name == group), None) if groups else None
    if row is not None:
        line = Evidence(source=row.source, text=row.text)
        return "passed", "When the report was made vgs showed the group again.", (line,)
    if groups is None or not groups.complete or not groups.groups:
        return "", "", ()
    return "stays", "When the report was made vgs showed other groups, and not this one.", ()
