"""At which step the answer of get_nbd_info becomes empty, if it does, and by which rows."""

from collections.abc import Iterable, Sequence

from analyzer.case.pool import PoolState
from analyzer.case.quotation import quote
from analyzer.model.call import Answer
from analyzer.model.finding import Evidence
from analyzer.model.nbd import InfoStep
from analyzer.model.xapi import Host, Pif, Sr, XapiObject
from analyzer.rebuilt.nbd.info.hosts import Member
from analyzer.rebuilt.nbd.info.nbd_purposes import Purposes
from analyzer.values import dataclass

_MOST = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the answer for one SR depends on."""

    pool: PoolState
    sr: Sr
    purposes: Purposes
    members: tuple[Member, ...]

    @property
    def plugged(self) -> tuple[Member, ...]:
        """Return the hosts that certainly have the SR attached."""
        return tuple(each for each in self.members if each.plugged is True)

    @property
    def answering(self) -> tuple[Member, ...]:
        """Return the hosts that certainly are in the answer."""
        return tuple(each for each in self.members if each.answers)


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """The answer, the step that emptied it, a sentence, and the rows it rests on."""

    answer: Answer
    stopped_at: InfoStep | None
    because: str
    evidence: tuple[Evidence, ...]


def judge(facts: Facts) -> Judged:
    """Return the answer; what rows do not show makes it unknown, never good or empty."""
    if facts.answering:
        return _judged_answered(facts)
    whole = facts.pool.complete
    unplugged = all(each.plugged is False for each in facts.members)
    if whole and unplugged:
        if not any(each.pbd for each in facts.members):
            why_unplugged = "the SR has no PBD, so no host has it attached"
        else:
            why_unplugged = "the SR is attached to no host: none of its PBDs is plugged"
        return _judged_empty(InfoStep.PLUGGED, why_unplugged, _pbds_quoted(facts))
    if facts.purposes.known and not facts.purposes.any:
        why = "no network of the pool has the purpose nbd or insecure_nbd"
        return _judged_empty(InfoStep.PURPOSE, why, quoted(facts.pool.networks, "purpose"))
    if whole and not any(each.may_answer for each in facts.members):
        # Quote the PIFs on NBD networks of the hosts that have the SR, or of any host.
        own = {each.host.uuid for each in facts.plugged}
        rows = [pif for net in facts.purposes.any for pif in facts.pool.pifs_of(net)]
        mine = [pif for pif in rows if (host := facts.pool.host(pif.host)) and host.uuid in own]
        pifs_quoted = quoted(mine or rows, "host", "network", "currently_attached", "IP", "IPv6")
        proof = (*_pbds_quoted(facts), *quoted(facts.purposes.any, "purpose"), *pifs_quoted)
        hosts = names([each.host for each in facts.plugged])
        nets = ", ".join(sorted(net.name_label or net.uuid for net in facts.purposes.any))
        others = [each.host for each in facts.members if each.offers and each.plugged is False]
        elsewhere = f"; {names(others)} has one, but not the SR attached" if others else ""
        why_no_address = f"no attached PIF of {hosts} has an address on {nets}{elsewhere}"
        return _judged_empty(InfoStep.ADDRESS, why_no_address, proof)
    return _judged_unknown(facts)


def quoted(rows: Iterable[XapiObject], *fields: str) -> tuple[Evidence, ...]:
    """Quote fields of rows, of at most six."""
    texts = (Evidence(source=row.source, text=quote(row, *fields)) for row in rows)
    return tuple(texts)[:_MOST]


def names(hosts: Sequence[Host]) -> str:
    """Return the hosts' names for a sentence."""
    return ", ".join(sorted(host.name_label or host.uuid for host in hosts))


def metrics_of(pool: PoolState, host: Host) -> Iterable[XapiObject]:
    """Return the rows that say whether a host was live, one or none."""
    key = host.metrics
    return (row for row in pool.host_metrics if key and key in (row.ref, row.uuid))


def _judged_answered(facts: Facts) -> Judged:
    answering = facts.answering
    proof = (*quoted([m.pbd for m in answering if m.pbd], "host", "SR", "currently_attached"),)
    dead = [each.host for each in answering if each.live is False]
    if dead:
        because = (
            f"xapi cannot fetch the certificate of {names(dead)}, which is not live, "
            "and the whole call fails with HOST_OFFLINE"
        )
        rows = (row for host in dead for row in metrics_of(facts.pool, host))
        evidence = (*quoted(rows, "live"), *proof)
        return Judged(
            answer=Answer.FAILS,
            stopped_at=InfoStep.CERTIFICATE,
            because=because,
            evidence=evidence,
        )
    number = sum(len(each.offers) for each in answering)
    many = "1 address" if number == 1 else f"{number} addresses"
    told = f"{many} of {names([each.host for each in answering])}"
    # What could make the whole call fail all the same, "" if nothing in the database.
    if not facts.pool.complete:
        doubt = "the database was not read to its end, so other hosts may fail the call"
    else:
        unsure = [each.host for each in facts.members if each.may_answer and each.live is not True]
        if unsure:
            doubt = f"whether {names(unsure)} was live is not shown, and if not, the call fails"
        else:
            doubt = ""
    return Judged(
        answer=Answer.UNKNOWN if doubt else Answer.OK,
        stopped_at=None,
        because=f"the rows that were read give {told}; {doubt}" if doubt else f"it gives {told}",
        evidence=proof,
    )


def _judged_empty(step: InfoStep, because: str, evidence: tuple[Evidence, ...]) -> Judged:
    return Judged(answer=Answer.FAILS, stopped_at=step, because=because, evidence=evidence)


def _judged_unknown(facts: Facts) -> Judged:
    """Say which rows leave it open."""
    unplugged = [m.pbd for m in facts.members if m.pbd and m.plugged is None]
    nets = [net for net in facts.pool.networks if net.purpose is None]
    unsure = [row for each in facts.members if each.may_answer for row in each.unsure]
    if not facts.pool.complete:
        why = "the database was not read to its end, and what was read gives no address"
    elif unplugged:
        why = "rows do not show whether the SR is attached"
    elif nets:
        why = "rows do not show the purpose of every network"
    else:
        why = "rows do not show whether a PIF is attached or which addresses it has"
    evidence = (
        *quoted(unplugged, "host", "SR", "currently_attached"),
        *quoted(nets, "purpose"),
        *quoted([row for row in unsure if isinstance(row, Pif)], "currently_attached", "IP"),
    )
    return Judged(answer=Answer.UNKNOWN, stopped_at=None, because=why, evidence=evidence)


def _pbds_quoted(facts: Facts) -> tuple[Evidence, ...]:
    rows = [each.pbd for each in facts.members if each.pbd]
    return quoted(rows, "host", "SR", "currently_attached") or quoted([facts.sr], "type")
