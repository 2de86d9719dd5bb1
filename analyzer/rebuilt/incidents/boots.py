"""The boots of hosts: the kernel's first line, or xapi's word that it is the first start since one.

Writers: the kernel (kern.log) and xen-api ``ocaml/xapi/xapi.ml`` ``server_init``
(``on_system_boot=true``, from a file that ``save-boot-info.service`` leaves at every boot).
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta

from analyzer.case.case import Case
from analyzer.case.derived import derived
from analyzer.model.event import Event
from analyzer.model.terms import HOST_BOOTED, HOST_ROLE
from analyzer.rebuilt.incidents.draft import Hosts, last_before
from analyzer.values import dataclass

# From the kernel's first line to the first start of xapi, at most.
_STARTING = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Boot:
    """One boot of a host; ``event`` is its first line."""

    event: Event
    xapi: Event | None = None

    @property
    def events(self) -> tuple[Event, ...]:
        """Return its lines."""
        return (self.event, *((self.xapi,) if self.xapi else ()))


@derived
def boots_of(case: Case) -> Mapping[str, Sequence[Boot]]:
    """Return the boots of each host, by the host's key, in the order of time."""
    found: dict[str, list[Boot]] = {}
    for key, events in Hosts(case).grouped(case.events.of(HOST_BOOTED, HOST_ROLE)).items():
        kernel = [event for event in events if event.kind == HOST_BOOTED]
        own = {event.source: Boot(event=event) for event in kernel}
        for event in events:
            if event.kind != HOST_ROLE or event.fields.get("boot") != "true":
                continue
            boot = last_before(kernel, event)
            if boot is None or event.moment.at - boot.moment.at > _STARTING:
                own[event.source] = Boot(event=event)
            elif own[boot.source].xapi is None:
                own[boot.source] = Boot(event=boot, xapi=event)
        found[key] = sorted(own.values(), key=lambda boot: boot.event.moment.at)
    return found


def booted_between(boots: Sequence[Boot], first: Event, last: Event) -> bool:
    """Tell whether a host booted between two of its lines."""
    return any(first.moment.at < boot.event.moment.at <= last.moment.at for boot in boots)
