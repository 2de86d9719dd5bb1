"""NBD clients came with a session that xapi did not know; what became of that session.

xapi writes the reference where it ends a session by itself (`db_gc_util.ml`), and of a logout only
a hash of it, the ``trackid`` (`context.ml`, hash_of_session_id): the MD5 of the reference.
"""

import hashlib
import re
from collections.abc import Iterator, Sequence
from datetime import timedelta

from analyzer.case.case import Case
from analyzer.case.time.order import mark
from analyzer.checks.nbd_served.nbd_served import host_of
from analyzer.checks.observation import Observation
from analyzer.checks.tools.finding import Row, found, quote, quote_ends, times
from analyzer.model.event import Event
from analyzer.model.finding import Basis, Confidence
from analyzer.model.host import Role
from analyzer.model.rule import RuleText
from analyzer.model.sentence import say

RULE = "nbd-session-invalid"
BEGAN, ENDED = "session-life.began", "session-life.ended"
REFUSED, EXPIRED, XAPI_STARTED = f"{RULE}.refused", "nbd-login-ended", "xapi-started"
_ONE_INCIDENT = timedelta(hours=1)
# An unused session lives for a day (xapi_globs.ml, inactive_session_timeout).
_RESTARTED = timedelta(hours=24)
_QUOTED, _MOST_SESSIONS = 5, 3
_TWO_MINUTES = 120
# debug.ml writes the client of a call behind the thread: ``||35 HTTPS 192.0.2.20->:::80|``
_CLIENT = re.compile(r"\|\|[0-9]+ [A-Z]+ ([0-9A-Fa-f.:]{3,45})->")


def examine(case: Case, text: RuleText) -> Iterator[Observation]:
    """Judge each burst of refusals on each host, by the sessions that were refused."""
    for burst in case.events.incidents((REFUSED,), ("host",), _ONE_INCIDENT):
        sessions = list(dict.fromkeys(e.fields["session"] for e in burst if "session" in e.fields))
        # The lines in which xapi ended these sessions, before they were refused.
        wanted = set(sessions)
        last = mark(burst[-1])
        ends = [
            event
            for event in case.events.of(EXPIRED)
            if event.fields["session"] in wanted and not case.order.surely_before(last, mark(event))
        ]
        logouts = () if ends else _logins_and_logouts(case, sessions, burst)
        told, reason = _title_detail_and_why(case, text, sessions, ends, burst)
        if logouts:
            told, reason = text.case("logged-out"), _logged_out(case, sessions, logouts, burst)
        ends = ends or [event for logout in logouts for event in logout]
        values = {"host": burst[0].host, "reason": reason, **times(burst)}
        open_end: Row = {} if ends else {"before": burst[0].moment}
        rows = [{"trackid": track_id(ref)} for ref in sessions[:_MOST_SESSIONS] if not ends]
        yield found(
            text,
            told,
            basis=Basis.SYMPTOM,
            confidence=Confidence.CERTAIN,
            subjects=(host_of(case, burst[0]),),
            rows=[*rows, {**values, **open_end}],
            evidence=(
                *quote_ends(burst, _QUOTED),
                *tuple(quote(event) for event in ends[-_MOST_SESSIONS:]),
            ),
            events=burst,
        )


def track_id(session: str) -> str:
    """Return what xapi calls a session in its logs.

    >>> track_id("OpaqueRef:NULL")
    'trackid=9834f5af41c964e225f24279aefe4e49'
    """
    digest = hashlib.md5(session.encode(), usedforsecurity=False).hexdigest()
    return f"trackid={digest}"


def _logins_and_logouts(
    case: Case, sessions: Sequence[str], burst: Sequence[Event]
) -> tuple[tuple[Event, ...], ...]:
    """Return of each of these sessions its login, if that was read, and its logout.

    A session may be refused before somebody logs out of it, then that is not why.
    """
    tracks = {track_id(session).removeprefix("trackid="): session for session in sessions}
    last = mark(burst[-1])
    logins = {event.fields["track"]: event for event in case.events.of(BEGAN)}
    return tuple(
        tuple(each for each in (logins.get(event.fields["track"]), event) if each is not None)
        for event in case.events.of(ENDED)
        if event.fields["track"] in tracks and not case.order.surely_before(last, mark(event))
    )


def _logged_out(
    case: Case,
    sessions: Sequence[str],
    logouts: Sequence[Sequence[Event]],
    burst: Sequence[Event],
) -> str:
    """Say who logged out, when, and how long before the first refusal."""
    login, logout = logouts[-1][0], logouts[-1][-1]
    client = _CLIENT.search(logout.text)
    who = client[1] if client else "somebody on the master itself"
    origin = login.fields.get("originator", "")
    lasted = ""
    if case.order.surely_before(mark(logout), mark(burst[0])):
        before = in_seconds(burst[0].moment.at - logout.moment.at)
        lasted = f", {before} before the first refusal"
    others = len(sessions) - len({each[-1].fields["track"] for each in logouts})
    return say(
        "{who}{origin} had logged out at {at}{lasted}.{more}",
        who=who,
        origin=f" ({origin})" if origin else "",
        at=logout.moment,
        lasted=lasted,
        more=f" Of {others} other sessions no logout was read." if others else "",
    )


def in_seconds(time: timedelta) -> str:
    """Return how long something lasted, in the unit that fits.

    >>> in_seconds(timedelta(seconds=40)), in_seconds(timedelta(minutes=12))
    ('40 s', '12 min')
    """
    seconds = round(time.total_seconds())
    return f"{seconds} s" if seconds < _TWO_MINUTES else f"{round(seconds / 60)} min"


def _title_detail_and_why(
    case: Case,
    text: RuleText,
    sessions: Sequence[str],
    ends: Sequence[Event],
    burst: Sequence[Event],
) -> tuple[tuple[str, str], str]:
    """Return (title, detail) and why the session had ended."""
    if ends:
        why = "of its age" if "age" in ends[-1].fields["why"] else "there were too many sessions"
        others = len(sessions) - len({event.fields["session"] for event in ends})
        more = f" Of {others} other sessions no such line was read." if others else ""
        return text.case("expired"), say(
            "xapi had ended the session at {at} because {why}.{more}",
            at=ends[-1].moment,
            why=why,
            more=more,
        )
    # The reports of the pool's master: its xapi alone knows the sessions.
    refused = burst[0]
    for pool in case.pools:
        reports = case.world.reports_of(pool)
        if any(report.bundle == refused.source.bundle for report in reports):
            masters: tuple[str, ...] = tuple(
                each.bundle for each in reports if each.role is Role.MASTER
            )
            break
    else:
        masters = ()
    if (
        not sessions
        or not (bool(masters) and not any(case.gap("xensource_log", each) for each in masters))
        or _may_have_restarted(case, masters, burst[0])
    ):
        return (text.title, text.detail), ""
    return text.case("left"), (
        "What was read of xensource.log shows neither that xapi ended this session by itself nor "
        "that the master's xapi was started in the day before: what is left is that the client "
        "logged out, that the session ended before the log begins, or that there was none such."
    )


def _may_have_restarted(case: Case, masters: Sequence[str], refused: Event) -> bool:
    """Tell whether the master's xapi may have been started not long before.

    That ends every session.
    """
    return any(
        case.order.least_between(mark(event), mark(refused)) <= _RESTARTED
        and not case.order.surely_before(mark(refused), mark(event))
        for event in case.events.of(XAPI_STARTED)
        if event.source.bundle in masters
    )
