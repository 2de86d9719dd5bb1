"""What part of a system could not be checked, in the words of those who run it."""

from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType

from analyzer.model.finding import Verdict
from analyzer.model.report import Report

STORAGE = "storage and hosts"
_OWN = "this report"
_AREAS: Mapping[str, str] = MappingProxyType({"cbt": "CBT", "nbd": "NBD", "cbtriage": _OWN})
UNTOLD = (Verdict.CANNOT_TELL, Verdict.ERROR)


def area_of(rule: str) -> str:
    """Return what a rule looks at.

    >>> area_of("cbt-log-missing"), area_of("multipath-path-failed")
    ('CBT', 'storage and hosts')
    """
    return _AREAS.get(rule.partition("-")[0], STORAGE)


def unchecked(report: Report, rules: Collection[str]) -> str:
    """Return what some rules that could not tell leave open: "all of CBT, part of NBD"."""
    whole: list[str] = []
    parts: list[str] = []
    asked = [o for o in report.outcomes if o.verdict is not Verdict.NOT_APPLICABLE]
    for area in (*_AREAS.values(), STORAGE):
        own = [o for o in asked if area_of(o.rule) == area and not o.by_nature]
        missed = [o for o in own if o.rule in rules]
        if missed:
            silent = all(o.verdict in UNTOLD for o in missed) and len(missed) == len(own)
            (whole if silent and area != _OWN else parts).append(area)
    told = (("all of", whole), ("part of", parts))
    return ", ".join(f"{how} {_listed(areas)}" for how, areas in told if areas)


def _listed(areas: Sequence[str]) -> str:
    if areas[-1] == STORAGE:
        return ", ".join(areas)
    return " and ".join(filter(None, (", ".join(areas[:-1]), areas[-1])))
