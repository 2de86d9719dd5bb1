"""Turn a few lines of SMlog into an event table, through the real parser and shipped selectors."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from analyzer.case.events import EventTable, EventTableBuilder
from analyzer.model.moment import Moment
from analyzer.model.operation import Operation
from analyzer.parsers import LOG_PARSERS
from analyzer.parsers._api import Stamp
from analyzer.parsers.scan.scan import Scanner
from analyzer.rebuilt.calls.operations import operations_of
from analyzer.rules.load import load_catalogue
from tests.parsers.memory_member import MemoryMember

SR = "0d2b6bd6-53d4-2f51-9e6c-1f8de3b4f0a7"
VDI = "6b0c1a3e-9d1f-4c55-8a47-2f60b7c0e913"
OTHER = "91c3e5d0-7a41-4f0e-8f6b-55d1c0b7a2e4"
LOG = f"/run/sr-mount/{SR}/{VDI}.cbtlog"
SMLOG = "var/log/SMlog"
KERN = "var/log/kern.log"
PID = 24517

_CATALOGUE = load_catalogue()
_SCANNER = Scanner(LOG_PARSERS, _CATALOGUE.selectors)
_PARSERS: Mapping[str, str] = {SMLOG: "smlog", KERN: "kern_log"}


def sm(*messages: str, at: str = "13:32:41", pid: int = PID) -> str:
    """Return lines that one process of SM wrote at a time."""
    return "".join(f"Jun 10 {at} jupiter SM: [{pid}] {message}\n" for message in messages)


def boot(at: str) -> str:
    """Return the first line of the kernel."""
    return f"Jun 10 {at} jupiter kernel: [    0.000000] Linux version 4.19.0+1 (x)\n"


def entry(
    name: str, vdi: str = VDI, args: tuple[str, ...] = (), sr: str = SR, **more: object
) -> str:
    """Return the message with which SM begins a call."""
    return f"{name} { ({'args': list(args), 'vdi_uuid': vdi, 'sr_uuid': sr, 'command': name, **more})!r}"


def ran(*argv: str, result: str = "  pread SUCCESS") -> tuple[str, ...]:
    """Return the messages of a command and its result."""
    return (repr(list(argv)), *result.split("\n"))


def cbt(
    verb: str, *options: str, log: str = LOG, result: str = "  pread SUCCESS"
) -> tuple[str, ...]:
    """Return the messages of a call of cbt-util."""
    return ran("/usr/sbin/cbt-util", verb, "-n", log, *options, result=result)


def failed(rc: int, stderr: str) -> str:
    """Return the message of a command that failed."""
    return f"FAILED in util.pread: (rc {rc}) stdout: '', stderr: '{stderr}'"


def table(
    *logs: tuple[str, str], bundles: Iterable[tuple[str, Iterable[tuple[str, str]]]] = ()
) -> EventTable:
    """Return the events of (member, text) pairs of one report, or of several reports."""
    builder = EventTableBuilder(keep=_CATALOGUE.keep)
    parsers = {parser.name: parser for parser in LOG_PARSERS}
    names = {}
    for bundle, members in (("jupiter", logs), *bundles):
        names[bundle] = bundle.partition(" ")[0]
        for member, text in members:
            parser = parsers[_PARSERS.get(member, "smlog")]
            source = MemoryMember(member, text, bundle=bundle)
            for record, hits in _SCANNER.scan(source, parser):
                builder.add(
                    bundle=bundle, member=member, parser=parser.name, record=record, hits=hits
                )
    return builder.build(_date, names)


def operations(*texts: str) -> tuple[Operation, ...]:
    """Return the calls in one SMlog."""
    return operations_of(table((SMLOG, "".join(texts))))


def only(*texts: str) -> Operation:
    """Return the only call in one SMlog."""
    (operation,) = operations(*texts)
    return operation


def _date(_bundle: str, _member: str, _line: int, stamp: Stamp) -> Moment:
    return Moment.exact(
        datetime(2024, stamp.month, stamp.day, stamp.hour, stamp.minute, stamp.second, tzinfo=UTC),
        "test",
    )
