"""What a storage repository holds of CBT at one time: disks, snapshots, and their logs.

Names are any text: uuids where a bundle is rebuilt, "disk" and "s1" in a history. A pointer of a
log that names nothing (the null uuid) is ``NO_LOG``.
"""

from collections.abc import Mapping
from dataclasses import field
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple

from analyzer.model.cbt import NO_LOG
from analyzer.model.terms import CBT_METADATA
from analyzer.sm.spans import Spans
from analyzer.values import dataclass

GIB = 1 << 30


class SrKind(StrEnum):
    """Where an SR keeps its logs; deleting and failing differ (FileSR.py, LVHDSR.py of sm)."""

    FILES = "files"
    VOLUMES = "volumes"


class Body(StrEnum):
    """How much of a log can be read: its header is 48 bytes, its bitmap follows."""

    WHOLE = "whole"
    SHORT = "bitmap short"
    CUT = "header cut"


class Kind(StrEnum):
    """What a VDI is."""

    DISK = "disk"
    SNAPSHOT = "snapshot"
    METADATA = CBT_METADATA  # its data is destroyed, its log is kept


class Use(StrEnum):
    """Whether a disk is attached, and how."""

    NONE = "not attached"
    WRITTEN = "attached read-write"
    READ = "attached read-only"


@dataclass(frozen=True, slots=True, kw_only=True)
class Log:
    """A ``.cbtlog``. ``size`` is the disk's in bytes, as the header has it.

    ``recorded`` is the time whose writes are surely in its bitmap, those merged in included.
    """

    parent: str = NO_LOG
    child: str = NO_LOG
    consistent: bool = True
    size: int = GIB
    body: Body = Body.WHOLE
    recorded: Spans = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Vdi:
    """A VDI as the database has it, and what is left of it on storage.

    ``row`` is False once the database has forgotten it, ``data`` once its image is gone.
    ``taken`` is the tick at which a snapshot was taken, ``snapshot_of`` its disk (in truth: the
    database loses it when a scan finds the log alone), ``owner`` the VM snapshot that it belongs
    to. For a disk, ``written`` is when it was attached for writing,
    ``since`` when its last attachment began, ``host_key`` whether sm-config has a ``host_…`` key
    (what SM takes for "attached").
    """

    kind: Kind = Kind.DISK
    size: int = GIB
    cbt_enabled: bool = False
    use: Use = Use.NONE
    host_key: bool = False
    since: int = 0
    written: Spans = ()
    snapshot_of: str = ""
    owner: str = ""
    taken: int = 0
    data: bool = True
    row: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """An SR at one tick of its clock. ``room`` is whether a new log still fits."""

    vdis: Mapping[str, Vdi] = field(default_factory=lambda: MappingProxyType({}))
    logs: Mapping[str, Log] = field(default_factory=lambda: MappingProxyType({}))
    sr: SrKind = SrKind.FILES
    room: bool = True
    clock: int = 1

    def snapshots(self, disk: str) -> tuple[str, ...]:
        """Return the snapshots of a disk that the database has, oldest first."""
        of_disk = (
            (vdi.taken, name)
            for name, vdi in self.vdis.items()
            if vdi.snapshot_of == disk and vdi.row
        )
        return tuple(name for _, name in sorted(of_disk))


class Part(StrEnum):
    """What of a log a command is about."""

    PARENT = "its parent"
    CHILD = "its child"
    CONSISTENT = "its flag"
    SIZE = "its size"
    BITMAP = "its bitmap"
    EXISTS = "whether it is there"


class Verb(StrEnum):
    """What SM does to a log; only LOOK, and REMOVE of a file, leave no line in SMlog."""

    LOOK = "looks for it"
    GET = "reads"
    SET = "sets"
    CREATE = "makes it"
    COALESCE = "adds the bits of the log `value` to it"
    RENAME = "gives it the name `value`"
    DROP = "gives it up, and says the sentence of the alert `value`"
    REMOVE = "removes it"


class Command(NamedTuple):
    """One act of SM on one log; ``failed`` is errno's text, "" where it worked.

    ``value`` is what is set: a name, a size in bytes, or 0 and 1 for the flag.
    """

    verb: Verb
    log: str
    part: Part = Part.EXISTS
    value: str = ""
    failed: str = ""


class Read(NamedTuple):
    """One look of a call at one log; it is looked up by thousands."""

    log: str
    part: Part


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """How a call ended, and what it left behind.

    ``outcome`` is ``ok`` or the error's words; ``code`` xapi's error, "" where it is ok.
    ``alert`` is the message that SM raises when it turns CBT off by itself. ``did`` is what SM
    did to logs, in order. Of a comparison, ``visited`` are the logs merged, in order, and where
    it was answered ``left_out`` is the time whose writes the answer lacks.
    """

    state: State
    outcome: str = "ok"
    code: str = ""
    alert: str = ""
    did: tuple[Command, ...] = ()
    visited: tuple[str, ...] = ()
    left_out: Spans = ()

    @property
    def read(self) -> tuple[Read, ...]:
        """Return what the call read of logs, in order: its end hangs on nothing else of them."""
        return tuple(
            Read(did.log, did.part)
            for did in self.did
            if did.log != NO_LOG and (did.verb is Verb.LOOK or did.verb is Verb.GET)
        )

    @property
    def ok(self) -> bool:
        """Return whether the caller was told that all is well."""
        return self.outcome == "ok"


def one_disk(disk: str = "disk", *, sr: SrKind = SrKind.FILES, size: int = GIB) -> State:
    """Return an SR with one disk, never attached, without CBT."""
    return State(vdis={disk: Vdi(size=size)}, sr=sr)
