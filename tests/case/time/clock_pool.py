"""A pool of two hosts whose clocks differ: the calls that both saw, and what a report tells."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from analyzer.bundle.names import LogName
from analyzer.case.case import HostReport
from analyzer.case.events import EventTableBuilder
from analyzer.case.gather import BundleContent
from analyzer.case.pool import build_pools
from analyzer.case.time.clocks import compare_clocks, host_clocks
from analyzer.model.clock import HostClock
from analyzer.model.host import Role
from analyzer.model.source import Source
from analyzer.model.xapi import Host, Pool, XapiDatabase
from analyzer.parsers import LOG_PARSERS
from analyzer.parsers._api import Fact
from analyzer.parsers.scan.scan import Scanner
from analyzer.parsers.scan.syslog import MONTHS
from analyzer.rules.load import load_catalogue
from tests.dating.clock_story import stamp_of, utc
from tests.parsers._member import TextMember

CATALOGUE = load_catalogue()
JUPITER = "4d7c1f0e-2a9b-4c3d-8e5f-60718293a4b5"
SATURN = "a0b1c2d3-e4f5-4687-9a8b-7c6d5e4f3a2b"
POOL = "77c2e9a4-1b3d-4f60-8a7e-5d9c0b1a2f38"
START = utc("2024-06-10 06:00:00")
FILES = {
    "xensource_log": "var/log/xensource.log",
    "audit_log": "var/log/audit.log",
    "smlog": "var/log/SMlog",
}


@dataclass(slots=True, kw_only=True)
class Member:
    """A host: its zone, how many seconds its clock is fast, and what it wrote (true time, line)."""

    name: str
    uuid: str
    role: Role
    minutes: int = 60
    fast: float = 0.0
    lines: dict[str, list[tuple[datetime, str]]] = field(default_factory=dict)
    facts: list[Fact] = field(default_factory=list)
    ordered: bool = True  # lines stand in the order of their times

    def write(self, parser: str, at: datetime, said: str) -> None:
        """Write a line; ``{utc}`` in it is what the host's clock shows in UTC."""
        shown = at + timedelta(seconds=self.fast)
        text = said.replace("{utc}", f"{shown:%Y%m%dT%H:%M:%S}.000Z")
        self.lines.setdefault(parser, []).append((at, text))

    def local(self, at: datetime) -> datetime:
        """Return what its wall clock shows."""
        return at + timedelta(seconds=self.fast, minutes=self.minutes)

    def text(self, parser: str) -> str:
        """Return a log."""
        lines = sorted(self.lines[parser]) if self.ordered else self.lines[parser]
        return "".join(
            f"{MONTHS[local.month - 1]} {local.day:2} {local:%H:%M:%S} {self.name} {said}\n"
            for at, said in lines
            for local in [self.local(at)]
        )


def pair(**saturn: float) -> tuple[Member, Member]:
    """Return a master and a supporter."""
    return (
        Member(name="jupiter", uuid=JUPITER, role=Role.MASTER),
        Member(
            name="saturn",
            uuid=SATURN,
            role=Role.SUPPORTER,
            minutes=int(saturn.get("minutes", 60)),
            fast=saturn.get("fast", 0.0),
        ),
    )


def call(hosts: Sequence[Member], number: int, at: datetime, *, took: float = 2.0) -> None:
    """Let the supporter run a call that the master forwards and audits."""
    master, supporter = hosts
    task = f"R:{number:012x}"
    thread = f"{number} HTTPS 192.0.2.40->:::80"
    asked = f"[ info||{thread}|VBD.plug {task}|message_forwarding] VBD.plug: VBD = 'x'"
    master.write("xensource_log", at, f"xapi: {asked}")
    head = f"[ info||7 ||dispatch:VBD.plug D:{number:012x}|taskhelper]"
    seen = at + timedelta(seconds=took / 2)
    supporter.write(
        "xensource_log", seen, f"xapi: {head} task VBD.plug {task} forwarded (trackid=1)"
    )
    done = "('trackid=1' 'LOCAL_SUPERUSER' 'root' 'ALLOWED' 'OK' 'API' 'VBD.plug' (('self' 'x')))"
    end = at + timedelta(seconds=took)
    master.write("audit_log", end, f"xapi: [{{utc}}|audit||{thread}|VBD.plug {task}|audit] {done}")


def plugin(hosts: Sequence[Member], volume: str, at: datetime) -> None:
    """Let the supporter run SM's plugin on-slave for the master."""
    master, supporter = hosts
    name = f"{volume}.cbtlog"
    ref = f"OpaqueRef:{supporter.uuid}"
    master.write("smlog", at, f"SM: [24517] Updating {name} on slave {ref}")
    arguments = f"{{'vgName': 'VG_XenStorage-x', 'action1': 'refresh', 'lvName1': '{name}'}}"
    seen = at + timedelta(seconds=1)
    supporter.write("smlog", seen, f"SM: [9120] on-slave.multi: {arguments}")
    master.write("smlog", at + timedelta(seconds=2), "SM: [24517] call-plugin returned: True")


def pause(hosts: Sequence[Member], disk: str, at: datetime, *, pid: int = 24600) -> None:
    """Let SM of the master pause a tapdisk of the supporter, for a snapshot of three seconds."""
    master, supporter = hosts
    ref = f"OpaqueRef:{supporter.uuid}"
    master.write("smlog", at, f"SM: [{pid}] Pause request for {disk}")
    asked = at + timedelta(milliseconds=100)
    master.write("smlog", asked, f"SM: [{pid}] Calling tap-pause on host {ref}")
    supporter.write("smlog", at + timedelta(seconds=1), f"SM: [9120] Pause for {disk}")
    end = at + timedelta(seconds=3)
    master.write("smlog", end, f"SM: [{pid}] Unpause request for {disk} secondary=None")


def audited(host: Member, at: datetime) -> None:
    """Let a host write an audit line, so that its zone is known."""
    host.write("audit_log", at, "xapi: [{utc}|audit||1 |t|audit] ('a')")


def contents_of(hosts: Sequence[Member], builder: EventTableBuilder) -> tuple[BundleContent, ...]:
    """Read the logs of all hosts."""
    scanner = Scanner(LOG_PARSERS, CATALOGUE.selectors)
    parsers = {parser.name: parser for parser in LOG_PARSERS}
    found = []
    for host in hosts:
        content = BundleContent(name=host.name, facts=list(host.facts))
        for name in host.lines:
            log = LogName(family=FILES[name], rotation=0)
            member = TextMember(
                pieces=(host.text(name).encode(),), bundle=host.name, path=FILES[name], log=log
            )
            scan = scanner.scan(member, parsers[name])
            for record, hits in scan:
                builder.add(
                    bundle=host.name, member=FILES[name], parser=name, record=record, hits=hits
                )
            content.clock.add(FILES[name], log, scan.stats, None)
        ends = [at for lines in host.lines.values() for at, _ in lines]
        made = stamp_of(host.local(max(ends, default=START)), year=True)
        content.clock.add_capture(made, None, "the bundle's name")
        content.clock.settle()
        found.append(content)
    return tuple(found)


def clocks_of(hosts: Sequence[Member]) -> tuple[tuple[BundleContent, ...], tuple[HostClock, ...]]:
    """Return what was read of the hosts, and what is known of their clocks."""
    builder = EventTableBuilder(keep=CATALOGUE.keep)
    contents = contents_of(hosts, builder)
    source = Source(bundle="jupiter", member="xapi-db.xml")
    rows = tuple(
        Host(source=source, ref=f"OpaqueRef:{host.uuid}", uuid=host.uuid, name_label=host.name)
        for host in hosts
    )
    database = XapiDatabase(
        source=source,
        generation=1,
        schema_minor=775,
        live=False,
        complete=True,
        tables=frozenset({"host", "pool"}),
        objects=(*rows, Pool(source=source, ref="OpaqueRef:p", uuid=POOL, master=rows[0].ref)),
    )
    pools = build_pools([("jupiter", database)])

    def reports() -> tuple[HostReport, ...]:
        return tuple(
            HostReport(
                bundle=host.name,
                name=host.name,
                host_uuid=host.uuid,
                role=host.role,
                captured_at=content.clock.captured_at,
            )
            for host, content in zip(hosts, contents, strict=True)
        )

    comparison = compare_clocks(contents, reports(), pools, builder)
    return contents, host_clocks(contents, reports(), comparison)
