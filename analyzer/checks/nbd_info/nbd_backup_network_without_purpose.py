"""Xen Orchestra may use one network only for NBD, and that network cannot serve.

The pool's other_config ``xo:backupNetwork`` is the uuid of a network; of the addresses that
get_nbd_info gives, Xen Orchestra takes only those on it (xen-orchestra `@xen-orchestra/xapi`,
nbd). A pool without any NBD purpose is told by `nbd-info-no-nbd-network`.
"""

from collections.abc import Iterator
from dataclasses import replace

from analyzer.case.case import Case
from analyzer.case.pool import PoolState
from analyzer.checks.observation import NotApplicable, Observation
from analyzer.checks.tools.finding import found, listed, pool_name, pool_or_hosts, quote_row
from analyzer.checks.tools.purposes import (
    called,
    network_subject,
    of_pools,
    purposes_gap,
    purposes_of,
    quote_purpose,
    unused,
)
from analyzer.model.finding import Basis, Confidence, Finding, Gap
from analyzer.model.rule import RuleText
from analyzer.model.sentence import Value
from analyzer.model.xapi import Network
from analyzer.rebuilt.nbd.info.nbd_purposes import INSECURE, SECURE
from analyzer.rebuilt.nbd.reach.offers import offers_of

_KEY = "xo:backupNetwork"
_NOT_SET = "no pool names a backup network for Xen Orchestra"
_NO_NBD = "no network of the pools that name a backup network has an NBD purpose"


def examine(case: Case, text: RuleText) -> Iterator[Observation]:
    """Judge each pool that names a backup network and has networks for NBD."""
    # What one pool gives, None where all is well.
    answers: list[Finding | Gap | NotApplicable | None] = []
    for pool in case.pools:
        row, purposes = pool.pool, purposes_of(pool)
        if row is None or row.other_config is None:
            answers.append(
                Gap(
                    need="xapi_db",
                    host="",
                    why=f"{pool.source.member} does not show the pool's other_config",
                    settle_with="xe pool-list params=uuid,other-config",
                )
            )
        else:
            named = row.other_config.get(_KEY, "").strip()
            if not named:
                answers.append(NotApplicable(_NOT_SET))
            elif not purposes.any:
                answers.append(
                    NotApplicable(_NO_NBD) if purposes.known else purposes_gap(case, pool)
                )
            else:
                answers.append(_judged_network(case, text, pool, named))
    if answers and all(isinstance(answer, NotApplicable) for answer in answers) and unused(case):
        yield NotApplicable(_NO_NBD)
    else:
        yield from of_pools(answers)


def _judged_network(
    case: Case, text: RuleText, pool: PoolState, named: str
) -> Finding | Gap | None:
    """Judge the network that is named, in a pool that has others for NBD."""
    network = pool.network(named)
    if network is None and pool.complete:
        return _finding_of_network(case, text.case("gone"), text, pool, network=named)
    if network is None or network.purpose is None:
        return purposes_gap(case, pool)
    if network.uuid not in {each.uuid for each in purposes_of(pool).any}:
        return _finding_of_network(case, (text.title, text.detail), text, pool, network=network)
    # Judge a network with the purpose: Xen Orchestra needs an IPv4 address of a host on it.
    offers = [each for each in offers_of(case, pool) if ":" not in each.address]
    own = [each for each in offers if each.network.uuid == network.uuid]
    if own or not offers:
        return None  # without any address at all nbd-info-no-pif-address tells
    pifs = pool.pifs_of(network)
    known = pool.complete and all(
        pif.currently_attached is False or (pif.ip is not None and pif.currently_attached)
        for pif in pifs
    )
    if not known:
        return Gap(
            need="xapi_db",
            host="",
            why=f"the rows do not show who has an address on network {called(network)}",
            settle_with=f"xe pif-list network-uuid={network.uuid} params=all",
        )
    without_told = _finding_of_network(case, text.case("address"), text, pool, network=network)
    shown = (quote_row(pif, "host", "currently_attached", "IP") for pif in pifs)
    return replace(without_told, evidence=(*without_told.evidence, *shown))


def _finding_of_network(
    case: Case,
    words: tuple[str, str],
    text: RuleText,
    pool: PoolState,
    *,
    network: Network | str,
) -> Finding:
    purposes, row = purposes_of(pool).any, pool.pool
    known = (network,) if isinstance(network, Network) else ()
    shut = [net for net in known if net.uuid not in {each.uuid for each in purposes}]
    values: dict[str, Value] = {
        "pool": pool_name(pool),
        "pool_uuid": row.uuid if row else "",
        "network": called(network) if isinstance(network, Network) else network,
        "open": listed([called(net) for net in purposes]),
    }
    for net in shut:
        kind = SECURE if purposes_of(pool).secure else INSECURE
        values |= {"shut": called(net), "shut_uuid": net.uuid, "purpose": kind}
    quoted = (quote_row(row, "other_config"),) if row else ()
    return found(
        text,
        words,
        basis=Basis.STATE,
        confidence=Confidence.LIKELY,
        subjects=(*pool_or_hosts(case, pool, ()), *map(network_subject, known)),
        rows=[values],
        evidence=(*quoted, *map(quote_purpose, (*known, *purposes))),
    )
