"""What backups are made of: one value per call, put together from all lines that tell of it."""

from collections.abc import Container, Iterable, Sequence
from dataclasses import replace
from datetime import timedelta
from enum import StrEnum

from analyzer.model.event import Event
from analyzer.model.finding import Confidence, Evidence
from analyzer.model.moment import Moment
from analyzer.model.terms import UUID_PATTERN
from analyzer.values import dataclass

# SM starts after xapi took the call and ends before xapi logs the failure.
_SAME_CALL = timedelta(minutes=2)
_MOST_OPEN = 20  # calls about the same disks that a line is held against


class Act(StrEnum):
    """What was done to a disk or a snapshot."""

    SNAPSHOT = "VDI.snapshot"
    ENABLED = "VDI.enable_cbt"
    DISABLED = "VDI.disable_cbt"
    ASKED = "VDI.get_nbd_info"
    COMPARED = "VDI.list_changed_blocks"
    READ = "read over NBD"
    EXPORTED = "VDI export"
    ATTACHED = "attached to a virtual machine"
    PURGED = "VDI.data_destroy"
    DELETED = "VDI.destroy"
    MOVED = "VDI.pool_migrate"


_ORDER = {act: number for number, act in enumerate(Act)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """One call. ``disk`` and ``other`` are uuids, or a reference that nothing resolves, or "".

    ``other`` is, of a comparison, the newer disk; of an export, the older one it was asked to
    leave out; of a snapshot, the new disk; of a move, the VM. ``whole`` tells of an export that
    all its parameters were read. ``sure`` is how sure `disk` is; ``origin`` is the log that told
    it, ``task`` the short form of its task; ``sr`` is the SR's uuid, where SM told it. ``shown``
    is the line to be quoted.
    """

    act: Act
    disk: str
    began: Moment
    ended: Moment
    shown: Event
    origin: str
    succeeded: bool | None = None
    other: str = ""
    code: str = ""
    task: str = ""
    sr: str = ""
    line: Event | None = None
    whole: bool = False
    sure: Confidence = Confidence.CERTAIN

    @property
    def evidence(self) -> Evidence:
        """Return the line that shows it; of most calls nobody asks."""
        return Evidence(source=self.shown.source, text=self.shown.text, at=self.shown.moment)

    @property
    def reads(self) -> bool:
        """Tell whether it gives the disk's content to somebody."""
        return self.act in (Act.READ, Act.EXPORTED, Act.ATTACHED)


def put_together(pieces: Iterable[Deed]) -> tuple[Deed, ...]:
    """Return each call once, in order of time, from what each log tells of it."""
    # with the logs that told of each
    open_: dict[tuple[Act, str], list[tuple[Deed, set[str]]]] = {}
    for piece in sorted(pieces, key=_place_of_deed):
        calls = open_.setdefault((piece.act, piece.disk), [])
        recent = range(len(calls) - 1, max(len(calls) - _MOST_OPEN, 0) - 1, -1)
        place = next((place for place in recent if _is_same(*calls[place], piece)), None)
        if place is None:
            calls.append((piece, {piece.origin}))
        else:
            # Add what another line tells; the one that says how the call ended is quoted.
            joined_call, origins = calls[place]
            best = (
                joined_call
                if joined_call.succeeded is not None or piece.succeeded is None
                else piece
            )
            bad = joined_call.succeeded is False or piece.succeeded is False
            good = joined_call.succeeded is True or piece.succeeded is True
            began, ended = hull((joined_call.began, piece.began, joined_call.ended, piece.ended))
            other = (
                piece.other
                if UUID_PATTERN.fullmatch(piece.other)
                else joined_call.other or piece.other
            )
            origins.add(piece.origin)
            whole_call = replace(
                best,
                began=began,
                ended=ended,
                succeeded=False if bad else True if good else None,
                other=other,
                code=joined_call.code or piece.code,
                task=joined_call.task or piece.task,
                sr=joined_call.sr or piece.sr,
                line=joined_call.line or piece.line,
                whole=joined_call.whole or piece.whole,
            )
            calls[place] = whole_call, origins
    told = (call for calls in open_.values() for call, _ in calls)
    return tuple(sorted(told, key=_place_of_deed))


def hull(moments: Sequence[Moment]) -> tuple[Moment, Moment]:
    """Return the first and the last of some moments."""
    return min(moments, key=lambda m: (m.at, m.earliest)), max(
        moments, key=lambda m: (m.at, m.latest)
    )


def _place_of_deed(deed: Deed) -> tuple[object, ...]:
    line = deed.shown.source
    place = (line.bundle, line.member, line.line)
    return deed.began.at, _ORDER[deed.act], place, deed.disk, deed.other


def _is_same(call: Deed, origins: Container[str], piece: Deed) -> bool:
    """Tell whether a line of one log can be of a call that other logs told of."""
    if call.task and call.task == piece.task:
        return True
    if call.act in (Act.READ, Act.ATTACHED) or piece.origin in origins:
        return False
    # Whether two comparisons go to different disks; a reference may be that of any disk.
    other_pair = call.act is Act.COMPARED and call.other != piece.other
    if other_pair and all(UUID_PATTERN.fullmatch(each.other) for each in (call, piece)):
        return False
    ends = {call.succeeded, piece.succeeded} - {None}
    return len(ends) <= 1 and _is_near(call, piece)


def _is_near(call: Deed, piece: Deed) -> bool:
    if call.began.at <= piece.began.at <= call.ended.at:
        return True
    return call.ended.within(piece.began, _SAME_CALL) or call.began.within(piece.began, _SAME_CALL)
