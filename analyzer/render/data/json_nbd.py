"""NBD of a pool as JSON objects.

Of the connections only those not closed in order are listed, and of those as many as the views
hold: ``connections.left_out`` says how many more there are. ``clients`` are the hours with any.
"""

from datetime import datetime

from analyzer.model.finding import Gap, Step, Subject
from analyzer.model.nbd import InfoWarning, NbdEndpoint, NbdInfo
from analyzer.model.nbd_view import (
    Leftover,
    NbdConnection,
    NbdHost,
    NbdNetwork,
    NbdPlace,
    NbdRun,
    NbdView,
)
from analyzer.model.network import HostCertificate
from analyzer.model.report import Report
from analyzer.render.data.json_values import Object, evidence_object, source_object, time_keys
from analyzer.render.words.nbd_peaks import Peak, hourly, read_until
from analyzer.render.words.view import iso_time

MOST_HOURS = 1000


def nbd_object(report: Report, view: NbdView) -> Object:
    """Return NBD of one pool; ``uuid`` is null for hosts of which no database was read."""
    return {
        "pool": view.pool,
        "uuid": view.uuid or None,
        "in_use": view.in_use,
        "findings": list(view.findings),
        "unread": [_gap(gap) for gap in view.unread],
        "networks": [_network(network) for network in view.networks],
        "endpoints": [_info(info) for info in view.infos],
        "hosts": [_host(report, host) for host in view.hosts],
        "connections": {
            "listed": [_connection(each) for each in view.connections],
            "left_out": view.connections_left_out,
        },
        "leftovers": [_leftover(each) for each in view.leftovers],
    }


def _named(subject: Subject) -> Object:
    return {"uuid": subject.uuid, "name": subject.name}


def _gap(gap: Gap) -> Object:
    return {"need": gap.need, "host": gap.host, "why": gap.why, "settle_with": gap.settle_with}


def _network(network: NbdNetwork) -> Object:
    return {
        **_named(network.network),
        "bridge": network.bridge,
        "purpose": None if network.purpose is None else list(network.purpose),
        "places": [_place(place) for place in network.places],
        "findings": list(network.findings),
        "evidence": evidence_object(network.evidence),
    }


def _place(place: NbdPlace) -> Object:
    return {
        "host": place.host,
        "pif": place.pif,
        "device": place.device,
        "addresses": list(place.addresses),
        "state": place.state.value,
        "carrier": place.carrier,
        "warnings": [_warning(warning) for warning in place.warnings],
        "findings": list(place.findings),
        "evidence": evidence_object(place.evidence),
    }


def _warning(warning: InfoWarning) -> Object:
    return {
        "what": warning.what,
        "confidence": warning.confidence.value,
        "evidence": [evidence_object(evidence) for evidence in warning.evidence],
    }


def _info(info: NbdInfo) -> Object:
    return {
        "sr": _named(info.sr),
        "vdi": _named(info.vdi),
        "answer": info.answer.value,
        "stopped_at": info.stopped_at.value if info.stopped_at else None,
        "because": info.because,
        "endpoints": [_endpoint(endpoint) for endpoint in info.endpoints],
        "warnings": [_warning(warning) for warning in info.warnings],
        "mend": [_step(step) for step in info.mend],
        "evidence": [evidence_object(evidence) for evidence in info.evidence],
    }


def _step(step: Step) -> Object:
    return {"step": step.step, "risk": step.risk}


def _endpoint(endpoint: NbdEndpoint) -> Object:
    return {
        "address": endpoint.address,
        "port": endpoint.port,
        "host": _named(endpoint.host),
        "network": _named(endpoint.network),
        "pif": endpoint.pif.uuid,
        "secure": endpoint.secure,
        "subject": endpoint.subject,
        "warnings": [_warning(warning) for warning in endpoint.warnings],
        "evidence": [evidence_object(evidence) for evidence in endpoint.evidence],
    }


def _host(report: Report, host: NbdHost) -> Object:
    hours = [
        peak
        for clients in host.concurrency
        for peak in hourly("", clients, read_until(report, host.bundles))
    ]
    return {
        **_named(host.host),
        "bundles": list(host.bundles),
        "certificate": _certificate(host.certificate) if host.certificate else None,
        "certificate_expired": host.expired,
        "unread": [_gap(gap) for gap in host.unread],
        "unchecked": list(host.unchecked),
        "connections": host.sessions,
        "fates": {fate.value: count for fate, count in host.fates},
        "troubles": {trouble.value: count for trouble, count in host.troubles},
        "peak": max((clients.peak for clients in host.concurrency), default=None),
        "clients": [_peak(peak) for peak in hours[:MOST_HOURS]],
        "clients_left_out": max(len(hours) - MOST_HOURS, 0),
        "runs": [_run(run) for run in host.runs],
        "runs_left_out": host.runs_left_out,
        "findings": list(host.findings),
    }


def _certificate(certificate: HostCertificate) -> Object:
    return {
        "common_name": certificate.common_name,
        "names": list(certificate.names),
        "addresses": list(certificate.addresses),
        "not_before": _time(certificate.not_before),
        "not_after": _time(certificate.not_after),
        **source_object(certificate.source),
    }


def _time(time: datetime | None) -> str | None:
    return iso_time(time) if time else None


def _peak(peak: Peak) -> Object:
    return {
        "from": iso_time(peak.first),
        "to": iso_time(peak.last),
        "at_least": peak.least,
        "at_most": peak.most,
    }


def _run(run: NbdRun) -> Object:
    return {
        "bundle": run.bundle,
        "pid": run.pid,
        **time_keys("started", run.started),
        **time_keys("listening", run.listening),
        **time_keys("ended", run.ended),
        "crashed": run.crashed,
        "evidence": [evidence_object(evidence) for evidence in run.evidence],
    }


def _connection(each: NbdConnection) -> Object:
    return {
        "host": _named(each.host),
        "bundle": each.bundle,
        "pid": each.pid,
        "fate": each.fate.value,
        "joined": each.joined.value,
        **time_keys("began", each.began),
        **time_keys("ended", each.ended),
        "trouble": each.trouble.value if each.trouble else None,
        "code": each.code,
        "vbd": each.vbd,
        "vdi": _named(each.vdi) if each.vdi else None,
        "vdi_joined": each.vdi_joined.value,
        "session": each.session,
        "lines": each.lines,
        "evidence": [evidence_object(evidence) for evidence in each.evidence],
    }


def _leftover(each: Leftover) -> Object:
    return {
        "host": _named(each.host),
        "vdi": _named(each.vdi),
        "vbd": each.vbd,
        "mode": each.mode,
        "plugged": each.plugged,
        "leaked": each.leaked,
        "in_use": each.in_use,
        "because": each.because,
        **time_keys("since", each.since),
        **time_keys("before", each.before),
        "by": each.by.value,
        "connection": each.connection,
        "findings": list(each.findings),
        "evidence": [evidence_object(evidence) for evidence in each.evidence],
    }
