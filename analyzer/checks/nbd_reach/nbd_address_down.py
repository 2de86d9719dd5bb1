"""get_nbd_info fails for all, because one host with an address for NBD is down.

xapi asks each such host that has the SR for its certificate and does not pass over one that is not
live (xen-api `xapi_vdi.ml` get_nbd_info, `message_forwarding.ml` check_live).
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from analyzer.case.case import Case
from analyzer.case.pool import PoolState
from analyzer.checks.tools.finding import found, listed, pool_name, times
from analyzer.checks.tools.nbd_use import (
    SrUse,
    asked_times,
    sr_names,
    sr_uses,
    use_evidence,
    use_in_words,
)
from analyzer.model.finding import Basis, Confidence, Finding, Severity, Subject
from analyzer.model.nbd import InfoStep
from analyzer.model.rule import RuleText
from analyzer.rebuilt.nbd.info.hosts import members
from analyzer.rebuilt.nbd.info.nbd_purposes import purposes_of


def down_hosts(case: Case, text: RuleText, pool: PoolState) -> Iterator[Finding]:
    """Yield one finding for the SRs of which each call fails for the same hosts."""
    groups: dict[tuple[Subject, ...], list[SrUse]] = {}
    for use in sr_uses(case):
        if use.pool is pool and use.wanted and use.info.stopped_at is InfoStep.CERTIFICATE:
            groups.setdefault(_dead(case, use), []).append(use)
    for hosts, uses in groups.items():
        yield _finding(text, pool, hosts, uses)


def _dead(case: Case, use: SrUse) -> tuple[Subject, ...]:
    rows = members(case, use.pool, use.sr, purposes_of(use.pool))
    dead = [each.host for each in rows if each.answers and each.live is False]
    return tuple(Subject(type="Host", uuid=each.uuid, name=each.name_label) for each in dead)


def _finding(
    text: RuleText, pool: PoolState, hosts: Sequence[Subject], uses: Sequence[SrUse]
) -> Finding:
    # What was asked may have been answered before the host went down.
    asked = asked_times(uses)
    shown = dict.fromkeys(each for use in uses for each in use.info.evidence)
    told = found(
        text,
        text.case("down"),
        basis=Basis.STATE,
        confidence=Confidence.LIKELY,
        severity=Severity.ERROR,
        subjects=(*hosts, *(use.subject for use in uses)),
        rows=[
            {
                "pool": pool_name(pool),
                "host": listed([each.name or each.uuid for each in hosts]),
                "srs": sr_names(uses),
                "because": uses[0].info.because,
                "use": use_in_words(uses),
                **times(asked),
            }
        ],
        evidence=(*shown, *use_evidence(uses)),
    )
    steps = (step for use in uses for step in use.info.mend)
    return replace(told, action=(*dict.fromkeys(steps), *told.action))
