"""The database and the logs did not agree on CBT of a disk (H-04, H-05).

Source: sm `VDI.py` in_sync_with_xenapi_record() and `SR.py` ScanRecord: a scan of the SR compares
each disk with its row, logs the first difference, then "Updating VDI with location=…" for each
disk that had one, in the same order, and writes the row anew: `cbt_enabled` becomes what the log's
existence says, without an alert. A log that a list does not show is `cbt-log-missing`'s.
"""

from collections.abc import Iterator, Sequence
from datetime import timedelta

from analyzer.case.case import Case
from analyzer.case.pool import PoolState
from analyzer.checks.observation import Observation
from analyzer.checks.tools.chain_facts import disk_subjects, gone, name_of
from analyzer.checks.tools.finding import found, near, quote, quote_row, times
from analyzer.checks.tools.log_places import Listing, listing_of
from analyzer.checks.tools.sm_runs import runs_of
from analyzer.model.event import Event
from analyzer.model.finding import Basis, Confidence, Evidence, Finding, Gap
from analyzer.model.rule import RuleText
from analyzer.model.sentence import say
from analyzer.model.xapi import Vdi
from analyzer.rebuilt.cbt.history import cbt_history
from analyzer.rebuilt.cbt.log_flags import SET as FLAG
from analyzer.rebuilt.cbt.log_listings import LogListing
from analyzer.values import dataclass

RULE = "cbt-database-disagrees"
DIFFERS, UPDATES = f"{RULE}.differs", f"{RULE}.updates"
_ONE_SCAN = timedelta(hours=2)
# SM calls xapi right before it logs the update, or right after, by release
_SAME_UPDATE = timedelta(seconds=30)
# enable_cbt and disable_cbt hold no lock on the SR of an LVM type: a scan may see them half done.
_RACE = timedelta(minutes=5)
_UNSETTLED = timedelta(minutes=10)
_CHANGING = ("vdi_enable_cbt", "vdi_disable_cbt", "vdi_snapshot", "vdi_delete", "vdi_activate")


@dataclass(frozen=True, slots=True, kw_only=True)
class Flip:
    """A scan that found CBT of a disk to be other than the database said; ``on`` is the truth.

    ``line`` is the scan's own, or SM's call of xapi where another difference was logged first.
    """

    vdi: str
    on: bool
    line: Event
    update: Event


def examine(case: Case, text: RuleText) -> Iterator[Observation]:
    """Look at what scans in SMlog corrected, and at rows that still are wrong."""
    flips, gaps = _flips_and_gaps(case)
    flips += _hidden_flips(case, flips)
    # Where a scan changed rows, nothing says how, and xapi's log cannot tell.
    known = {flip.update.source for flip in flips}
    flags_gaps = [
        case.gap("xensource_log", update.source.bundle) or _flag_unread(case, update)
        for update in case.events.of(UPDATES)
        if update.source not in known
    ]
    gaps += tuple(dict.fromkeys(gap for gap in flags_gaps if gap is not None))
    by_disk: dict[str, list[Flip]] = {}
    for flip in flips:
        # Whether CBT of the disk was being turned on or off at the time.
        if not any(
            run.first.within(flip.line.moment, _RACE) or run.last.within(flip.line.moment, _RACE)
            for run in runs_of(case, flip.vdi, "vdi_enable_cbt", "vdi_disable_cbt")
        ):
            by_disk.setdefault(flip.vdi, []).append(flip)
    for _, own in sorted(by_disk.items()):
        yield _of_scan(case, text, own)
    for pool in case.pools:
        yield from _of_rows(case, text, pool)
    yield from gaps


def _flips_and_gaps(case: Case) -> tuple[list[Flip], tuple[Gap, ...]]:
    flips: list[Flip] = []
    gaps: list[Gap] = []
    for scan in _lines_of_scans(case):
        # A scan prints each field that differs, then updates the rows in the same order; a row
        # gets what the log says, and no alert is made (sm, VDI.py and SR.py).
        differs = [event for event in scan if event.kind == DIFFERS]
        updates = [event for event in scan if event.kind == UPDATES]
        wrong = [event for event in differs if event.fields["what"] == "cbt_enabled"]
        if len(differs) == len(updates):
            flips += [
                _flip_by_scan(*pair)
                for pair in zip(differs, updates, strict=True)
                if pair[0] in wrong
            ]
        else:
            gaps += [_gap_without_name(event) for event in wrong]
    return flips, tuple(dict.fromkeys(gaps))


def _hidden_flips(case: Case, told: Sequence[Flip]) -> list[Flip]:
    """Return the flips of which the scan logged another difference: xapi logs that SM set the flag.

    The same call is made when an error turns CBT off; it is a scan's where a scan updated the row.
    Whatever differed, the update sets the flag too (VDI.py `_db_update()`), mostly to what it was:
    only a value other than the one that was set last is a flip.
    """
    updates: dict[str, list[Event]] = {}
    for event in case.events.of(UPDATES):
        updates.setdefault(event.fields["vdi"], []).append(event)
    known = {flip.update.source for flip in told}
    last: dict[str, str] = {}
    found: list[Flip] = []
    for call in case.events.of(FLAG):
        vdi, value = call.fields["vdi"], call.fields["value"]
        before, last[vdi] = last.get(vdi) or _flag_at_first(case, vdi, value), value
        near_by = (each for each in updates.get(vdi, ()) if near(each, call, _SAME_UPDATE))
        update = next((each for each in near_by if each.host == call.host), None)
        if value != before and update is not None and update.source not in known:
            found.append(Flip(vdi=vdi, on=value == "true", line=call, update=update))
    return found


def _flag_at_first(case: Case, vdi: str, value: str) -> str:
    """Return the flag of a disk before anything in xapi's log set it; `value` where nothing tells.

    Nobody turns CBT of a snapshot off by hand: where a log of it was seen, the flag was on.
    """
    row = case.world.vdi(vdi)
    logged = cbt_history(case).find(vdi) is not None
    return "true" if logged and row is not None and row.is_a_snapshot else value


def _flag_unread(case: Case, update: Event) -> Gap | None:
    """Return the gap of an update that xapi's log does not reach."""
    window = case.covered("xensource_log", update.source.bundle)
    if window is None or window[0].at <= update.moment.at <= window[1].at:
        return None
    disk = update.fields["vdi"]
    return Gap(
        need="xensource_log",
        host=update.host,
        why=say(
            "a scan changed the row of disk {disk} ({at}), whether it was its CBT is in "
            "xensource.log only, which does not reach there",
            disk=disk,
            at=update.moment,
        ),
        settle_with=f"zgrep -h 'VDI.set_cbt_enabled.*{disk}' /var/log/xensource.log* "
        f"on {update.host}",
    )


def _lines_of_scans(case: Case) -> Iterator[Sequence[Event]]:
    """Yield the lines of each scan: differences, then updates, of one process."""
    open_: dict[tuple[str, int | None], list[Event]] = {}
    for event in case.events.of(DIFFERS, UPDATES):
        key = (event.source.bundle, event.pid)
        own = open_.get(key)
        new = own is not None and (
            (event.kind == DIFFERS and own[-1].kind == UPDATES)
            or not near(own[-1], event, _ONE_SCAN)
        )
        if own is not None and new:
            yield own
        if own is None or new:
            open_[key] = [event]
        else:
            own.append(event)
    yield from open_.values()


def _flip_by_scan(line: Event, update: Event) -> Flip:
    on = line.fields["sm"] == "True"
    return Flip(vdi=update.fields["vdi"], on=on, line=line, update=update)


def _gap_without_name(line: Event) -> Gap:
    return Gap(
        need="smlog",
        host=line.host,
        why=f"a scan found that the database was wrong about CBT of a disk ({line.message}), and "
        "which disk is not in what was read",
        settle_with=f"zgrep -h 'Updating VDI with location' /var/log/SMlog* on {line.host}",
    )


def _of_scan(case: Case, text: RuleText, flips: Sequence[Flip]) -> Finding:
    last = flips[-1]
    lines = [flip.line for flip in flips]
    values = {**_values_of_vdi(case, last.vdi), **times(lines)}
    known = case.world.vdi(last.vdi)
    if last.on or known is None or not known.is_a_snapshot:  # no snapshot gets its log back
        values["kept" if last.on else "lost"] = last.vdi
    return found(
        text,
        text.case("turned-on") if last.on else (text.title, text.detail),
        basis=Basis.SYMPTOM,
        confidence=Confidence.CERTAIN,
        subjects=disk_subjects(case, last.vdi, _sr_of(case, last.vdi)),
        rows=[values],
        evidence=tuple(
            evidence for flip in flips[-2:] for evidence in (quote(flip.line), quote(flip.update))
        ),
        events=lines,
    )


def _values_of_vdi(case: Case, vdi: str) -> dict[str, str]:
    sr = _sr_of(case, vdi)
    return {"vdi": vdi, "disk": name_of(case, vdi), **({"sr": sr} if sr else {})}


def _sr_of(case: Case, vdi: str) -> str | None:
    for pool in case.pools:
        row = pool.vdi(vdi)
        sr = pool.sr(row.sr) if row and row.sr else None
        if sr is not None:
            return sr.uuid
    return None


def _of_rows(case: Case, text: RuleText, pool: PoolState) -> Iterator[Finding]:
    """Yield the rows that still are wrong: off with a log, or on where SM removed the log."""
    lists: dict[str, Listing] = {}
    for row in pool.vdis:
        sr = pool.sr(row.sr) if row.sr else None
        if sr is None or row.cbt_enabled is None or row.current_operations:
            continue
        if sr.uuid not in lists:
            lists[sr.uuid] = listing_of(case, pool, sr)
        if not row.cbt_enabled:
            listing = lists[sr.uuid]
            places = [place for place in listing.places if place.shows_log(row.uuid)]
            if (
                places
                and len(places) == len(listing.places)
                and _is_settled(case, row.uuid, places[0])
            ):
                shown = places[0].rows[f"{row.uuid}.cbtlog"]
                evidence = (
                    quote_row(row, "cbt_enabled", "SR"),
                    Evidence(source=shown.source, text=shown.text),
                )
                yield _of_state(case, text, text.case("log-there"), row, evidence)
        elif not lists[sr.uuid].places and not lists[sr.uuid].shows(row.uuid):
            # A row that says on where the rebuilt log is surely gone, and no list can say so.
            log = cbt_history(case).log(sr.uuid, row.uuid)
            if log is not None and log.exists is not None and gone(log):
                rows_evidence = (quote_row(row, "cbt_enabled", "SR"), log.exists.evidence)
                yield _of_state(case, text, text.case("log-removed"), row, rows_evidence)


def _is_settled(case: Case, vdi: str, place: LogListing) -> bool:
    """Tell whether nothing changed the disk's log around the time of the report."""
    at = place.report.captured_at
    return not any(
        at is None or run.last.within(at, _UNSETTLED) for run in runs_of(case, vdi, *_CHANGING)
    )


def _of_state(
    case: Case, text: RuleText, told: tuple[str, str], row: Vdi, evidence: tuple[Evidence, ...]
) -> Finding:
    sr = _sr_of(case, row.uuid) or ""
    return found(
        text,
        told,
        basis=Basis.STATE,
        confidence=Confidence.LIKELY,
        subjects=disk_subjects(case, row.uuid, sr),
        rows=[{**_values_of_vdi(case, row.uuid), "scan": sr}],
        evidence=evidence,
    )
