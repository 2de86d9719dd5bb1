"""Drafts: findings are put under their roots, and each root is told as one cause.

Findings that nothing explains are one cause only where they are certainly one trouble: the same
object again and again with the same thing to do, or one host and SR within minutes.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

from analyzer.causes.edges import Join
from analyzer.causes.link import Link, Order
from analyzer.causes.trouble import Trouble
from analyzer.causes.words import Part, called, sentence
from analyzer.model.finding import Finding, Severity
from analyzer.model.report import Cause
from analyzer.model.source import Source

# The same trouble of the same object night after night is one trouble.
_NIGHTLY = timedelta(hours=36)
_ONE_BURST = timedelta(minutes=30)
_MOST_PROOFS = 20
_PLACES = (Join.HOST, Join.SR, Join.POOL)

Links = Mapping[str, Link]


def causes_of(
    troubles: Sequence[Trouble], links: Links, unknown: Mapping[str, str]
) -> tuple[Cause, ...]:
    """Return the causes, numbered; ``unknown`` is rule → what is not known of it."""
    members: dict[str, list[Trouble]] = {}
    for trouble in troubles:
        if trouble.finding is not None:
            members.setdefault(_root(trouble, links).id, []).append(trouble)
    roots = [trouble for trouble in troubles if trouble.id in members]
    drafts = [_draft(group, members, links, unknown) for group in _groups(roots)]
    ordered = sorted(drafts, key=_rank)
    return tuple(replace(cause, id=f"C-{place}") for place, cause in enumerate(ordered, 1))


def _root(trouble: Trouble, links: Links) -> Trouble:
    while trouble.id in links:
        trouble = links[trouble.id].cause
    return trouble


def _groups(roots: Sequence[Trouble]) -> Iterator[list[Trouble]]:
    """Yield roots that are one trouble."""
    groups: list[list[Trouble]] = []
    for root in sorted(roots, key=_start):
        for group in groups:
            if _one_trouble(group, root):
                group.append(root)
                break
        else:
            groups.append([root])
    yield from groups


def _start(trouble: Trouble) -> tuple[str, str]:
    return (trouble.first.at.isoformat() if trouble.first else "", trouble.id)


def _one_trouble(group: Sequence[Trouble], later: Trouble) -> bool:
    earlier = group[-1]
    if earlier.finding is None or later.finding is None or earlier.rule != later.rule:
        return False
    if any(earlier.of(join) != later.of(join) for join in _PLACES):
        return False
    if earlier.finding.subjects == later.finding.subjects:
        same_step = _first_step(earlier.finding) == _first_step(later.finding)
        return _near(earlier, later, _NIGHTLY if same_step else _ONE_BURST)
    known = any(earlier.of(join) for join in _PLACES)
    return known and _near(earlier, later, _ONE_BURST)


def _near(earlier: Trouble, later: Trouble, within: timedelta) -> bool:
    if earlier.last is None or later.first is None:
        return earlier.last is None and later.first is None
    return earlier.last.within(later.first, within)


def _draft(
    group: Sequence[Trouble],
    members: Mapping[str, Sequence[Trouble]],
    links: Links,
    unknown: Mapping[str, str],
) -> Cause:
    """Return the cause of one group of roots, still without its number."""
    all_ = [member for root in group for member in members[root.id]]
    findings = sorted((member.finding for member in all_ if member.finding), key=_weight)
    times = [moment for root in (*group, *all_) for moment in (root.first, root.last) if moment]
    direct = _direct(group, all_, links)
    title = sentence(group, _part(direct), len(all_), unknown.get(group[0].rule, ""))
    worst = _hidden_worst(group, all_, direct)
    return Cause(
        id="",
        title=f"{called(worst)}. Behind it: {title}" if worst else title,
        severity=findings[0].severity,
        findings=tuple(finding.id for finding in findings),
        first_seen=min(times, key=lambda moment: moment.at, default=None),
        last_seen=max(times, key=lambda moment: moment.at, default=None),
        next_action=_next(worst, findings, ()) if worst else _next(group, findings, direct),
        context=_context(group, direct),
    )


def _hidden_worst(
    group: Sequence[Trouble], all_: Sequence[Trouble], direct: Sequence[Link]
) -> list[Trouble]:
    """Return the critical findings that the sentence would only count: they come first in it."""
    told = {root.id for root in group} | {link.effect.id for link in direct}
    critical = [
        member for member in all_ if member.finding and member.finding.severity is Severity.CRITICAL
    ]
    hidden = [member for member in critical if member.id not in told]
    if not hidden or len(hidden) < len(critical):
        return []
    return [member for member in hidden if member.rule == hidden[0].rule]


def _direct(group: Sequence[Trouble], all_: Sequence[Trouble], links: Links) -> tuple[Link, ...]:
    """Return the direct effects by the most important edge."""
    roots = {root.id for root in group}
    direct = [links[m.id] for m in all_ if m.id in links and links[m.id].cause.id in roots]
    place = min((link.place for link in direct), default=0)
    return tuple(link for link in direct if link.place == place)


def _part(direct: Sequence[Link]) -> Part | None:
    """Return the direct effects as a part of the sentence."""
    if not direct:
        return None
    surely = all(link.order is Order.BEFORE for link in direct)
    return Part(
        template=direct[0].edge.sentence,
        order=Order.BEFORE if surely else max(link.order for link in direct),
        effects=tuple(link.effect for link in direct),
    )


def _next(group: Sequence[Trouble], findings: Sequence[Finding], direct: Sequence[Link]) -> str:
    """Return what to do next, such that it is right for all of the cause's findings."""
    roots = [root.finding for root in group if root.finding]
    if not roots and direct and direct[0].edge.next:
        return direct[0].edge.next
    chosen = sorted(roots, key=_weight) or list(findings)
    steps = list(dict.fromkeys(step for finding in chosen if (step := _first_step(finding))))
    alike = " Likewise for each other finding of this cause, with its own values."
    return "".join(steps[:1]) + (alike if steps[1:] else "")


def _first_step(finding: Finding) -> str:
    return finding.action[0].step if finding.action else ""


def _context(group: Sequence[Trouble], direct: Sequence[Link]) -> tuple[Source, ...]:
    """Return the lines beside the findings' own evidence that the sentence rests on."""
    happened = [source for root in group if root.finding is None for source in root.sources]
    proofs = [source for link in direct for source in link.proof][:_MOST_PROOFS]
    return tuple(dict.fromkeys((*happened, *proofs)))


def _weight(finding: Finding) -> tuple[int, str, str]:
    first = finding.first_seen.at.isoformat() if finding.first_seen else "9999"
    return (finding.severity.rank, first, finding.id)


def _rank(cause: Cause) -> tuple[int, str, str, tuple[str, ...]]:
    first = cause.first_seen.at.isoformat() if cause.first_seen else "9999"
    return (cause.severity.rank, first, cause.title, cause.findings)
