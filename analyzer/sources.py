"""What a status report holds: one value per source, from which everything else derives.

The ledger, the scope of a rule's needs, ``--as``, what a host's report holds, the lanes of the
timeline and whether a source is whole all read `SOURCES`. To add a format, write its parser and
its entry here. Capabilities and names are those of main() and construct_filename() in
xen-bugtool.
"""

from collections.abc import Mapping
from enum import Enum
from types import MappingProxyType

from analyzer.model import host, network, storage
from analyzer.model.cbt import CbtLogFile, CbtLogValues
from analyzer.model.clock import NtpTracking
from analyzer.model.xapi import XapiDatabase
from analyzer.values import dataclass

XAPI_DB = "xapi_db"
_WHOLE = "xen-bugtool --yestoall"
_FAILED = "failed or is not installed, its messages are not collected"
_NONE_OR = f"found none, or it {_FAILED}"  # LVM's tables have no header where they have no row


class Scope(Enum):
    """Of which hosts of a pool a source is needed before anything can be ruled out."""

    EVERY_HOST = "every host"
    ONE_HOST = "one host of the pool"
    MASTER = "the master"


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceKind:
    """A source by the name that rules use.

    ``paths`` are its names in a report, the best first, each enough by itself; ``family`` is set
    instead for a log, ``folder`` for what comes as many files. One with none of them is by design
    in no report: people add it, each file for itself.

    ``parsers`` name what reads it, as ``<module below analyzer.parsers>:<value>``; ``facts`` are
    the types of what they yield, none for a log. ``scope`` is None where nothing is ever ruled
    out by it, so that no rule may need it.

    ``failing`` says what an empty file means, ``missing`` why there may be none. ``may_be_empty``:
    an empty file is a whole one, on which nothing was to be said.
    """

    name: str
    capability: str
    settle_with: str
    parsers: tuple[str, ...] = ()
    facts: tuple[type, ...] = ()
    scope: Scope | None = None
    paths: tuple[str, ...] = ()
    family: str = ""
    folder: str = ""
    failing: str = "the file was empty on the host"
    missing: str = ""
    may_be_empty: bool = False

    @property
    def is_log(self) -> bool:
        """Tell whether it runs through time, line by line."""
        return bool(self.family)

    @property
    def by_design_missing(self) -> bool:
        """Tell whether xen-bugtool never collects it."""
        return not (self.paths or self.family or self.folder)

    def collects(self, path: str) -> bool:
        """Tell whether a path in a report is one under which xen-bugtool stores it."""
        return path in self.paths or bool(self.folder and path.startswith(self.folder))

    @property
    def label(self) -> str:
        """Return what people call it: for a log its file name, as ``SMlog``."""
        return self.family.rpartition("/")[2] or self.name


def _kind_of_log(
    name: str, file: str, capability: str, *, scope: Scope | None = Scope.EVERY_HOST
) -> SourceKind:
    return SourceKind(
        name=name,
        capability=capability,
        settle_with=f"xen-bugtool --entries={capability} --yestoall",
        parsers=(f"logs.{name}:PARSER",),
        scope=scope,
        family=f"var/log/{file}",
    )


def _kind_of_config_file(name: str, path: str, parser: str, fact: type) -> SourceKind:
    return SourceKind(
        name=name,
        capability="xenserver-config",
        settle_with=f"cat /{path}",
        parsers=(parser,),
        facts=(fact,),
        scope=Scope.EVERY_HOST,
        paths=(path,),
    )


# In the order in which they are asked whose a member is: names that cannot be mistaken first,
# guesses by content last.
SOURCES: tuple[SourceKind, ...] = (
    _kind_of_log("smlog", "SMlog", "xenserver-logs"),
    _kind_of_log("xensource_log", "xensource.log", "xenserver-logs"),
    _kind_of_log("audit_log", "audit.log", "xenserver-logs"),
    _kind_of_log("daemon_log", "daemon.log", "system-logs"),
    _kind_of_log("kern_log", "kern.log", "system-logs"),
    _kind_of_log("user_log", "user.log", "system-logs"),
    SourceKind(
        name="xha_log",
        capability="xenserver-logs",
        settle_with="xen-bugtool --entries=xenserver-logs --yestoall",
        parsers=("logs.xha_log:PARSER",),
        family="var/log/xha.log",
        missing="; a host that never had high availability has none",
        # xhad writes it only while high availability is on, logrotate goes on for ever
        may_be_empty=True,
    ),
    SourceKind(
        name="inventory",
        capability="",
        settle_with=_WHOLE,
        paths=("inventory.xml",),
        missing=": it is written last, so this is not a whole status report",
    ),
    SourceKind(
        name="bugtool_log",
        capability="xen-bugtool",
        settle_with=_WHOLE,
        paths=("xen-bugtool.log",),
        missing="; xen-bugtool before 2.0 wrote none",
    ),
    SourceKind(
        name=XAPI_DB,
        capability="xenserver-databases",
        settle_with="xe pool-dump-database file-name=/root/xapi-db-dumped.xml",
        parsers=("xapi.xapi_db:PARSER",),
        facts=(XapiDatabase,),
        scope=Scope.ONE_HOST,
        paths=("xapi-db-dumped.xml", "xapi-db.xml"),
        failing="the dump or its filter failed on the host",
    ),
    SourceKind(
        name="lvs",
        capability="disk-info",
        settle_with="lvs",
        parsers=("storage.lvm:LVS",),
        facts=(storage.LvmVolumes,),
        scope=Scope.ONE_HOST,
        paths=("lvs.out",),
        failing=f"`lvs` {_NONE_OR}",
    ),
    SourceKind(
        name="vgs",
        capability="disk-info",
        settle_with="vgs",
        parsers=("storage.lvm:VGS",),
        facts=(storage.VolumeGroups,),
        scope=Scope.ONE_HOST,
        paths=("vgs.out",),
        failing=f"`vgs` {_NONE_OR}",
    ),
    SourceKind(
        name="pvs",
        capability="disk-info",
        settle_with="pvs",
        parsers=("storage.lvm:PVS",),
        facts=(storage.PhysicalVolumes,),
        scope=Scope.ONE_HOST,
        paths=("pvs.out",),
        failing=f"`pvs` {_NONE_OR}",
    ),
    SourceKind(
        name="ls_dev",
        capability="hardware-info",
        settle_with="ls -lR /dev",
        parsers=("storage.devices:LS_DEV",),
        facts=(storage.DeviceLinks,),
        paths=("ls-lR-%dev.out",),
        failing=f"`ls -lR /dev` {_FAILED}",
    ),
    SourceKind(
        name="dmsetup",
        capability="multipath",
        settle_with="dmsetup table",
        parsers=("storage.devices:DMSETUP",),
        facts=(storage.DeviceLinks,),
        paths=("dmsetup-table.out",),
        failing=f"`dmsetup table` {_FAILED}",
    ),
    SourceKind(
        name="df",
        capability="disk-info",
        settle_with="df -alT",
        parsers=("storage.df:PARSER",),
        facts=(storage.Mounts,),
        scope=Scope.EVERY_HOST,
        paths=("df-alT.out",),
        failing=f"`df -alT` {_FAILED}",
    ),
    SourceKind(
        name="alerts",
        capability="blobs",
        settle_with="xen-bugtool --entries=blobs --yestoall  # on the pool master",
        parsers=("host.alerts:PARSER",),
        facts=(host.Alert,),
        scope=Scope.MASTER,
        folder="var/xapi/blobs/messages/",
        missing="; only the pool master keeps alerts, on another host there are none",
    ),
    SourceKind(
        name="cbtlog",
        capability="",
        settle_with="cp /run/sr-mount/<sr-uuid>/<vdi-uuid>.cbtlog <folder of the report>",
        parsers=("storage.cbtlog:PARSER", "storage.cbt_util:PARSER"),
        facts=(CbtLogFile, CbtLogValues),
        missing="xen-bugtool copies no CBT log, and nobody added one",
    ),
    _kind_of_config_file(
        "xensource_inventory",
        "etc/xensource-inventory",
        "host.host_files:INVENTORY",
        host.HostInventory,
    ),
    _kind_of_config_file(
        "pool_conf", "etc/xensource/pool.conf", "host.host_files:POOL_CONF", host.PoolMembership
    ),
    SourceKind(
        name="systemctl",
        capability="system-services",
        settle_with="systemctl status",
        parsers=("host.systemd:PARSER",),
        facts=(host.ServiceStates,),
        scope=Scope.EVERY_HOST,
        paths=("systemctl-status.out",),
        failing=f"`systemctl status` {_FAILED}",
    ),
    SourceKind(
        name="packages",
        capability="yum",
        settle_with="rpm -qa",
        parsers=("host.packages:PARSER",),
        facts=(host.Packages,),
        scope=Scope.EVERY_HOST,
        paths=("rpm-qa.out",),
        failing=f"`rpm -qa` {_FAILED}",
    ),
    SourceKind(
        name="sm_diagnostics",
        capability="xapi",
        settle_with="xe host-get-sm-diagnostics uuid=<host-uuid>",
        parsers=("host.sm_diagnostics:PARSER",),
        facts=(host.SmDiagnostics,),
        scope=Scope.EVERY_HOST,
        paths=("sm_diagnostics.out",),
        failing=f"`xe host-get-sm-diagnostics` {_FAILED}",
    ),
    SourceKind(
        name="process_tree",
        capability="process-list",
        settle_with="ps wwwaxf -eo pid,stat,args",
        parsers=("host.processes:PARSER",),
        facts=(host.ProcessList,),
        paths=("process-tree.out",),
        failing=f"`ps` {_FAILED}",
    ),
    SourceKind(
        name="task_list",
        capability="xapi",
        settle_with="xe task-list",
        parsers=("xapi.task_list:PARSER",),
        facts=(host.TaskList,),
        paths=("task_list.out",),
        failing=f"there was no task, or `xe task-list` {_FAILED}",
        missing="; releases before XenServer 8 and XCP-ng 8.3 do not collect it",
        may_be_empty=True,
    ),
    SourceKind(
        name="chrony_tracking",
        capability="network-status",
        settle_with="chronyc tracking",
        parsers=("host.chrony:PARSER",),
        facts=(NtpTracking,),
        paths=("chronyc-tracking.out",),
        failing=f"`chronyc tracking` {_FAILED}",
    ),
    SourceKind(
        name="interfaces",
        capability="network-status",
        settle_with="ip -s addr",
        parsers=("network.addresses:IP", "network.addresses:IFCONFIG"),
        facts=(network.Interfaces,),
        scope=Scope.EVERY_HOST,
        paths=("ip-s-addr.out", "ifconfig-a.out"),
        failing=f"the program that writes it {_FAILED}",
    ),
    SourceKind(
        name="routes",
        capability="network-status",
        settle_with="ip route",
        parsers=("network.routes:IP_ROUTE", "network.routes:ROUTE_N"),
        facts=(network.Routes,),
        scope=Scope.EVERY_HOST,
        paths=("ip-route.out", "route-n.out"),
        failing=f"the program that writes it {_FAILED}",
    ),
    SourceKind(
        name="firewall",
        capability="network-status",
        settle_with="iptables -nvL",
        parsers=("network.iptables:PARSER", "network.nft:PARSER", "network.firewalld:PARSER"),
        facts=(network.IptablesListing, network.NftListing, network.FirewalldListing),
        scope=Scope.EVERY_HOST,
        paths=("iptables-nvL.out", "nft-list-ruleset.out", "firewall-cmd--list-all-zones.out"),
        failing=f"the program that writes it {_FAILED}",
    ),
    SourceKind(
        name="sockets",
        capability="network-status",
        settle_with="ss -nampio",
        parsers=("network.sockets:SS", "network.sockets:NETSTAT"),
        facts=(network.Sockets,),
        scope=Scope.EVERY_HOST,
        paths=("ss-nampio.out", "ss-nampi.out", "netstat-anop.out"),
        failing=f"the program that writes it {_FAILED}",
    ),
    SourceKind(
        name="certificate",
        capability="xapi",
        settle_with="openssl x509 -text -in /etc/xensource/xapi-ssl.pem",
        parsers=("network.certificate:PARSER",),
        facts=(network.HostCertificate,),
        scope=Scope.EVERY_HOST,
        paths=("xapi_cert.out",),
        failing="`openssl x509 -text` found no certificate in xapi-ssl.pem",
        missing="; releases before XenServer 8 and XCP-ng 8.3 do not collect it",
    ),
    SourceKind(
        name="xapi_nbd_leftovers",
        capability="",
        settle_with="cat /var/lib/xapi-nbd/VBDs_to_clean_up",
        parsers=("host.nbd_files:PARSER",),
        facts=(network.VbdsToCleanUp,),
        scope=Scope.EVERY_HOST,
        failing="xapi-nbd had nothing left to clean up",
        missing="xen-bugtool does not collect it, and nobody added it",
    ),
    SourceKind(
        name="xe_params",
        capability="",
        settle_with="xe vdi-param-list uuid=<vdi-uuid>",
        parsers=("xapi.xe_params:PARSER",),
        facts=(XapiDatabase,),
        missing="xen-bugtool lists no parameters with xe, and nobody added such a list",
    ),
    SourceKind(
        name="sr_listing",
        capability="",
        settle_with="ls -l /run/sr-mount/<sr-uuid>",
        parsers=("storage.listing:PARSER",),
        facts=(storage.SrListing,),
        missing="xen-bugtool lists no SR folder, and nobody added a listing",
    ),
)

# What rules may need, and of which hosts.
SCOPES: Mapping[str, Scope] = MappingProxyType(
    {kind.name: kind.scope for kind in SOURCES if kind.scope is not None}
)
# The logs that every host has, in the order in which they are shown.
LOGS = tuple(sorted(kind.name for kind in SOURCES if kind.is_log and kind.scope is not None))
FACTS: Mapping[str, tuple[type, ...]] = MappingProxyType(
    {kind.name: kind.facts for kind in SOURCES}
)
