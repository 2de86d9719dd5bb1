"""CaseBuilder: a small case for one check, made of log lines, tables and database rows.

Lines go through the real parsers and the selectors of the shipped patterns, tables through the
LVM parser, rows through `build_pools`: only the archive around them is left out.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Self, TypeVar
from xml.sax.saxutils import quoteattr

from analyzer.case.case import Case, HostReport
from analyzer.case.events import EventTable, EventTableBuilder
from analyzer.case.pool import build_pools
from analyzer.checks import checks
from analyzer.checks.observation import Examined, examined
from analyzer.model.cbt import CbtLogFile
from analyzer.model.clock import ClockChange, ClockChangeKind, HostClock
from analyzer.model.finding import Confidence, Evidence, Gap
from analyzer.model.host import (
    Alert,
    Datapath,
    Packages,
    Role,
    ServiceState,
    ServiceStates,
    SmDiagnostics,
)
from analyzer.model.moment import Moment
from analyzer.model.network import Socket, Sockets
from analyzer.model.rule import RuleText
from analyzer.model.source import Source
from analyzer.model.storage import (
    ListedFile,
    LvmVolumes,
    Mount,
    Mounts,
    SrListing,
    VolumeGroups,
)
from analyzer.model.xapi import (
    Host,
    HostMetrics,
    Network,
    Pbd,
    Pif,
    Pool,
    Sr,
    Vbd,
    Vdi,
    Vm,
    XapiDatabase,
    XapiObject,
)
from analyzer.parsers import LOG_PARSERS
from analyzer.parsers._api import Stamp
from analyzer.parsers.scan.scan import Scanner
from analyzer.parsers.storage import lvm
from analyzer.rules.load import load_catalogue
from tests.parsers.memory_member import MemoryMember, facts
from tests.support.elsewhere import assert_moments_can_be_told_elsewhere

CATALOGUE = load_catalogue()
JUPITER = "4d7c1f0e-2a9b-4c3d-8e5f-60718293a4b5"
SATURN = "a0b1c2d3-e4f5-4687-9a8b-7c6d5e4f3a2b"
POOL = "77c2e9a4-1b3d-4f60-8a7e-5d9c0b1a2f38"
SR = "0d2b6bd6-53d4-2f51-9e6c-1f8de3b4f0a7"
VDI = "6b0c1a3e-9d1f-4c55-8a47-2f60b7c0e913"
SNAPSHOT = "91c3e5d0-7a41-4f0e-8f6b-55d1c0b7a2e4"
OTHER_VDI = "c7f1b2a9-3e4d-4a5b-9c6d-0e1f2a3b4c5d"
NETWORK = "2f9e1c7a-8b6d-4e3f-a1c0-9d8e7f6a5b4c"
OTHER_NETWORK = "e5d4c3b2-a190-4f8e-b7d6-c5b4a3928170"
GROUP = f"VG_XenStorage-{SR}"
CAPTURED = datetime(2024, 6, 10, 20, 0, 0, tzinfo=UTC)

HEADER = "  LV                                          VG                                                 Attr       LSize   Pool Origin Data%  Meta%  Move Log Cpy%Sync Convert"

_LOGS = {
    "smlog": "var/log/SMlog",
    "daemon_log": "var/log/daemon.log",
    "xensource_log": "var/log/xensource.log",
    "kern_log": "var/log/kern.log",
}
Row = TypeVar("Row", bound=XapiObject)


def at(text: str) -> Moment:
    """Return 10 June 2024 at a time like ``13:32:41``."""
    return Moment.exact(datetime.fromisoformat(f"2024-06-10T{text}+00:00"), "test")


def lvs(*names: str, group: str = GROUP, header: str = HEADER) -> str:
    """Return ``lvs.out`` with volumes of one group."""
    rows = [f"  {name:<43} {group} -wi------- 4.00m" for name in names]
    return "\n".join([header, *rows]) + "\n"


def vgs(free: str, group: str = GROUP) -> str:
    """Return ``vgs.out`` with one group."""
    return f"  VG                                                 #PV #LV #SN Attr   VSize   VFree \n  {group}   1  12   0 wz--n- 100.00g {free}\n"


def vdi(uuid: str = VDI, **fields: object) -> Vdi:
    """Return a live disk with CBT on SR, unless `fields` say otherwise."""
    known: dict[str, object] = {
        "sr": SR,
        "name_label": "web-01 0",
        "type": "user",
        "cbt_enabled": True,
        "is_a_snapshot": False,
        "current_operations": {},
        "virtual_size": 10 << 30,
    }
    return _row(Vdi, uuid, {**known, **fields})


def sr(uuid: str = SR, kind: str = "lvmoiscsi", **fields: object) -> Sr:
    """Return a storage repository."""
    known: dict[str, object] = {"type": kind, "name_label": "tank", "current_operations": {}}
    return _row(Sr, uuid, {**known, **fields})


def pbd(host: str = JUPITER, repository: str = SR, *, attached: bool | None = True) -> Pbd:
    """Return the plug of an SR on a host."""
    fields = {"host": host, "sr": repository, "currently_attached": attached}
    return _row(Pbd, f"{host[:18]}{repository[18:]}", fields)


def member(
    uuid: str = JUPITER, name: str = "jupiter", *, live: bool | None = True, **fields: object
) -> tuple[Host, HostMetrics]:
    """Return a host and what the master last saw of it."""
    metrics = _row(HostMetrics, f"{uuid[:18]}{POOL[18:]}", {"live": live})
    known: dict[str, object] = {"name_label": name, "metrics": metrics.ref}
    return _row(Host, uuid, {**known, **fields}), metrics


def network(uuid: str = NETWORK, purpose: tuple[str, ...] | None = (), **fields: object) -> Network:
    """Return a network with purposes, None for a row that does not show them."""
    known: dict[str, object] = {"name_label": "storage", "bridge": "xenbr1", "managed": True}
    return _row(Network, uuid, {**known, "purpose": purpose, **fields})


def pif(net: str = NETWORK, host: str = JUPITER, ip: str = "192.0.2.11", **fields: object) -> Pif:
    """Return a plugged interface with an address."""
    known: dict[str, object] = {
        "network": net,
        "host": host,
        "ip": ip,
        "ipv6": (),
        "currently_attached": True,
    }
    return _row(Pif, f"{net[:18]}{host[18:]}", {**known, **fields})


def control_domain(host: str = JUPITER, **fields: object) -> Vm:
    """Return the control domain of a host."""
    known: dict[str, object] = {
        "name_label": "Control domain on host",
        "is_control_domain": True,
        "is_a_snapshot": False,
        "resident_on": host,
        "current_operations": {},
    }
    return _row(Vm, f"d0{host[2:]}", {**known, **fields})


def vm(uuid: str, **fields: object) -> Vm:
    """Return a VM that is no control domain."""
    known: dict[str, object] = {
        "name_label": "web-01",
        "is_control_domain": False,
        "is_a_snapshot": False,
        "current_operations": {},
    }
    return _row(Vm, uuid, {**known, **fields})


def vbd(uuid: str, disk: str = SNAPSHOT, machine: str | None = None, **fields: object) -> Vbd:
    """Return a plugged read-only VBD, of the control domain of jupiter by default."""
    known: dict[str, object] = {
        "vm": machine or f"d0{JUPITER[2:]}",
        "vdi": disk,
        "mode": "RO",
        "currently_attached": True,
        "reserved": False,
        "current_operations": {},
    }
    return _row(Vbd, uuid, {**known, **fields})


def row(kind: type[Row], uuid: str, **fields: object) -> Row:
    """Return a row of any table."""
    return _row(kind, uuid, fields)


def _row(kind: type[Row], uuid: str, fields: Mapping[str, object]) -> Row:
    shown = {"ref": f"OpaqueRef:{uuid}", "uuid": uuid}
    shown |= {name: _written(value) for name, value in fields.items() if value is not None}
    written = " ".join(f"{name}={quoteattr(value)}" for name, value in shown.items())
    source = Source(bundle="jupiter", member="xapi-db.xml")
    row = kind(source=source, ref=f"OpaqueRef:{uuid}", uuid=uuid, written=f"<row {written}/>")
    return replace(row, **fields)  # type: ignore[arg-type]  # the names are those of the model


def _written(value: object) -> str:
    if isinstance(value, tuple):
        return f"({'%.'.join(repr(part) for part in value)})"
    return str(value).lower() if isinstance(value, bool) else str(value)


class CaseBuilder:
    """A case of one or more hosts; every method that adds returns the builder."""

    def __init__(self) -> None:
        self._hosts: list[HostReport] = []
        self._logs: list[tuple[str, str, str]] = []
        self._alerts: list[tuple[str, Alert]] = []
        self._databases: list[tuple[str, XapiDatabase]] = []
        self._missing: set[tuple[str, str]] = set()
        self._changes: dict[str, list[ClockChange]] = {}

    def host(
        self,
        name: str = "jupiter",
        uuid: str | None = JUPITER,
        *,
        bundle: str | None = None,
        captured: datetime | None = CAPTURED,
    ) -> Self:
        """Add a host's report; the methods after it add to this host."""
        report = HostReport(
            bundle=bundle or name,
            name=name,
            host_uuid=uuid,
            role=Role.MASTER,
            captured_at=Moment.exact(captured, "test") if captured else None,
        )
        self._hosts.append(report)
        return self

    def smlog(self, text: str, member: str = "var/log/SMlog") -> Self:
        """Add lines of SMlog, without date and host: ``13:32:41 SM: [24517] …``."""
        return self._log("smlog", member, text)

    def daemon_log(self, text: str) -> Self:
        """Add lines of daemon.log: ``13:32:41 systemd[1]: …``."""
        return self._log("daemon_log", "var/log/daemon.log", text)

    def xensource_log(self, text: str) -> Self:
        """Add lines of xensource.log."""
        return self._log("xensource_log", "var/log/xensource.log", text)

    def kern_log(self, text: str) -> Self:
        """Add lines of kern.log."""
        return self._log("kern_log", "var/log/kern.log", text)

    def audit_log(self, text: str) -> Self:
        """Add lines of audit.log."""
        return self._log("audit_log", "var/log/audit.log", text)

    def dated_daemon_log(self, text: str) -> Self:
        """Add whole lines of daemon.log, with date and host."""
        member = "daemon_log var/log/daemon.log"
        self._logs.append((self._hosts[-1].bundle, member, text))
        return self

    def dated_xensource_log(self, text: str) -> Self:
        """Add whole lines of xensource.log, with date and host."""
        member = "xensource_log var/log/xensource.log"
        self._logs.append((self._hosts[-1].bundle, member, text))
        return self

    def xha_log(self, text: str) -> Self:
        """Add lines of xha.log: ``13:27:55 [err] …``; the host's clock is UTC."""
        lines = (line.strip().partition(" ") for line in text.strip().splitlines())
        written = "".join(f"Jun 10 {time} UTC 2024 {rest}\n" for time, _, rest in lines)
        self._logs.append((self._hosts[-1].bundle, "xha_log var/log/xha.log", written))
        return self

    def alert(
        self,
        name: str,
        disk: str,
        time: str,
        body: str,
        uuid: str = SNAPSHOT,
        *,
        cls: str = "VDI",
    ) -> Self:
        """Add a message object of xapi; `disk` is the uuid of what it is about."""
        source = Source(bundle=self._hosts[-1].bundle, member=f"var/xapi/blobs/messages/{uuid}")
        alert = Alert(
            source=source,
            text=f"<message><name>{name}</name><body>{body}</body></message>",
            name=name,
            priority=3,
            cls=cls,
            obj_uuid=disk,
            moment=at(time),
            body=body,
            uuid=uuid,
        )
        self._alerts.append((source.bundle, alert))
        return self

    def lvs(self, text: str) -> Self:
        """Give the host an ``lvs.out``."""
        return self._set(lvs=_fact(LvmVolumes, lvm.LVS, "lvs.out", text))

    def vgs(self, text: str) -> Self:
        """Give the host a ``vgs.out``."""
        return self._set(vgs=_fact(VolumeGroups, lvm.VGS, "vgs.out", text))

    def mount(self, path: str, available: int) -> Self:
        """Give the host a ``df-alT.out`` with one mount."""
        source = Source(bundle=self._hosts[-1].bundle, member="df-alT.out", line=2)
        text = f"/dev/sdb1 ext4 1000 1000 {available} 100% {path}"
        row = Mount(
            source=source,
            text=text,
            device="/dev/sdb1",
            type="ext4",
            size=1 << 40,
            available=available,
            path=path,
        )
        return self._set(mounts=Mounts(source=source, complete=True, mounts=(row,)))

    def listing(self, *names: str, repository: str | None = SR, complete: bool = True) -> Self:
        """Add a listing of an SR's folder."""
        source = Source(bundle=self._hosts[-1].bundle, member="sr.txt", line=1)
        files = tuple(
            ListedFile(
                source=replace(source, line=place),
                text=f"-rw-r--r-- 1 root root 4096 Jun 10 20:00 {name}",
                name=name,
                size=4096,
            )
            for place, name in enumerate(names, 2)
        )
        listing = SrListing(
            source=source,
            header=f"/run/sr-mount/{repository}:",
            sr=repository,
            complete=complete,
            files=files,
        )
        return self._set(listings=(*self._hosts[-1].listings, listing))

    def connected(self, *peers: str, complete: bool = True) -> Self:
        """Give the host a list of sockets: xapi-nbd's, and one for each connected client."""
        source = Source(bundle=self._hosts[-1].bundle, member="ss-nampio.out", line=2)
        listening = Socket(
            source=source,
            text="tcp   LISTEN 0      5            0.0.0.0:10809      0.0.0.0:*",
            state="LISTEN",
            local_address="0.0.0.0",  # noqa: S104 - what ss shows
            local_port=10809,
            peer_address="0.0.0.0",  # noqa: S104
            peer_port=None,
        )
        clients = tuple(
            replace(
                listening,
                source=replace(source, line=place),
                text=f"tcp   ESTAB  0      0         192.0.2.11:10809 {peer:>18}:40822",
                state="ESTAB",
                local_address="192.0.2.11",
                peer_address=peer,
                peer_port=40822,
            )
            for place, peer in enumerate(peers, 3)
        )
        fact = Sockets(source=source, complete=complete, sockets=(listening, *clients))
        return self._set(sockets=fact)

    def datapath(self, disk: str, name: str = "vbd/0/xvda", *, leaked: bool = False) -> Self:
        """Add a datapath to the host's ``sm_diagnostics.out``."""
        before = self._hosts[-1].diagnostics
        paths = before.datapaths if before else ()
        source = Source(
            bundle=self._hosts[-1].bundle, member="sm_diagnostics.out", line=4 + len(paths)
        )
        path = Datapath(
            source=source,
            text=f"DP: {name}: activated RO{'  ** LEAKED' if leaked else ''}",
            sr=SR,
            vdi=disk,
            name=name,
            active=True,
            mode="RO",
            leaked=leaked,
        )
        fact = SmDiagnostics(source=source, complete=True, datapaths=(*paths, path))
        return self._set(diagnostics=fact)

    def packages(self, *names: str, complete: bool = True) -> Self:
        """Give the host an ``rpm-qa.out``."""
        source = Source(bundle=self._hosts[-1].bundle, member="rpm-qa.out")
        return self._set(packages=Packages(source=source, complete=complete, names=names))

    def cbtlog(self, file: CbtLogFile) -> Self:
        """Add a copy of a CBT log."""
        return self._set(cbtlogs=(*self._hosts[-1].cbtlogs, file))

    def service(self, active: str, unit: str = "xapi-nbd.service") -> Self:
        """Give the host a ``systemctl-status.out`` with one unit."""
        source = Source(bundle=self._hosts[-1].bundle, member="systemctl-status.out", line=40)
        state = ServiceState(
            source=source,
            unit=unit,
            active=active,
            text=f"   Active: {active} (Result: exit-code) since Mon 2024-06-10 13:32:41 UTC",
            since=None,
            journal=(),
        )
        return self._set(services=ServiceStates(source=source, complete=True, services=(state,)))

    def database(
        self,
        *rows: XapiObject,
        hosts: Iterable[tuple[str, str]] = ((JUPITER, "jupiter"),),
        complete: bool = True,
        generation: int | None = 4711,
        schema_minor: int | None = 775,
        pool: str | None = POOL,
        live: bool = False,
    ) -> Self:
        """Give the pool of the host added last a database with these rows."""
        bundle = self._hosts[-1].bundle if self._hosts else "jupiter"
        own: list[XapiObject] = [row for each in hosts for row in member(*each)]
        if pool:
            own.append(_row(Pool, pool, {"name_label": "lab"}))
        fact = XapiDatabase(
            source=Source(bundle=bundle, member="xapi-db-dumped.xml" if live else "xapi-db.xml"),
            generation=generation,
            schema_minor=schema_minor,
            live=live,
            complete=complete,
            tables=_TABLES if complete else frozenset(),
            objects=(*own, *rows),
        )
        self._databases.append((bundle, fact))
        return self

    def shows(self, **parts: object) -> Self:
        """Give the host's report parts by their names: ``iptables=…``."""
        return self._set(**parts)

    def without(self, need: str) -> Self:
        """Say that a source of the host is not there."""
        self._missing.add((need, self._hosts[-1].bundle))
        return self

    def clock_set(
        self, when: str, seconds: float, kind: ClockChangeKind = ClockChangeKind.BACK
    ) -> Self:
        """Say that the host's clock was set; times as near to that as it was set are doubtful."""
        report = self._hosts[-1]
        source = Source(bundle=report.bundle, member="var/log/SMlog", line=1)
        line = Evidence(source=source, text="x")
        change = ClockChange(
            kind=kind,
            host=report.name,
            bundle=report.bundle,
            at=at(when),
            seconds=seconds,
            confidence=Confidence.CERTAIN,
            before=line,
            after=line,
            members=(source.member,),
        )
        self._changes.setdefault(report.bundle, []).append(change)
        return self

    def clocks(self) -> tuple[HostClock, ...]:
        """Return what is known of the hosts' clocks."""
        return tuple(
            HostClock(
                host=report.name,
                bundle=report.bundle,
                dated_by="test",
                zone_known=True,
                utc_offset_minutes=0,
                changes=tuple(self._changes.get(report.bundle, ())),
            )
            for report in self._hosts
        )

    def build(self) -> Case:
        """Return the case."""
        pools, hosts, events = build_pools(self._databases), tuple(self._hosts), self._events()
        return Case(
            pools=pools,
            hosts=hosts,
            events=events,
            gap=self._gap,
            window=lambda _need: (at("00:00:00"), at("20:00:00")),
            clocks=self.clocks(),
        )

    def examine(self, rule: str) -> Examined:
        """Return what a check says of the case."""
        return examine(self.build(), rule)

    def _events(self) -> EventTable:
        scanner = Scanner(LOG_PARSERS, CATALOGUE.selectors)
        parsers = {parser.name: parser for parser in LOG_PARSERS}
        table = EventTableBuilder(keep=CATALOGUE.keep)
        names = {report.bundle: report.name for report in self._hosts}
        for bundle, alert in self._alerts:
            line = f"{alert.name} {alert.priority} {alert.cls} {alert.obj_uuid} {alert.body}"
            table.add_alert(bundle, alert, scanner.match("alerts", "alerts", line))
        texts: dict[tuple[str, str, str], list[str]] = {}
        for bundle, where, text in self._logs:
            parser, _, member = where.partition(" ")
            texts.setdefault((bundle, parser, member), []).append(text)
        for (bundle, parser, member), parts in texts.items():
            source = MemoryMember(member, "".join(parts), bundle=bundle)
            for record, hits in scanner.scan(source, parsers[parser]):
                table.add(bundle=bundle, member=member, parser=parser, record=record, hits=hits)
        ids = {report.bundle: report.host_uuid or report.bundle for report in self._hosts}
        return table.build(self._dated, names, ids)

    def _dated(self, bundle: str, member: str, line: int, stamp: Stamp) -> Moment:
        """Return a time, in doubt by as much as the clock was set near by."""
        moment = _date(bundle, member, line, stamp)
        for change in self._changes.get(bundle, ()):
            size = timedelta(seconds=abs(change.seconds or 0))
            if abs(moment.at - change.at.at) <= size:
                moment = replace(
                    moment, earliest=moment.earliest - size, latest=moment.latest + size
                )
        return moment

    def _gap(self, need: str, bundle: str) -> Gap | None:
        if (need, bundle) not in self._missing:
            return None
        return Gap(
            need=need, host=bundle, why="not in the status report", settle_with="xen-bugtool"
        )

    def _log(self, parser: str, member: str, text: str) -> Self:
        report = self._hosts[-1]
        lines = (line.strip() for line in text.strip().splitlines())
        written = "".join(
            f"Jun 10 {time} {report.name} {rest}\n"
            for time, _, rest in (line.partition(" ") for line in lines)
        )
        self._logs.append((report.bundle, f"{parser} {member}", written))
        return self

    def _set(self, **changes: object) -> Self:
        self._hosts[-1] = replace(self._hosts[-1], **changes)  # type: ignore[arg-type]  # fields of the model
        return self


_TABLES = frozenset({"pool", "host", "SR", "PBD", "VDI", "VBD", "VM", "network", "PIF", "SM"})
Fact = TypeVar("Fact")


def examine(case: Case, rule: str) -> Examined:
    """Return what a check says of a case; each moment in its sentences can be told elsewhere."""
    seen = examined(checks()[rule](case, text_of(rule)))
    assert_moments_can_be_told_elsewhere(*seen.findings, *seen.gaps)
    return seen


def text_of(rule: str) -> RuleText:
    """Return the shipped text of a rule."""
    return CATALOGUE.get(rule).text


def _fact(kind: type[Fact], parser: lvm.LvmReport, path: str, text: str) -> Fact:
    found = [fact for fact in facts(parser, path, text) if isinstance(fact, kind)]
    return found[0]


def _date(_bundle: str, _member: str, _line: int, stamp: Stamp) -> Moment:
    instant = datetime(
        stamp.year or 2024,
        stamp.month,
        stamp.day,
        stamp.hour,
        stamp.minute,
        stamp.second,
        stamp.microsecond,
        tzinfo=UTC,
    )
    return Moment.exact(instant, "test")
