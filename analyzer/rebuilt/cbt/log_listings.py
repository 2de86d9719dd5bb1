"""What lists of an SR's content show of its CBT logs, and which may say that one is not there.

Two commands list them: `lvs`, where the SR keeps its logs as volumes, and a listing of the SR's
folder, where they are files. Any row proves that a log is there; that one is not is said by
`listing_shows_log_is_missing` alone.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence

from analyzer.case.case import Case, HostReport
from analyzer.case.derived import derived
from analyzer.case.pool import PoolState
from analyzer.model.finding import Evidence
from analyzer.model.source import Source
from analyzer.model.storage import ListedFile, LogicalVolume, LvmVolumes, SrListing
from analyzer.model.terms import LOG_SUFFIX, VOLUME_GROUP, VOLUME_TYPES
from analyzer.model.xapi import Sr
from analyzer.rebuilt.cbt.log_paths import FILE_TYPES
from analyzer.values import dataclass

_METADATA = "MGT"
_IMAGES = (".vhd", ".raw", ".qcow2", LOG_SUFFIX)


@dataclass(frozen=True, slots=True, kw_only=True)
class LogListing:
    """What one command listed of an SR on one host: name → the row that shows it.

    ``sr`` is None where a listing does not tell whose folder it is of; ``whole`` tells that it
    shows all of the SR.
    """

    sr: str | None
    report: HostReport
    source: Source
    header: str
    rows: Mapping[str, LogicalVolume | ListedFile]
    volumes: bool
    whole: bool

    @property
    def words(self) -> str:
        """Return what was listed, and by whom, for a sentence."""
        if self.volumes:
            return f"volume group {VOLUME_GROUP}{self.sr} as {self.report.name} saw it"
        return f"the listing of /run/sr-mount/{self.sr} in {self.source.member}"

    @property
    def logs(self) -> frozenset[str]:
        """Return the disks whose logs are listed."""
        return frozenset(
            name.removesuffix(LOG_SUFFIX) for name in self.rows if name.endswith(LOG_SUFFIX)
        )

    def shows_log(self, vdi: str) -> bool:
        """Tell whether the disk's log is listed."""
        return f"{vdi}{LOG_SUFFIX}" in self.rows

    def neighbour(self, vdi: str) -> LogicalVolume | ListedFile:
        """Return the row that shows best that the list is of this SR: the disk's own image."""
        names = (f"VHD-{vdi}", f"LV-{vdi}", f"QCOW2-{vdi}", f"{vdi}.vhd", f"{vdi}.qcow2")
        return self.rows[next((name for name in names if name in self.rows), min(self.rows))]

    def quote(self, vdi: str) -> tuple[Evidence, ...]:
        """Return what shows that the list is whole: its header and a neighbour of the log."""
        row = self.neighbour(vdi)
        header = (Evidence(source=self.source, text=self.header),) if self.header else ()
        return (*header, Evidence(source=row.source, text=row.text))


def listing_shows_log_is_missing(listing: LogListing, vdi: str) -> bool:
    """Tell whether a list proves that the CBT log of a disk of its SR was not there.

    Only what shows the whole SR may: an `lvs.out` that was written to its end, by a host that has
    the SR plugged and saw its volume group, or a whole listing of the SR's own folder with disks
    of that SR in it (an unmounted folder is empty).
    """
    return listing.whole and not listing.shows_log(vdi)


@derived
def log_listings(case: Case) -> tuple[LogListing, ...]:
    """Return all lists of a case, in the order of its reports."""
    return listings_of(case.hosts, case.pools)


def listings_of(hosts: Sequence[HostReport], pools: Sequence[PoolState]) -> tuple[LogListing, ...]:
    """Return the lists that hosts' reports have, whole or not."""
    return tuple(
        listing
        for host in hosts
        for listing in (
            *(each for lvs in host.of(LvmVolumes) for each in _volume_listings(host, lvs, pools)),
            *(_file_listing(host, listing, pools) for listing in host.listings),
        )
    )


def _volume_listings(
    host: HostReport, lvs: LvmVolumes, pools: Sequence[PoolState]
) -> Iterator[LogListing]:
    groups: dict[str, dict[str, LogicalVolume | ListedFile]] = {}
    for row in lvs.volumes:
        if row.vg.startswith(VOLUME_GROUP):
            groups.setdefault(row.vg.removeprefix(VOLUME_GROUP), {})[row.name] = row
    for uuid, rows in sorted(groups.items()):
        owners = _owners_of_uuid(uuid, pools)
        plugged = any(
            sr.type in VOLUME_TYPES and host.host_uuid in {h.uuid for h in pool.hosts_with(sr)}
            for pool, sr in owners
        )
        # Whether a table shows a whole group: whoever typed `lvs` may have named one volume. SM
        # keeps the metadata of each group of its own in a volume MGT (sm `lvutil.py`).
        yield LogListing(
            sr=uuid,
            report=host,
            source=lvs.source,
            header=lvs.header,
            rows=rows,
            volumes=True,
            whole=lvs.complete
            and (plugged or not owners)
            and (lvs not in host.given or _METADATA in rows),
        )


def _file_listing(host: HostReport, listing: SrListing, pools: Sequence[PoolState]) -> LogListing:
    names = {file.name for file in listing.files}
    sr = listing.sr or _sr_of(listing, names, pools)
    owners = _owners_of_uuid(sr, pools)
    mounted = any(sr.type in FILE_TYPES and names & _images_of_sr(pool, sr) for pool, sr in owners)
    if not owners:
        mounted = any(name.endswith(_IMAGES) for name in names)
    return LogListing(
        sr=sr,
        report=host,
        source=listing.source,
        header=listing.header,
        rows={file.name: file for file in listing.files},
        volumes=False,
        whole=sr is not None and listing.complete and mounted,
    )


def _sr_of(listing: SrListing, names: Collection[str], pools: Sequence[PoolState]) -> str | None:
    """Return the SR of a listing that does not name it: by the file's name, else by its disks.

    A disk is on one SR alone; a listing with disks of two is of more than one folder, and one disk
    is what a search for it finds.
    """
    called = [sr.uuid for pool in pools for sr in pool.srs if sr.uuid in listing.source.member]
    disks = {name.partition(".")[0] for name in names}
    rows = [(pool, vdi) for pool in pools for vdi in pool.vdis if vdi.uuid in disks]
    owners = {sr.uuid for pool, vdi in rows if (sr := pool.sr(vdi.sr)) is not None}
    found = set(called) or (owners if len(rows) > 1 else set())
    return next(iter(found)) if len(found) == 1 and owners <= found else None


def _owners_of_uuid(
    uuid: str | None, pools: Sequence[PoolState]
) -> tuple[tuple[PoolState, Sr], ...]:
    """Return the pools that know an SR; where none does, only the list itself can speak."""
    return tuple((pool, sr) for pool in pools if (sr := pool.sr(uuid)) is not None)


def _images_of_sr(pool: PoolState, sr: Sr) -> frozenset[str]:
    own = (vdi.uuid for vdi in pool.vdis if vdi.sr in (sr.ref, sr.uuid))
    return frozenset(f"{uuid}{suffix}" for uuid in own for suffix in _IMAGES)
