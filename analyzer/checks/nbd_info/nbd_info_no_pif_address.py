"""get_nbd_info is empty: no host has an attached PIF with an address on a network for NBD.

xapi looks at the attached PIFs of the hosts that have the SR (xen-api `xapi_vdi.ml` get_nbd_info).
Where some other host has such an address, `nbd-info-sr-not-connected` tells instead.
"""

from collections.abc import Iterator
from dataclasses import replace

from analyzer.case.case import Case
from analyzer.checks.observation import Observation
from analyzer.checks.tools.finding import found, listed, pool_name, times
from analyzer.checks.tools.nbd_use import (
    asked_times,
    gap_of_answer,
    gap_of_use,
    open_question,
    sr_names,
    sr_uses,
    use_evidence,
    use_in_words,
)
from analyzer.checks.tools.purposes import called, network_subject, nothing_offered, purposes_of
from analyzer.model.nbd import InfoStep
from analyzer.model.rule import RuleText
from analyzer.rebuilt.nbd.reach.offers import offers_of


def examine(case: Case, text: RuleText) -> Iterator[Observation]:
    """Judge each SR whose disks somebody wants to read by what get_nbd_info would answer."""
    for pool in case.pools:
        uses = [use for use in sr_uses(case) if use.pool is pool]
        if not offers_of(case, pool):
            empty = [use for use in uses if use.info.stopped_at is InfoStep.ADDRESS]
            wanted = [use for use in empty if use.wanted]
            if wanted:
                networks = purposes_of(pool).any
                calls = asked_times(wanted)
                values = {
                    "pool": pool_name(pool),
                    "networks": listed([called(net) for net in networks]),
                    "srs": sr_names(wanted),
                    "use": use_in_words(wanted),
                    **times(calls),
                }
                basis, confidence = max(wanted, key=lambda use: bool(use.asked)).basis
                shown = dict.fromkeys(each for use in wanted for each in use.info.evidence)
                told = found(
                    text,
                    (text.title, text.detail),
                    basis=basis,
                    confidence=confidence,
                    subjects=(*map(network_subject, networks), *(use.subject for use in wanted)),
                    rows=[values],
                    evidence=(*shown, *use_evidence(wanted)),
                    events=calls,
                )
                changes = (step for use in wanted for step in use.info.mend)
                yield replace(told, action=(*dict.fromkeys(changes), *told.action))
            else:
                yield from (gap for use in empty if (gap := gap_of_use(case, use)))
                yield from (gap_of_answer(use) for use in uses if open_question(case, use))
    yield from nothing_offered(case)
