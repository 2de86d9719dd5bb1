"""What became of the troubles of an older report, by a newer one of the same pool.

A trouble is *fixed* only where the newer report proves it: it saw the time after the trouble and
rules the trouble out there, or it finds the object well. That nothing is said of it any more is
no proof: logs rotate away, and what nobody does any more does not fail. Then it is *lost sight of*.
"""

from collections.abc import Iterator, Mapping
from dataclasses import field, replace
from datetime import datetime
from enum import StrEnum

from analyzer.desk.document import Document, captured, findings_of, instant, rows
from analyzer.desk.objects_since import objects_gone, well_disk, why_not_tried
from analyzer.desk.steps_taken import Taken, steps_taken
from analyzer.errors import UsageError
from analyzer.model.finding import Severity
from analyzer.values import dataclass


class Fate(StrEnum):
    """What a newer report says of a trouble; the order is that of reading."""

    NEW = "new"
    STILL = "still"
    LOST = "lost sight of"
    FIXED = "fixed"
    PAST = "over already"

    @property
    def is_open(self) -> bool:
        """Tell whether it may go on."""
        return self in (Fate.NEW, Fate.STILL, Fate.LOST)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One trouble; ``since`` is when it began, as far as either report knows.

    ``objects`` are the names of what it is about. ``why`` is what the fate rests on, ``id`` that of
    the finding (or group of errors) in the report where it is told last, and ``quoted`` the line
    that shows it there: bundle, member, line and text.
    """

    fate: Fate
    rule: str
    title: str
    objects: tuple[str, ...]
    severity: str
    id: str
    fingerprint: str
    since: datetime | None
    why: str
    quoted: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Two reports compared: when each was made (UTC), their troubles, and what was done since."""

    older: datetime | None
    newer: datetime | None
    changes: tuple[Change, ...]
    steps: tuple[Taken, ...]

    def of(self, *fates: Fate) -> tuple[Change, ...]:
        """Return the changes of some fates."""
        return tuple(change for change in self.changes if change.fate in fates)


def difference(old: Document, new: Document) -> Difference:
    """Compare two reports, the older first.

    Raises:
        UsageError: they have no pool, host or SR in common, stand in the wrong order, or one is
            not as cbtriage writes it.
    """
    try:
        if not _identities_in(old) & _identities_in(new):
            raise UsageError(
                "these two reports have no pool, host or SR in common: compare reports of one pool"
            )
        first, second = captured(old), captured(new)
        if first and second and second < first:
            check_msg = (
                f"the second report was made before the first ({second:%Y-%m-%d %H:%M} and "
                f"{first:%Y-%m-%d %H:%M} UTC): give the older one first"
            )
            raise UsageError(check_msg)
        before, after = _by_trouble(old), _by_trouble(new)
        changes = [*_of_findings(old, new, before, after), *_of_errors(old, new)]
        return Difference(
            older=captured(old),
            newer=captured(new),
            changes=tuple(sorted(changes, key=_worst_first)),
            steps=steps_taken(old, new),
        )
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        msg = (
            f"one of the two reports is not as cbtriage writes it "
            f"({type(error).__name__}: {error}); analyze its bundle again and give that report"
        )
        raise UsageError(msg) from error


def _worst_first(change: Change) -> tuple[int, int, str, str]:
    rank = Severity(change.severity).rank if change.severity in set(Severity) else 0
    return list(Fate).index(change.fate), rank, change.title, change.id


def _identities_in(document: Document) -> set[str]:
    known = {row.get("uuid") for key in ("pools", "hosts") for row in rows(document, key)}
    known |= {row["sr"]["uuid"] for row in rows(document, "disks") if row.get("sr")}
    return {str(uuid) for uuid in known if uuid}


_Trouble = tuple[str, tuple[tuple[str, str], ...]]
_Findings = dict[_Trouble, list[Document]]


def _by_trouble(document: Document) -> _Findings:
    """Return findings by rule and objects.

    That is the fingerprint without the objects' state: CBT turned off and on again in between is
    told in words, not as one trouble fixed and another one new.
    """
    found: _Findings = {}
    for finding in findings_of(document):
        subjects = sorted((str(s["type"]).lower(), str(s["uuid"])) for s in finding["subjects"])
        found.setdefault((str(finding["rule"]), tuple(subjects)), []).append(finding)
    return found


def _of_findings(
    old: Document, new: Document, before: _Findings, after: _Findings
) -> Iterator[Change]:
    by_main = {
        (rule, main): trouble
        for trouble in after
        for rule, main in [_rule_and_object(after[trouble])]
    }
    met: set[_Trouble] = set()
    for trouble, earlier in before.items():
        same = trouble if trouble in after else by_main.get(_rule_and_object(earlier))
        if same is None or (same != trouble and same in before):
            yield _change_of_gone(earlier[-1], old, new)
        else:
            met.add(same)
            yield _change_of_both(earlier[-1], after[same][-1], old, new)
    for trouble, later in after.items():
        if trouble not in met:
            yield _change_of_appeared(later[-1], old)


def _change_of_appeared(finding: Document, old: Document) -> Change:
    """Judge a trouble that only the newer report tells of."""
    since, then = instant(finding, "first_seen", end="latest"), captured(old)
    if since and then and since <= then:
        outcome = next(
            (row for row in rows(old, "outcomes") if row["rule"] == finding["rule"]), None
        )
        told = f"it began before the older report was made, which {_silence_in_words(outcome)}"
    else:
        told = "the older report was made before it" if since else "the older report has it not"
    fate = Fate.PAST if finding.get("state") == "over" else Fate.NEW
    return _change_of_finding(finding, fate, told)


def _rule_and_object(findings: list[Document]) -> tuple[str, str]:
    """Return rule and first object: what a trouble is of, whatever else it names by then."""
    first = next(iter(rows(findings[-1], "subjects")), {})
    return str(findings[-1]["rule"]), str(first.get("uuid", ""))


def _change_of_finding(finding: Document, fate: Fate, why: str) -> Change:
    evidence = rows(finding, "evidence")
    shows = [quoted for quoted in evidence if quoted.get("role") == "shows"] or list(evidence)
    keys = ("bundle", "member", "line", "offset", "text")
    return Change(
        fate=fate,
        rule=str(finding["rule"]),
        title=str(finding["title"]),
        objects=tuple(str(s.get("name") or s["uuid"]) for s in rows(finding, "subjects")),
        severity=str(finding["severity"]),
        id=str(finding["id"]),
        fingerprint=str(finding.get("fingerprint", "")),
        since=instant(finding, "first_seen", end="earliest"),
        why=why,
        quoted={key: shows[0][key] for key in keys if key in shows[0]} if shows else {},
    )


def _change_of_both(earlier: Document, later: Document, old: Document, new: Document) -> Change:
    """Judge a trouble that both reports tell of."""
    if gone := objects_gone(earlier, old, new):
        return _since_the_older(_change_of_finding(later, Fate.LOST, gone), earlier)
    if later.get("state") == "over":
        over = instant(later, "over_since")
        told = (
            f"over since {_utc_in_words(over)}" if over else "over at the end of the newer report"
        )
        told += f": {later['state_why']}" if later.get("state_why") else ""
        fate = Fate.PAST if earlier.get("state") == "over" else Fate.FIXED
        return _since_the_older(_change_of_finding(later, fate, told), earlier)
    last, then = instant(later, "last_seen"), captured(old)
    fate = Fate.STILL
    if last and then and last > then:
        told = f"seen again, last {_utc_in_words(last)}"
    elif later.get("state") == "now":
        told = "so it is at the end of the newer report"
    elif last:
        fate = Fate.LOST
        told = f"not seen again after {_utc_in_words(last)}, and nothing shows that it is over"
    else:
        told = "the newer report shows it as the older one did"
    if earlier.get("fingerprint") != later.get("fingerprint"):
        told += "; the state of its object changed in the database"
    return _since_the_older(_change_of_finding(later, fate, told), earlier)


def _since_the_older(change: Change, earlier: Document) -> Change:
    """Date a trouble from the report that reaches further back."""
    begins = [t for t in (change.since, instant(earlier, "first_seen", end="earliest")) if t]
    return replace(change, since=min(begins, default=None))


def _change_of_gone(finding: Document, old: Document, new: Document) -> Change:
    """Judge a trouble that the newer report does not tell of."""
    seen = instant(finding, "last_seen") or captured(old)
    outcome = next((row for row in rows(new, "outcomes") if row["rule"] == finding["rule"]), None)
    if outcome is None:
        return _change_of_finding(finding, Fate.LOST, "the newer report was made without this rule")
    if gone := objects_gone(finding, old, new):
        return _change_of_finding(finding, Fate.LOST, gone)
    verdict = outcome["verdict"]
    if verdict in ("cannot-tell", "error", "not-applicable"):
        return _change_of_finding(finding, Fate.LOST, f"{_VERDICTS[verdict]}: {outcome['reason']}")
    window = outcome.get("window")
    end = instant(window, "to", end="earliest") if window else captured(new)
    if verdict == "ruled-out" and end and seen and end > seen:
        return _ruled_out(finding, outcome, seen, end, old, new)
    if verdict == "found" and (well := well_disk(finding, new, seen)):
        return _change_of_finding(finding, Fate.FIXED, well)
    if verdict == "found":
        told = "the newer report finds it on other objects only, which proves nothing of this one"
    else:
        told = f"what the newer report rules out ends {_utc_in_words(end)}, not after the trouble"
    return _change_of_finding(finding, Fate.LOST, told)


_VERDICTS = {
    "cannot-tell": "the newer report cannot tell",
    "error": "the rule failed on the newer report",
    "not-applicable": "it had no meaning any more in the newer report",
}


def _ruled_out(  # noqa: PLR0917 - what a proof needs
    finding: Document,
    outcome: Document,
    seen: datetime,
    end: datetime,
    old: Document,
    new: Document,
) -> Change:
    window = outcome.get("window")
    begin = instant(window, "from") if window else None
    start = max(seen, begin) if begin else seen
    told = f"ruled out from {_utc_in_words(start)} to {_utc_in_words(end)}"
    if not window:
        return _change_of_finding(
            finding, Fate.FIXED, f"ruled out by the state of {_utc_in_words(end)}"
        )
    holes = len(outcome.get("holes") or ())
    if finding.get("basis") != "state" and (idle := why_not_tried(finding, old, new, start)):
        return _change_of_finding(
            finding, Fate.LOST, f"{told}, but {idle}: what is not tried cannot fail"
        )
    if holes:
        told += f", but {holes} stretch{'es' * (holes > 1)} of it could not be read"
        return _change_of_finding(finding, Fate.LOST, told)
    return _change_of_finding(finding, Fate.FIXED, told)


def _silence_in_words(outcome: Document | None) -> str:
    match outcome and outcome["verdict"]:
        case None:
            return "was made without this rule"
        case "cannot-tell":
            return "could not tell"
        case "found":
            return "found the same on other objects only"
        case verdict:
            return f"had it as {verdict}"


def _of_errors(old: Document, new: Document) -> Iterator[Change]:
    """Yield errors that no rule explains: nothing shows that those are over."""
    then = {row["id"]: row for row in rows(old, "unexplained")}
    now = {row["id"]: row for row in rows(new, "unexplained")}
    for name in sorted(then.keys() | now.keys()):
        row = now.get(name) or then[name]
        if name not in then:
            fate, told = Fate.NEW, "no rule explains it, and the older report has it not"
        elif name in now:
            fate, told = Fate.STILL, "no rule explains it"
        else:
            fate, told = Fate.LOST, "the newer report has no such line; no rule explains the older"
        since = [t for side in (then, now) if (t := instant(side.get(name, {}), "first_seen"))]
        shown = _change_of_finding({**row, "rule": "", "fingerprint": name}, fate, told)
        yield Change(
            fate=fate,
            rule="",
            title=shown.title,
            objects=shown.objects,
            severity=shown.severity,
            id=name,
            fingerprint=name,
            since=min(since, default=None),
            why=told,
            quoted=shown.quoted,
        )


def _utc_in_words(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S} UTC" if at else "at a time that is not known"
