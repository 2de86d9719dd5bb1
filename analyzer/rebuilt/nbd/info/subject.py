"""The name that get_nbd_info tells a TLS client to expect."""

import re

from analyzer.case.case import Case
from analyzer.case.pool import PoolState
from analyzer.model.network import HostCertificate
from analyzer.model.xapi import Host

# Until XenServer 8.0 a certificate without a name gave "" (schema numbers: datamodel_common.ml).
FIRST_SCHEMA_WITH_HOSTNAME = 504
_LABEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,62}", re.ASCII)
_LETTER = re.compile(r"[A-Za-z]", re.ASCII)
_WILDCARD = "*."


def certificate_of(case: Case, host: Host) -> HostCertificate | None:
    """Return the certificate of a host as its newest report that has one shows it."""
    reports = [
        report
        for report in case.hosts
        if report.host_uuid == host.uuid and report.certificate is not None
    ]
    newest = max(
        reports,
        key=lambda report: report.captured_at.at.isoformat() if report.captured_at else "",
        default=None,
    )
    return newest.certificate if newest else None


def subject_of(pool: PoolState, host: Host, certificate: HostCertificate | None) -> str | None:
    """Return the subject of a host's records, None where it is not known.

    The DNS names of the certificate come first, else its common name if that is a host name
    (ocaml-x509 `certificate.ml` hostnames), else the host's name (xen-api `xapi_vdi.ml`
    get_nbd_info). A strict name comes before a wildcard, whose "*." xapi leaves out.
    """
    if certificate is None or not certificate.complete:
        return None
    names = [name for name in certificate.names if _is_host(name)]
    common = certificate.common_name
    if not names and common and _is_host(common):
        names = [common]
    if names:
        return min(names, key=_order_of_names).removeprefix(_WILDCARD).removesuffix(".")
    if pool.schema_minor is not None and pool.schema_minor < FIRST_SCHEMA_WITH_HOSTNAME:
        return ""
    return host.hostname


def _is_host(name: str) -> bool:
    """Tell what is a host name (domain-name `domain_name.ml` host_exn): no address is one."""
    labels = name.removeprefix(_WILDCARD).removesuffix(".").split(".")
    return all(map(_LABEL.fullmatch, labels)) and _LETTER.search(labels[-1]) is not None


def _order_of_names(name: str) -> tuple[bool, list[str]]:
    """Order names as xapi does: strict ones first, then by labels from the right."""
    labels = name.lower().removeprefix(_WILDCARD).removesuffix(".").split(".")
    return (name.startswith(_WILDCARD), labels[::-1])
