"""What was seen of CBT logs when the bundles were made: volumes, files, and the database's word."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from analyzer.case.case import HostReport
from analyzer.case.pool import PoolState
from analyzer.case.quotation import quote
from analyzer.model.cbt import (
    CbtLog,
    CbtLogFile,
    CbtLogValues,
    Change,
    Contradiction,
    Known,
)
from analyzer.model.finding import Confidence, Evidence
from analyzer.model.moment import Moment
from analyzer.model.source import Source
from analyzer.model.terms import LOG_SUFFIX, METADATA_TYPES
from analyzer.model.xapi import Sr, Vdi
from analyzer.rebuilt.cbt.log_listings import LogListing, listing_shows_log_is_missing
from analyzer.rebuilt.cbt.log_paths import is_uuid
from analyzer.rebuilt.cbt.log_steps import Step
from analyzer.rebuilt.cbt.replay import Key

COLLECTING = timedelta(minutes=10)  # xen-bugtool's limit for one command, and some more
_ANY_TIME = (datetime(1970, 1, 1, tzinfo=UTC), datetime(2170, 1, 1, tzinfo=UTC))


def seen_steps(
    listings: Iterable[LogListing], mentioned: Mapping[str, Collection[str]]
) -> tuple[tuple[Step, ...], ...]:
    """Return what each list shows, list by list; ``mentioned`` are SR → disks to look for."""
    return tuple(
        tuple(_steps_of_listing(each, each.sr, mentioned.get(each.sr, ())))
        for each in listings
        if each.sr is not None
    )


def file_steps(
    files: Sequence[CbtLogFile], hosts: Sequence[HostReport], srs: Mapping[str, str]
) -> tuple[tuple[Step, ...], ...]:
    """Return what each ``.cbtlog`` file says; ``srs`` tells the SR of a disk.

    A file that is not whole still has its header, but somebody's copy of it was cut.
    """
    return tuple(
        tuple(_file_steps(file, srs[file.uuid], _copied_at(file.source, hosts)))
        for file in files
        if file.uuid in srs
    )


def _copied_at(source: Source, hosts: Sequence[HostReport]) -> Moment:
    """Return when a log was copied: with a report, or for one."""
    own = (
        h for h in hosts if h.bundle == source.bundle or (source.bundle, source.member) in h.taken
    )
    host = next(own, None)
    return collected(host, source) if host else _some_time()


def value_steps(
    hosts: Sequence[HostReport], srs: Mapping[str, str]
) -> tuple[tuple[Step, ...], ...]:
    """Return what `cbt-util get` answered to somebody who asked; ``srs`` is SR by disk."""
    return tuple(
        tuple(_read_steps(log, srs[log.uuid], collected(host, log.source)))
        for host in hosts
        for log in host.log_values
        if log.uuid in srs
    )


def _read_steps(log: CbtLogValues, sr: str, moment: Moment) -> Iterator[Step]:
    there = replace(log.values[0], field=Change.SEEN, value="")
    for read in (there, *log.values):
        yield Step(
            change=read.field,
            sr=sr,
            uuid=log.uuid,
            moment=moment,
            actor=_actor_of_source(log.source),
            evidence=Evidence(source=read.source, text=read.text),
            value=read.value,
            read=True,
            listed=True,
        )


def collected(host: HostReport, source: Source | None = None) -> Moment:
    """Return when the commands of a status report ran, or when a file was made that it was given.

    A file that was given back has a time of its own.
    """
    captured = host.captured_at
    if source is not None and (source.bundle, source.member) in host.taken:
        return host.taken[source.bundle, source.member]
    if captured is None:
        return _some_time()
    return replace(
        captured, earliest=captured.earliest - COLLECTING, latest=captured.latest + COLLECTING
    )


def _some_time() -> Moment:
    first, last = _ANY_TIME
    return Moment(at=last, earliest=first, latest=last, dated_by="the time is not known")


def _steps_of_listing(listing: LogListing, sr: str, mentioned: Iterable[str]) -> Iterator[Step]:
    for disk in sorted(disk for disk in listing.logs if is_uuid(disk)):
        yield _step_seen(listing, sr, disk, Change.SEEN)
    for disk in sorted(set(mentioned)):
        if listing_shows_log_is_missing(listing, disk):
            yield _step_seen(listing, sr, disk, Change.MISSED)


def _step_seen(listing: LogListing, sr: str, disk: str, change: Change) -> Step:
    there = change is Change.SEEN
    row = listing.rows[f"{disk}{LOG_SUFFIX}"] if there else listing.neighbour(disk)
    return Step(
        change=change,
        sr=sr,
        uuid=disk,
        moment=collected(listing.report, listing.source),
        actor=_actor_of_source(listing.source),
        evidence=Evidence(source=row.source, text=row.text),
        read=True,
        listed=True,
    )


def _file_steps(file: CbtLogFile, sr: str, moment: Moment) -> Iterator[Step]:
    values = (
        (Change.SEEN, ""),
        (Change.PARENT, file.parent),
        (Change.CHILD, file.child),
        (Change.CONSISTENT, str(file.consistent)),
        (Change.SIZE, str(file.size)),
    )
    for change, value in values:
        yield Step(
            change=change,
            sr=sr,
            uuid=file.uuid,
            moment=moment,
            actor=_actor_of_source(file.source),
            evidence=Evidence(source=file.source, text=file.words),
            value=value,
            confidence=Confidence.LIKELY if file.problem else Confidence.CERTAIN,
            read=True,
            listed=True,
        )


def _actor_of_source(source: Source) -> str:
    return f"{source.bundle}: {source}"


def rows_by_log(pools: Sequence[PoolState]) -> Mapping[Key, tuple[PoolState, Sr, Vdi]]:
    """Return the rows of all disks by (SR uuid, disk uuid)."""
    rows = ((pool, pool.sr(vdi.sr), vdi) for pool in pools for vdi in pool.vdis)
    return {(sr.uuid, vdi.uuid): (pool, sr, vdi) for pool, sr, vdi in rows if sr is not None}


def hint(vdi: Vdi) -> bool | None:
    """Return whether a row says that the disk has a log."""
    if vdi.cbt_enabled is None and vdi.type in METADATA_TYPES:
        return True
    return vdi.cbt_enabled


def weigh(
    log: CbtLog, pool: PoolState, vdi: Vdi, asked: Mapping[str, Moment]
) -> tuple[CbtLog, Contradiction | None]:
    """Hold what the database says against what is known of a log.

    An `xe` dump, or a row of which an operation was under way, contradicts nothing: nobody knows
    which is the younger. ``asked`` is when each bundle was made.
    """
    said, there = hint(vdi), log.exists
    if said is None:
        return log, None
    row = Evidence(source=vdi.source, text=quote(vdi, "cbt_enabled", "type", "SR"))
    if there is None:
        value = Known(value=said, evidence=row, confidence=Confidence.LIKELY)
        return replace(log, exists=value), None
    dated = pool.generation is not None and not vdi.current_operations
    if there.value == said or not dated or not _log_stood_still(log, there, vdi, asked):
        return log, None
    word, fact = ("true" if said else "false"), ("there" if there.value else "not there")
    what = f"the database has cbt_enabled={word}, and the log is {fact}"
    contradiction = Contradiction(
        sr=log.sr, uuid=log.uuid, what=what, evidence=(there.evidence, row)
    )
    after = less_sure(there) if said else _no_more_than_possible(there)
    return replace(log, exists=after), contradiction


def aged(log: CbtLog, pool: PoolState | None, asked: Mapping[str, Moment]) -> CbtLog:
    """Return a log at capture that only lines of the past showed to be there.

    Anybody may have removed a file since. Where the whole database has no row of the disk (``pool``
    is the SR's), a log that it kept when it was deleted would be all that is left.
    """
    there = log.exists
    if there is None or not there.value or not from_log(there.evidence.source):
        return log
    copied = asked.get(pool.source.bundle) if pool and pool.complete else None
    forgotten = pool is not None and pool.vdi(log.uuid) is None
    if forgotten and copied and there.since and there.since.certainly_before(copied):
        return replace(log, exists=_no_more_than_possible(there))
    if there.confidence is Confidence.CERTAIN:
        return replace(log, exists=replace(there, confidence=Confidence.LIKELY))
    return log


def _log_stood_still(
    log: CbtLog, there: Known[bool], vdi: Vdi, asked: Mapping[str, Moment]
) -> bool:
    """Tell whether the log stood still from when it was last known to when the row was read."""
    copied = asked.get(vdi.source.bundle)
    seen = there.since or asked.get(there.evidence.source.bundle)
    if copied is None or seen is None:
        return False
    if from_log(there.evidence.source):
        return seen.certainly_before(copied)
    together = seen.within(copied, timedelta(0))
    changes = (c for c in log.changes if c.moment and from_log(c.evidence.source))
    return together and all(c.moment and c.moment.certainly_before(copied) for c in changes)


def _no_more_than_possible(there: Known[bool]) -> Known[bool]:
    """Return what a line of the past showed and the database denies; a list at capture stands."""
    if from_log(there.evidence.source):
        return replace(there, confidence=Confidence.POSSIBLE)
    return there


def less_sure(value: Known[bool]) -> Known[bool]:
    """Return a value one degree less sure; what a list shows at capture stays as it is."""
    if from_log(value.evidence.source):
        fallen = {Confidence.CERTAIN: Confidence.LIKELY}
        confidence = fallen.get(value.confidence, Confidence.POSSIBLE)
        return replace(value, confidence=confidence)
    return value


def from_log(source: Source) -> bool:
    """Tell whether a line is of a syslog file, not of what was seen at capture."""
    return source.member.startswith("var/log/")
