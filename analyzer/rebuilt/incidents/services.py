"""Restarts of the toolstack and of xapi-nbd, rolling upgrades, clocks that were set."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from itertools import pairwise, zip_longest

from analyzer.case.case import Case
from analyzer.model.event import Event
from analyzer.model.finding import Confidence
from analyzer.model.incident import IncidentKind
from analyzer.model.moment import Moment
from analyzer.model.nbd import ServerRun
from analyzer.model.terms import HOST_ROLE
from analyzer.rebuilt.incidents.boots import Boot, booted_between, boots_of
from analyzer.rebuilt.incidents.draft import Draft, Hosts, bursts, last_before, unseen
from analyzer.rebuilt.nbd.sessions.sessions import server_runs
from analyzer.values import dataclass

STARTED = "xapi-started"
STOPPED = ("incident-toolstack.stopping", "incident-toolstack.agent")
DIED = "incident-toolstack.died"
UPGRADE_BEGAN = "incident-toolstack.upgrade-began"
UPGRADE_ENDED = "incident-toolstack.upgrade-ended"

# the pid of systemd itself
_SYSTEMD = 1
_BOOTING = timedelta(hours=1)
_ROLE_TOLD = timedelta(minutes=5)
_STOPPING = timedelta(minutes=10)
_ONE_RESTART = timedelta(minutes=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Start:
    """One start of xapi that no boot explains; ``end`` is how the one before it ended."""

    start: Event
    role: Event | None
    end: Event | None


def toolstack_incidents(case: Case, hosts: Hosts) -> Iterator[Draft]:
    """Yield the restarts of xapi on running hosts; a loop of them is one."""
    lines = hosts.grouped(case.events.of(STARTED, HOST_ROLE, *STOPPED, DIED))
    for key, events in lines.items():
        starts = {
            one.start.source: one for one in _later_starts(events, boots_of(case).get(key, ()))
        }
        for burst in bursts((one.start for one in starts.values()), _ONE_RESTART):
            draft_starts = [starts[event.source] for event in burst]
            first, last = draft_starts[0], draft_starts[-1]
            died = any(one.end and one.end.kind == DIED for one in draft_starts)
            known = first.end is not None or first.role is not None
            how = "xapi died and was started again" if died else "The toolstack was restarted"
            draft_lines = [
                line for one in draft_starts for line in (one.end, one.start, one.role) if line
            ]
            yield Draft(
                kind=IncidentKind.TOOLSTACK_RESTARTED,
                host=key,
                title=f"{how if known else 'xapi was started'} on host {hosts.name(key)}",
                began=(first.end or first.start).moment,
                ended=last.start.moment,
                confidence=Confidence.CERTAIN if known else Confidence.LIKELY,
                events=draft_lines,
                count=len(draft_starts),
                last_seen=last.start.moment,
            )


def _later_starts(events: Sequence[Event], boots: Sequence[Boot]) -> Iterator[_Start]:
    """Yield the starts that are not the first since a boot; xapi itself tells which those are."""
    ends = [
        event
        for event in events
        if event.kind in (*STOPPED, DIED)
        and (event.process != "systemd" or event.pid in (None, _SYSTEMD))
    ]
    lines = [event for event in events if event.kind in (STARTED, HOST_ROLE)]
    before: Event | None = None
    for start, after in zip_longest(lines, lines[1:]):
        if start.kind == HOST_ROLE:
            continue
        end = last_before(ends, start)
        if end and (
            start.moment.at - end.moment.at > _STOPPING
            or (before and end.moment.at < before.moment.at)
        ):
            end = None
        # Whether a line is what xapi says of the boot next to its start.
        role = (
            after
            if after and (after.kind == HOST_ROLE and after.moment.within(start.moment, _ROLE_TOLD))
            else None
        )
        if role is not None:
            at_boot = role.fields.get("boot") == "true"
        else:
            boot = last_before([boot.event for boot in boots], start)
            if boot is None or start.moment.at - boot.moment.at > _BOOTING:
                at_boot = False
            else:
                at_boot = before is None or before.moment.at < boot.moment.at
        if not at_boot:
            yield _Start(start=start, role=role, end=end)
        before = start


def nbd_incidents(case: Case, hosts: Hosts) -> Iterator[Draft]:
    """Yield the restarts of xapi-nbd on running hosts; a loop of them is one."""
    lives: dict[str, list[ServerRun]] = {}
    for run in server_runs(case):
        lives.setdefault(hosts.key(run.bundle), []).append(run)
    for key, runs in sorted(lives.items()):
        # Each start of xapi-nbd with the life before it, on a host that ran in between.
        boots = boots_of(case).get(key, ())
        found: dict[object, tuple[Event, ServerRun]] = {}
        for before, starts_run in pairwise(runs):
            last = _last_line_of_run(before)
            if starts_run.started and last and not booted_between(boots, last, starts_run.started):
                found[starts_run.started.source] = (starts_run.started, before)
        pairs = found
        for burst in bursts((start for start, _ in pairs.values()), _ONE_RESTART):
            nbd_pairs = [pairs[event.source] for event in burst]
            crashed = any(before.crashed for _, before in nbd_pairs)
            first = _last_line_of_run(nbd_pairs[0][1])
            assert first is not None
            how = "xapi-nbd died and was started again" if crashed else "xapi-nbd was restarted"
            yield Draft(
                kind=IncidentKind.NBD_RESTARTED,
                host=key,
                title=f"{how} on host {hosts.name(key)}",
                began=first.moment,
                ended=nbd_pairs[-1][0].moment,
                confidence=Confidence.CERTAIN,
                events=[
                    line
                    for start, before in nbd_pairs
                    for line in (_last_line_of_run(before), start)
                    if line
                ],
                count=len(nbd_pairs),
            )


def _last_line_of_run(run: ServerRun) -> Event | None:
    return run.stop or run.exception or run.killed or run.failed or run.last or run.started


def upgrade_incidents(case: Case, hosts: Hosts) -> Iterator[Draft]:
    """Yield rolling upgrades, which the master notices by the versions of the hosts."""
    for key, events in hosts.grouped(case.events.of(UPGRADE_BEGAN, UPGRADE_ENDED)).items():
        began: Event | None = None
        for event in events:
            if event.kind == UPGRADE_BEGAN:
                began = began or event
            else:
                yield _draft_of_upgrade(began, event, key, hosts)
                began = None
        if began is not None:
            yield _draft_of_upgrade(began, None, key, hosts)


def _draft_of_upgrade(began: Event | None, ended: Event | None, key: str, hosts: Hosts) -> Draft:
    lines = [line for line in (began, ended) if line]
    when: Moment = began.moment if began else unseen(lines[0].moment)
    return Draft(
        kind=IncidentKind.ROLLING_UPGRADE,
        host="",
        title=f"The pool of {hosts.name(key)} was upgraded host by host",
        began=when,
        ended=ended.moment if ended else None,
        confidence=Confidence.CERTAIN,
        events=lines,
        subjects=(hosts.subject(key),),
    )
