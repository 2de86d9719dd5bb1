"""A host that has a shared SR cannot offer its disks over NBD, while others can.

get_nbd_info leaves out a host without an address on an NBD network (xen-api `xapi_vdi.ml`). The
backup goes on through the other hosts, and fails when the last of them is down.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from analyzer.case.case import Case
from analyzer.checks.observation import Observation
from analyzer.checks.tools.finding import found, listed, quote_row
from analyzer.checks.tools.nbd_use import SrUse, gap_of_use, sr_names, sr_uses, use_evidence
from analyzer.checks.tools.purposes import (
    called,
    network_subject,
    nothing_offered,
    purposes_of,
    quote_purpose,
)
from analyzer.model.finding import Basis, Confidence, Finding, Gap, Subject
from analyzer.model.rule import RuleText
from analyzer.rebuilt.nbd.info.hosts import Member, members
from analyzer.rebuilt.nbd.info.mend import address_steps


def examine(case: Case, text: RuleText) -> Iterator[Observation]:
    """Judge each host that has a shared SR whose disks are offered by others."""
    for pool in case.pools:
        # Whether other hosts serve a shared SR; of a local one its only host is left out.
        served = [
            use
            for use in sr_uses(case)
            if use.pool is pool and (use.sr.shared is True and bool(use.info.endpoints))
        ]
        left_out: dict[str, list[SrUse]] = {}
        hosts: dict[str, Member] = {}
        for use in served:
            for each in members(case, pool, use.sr, purposes_of(pool)):
                if each.plugged is True and not each.offers and each.live is not False:
                    hosts[each.host.uuid] = each
                    left_out.setdefault(each.host.uuid, []).append(use)
        for uuid, uses in left_out.items():
            if hosts[uuid].unsure or not pool.complete:
                host = hosts[uuid].host
                yield Gap(
                    need="xapi_db",
                    host=host.name_label or host.uuid,
                    why="its rows do not show which addresses it has on networks for NBD",
                    settle_with=(
                        f"xe pif-list host-uuid={host.uuid} "
                        "params=uuid,network-name-label,currently-attached,IP,IPv6"
                    ),
                )
            elif wanted := [use for use in uses if use.wanted]:
                yield _finding_of_host(case, text, hosts[uuid], wanted)
            else:
                yield from (gap for use in uses if (gap := gap_of_use(case, use)))
    yield from nothing_offered(case)


def _finding_of_host(case: Case, text: RuleText, member: Member, uses: Sequence[SrUse]) -> Finding:
    pool, host = uses[0].pool, member.host
    networks = purposes_of(pool).any
    offering = {e.host.uuid: e.host.name or e.host.uuid for u in uses for e in u.info.endpoints}
    bundles = case.world.bundles_of(pool)
    report_is_given = any(
        each.host_uuid == host.uuid for each in case.hosts if each.bundle in bundles
    )
    values = {
        "host_name": host.name_label or host.uuid,
        "networks": listed([called(net) for net in networks]),
        "srs": sr_names(uses),
        "others": listed(sorted(offering.values())),
        "down": "that host is down" if len(offering) == 1 else "all of these are down",
        "report": "" if report_is_given else "Its own status report was not given.",
    }
    # Quote the host's PIFs on NBD networks, or where it has none, its plug; and the purposes.
    rows_networks = purposes_of(pool).any
    pifs = [pif for net in rows_networks for pif in pool.pifs_of(net)]
    own = [pif for pif in pifs if pool.host(pif.host) == member.host]
    shown = tuple(quote_row(pif, "host", "network", "currently_attached", "IP") for pif in own)
    plug = (quote_row(member.pbd, "host", "SR", "currently_attached"),) if member.pbd else ()
    rows_of_network = (*(shown or plug), *map(quote_purpose, rows_networks))
    told = found(
        text,
        (text.title, text.detail),
        basis=Basis.STATE,
        confidence=Confidence.CERTAIN,
        subjects=(
            Subject(type="Host", uuid=host.uuid, name=host.name_label),
            *map(network_subject, networks),
        ),
        rows=[values],
        evidence=(*rows_of_network, *use_evidence(uses)),
    )
    return replace(told, action=(*address_steps(case, pool, host), *told.action))
