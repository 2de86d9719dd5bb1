"""CBT turned off by an error: what else happened then, and what nobody tracked because of it.

Writer: sm `VDI.py` `_disable_cbt_on_error()`, called at a read-write activation, at a resize and at
a snapshot: it logs the sentence, deletes the disk's log, tells the database and makes the alert.
The call that found the error goes on; the log of the newest snapshot keeps pointing to the disk.
"""

from datetime import UTC, datetime, timedelta
from enum import Enum

from analyzer.case.case import Case
from analyzer.case.time.order import began, mark
from analyzer.checks.tools.finding import listed, named, total
from analyzer.checks.tools.log_disk import is_metadata
from analyzer.checks.tools.sm_runs import run_of, runs_of
from analyzer.checks.tools.snapshot_log import ALERT as SNAPSHOT_ALERT
from analyzer.checks.tools.snapshot_log import NOT_CREATED, NOT_REFRESHED
from analyzer.model.event import Event
from analyzer.model.moment import Moment
from analyzer.model.operation import Operation, Result
from analyzer.model.sentence import joined, say
from analyzer.model.xapi import Vdi
from analyzer.values import dataclass

# An error that costs tracking is a line, then the log is deleted, then the row set to false, and
# last the alert made (sm, VDI.py, _disable_cbt_on_error): each of them may be missing.
INCONSISTENT = ("cbt-disabled-inconsistent-log.line", "cbt-disabled-inconsistent-log.alert")
RESIZE = ("cbt-disabled-resize-failed.line", "cbt-disabled-resize-failed.alert")
SNAPSHOT = (NOT_CREATED, NOT_REFRESHED, SNAPSHOT_ALERT)
FIELDS = ("went", "alerted", "window", "before")

_ONE_LOSS = timedelta(hours=1)
_MOST_SNAPSHOTS = 6
_REMOVED = (
    "The log that was removed also held what had been written before that, since the newest "
    "snapshot or since CBT was turned on."
)
_FIRST_YEAR = 2000  # a disk that is no snapshot has 1970


class During(Enum):
    """What SM was doing; the value is the word for it in a sentence."""

    ATTACH = "attach"
    RESIZE = "resize"
    SNAPSHOT = "snapshot"


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss:
    """CBT of a disk turned off once by an error: SM's sentence, the alert, or both."""

    vdi: str
    during: During
    events: tuple[Event, ...]

    @property
    def line(self) -> Event:
        """Return SM's sentence, or the alert where no log has the sentence any more."""
        return next((event for event in self.events if event.parser != "alerts"), self.events[0])

    @property
    def count(self) -> int:
        """Return how often: a sentence and its alert are one time."""
        own = self.events
        return total([e for e in own if e.parser != "alerts"]) or total(own)

    @property
    def alert(self) -> Event | None:
        """Return the alert, None where it was not among what was read."""
        return next((event for event in self.events if event.parser == "alerts"), None)


def losses(case: Case, *wanted: During) -> tuple[Loss, ...]:
    """Return every time that an error turned CBT off, in the order of their times."""
    kinds = {During.ATTACH: INCONSISTENT, During.RESIZE: RESIZE, During.SNAPSHOT: SNAPSHOT}
    found = [
        Loss(vdi=events[0].fields["vdi"], during=during, events=events)
        for during in wanted or tuple(During)
        for events in case.events.incidents(kinds[during], ("vdi",), _ONE_LOSS)
    ]
    return tuple(sorted(found, key=lambda loss: (loss.line.moment.at, loss.vdi)))


def tell_loss(case: Case, loss: Loss) -> dict[str, str]:
    """Return the fields `FIELDS`: whole sentences, "" where there is nothing to say."""
    return tell_tracking(case, loss.vdi, loss.during, loss.line, loss.alert)


def tell_tracking(
    case: Case, vdi: str, during: During, line: Event, alert: Event | None
) -> dict[str, str]:
    """Return the fields `FIELDS` of one loss, given by its parts."""
    removed = [_REMOVED] if during is not During.SNAPSHOT else []
    return {
        "went": _outcome_in_words(case, during, line),
        "alerted": _alert_in_words(case, line, alert),
        "window": joined([_untracked_in_words(case, vdi, line), *removed], " "),
        "before": _snapshots_before(case, vdi, line.moment),
    }


def _outcome_in_words(case: Case, during: During, line: Event) -> str:
    """Say whether the call itself succeeded all the same."""
    call = run_of(case, line)
    if call is None or call.result is Result.UNKNOWN:
        return f"Whether the {during.value} itself succeeded is not in what was read."
    if call.result is Result.SUCCEEDED:
        return f"The {during.value} itself succeeded all the same."
    why = f": {call.raised[-1].text}" if call.raised else ""
    return f"The {during.value} itself failed, too{why}."


def _alert_in_words(case: Case, line: Event, alert: Event | None) -> str:
    if alert is not None:
        name = alert.message.split(" ", 1)[0]
        return say(
            "The XenCenter alert {name} of {at} is in the bundle.", name=name, at=alert.moment
        )
    if any(report.alerts for report in case.hosts):
        return "Its XenCenter alert is not among those in the bundle; alerts can be dismissed."
    if case.gap("alerts", line.source.bundle) is None:
        return "The bundle holds no XenCenter alert of it; only the master keeps alerts."
    return "No XenCenter alerts were in what was read."


def _untracked_in_words(case: Case, vdi: str, line: Event) -> str:
    """Say from when until when no change was tracked."""
    since = line.moment
    again = turned_on(case, vdi, line)
    if again is not None:
        return say(
            "What was written to the disk between {since} and {at}, when CBT was turned on again, "
            "is in no CBT log.",
            since=since,
            at=again.last,
        )
    known = case.world.vdi(vdi)
    if known is not None and known.cbt_enabled is True:
        return say(
            "What was written to the disk after {since} is in no CBT log until CBT was turned on "
            "again; the database says that it was, no log that was read says when.",
            since=since,
        )
    return say(
        "What was written to the disk from {since} until the report was made is in no CBT log.",
        since=since,
    )


def turned_on(case: Case, vdi: str, line: Event) -> Operation | None:
    """Return the first successful vdi_enable_cbt of a disk after a line, as far as was read."""
    for call in runs_of(case, vdi, "vdi_enable_cbt"):
        after = case.order.surely_before(mark(line), began(call))
        if after and call.result is Result.SUCCEEDED:
            return call
    return None


def _snapshots_before(case: Case, vdi: str, moment: Moment) -> str:
    """Name the snapshots with CBT from before; they fit each other, and nothing that came after."""
    older = snapshots_before(case, vdi, moment)
    if not older:
        return ""
    names = [
        say("{snapshot} of {when}", snapshot=named(row.name_label, row.uuid), when=when)
        for row, when in older
    ]
    more = len(names) - _MOST_SNAPSHOTS
    shown = listed([*names[:_MOST_SNAPSHOTS], *([f"{more} more"] if more > 0 else [])])
    if len(names) == 1:
        return say(
            "From before that is {shown}: no comparison of it with the disk or a later snapshot is "
            "complete.",
            shown=shown,
        )
    return say(
        "From before that are {shown}: comparable among themselves only; no comparison with the "
        "disk or a later snapshot is complete.",
        shown=shown,
    )


def snapshots_before(case: Case, vdi: str, moment: Moment) -> tuple[tuple[Vdi, Moment], ...]:
    """Return a disk's snapshots that have a log, taken before a moment: (row, when), by time."""
    return tuple(
        (row, when)
        for row, when in snapshots_of(case, vdi)
        if when is not None and when.certainly_before(moment)
    )


def snapshots_of(case: Case, vdi: str) -> tuple[tuple[Vdi, Moment | None], ...]:
    """Return the snapshots with CBT that the database has of a disk: (row, when), by time."""
    known = case.world.vdi(vdi)
    pool = case.world.pool_of(known) if known else None
    if known is None or pool is None:
        return ()
    rows = [row for row in pool.said_to_be_of(known.uuid, known.ref) if has_log(row)]
    return tuple(sorted(((row, taken_at(row)) for row in rows), key=_by_time))


def has_log(row: Vdi) -> bool:
    """Tell whether a disk has a CBT log as the database says."""
    return row.cbt_enabled is True or is_metadata(row)


def _by_time(pair: tuple[Vdi, Moment | None]) -> tuple[str, str]:
    row, when = pair
    return (when.at.isoformat() if when else "", row.uuid)


def taken_at(row: Vdi) -> Moment | None:
    """Return when a snapshot was taken: the database writes ``20240610T13:32:41Z``, in UTC."""
    try:
        time = datetime.strptime(row.snapshot_time or "", "%Y%m%dT%H:%M:%SZ").replace(tzinfo=UTC)
    except ValueError:
        return None
    return None if time.year < _FIRST_YEAR else Moment.exact(time, "snapshot_time")
