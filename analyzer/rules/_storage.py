"""Which SRs and disks a finding about a host is about, as far as its lines say so."""

import re
from collections.abc import Iterator, Sequence

from analyzer.case.case import Case
from analyzer.model.event import Event
from analyzer.model.finding import Subject
from analyzer.model.sentence import say
from analyzer.model.terms import UUID
from analyzer.rebuilt.calls.operations import sm_operations_of_processes

_MOST = 2  # that a title names
_WRITERS = frozenset({"SM", "SMGC", "systemd"})
_SR = re.compile(rf"(?:VG_XenStorage-|/sr-mount/|SMGC@|Collector for SR )({UUID})")
# A path, or an image as the garbage collector writes it: "*3f7a91d2[VHD](80.000G//2.155G|n)"
_IMAGE = re.compile(
    rf"VHD-({UUID})|({UUID})\.vhd\b|\b([0-9a-f]{{8}})(?:\[[A-Z0-9]{{1,8}}\])?\([0-9]"
)


def storage_met(events: Sequence[Event], case: Case) -> tuple[Subject, ...]:
    """Return the disks, then the SRs, that the lines name or whose call wrote them."""
    met = dict.fromkeys(each for event in events for each in _objects_of_line(event, case))
    vdis = [row for kind, uuid in met if kind == "VDI" and (row := case.world.vdi(uuid))]
    srs = [uuid for kind, uuid in met if kind == "SR"]
    srs += [sr.uuid for vdi in vdis if (sr := case.world.sr_of(vdi))]
    return (
        *(case.world.subject("VDI", vdi.uuid) for vdi in vdis),
        *(case.world.subject("SR", uuid) for uuid in dict.fromkeys(srs)),
    )


def with_storage(title: str, met: Sequence[Subject]) -> str:
    """Return a title that says of which SR and disk it is, where these are few."""
    disks = [each.called for each in met if each.type == "VDI"]
    srs = [each.called for each in met if each.type == "SR"]
    if not srs or len(srs) > _MOST:
        return title
    named = f"{'SR' if len(srs) == 1 else 'SRs'} {' and '.join(srs)}"
    if len(disks) == 1 and disks[0] not in title:
        named = f"disk {disks[0]} of {named}"
    return say("{title} ({named})", title=title, named=named) if srs[0] not in title else title


def _objects_of_line(event: Event, case: Case) -> Iterator[tuple[str, str]]:
    if event.process not in _WRITERS:
        return
    text = event.text.replace(r"\x2d", "-")  # as systemd writes it in the name of a unit
    yield from (("SR", found[1]) for found in _SR.finditer(text))
    for found in _IMAGE.finditer(text):
        yield "VDI", case.world.uuid_of("VDI", found[1] or found[2] or found[3])
    calls = sm_operations_of_processes(case).get((event.source.bundle, event.pid), ())
    for call in calls:
        if call.first.at <= event.moment.at <= call.last.at:
            yield from ((kind, key) for kind, key in (("VDI", call.vdi), ("SR", call.sr)) if key)
