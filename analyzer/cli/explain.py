"""``cbtriage explain``: how a rule came to its answer, or what was made of a line."""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from analyzer.cli._case import AsJson, Quiet, Reading, answers_json
from analyzer.cli._names import near_names, none_fits, several_fit
from analyzer.cli._timeline_asked import hosts_asked
from analyzer.cli.analyze import DAMAGED, FINDINGS
from analyzer.cli.options import HowToRead, Paths, Tz, told_how_to_read
from analyzer.cli.output import say
from analyzer.errors import UsageError

if TYPE_CHECKING:
    from analyzer.model.explained import LineExplained
    from analyzer.model.report import Report
    from analyzer.render.words.zone import Zone

_LINE = re.compile(r"(?P<member>.+):(?P<line>[0-9]{1,12})")
_FINDING = re.compile(r"F-.+|[0-9a-f]{4,16}")
_MOST_LISTED = 20


@told_how_to_read
def explain_command(
    what: Annotated[
        str,
        typer.Argument(
            metavar="RULE|FINDING|MEMBER:LINE",
            help=(
                "A rule, as `rules list` names it; the id or fingerprint of a finding, or its "
                "beginning; or a line such as var/log/SMlog:1204."
            ),
            show_default=False,
        ),
    ],
    paths: Paths,
    *,
    host: Annotated[
        str | None, typer.Option(metavar="HOST", help="Whose line, if several hosts have it.")
    ] = None,
    as_json: AsJson = False,
    tz: Tz = "UTC",
    quiet: Quiet = False,
    how: HowToRead,
) -> None:
    """Explain a rule's answer, fired or not, a finding, or what was made of one line.

    Of a rule: each source that it needs, host by host; each kind of line with how often and where
    first; what came near and what it lacked. Of a line: who read it, when it was and how that is
    known, who asks for it, what rests on it. The line is read from the archive again.

    Examples: cbtriage explain cbt-log-missing status-report.tar.bz2 ·
    cbtriage explain F-cbt-log-missing-7c1e status-report.tar.bz2 ·
    cbtriage explain SMlog:1204 status-report.tar.bz2

    Exit status: 0 no finding, 1 the rule found something, or some finding rests on the line,
    2 no such rule, finding or line, 3 no readable input, 4 the rule could not tell, or the input
    was damaged.
    """
    from analyzer.model.pages import RULE
    from analyzer.render.words.zone import zone_named

    zone = zone_named(tz)
    place = _LINE.fullmatch(what)
    if place and Path("-") in paths:
        raise UsageError("explain MEMBER:LINE reads its bundle twice: give a file instead of -")
    reading = Reading(paths, quiet=quiet, how=how)
    if not place and reading.stored(RULE, what) is not None:  # then nothing else is loaded
        raise typer.Exit(_print_rule(reading, what, zone, as_json=as_json))
    if place:
        line = _line_of_reading(reading, place, host)
        _print_line(line, reading, zone, as_json=as_json)
        raise typer.Exit(_status_of_line(line, damaged=reading.damaged))
    if not _FINDING.fullmatch(what):
        from analyzer.rules.load import load_catalogue

        known = {pattern.id for pattern in load_catalogue().patterns}
        if what not in known:
            raise _unknown_name(known, what)
        raise typer.Exit(_print_rule(reading, what, zone, as_json=as_json))
    _print_findings(reading, what, zone, as_json=as_json)
    raise typer.Exit(FINDINGS)


def _print_line(line: "LineExplained", reading: Reading, zone: "Zone", *, as_json: bool) -> None:
    from analyzer.render.terminal.explain_text import line_text

    if as_json:
        say(answers_json(lines=[line]))
    else:
        reading.tell(line_text(reading.shown(line, zone)))


def _print_rule(reading: Reading, name: str, zone: "Zone", *, as_json: bool) -> int:
    """Print how a rule came to its answer, and return the exit status."""
    from analyzer.model.pages import RULE
    from analyzer.render.terminal.explain_text import rule_text

    rule = reading.page(RULE, name)
    if as_json:
        say(answers_json(rules=[rule]))
    else:
        reading.tell(rule_text(reading.shown(rule, zone)))
    from analyzer.model.finding import Verdict

    if rule.outcome is None or rule.outcome.by_nature:
        return 0
    undecided = (Verdict.CANNOT_TELL, Verdict.ERROR)
    status = dict.fromkeys(undecided, DAMAGED) | {Verdict.FOUND: FINDINGS}
    return status.get(rule.outcome.verdict, 0)


def _print_findings(reading: Reading, wanted: str, zone: "Zone", *, as_json: bool) -> None:
    from analyzer.model.pages import FINDING
    from analyzer.render.terminal.finding_text import finding_text

    pages = tuple(reading.page(FINDING, name) for name in _findings_meant(reading.report, wanted))
    if as_json:
        findings = (each for page in pages for each in (page.finding, *page.explained_by))
        told = {each.id: each for each in findings}
        plans = dict.fromkeys(plan for page in pages for plan in page.plans)
        findings_json = answers_json(findings=tuple(told.values()), plans=tuple(plans))
        say(findings_json)
    else:
        reading.tell("\n".join(map(finding_text, reading.shown(pages, zone))))


def _unknown_name(known: Iterable[str], name: str) -> UsageError:
    """Return the error for what is neither a rule, nor a finding, nor a line."""
    near = near_names(name, known)
    hint = f"; near it: {', '.join(near)}" if near else ""
    shown = name if name.isprintable() else ascii(name)
    return UsageError(
        f"{shown}: no such rule{hint}; `cbtriage rules list` names them all; a finding is given "
        "as F-…, a line as MEMBER:LINE"
    )


def _findings_meant(report: "Report", wanted: str) -> tuple[str, ...]:
    """Return the ids of the findings that are meant; those of one fingerprint are.

    Raises:
        UsageError: none fits, and the text names what is near; or several, and it lists them.
    """
    from analyzer.render.words.view import visible

    known = {each.id: each for outcome in report.outcomes for each in outcome.findings}
    marks = {each.fingerprint for each in known.values() if each.fingerprint}
    begun = sorted(name for name in {*known, *marks} if name.startswith(wanted))
    if wanted not in begun and len(begun) > 1:
        titles = [
            f"{each.id}  {visible(each.title)}"
            for each in known.values()
            if each.id in begun or each.fingerprint in begun
        ]
        raise several_fit(wanted, "finding", titles, "")
    own = wanted if wanted in begun else begun[0] if begun else ""
    if not own:
        raise none_fits(wanted, "finding", known)
    return tuple(name for name, each in known.items() if own in (name, each.fingerprint))


def _line_of_reading(reading: Reading, place: re.Match[str], host: str | None) -> "LineExplained":
    from analyzer.model.pages import LINE, key_of_line

    bundles = (
        frozenset(hosts_asked(reading.report, reading.names, host)) if host is not None else None
    )
    found = _of_bundles(_members_fitting(reading.members_read, place["member"]), bundles)
    if len(found) == 1:
        page = reading.stored(LINE, key_of_line(*found[0], int(place["line"])))
        if page is not None:
            return page
    from analyzer.render.words.view import counted, visible

    member, line = place["member"], int(place["line"])
    found = found or _of_bundles(_members_fitting(reading.members, member), bundles)
    _only_member(found, member)
    again = reading.line(found[0], line)
    if again is None or again.text is None:
        has = f"has {counted(again.lines, 'line')}" if again else "could not be read again"
        msg = f"{visible(found[0][1])}:{line}: no such line; the member {has}"
        raise UsageError(msg)
    return reading.explained(again)


def _of_bundles(
    found: Sequence[tuple[str, str]], bundles: frozenset[str] | None
) -> list[tuple[str, str]]:
    return [each for each in found if bundles is None or each[0] in bundles]


def _members_fitting(known: Iterable[tuple[str, str]], member: str) -> list[tuple[str, str]]:
    """Return the members of that path, else those whose path ends so."""
    known, member = tuple(known), member.lstrip("/")
    exact = sorted(each for each in known if each[1] == member)
    return exact or sorted(each for each in known if each[1].endswith(f"/{member}"))


def _only_member(found: Sequence[tuple[str, str]], member: str) -> None:
    """Make sure that one member is meant.

    Raises:
        UsageError: none is, or several are; the text lists them.
    """
    from analyzer.render.words.view import visible

    if len(found) == 1:
        return
    if not found:
        msg = (
            f"{visible(member)}: no such member in the given bundles; give its path, such as "
            "var/log/SMlog.1:1204, as findings quote it"
        )
        raise UsageError(msg)
    lines = [f"  {visible(path)} in {visible(bundle)}" for bundle, path in found[:_MOST_LISTED]]
    heading = f"{visible(member)}: {len(found)} members fit; give the path, or --host"
    raise UsageError("\n".join([heading, *lines]))


def _status_of_line(line: "LineExplained", *, damaged: bool) -> int:
    if any(what == "finding" for what, _, _ in line.quoted_by):
        return FINDINGS
    return DAMAGED if damaged else 0
