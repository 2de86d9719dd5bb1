"""Members become records and facts; one file per format, named in the lists of this module.

To add a format, write its module and name its parser here; that is the only place.
"""

from analyzer.bundle.names import LogName
from analyzer.parsers import (
    addresses,
    alerts,
    audit_log,
    cbtlog,
    certificate,
    chrony,
    daemon_log,
    devices,
    df,
    firewalld,
    host_files,
    iptables,
    kern_log,
    listing,
    lvm,
    nbd_files,
    nft,
    packages,
    routes,
    sm_diagnostics,
    smlog,
    sockets,
    systemd,
    user_log,
    xapi_db,
    xe_params,
    xensource_log,
    xha_log,
)
from analyzer.parsers._api import DocumentParser, LogParser

LOG_PARSERS: tuple[LogParser, ...] = (
    smlog.PARSER,
    xensource_log.PARSER,
    audit_log.PARSER,
    daemon_log.PARSER,
    kern_log.PARSER,
    user_log.PARSER,
    xha_log.PARSER,
)

# In the order of asking: names that cannot be mistaken first, guesses by content last.
DOCUMENT_PARSERS: tuple[DocumentParser, ...] = (
    xapi_db.PARSER,
    lvm.LVS,
    lvm.VGS,
    lvm.PVS,
    devices.LS_DEV,
    devices.DMSETUP,
    df.PARSER,
    alerts.PARSER,
    cbtlog.PARSER,
    host_files.INVENTORY,
    host_files.POOL_CONF,
    systemd.PARSER,
    packages.PARSER,
    sm_diagnostics.PARSER,
    chrony.PARSER,
    addresses.IP,
    addresses.IFCONFIG,
    routes.IP_ROUTE,
    routes.ROUTE_N,
    iptables.PARSER,
    nft.PARSER,
    firewalld.PARSER,
    sockets.SS,
    sockets.NETSTAT,
    certificate.PARSER,
    nbd_files.PARSER,
    xe_params.PARSER,
    listing.PARSER,
)


def log_parser(log: LogName) -> LogParser | None:
    """Return the parser of a log family, None for a family that is not read."""
    return next((parser for parser in LOG_PARSERS if log.family in parser.families), None)


def document_parser(path: str, head: bytes) -> DocumentParser | None:
    """Return the parser that claims a member by its path or its first bytes."""
    return next((parser for parser in DOCUMENT_PARSERS if parser.claims(path, head)), None)
