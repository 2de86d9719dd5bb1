"""A host offers NBD, and its own configuration keeps clients out.

xapi opens the firewall for the bridges of all networks with a purpose, after each change of a
network (xen-api `network_event_loop.ml`, `scripts/nbd-firewall-config.sh`, `firewall.ml`);
xapi-nbd listens by itself. get_nbd_info looks at neither.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from types import MappingProxyType

from analyzer.case.case import Case
from analyzer.case.pool import PoolState
from analyzer.checks.nbd_reach.nbd_address_offers import (
    by_host,
    each_pool,
    live_offers,
    offer_fields,
    offer_subjects,
    unread,
)
from analyzer.checks.observation import Observation
from analyzer.checks.tools.finding import found, quote
from analyzer.checks.tools.nbd_service import shown_failed
from analyzer.model.event import Event
from analyzer.model.finding import Basis, Confidence, Evidence, Finding, Gap, Severity
from analyzer.model.rule import RuleText
from analyzer.model.terms import HOST_BOOTED
from analyzer.rebuilt.nbd.reach.offers import (
    Obstacle,
    Offer,
    Passage,
    Silence,
    Trouble,
    connections,
    listeners,
    obstacles,
    passage,
    row_evidence,
    silence,
)
from analyzer.rebuilt.nbd.reach.zones import uses_firewalld
from analyzer.rebuilt.nbd.sessions.sessions import server_runs
from analyzer.values import dataclass

_ONE_BY_ONE = (Trouble.UNMANAGED, Trouble.FIREWALL, Trouble.GONE, Trouble.ELSEWHERE)
# Which case of the text tells of it; its steps are those that name the field of the same name.
_CASES: Mapping[Trouble, str] = MappingProxyType(
    {Trouble.UNMANAGED: "unmanaged", Trouble.GONE: "gone", Trouble.ELSEWHERE: "elsewhere"}
)
RULE = "nbd-address-configuration"
UPDATED, FAILED = f"{RULE}.updated", f"{RULE}.failed"
_STARTED = ("xapi-started", HOST_BOOTED)
# xapi sets the firewall when it has started and read its networks.
_STARTS = timedelta(minutes=5)
_STOPS = timedelta(minutes=10)
# Two reports of one pool are rarely made in the same minute.
_APART = timedelta(minutes=10)
_LEFT = "_chain_new"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Log:
    """What xapi of a host logged last of its NBD firewall.

    ``failed`` is the failure to set it, None if a later attempt did not fail.
    """

    updated: Event | None
    failed: Event | None

    @property
    def bridges(self) -> frozenset[str]:
        """Return the bridges that xapi opened."""
        names = self.updated.fields.get("bridges", "") if self.updated else ""
        return frozenset(name.strip() for name in names.split(",") if name.strip())


def examine(case: Case, text: RuleText) -> Iterator[Observation]:
    """Judge the firewall, the PIFs and the server of each host by its own report."""
    yield from each_pool(
        case, lambda pool: _of_pool(case, text, pool), beside=("firewall", "sockets")
    )


def _of_pool(case: Case, text: RuleText, pool: PoolState) -> Iterator[Finding | Gap]:
    for offers in by_host(live_offers(case, pool)):
        own = [offer for offer in offers if ":" not in offer.bare]
        if not own:
            continue
        # What the host of an offer logged; each attempt is logged before it is made.
        log_offer = own[0]
        bundle = log_offer.report.bundle if log_offer.report else ""
        turns = [each for each in case.events.of(UPDATED, FAILED) if each.source.bundle == bundle]
        updated = [each for each in turns if each.kind == UPDATED]
        failed = turns[-1] if turns and turns[-1].kind == FAILED else None
        log = _Log(updated=updated[-1] if updated else None, failed=failed)
        # What of a host was not read or not understood.
        first = own[0]
        yield from _firewall_gaps(case, own)
        if listeners(first.report) is None and first.report is not None:
            gap = unread(case, first, "sockets", "ss -tlnp 'sport = :10809'")
            yield gap or _gap_of_doubt(first, "sockets", "ss -tlnp 'sport = :10809'")
        # One finding for each offered address that the host's configuration shuts off.
        for findings_offer in own:
            found_ = {each.trouble: each for each in obstacles(case, pool, findings_offer)}
            findings_first = next(
                (found_[trouble] for trouble in _ONE_BY_ONE if trouble in found_), None
            )
            if findings_first is None:
                yield from _not_opened(text, pool, findings_offer, log)
            elif findings_first.trouble is not Trouble.FIREWALL or not _just_started(
                case, findings_offer
            ):
                yield _finding_of_shut_port(case, text, pool, (findings_offer, findings_first), log)
        yield from _findings_of_server(case, text, pool, own)
        yield from _findings_of_leftover(text, pool, own)


def _finding_of_shut_port(
    case: Case, text: RuleText, pool: PoolState, pair: tuple[Offer, Obstacle], log: _Log
) -> Finding:
    offer, obstacle = pair
    failed = (quote(log.failed),) if log.failed and obstacle.trouble is Trouble.FIREWALL else ()
    # Whether the database and the host's report are of different times.
    base = next((each for each in case.hosts if each.bundle == pool.source.bundle), None)
    if base is None or offer.report is None or base.bundle == offer.report.bundle:
        taken_apart = False
    else:
        one, other = base.captured_at, offer.report.captured_at
        taken_apart = one is None or other is None or not one.within(other, _APART)
    unsure = taken_apart or obstacle.trouble is Trouble.ELSEWHERE
    state = Confidence.POSSIBLE if unsure else Confidence.LIKELY
    key = _CASES.get(obstacle.trouble, "firewall")
    return found(
        text,
        text.case(key) if key != "firewall" else (text.title, text.detail),
        basis=Basis.BOTH if failed else Basis.STATE,
        confidence=Confidence.CERTAIN if failed else state,
        subjects=offer_subjects([offer]),
        rows=[{**offer_fields(pool, offer), "what": obstacle.what, key: _ports_named(key, offer)}],
        evidence=(*failed, *obstacle.evidence),
        severity=Severity.WARNING if obstacle.trouble is Trouble.ELSEWHERE else None,
    )


def _ports_named(key: str, offer: Offer) -> str:
    """Return what the steps of a case name: an interface, a bridge or a network."""
    if key == "gone":
        return offer.pif.uuid
    return offer.network.bridge or "" if key == "firewall" else offer.network.uuid


def _not_opened(text: RuleText, pool: PoolState, offer: Offer, log: _Log) -> Iterator[Finding]:
    """Yield that xapi's own words leave a bridge out, where the firewall itself is not known."""
    answer = passage(offer.report, offer.network.bridge, offer.bare)
    # The line that says that a bridge was not opened, None if none says so.
    if answer.passage is Passage.DOUBTFUL:
        if log.failed is not None:
            event: Event | None = log.failed
        else:
            left_out = log.updated is not None and offer.network.bridge not in log.bridges
            event = log.updated if left_out and offer.network.bridge else None
    else:
        event = None
    if event is None:
        return
    yield found(
        text,
        text.case("failed" if event is log.failed else "left-out"),
        basis=Basis.SYMPTOM,
        confidence=Confidence.LIKELY,
        subjects=offer_subjects([offer]),
        rows=[{**offer_fields(pool, offer), "firewall": _ports_named("firewall", offer)}],
        evidence=(quote(event), row_evidence(offer.network, "bridge", "purpose")),
        events=[event],
    )


def _findings_of_server(
    case: Case, text: RuleText, pool: PoolState, offers: Sequence[Offer]
) -> Iterator[Finding]:
    """Yield that nothing listened, unless xapi-nbd was starting or had crashed, or just stopped."""
    for offer in offers:
        silent = [o for o in obstacles(case, pool, offer) if o.trouble is Trouble.SILENT]
        if not silent or offer.report is None:
            continue
        # The stop of xapi-nbd after which it was not started; None for one just before. A toolstack
        # that restarts, or a host that goes down, stops it too. Where systemd shows or noted it as
        # failed nbd-service-failed-after-stop tells.
        report = offer.report
        why, event = silence(case, report)
        noted = [run.failed for run in server_runs(case) if run.bundle == report.bundle][-1:]
        if why is not Silence.STOPPED or event is None or any(noted) or shown_failed(report):
            stopped: Event | None = None
        else:
            taken = report.captured_at
            stopped = (
                event if taken is not None and not event.moment.within(taken, _STOPS) else None
            )
        if silence(case, offer.report)[0] is not Silence.UNEXPLAINED and stopped is None:
            return
        yield found(
            text,
            text.case("stopped" if stopped else "silent"),
            basis=Basis.STATE,
            confidence=Confidence.LIKELY,
            subjects=offer_subjects([offer])[:1],
            rows=[
                {
                    **offer_fields(pool, offer),
                    "silent": offer.place,
                    "since": stopped.moment if stopped else "",
                }
            ],
            evidence=silent[0].evidence,
            severity=Severity.WARNING if stopped else None,
        )
        return


def _findings_of_leftover(
    text: RuleText, pool: PoolState, offers: Sequence[Offer]
) -> Iterator[Finding]:
    """Yield that the firewall script was broken off; it costs nothing where the way is open."""
    # The half-made chains that a broken off nbd-firewall-config.sh leaves.
    report = offers[0].report
    half_chains = report.iptables.chains if report and report.iptables else ()
    chains = tuple(
        chain
        for chain in half_chains
        if chain.name.startswith("xapi_nbd_") and chain.name.endswith(_LEFT)
    )
    if not chains:
        return
    ways = [passage(each.report, each.network.bridge, each.bare).passage for each in offers]
    if Passage.CLOSED in ways:
        return  # told by the rule that shuts the way
    yield found(
        text,
        text.case("leftover"),
        basis=Basis.STATE,
        confidence=Confidence.LIKELY,
        severity=Severity.INFO,
        subjects=offer_subjects(offers)[:1],
        rows=[
            {
                **offer_fields(pool, offers[0]),
                "chains": " and ".join(chain.name for chain in chains),
                "leftover": offers[0].place,
            }
        ],
        evidence=tuple(Evidence(source=chain.source, text=chain.text) for chain in chains),
    )


def _firewall_gaps(case: Case, offers: Sequence[Offer]) -> Iterator[Gap]:
    """Yield what keeps the firewall from being judged; for a host without report, all of it."""
    first = offers[0]
    ways = [passage(each.report, each.network.bridge, each.bare).passage for each in offers]
    if Passage.DOUBTFUL in ways:
        gap = unread(case, first, "firewall", "iptables -nvL")
        yield gap or _gap_of_doubt(
            first, "firewall", "iptables -nvL; firewall-cmd --list-all-zones"
        )
    elif Passage.CLOSED in ways and _just_started(case, first):
        why = "xapi had just started when the report was made, and sets the firewall then"
        yield Gap(need="firewall", host=first.place, why=why, settle_with="iptables -nvL")
    elif any(
        way is Passage.CLOSED and connections(each.report, each.bare)
        for way, each in zip(ways, offers, strict=True)
    ):
        why = "its rules reject NBD, and a client was connected all the same"
        yield Gap(need="firewall", host=first.place, why=why, settle_with="iptables -nvL; ss -tno")


def _just_started(case: Case, offer: Offer) -> bool:
    """Tell whether xapi had started just before the report was made."""
    report = offer.report
    if report is None or report.captured_at is None:
        return False
    starts = [e for e in case.events.of(*_STARTED) if e.source.bundle == report.bundle]
    return bool(starts) and starts[-1].moment.within(report.captured_at, _STARTS)


def _gap_of_doubt(offer: Offer, need: str, command: str) -> Gap:
    why = "what it shows does not settle whether NBD gets through"
    report = offer.report
    zones = report.firewalld.zones if report and report.firewalld else ()
    if need == "firewall" and report is not None and not zones and uses_firewalld(report):
        why = "firewalld was at work, and which services its zones let in was not read"
    return Gap(need=need, host=offer.place, why=why, settle_with=command)
