"""What the logs and the host reports tell of disks in a control domain, ready to be looked up."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar

from analyzer.case.case import Case, HostReport
from analyzer.model.event import Event
from analyzer.model.finding import Evidence
from analyzer.model.host import Datapath
from analyzer.model.moment import Moment
from analyzer.model.nbd import NBD_PORT, NbdSession, ServerRun, SessionFate
from analyzer.model.network import Socket
from analyzer.model.operation import Attachment
from analyzer.model.xapi import Vbd
from analyzer.rebuilt.calls.attachments import disk_attachments
from analyzer.rebuilt.calls.operations import sm_operations
from analyzer.values import dataclass

CREATED, PLUGGED = "vbd-attached.created", "vbd-attached.plugged"
UNPLUGGED = "vbd-attached.unplugged"
Key = TypeVar("Key")
Item = TypeVar("Item")
DOM0 = "vbd/0/"
_CONNECTED = "ESTAB"


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Look-ups of one case; hosts by uuid, or by bundle where no uuid is known."""

    case: Case
    reports: Mapping[str, HostReport]
    bundles: Mapping[str, tuple[str, ...]]
    sessions: tuple[NbdSession, ...]
    of_vbd: Mapping[str, tuple[NbdSession, ...]]
    runs: tuple[ServerRun, ...]
    created: Mapping[str, Event]
    plugs: Mapping[str, tuple[Event, ...]]
    active: Mapping[tuple[str, str], tuple[Attachment, ...]]
    kept: Mapping[str, Evidence]
    logged: frozenset[tuple[str, str]]

    def report(self, host: str) -> HostReport | None:
        """Return the newest report of a host, None if none was given."""
        return self.reports.get(host)

    def sessions_of(self, ref: str) -> tuple[NbdSession, ...]:
        """Return the NBD connections that a VBD was made for, by its reference."""
        return self.of_vbd.get(ref, ()) if ref else ()

    def datapaths(self, host: str, vdi: str) -> tuple[Datapath, ...]:
        """Return what xapi's storage layer says that dom0 of a host holds of a disk."""
        report = self.report(host)
        paths = report.diagnostics.datapaths if report and report.diagnostics else ()
        return tuple(path for path in paths if path.vdi == vdi and path.name.startswith(DOM0))

    def plugged(self, vbd: Vbd) -> tuple[Event | None, Event | None]:
        """Return the last plug of a VBD, and the last unplug if that came after it."""
        events = self.plugs.get(vbd.ref, ()) if vbd.ref else ()
        plug = next((e for e in reversed(events) if e.kind == PLUGGED), None)
        unplug = events[-1] if events and events[-1].kind == UNPLUGGED else None
        return plug, unplug

    def activations(self, host: str, vdi: str) -> tuple[Attachment, ...]:
        """Return what was active at capture, as SMlog or the database have it."""
        report = self.report(host)
        return self.active.get((vdi, report.name), ()) if report else ()

    def clients(self, host: str) -> tuple[Socket, ...] | None:
        """Return the connections to xapi-nbd that had a client at capture; None: not read."""
        report = self.report(host)
        if report is None or report.sockets is None or not report.sockets.complete:
            return None
        return tuple(
            socket
            for socket in report.sockets.sockets
            if socket.local_port == NBD_PORT and socket.state == _CONNECTED
        )

    def open_sessions(self, host: str) -> int:
        """Return how many connections were open where what was read of a host ends."""
        own = self.bundles.get(host, ())
        return sum(s.bundle in own and s.fate is SessionFate.OPEN for s in self.sessions)

    def restarted(self, host: str, since: Moment) -> ServerRun | None:
        """Return the first life of xapi-nbd on a host that began after a time."""
        own = self.bundles.get(host, ())
        return next(
            (
                run
                for run in self.runs
                if run.bundle in own
                and run.started is not None
                and since.certainly_before(run.started.moment)
            ),
            None,
        )

    def covered_since(self, host: str, sr: str) -> Moment | None:
        """Return since when SMlog of a host would show an activation on an SR, None if it may not.

        Drivers of SMAPIv3 do not write SMlog: only an SR that it shows is one of the others.
        """
        report = self.report(host)
        if report is None or (report.bundle, sr) not in self.logged:
            return None
        window = self.case.window("smlog")
        whole = self.case.gap("smlog", report.bundle) is None
        if window is None or not whole or not window[0].year_known:
            return None
        unseen = [h.ended for h in self.case.unread("smlog") if h.bundle == report.bundle]
        return max((window[0], *unseen), key=lambda moment: moment.at)


def facts_of(case: Case, sessions: Sequence[NbdSession], runs: Sequence[ServerRun]) -> Facts:
    """Index a case."""
    events = case.events.of(CREATED, PLUGGED, UNPLUGGED)
    # The VBDs that xapi-nbd's own list names, by uuid.
    lists = [report.to_clean_up for report in case.hosts if report.to_clean_up]
    pairs = [pair for kept in lists for pair in kept.vbds]
    vbds_in_own_list = {uuid: Evidence(source=source, text=uuid) for uuid, source in pairs}
    return Facts(
        case=case,
        reports={
            report.host_uuid or report.bundle: report
            for report in sorted(case.hosts, key=_age_of_report)
        },
        bundles=_grouped_by_key((r.host_uuid or r.bundle, r.bundle) for r in case.hosts),
        sessions=tuple(sessions),
        of_vbd=_grouped_by_key((session.vbd or "", session) for session in sessions),
        runs=tuple(runs),
        created={e.fields["vbd"]: e for e in events if e.kind == CREATED},
        plugs=_grouped_by_key((e.fields["vbd"], e) for e in events if e.kind != CREATED),
        active=_grouped_by_key(
            ((each.vdi, each.host), each)
            for each in disk_attachments(case)
            if each.open_at_capture is not False
        ),
        kept=vbds_in_own_list,
        logged=frozenset((run.bundle, run.sr) for run in sm_operations(case) if run.sr),
    )


def _age_of_report(report: HostReport) -> tuple[str, str]:
    taken = report.captured_at.at.isoformat() if report.captured_at else ""
    return (taken, report.bundle)


def _grouped_by_key(pairs: Iterable[tuple[Key, Item]]) -> dict[Key, tuple[Item, ...]]:
    found: dict[Key, list[Item]] = {}
    for key, item in pairs:
        found.setdefault(key, []).append(item)
    return {key: tuple(items) for key, items in found.items()}
