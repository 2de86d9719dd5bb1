"""The certificate that xapi-nbd shows: out of date, replaced since, or without a name to check.

get_nbd_info gives the certificate and a name to expect; without a DNS name in it the name is
``Host.hostname``, in releases up to 8.0 nothing (xen-api `xapi_vdi.ml` get_nbd_info).
"""

import re
from collections.abc import Iterator
from datetime import datetime

from analyzer.case.case import Case, HostReport
from analyzer.case.pool import PoolState
from analyzer.checks.nbd_served.nbd_tls_lines import FALLBACK, Lines, reasons, repeated
from analyzer.checks.tools.finding import Row, found, host_subject, quote, quote_ends, times
from analyzer.model.event import Event
from analyzer.model.finding import Basis, Confidence, Evidence, Finding, Gap, Severity
from analyzer.model.moment import Moment
from analyzer.model.network import HostCertificate
from analyzer.model.rule import RuleText
from analyzer.model.sentence import Minute, Value
from analyzer.model.xapi import Host
from analyzer.rebuilt.nbd.info.nbd_purposes import SECURE
from analyzer.rebuilt.nbd.reach.offers import offers_of
from analyzer.rebuilt.nbd.sessions.sessions import server_runs

_INSTALLS, _RESETS = (8, 2), (8, 3)


def dates_known(report: HostReport) -> bool:
    """Tell whether a host's report shows how long its certificate is valid."""
    return report.certificate is not None and report.certificate.not_after is not None


def certificate_gap(case: Case, report: HostReport, pool: PoolState | None) -> Gap | None:
    """Return that a certificate was given and not understood; older releases give none."""
    host = pool.host(report.host_uuid) if pool is not None else None
    if report.certificate is None or dates_known(report):
        return None
    if pool is None or host is None or not _offers_tls(case, pool, host):
        return None
    return Gap(
        need="certificate",
        host=report.name,
        why=f"{report.certificate.source.member} does not show how long the certificate is valid",
        settle_with="openssl x509 -noout -dates -in /etc/xensource/xapi-ssl.pem",
    )


def certificate_findings(
    case: Case, text: RuleText, report: HostReport, pool: PoolState | None, lines: Lines
) -> Iterator[Finding]:
    """Yield what is wrong with the certificate of a host that offers NBD with TLS."""
    host = pool.host(report.host_uuid) if pool is not None else None
    if pool is None or host is None or not _offers_tls(case, pool, host):
        return
    shown = report.certificate
    # Which of its two dates a certificate violated when the report was made.
    if shown is not None:
        if report.captured_at is None:
            dates: str | None = None
        elif shown.not_after is not None and report.captured_at.earliest > shown.not_after:
            dates = "expired"
        elif shown.not_before is not None and report.captured_at.latest < shown.not_before:
            dates = "early"
        else:
            dates = None
    else:
        dates = None
    # Whether TLS may have failed for the certificate: no reason says something else.
    refused = repeated(lines.failed) and all(
        "certificate" in each or "unknown ca" in each for each in reasons(lines.failed)
    )
    if shown is not None and dates is not None:
        yield _finding_of_dates(text, report, shown, (dates, lines))
    elif shown is not None and refused and (run := _older_run(case, report, shown, lines)):
        yield _finding_of_replacement(text, report, shown, (run, lines))
    elif refused and not lines.served:
        yield from _findings_of_names(case, text, report, lines)


def _offers_tls(case: Case, pool: PoolState, host: Host) -> bool:
    return any(
        offer.host.uuid == host.uuid and SECURE in (offer.network.purpose or ())
        for offer in offers_of(case, pool)
    )


def _older_run(
    case: Case, report: HostReport, shown: HostCertificate, lines: Lines
) -> Event | None:
    """Return a line of the xapi-nbd that was running when the certificate came into being.

    It reads the certificate at its start only (xen-api `ocaml/nbd/src/main.ml` main). A
    certificate of an authority may be dated back: then this misses it.
    """
    runs = [run for run in server_runs(case) if run.bundle == report.bundle]
    first = next(iter(runs[-1].events), None) if runs else None
    begun = shown.not_before
    if first is None or begun is None or not first.moment.year_known:
        return None
    after = all(each.moment.earliest > begun for each in lines.failed)
    return first if first.moment.latest < begun and after else None


def _finding_of_replacement(
    text: RuleText, report: HostReport, shown: HostCertificate, told: tuple[Event, Lines]
) -> Finding:
    run, lines = told
    return found(
        text,
        text.case("replaced"),
        basis=Basis.BOTH,
        confidence=Confidence.LIKELY if reasons(lines.failed) else Confidence.POSSIBLE,
        subjects=(host_subject(report),),
        rows=[
            {
                "host": report.name,
                "since": _day_in_words(shown.not_before),
                "restart": report.name,
                **times(lines.failed),
            }
        ],
        evidence=(
            *quote_ends(lines.failed, 2),
            quote(run),
            *(
                Evidence(source=source, text=line)
                for source, line in shown.lines
                if "Not Before" in line
            ),
        ),
        events=lines.failed,
    )


def _finding_of_dates(
    text: RuleText, report: HostReport, shown: HostCertificate, told: tuple[str, Lines]
) -> Finding:
    kind, lines = told
    felt = [each for each in lines.failed if "certificate expired" in each.message]
    served = kind == "expired" and (
        shown.not_after is not None
        and any(each.moment.earliest > shown.not_after for each in lines.served)
    )
    values: Row = {
        "host": report.name,
        "since": _day_in_words(shown.not_after if kind == "expired" else shown.not_before),
        "served": "Clients were served all the same: they do not check it." if served else "",
        "restart": report.name,
        **_command_fields(report),
        **times(felt),
    }
    return found(
        text,
        text.case(kind),
        basis=Basis.BOTH if felt else Basis.STATE,
        confidence=Confidence.CERTAIN if felt else Confidence.LIKELY,
        severity=Severity.INFO if served and not felt else None,
        subjects=(host_subject(report),),
        rows=[values],
        evidence=(*quote_ends(felt), Evidence(source=shown.source, text=shown.text)),
        events=felt,
    )


def _day_in_words(day: datetime | None) -> Value:
    return Minute(Moment.exact(day, "certificate")) if day else "a date that is not shown"


def _findings_of_names(
    case: Case, text: RuleText, report: HostReport, lines: Lines
) -> Iterator[Finding]:
    """Yield that the name to expect is not in the certificate, where TLS failed and never worked.

    A name alone is no defect: many clients do not check it.
    """
    shown = report.certificate
    fallen = case.events.of(FALLBACK)
    nameless = shown is not None and shown.complete and not shown.names
    if not nameless and not (shown is None and fallen):
        return
    yield found(
        text,
        text.case("nameless"),
        basis=Basis.BOTH,
        confidence=Confidence.POSSIBLE,
        subjects=(host_subject(report),),
        rows=[
            {
                "host": report.name,
                "reason": "; ".join(reasons(lines.failed)),
                "restart": report.name,
                **_command_fields(report),
                **times(lines.failed),
            }
        ],
        evidence=(
            *quote_ends(lines.failed, 2),
            *quote_ends(fallen, 2),
            *((Evidence(source=shown.source, text=shown.text),) if shown else ()),
        ),
        events=lines.failed,
    )


def _command_fields(report: HostReport) -> dict[str, str]:
    """Return the fields of the steps whose commands the host's release has.

    xe has host-server-certificate-install since 8.2, host-reset-server-certificate since 8.3, of
    XenServer and of XCP-ng alike (xen-api, cli_frontend.ml).
    """
    version = report.inventory.product_version if report.inventory else None
    found_ = re.match(r"(\d+)\.(\d+)", version or "")
    if found_ is None:
        return {"perhaps": report.name, "install": report.name}
    release = (int(found_[1]), int(found_[2]))
    if release < _INSTALLS:
        return {"by_hand": report.name}
    return {"install": report.name} | ({"reset": report.name} if release >= _RESETS else {})
