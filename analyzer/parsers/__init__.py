"""Members become records and facts; one file per format, named in the lists of this module.

To add a format, write its module and name its parser here; that is the only place.
"""

from analyzer.bundle.names import LogName
from analyzer.parsers._api import DocumentParser, LogParser
from analyzer.parsers.host import alerts as alerts
from analyzer.parsers.host import chrony as chrony
from analyzer.parsers.host import host_files as host_files
from analyzer.parsers.host import nbd_files as nbd_files
from analyzer.parsers.host import packages as packages
from analyzer.parsers.host import sm_diagnostics as sm_diagnostics
from analyzer.parsers.host import systemd as systemd
from analyzer.parsers.logs import audit_log as audit_log
from analyzer.parsers.logs import daemon_log as daemon_log
from analyzer.parsers.logs import kern_log as kern_log
from analyzer.parsers.logs import smlog as smlog
from analyzer.parsers.logs import user_log as user_log
from analyzer.parsers.logs import xensource_log as xensource_log
from analyzer.parsers.logs import xha_log as xha_log
from analyzer.parsers.network import addresses as addresses
from analyzer.parsers.network import certificate as certificate
from analyzer.parsers.network import firewalld as firewalld
from analyzer.parsers.network import iptables as iptables
from analyzer.parsers.network import nft as nft
from analyzer.parsers.network import routes as routes
from analyzer.parsers.network import sockets as sockets
from analyzer.parsers.storage import cbtlog as cbtlog
from analyzer.parsers.storage import devices as devices
from analyzer.parsers.storage import df as df
from analyzer.parsers.storage import listing as listing
from analyzer.parsers.storage import lvm as lvm
from analyzer.parsers.xapi import xapi_db as xapi_db
from analyzer.parsers.xapi import xe_params as xe_params

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
