"""CBT is on for a disk, and its log is not there: by state, by cbt-util's complaint, or both.

State: the database row against `lvs.out` or a listing. The database follows a lost log only at a
scan of the SR (sm `SR.py` and the drivers' scan()), so the two disagree until somebody scans.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta

from analyzer.case.case import Case
from analyzer.case.pool import PoolState
from analyzer.case.time.order import mark
from analyzer.checks.observation import LookedAt, NotApplicable, Observation
from analyzer.checks.tools.finding import near, pool_name
from analyzer.checks.tools.log_disk import Disk, Past, is_metadata, tell
from analyzer.checks.tools.log_places import Listing, listing_of
from analyzer.model.event import Event
from analyzer.model.finding import Finding, Gap
from analyzer.model.rule import RuleText
from analyzer.model.xapi import Vdi
from analyzer.rebuilt.cbt.log_listings import listing_shows_log_is_missing

RULE = "cbt-log-missing"
FIRST_SCHEMA_WITH_CBT = 133
# A supporter's copy of the database is up to five minutes old, and commands take their time.
_UNSETTLED = timedelta(minutes=10)
_SAME_COMMAND = timedelta(minutes=2)
_MADE = (f"{RULE}.made", f"{RULE}.volume-made")
_CHANGES = (*_MADE, f"{RULE}.removed", f"{RULE}.renamed", f"{RULE}.given-up", f"{RULE}.ended")


def examine(case: Case, text: RuleText) -> Iterator[Observation]:
    """Compare every disk with CBT, and every log that cbt-util did not find, with the lists."""
    failed = _by_disk(case.events.of(f"{RULE}.not-found"), ("vdi",))
    changes = _by_disk(case.events.of(*_CHANGES), ("vdi", "to"))
    for pool in case.pools:
        yield from _unknown_rows(case, pool)
        yield from _examine_pool(case, pool, text, failed, changes)
    known = {vdi.uuid for pool in case.pools for vdi in pool.vdis}
    for uuid, events in failed.items():
        if uuid not in known:
            # Answer for a log that was not found and whose disk no database has (any more).
            sr_uuid = events[-1].fields.get("sr")
            sr = case.world.sr(sr_uuid)
            disk = Disk(
                pool=None, vdi=None, uuid=uuid, sr=sr, sr_uuid=sr_uuid, failed=events, changes=()
            )
            yield tell(text, disk, None, _past_of_log(case, disk))
    if bool(case.pools) and all(
        pool.complete and not any(_has_cbt(vdi) for vdi in pool.vdis) for pool in case.pools
    ):
        yield NotApplicable("no disk of the database has CBT")
    if any(host.lvs for host in case.hosts):
        yield LookedAt("lvs")
    if any(host.listings for host in case.hosts):
        yield LookedAt("sr_listing")


def _looked_at(case: Case) -> tuple[str, ...]:
    lists = {"lvs": any(host.lvs for host in case.hosts)}
    lists["sr_listing"] = any(host.listings for host in case.hosts)
    return tuple(name for name, there in lists.items() if there)


def _by_disk(events: Iterable[Event], fields: Sequence[str]) -> Mapping[str, tuple[Event, ...]]:
    found: dict[str, list[Event]] = {}
    for event in events:
        for field in fields:
            if field in event.fields:
                found.setdefault(event.fields[field], []).append(event)
    return {uuid: tuple(own) for uuid, own in found.items()}


def _examine_pool(
    case: Case,
    pool: PoolState,
    text: RuleText,
    failed: Mapping[str, tuple[Event, ...]],
    changes: Mapping[str, tuple[Event, ...]],
) -> Iterator[Finding | Gap]:
    lists: dict[str, Listing] = {}
    for vdi in pool.vdis:
        events = failed.get(vdi.uuid, ())
        if not (_has_cbt(vdi) or events):
            continue
        sr = pool.sr(vdi.sr) if vdi.sr else None
        if sr is None:
            reports = case.world.reports_of(pool)
            yield Gap(
                need="xapi_db",
                host=reports[0].name if reports else "",
                why=f"disk {vdi.uuid} of pool {pool_name(pool)} has CBT, and its SR was not read",
                settle_with=f"xe vdi-param-list uuid={vdi.uuid}; xe sr-list",
            )
            continue
        if sr.uuid not in lists:
            lists[sr.uuid] = listing_of(case, pool, sr)
        disk = Disk(
            pool=pool,
            vdi=vdi,
            uuid=vdi.uuid,
            sr=sr,
            sr_uuid=sr.uuid,
            failed=events,
            changes=changes.get(vdi.uuid, ()),
        )
        yield from _judge_disk(case, text, disk, lists[sr.uuid])


def _judge_disk(
    case: Case, text: RuleText, disk: Disk, listing: Listing
) -> Iterator[Finding | Gap]:
    """Answer for one disk; only a disk with CBT can miss a log now."""
    if disk.vdi is None or not _has_cbt(disk.vdi):
        yield tell(text, disk, None, _past_of_log(case, disk))
    elif listing.shows(disk.uuid):
        yield from _judge_present(case, text, disk, listing)
        if listing.gap is not None and listing.gap.need == "lvs":
            yield listing.gap  # it is shown, but a cut lvs.out rules nothing out
    elif not listing.places:
        if disk.failed:
            yield tell(text, disk, None, _past_of_log(case, disk))
        if listing.gap is not None:
            yield listing.gap
    elif why := _why_unsettled(disk, listing):
        yield _gap_of_later_listing(disk, listing, why)
    else:
        yield tell(text, disk, listing.places[0], Past.OPEN)


def _judge_present(
    case: Case, text: RuleText, disk: Disk, listing: Listing
) -> Iterator[Finding | Gap]:
    """Answer for a disk whose log some list shows."""
    if any(listing_shows_log_is_missing(place, disk.uuid) for place in listing.places):
        yield _gap_of_later_listing(disk, listing, "one list shows it and another one does not")
    elif disk.failed:
        match _past_of_log(case, disk):
            case Past.MADE_SINCE:
                yield tell(text, disk, None, Past.MADE_SINCE)
            case Past.INACTIVE:  # the volume is there: it could not be activated
                pass
            case Past.OPEN | Past.OFF_SINCE | Past.GONE:
                why = "cbt-util did not find it earlier, and now it is listed"
                yield _gap_of_later_listing(disk, listing, why)


def _past_of_log(case: Case, disk: Disk) -> Past:
    """Say what became of the log after cbt-util did not find it."""
    last = disk.failed[-1]
    made = (event for event in disk.changes if event.kind in _MADE)
    if any(not case.order.surely_before(mark(event), mark(last)) for event in made):
        return Past.MADE_SINCE
    if disk.vdi is None:
        whole = bool(case.pools) and all(pool.complete for pool in case.pools)
        return Past.GONE if whole else Past.OPEN
    if disk.vdi.cbt_enabled is False:
        return Past.OFF_SINCE
    inactive = case.events.of(f"{RULE}.not-activated")
    if any(_just_before(event, last) for event in inactive):
        return Past.INACTIVE
    return Past.OPEN


def _just_before(event: Event, last: Event) -> bool:
    same = (event.host, event.pid) == (last.host, last.pid)
    return same and near(event, last, _SAME_COMMAND)


def _why_unsettled(disk: Disk, listing: Listing) -> str:
    """Say why the log may have come or gone while the report was made, "" if it stood still."""
    if disk.vdi is not None and disk.vdi.current_operations:
        return "an operation on the disk was under way"
    if disk.sr is not None and any(
        "vdi_" in op for op in (disk.sr.current_operations or {}).values()
    ):
        return "an operation on a disk of the SR was under way"
    for place in listing.places:
        if any(
            place.report.captured_at is None
            or event.moment.within(place.report.captured_at, _UNSETTLED)
            for event in disk.changes
        ):
            return "SM was creating, moving or removing it around the time of the report"
    return ""


def _gap_of_later_listing(disk: Disk, listing: Listing, why: str) -> Gap:
    place = listing.places[0] if listing.places else None
    volumes = place is not None and place.volumes
    folder = f"/run/sr-mount/{disk.sr_uuid}"
    return Gap(
        need="lvs" if volumes else "sr_listing",
        host=place.report.name if place else "",
        why=f"the CBT log of disk {disk.uuid}: {why}",
        settle_with=f"lvs VG_XenStorage-{disk.sr_uuid}" if volumes else f"ls -l {folder}",
    )


def _has_cbt(vdi: Vdi) -> bool:
    return vdi.cbt_enabled is True or (vdi.cbt_enabled is None and is_metadata(vdi))


def _unknown_rows(case: Case, pool: PoolState) -> Iterable[Gap]:
    """Say that the database does not tell of some disks whether they have CBT."""
    unknown = [v for v in pool.vdis if v.cbt_enabled is None and not is_metadata(v)]
    if (pool.schema_minor is not None and pool.schema_minor < FIRST_SCHEMA_WITH_CBT) or not unknown:
        return
    reports = case.world.reports_of(pool)
    yield Gap(
        need="xapi_db",
        host=reports[0].name if reports else "",
        why=f"{len(unknown)} rows of {pool.source.member} do not say whether the disk has CBT",
        settle_with="xe vdi-list params=uuid,cbt-enabled,sr-uuid",
    )
