"""SRs that had not enough space, and SRs that a host unplugged.

SM compares free and needed space before it makes a volume (``Not enough space! free space: …``,
LVHDSR.py), a file SR finds out when it writes (``No space left on device``). An SR had enough
again when a later call that takes space succeeded.
"""

import re
from collections.abc import Iterator, Sequence
from datetime import timedelta

from analyzer.case.case import Case
from analyzer.model.event import Event
from analyzer.model.finding import Confidence
from analyzer.model.incident import Incident, IncidentKind
from analyzer.model.operation import Operation, Result
from analyzer.model.sentence import Size
from analyzer.rebuilt.calls.operations import sm_operations
from analyzer.rebuilt.incidents.draft import Draft, Hosts

COLLECTOR = "incident-sr.collector"
NOT_PLUGGED = "incident-sr.unplugged"

NO_SPACE = 44  # SM's error SRNoSpace
_FREE = re.compile(r"Not enough space! free space: ([0-9]{1,20}), need: ([0-9]{1,20})")
_FULL = "No space left on device"
_TAKES_SPACE = ("vdi_snapshot", "vdi_clone", "vdi_enable_cbt", "vdi_resize", "vdi_resize_online")
_SHUTTING_DOWN = timedelta(minutes=30)


def space_incidents(case: Case, hosts: Hosts) -> Iterator[Draft]:
    """Yield the times in which SRs had not enough space for what was asked of them."""
    alerts = case.events.of(COLLECTOR)
    found: dict[str, list[Operation | Event]] = {event.fields["sr"]: [] for event in alerts}
    for operation in sm_operations(case):
        if operation.sr and (
            _refusal_for_space(operation)
            or (operation.name in _TAKES_SPACE and operation.result is Result.SUCCEEDED)
        ):
            found.setdefault(operation.sr, []).append(operation)
    for event in alerts:
        found[event.fields["sr"]].append(event)
    for sr, steps in sorted(found.items()):
        steps.sort(key=lambda step: (step.moment if isinstance(step, Event) else step.first).at)
        # Yield runs of refusals, each up to the call that succeeded again.
        lines: list[Event] = []
        for repository_step in steps:
            refused = (
                repository_step
                if isinstance(repository_step, Event)
                else _refusal_for_space(repository_step)
            )
            if refused:
                lines.append(refused)
            elif (
                lines
                and isinstance(repository_step, Operation)
                and lines[-1].moment.certainly_before(repository_step.last)
            ):
                yield _draft_of_full_sr(sr, lines, repository_step, hosts)
                lines = []
        if lines:
            yield _draft_of_full_sr(sr, lines, None, hosts)


def _refusal_for_space(operation: Operation) -> Event | None:
    """Return the first line by which SM says that space is missing, None if it does not."""
    lines = [note for note in operation.notes if _FREE.search(note.message)]
    lines += [command.event for command in operation.commands if _FULL in command.stderr]
    lines += [r.event for r in operation.raised if r.code == NO_SPACE or _FULL in r.text]
    return min(lines, key=lambda line: (line.moment.at, line.source), default=None)


def _draft_of_full_sr(
    sr: str, lines: Sequence[Event], eased: Operation | None, hosts: Hosts
) -> Draft:
    repository = hosts.repository(sr)
    first = lines[0]
    numbers = next((match for line in lines if (match := _FREE.search(line.message))), None)
    told = (
        f": {Size(int(numbers[1])).reading} free, {Size(int(numbers[2])).reading} needed"
        if numbers
        else ""
    )
    return Draft(
        kind=IncidentKind.SR_FULL,
        host="",
        title=f"SR {repository.name or sr} had not enough space{told}",
        began=first.moment,
        ended=eased.last if eased else None,
        confidence=Confidence.CERTAIN,
        events=(*lines, *((eased.lines[0],) if eased else ())),
        subjects=(repository,),
        count=sum(line.count for line in lines),
        last_seen=lines[-1].moment,
    )


def unplug_incidents(case: Case, hosts: Hosts, downs: Sequence[Incident]) -> Iterator[Draft]:
    """Yield the SRs that hosts unplugged, not those of a host that shut down."""
    calls = [
        one for one in sm_operations(case) if one.name in ("sr_detach", "sr_attach") and one.sr
    ]
    for place, call in enumerate(calls):
        key = hosts.key(call.bundle)
        # Whether a host unplugged an SR because it was about to shut down.
        if (
            call.name != "sr_detach"
            or call.result is Result.FAILED
            or any(
                down.kind is IncidentKind.HOST_REBOOTED
                and down.subjects[0].uuid == key
                and call.first.within(down.began, _SHUTTING_DOWN)
                and not (down.ended and down.ended.certainly_before(call.first))
                for down in downs
            )
        ):
            continue
        back = next(
            (one for one in calls[place + 1 :] if _plugs_again(one, call, key, hosts)), None
        )
        assert call.sr is not None
        repository = hosts.repository(call.sr)
        yield Draft(
            kind=IncidentKind.SR_UNPLUGGED,
            host=key,
            title=f"SR {repository.name or call.sr} was unplugged from host {hosts.name(key)}",
            began=call.first,
            ended=back.last if back else None,
            confidence=Confidence.CERTAIN if call.result is Result.SUCCEEDED else Confidence.LIKELY,
            events=(call.lines[0], *((back.lines[0],) if back else ())),
            subjects=(repository,),
            count=1,
        )
    yield from _not_plugged(case, hosts)


def _plugs_again(one: Operation, call: Operation, key: str, hosts: Hosts) -> bool:
    same = one.sr == call.sr and hosts.key(one.bundle) == key
    return same and one.name == "sr_attach" and one.result is not Result.FAILED


def _not_plugged(case: Case, hosts: Hosts) -> Iterator[Draft]:
    """Yield xapi's alerts that SRs were left unplugged when it started."""
    for event in case.events.of(NOT_PLUGGED):
        key = hosts.of(event.fields["of"], event.source.bundle)
        yield Draft(
            kind=IncidentKind.SR_UNPLUGGED,
            host=key,
            title=f"Not all SRs could be plugged when xapi started on host {hosts.name(key)}",
            began=event.moment,
            ended=None,
            confidence=Confidence.CERTAIN,
            events=(event,),
        )
