"""The sources that a status report should have: their paths, capabilities, and what fetches them.

Capabilities and names are those of main() and construct_filename() in xen-bugtool.
"""

from dataclasses import dataclass

from analyzer.bundle.names import log_name

_WHOLE = "xen-bugtool --yestoall"
_LOGS = "xenserver-logs"
_SYSTEM_LOGS = "system-logs"
_DISKS = "disk-info"
_NETWORK = "network-status"
_ALERTS = "var/xapi/blobs/messages/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """A source by the name that rules use.

    ``paths`` are its names in a report, the best first; ``family`` is set instead for a log,
    ``folder`` for what comes as many files; one with none of them is by design in no report.
    ``failing`` says what an empty file means, ``missing`` why there may be none.
    """

    source: str
    capability: str
    settle_with: str
    paths: tuple[str, ...] = ()
    family: str = ""
    folder: str = ""
    failing: str = "the file was empty on the host"
    missing: str = ""

    def owns(self, path: str) -> bool:
        """Tell whether a path in a report is of this source."""
        if self.family:
            log = log_name(path)
            return log is not None and log.family == self.family
        return path in self.paths or bool(self.folder and path.startswith(self.folder))


def _log(source: str, capability: str, name: str) -> Expected:
    settle_with = f"xen-bugtool --entries={capability} --yestoall"
    family = f"var/log/{name}"
    return Expected(source=source, capability=capability, settle_with=settle_with, family=family)


def _command(source: str, capability: str, command: str, *paths: str) -> Expected:
    """Return a command's output; several paths are those of this or an older xen-bugtool."""
    program = f"`{command}`" if len(paths) == 1 else "the program that writes it"
    return Expected(
        source=source,
        capability=capability,
        settle_with=command,
        paths=paths,
        failing=f"{program} failed or is not installed, its messages are not collected",
    )


def _file(source: str, path: str) -> Expected:
    settle_with = f"cat /{path}"
    return Expected(
        source=source, capability="xenserver-config", settle_with=settle_with, paths=(path,)
    )


EXPECTED = (
    Expected(
        source="alerts",
        capability="blobs",
        settle_with="xen-bugtool --entries=blobs --yestoall (on the pool master)",
        folder=_ALERTS,
        missing="; only the pool master keeps alerts, on another host there are none",
    ),
    _log("audit_log", _LOGS, "audit.log"),
    Expected(
        source="bugtool_log",
        capability="xen-bugtool",
        settle_with=_WHOLE,
        paths=("xen-bugtool.log",),
        missing="; xen-bugtool before 2.0 wrote none",
    ),
    Expected(
        source="certificate",
        capability="xapi",
        settle_with="openssl x509 -text -in /etc/xensource/xapi-ssl.pem",
        paths=("xapi_cert.out",),
        failing="`openssl x509 -text` found no certificate in xapi-ssl.pem",
        missing="; releases before XenServer 8 and XCP-ng 8.3 do not collect it",
    ),
    _command("chrony_tracking", _NETWORK, "chronyc tracking", "chronyc-tracking.out"),
    _log("daemon_log", _SYSTEM_LOGS, "daemon.log"),
    _command("df", _DISKS, "df -alT", "df-alT.out"),
    _command("dmsetup", "multipath", "dmsetup table", "dmsetup-table.out"),
    _command(
        "firewall",
        _NETWORK,
        "iptables -nvL",
        "iptables-nvL.out",
        "nft-list-ruleset.out",
        "firewall-cmd--list-all-zones.out",
    ),
    _command("interfaces", _NETWORK, "ip -s addr", "ip-s-addr.out", "ifconfig-a.out"),
    Expected(
        source="inventory",
        capability="",
        settle_with=_WHOLE,
        paths=("inventory.xml",),
        missing=": it is written last, so this is not a whole status report",
    ),
    _log("kern_log", _SYSTEM_LOGS, "kern.log"),
    _command("ls_dev", "hardware-info", "ls -lR /dev", "ls-lR-%dev.out"),
    _command("lvs", _DISKS, "lvs", "lvs.out"),
    _command("packages", "yum", "rpm -qa", "rpm-qa.out"),
    _file("pool_conf", "etc/xensource/pool.conf"),
    _command("pvs", _DISKS, "pvs", "pvs.out"),
    _command("routes", _NETWORK, "ip route", "ip-route.out", "route-n.out"),
    _log("smlog", _LOGS, "SMlog"),
    _command(
        "sockets",
        _NETWORK,
        "ss -nampio",
        "ss-nampio.out",
        "ss-nampi.out",
        "netstat-anop.out",
    ),
    Expected(
        source="sr_listing",
        capability="",
        settle_with="ls -l /run/sr-mount/<sr-uuid>",
        missing="xen-bugtool lists no SR folder, and nobody added a listing",
    ),
    _command("systemctl", "system-services", "systemctl status", "systemctl-status.out"),
    _log("user_log", _SYSTEM_LOGS, "user.log"),
    _command("vgs", _DISKS, "vgs", "vgs.out"),
    Expected(
        source="xapi_db",
        capability="xenserver-databases",
        settle_with="xe pool-dump-database file-name=/root/xapi-db-dumped.xml",
        paths=("xapi-db-dumped.xml", "xapi-db.xml"),
        failing="the dump or its filter failed on the host",
    ),
    Expected(
        source="xapi_nbd_leftovers",
        capability="",
        settle_with="cat /var/lib/xapi-nbd/VBDs_to_clean_up",
        failing="xapi-nbd had nothing left to clean up",
        missing="xen-bugtool does not collect it, and nobody added it",
    ),
    _file("xensource_inventory", "etc/xensource-inventory"),
    _log("xensource_log", _LOGS, "xensource.log"),
)
