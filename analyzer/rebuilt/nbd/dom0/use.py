"""Whether a disk that a control domain holds is still being used, and how that is known."""

from datetime import timedelta

from analyzer.model.event import Event
from analyzer.model.finding import Evidence
from analyzer.model.moment import Moment
from analyzer.model.nbd import NBD_PORT, Holder, NbdSession, SessionFate
from analyzer.model.xapi import Vbd
from analyzer.rebuilt.nbd.dom0.facts import Facts
from analyzer.values import dataclass

# A supporter's copy of the database is up to 5 minutes old (xen-api `pool_db_sync_interval`),
# and making a status report takes some minutes: what ended in that time may still have its row.
COPY_AGE = timedelta(minutes=30)
_OVER = (SessionFate.CLOSED, SessionFate.FAILED, SessionFate.STOPPED)
_MOST_SOCKETS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What is known of one VBD row before its use is judged; ``busy`` names what xapi does."""

    host: str
    name: str
    vbd: Vbd
    by: Holder
    leaked: bool | None
    since: Moment | None
    before: Moment | None
    session: NbdSession | None
    busy: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """``in_use`` and ``because`` of an attachment, with the lines that say so."""

    in_use: bool | None
    because: str
    evidence: tuple[Evidence, ...] = ()


def just_ended(held: Held, facts: Facts) -> bool:
    """Tell whether it ended so shortly before the report that its row says nothing."""
    end, report = _given_up_at(held, facts), facts.report(held.host)
    if end is None:
        return False
    taken = report.captured_at if report else None
    return taken is None or end.within(taken, COPY_AGE) or not end.certainly_before(taken)


def use_of(held: Held, facts: Facts) -> Use:
    """Say whether a client, or xapi, still reads the disk."""
    if held.vbd.current_operations:
        names = ", ".join(sorted(set(held.vbd.current_operations.values())))
        by_row: Use | None = Use(
            in_use=True, because=f"an operation of the VBD was running: {names}"
        )
    elif held.leaked:
        by_row = Use(in_use=False, because="xapi's storage layer marked it as leaked")
    elif held.vbd.currently_attached is False and not held.vbd.reserved:
        by_row = _use_if_unplugged(held, facts)
    else:
        by_row = Use(in_use=True, because=held.busy) if held.busy else None
    return (
        by_row
        or _by_end(held, facts)
        or (_by_server(held, facts) if held.by is Holder.NBD else None)
        or _not_known(held)
    )


def _use_if_unplugged(held: Held, facts: Facts) -> Use | None:
    """Judge a VBD that was not plugged: left over, unless somebody was just about to plug it.

    xapi-nbd and xapi make a VBD and plug it at once; but a plug waits for the SR, and the database
    has it as unplugged until then.
    """
    report, began = facts.report(held.host), held.since
    if report is None:
        why = "its VBD was not plugged, and the report of its host, which may have just made it"
        return Use(in_use=None, because=f"{why}, was not given")
    if (
        began is not None
        and _given_up_at(held, facts) is None
        and not _certainly_older(began, held, facts)
    ):
        return Use(in_use=None, because="its VBD was not plugged yet, and had just been made")
    if held.session is not None and held.session.fate is SessionFate.OPEN:
        return None  # its plug hangs, or the log does not show its end
    return Use(in_use=False, because="its VBD was not plugged, and had not been removed")


def _by_end(held: Held, facts: Facts) -> Use | None:
    """Judge a disk that was given up long before the report was made, and has its VBD still."""
    _, unplug = facts.plugged(held.vbd)
    end = _given_up_at(held, facts)
    if end is None:
        return None
    lines = (unplug,) if unplug else held.session.events[-1:] if held.session else ()
    what = "xapi had begun to unplug it" if unplug else "its NBD connection had ended"
    return Use(
        in_use=False,
        because=f"{what} long before, and its VBD was still there",
        evidence=_events_quoted(lines),
    )


def _given_up_at(held: Held, facts: Facts) -> Moment | None:
    """Return when the disk was given up, as a log has it; None if none does.

    Its row is there all the same: the database copy is older, or giving it up failed.
    """
    _, unplug = facts.plugged(held.vbd)
    if unplug is not None:
        return unplug.moment
    session = held.session
    return session.ended if session is not None and session.fate in _OVER else None


def _by_server(held: Held, facts: Facts) -> Use | None:
    """Judge a disk that xapi-nbd plugged: by its restarts, and by who was connected to it."""
    run = facts.restarted(held.host, held.since) if held.since else None
    if (
        run is not None
        and run.started is not None
        and _certainly_older(run.started.moment, held, facts)
    ):
        return Use(
            in_use=False,
            because="xapi-nbd has started anew since it plugged the disk",
            evidence=_events_quoted((run.started,)),
        )
    if held.session is not None and held.session.fate is SessionFate.LEAKED:
        return Use(
            in_use=False,
            because="xapi-nbd plugged it, and logged neither a client of it nor its unplug later",
            evidence=_events_quoted(held.session.events[-1:]),
        )
    clients = facts.clients(held.host)
    if clients is None:
        return None
    if not clients and _certainly_older(held.since or held.before, held, facts):
        return Use(
            in_use=False,
            because=f"no client was connected to port 10809 of {held.name}",
            evidence=_of_report(held, facts),
        )
    fate = held.session.fate if held.session else None
    if clients and fate is SessionFate.OPEN and len(clients) >= facts.open_sessions(held.host):
        return Use(
            in_use=True,
            because="its NBD connection was open, and so were as many sockets",
            evidence=tuple(Evidence(source=s.source, text=s.text) for s in clients[:_MOST_SOCKETS]),
        )
    return None


def _certainly_older(moment: Moment | None, held: Held, facts: Facts) -> bool:
    """Tell whether a time is certainly older than what was read one after the other."""
    report = facts.report(held.host)
    taken = report.captured_at if report else None
    if moment is None or taken is None or not (moment.year_known and taken.year_known):
        return False
    return taken.earliest - moment.latest > COPY_AGE


def _of_report(held: Held, facts: Facts) -> tuple[Evidence, ...]:
    """Quote the listener, which shows that xapi-nbd's sockets were read."""
    report = facts.report(held.host)
    sockets = report.sockets.sockets if report and report.sockets else ()
    own = [s for s in sockets if s.local_port == NBD_PORT and s.state == "LISTEN"]
    return tuple(Evidence(source=s.source, text=s.text) for s in own[:1])


def _not_known(held: Held) -> Use:
    if held.by is Holder.NBD:
        return Use(in_use=None, because="whether its client was still connected is not known")
    if held.by is Holder.XAPI:
        return Use(
            in_use=None,
            because="xapi attached it itself, and whether what it did has ended is not known",
        )
    return Use(in_use=None, because="what it was attached for is not in what was read")


def _events_quoted(events: tuple[Event, ...]) -> tuple[Evidence, ...]:
    return tuple(Evidence(source=e.source, text=e.text, at=e.moment) for e in events)
