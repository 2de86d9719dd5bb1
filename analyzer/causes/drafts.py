"""Drafts: findings are put under their roots, and each root is told as one cause.

Findings that nothing explains are one cause only where they are certainly one trouble: the same
object again and again with the same thing to do, or one host and SR within minutes.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

from analyzer.causes.chain import chain_of
from analyzer.causes.considered import Rivals
from analyzer.causes.edges import Join
from analyzer.causes.link import Link
from analyzer.causes.links import Links
from analyzer.causes.trouble import Trouble
from analyzer.causes.words import Part, called, sentence
from analyzer.model.finding import Confidence, Finding, Severity
from analyzer.model.report import Cause
from analyzer.model.sentence import joined, say
from analyzer.values import dataclass

# The same trouble of the same object night after night is one trouble.
_NIGHTLY = timedelta(hours=36)
_ONE_BURST = timedelta(minutes=30)
_MOST_PROOFS = 20
_PLACES = (Join.HOST, Join.SR, Join.POOL)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Tree:
    """What explains what, as far as it leads to a finding.

    ``members`` is root → its findings, ``effects`` is trouble → the links to what it explains.
    """

    members: Mapping[str, Sequence[Trouble]]
    effects: Mapping[str, Sequence[Link]]


def causes_of(
    troubles: Sequence[Trouble], links: Links, unknown: Mapping[str, str], rivals: Rivals
) -> tuple[Cause, ...]:
    """Return the causes, numbered; ``unknown`` is rule → what is not known of it."""
    members: dict[str, list[Trouble]] = {}
    effects: dict[str, dict[str, Link]] = {}
    for tree_trouble in troubles:
        if tree_trouble.finding is None:
            continue
        root = tree_trouble
        while root.id in links:
            link = links[root.id]
            effects.setdefault(link.cause.id, {})[root.id] = link
            root = link.cause
        members.setdefault(root.id, []).append(tree_trouble)
    tree = _Tree(
        members=members, effects={id_: tuple(found.values()) for id_, found in effects.items()}
    )
    roots = [trouble for trouble in troubles if trouble.id in tree.members]
    drafts = [_draft_of_cause(group, tree, unknown, rivals) for group in _groups_of_roots(roots)]
    ordered = sorted(drafts, key=_rank_of_cause)
    return tuple(replace(cause, id=f"C-{place}") for place, cause in enumerate(ordered, 1))


def _groups_of_roots(roots: Sequence[Trouble]) -> Iterable[list[Trouble]]:
    """Return roots that are one trouble."""
    groups: dict[tuple[object, ...], list[list[Trouble]]] = {}
    for root in sorted(roots, key=_order_by_start):
        alike = groups.setdefault((root.rule, *(root.of(join) for join in _PLACES)), [])
        own = next((group for group in alike if _one_trouble(group[-1], root)), None)
        if own is None:
            alike.append([root])
        else:
            own.append(root)
    return [group for alike in groups.values() for group in alike]


def _order_by_start(trouble: Trouble) -> tuple[str, str]:
    return (trouble.first.at.isoformat() if trouble.first else "", trouble.id)


def _one_trouble(earlier: Trouble, later: Trouble) -> bool:
    """Tell whether two troubles of one rule, in the same places, are one."""
    one, other = earlier.finding, later.finding
    if one and other and one.subjects == other.subjects:
        same_step = _first_step(one) == _first_step(other)
        return _near_each_other(earlier, later, _NIGHTLY if same_step else _ONE_BURST)
    known = any(earlier.of(join) for join in _PLACES)
    return known and _near_each_other(earlier, later, _ONE_BURST)


def _near_each_other(earlier: Trouble, later: Trouble, within: timedelta) -> bool:
    if earlier.last is None or later.first is None:
        return earlier.last is None and later.first is None
    return earlier.last.within(later.first, within)


def _draft_of_cause(
    group: Sequence[Trouble], tree: _Tree, unknown: Mapping[str, str], rivals: Rivals
) -> Cause:
    """Return the cause of one group of roots, still without its number."""
    all_ = [member for root in group for member in tree.members[root.id]]
    findings = sorted((member.finding for member in all_ if member.finding), key=_weight_of_finding)
    times = [moment for root in (*group, *all_) for moment in (root.first, root.last) if moment]
    direct = _direct_effects(group, tree)
    considered = rivals.of((group[0], *(link.effect for link in direct[:1])))
    open_ = unknown.get(group[0].rule, "")
    suspects = [each for each in considered if each.suspected]
    if open_ and suspects:
        suspect = suspects[0]
        open_ = say("suspected, not proven: {it}: {why}", it=suspect.title, why=suspect.why)
    title = sentence(group, _part_of_sentence(direct), len(all_), open_)
    worst = _hidden_worst(group, all_, direct)
    # The lines beside the findings' own evidence that the sentence rests on.
    happened = [source for root in group if root.incident for source in root.sources]
    happened += [s for link in direct if link.effect.incident for s in link.effect.sources]
    proofs = [source for link in direct for source in link.proof]
    context_lines = tuple(dict.fromkeys((*happened[:_MOST_PROOFS], *proofs[:_MOST_PROOFS])))
    return Cause(
        id="",
        title=say("{worst}. Behind it: {title}", worst=called(worst), title=title)
        if worst
        else title,
        severity=findings[0].severity,
        findings=tuple(finding.id for finding in findings),
        first_seen=min(times, key=lambda moment: moment.at, default=None),
        last_seen=max(times, key=lambda moment: moment.at, default=None),
        next_action=_next_action_of_cause(worst, findings, ())
        if worst
        else _next_action_of_cause(group, findings, direct),
        context=context_lines,
        confidence=_weakest_confidence(group, direct),
        chain=chain_of(group, tree.effects, rivals.clocks),
        considered=considered,
    )


def _weakest_confidence(group: Sequence[Trouble], direct: Sequence[Link]) -> Confidence:
    """Return the confidence of the weakest part of the sentence."""
    parts = [root.confidence for root in group]
    parts += [
        confidence for link in direct for confidence in (link.confidence, link.effect.confidence)
    ]
    return max(parts, key=list(Confidence).index)


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


def _direct_effects(group: Sequence[Trouble], tree: _Tree) -> tuple[Link, ...]:
    """Return the direct effects by the most important edge, the earliest first."""
    direct = [link for root in group for link in tree.effects.get(root.id, ())]
    place = min((link.place for link in direct), default=0)
    return tuple(
        sorted(
            (link for link in direct if link.place == place),
            key=lambda x: _order_by_start(x.effect),
        )
    )


def _part_of_sentence(direct: Sequence[Link]) -> Part | None:
    """Return the direct effects as a part of the sentence."""
    if not direct:
        return None
    return Part(
        template=direct[0].edge.sentence,
        order=max(link.order for link in direct),
        effects=tuple(link.effect for link in direct),
        doubt=max(link.clock_doubt for link in direct),
    )


def _next_action_of_cause(
    group: Sequence[Trouble], findings: Sequence[Finding], direct: Sequence[Link]
) -> str:
    """Return what to do next, such that it is right for all of the cause's findings."""
    roots = [root.finding for root in group if root.finding]
    if not roots and direct and direct[0].edge.next:
        return direct[0].edge.next
    chosen = sorted(roots, key=_weight_of_finding) or list(findings)
    steps = list(dict.fromkeys(step for finding in chosen if (step := _first_step(finding))))
    alike = " Likewise for each other finding of this cause, with its own values."
    return joined((*steps[:1], *([alike] if steps[1:] else [])))


def _first_step(finding: Finding) -> str:
    return finding.action[0].step if finding.action else ""


def _weight_of_finding(finding: Finding) -> tuple[int, str, str]:
    first = finding.first_seen.at.isoformat() if finding.first_seen else "9999"
    return (finding.severity.rank, first, finding.id)


def _rank_of_cause(cause: Cause) -> tuple[int, str, str, tuple[str, ...]]:
    first = cause.first_seen.at.isoformat() if cause.first_seen else "9999"
    return (cause.severity.rank, first, cause.title, cause.findings)
