"""Hosts as objects, as ``cbtriage show host --json`` prints them."""

import json
from collections.abc import Sequence

from analyzer.model.finding import Gap
from analyzer.model.host_view import HostLog, HostView
from analyzer.model.nbd_view import NbdHost, NbdNetwork, NbdPlace, NbdRun
from analyzer.render.data.json_values import Json, Object, source_object, time_keys
from analyzer.render.words.nbd_words import peak_of


def hosts_json(hosts: Sequence[HostView]) -> str:
    """Return the hosts as a list of objects."""
    return json.dumps([_object(host) for host in hosts], indent=2) + "\n"


def _object(host: HostView) -> Object:
    nbd = host.nbd
    return {
        "uuid": host.host.uuid or None,
        "name": host.host.name,
        "pool": host.pool or None,
        "role": host.role.value,
        "product": host.product or None,
        "bundles": list(host.bundles),
        **time_keys("captured_at", host.captured_at),
        "database": host.database or None,
        "enabled": host.enabled,
        "live": host.live,
        "packages": list(host.packages),
        "logs": [_log_object(log) for log in host.logs],
        "unread": [_gap_object(gap) for gap in host.unread],
        "nbd": _server_object(host, nbd) if nbd else None,
        "interfaces": [_place_object(network, place) for network, place in host.places],
        "storages": [
            {
                "uuid": each.sr.uuid,
                "name": each.sr.name,
                "type": each.type,
                "attached": each.attached,
            }
            for each in host.storages
        ],
        "findings": [finding.id for finding in host.about],
        "findings_on_logs": [finding.id for finding in host.on_logs],
    }


def _log_object(log: HostLog) -> Object:
    first, last = log.window or (None, None)
    return {
        "log": log.need,
        "bundle": log.bundle,
        **time_keys("first", first),
        **time_keys("last", last),
        "gap": _gap_object(log.gap) if log.gap else None,
    }


def _gap_object(gap: Gap) -> Object:
    return {"need": gap.need, "why": gap.why, "settle_with": gap.settle_with or None}


def _server_object(host: HostView, nbd: NbdHost) -> Object:
    service: Json = None
    if host.service:
        service = {"text": host.service.text, **source_object(host.service.source)}
    return {
        "service": service,
        "connections": nbd.sessions,
        "fates": {fate.value: count for fate, count in nbd.fates},
        "troubles": {trouble.value: count for trouble, count in nbd.troubles},
        "peak": peak_of(nbd),
        "unread": [_gap_object(gap) for gap in nbd.unread],
        "runs": [_run_object(run) for run in nbd.runs],
        "runs_left_out": nbd.runs_left_out,
    }


def _run_object(run: NbdRun) -> Object:
    return {
        "pid": run.pid,
        **time_keys("started", run.started),
        **time_keys("listening", run.listening),
        **time_keys("ended", run.ended),
        "crashed": run.crashed,
    }


def _place_object(network: NbdNetwork, place: NbdPlace) -> Object:
    return {
        "pif": place.pif,
        "device": place.device,
        "network": network.network.uuid,
        "network_name": network.network.name,
        "purpose": None if network.purpose is None else list(network.purpose),
        "addresses": list(place.addresses),
        "state": place.state.value,
        "carrier": place.carrier,
        "warnings": [warning.what for warning in place.warnings],
        **source_object(place.evidence.source),
    }
