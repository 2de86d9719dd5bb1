"""NBD made by hand: a pool in trouble, one without NBD, hosts without a database."""

from datetime import timedelta

from analyzer.model.call import Answer
from analyzer.model.finding import Advice, Confidence, Evidence, Gap, Subject
from analyzer.model.moment import Moment
from analyzer.model.nbd import (
    ClientTrouble,
    Concurrency,
    Holder,
    InfoStep,
    InfoWarning,
    NbdEndpoint,
    NbdInfo,
    SessionFate,
)
from analyzer.model.nbd_view import (
    Leftover,
    NbdConnection,
    NbdHost,
    NbdNetwork,
    NbdPlace,
    NbdRun,
    NbdView,
    PlaceState,
)
from analyzer.model.network import HostCertificate
from analyzer.model.source import Source
from tests.render.disks import HOSTILE, moment

FIRST = "bug-report-20241122120400.tar.bz2"
SECOND = "bug-report-20241122120612.tar.bz2"
POOL = "4b7e19d2-c6a0-4f83-95be-d20f8a61c37e"
JUPITER = Subject(type="host", uuid="5d2e90c7-b813-4c6f-a1e4-96f07b3d8a25", name="jupiter")
SATURN = Subject(type="host", uuid="c71f4a08-2e6d-4b95-8d30-f4a9156be7c2", name="saturn")
TANK = Subject(type="SR", uuid="e8b1c6d0-47f2-4a9b-95d3-1c60fa7b28e4", name="tank")
LOCAL = Subject(type="SR", uuid="91d7c0e3-6a2b-4f58-b8d4-e5f3a9c1702d")
DISK = Subject(type="VDI", uuid="3f0c7a52-91d4-4e08-b7c6-2a5de8140b93", name="db01 data")
BACKUP = Subject(type="Network", uuid="a2d94be1-5c07-4f3e-8a61-70cfe3b9d258", name="Backup LAN")
PLAIN = Subject(type="Network", uuid="0f8c6e2b-d419-4a75-b3e0-517d9c2a64f8", name=HOSTILE)
ODD = Subject(type="Network", uuid="7e15c9a4-08d3-4b6f-92ac-e6f4013b8d57")
PIF = "d60a3f71-9b2e-4c84-a5f7-13e8b0c4926d"
VBD = "OpaqueRef:6c1d8e40-27fa-4b95-8e3d-90a5f1b7c264"


def row(text: str, *, line: int = 1) -> Evidence:
    """Return a row of the database."""
    return Evidence(source=Source(bundle=FIRST, member="xapi-db.xml", line=line), text=text)


def logged(number: int, text: str, clock: str, *, bundle: str = FIRST) -> Evidence:
    """Return a line of daemon.log."""
    source = Source(bundle=bundle, member="var/log/daemon.log", line=number)
    return Evidence(source=source, text=text, at=moment(clock))


def place(
    host: Subject, state: PlaceState, *addresses: str, pif: str = PIF, **more: object
) -> NbdPlace:
    """Return an interface."""
    fields: dict[str, object] = {"device": "eth1.20", "carrier": True, **more}
    return NbdPlace(
        host=host.uuid,
        pif=pif,
        addresses=addresses,
        state=state,
        evidence=row(f'<row table="PIF" uuid="{pif}" IP="{" ".join(addresses)}">'),
        **fields,  # type: ignore[arg-type]  # the caller's keywords are fields
    )


def warning(what: str = "the interface has no carrier") -> InfoWarning:
    """Return something that speaks against an endpoint."""
    return InfoWarning(what=what, confidence=Confidence.CERTAIN, evidence=(row("carrier='false'"),))


def endpoint(host: Subject, address: str, *warnings: InfoWarning) -> NbdEndpoint:
    """Return an endpoint on the backup network."""
    return NbdEndpoint(
        address=address,
        host=host,
        network=BACKUP,
        pif=Subject(type="PIF", uuid=PIF),
        secure=True,
        subject="jupiter.example.org" if host is JUPITER else None,
        evidence=(row(f'<row table="PIF" IP="{address}">'),),
        warnings=warnings,
    )


def info(sr: Subject = TANK, *endpoints: NbdEndpoint) -> NbdInfo:
    """Return an answer with endpoints."""
    return NbdInfo(
        vdi=DISK,
        sr=sr,
        answer=Answer.OK,
        stopped_at=None,
        because="2 hosts have the SR and an address",
        endpoints=endpoints,
        evidence=(row('<row table="PBD" currently_attached="true">'),),
        warnings=(warning(f"host saturn is down {HOSTILE}"),),
    )


def empty_info() -> NbdInfo:
    """Return an answer without endpoint."""
    return NbdInfo(
        vdi=DISK,
        sr=LOCAL,
        answer=Answer.FAILS,
        stopped_at=InfoStep.ADDRESS,
        because=f"no host that has the SR has an address {HOSTILE}",
        endpoints=(),
        evidence=(row('<row table="PIF" IP="">'),),
        mend=(Advice(step=f"xe pif-reconfigure-ip uuid={PIF} mode=dhcp", risk="The link drops."),),
    )


def clients(*points: tuple[str, int, int], bundle: str = FIRST) -> Concurrency:
    """Return counts over time."""
    made = tuple((moment(clock), least, most) for clock, least, most in points)
    return Concurrency(
        host="jupiter", bundle=bundle, points=made, peak=max(least for _, least, _ in made)
    )


def run(start: str | None, end: str | None, *, crashed: bool | None) -> NbdRun:
    """Return a run of xapi-nbd."""
    return NbdRun(
        bundle=FIRST,
        pid=2211,
        started=moment(start) if start else None,
        listening=moment(start) if start else None,
        ended=moment(end) if end else None,
        crashed=crashed,
        evidence=(logged(7, "xapi-nbd[2211]: main: Starting xapi-nbd", start or "08:00:00"),),
    )


def connection(fate: SessionFate, clock: str | None = "10:00:00") -> NbdConnection:
    """Return a connection that did not end in order."""
    known = clock is not None
    return NbdConnection(
        host=JUPITER,
        bundle=FIRST,
        pid=2211,
        fate=fate,
        joined=Confidence.LIKELY,
        began=moment(clock) if clock else None,
        ended=moment("10:30:00", doubt=timedelta(hours=2)) if known else None,
        trouble=ClientTrouble.SERVER_BUSY if fate is SessionFate.FAILED else None,
        code=HOSTILE if fate is SessionFate.FAILED else None,
        vbd=VBD if known else None,
        vdi=DISK if known else None,
        vdi_joined=Confidence.LIKELY,
        session=None,
        lines=12,
        evidence=(
            logged(21, f"xapi-nbd[2211]: main: Got new client {HOSTILE}", "10:00:00"),
            logged(29, "xapi-nbd[2211]: main: Caught exception", "10:00:01"),
        ),
    )


def leftover(*, in_use: bool | None = None, findings: tuple[str, ...] = ()) -> Leftover:
    """Return a disk that dom0 holds."""
    return Leftover(
        host=JUPITER,
        vdi=DISK,
        vbd="6c1d8e40-27fa-4b95-8e3d-90a5f1b7c264",
        mode="RO",
        plugged=True,
        leaked=True,
        in_use=in_use,
        because=f"no line says that its client left {HOSTILE}",
        since=None if in_use else moment("09:00:00"),
        before=moment("07:00:00"),
        by=Holder.NBD,
        connection=f"a connection to xapi-nbd (pid 2211) on {HOSTILE}",
        evidence=(row('<row table="VBD" currently_attached="true">'),),
        findings=findings,
    )


def certificate() -> HostCertificate:
    """Return a certificate that ended on 1 November 2024."""
    end: Moment = moment("00:00:00")
    return HostCertificate(
        source=Source(bundle=FIRST, member="xapi_cert.out", line=1),
        text="Not After : Nov  1 00:00:00 2024 GMT",
        complete=True,
        common_name="jupiter.example.org",
        names=("jupiter.example.org",),
        addresses=(),
        not_before=end.at - timedelta(days=386),
        not_after=end.at - timedelta(days=21),
    )


def gap(name: str = "saturn") -> Gap:
    """Return why daemon.log of a host tells nothing."""
    return Gap(
        need="daemon_log",
        host=name,
        why=f"the archive ends inside it {HOSTILE}",
        settle_with="xen-bugtool -y --entries=system-logs",
    )


def jupiter(**more: object) -> NbdHost:
    """Return a host with clients, a crash and an expired certificate."""
    fields: dict[str, object] = {
        "certificate": certificate(),
        "expired": True,
        "read_until": moment("11:04:00").at,
        "sessions": 43,
        "fates": ((SessionFate.CLOSED, 40), (SessionFate.FAILED, 2), (SessionFate.LEAKED, 1)),
        "troubles": ((ClientTrouble.SERVER_BUSY, 2),),
        "concurrency": (
            clients(
                ("08:10:00", 1, 1),
                ("08:40:00", 0, 0),
                ("10:00:00", 16, 17),
                ("10:30:00", 2, 4),
                ("10:40:00", 1, 1),
            ),
        ),
        "runs": (
            run(None, "08:00:00", crashed=False),
            run("08:00:00", "10:10:00", crashed=True),
            run("10:11:00", None, crashed=None),
        ),
        **more,
    }
    return NbdHost(host=JUPITER, bundles=(FIRST,), **fields)  # type: ignore[arg-type]  # as above


def saturn(**more: object) -> NbdHost:
    """Return a host whose daemon.log was cut."""
    fields: dict[str, object] = {"unread": (gap(),), "unchecked": ("firewall", "sockets"), **more}
    return NbdHost(host=SATURN, bundles=(SECOND,), **fields)  # type: ignore[arg-type]  # as above


def network(
    it: Subject, purpose: tuple[str, ...] | None, *places: NbdPlace, findings: tuple[str, ...] = ()
) -> NbdNetwork:
    """Return a network."""
    return NbdNetwork(
        network=it,
        bridge="xapi20",
        purpose=purpose,
        places=places,
        evidence=row(f'<row table="network" uuid="{it.uuid}" purpose="{purpose}">'),
        findings=findings,
    )


def troubled_pool(finding: str = "F-not-in-this-report", about: str = "F-1") -> NbdView:
    """Return a pool with everything that can be wrong, and hostile names."""
    other = "b9f2076e-41cd-4a38-8d5b-c07e613a2f94"
    return NbdView(
        pool="lab",
        uuid=POOL,
        in_use=True,
        networks=(
            network(
                BACKUP,
                ("nbd",),
                place(JUPITER, PlaceState.DOUBTED, "192.0.2.11", warnings=(warning(),)),
                place(SATURN, PlaceState.EMPTY, carrier=False, pif=other),
                findings=(finding,),
            ),
            network(PLAIN, ("insecure_nbd",), place(JUPITER, PlaceState.NAMED, "198.51.100.4")),
            network(ODD, None, place(SATURN, PlaceState.UNKNOWN, carrier=None)),
            network(LOCAL, (), place(JUPITER, PlaceState.PLAIN, "203.0.113.9", "2001:db8::9/64")),
        ),
        hosts=(jupiter(findings=(about,)), saturn()),
        infos=(
            empty_info(),
            info(TANK, endpoint(JUPITER, "192.0.2.11", warning()), endpoint(SATURN, "192.0.2.12")),
        ),
        connections=(
            connection(SessionFate.FAILED),
            connection(SessionFate.OPEN, "10:20:00"),
            connection(SessionFate.LEAKED, None),
        ),
        connections_left_out=3,
        leftovers=(leftover(findings=(finding,)), leftover(in_use=True)),
        unread=(),
        findings=(finding, about),
    )


def idle_pool() -> NbdView:
    """Return a pool in which NBD is certainly not used."""
    network_ = network(LOCAL, (), place(JUPITER, PlaceState.PLAIN, "203.0.113.9"))
    return NbdView(
        pool="",
        uuid=POOL[::-1],
        in_use=False,
        networks=(network_,),
        hosts=(NbdHost(host=JUPITER, bundles=(FIRST,)),),
        infos=(empty_info(),),
    )


def unknown_hosts() -> NbdView:
    """Return hosts of which no database was read, with one host's report not given."""
    why = "no xapi database was read that names this host"
    return NbdView(
        pool="",
        uuid="",
        in_use=None,
        networks=(),
        hosts=(saturn(), NbdHost(host=JUPITER, bundles=(), unread=(gap("jupiter"),))),
        infos=(),
        unread=(Gap(need="xapi_db", host="saturn", why=why, settle_with="xen-bugtool"),),
    )
