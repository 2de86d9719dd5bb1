"""An NBD client ran in the control domain of the host that served it, which is not supported.

A connection from an address of the host itself shows it. A call of get_nbd_info over xapi's local
socket is only a hint: a person may look at the answer, so it counts only where this host then
served the very disk, and nobody else had asked. What xapi's own storage layer connects with
nbd-client goes over UNIX sockets, and is none of it.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta

from analyzer.case.case import Case, HostReport
from analyzer.checks.observation import LookedAt, Observation
from analyzer.checks.tools.calls import resolve
from analyzer.checks.tools.finding import (
    by_host,
    find_vdi,
    found,
    host_subject,
    how_often,
    named,
    quote,
)
from analyzer.model.event import Event
from analyzer.model.finding import Basis, Confidence, Evidence, Finding, Gap, Severity, Subject
from analyzer.model.nbd import NBD_PORT, NbdSession
from analyzer.model.network import Socket
from analyzer.model.rule import RuleText
from analyzer.rebuilt.nbd.sessions.sessions import nbd_sessions

RULE = "nbd-client-in-dom0"
ASKED = f"{RULE}.asked"
_LOCAL = " UNIX "
_LOOPBACK = ("127.0.0.1", "::1")
_SOON = timedelta(minutes=5)
_ASKED_OUTSIDE = timedelta(hours=1)


def examine(case: Case, text: RuleText) -> Iterator[Observation]:
    """Judge each host by its connections to port 10809, else by who asked for what it served."""
    for reports in by_host(case.hosts):
        report = reports[-1]
        clients = _local_clients(case, report)
        if clients:
            yield _connected(text, report, clients)
        else:
            yield from _asked(case, text, reports)
        if report.sockets is None or not report.sockets.complete:
            yield _gap(case, report)
    yield LookedAt("sockets")


def _gap(case: Case, report: HostReport) -> Gap:
    return case.gap("sockets", report.bundle) or Gap(
        need="sockets",
        host=report.name,
        why="its list of sockets was not read to the end",
        settle_with="ss -tnp 'dport = :10809'",
    )


def _local_clients(case: Case, report: HostReport) -> tuple[Socket, ...]:
    """Return the connections to the NBD port whose two ends are this host, the client's first."""
    own = _addresses(case, report)
    sockets = report.sockets.sockets if report.sockets else ()
    ours = [
        socket
        for socket in sockets
        if socket.state == "ESTAB" and NBD_PORT in (socket.local_port, socket.peer_port)
    ]
    inside = [s for s in ours if s.peer_address in own and s.local_address in own]
    return tuple(sorted(inside, key=lambda s: (s.peer_port != NBD_PORT, s.source)))


def _addresses(case: Case, report: HostReport) -> frozenset[str]:
    faces = report.interfaces.interfaces if report.interfaces else ()
    own = {address.address for face in faces for address in face.addresses}
    for pool in case.pools:
        host = pool.host(report.host_uuid)
        if host is not None:
            own |= {pif.ip for pif in pool.pifs if pif.ip and pool.host(pif.host) == host}
    return frozenset((*own, *_LOOPBACK))


def _connected(text: RuleText, report: HostReport, clients: Sequence[Socket]) -> Finding:
    named_ = [s for s in clients if s.peer_port == NBD_PORT and s.process]
    who = sorted({f"{s.process} (process {s.pid})" for s in named_})
    return found(
        text,
        (text.title, text.detail),
        basis=Basis.STATE,
        confidence=text.confidence,
        subjects=(host_subject(report),),
        rows=[
            {
                "host": report.name,
                "ss": report.name,
                "client": ", ".join(who) or "a client whose process is not shown",
            }
        ],
        evidence=tuple(Evidence(source=s.source, text=s.text) for s in clients),
        count=len(clients),
    )


def _asked(case: Case, text: RuleText, reports: Sequence[HostReport]) -> Iterator[Finding]:
    """Yield one finding per disk that was asked for locally and then served by this host."""
    bundles = {report.bundle for report in reports}
    pairs: dict[str, tuple[list[Event], list[NbdSession]]] = {}
    events = case.events.of(ASKED)
    for event in events:
        vdi = resolve(case, event.fields["vdi"])
        if event.source.bundle in bundles and _is_local(event):
            served = _served(case, bundles, vdi, event)
            if served is not None and not _from_outside(case, events, vdi, event):
                lines, sessions = pairs.setdefault(vdi, ([], []))
                lines.append(event)
                sessions.append(served)
    for vdi, (lines, sessions) in pairs.items():
        known = find_vdi(case, vdi)
        disk = Subject(type="VDI", uuid=vdi, name=known[1].name_label if known else None)
        yield _hint(text, reports[-1], disk, lines, sessions[-1])


def _is_local(event: Event) -> bool:
    """Tell whether a call came over xapi's UNIX socket, as its thread is named after it."""
    return _LOCAL in event.text.partition(event.message)[0]


def _served(case: Case, bundles: Iterable[str], vdi: str, event: Event) -> NbdSession | None:
    for session in nbd_sessions(case):
        began = session.began
        if session.bundle in bundles and session.vdi == vdi and began and session.events:
            after = not began.certainly_before(event.moment)
            if after and began.within(event.moment, _SOON):
                return session
    return None


def _from_outside(case: Case, events: Sequence[Event], vdi: str, local: Event) -> bool:
    return any(
        not _is_local(event)
        and event.moment.within(local.moment, _ASKED_OUTSIDE)
        and resolve(case, event.fields["vdi"]) == vdi
        for event in events
    )


def _hint(
    text: RuleText, report: HostReport, disk: Subject, lines: Sequence[Event], last: NbdSession
) -> Finding:
    return found(
        text,
        text.case("asked"),
        basis=Basis.SYMPTOM,
        confidence=Confidence.POSSIBLE,
        subjects=(host_subject(report), disk),
        rows=[
            {
                "host": report.name,
                "disk": named(disk.name, disk.uuid),
                "asked": how_often(lines),
                "served": last.began or "",
            }
        ],
        evidence=(quote(lines[-1]), quote(last.events[0])),
        events=lines,
        severity=Severity.WARNING,
    )
