"""From findings and gaps to the one answer of a rule. No rule ever claims a verdict itself."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import islice

from analyzer.case.case import Area, Case
from analyzer.case.log_coverage import common_window
from analyzer.case.wholeness import Sources
from analyzer.model.finding import SHORTENED, Finding, Gap, Outcome, Verdict
from analyzer.model.hole import Hole
from analyzer.model.moment import Moment
from analyzer.model.rule import RuleText
from analyzer.model.sentence import say
from analyzer.rules._window_words import beyond, except_holes
from analyzer.rules._wording import MOST_REASONS, listed, missing
from analyzer.sources import LOGS, XAPI_DB

CBT_ACTIVITY = ("cbt-activity.storage", "cbt-activity.alert")
NBD_ACTIVITY = ("nbd-activity.client", "nbd-activity.asked")

Window = tuple[Moment, Moment]
_SLIVER = timedelta(hours=1)  # in less, a pool that is backed up each night may do nothing
_MOST = 5000  # findings of one rule: a storm has one for each line, and nobody reads them all
_MOST_GAPS = 200  # that a rule met by itself: a storm has one for each call that nothing explains


def conclude(
    text: RuleText,
    findings: Sequence[Finding],
    case: Case,
    sources: Sources,
    *,
    gaps: Sequence[Gap] = (),
    not_applicable: str = "",
    beside: Sequence[str] = (),
) -> Outcome:
    """Return the answer of a rule.

    FOUND before all; NOT_APPLICABLE when its area is certainly unused, or when the rule says so
    (``not_applicable``) and lacked nothing; CANNOT_TELL when anything it needs is missing
    anywhere in the case; RULED_OUT else, with the time that it holds for, and the holes in that
    time: where a log is silent nothing was seen, and nothing is claimed. ``gaps`` are those
    that the rule found by itself, and ``beside`` the sources that it looked at, beside its
    declared needs.
    """
    lacking = _all_lacking(text, case, sources, gaps)
    if findings:
        return _found_outcome(text, findings, lacking)
    if unused := unused_area(Area(text.area), case, sources):
        return _outcome_of_verdict(text, Verdict.NOT_APPLICABLE, unused)
    if lacking:
        untold = _outcome_of_verdict(
            text, Verdict.CANNOT_TELL, missing(lacking), settle_with=_settled_with(lacking)
        )
        return replace(untold, gaps=tuple(lacking))
    window = _window_of_sources(text, sources)
    if not_applicable:
        return _outcome_of_verdict(text, Verdict.NOT_APPLICABLE, not_applicable)
    looked_at = (*text.needs, *beside)
    return replace(
        _outcome_of_verdict(
            text,
            # What no status report shows cannot be ruled out by one.
            Verdict.CANNOT_TELL if text.unseen else Verdict.RULED_OUT,
            _ruled_out(text, looked_at, case, sources, window),
            window=window,
        ),
        holes=_holes_of_looked_at(looked_at, sources, window),
        by_nature=bool(text.unseen),
    )


def failed(text: RuleText, trace: str) -> Outcome:
    """Return the answer of a rule that our own code failed on; ``trace`` is the traceback."""
    last = [line.strip() for line in trace.strip().splitlines() if line.strip()][-3:]
    reason = f"cbtriage failed on this rule, which is a defect of cbtriage: {' | '.join(last)}"
    return _outcome_of_verdict(text, Verdict.ERROR, reason)


def unused_area(area: Area, case: Case, sources: Sources) -> str:
    """Say why an area is certainly unused in every pool of the case, "" if it may be used."""
    match area:
        case Area.CBT:
            return _unused_cbt(case, sources)
        case Area.NBD:
            return _unused_nbd(case, sources)
        case Area.ANY:
            return ""


def _unused_cbt(case: Case, sources: Sources) -> str:
    off = all(pool.cbt_in_use is False for pool in case.pools)
    if not off or case.events.of(*CBT_ACTIVITY) or not _proven_by_log("smlog", case, sources):
        return ""
    return say(
        "CBT is not in use: no disk in the database has it on, and no SMlog shows a CBT log "
        "being used{since}",
        since=_since_in_words("smlog", sources),
    )


def _unused_nbd(case: Case, sources: Sources) -> str:
    networks = [network for pool in case.pools for network in pool.networks]
    off = all(network.purpose == () for network in networks)
    if not off or case.events.of(*NBD_ACTIVITY) or not _proven_by_log("daemon_log", case, sources):
        return ""
    return say(
        "NBD is not in use: no network has the purpose nbd or insecure_nbd, and no daemon.log "
        "shows a client{since}",
        since=_since_in_words("daemon_log", sources),
    )


def _proven_by_log(log: str, case: Case, sources: Sources) -> bool:
    """Tell whether the databases and that log of all hosts were there, whole and understood."""
    known = bool(case.pools) and not sources.gaps(XAPI_DB, case) and not sources.gaps(log, case)
    return known and sources.window(log) is not None


def _since_in_words(log: str, sources: Sources) -> str:
    window = sources.window(log)
    unread = except_holes(_holes_of_looked_at((log,), sources, window))
    return say(" since {at}{unread}", at=window[0], unread=unread) if window else ""


def _holes_of_looked_at(
    looked_at: Sequence[str], sources: Sources, window: Window | None
) -> tuple[Hole, ...]:
    """Return the stretches of a window that were not read of the logs that were looked at."""
    logs = dict.fromkeys(need for need in looked_at if need in LOGS)
    return tuple(hole for log in logs for hole in sources.holes(log, window)) if window else ()


def _all_lacking(
    text: RuleText, case: Case, sources: Sources, gaps: Sequence[Gap]
) -> tuple[Gap, ...]:
    """Return all gaps, each once: those of the declared needs first, then the rule's own.

    Where only lines were given, everything lacks, and that is said once.
    """
    if (alone := sources.lines_alone) is not None:
        return (alone,)
    declared = [gap for need in text.needs for gap in sources.gaps(need, case)]
    found = list(dict.fromkeys((*declared, *_first_of_gaps(gaps))))
    logs = [need for need in text.needs if need in LOGS]
    if not logs or found:
        return tuple(found)
    window = _window_of_sources(text, sources)
    why = ""
    if window is None:
        why = "the logs of the hosts have no time in common"
        if len({report.name for report in case.hosts}) == 1:
            host = case.hosts[0].name
            why = f"no line of the log of {host} could be dated"
            if len(logs) > 1:
                why = f"{listed(logs)} of {host} were not written at the same time, as far as dated"
    elif _is_a_sliver(
        window, [own for need in logs for own in sources.windows(need).values() if own]
    ):
        first, last = window
        why = say("only {first} to {last} was read of all logs", first=first, last=last)
    if why:
        found.append(Gap(need=listed(logs), host="", why=why, settle_with="xen-bugtool --yestoall"))
    return tuple(found)


def _is_a_sliver(window: Window, windows: Sequence[Window | None]) -> bool:
    """Tell whether what all logs share is next to nothing of what one of them holds."""
    shared = window[1].at - window[0].at
    longest = max((own[1].at - own[0].at for own in windows if own), default=shared)
    return shared < _SLIVER and shared * 10 < longest


def _first_of_gaps(gaps: Sequence[Gap]) -> Sequence[Gap]:
    """Return the first gaps, and one that counts the others: it may be about any disk."""
    own = list(dict.fromkeys(gaps))
    if len(own) <= _MOST_GAPS:
        return own
    why = f"{len(own) - _MOST_GAPS} more like these could not be told either"
    return (*own[:_MOST_GAPS], Gap(need="", host="", why=why, settle_with=""))


def _window_of_sources(text: RuleText, sources: Sources) -> Window | None:
    windows = [sources.window(need) for need in text.needs if need in LOGS]
    return common_window(windows)


def _found_outcome(text: RuleText, findings: Sequence[Finding], lacking: Sequence[Gap]) -> Outcome:
    if len(findings) > _MOST:
        why = f"{len(findings) - _MOST} more were found and are left out: of a rule the {_MOST}"
        why += f" {SHORTENED}"
        lacking = (*lacking, Gap(need="", host="", why=why, settle_with=""))
        findings = sorted(findings, key=_worst_and_latest)[:_MOST]
    ordered = tuple(sorted(findings, key=_order_of_finding))
    number = "1 finding" if len(ordered) == 1 else f"{len(ordered)} findings"
    doubt = missing(lacking) if lacking else ""
    more = say("; there may be more: {doubt}", doubt=doubt) if doubt else ""
    return Outcome(
        rule=text.id,
        title=text.heading,
        severity=min((finding.severity for finding in ordered), key=lambda item: item.rank),
        verdict=Verdict.FOUND,
        reason=say("{number}{more}", number=number, more=more),
        settle_with=_settled_with(lacking),
        findings=ordered,
        doubt=doubt,
        gaps=tuple(lacking),
    )


def _worst_and_latest(finding: Finding) -> tuple[int, float, str]:
    seen = finding.last_seen or finding.first_seen
    return (finding.severity.rank, -seen.at.timestamp() if seen else 0.0, finding.id)


def _order_of_finding(finding: Finding) -> tuple[int, str, tuple[str, ...], str]:
    first = finding.first_seen.at.isoformat() if finding.first_seen else ""
    subjects = tuple(f"{subject.type} {subject.uuid}" for subject in finding.subjects)
    return (finding.severity.rank, first, subjects, finding.id)


def _settled_with(gaps: Sequence[Gap]) -> tuple[str, ...]:
    settling = dict.fromkeys(gap.settle_with for gap in gaps if gap.settle_with)
    return tuple(islice(settling, MOST_REASONS))


def _ruled_out(
    text: RuleText,
    looked_at: Sequence[str],
    case: Case,
    sources: Sources,
    window: Window | None,
) -> str:
    hosts = listed(sorted(report.name for report in case.hosts), 5)
    span = say(", between {first} and {last}", first=window[0], last=window[1]) if window else ""
    lines = sum(sources.not_understood(need) for need in looked_at)
    odd = f", except {lines} lines that were not understood" if lines else ""
    apart = beyond(window, (sources.windows(need) for need in looked_at)) if window else ""
    unread = except_holes(_holes_of_looked_at(looked_at, sources, window))
    return say(
        "nothing of the kind in {looked_at} of {hosts}{span}{odd}{apart}{unread}{open}",
        looked_at=listed(looked_at, 9),
        hosts=hosts,
        span=span,
        odd=odd,
        apart=apart,
        unread=unread,
        open=f". {text.unseen}" if text.unseen else "",
    )


def _outcome_of_verdict(
    text: RuleText,
    verdict: Verdict,
    reason: str,
    *,
    settle_with: tuple[str, ...] = (),
    window: Window | None = None,
) -> Outcome:
    return Outcome(
        rule=text.id,
        title=text.heading,
        severity=text.severity,
        verdict=verdict,
        reason=reason,
        settle_with=settle_with,
        window=window,
    )
