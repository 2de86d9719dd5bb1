"""Build a case from a few log lines, and break its sources one by one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from analyzer.case.case import Case, HostReport
from analyzer.case.events import EventTable, EventTableBuilder, KeepPolicy, alert_message
from analyzer.case.pool import PoolState
from analyzer.case.wholeness import Sources
from analyzer.checks import checks
from analyzer.checks.observation import examined
from analyzer.model.finding import Outcome
from analyzer.model.hole import Hole
from analyzer.model.host import (
    Alert,
    HostInventory,
    Packages,
    PoolMembership,
    Role,
    ServiceStates,
    SmDiagnostics,
)
from analyzer.model.moment import Moment
from analyzer.model.network import (
    HostCertificate,
    Interfaces,
    IptablesListing,
    Routes,
    Sockets,
    VbdsToCleanUp,
)
from analyzer.model.report import Coverage, LedgerEntry, Presence
from analyzer.model.source import Source
from analyzer.model.storage import LvmVolumes, Mounts, PhysicalVolumes, VolumeGroups
from analyzer.model.xapi import Host, Network, Pool, Vdi
from analyzer.parsers import LOG_PARSERS
from analyzer.parsers._api import Selector, Stamp
from analyzer.parsers.scan.scan import Scanner
from analyzer.rules.engine import judge
from analyzer.rules.load import Catalogue
from analyzer.rules.verdict import conclude
from analyzer.sources import LOGS, SCOPES
from tests.support.elsewhere import assert_moments_can_be_told_elsewhere

VDI = "6b0c1a3e-9d1f-4c55-8a47-2f60b7c0e913"
VDI_2 = "c1f4f1a2-0f5e-4f8b-9d3c-77b1c2a90e64"
JUPITER = "2f7a6c1e-8b34-4d19-a5e0-93c1f5d7b802"
TITAN = "9d5e1b70-4c2f-4a83-b6d8-10f7e2a4c593"
MEMBERS: Mapping[str, str] = {
    "audit_log": "var/log/audit.log",
    "daemon_log": "var/log/daemon.log",
    "kern_log": "var/log/kern.log",
    "smlog": "var/log/SMlog",
    "user_log": "var/log/user.log",
    "xensource_log": "var/log/xensource.log",
}


def at(hour: int, minute: int = 0, day: int = 10) -> Moment:
    """Return a moment of 2026-06-`day`, exact."""
    return Moment.exact(datetime(2026, 6, day, hour, minute, tzinfo=UTC), "test")


def dated(_bundle: str, _member: str, _line: int, stamp: Stamp) -> Moment:
    """Date a stamp in 2026, UTC, without doubt."""
    naive = (stamp.month, stamp.day, stamp.hour, stamp.minute, stamp.second)
    return Moment.exact(datetime(2026, *naive, tzinfo=UTC), "test")


def vdi(uuid: str = VDI, *, cbt: bool | None = True, name: str = "disk 0 of db") -> Vdi:
    """Return a VDI row."""
    return Vdi(source=_database(), ref="", uuid=uuid, name_label=name, cbt_enabled=cbt)


def network(*purpose: str) -> Network:
    """Return a network row with these purposes."""
    return Network(source=_database(), ref="", uuid="net", purpose=purpose)


def alert(name: str, uuid: str = VDI, *, minute: int = 33, body: str = "text") -> Alert:
    """Return an alert about a VDI, at 13:`minute`."""
    return Alert(
        source=Source(bundle="a", member="var/xapi/blobs/messages/1781098361.0", line=1),
        text=f"<message><name>{name}</name></message>",
        name=name,
        priority=3,
        cls="VDI",
        obj_uuid=uuid,
        moment=at(13, minute),
        body=body,
        uuid="alert",
    )


def pool(*uuids: str, complete: bool = True, **tables: object) -> PoolState:
    """Return a pool of these hosts (jupiter, titan, …), its database of bundle ``a``."""
    names = {JUPITER: "jupiter", TITAN: "titan"}
    hosts = [
        Host(source=_database(), ref="", uuid=uuid, name_label=names.get(uuid, uuid))
        for uuid in uuids
    ]
    values: dict[str, object] = {"vdis": (vdi(),), "networks": (network("nbd"),)}
    return PoolState(
        source=_database(),
        chosen_because="the only copy",
        complete=complete,
        schema_minor=400,
        generation=1,
        pool=Pool(source=_database(), ref="", uuid="pool", name_label="moons"),
        bundles=("a",),
        hosts=tuple(hosts),
        **(values | tables),  # type: ignore[arg-type]  # tables of the test's choice
    )


def report(bundle: str = "a", name: str = "jupiter", uuid: str | None = JUPITER) -> HostReport:
    """Return what a whole bundle says of its host, a pool master."""
    source = Source(bundle=bundle, member="m")
    return HostReport(
        bundle=bundle,
        name=name,
        host_uuid=uuid,
        role=Role.MASTER,
        captured_at=at(20),
        diagnostics=SmDiagnostics(source=source, complete=True, datapaths=()),
        inventory=HostInventory(
            source=source,
            host_uuid=uuid,
            control_domain_uuid=None,
            product_brand=None,
            product_version=None,
            build_number=None,
        ),
        membership=PoolMembership(source=source, role=Role.MASTER, master_address=None),
        lvs=LvmVolumes(source=source, header="", complete=True, volumes=()),
        vgs=VolumeGroups(source=source, complete=True, groups=()),
        pvs=PhysicalVolumes(source=source, complete=True, volumes=()),
        mounts=Mounts(source=source, complete=True, mounts=()),
        services=ServiceStates(source=source, complete=True, services=()),
        packages=Packages(source=source, complete=True, names=()),
        interfaces=Interfaces(source=source, complete=True, interfaces=()),
        routes=Routes(source=source, complete=True, routes=()),
        iptables=IptablesListing(source=source, complete=True, chains=()),
        sockets=Sockets(source=source, complete=True, sockets=()),
        certificate=_certificate(source),
        to_clean_up=VbdsToCleanUp(source=source, complete=True, vbds=()),
    )


def _certificate(source: Source) -> HostCertificate:
    return HostCertificate(
        source=source,
        text="",
        complete=True,
        common_name=None,
        names=(),
        addresses=(),
        not_before=None,
        not_after=None,
    )


def supporter() -> HostReport:
    """Return what a whole bundle says of titan, which is not the master."""
    return replace(report("b", "titan", TITAN), role=Role.SUPPORTER)


def entry(bundle: str, source: str, presence: Presence = Presence.PRESENT) -> LedgerEntry:
    """Return a row of the ledger."""
    present = presence is Presence.PRESENT
    return LedgerEntry(
        bundle=bundle,
        source=source,
        members=(MEMBERS.get(source, source),) if present else (),
        presence=presence,
        why="" if present else f"{source} is {presence.value}",
        settle_with=f"fetch {source}",
    )


def covered(
    bundle: str,
    parser: str,
    *,
    member: str = "",
    lines: int = 1000,
    odd: int = 0,
    first: Moment | None = None,
    last: Moment | None = None,
) -> Coverage:
    """Return the coverage of a log, by default from 1 June to 10 June 20:00, all understood."""
    return Coverage(
        bundle=bundle,
        member=member or MEMBERS[parser],
        parser=parser,
        lines=lines,
        events=0,
        not_understood=odd,
        not_used=0,
        first=first or at(0, day=1),
        last=last or at(20),
        dated_by="test",
    )


@dataclass(slots=True, kw_only=True)
class World:
    """Bundles with everything in them, until a test takes something away.

    ``logs`` maps (bundle, parser) to text. `breaks` maps (bundle, source) to what became of it.
    """

    hosts: Sequence[HostReport] = field(default_factory=lambda: (report(),))
    pools: Sequence[PoolState] = ()
    logs: Mapping[tuple[str, str], str] = field(default_factory=dict)
    alerts: Sequence[Alert] = ()
    breaks: Mapping[tuple[str, str], Presence] = field(default_factory=dict)
    holes: Sequence[Hole] = ()

    def sources(self) -> Sources:
        """Return the ledger and coverage of this world."""
        kept = [
            (report.bundle, name)
            for report in self.hosts
            for name in SCOPES
            if (report.bundle, name) not in self.breaks
        ]
        ledger = [entry(bundle, name) for bundle, name in kept]
        ledger += [entry(*place, presence) for place, presence in self.breaks.items()]
        coverage = [covered(bundle, name) for bundle, name in kept if name in LOGS]
        return Sources(ledger=ledger, coverage=coverage, hosts=self.hosts, holes=self.holes)

    def events(self, selectors: Sequence[Selector], keep: KeepPolicy) -> EventTable:
        """Read the logs and alerts as the pipeline does."""
        scanner = Scanner(LOG_PARSERS, selectors)
        builder = EventTableBuilder(keep=keep)
        for (bundle, parser), text in self.logs.items():
            for record in scanner.parse_text(parser, text):
                hits = scanner.match(parser, record.process, record.message)
                builder.add(
                    bundle=bundle, member=MEMBERS[parser], parser=parser, record=record, hits=hits
                )
        for found in self.alerts:
            builder.add_alert("a", found, scanner.match("alerts", "", alert_message(found)))
        return builder.build(dated, {report.bundle: report.name for report in self.hosts})

    def case(self, catalogue: Catalogue) -> tuple[Case, Sources]:
        """Return what a rule may see."""
        sources = self.sources()
        case = Case(
            pools=tuple(self.pools),
            hosts=tuple(self.hosts),
            events=self.events(catalogue.selectors, catalogue.keep),
            gap=sources.gap,
            window=sources.window,
            holes=tuple(self.holes),
        )
        return case, sources

    def judge(self, catalogue: Catalogue, rule: str) -> Outcome:
        """Return the answer of one rule, declarative or a check."""
        outcome = self._judge(catalogue, rule)
        assert_moments_can_be_told_elsewhere(outcome, *outcome.findings)
        return outcome

    def _judge(self, catalogue: Catalogue, rule: str) -> Outcome:
        case, sources = self.case(catalogue)
        check = checks().get(rule)
        if check is None:
            return judge(catalogue.get(rule), case, sources)
        text = catalogue.text(rule)
        seen = examined(check(case, text))
        return conclude(text, seen.findings, case, sources, gaps=seen.gaps)


def whole(**changes: object) -> World:
    """Return a pool of one host whose database, CBT and NBD are there and in use."""
    values: dict[str, object] = {"hosts": (report(),), "pools": (pool(JUPITER),)}
    return World(**(values | changes))  # type: ignore[arg-type]  # the test's choice


def pair(**changes: object) -> World:
    """Return a pool of two hosts, jupiter (bundle ``a``, the master) and titan (``b``)."""
    values: dict[str, object] = {
        "hosts": (report(), supporter()),
        "pools": (pool(JUPITER, TITAN),),
    }
    return whole(**(values | changes))


def _database() -> Source:
    return Source(bundle="a", member="xapi-db.xml", line=1)
