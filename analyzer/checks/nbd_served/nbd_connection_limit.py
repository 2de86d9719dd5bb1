"""xapi-nbd turned clients away at its limit; whose connections filled it.

The limit is 16 per host (xen-api `ocaml/nbd/lib/consts.ml`). A connection whose client is gone and
whose TCP connection was never closed counts until the service is restarted.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import timedelta

from analyzer.case.case import Case
from analyzer.case.time.order import Mark, mark
from analyzer.checks.nbd_served.nbd_served import (
    disk_called,
    disk_rows,
    host_of,
    own_lines,
    since,
)
from analyzer.checks.observation import Observation
from analyzer.checks.tools.finding import found, listed, over, quote, quote_ends, times
from analyzer.model.event import Event
from analyzer.model.finding import Basis, Confidence, Finding, Severity
from analyzer.model.nbd import CONNECTION_LIMIT, ClientTrouble, NbdSession, SessionFate
from analyzer.model.rule import RuleText
from analyzer.model.sentence import joined, say
from analyzer.rebuilt.nbd.sessions.lines import ACCEPTED, SERVING
from analyzer.rebuilt.nbd.sessions.sessions import nbd_sessions

RULE = "nbd-connection-limit"
REFUSED = f"{RULE}.refused"
_ONE_INCIDENT = timedelta(hours=1)
# No backup reads one disk for so long over one connection.
_HANGS = timedelta(days=1)
_MOST_DISKS = 6
_QUOTED = 5


def examine(case: Case, text: RuleText) -> Iterator[Observation]:
    """Judge each burst of refusals on each host, by what was connected when it began."""
    for burst in case.events.incidents((REFUSED,), ("host",), _ONE_INCIDENT):
        yield _finding_of_burst(case, text, burst)


def _finding_of_burst(case: Case, text: RuleText, burst: tuple[Event, ...]) -> Finding:
    held = _connections_open_at(case, burst[0])
    hanging = [session for session in held if _hangs_at(case, session, burst[0])]
    kind = (
        "hanging"
        if hanging
        else "early"
        if 2 * sum(map(_not_yet_accepted, held)) > len(held)
        else ""
    )
    named = {session.vdi for session in hanging if session.vdi}
    values = {
        "host": burst[0].host,
        "limit": burst[0].fields["limit"],
        "held": _in_words(case, held, hanging, burst[0]),
        "strange" if kind == "early" else "crowded": burst[0].host,
        **times(burst),
    }
    rows = [{**values, "vdi": s.vdi, "since": since(s)} for s in hanging if s.vdi]
    # Quote the plugs of the oldest connections, and what names their disks.
    oldest = sorted((hanging or held), key=lambda each: each.events[0].moment.at)[:_MOST_DISKS]
    lines = [
        [event for event in own_lines(session) if "vbd" in event.fields][:1] for session in oldest
    ]
    oldest_plugs_quoted = (*(quote(event) for own in lines for event in own), *disk_rows(oldest))
    made = found(
        text,
        text.case(kind) if kind else (text.title, text.detail),
        basis=Basis.SYMPTOM,
        confidence=Confidence.CERTAIN,
        subjects=(
            host_of(case, burst[0]),
            *(case.world.subject("VDI", vdi) for vdi in sorted(named)),
        ),
        rows=[*list({row["vdi"]: row for row in rows}.values())[:_MOST_DISKS], values],
        evidence=(*quote_ends(burst, _QUOTED), *oldest_plugs_quoted),
        events=burst,
        severity=Severity.WARNING if kind == "early" else None,
    )
    served = _served_again(case, burst, held)
    return over(made, *served) if served else made


def _served_again(
    case: Case, burst: Sequence[Event], held: Sequence[NbdSession]
) -> tuple[str, Event] | None:
    """Return why the limit is in nobody's way any more, and who was served first after it.

    As long as a connection hangs others may be served beside it. A process that ended took all of
    its connections with it; of one that goes on each of them has to be known, and to have ended.
    """
    last = burst[-1]
    later = [
        event
        for event in case.events.of(SERVING)
        if event.source.bundle == last.source.bundle
        and case.order.surely_before(mark(last), mark(event))
    ]
    anew = next((event for event in later if event.pid != last.pid), None)
    if anew is not None:
        return "a client was served by xapi-nbd that was started anew", anew
    ends = [_ended_at(session) for session in held if session.ended]
    if len(ends) < max(len(held), min(int(last.fields["limit"]), CONNECTION_LIMIT)):
        return None
    behind = (e for e in later if all(case.order.surely_before(end, mark(e)) for end in ends))
    first = next(behind, None)
    why = "a client was served when each of the connections had ended"
    return (why, first) if first is not None else None


def _connections_open_at(case: Case, refused: Event) -> list[NbdSession]:
    """Return the connections of that process that were open when a client was refused."""
    host = host_of(case, refused)
    return [
        session
        for session in nbd_sessions(case)
        if session.pid == refused.pid
        and host_of(case, session.events[0]) == host
        and session.trouble is not ClientTrouble.SERVER_BUSY
        and not case.order.surely_before(mark(refused), _began_at(session))
        and not (session.ended and case.order.surely_before(_ended_at(session), mark(refused)))
        and session.fate is not SessionFate.UNKNOWN
    ]


def _began_at(session: NbdSession) -> Mark:
    first = session.events[0]
    return Mark(at=session.began or first.moment, source=first.source)


def _ended_at(session: NbdSession) -> Mark:
    last = session.events[-1]
    return Mark(at=session.ended or last.moment, source=last.source)


def _hangs_at(case: Case, session: NbdSession, refused: Event) -> bool:
    """Tell whether a connection was open for longer than any backup, and never closed."""
    never_closed = session.ended is None or session.fate is SessionFate.LEAKED
    return never_closed and case.order.least_between(_began_at(session), mark(refused)) > _HANGS


def _not_yet_accepted(session: NbdSession) -> bool:
    """Tell whether a connection was not so far that xapi-nbd had accepted its session and disk."""
    return session.vbd is None and not any(event.kind == ACCEPTED for event in session.events)


def _in_words(
    case: Case, held: Sequence[NbdSession], hanging: Sequence[NbdSession], refused: Event
) -> str:
    """Say whose connections were open, as far as the log shows."""
    if not held:
        return ""
    early = sum(map(_not_yet_accepted, held))
    disks = Counter(session.vdi for session in held if not _not_yet_accepted(session))
    most = disks.most_common(_MOST_DISKS)
    parts = [f"{number} for disk {disk_called(case, vdi)}" for vdi, number in most if vdi]
    parts += [f"{early} that had not come to a disk yet"] if early else []
    if unknown := disks.get(None, 0):
        parts.append(f"{unknown} whose disk nothing names")
    if len(disks) > _MOST_DISKS:
        parts.append(f"others for {len(disks) - _MOST_DISKS} more disks")
    oldest = min(held, key=lambda session: (session.began or session.events[0].moment).at)
    told = [
        f"Of these connections the log shows {len(held)}: {listed(parts)}.",
        say("The oldest was there since {since}.", since=since(oldest)),
    ]
    if hanging:
        told.append(f"{len(hanging)} had been open for more than a day and were never closed.")
    if len(held) < min(int(refused.fields["limit"]), CONNECTION_LIMIT):
        told.append("The others began before what was read, or cannot be told apart.")
    return joined(told, " ")
