"""What a host's report and logs say of its NBD configuration, beside the obstacles themselves."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

from analyzer.case.case import Case, HostReport
from analyzer.case.pool import PoolState
from analyzer.checks.nbd_reach.nbd_address_offers import unread
from analyzer.checks.tools.nbd_service import shown_failed
from analyzer.model.event import Event
from analyzer.model.finding import Gap
from analyzer.model.network import FirewallChain
from analyzer.rebuilt.nbd.reach.offers import (
    Offer,
    Passage,
    Silence,
    connections,
    listeners,
    passage,
    silence,
)
from analyzer.rebuilt.nbd.reach.zones import uses_firewalld
from analyzer.rebuilt.nbd.sessions.sessions import server_runs

RULE = "nbd-address-configuration"
UPDATED, FAILED = f"{RULE}.updated", f"{RULE}.failed"
_STARTED = ("xapi-started", "host-booted")
# xapi sets the firewall when it has started and read its networks.
_STARTS = timedelta(minutes=5)
_STOPS = timedelta(minutes=10)
# Two reports of one pool are rarely made in the same minute.
_APART = timedelta(minutes=10)
_LEFT = "_chain_new"


@dataclass(frozen=True, slots=True, kw_only=True)
class Log:
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


def log_of(case: Case, offer: Offer) -> Log:
    """Return what the host of an offer logged; each attempt is logged before it is made."""
    bundle = offer.report.bundle if offer.report else ""
    turns = [each for each in case.events.of(UPDATED, FAILED) if each.source.bundle == bundle]
    updated = [each for each in turns if each.kind == UPDATED]
    failed = turns[-1] if turns and turns[-1].kind == FAILED else None
    return Log(updated=updated[-1] if updated else None, failed=failed)


def not_opened(log: Log, offer: Offer) -> Event | None:
    """Return the line that says that a bridge was not opened, None if none says so."""
    if log.failed is not None:
        return log.failed
    left_out = log.updated is not None and offer.network.bridge not in log.bridges
    return log.updated if left_out and offer.network.bridge else None


def gaps_of(case: Case, offers: Sequence[Offer]) -> Iterator[Gap]:
    """Yield what of a host was not read or not understood."""
    first = offers[0]
    yield from _firewall_gaps(case, offers)
    if listeners(first.report) is None and first.report is not None:
        gap = unread(case, first, "sockets", "ss -tlnp 'sport = :10809'")
        yield gap or _doubtful(first, "sockets", "ss -tlnp 'sport = :10809'")


def _firewall_gaps(case: Case, offers: Sequence[Offer]) -> Iterator[Gap]:
    """Yield what keeps the firewall from being judged; for a host without report, all of it."""
    first = offers[0]
    ways = [passage(each.report, each.network.bridge, each.bare).passage for each in offers]
    if Passage.DOUBTFUL in ways:
        gap = unread(case, first, "firewall", "iptables -nvL")
        yield gap or _doubtful(first, "firewall", "iptables -nvL; firewall-cmd --list-all-zones")
    elif Passage.CLOSED in ways and just_started(case, first):
        why = "xapi had just started when the report was made, and sets the firewall then"
        yield Gap(need="firewall", host=first.place, why=why, settle_with="iptables -nvL")
    elif any(
        way is Passage.CLOSED and connections(each.report, each.bare)
        for way, each in zip(ways, offers, strict=True)
    ):
        why = "its rules reject NBD, and a client was connected all the same"
        yield Gap(need="firewall", host=first.place, why=why, settle_with="iptables -nvL; ss -tno")


def just_started(case: Case, offer: Offer) -> bool:
    """Tell whether xapi had started just before the report was made."""
    report = offer.report
    if report is None or report.captured_at is None:
        return False
    starts = [e for e in case.events.of(*_STARTED) if e.source.bundle == report.bundle]
    return bool(starts) and starts[-1].moment.within(report.captured_at, _STARTS)


def stopped_long_ago(case: Case, report: HostReport) -> Event | None:
    """Return the stop of xapi-nbd after which it was not started; None for one just before.

    A toolstack that restarts, or a host that goes down, stops it too. Where systemd shows or noted
    it as failed nbd-service-failed-after-stop tells.
    """
    why, event = silence(case, report)
    noted = [run.failed for run in server_runs(case) if run.bundle == report.bundle][-1:]
    if why is not Silence.STOPPED or event is None or any(noted) or shown_failed(report):
        return None
    taken = report.captured_at
    return event if taken is not None and not event.moment.within(taken, _STOPS) else None


def taken_apart(case: Case, pool: PoolState, offer: Offer) -> bool:
    """Tell whether the database and the host's report are of different times."""
    base = next((each for each in case.hosts if each.bundle == pool.source.bundle), None)
    if base is None or offer.report is None or base.bundle == offer.report.bundle:
        return False
    one, other = base.captured_at, offer.report.captured_at
    return one is None or other is None or not one.within(other, _APART)


def leftovers(report: HostReport | None) -> tuple[FirewallChain, ...]:
    """Return the half-made chains that a broken off nbd-firewall-config.sh leaves."""
    chains = report.iptables.chains if report and report.iptables else ()
    return tuple(
        chain
        for chain in chains
        if chain.name.startswith("xapi_nbd_") and chain.name.endswith(_LEFT)
    )


def _doubtful(offer: Offer, need: str, command: str) -> Gap:
    why = "what it shows does not settle whether NBD gets through"
    report = offer.report
    zones = report.firewalld.zones if report and report.firewalld else ()
    if need == "firewall" and report is not None and not zones and uses_firewalld(report):
        why = "firewalld was at work, and which services its zones let in was not read"
    return Gap(need=need, host=offer.place, why=why, settle_with=command)
