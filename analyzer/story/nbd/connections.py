"""Connections that were not closed in order and disks left in dom0, as the report shows them."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from types import MappingProxyType

from analyzer.case.pool import PoolState
from analyzer.model.finding import Subject
from analyzer.model.nbd import Dom0Attachment, NbdSession, SessionFate
from analyzer.model.nbd_view import Leftover, NbdConnection
from analyzer.story.nbd.hosts import quoted
from analyzer.story.nbd.places import FindingIds

MOST_CONNECTIONS = 1000
_QUOTES, _ROWS = 2, 2
_RANK: Mapping[SessionFate, int] = MappingProxyType(
    {
        SessionFate.LEAKED: 0,
        SessionFate.FAILED: 1,
        SessionFate.OPEN: 2,
        SessionFate.STOPPED: 3,
        SessionFate.UNKNOWN: 4,
        SessionFate.CLOSED: 5,
    }
)


def connections_of(
    hosts: Mapping[str, Subject], pools: Sequence[PoolState], sessions: Sequence[NbdSession]
) -> tuple[tuple[NbdConnection, ...], int]:
    """Return the connections not closed in order, by time, and how many had no room.

    ``hosts`` is the host of each bundle. The worst fates have room first, and of one fate the
    latest. What is not dated comes last.
    """
    notable = [each for each in sessions if each.fate is not SessionFate.CLOSED]
    chosen = sorted(
        notable,
        key=lambda each: (
            _RANK[each.fate],
            -((_time_of_session(each) - datetime.min.replace(tzinfo=UTC)) / timedelta(seconds=1)),
        ),
    )[:MOST_CONNECTIONS]
    shown = sorted(
        chosen,
        key=lambda each: (
            _time_of_session(each),
            each.host,
            (next((f"{event.source.line:012d}" for event in each.events), ""), each.vbd or ""),
        ),
    )
    views = tuple(_connection_of_session(hosts[each.bundle], pools, each) for each in shown)
    return views, len(notable) - len(views)


def _time_of_session(session: NbdSession) -> datetime:
    moment = session.began or session.ended or next((e.moment for e in session.events), None)
    return moment.at if moment and moment.year_known else datetime.max.replace(tzinfo=UTC)


def _connection_of_session(
    host: Subject, pools: Sequence[PoolState], session: NbdSession
) -> NbdConnection:
    events = session.events
    ends = (*events[:_QUOTES], *events[max(len(events) - _QUOTES, _QUOTES) :])
    return NbdConnection(
        host=host,
        bundle=session.bundle,
        pid=session.pid,
        fate=session.fate,
        joined=session.joined,
        began=session.began,
        ended=session.ended,
        trouble=session.trouble,
        code=session.code,
        vbd=session.vbd,
        vdi=_disk_in_pools(pools, session.vdi) if session.vdi else None,
        vdi_joined=session.vdi_joined,
        session=session.session,
        lines=len(events),
        evidence=(*map(quoted, ends), *session.rows[:_ROWS]),
    )


def _disk_in_pools(pools: Sequence[PoolState], uuid: str) -> Subject:
    row = next((vdi for pool in pools if (vdi := pool.vdi(uuid))), None)
    return Subject(type="VDI", uuid=uuid, name=row.name_label if row else None)


def leftovers_of(
    hosts: Mapping[str, Subject],
    pools: Sequence[PoolState],
    attachments: Sequence[Dom0Attachment],
    ids: FindingIds,
) -> tuple[Leftover, ...]:
    """Return disks that control domains hold, by host, disk and VBD; ``hosts`` is by uuid."""
    views: list[Leftover] = []
    for each in attachments:
        session = each.session
        if session is None:
            words_of_session = ""
        else:
            pid = f" (pid {session.pid})" if session.pid is not None else ""
            words_of_session = (
                f"a connection to xapi-nbd{pid} on {session.host}, {session.fate.value}"
            )
        views.append(
            Leftover(
                host=(hosts.get(each.host) or Subject(type="host", uuid=each.host)),
                vdi=_disk_in_pools(pools, each.vdi),
                vbd=each.vbd,
                mode=each.mode,
                plugged=each.plugged,
                leaked=each.leaked,
                in_use=each.in_use,
                because=each.because,
                since=each.since,
                before=each.before,
                by=each.by,
                connection=words_of_session,
                evidence=each.evidence,
                findings=ids.get(each.vdi, ()),
            )
        )
    return tuple(sorted(views, key=_place_of_leftover))


def _place_of_leftover(view: Leftover) -> tuple[str, str, str, str]:
    return view.host.name or "", view.host.uuid, view.vdi.uuid, view.vbd or ""
