"""The sources that a status report should have: their paths, capabilities, and what fetches them.

Capabilities and names are those of main() and construct_filename() in xen-bugtool.
"""

from dataclasses import dataclass

from analyzer.bundle.names import log_name

_WHOLE = "xen-bugtool --yestoall"
_LOGS = "xenserver-logs"
_SYSTEM_LOGS = "system-logs"
_DISKS = "disk-info"
_ALERTS = "var/xapi/blobs/messages/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """A source by the name that rules use.

    ``paths`` are its names in a report, the best first; ``family`` is set instead for a log,
    ``folder`` for what comes as many files. ``failing`` says what an empty file means.
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


def _command(source: str, capability: str, path: str, command: str) -> Expected:
    return Expected(
        source=source,
        capability=capability,
        settle_with=command,
        paths=(path,),
        failing=f"`{command}` failed or is not installed, its messages are not collected",
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
    _log("daemon_log", _SYSTEM_LOGS, "daemon.log"),
    _command("df", _DISKS, "df-alT.out", "df -alT"),
    _command("dmsetup", "multipath", "dmsetup-table.out", "dmsetup table"),
    Expected(
        source="inventory",
        capability="",
        settle_with=_WHOLE,
        paths=("inventory.xml",),
        missing=": it is written last, so this is not a whole status report",
    ),
    _log("kern_log", _SYSTEM_LOGS, "kern.log"),
    _command("ls_dev", "hardware-info", "ls-lR-%dev.out", "ls -lR /dev"),
    _command("lvs", _DISKS, "lvs.out", "lvs"),
    _command("packages", "yum", "rpm-qa.out", "rpm -qa"),
    _file("pool_conf", "etc/xensource/pool.conf"),
    _command("pvs", _DISKS, "pvs.out", "pvs"),
    _log("smlog", _LOGS, "SMlog"),
    Expected(
        source="sr_listing",
        capability="",
        settle_with="ls -l /run/sr-mount/<sr-uuid>",
    ),
    _command("systemctl", "system-services", "systemctl-status.out", "systemctl status"),
    _log("user_log", _SYSTEM_LOGS, "user.log"),
    _command("vgs", _DISKS, "vgs.out", "vgs"),
    Expected(
        source="xapi_db",
        capability="xenserver-databases",
        settle_with="xe pool-dump-database file-name=/root/xapi-db-dumped.xml",
        paths=("xapi-db-dumped.xml", "xapi-db.xml"),
        failing="the dump or its filter failed on the host",
    ),
    _file("xensource_inventory", "etc/xensource-inventory"),
    _log("xensource_log", _LOGS, "xensource.log"),
)
