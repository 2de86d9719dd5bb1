"""get_nbd_info is empty: the SR is attached to no host that has an address for NBD.

xapi names only hosts that have the SR attached (xen-api `xapi_vdi.ml` get_nbd_info). An SR that is
attached nowhere is told only if its disks were asked for and it was not unplugged since.
"""

from collections.abc import Iterator
from dataclasses import replace

from analyzer.case.case import Case
from analyzer.case.time.order import began, mark
from analyzer.checks.observation import Observation
from analyzer.checks.tools.finding import found, listed, times
from analyzer.checks.tools.nbd_use import (
    UNPLUGGED,
    SrUse,
    gap_of_answer,
    gap_of_use,
    open_question,
    sr_uses,
    use_evidence,
    use_in_words,
)
from analyzer.checks.tools.purposes import network_subject, nothing_offered, purposes_of
from analyzer.model.finding import Basis, Confidence, Finding, Gap, Subject
from analyzer.model.nbd import InfoStep
from analyzer.model.rule import RuleText
from analyzer.rebuilt.calls.operations import sm_operations
from analyzer.rebuilt.nbd.info.hosts import members
from analyzer.rebuilt.nbd.reach.offers import offers_of

_OF_A_PLUGGED_SR = ("vdi_", "sr_scan", "sr_update", "sr_detach")


def examine(case: Case, text: RuleText) -> Iterator[Observation]:
    """Judge each SR by what get_nbd_info would answer for its disks."""
    for use in sr_uses(case):
        yield from _examine_use(case, text, use)
    yield from nothing_offered(case)


def _examine_use(case: Case, text: RuleText, use: SrUse) -> Iterator[Finding | Gap]:
    if not purposes_of(use.pool).any:
        return
    if use.info.stopped_at is InfoStep.PLUGGED:
        # Answer for an SR that no host has: CBT alone shows no use, a retired SR keeps its rows.
        if use.asked and not _unplugged_since(case, use):
            # The hosts of an SR if all were down or out of service, which unplugs it too.
            rows = members(case, use.pool, use.sr, purposes_of(use.pool))
            own = [each for each in rows if each.pbd is not None]
            if not all(each.live is False or each.host.enabled is False for each in own):
                down = []
            else:
                down = sorted(each.host.name_label or each.host.uuid for each in own)
            yield _gap_of_down(use, down) if down else _finding_of_use(case, text, use)
        elif (
            not use.asked
            and (answers_gap := gap_of_use(case, use))
            and answers_gap.need == "xensource_log"
        ):
            yield answers_gap
    elif use.info.stopped_at is InfoStep.ADDRESS and offers_of(case, use.pool):
        if use.wanted:
            yield _finding_of_use(case, text, use)
        elif gap := gap_of_use(case, use):
            yield gap
    elif open_question(case, use):
        yield gap_of_answer(use)


def _unplugged_since(case: Case, use: SrUse) -> bool:
    """Tell whether somebody may have unplugged the SR after the last question for a disk of it.

    SM works on disks of a plugged SR only: where it did so after the question, it was plugged then.
    """
    pbds = {key for pbd in use.pool.pbds_of(use.sr) for key in (pbd.ref, pbd.uuid) if key}
    last = mark(max(use.asked, key=lambda event: event.moment.at))
    since = [mark(e) for e in case.events.of(UNPLUGGED) if e.fields["pbd"] in pbds]
    since += [
        began(op)
        for op in sm_operations(case)
        if op.sr == use.sr.uuid and op.name.startswith(_OF_A_PLUGGED_SR)
    ]
    return not all(case.order.surely_before(each, last) for each in since)


def _gap_of_down(use: SrUse, hosts: list[str]) -> Gap:
    name = listed(hosts)
    return Gap(
        need="xapi_db",
        host=hosts[0],
        why=(
            f"SR {use.name} was attached to no host, and {name} was not in service when the report "
            "was made: whether it was attached when get_nbd_info was called is not shown"
        ),
        settle_with=f"xe pbd-list sr-uuid={use.sr.uuid} params=host-uuid,currently-attached",
    )


def _finding_of_use(case: Case, text: RuleText, use: SrUse) -> Finding:
    pool = use.pool
    hosts = {offer.host.uuid: offer.host for offer in offers_of(case, pool)}
    nowhere = use.info.stopped_at is InfoStep.PLUGGED
    values = {
        "sr": use.name,
        "use": use_in_words([use]),
        "because": use.info.because,
        "hosts": listed(sorted(host.name_label or host.uuid for host in hosts.values())),
        **times(use.asked),
    }
    members = pool.hosts_with(use.sr)
    basis, confidence = use.basis
    told = found(
        text,
        text.case("nowhere") if nowhere else (text.title, text.detail),
        basis=Basis.BOTH if nowhere else basis,
        confidence=Confidence.LIKELY if nowhere else confidence,
        subjects=(
            use.subject,
            *(Subject(type="Host", uuid=host.uuid, name=host.name_label) for host in members),
            *map(network_subject, purposes_of(pool).any),
        ),
        rows=[values],
        evidence=(*use.info.evidence, *use_evidence([use])),
        events=use.asked,
    )
    return replace(told, action=(*use.info.mend, *told.action))
