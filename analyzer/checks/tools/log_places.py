"""What lists of an SR say of its CBT logs as a rule asks for it, and why there is none.

Which of them may say that a log is not there is decided in `rebuilt.cbt.log_listings`.
"""

from analyzer.case.case import Case
from analyzer.case.pool import PoolState
from analyzer.model.finding import Gap
from analyzer.model.terms import LOG_SUFFIX
from analyzer.model.xapi import Sr
from analyzer.rebuilt.cbt.log_listings import LogListing, log_listings
from analyzer.rebuilt.cbt.log_paths import volumes_by_type
from analyzer.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """All full lists of one SR; where there is none, ``gap`` says why and what would settle it.

    ``logs`` are the disks whose logs any list shows, a cut one too: it proves presence.
    """

    places: tuple[LogListing, ...]
    logs: frozenset[str]
    gap: Gap | None

    def shows(self, vdi: str) -> bool:
        """Tell whether any list shows the disk's log."""
        return vdi in self.logs


def listing_of(case: Case, pool: PoolState, sr: Sr) -> Listing:
    """Return the lists that show the whole SR."""
    volumes = volumes_by_type(sr.type)
    if volumes is None:
        kind = sr.type or "unknown"
        why = f"SR {_sr_called(sr)} is of type {kind}: where its logs are is not known here"
        gap = _gap_of_listing("sr_listing", _first_host(case, pool), why, "")
        return Listing(places=(), logs=frozenset(), gap=gap)
    reports = {report.bundle for report in case.world.reports_of(pool)}
    lists = [
        listing
        for listing in log_listings(case)
        if listing.report.bundle in reports and listing.volumes is volumes
    ]
    places = tuple(listing for listing in lists if listing.whole and listing.sr == sr.uuid)
    shown = (listing.logs for listing in lists if listing.sr in (None, sr.uuid))
    missing = _no_volumes if volumes else _no_files
    return Listing(
        places=places,
        logs=frozenset().union(*shown),
        gap=None if places else missing(case, pool, sr),
    )


def _no_volumes(case: Case, pool: PoolState, sr: Sr) -> Gap:
    """Say why no list of volumes shows the SR."""
    plugged = _hosts_plugged(pool, sr)
    settle = f"lvs VG_XenStorage-{sr.uuid}"
    if not plugged:
        host = _first_host(case, pool)
        return _gap_of_listing("lvs", host, f"SR {_sr_called(sr)} was plugged on no host", settle)
    reports = [r for r in case.world.reports_of(pool) if r.host_uuid in plugged]
    if not reports:
        names = sorted(h.name_label or h.uuid for h in pool.hosts if h.uuid in plugged)
        why = (
            f"SR {_sr_called(sr)} is plugged only on {', '.join(names)}, whose report was not given"
        )
        return _gap_of_listing(
            "lvs", names[0], why, f"a status report of {names[0]}, or {settle} on it"
        )
    report = reports[0]
    if report.lvs is None:
        why = f"no lvs.out was read, and SR {_sr_called(sr)} keeps its logs as volumes"
    elif not report.lvs.complete:
        why = (
            "lvs.out is cut off or lists no volume, "
            f"and SR {_sr_called(sr)} keeps its logs as volumes"
        )
    else:
        why = f"{report.name} did not see the volume group of SR {_sr_called(sr)}"
    return _gap_of_listing("lvs", report.name, why, settle)


def _no_files(case: Case, pool: PoolState, sr: Sr) -> Gap:
    plugged = _hosts_plugged(pool, sr)
    reports = [r for r in case.world.reports_of(pool) if r.host_uuid in plugged]
    host = reports[0].name if reports else _first_host(case, pool)
    why = (
        f"SR {_sr_called(sr)} of type {sr.type} keeps its CBT logs as files, "
        f"/run/sr-mount/{sr.uuid}/<vdi>{LOG_SUFFIX}, and no whole listing of that folder was read"
    )
    if not plugged:
        why = f"SR {_sr_called(sr)} was plugged on no host, so its files could not be listed"
    return _gap_of_listing("sr_listing", host, why, f"ls -l /run/sr-mount/{sr.uuid}")


def _hosts_plugged(pool: PoolState, sr: Sr) -> frozenset[str]:
    return frozenset(host.uuid for host in pool.hosts_with(sr))


def _sr_called(sr: Sr) -> str:
    return f"{sr.name_label} ({sr.uuid})" if sr.name_label else sr.uuid


def _first_host(case: Case, pool: PoolState) -> str:
    names = [report.name for report in case.world.reports_of(pool)]
    return names[0] if names else ""


def _gap_of_listing(need: str, host: str, why: str, settle_with: str) -> Gap:
    return Gap(need=need, host=host, why=why, settle_with=settle_with)
