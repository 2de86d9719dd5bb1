"""What one process of the storage manager did, from its entry line to its end."""

from collections.abc import Mapping
from enum import StrEnum

from analyzer.model.event import Event
from analyzer.model.finding import Evidence
from analyzer.model.moment import Moment
from analyzer.values import dataclass


class Result(StrEnum):
    """How a command or an operation ended; UNKNOWN where the log does not say."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """An external command that SM echoed: ``argv`` as logged; ``rc`` and ``stderr`` of a failure.

    ``attempts`` counts the tries that SM made of the same command (20 for EIO); ``event`` is the
    line of the last one, with its result joined to it.
    """

    argv: tuple[str, ...]
    result: Result
    event: Event
    rc: int | None = None
    stderr: str = ""
    attempts: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Raised:
    """An error that SM built or logged; one error often has several of these, one per line.

    ``code`` is SM's error number if one is known, ``text`` the reason. ``final`` tells whether it
    ended the call: SM also builds errors that it catches, and logs exceptions that it survives.
    """

    code: int | None
    text: str
    event: Event
    final: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One SM call, or the lines of a process whose entry line was not seen (``entry`` None).

    Without an entry line ``name`` is what the exception that ended the call names, else "", and
    ``vdi`` and ``sr`` are those that all of its commands agree on.

    ``arguments`` are the decoded texts of the entry's dictionary (nested ones as
    ``device_config.SRmaster``), ``args`` its list ``args``. ``vdi`` and ``sr`` are uuids. ``notes``
    are the other kept lines of the process, in order. ``result`` is FAILED when the call raised,
    SUCCEEDED when nothing was raised and a later call of the host shows that it ended or its last
    line is one that only a finished call writes, else UNKNOWN (the log may end in the middle).
    ``lines`` are all of the events above in the order in which they were written.
    """

    host: str
    bundle: str
    pid: int | None
    name: str
    result: Result
    first: Moment
    last: Moment
    entry: Event | None = None
    arguments: Mapping[str, str]
    args: tuple[str, ...] = ()
    vdi: str | None = None
    sr: str | None = None
    task: str | None = None
    commands: tuple[Command, ...] = ()
    raised: tuple[Raised, ...] = ()
    notes: tuple[Event, ...] = ()
    lines: tuple[Event, ...] = ()


class AccessMode(StrEnum):
    """How a disk was attached."""

    READ_ONLY = "RO"
    READ_WRITE = "RW"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A disk active on a host: from SMlog, from the database, or from both.

    ``began`` or ``ended`` is None where it was not seen; ``open_at_capture`` is None where that
    is not known. ``cbt_log`` tells whether tapdisk was given the disk's log (``-C``, ``-c``), None
    where its command line was not seen. ``vm`` is a VM's uuid, ``"dom0"``, or None. ``rows`` quotes
    what the database says of it.
    """

    vdi: str
    host: str
    mode: AccessMode
    events: tuple[Event, ...]
    began: Moment | None = None
    ended: Moment | None = None
    open_at_capture: bool | None = None
    cbt_log: bool | None = None
    vm: str | None = None
    rows: tuple[Evidence, ...] = ()
