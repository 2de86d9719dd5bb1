"""An NBD client ran in the control domain of the host that served it, which is not supported.

A connection from an address of the host itself shows it. A call of get_nbd_info over xapi's local
socket is only a hint: a person may look at the answer, so it counts only where this host then
served the very disk, or turned somebody away, and nobody else had asked. The firewall lets in what
comes over the bridges of NBD networks alone (xen-api `scripts/nbd-firewall-config.sh`): a client in
the control domain comes over the loopback, is rejected at connect, and xapi-nbd never hears of it.
What xapi's own storage layer connects with nbd-client goes over UNIX sockets, and is none of it.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta

from analyzer.case.case import Case, HostReport
from analyzer.case.world import by_host
from analyzer.checks.observation import LookedAt, Observation
from analyzer.checks.tools.calls import resolve
from analyzer.checks.tools.finding import found, host_subject, how_often, named, quote
from analyzer.model.event import Event
from analyzer.model.finding import Basis, Confidence, Evidence, Finding, Gap, Severity
from analyzer.model.nbd import NBD_PORT, NbdSession
from analyzer.model.network import FirewallRule, Socket
from analyzer.model.rule import RuleText
from analyzer.model.sentence import say
from analyzer.rebuilt.nbd.sessions.sessions import nbd_sessions

RULE = "nbd-client-in-dom0"
ASKED = f"{RULE}.asked"
INPUT_CHAIN = "xapi_nbd_input_chain"
_SHUT = ("REJECT", "DROP")
_LOCAL = " UNIX "
_LOOPBACK = ("127.0.0.1", "::1")
_SOON = timedelta(minutes=5)
_ASKED_OUTSIDE = timedelta(hours=1)


def examine(case: Case, text: RuleText) -> Iterator[Observation]:
    """Judge each host by its connections to port 10809, else by who asked for what it served."""
    for reports in by_host(case.hosts):
        report = reports[-1]
        # The connections to the NBD port whose two ends are this host, the client's first.
        faces = report.interfaces.interfaces if report.interfaces else ()
        addresses_own = {address.address for face in faces for address in face.addresses}
        for pool in case.pools:
            host = pool.host(report.host_uuid)
            if host is not None:
                addresses_own |= {
                    pif.ip for pif in pool.pifs if pif.ip and pool.host(pif.host) == host
                }
        own = frozenset((*addresses_own, *_LOOPBACK))
        sockets = report.sockets.sockets if report.sockets else ()
        ours = [
            socket
            for socket in sockets
            if socket.state == "ESTAB" and NBD_PORT in (socket.local_port, socket.peer_port)
        ]
        inside = [s for s in ours if s.peer_address in own and s.local_address in own]
        clients = tuple(sorted(inside, key=lambda s: (s.peer_port != NBD_PORT, s.source)))
        if clients:
            yield _finding_of_connection(text, report, clients)
        else:
            yield from _findings_of_local_asks(case, text, reports)
            yield from _turned_away(case, text, reports)
        if report.sockets is None or not report.sockets.complete:
            yield (
                case.gap("sockets", report.bundle)
                or Gap(
                    need="sockets",
                    host=report.name,
                    why="its list of sockets was not read to the end",
                    settle_with="ss -tnp 'dport = :10809'",
                )
            )
    yield LookedAt("sockets")
    yield LookedAt("firewall")


def _finding_of_connection(
    text: RuleText, report: HostReport, clients: Sequence[Socket]
) -> Finding:
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


def _findings_of_local_asks(
    case: Case, text: RuleText, reports: Sequence[HostReport]
) -> Iterator[Finding]:
    """Yield one finding per disk that was asked for locally and then served by this host."""
    bundles = {report.bundle for report in reports}
    pairs: dict[str, tuple[list[Event], list[NbdSession]]] = {}
    events = case.events.of(ASKED)
    for event in events:
        vdi = resolve(case, event.fields["vdi"])
        if event.source.bundle in bundles and _is_local(event):
            served = _session_serving(case, bundles, vdi, event)
            if served is not None and not _from_outside(case, events, vdi, event):
                lines, sessions = pairs.setdefault(vdi, ([], []))
                lines.append(event)
                sessions.append(served)
    for vdi, (lines, sessions) in pairs.items():
        disk = case.world.subject("VDI", vdi)
        finding_report = reports[-1]
        last = sessions[-1]
        yield found(
            text,
            text.case("asked"),
            basis=Basis.SYMPTOM,
            confidence=Confidence.POSSIBLE,
            subjects=(host_subject(finding_report), disk),
            rows=[
                {
                    "host": finding_report.name,
                    "disk": named(disk.name, disk.uuid),
                    "asked": how_often(lines),
                    "served": last.began or "",
                }
            ],
            evidence=(quote(lines[-1]), quote(last.events[0])),
            events=lines,
            severity=Severity.WARNING,
        )


def _turned_away(
    case: Case, text: RuleText, reports: Sequence[HostReport]
) -> Iterator[Finding | Gap]:
    """Yield what the firewall says of clients that asked locally and were then never served.

    Its counters have no times, and count whoever came over a network without NBD, too.
    """
    bundles, report = {report.bundle for report in reports}, reports[-1]
    events = case.events.of(ASKED)
    asked = [
        event
        for event in events
        if event.source.bundle in bundles and _is_local(event)
        if not _served_by_any(case, resolve(case, event.fields["vdi"]), event)
        if not _from_outside(case, events, resolve(case, event.fields["vdi"]), event)
    ]
    if not asked:
        return
    listing = report.iptables
    own = [chain for chain in listing.chains if chain.name == INPUT_CHAIN] if listing else []
    rules = [rule for chain in own for rule in chain.rules if rule.target in _SHUT]
    if shut := [rule for rule in rules if rule.packets]:
        yield _finding_of_rejection(case, text, report, asked, shut)
    elif not rules:
        yield _counters_unread(case, report, asked)


def _counters_unread(case: Case, report: HostReport, asked: Sequence[Event]) -> Gap:
    return case.gap("firewall", report.bundle) or Gap(
        need="firewall",
        host=report.name,
        why=say(
            "get_nbd_info was called through xapi's local socket ({asked}) and nothing was served "
            "then; a client in the control domain is rejected without a line, and the counters of "
            "{chain} are not in what was read",
            asked=how_often(asked),
            chain=INPUT_CHAIN,
        ),
        settle_with=f"iptables -nvL {INPUT_CHAIN}",
    )


def _finding_of_rejection(
    case: Case,
    text: RuleText,
    report: HostReport,
    asked: Sequence[Event],
    shut: Sequence[FirewallRule],
) -> Finding:
    known = case.world.vdi(resolve(case, asked[-1].fields["vdi"]))
    disk = named(known.name_label, known.uuid) if known else asked[-1].fields["vdi"]
    packets = sum(rule.packets or 0 for rule in shut)
    values = {
        "host": report.name,
        "disk": disk,
        "asked": how_often(asked),
        "rejected": "1 packet" if packets == 1 else f"{packets} packets",
    }
    return found(
        text,
        text.case("turned-away"),
        basis=Basis.BOTH,
        confidence=Confidence.POSSIBLE,
        subjects=(host_subject(report),),
        rows=[values],
        evidence=(
            quote(asked[-1]),
            *(Evidence(source=rule.source, text=rule.text) for rule in shut),
        ),
        events=asked,
        severity=Severity.WARNING,
    )


def _served_by_any(case: Case, vdi: str, event: Event) -> bool:
    """Tell whether any host served a disk soon after somebody had asked for it."""
    return _session_serving(case, {report.bundle for report in case.hosts}, vdi, event) is not None


def _is_local(event: Event) -> bool:
    """Tell whether a call came over xapi's UNIX socket, as its thread is named after it."""
    return _LOCAL in event.text.partition(event.message)[0]


def _session_serving(
    case: Case, bundles: Iterable[str], vdi: str, event: Event
) -> NbdSession | None:
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
