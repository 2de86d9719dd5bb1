"""SRs as backups over NBD use them: what get_nbd_info would say of each, and who wants it.

An SR is wanted if it holds disks with CBT, or if somebody asked get_nbd_info of one of its disks.
"""

from collections.abc import Sequence

from analyzer.case.case import Case
from analyzer.case.derived import derived
from analyzer.case.pool import PoolState
from analyzer.checks.tools.calls import resolve
from analyzer.checks.tools.finding import how_often, listed, named, quote_ends, quote_row
from analyzer.model.call import Answer
from analyzer.model.event import Event
from analyzer.model.finding import Basis, Confidence, Evidence, Gap, Subject
from analyzer.model.nbd import NbdInfo
from analyzer.model.sentence import say
from analyzer.model.terms import CBT_METADATA
from analyzer.model.xapi import Sr, Vdi
from analyzer.rebuilt.nbd.info.answer import sr_answers
from analyzer.rebuilt.nbd.sessions.sessions import nbd_sessions
from analyzer.values import dataclass

ASKED, UNPLUGGED = "nbd-info-asked.disk", "nbd-info-asked.unplugged"


@dataclass(frozen=True, slots=True, kw_only=True)
class SrUse:
    """An SR with the answer for its disks.

    ``tracked`` are its disks with CBT, those that data_destroy emptied left out; ``asked`` are
    the calls of get_nbd_info about it. ``known`` tells whether every disk says if it has CBT,
    ``served`` whether xapi-nbd of the pool ever served a disk: then NBD was usable once.
    """

    pool: PoolState
    sr: Sr
    info: NbdInfo
    tracked: tuple[Vdi, ...]
    asked: tuple[Event, ...]
    known: bool
    served: bool = False

    @property
    def wanted(self) -> bool:
        """Tell whether anybody certainly wants NBD of this SR."""
        return bool(self.tracked or self.asked)

    @property
    def basis(self) -> tuple[Basis, Confidence]:
        """Return what a finding of this state rests on, and how sure it is."""
        if not self.asked:
            return Basis.STATE, Confidence.LIKELY
        # What was answered then need not be what the rows give now.
        return Basis.BOTH, Confidence.LIKELY if self.served else Confidence.CERTAIN

    @property
    def name(self) -> str:
        """Return the SR as a sentence names it."""
        return named(self.sr.name_label, self.sr.uuid)

    @property
    def subject(self) -> Subject:
        """Return the SR as the subject of a finding."""
        return Subject(type="SR", uuid=self.sr.uuid, name=self.sr.name_label)


@derived
def sr_uses(case: Case) -> tuple[SrUse, ...]:
    """Return every SR that has disks, by pool and uuid."""
    uses_of_srs: list[SrUse] = []
    asked = case.events.of(ASKED)
    for pool in case.pools:
        bundles = case.world.bundles_of(pool)
        own_asked = [event for event in asked if event.source.bundle in bundles]
        own_found: dict[str, list[Event]] = {}
        for own_event in own_asked:
            own_vdi = pool.vdi(resolve(case, own_event.fields["vdi"]))
            own_sr = pool.sr(own_vdi.sr) if own_vdi else None
            if own_sr is not None:
                own_found.setdefault(own_sr.uuid, []).append(own_event)
        calls = own_found
        served = any(each.bundle in bundles and each.vbd for each in nbd_sessions(case))
        found: dict[str, list[Vdi]] = {}
        for vdi in pool.vdis:
            sr = pool.sr(vdi.sr)
            if sr is not None:
                found.setdefault(sr.uuid, []).append(vdi)
        disks = found
        for each in sr_answers(case):
            own = disks.get(each.sr.uuid, [])
            if each.pool is pool:
                uses_of_srs.append(
                    SrUse(
                        pool=pool,
                        sr=each.sr,
                        info=each.info,
                        tracked=tuple(v for v in own if v.cbt_enabled and v.type != CBT_METADATA),
                        asked=tuple(calls.get(each.sr.uuid, ())),
                        known=pool.complete and all(v.cbt_enabled is not None for v in own),
                        served=served,
                    )
                )
    return tuple(uses_of_srs)


def asked_times(uses: Sequence[SrUse]) -> tuple[Event, ...]:
    """Return the calls about several SRs in order of time."""
    events = {event.source: event for use in uses for event in use.asked}
    return tuple(sorted(events.values(), key=lambda event: (event.moment.at, event.source)))


def use_in_words(uses: Sequence[SrUse]) -> str:
    """Say who wants NBD of some SRs."""
    one = len(uses) == 1
    calls = asked_times(uses)
    if calls:
        whose = "its" if one else "their"
        return say(
            "get_nbd_info was called for {whose} disks: {often}",
            whose=whose,
            often=how_often(calls),
        )
    return "it holds disks with CBT" if one else "they hold disks with CBT"


def sr_names(uses: Sequence[SrUse]) -> str:
    """Return the SRs as a list in a sentence."""
    return listed([use.name for use in uses])


def use_evidence(uses: Sequence[SrUse]) -> tuple[Evidence, ...]:
    """Quote who wants NBD: calls, else a disk with CBT of each SR."""
    calls = quote_ends(asked_times(uses), 2)
    return calls or tuple(quote_row(use.tracked[0], "SR", "cbt_enabled") for use in uses[:2])


def gap_of_use(case: Case, use: SrUse) -> Gap | None:
    """Return what is missing to say that nobody wants an SR whose answer is empty."""
    if not use.known:
        why = f"the rows do not say which disks of SR {use.name} have CBT"
        settle = f"xe vdi-list sr-uuid={use.sr.uuid} params=uuid,cbt-enabled"
        return Gap(need="xapi_db", host="", why=why, settle_with=settle)
    bundles = sorted(case.world.bundles_of(use.pool))
    gaps = (case.gap("xensource_log", bundle) for bundle in bundles)
    return next((gap for gap in gaps if gap is not None), None)


def gap_of_answer(use: SrUse) -> Gap:
    """Say that what get_nbd_info would answer for an SR cannot be told."""
    return Gap(
        need="xapi_db",
        host="",
        why=f"for SR {use.name}: {use.info.because}",
        settle_with="; ".join(step.step for step in use.info.mend),
    )


def open_question(case: Case, use: SrUse) -> bool:
    """Tell whether the answer for an SR that may be wanted may be empty, and nothing tells."""
    empty = use.info.answer is Answer.UNKNOWN and not use.info.endpoints
    return empty and (use.wanted or gap_of_use(case, use) is not None)
