"""Client and server did not agree on TLS.

A network with the purpose ``nbd`` forces TLS (1.2 only, in older releases), one with
``insecure_nbd`` refuses it (xen-api `ocaml/nbd/src/main.ml`, `tls_policy`; nbd `lib/server.ml`).
What the client did is told as that; only a certificate that is out of date is the host's.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from analyzer.case.case import Case, HostReport
from analyzer.case.time.order import mark
from analyzer.case.world import by_host
from analyzer.checks.nbd_served.nbd_tls_certificate import (
    certificate_findings,
    certificate_gap,
    dates_known,
)
from analyzer.checks.nbd_served.nbd_tls_lines import Lines, lines_of, reasons, repeated, spread
from analyzer.checks.observation import LookedAt, Observation
from analyzer.checks.tools.finding import found, host_subject, quote_ends, times
from analyzer.checks.tools.purposes import nothing_offered, purposes_gap
from analyzer.model.event import Event
from analyzer.model.finding import Basis, Confidence, Finding, Severity
from analyzer.model.rule import RuleText
from analyzer.rebuilt.nbd.info.nbd_purposes import Purposes, before_nbd, purposes_of
from analyzer.rebuilt.nbd.reach.offers import row_evidence


def examine(case: Case, text: RuleText) -> Iterator[Observation]:
    """Judge each host by what its server logged, and by its certificate."""
    yield from tuple(
        purposes_gap(case, pool)
        for pool in case.pools
        if not purposes_of(pool).known and not before_nbd(pool)
    )
    for reports in by_host(case.hosts):
        uuid = reports[-1].host_uuid
        bundles = {report.bundle for report in reports}
        members = (pool for pool in case.pools if pool.host(uuid) or bundles & set(pool.bundles))
        pool = next(members, None)
        lines = lines_of(case, reports)
        shown = tuple(certificate_findings(case, text, reports[-1], pool, lines))
        yield from shown
        if (gap := certificate_gap(case, reports[-1], pool)) is not None:
            yield gap
        # What the certificate explains is told with it.
        told = replace(lines, failed=()) if any(each.last_seen for each in shown) else lines
        report = reports[-1]
        purposes = purposes_of(pool) if pool is not None else None
        plain = [*told.plain, *(told.left if repeated(told.left) else ())]
        if plain:
            yield _finding_without_tls(text, report, purposes, told)
        if repeated(told.failed):
            yield _finding_of_failed_tls(text, report, purposes, told)
        only = purposes is not None and purposes.known and purposes.insecure and not purposes.secure
        if only and repeated(told.wanted):
            yield _finding_of_mismatch(
                text,
                "wanted",
                report,
                purposes,
                (told.wanted, told),
                confidence=Confidence.POSSIBLE,
            )
    yield from nothing_offered(case)
    if case.hosts and all(map(dates_known, case.hosts)):
        yield LookedAt("certificate")


def _finding_without_tls(
    text: RuleText, report: HostReport, purposes: Purposes | None, lines: Lines
) -> Finding:
    """Tell of clients without TLS: they asked for a disk, or left when TLS was demanded."""
    events = spread([*lines.plain, *(lines.left if repeated(lines.left) else ())])
    sure = bool(lines.plain) and len(events) > 1
    return _finding_of_mismatch(
        text,
        ("plain" if lines.plain else "left"),
        report,
        purposes,
        (events, lines),
        confidence=Confidence.LIKELY if sure else Confidence.POSSIBLE,
        severity=Severity.INFO if len(events) == 1 or (lines.served and not lines.plain) else None,
    )


def _finding_of_failed_tls(
    text: RuleText, report: HostReport, purposes: Purposes | None, lines: Lines
) -> Finding:
    known = reasons(lines.failed)
    return _finding_of_mismatch(
        text,
        "failed" if known else "failed-somehow",
        report,
        purposes,
        (lines.failed, lines),
        confidence=Confidence.LIKELY if known else Confidence.POSSIBLE,
    )


def _finding_of_mismatch(
    text: RuleText,
    case: str,
    report: HostReport,
    purposes: Purposes | None,
    told: tuple[Sequence[Event], Lines],
    *,
    confidence: Confidence,
    severity: Severity | None = None,
) -> Finding:
    events, lines = told
    values = {
        "host": report.name,
        "state": _purposes_in_words(purposes),
        "served": _served_in_words(events, lines),
        "reason": "; ".join(reasons(events)),
        case.partition("-")[0]: report.name,
        **times(events),
    }
    networks = purposes.any if purposes else ()
    networks_quoted = tuple(row_evidence(network, "purpose") for network in networks)
    # Whether the networks still demand what the client did not do, and nobody did it since.
    if purposes is None or purposes.mixed or _served_since(events, lines):
        networks_agree = False
    else:
        networks_agree = bool(purposes.insecure if case == "wanted" else purposes.secure)
    return found(
        text,
        text.case(case),
        basis=Basis.BOTH if networks_agree else Basis.SYMPTOM,
        confidence=confidence,
        subjects=(host_subject(report),),
        rows=[values],
        evidence=(*quote_ends(events), *networks_quoted),
        events=events,
        severity=severity,
    )


def _purposes_in_words(purposes: Purposes | None) -> str:
    if purposes is None or not purposes.any:
        return "Which purpose the networks have is not known."
    if purposes.mixed:
        return "The pool has networks of both purposes, which xapi-nbd refuses altogether."
    if purposes.secure:
        return "The NBD networks of the pool have the purpose nbd, which demands TLS."
    return "The NBD networks of the pool have the purpose insecure_nbd, which does not take TLS."


def _served_since(events: Sequence[Event], lines: Lines) -> bool:
    last = mark(events[-1])
    return any(lines.order.surely_before(last, mark(served)) for served in lines.served[-1:])


def _served_in_words(events: Sequence[Event], lines: Lines) -> str:
    if not lines.served:
        return ""
    if _served_since(events, lines):
        return "Clients were served after the last of these."
    if lines.order.surely_before(mark(lines.served[-1]), mark(events[-1])):
        return "Other clients were served before."
    return "Other clients were served about the same time."
