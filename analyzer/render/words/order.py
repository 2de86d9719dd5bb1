"""The one order in which every output shows things: the same report, the same bytes."""

from dataclasses import replace
from datetime import datetime

from analyzer.model.finding import Finding, Outcome, Severity, Subject
from analyzer.model.goal import Standing
from analyzer.model.hole import Hole
from analyzer.model.plan import Plan
from analyzer.model.report import Cause, Report
from analyzer.render.words.view import time_key
from analyzer.story.timeline.order import place_in_time


def ordered(report: Report) -> Report:
    """Return the report with everything sorted.

    ============  ==========================================================
    part          sorted by
    ============  ==========================================================
    bundles       name, SHA-256
    pools         name, uuid, first bundle
    srs           name, uuid
    hosts         name, uuid, bundle
    causes        what is over last, severity (worst first), first seen, id
    outcomes      rule; its findings by severity, first seen, id
    coverage      bundle, member, parser
    ledger        bundle, source, first member
    omissions     bundle, member, why
    problems      bundle, member, line, what
    suppressed    pattern
    happenings    time (undated last), host, member, line, kind
    hours         hour, host
    clocks        host, bundle
    holes         time, bundle, source; those of the outcomes among them
    incidents     time (undated last), id
    runs          time (undated last), id
    disks         pool, SR, name, uuid; their parts as they were made
    plans         what goes on first, worst finding, object
    nbd           pools, those without NBD, hosts without a pool; name; uuid
    evidence      as the rule gave it: the line the finding rests on is first
    ============  ==========================================================
    """
    return replace(
        report,
        options=dict(sorted(report.options.items())),
        bundles=tuple(sorted(report.bundles, key=lambda b: (b.name, b.sha256 or ""))),
        pools=tuple(sorted(report.pools, key=lambda p: (p.name or "", p.uuid or "", p.bundles))),
        srs=tuple(sorted(report.srs, key=lambda each: (each.sr.called, each.sr.uuid))),
        hosts=tuple(sorted(report.hosts, key=lambda h: (h.name, h.uuid or "", h.bundle))),
        causes=tuple(sorted(report.causes, key=_cause_key)),
        outcomes=tuple(_outcome_in_order(o) for o in sorted(report.outcomes, key=lambda o: o.rule)),
        coverage=tuple(sorted(report.coverage, key=lambda c: (c.bundle, c.member, c.parser))),
        ledger=tuple(sorted(report.ledger, key=lambda e: (e.bundle, e.source, e.members))),
        omissions=tuple(sorted(report.omissions, key=lambda o: (o.bundle, o.member, o.why))),
        problems=tuple(sorted(report.problems, key=lambda p: (p.source, p.what))),
        suppressed=tuple(sorted(report.suppressed, key=lambda s: s.pattern)),
        happenings=tuple(sorted(report.happenings, key=place_in_time)),
        hours=tuple(sorted(report.hours, key=lambda h: (h.hour, h.host))),
        clocks=tuple(sorted(report.clocks, key=lambda c: (c.host, c.bundle))),
        holes=tuple(sorted(_all_holes(report), key=_hole_key)),
        incidents=tuple(sorted(report.incidents, key=lambda i: (time_key(i.began), i.id))),
        runs=tuple(sorted(report.runs, key=lambda r: (time_key(r.began), r.id))),
        plans=_plans_in_order(report),
        disks=tuple(sorted(report.disks, key=lambda disk: disk.key)),
        nbd=tuple(sorted(report.nbd, key=lambda view: view.key)),
    )


def finding_key(finding: Finding) -> tuple[int, datetime, str]:
    """Return what findings are sorted by: severity, first seen, id."""
    return finding.severity.rank, time_key(finding.first_seen), finding.id


def _plans_in_order(report: Report) -> tuple[Plan, ...]:
    found = {f.id: f for outcome in report.outcomes for f in outcome.findings}

    def key(plan: Plan) -> tuple[bool, int, bool, Subject, str]:
        own = [found[name] for name in plan.findings if name in found]
        over = all(finding.state is Standing.OVER for finding in own)
        worst = min((finding.severity.rank for finding in own), default=len(Severity))
        return (
            over,
            worst,
            not plan.steps,
            replace(plan.object, name=plan.object.name or ""),
            plan.id,
        )

    return tuple(sorted(report.plans, key=key))


def _outcome_in_order(outcome: Outcome) -> Outcome:
    return replace(outcome, findings=tuple(sorted(outcome.findings, key=finding_key)))


def _all_holes(report: Report) -> set[Hole]:
    return {*report.holes, *(hole for outcome in report.outcomes for hole in outcome.holes)}


def _hole_key(hole: Hole) -> tuple[datetime, str, str, datetime, str, str]:
    end = time_key(hole.ended)
    return time_key(hole.began), hole.bundle, hole.source, end, hole.kind.value, repr(hole)


def _cause_key(cause: Cause) -> tuple[bool, int, datetime, int, str]:
    over = cause.state is Standing.OVER
    return over, cause.severity.rank, time_key(cause.first_seen), len(cause.id), cause.id
