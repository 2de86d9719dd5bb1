"""``cbtriage explain``: how a rule came to its answer, or what was made of a line."""

import re
from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from analyzer.cli._case import AsJson, Quiet, read_case
from analyzer.cli._timeline_asked import hosts_asked
from analyzer.cli.analyze import DAMAGED, FINDINGS
from analyzer.cli.options import Paths, Tz
from analyzer.cli.output import say
from analyzer.errors import UsageError

if TYPE_CHECKING:
    from analyzer.case.case import Case
    from analyzer.model.explained import LineExplained, RuleExplained
    from analyzer.model.report import Report
    from analyzer.rebuilt.calls.line_again import LineAgain
    from analyzer.rules.pattern import Catalogue, Pattern
    from analyzer.story.explain.explain_line import KindWords

_LINE = re.compile(r"(?P<member>.+):(?P<line>[0-9]{1,12})")
_NEAR, _MOST_LISTED = 5, 20


def explain_command(
    what: Annotated[
        str,
        typer.Argument(
            metavar="RULE|MEMBER:LINE",
            help="A rule, as `rules list` names it, or a line such as var/log/SMlog:1204.",
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
) -> None:
    """Explain a rule's answer, fired or not, or what was made of one line of a member.

    Of a rule: each source that it needs, host by host; each kind of line with how often and where
    first; what came near and what it lacked. Of a line: who read it, when it was and how that is
    known, who asks for it, what rests on it. The line is read from the archive again.

    Examples: cbtriage explain cbt-log-missing status-report.tar.bz2 ·
    cbtriage explain SMlog:1204 status-report.tar.bz2

    Exit status: 0 no finding, 1 the rule found something, or some finding rests on the line,
    2 no such rule or line, 3 no readable input, 4 the rule could not tell, or the input was
    damaged.
    """
    from analyzer.render.data.json import answers_json
    from analyzer.render.terminal.explain_text import line_text, rule_text
    from analyzer.render.words.local import in_zone
    from analyzer.render.words.zone import zone_named
    from analyzer.rules.load import load_catalogue

    zone = zone_named(tz)
    catalogue = load_catalogue()
    place = _LINE.fullmatch(what)
    pattern = None if place else _pattern(catalogue, what)
    if place and Path("-") in paths:
        raise UsageError("explain MEMBER:LINE reads its bundle twice: give a file instead of -")
    case, report = read_case(paths, quiet=quiet)
    if place:
        again = _again(case, report, paths, place, host)
        line = _line(case, report, catalogue, again)
        say(answers_json(lines=[line]) if as_json else line_text(in_zone(line, zone.of(report))))
        raise typer.Exit(_status_of_line(line, report))
    assert pattern is not None
    rule = _rule(case, report, catalogue, pattern)
    say(answers_json(rules=[rule]) if as_json else rule_text(in_zone(rule, zone.of(report))))
    raise typer.Exit(_status_of_rule(rule))


def _pattern(catalogue: "Catalogue", name: str) -> "Pattern":
    """Return the pattern of that name.

    Raises:
        UsageError: there is none; the text names those that are near.
    """
    known = {pattern.id: pattern for pattern in catalogue.patterns}
    if name in known:
        return known[name]
    near = get_close_matches(name, known, _NEAR, 0.4) + [each for each in known if name in each]
    hint = f"; near it are {', '.join(dict.fromkeys(near[:_NEAR]))}" if near else ""
    shown = name if name.isprintable() else ascii(name)
    msg = (
        f"{shown}: no such rule{hint}; `cbtriage rules list` names them all; "
        "a line is given as MEMBER:LINE"
    )
    raise UsageError(msg)


def _rule(
    case: "Case", report: "Report", catalogue: "Catalogue", pattern: "Pattern"
) -> "RuleExplained":
    from analyzer.checks import checks
    from analyzer.checks.observation import Examined, examined
    from analyzer.model.explained import RuleExplained
    from analyzer.rules.attempts import attempts, condition
    from analyzer.rules.pattern import Role
    from analyzer.story.explain.explain import needs_explained, selectors_explained

    check = checks().get(pattern.id)
    seen = examined(check(case, pattern.text)) if check else Examined()
    finding = pattern.role is Role.FINDING
    tried, undecided = attempts(pattern, case) if finding else ((), seen.gaps)
    logs = {selector.parser for selector in pattern.selectors} | set(pattern.text.needs)
    noise = {each.id for each in catalogue.noise if logs & {s.parser for s in each.selectors}}
    return RuleExplained(
        text=pattern.text,
        role=pattern.role.value,
        condition=condition(pattern) if finding else "",
        outcome=next((each for each in report.outcomes if each.rule == pattern.id), None),
        needs=needs_explained(case, report, pattern.text.needs),
        selectors=selectors_explained(case, pattern.selectors),
        attempts=tried,
        undecided=undecided,
        beside=tuple(each for each in seen.beside if each not in pattern.text.needs),
        near=tuple(each for each in report.suppressed if each.pattern in noise),
    )


def _line(
    case: "Case", report: "Report", catalogue: "Catalogue", again: "LineAgain"
) -> "LineExplained":
    from analyzer.parsers import LOG_PARSERS
    from analyzer.parsers.scan.scan import Scanner
    from analyzer.story.explain.explain_line import explain_line

    scanner = Scanner(LOG_PARSERS, catalogue.selectors)
    words = {kind: _words(pattern) for pattern in catalogue.patterns for kind in pattern.kinds}
    return explain_line(case, report, again, scanner, words.__getitem__)


def _words(pattern: "Pattern") -> "KindWords":
    from analyzer.story.explain.explain_line import KindWords

    role, title = pattern.role.value, pattern.text.heading
    return KindWords(role=role, title=title, reason=pattern.reason)


def _again(
    case: "Case",
    report: "Report",
    paths: Sequence[Path],
    place: re.Match[str],
    host: str | None,
) -> "LineAgain":
    """Return the line, read again.

    Raises:
        UsageError: no member or several fit, or the member has no such line.
    """
    from analyzer.bundle.budget import Budget
    from analyzer.rebuilt.calls.line_again import line_again, members_named
    from analyzer.render.words.view import counted, visible

    member, line = place["member"], int(place["line"])
    bundles = frozenset(hosts_asked(case, host)) if host is not None else None
    found = _fitting(_known(report), member) or members_named(paths, member, budget=Budget())
    found = [each for each in found if bundles is None or each[0] in bundles]
    _only_member(found, member)
    again = line_again(paths, found, line, budget=Budget())
    if again is None or again.text is None:
        has = f"has {counted(again.lines, 'line')}" if again else "could not be read again"
        msg = f"{visible(found[0][1])}:{line}: no such line; the member {has}"
        raise UsageError(msg)
    return again


def _known(report: "Report") -> set[tuple[str, str]]:
    """Return (bundle, path) of the members that were read."""
    logs = {(row.bundle, row.member) for row in report.coverage}
    return logs | {(entry.bundle, member) for entry in report.ledger for member in entry.members}


def _fitting(known: set[tuple[str, str]], member: str) -> list[tuple[str, str]]:
    """Return the members of that path, else those whose path ends so."""
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


def _status_of_rule(rule: "RuleExplained") -> int:
    from analyzer.model.finding import Verdict

    if rule.outcome is None:
        return 0
    undecided = (Verdict.CANNOT_TELL, Verdict.ERROR)
    status = dict.fromkeys(undecided, DAMAGED) | {Verdict.FOUND: FINDINGS}
    return status.get(rule.outcome.verdict, 0)


def _status_of_line(line: "LineExplained", report: "Report") -> int:
    if any(what == "finding" for what, _, _ in line.quoted_by):
        return FINDINGS
    damaged = report.omissions or not all(bundle.complete for bundle in report.bundles)
    return DAMAGED if damaged else 0
