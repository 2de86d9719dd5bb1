"""How each connection ended, and with it whether its disk was let go.

A VBD that is plugged when the process ends is unplugged by the process itself after a signal
("Cleaning up VBD with ref"), else by the next start ("Cleaning up VBD with UUID", from the file
VBDs_to_clean_up; xen-api `ocaml/nbd/src/cleanup.ml`). The clean-up after a signal is tried for
every VBD whose connection ended by an exception too, long destroyed or not.
"""

from collections.abc import Sequence
from datetime import timedelta

from analyzer.model.event import Event
from analyzer.model.finding import Confidence
from analyzer.model.moment import Moment
from analyzer.model.nbd import SessionFate
from analyzer.rebuilt.nbd.sessions.disks import DisksOfVbds
from analyzer.rebuilt.nbd.sessions.lines import CLEANED, LISTENING, LOOKED, NOT_CLEANED
from analyzer.rebuilt.nbd.sessions.queue import Connection
from analyzer.rebuilt.nbd.sessions.runs import Run
from analyzer.values import dataclass

_REF = "OpaqueRef:"
_GONE = "HANDLE_INVALID"
# xapi may write its database to disk only every six hours (parse_db_conf.ml, write_limit_period).
DATABASE_AGE = timedelta(hours=6)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fate:
    """How a connection ended, when, how sure, and the line that says so beside its own."""

    fate: SessionFate
    ended: Moment | None
    sure: Confidence = Confidence.CERTAIN
    line: Event | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """What the database had at capture: its VBDs, None where it cannot say that one is not there.

    ``captured`` is when the report was taken.
    """

    references: frozenset[str] | None
    captured: Moment | None


def fate_of(
    connection: Connection,
    run: Run,
    after: Sequence[Run],
    disks: DisksOfVbds,
    rows: Rows,
) -> Fate:
    """Return how a connection ended; ``after`` are the later lives of the process."""
    if connection.caught is not None:
        assert connection.caught is not None
        moment = connection.caught.moment
        told = _told_to_stop(run, moment)
        return Fate(fate=SessionFate.STOPPED if told else SessionFate.FAILED, ended=moment)
    if connection.destroying is not None:
        # Return that it ended in order, unless the database still has its VBD long after.
        fate_line = connection.destroying
        assert fate_line is not None
        if connection.vbd in (rows.references or ()) and _is_old(fate_line, rows):
            return Fate(fate=SessionFate.LEAKED, ended=fate_line.moment, sure=Confidence.LIKELY)
        if _told_to_stop(run, fate_line.moment):
            return Fate(fate=SessionFate.STOPPED, ended=fate_line.moment)
        plugged = connection.unplugging is not None
        return Fate(
            fate=SessionFate.CLOSED if plugged else SessionFate.FAILED, ended=fate_line.moment
        )
    if run.over or run.stop is not None or after:
        return _with_server(connection, run, after, disks)
    # Return that it is open; not so if the database long has no such VBD any more.
    line = connection.plugging
    gone = rows.references is not None and connection.vbd not in rows.references
    if line is not None and gone and _is_old(line, rows):
        return Fate(fate=SessionFate.UNKNOWN, ended=None)
    return Fate(fate=SessionFate.OPEN, ended=None)


def _told_to_stop(run: Run, moment: Moment) -> bool:
    return run.signal is not None and run.signal.moment.at <= moment.at


def _is_old(line: Event, rows: Rows) -> bool:
    return rows.captured is not None and rows.captured.at - line.moment.at > DATABASE_AGE


def _with_server(
    connection: Connection, run: Run, after: Sequence[Run], disks: DisksOfVbds
) -> Fate:
    """Return how a connection ended that was open when the process ended or began to."""
    ended = run.ended.moment if run.ended else None
    if connection.vbd is None or run.boot is not None:
        return Fate(fate=SessionFate.STOPPED, ended=ended, line=run.ended)
    cleaned = _clean_up_of(run, {connection.vbd})
    if cleaned is not None:
        return Fate(fate=SessionFate.STOPPED, ended=cleaned.moment, line=cleaned)
    if not after:  # where it only began to end, it may still be cleaning up
        return Fate(fate=SessionFate.LEAKED if run.over else SessionFate.UNKNOWN, ended=ended)
    # What the later starts say: they clean up by the VBD's uuid.
    vbd = connection.vbd
    own = disks.uuids.get(vbd)
    known = set(disks.uuids.values())
    for cleaned_run in after:
        later_cleaned = _clean_up_of(cleaned_run, {vbd, own} if own else {vbd})
        if later_cleaned is not None:
            return Fate(fate=SessionFate.STOPPED, ended=later_cleaned.moment, line=later_cleaned)
        strangers = [
            event
            for event in cleaned_run.events
            if event.kind == CLEANED
            and not event.fields["vbd"].startswith(_REF)
            and event.fields["vbd"] not in known
        ]
        if own is None and strangers:  # one of these is likely this VBD
            line = strangers[0]
            sure = Confidence.LIKELY
            return Fate(fate=SessionFate.STOPPED, ended=line.moment, sure=sure, line=line)
    if any(_has_looked(cleaned_run) for cleaned_run in after):
        return Fate(fate=SessionFate.LEAKED, ended=ended, sure=Confidence.LIKELY)
    return Fate(fate=SessionFate.UNKNOWN, ended=ended)


def _clean_up_of(run: Run, names: set[str]) -> Event | None:
    """Return the line of the clean-up of a VBD, None if there is none or it failed.

    That the VBD was not there any more is no failure.
    """
    failed = {
        event.fields["vbd"]
        for event in run.events
        if event.kind == NOT_CLEANED and _GONE not in event.message
    }
    return next(
        (
            event
            for event in run.events
            if event.kind == CLEANED
            and event.fields["vbd"] in names
            and event.fields["vbd"] not in failed
        ),
        None,
    )


def _has_looked(run: Run) -> bool:
    """Tell whether a start went through its list of leftovers to the end."""
    looked = any(
        event.kind == LOOKED and event.fields["when"] == "the previous run" for event in run.events
    )
    return looked and any(event.kind == LISTENING for event in run.events)
