"""Where the CBT logs of an SR are listed: the volumes of `lvs`, or the files of a listing.

Only what shows the whole SR may say that a log is not there: an `lvs.out` that was written to its
end by a host that has the SR plugged and saw its volume group, or a whole listing of the SR's own
folder with disks of that SR in it (an unmounted folder is empty).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from analyzer.case.case import Case, HostReport
from analyzer.case.pool import PoolState
from analyzer.checks.tools.finding import reports_of
from analyzer.model.finding import Evidence, Gap
from analyzer.model.moment import Moment
from analyzer.model.source import Source
from analyzer.model.storage import ListedFile, LogicalVolume, SrListing
from analyzer.model.xapi import Sr
from analyzer.rebuilt.cbt.log_paths import FILE_TYPES, VOLUME_TYPES

_LOG = ".cbtlog"
_IMAGES = (".vhd", ".raw", ".qcow2", _LOG)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One full list of an SR's content, by one host: name → the row that shows it."""

    host: str
    words: str
    source: Source
    header: str
    at: Moment | None
    rows: Mapping[str, LogicalVolume | ListedFile]
    volumes: bool

    def has_log(self, vdi: str) -> bool:
        """Tell whether the list shows the disk's log."""
        return f"{vdi}{_LOG}" in self.rows

    def quote(self, vdi: str) -> tuple[Evidence, ...]:
        """Return what shows that the list is whole: its header and a neighbour of the log."""
        names = (f"VHD-{vdi}", f"LV-{vdi}", f"QCOW2-{vdi}", f"{vdi}.vhd", f"{vdi}.qcow2")
        own = next((self.rows[name] for name in names if name in self.rows), None)
        row = own or self.rows[min(self.rows)]
        header = (Evidence(source=self.source, text=self.header),) if self.header else ()
        return (*header, Evidence(source=row.source, text=row.text))


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """All full lists of one SR; where there is none, ``gap`` says why and what would settle it.

    ``logs`` are the names of all logs that any list shows, a cut one too: it proves presence.
    """

    places: tuple[Place, ...]
    logs: frozenset[str]
    gap: Gap | None

    def shows(self, vdi: str) -> bool:
        """Tell whether any list shows the disk's log."""
        return f"{vdi}{_LOG}" in self.logs


def listing_of(case: Case, pool: PoolState, sr: Sr) -> Listing:
    """Return the lists that show the whole SR."""
    kind = sr.type or ""
    if kind in VOLUME_TYPES:
        return _volumes(case, pool, sr)
    if kind in FILE_TYPES:
        return _files(case, pool, sr)
    why = f"SR {_called(sr)} is of type {kind or 'unknown'}: where its logs are is not known here"
    gap = _gap("sr_listing", _first_host(case, pool), why, "")
    return Listing(places=(), logs=frozenset(), gap=gap)


def _volumes(case: Case, pool: PoolState, sr: Sr) -> Listing:
    group = f"VG_XenStorage-{sr.uuid}"
    plugged = _plugged(pool, sr)
    places: list[Place] = []
    seen: set[str] = set()
    for report in reports_of(case, pool):
        lvs = report.lvs
        rows = {v.name: v for v in lvs.volumes if v.vg == group} if lvs else {}
        seen |= {name for name in rows if name.endswith(_LOG)}
        if lvs is None or not rows or not lvs.complete or report.host_uuid not in plugged:
            continue
        words = f"volume group {group} as {report.name} saw it"
        places.append(
            Place(
                host=report.name,
                words=words,
                source=lvs.source,
                header=lvs.header,
                at=report.captured_at,
                rows=rows,
                volumes=True,
            )
        )
    gap = None if places else _no_volumes(case, pool, sr, plugged)
    return Listing(places=tuple(places), logs=frozenset(seen), gap=gap)


def _no_volumes(case: Case, pool: PoolState, sr: Sr, plugged: frozenset[str]) -> Gap:
    """Say why no list of volumes shows the SR."""
    settle = f"lvs VG_XenStorage-{sr.uuid}"
    if not plugged:
        host = _first_host(case, pool)
        return _gap("lvs", host, f"SR {_called(sr)} was plugged on no host", settle)
    reports = [r for r in reports_of(case, pool) if r.host_uuid in plugged]
    if not reports:
        names = sorted(h.name_label or h.uuid for h in pool.hosts if h.uuid in plugged)
        why = f"SR {_called(sr)} is plugged only on {', '.join(names)}, whose report was not given"
        return _gap("lvs", names[0], why, f"a status report of {names[0]}, or {settle} on it")
    report = reports[0]
    if report.lvs is None:
        why = f"no lvs.out was read, and SR {_called(sr)} keeps its logs as volumes"
    elif not report.lvs.complete:
        why = f"lvs.out is cut off or empty, and SR {_called(sr)} keeps its logs as volumes"
    else:
        why = f"{report.name} did not see the volume group of SR {_called(sr)}"
    return _gap("lvs", report.name, why, settle)


def _files(case: Case, pool: PoolState, sr: Sr) -> Listing:
    places: list[Place] = []
    seen: set[str] = set()
    own = {vdi.uuid for vdi in pool.vdis if vdi.sr in (sr.ref, sr.uuid)}
    for report in reports_of(case, pool):
        for listing in report.listings:
            rows = {file.name: file for file in listing.files}
            if listing.sr in (None, sr.uuid):
                seen |= {name for name in rows if name.endswith(_LOG)}
            if _whole(listing, sr, own):
                places.append(_file_place(report, listing, rows))
    gap = None if places else _no_files(case, pool, sr)
    return Listing(places=tuple(places), logs=frozenset(seen), gap=gap)


def _whole(listing: SrListing, sr: Sr, own: Iterable[str]) -> bool:
    """Tell whether a listing shows all of the SR: its folder, to the end, and mounted."""
    images = {f"{vdi}{suffix}" for vdi in own for suffix in _IMAGES}
    mounted = any(file.name in images for file in listing.files)
    return listing.sr == sr.uuid and listing.complete and mounted


def _file_place(report: HostReport, listing: SrListing, rows: Mapping[str, ListedFile]) -> Place:
    return Place(
        host=report.name,
        words=f"the listing of /run/sr-mount/{listing.sr} in {listing.source.member}",
        source=listing.source,
        header=listing.header,
        at=report.captured_at,
        rows=rows,
        volumes=False,
    )


def _no_files(case: Case, pool: PoolState, sr: Sr) -> Gap:
    plugged = _plugged(pool, sr)
    reports = [r for r in reports_of(case, pool) if r.host_uuid in plugged]
    host = reports[0].name if reports else _first_host(case, pool)
    why = (
        f"SR {_called(sr)} of type {sr.type} keeps its CBT logs as files, "
        f"/run/sr-mount/{sr.uuid}/<vdi>{_LOG}, and no whole listing of that folder was read"
    )
    if not plugged:
        why = f"SR {_called(sr)} was plugged on no host, so its files could not be listed"
    return _gap("sr_listing", host, why, f"ls -l /run/sr-mount/{sr.uuid}")


def _plugged(pool: PoolState, sr: Sr) -> frozenset[str]:
    """Return the uuids of the hosts on which the SR was plugged."""
    attached = {pbd.host for pbd in pool.pbds_of(sr) if pbd.currently_attached is True}
    return frozenset(host.uuid for host in pool.hosts if {host.ref, host.uuid} & attached)


def _called(sr: Sr) -> str:
    return f"{sr.name_label} ({sr.uuid})" if sr.name_label else sr.uuid


def _first_host(case: Case, pool: PoolState) -> str:
    names = [report.name for report in reports_of(case, pool)]
    return names[0] if names else ""


def _gap(need: str, host: str, why: str, settle_with: str) -> Gap:
    return Gap(need=need, host=host, why=why, settle_with=settle_with)
