"""Disks that control domains hold: which of them were left there, and how sure that is."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from itertools import groupby

from analyzer.case.case import Case
from analyzer.checks.dom0.dom0_blocked import blocked
from analyzer.model.event import Event
from analyzer.model.finding import Confidence
from analyzer.model.moment import Moment
from analyzer.model.nbd import Dom0Attachment, Holder
from analyzer.rebuilt.nbd.dom0.attachments import dom0_attachments
from analyzer.values import dataclass

# Backup software tries again for about a minute (Xen Orchestra: 10 times, 5 seconds apart).
_GAVE_UP = timedelta(minutes=5)
# A connection of a full backup may last for hours; nobody reads one disk for longer than a day.
_OLD = timedelta(hours=24)


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldDisk:
    """A disk that control domains hold, and the calls that this stood in the way of."""

    vdi: str
    held: tuple[Dom0Attachment, ...]
    calls: tuple[Event, ...]
    taken: Moment | None
    snapshot: bool | None

    @property
    def left(self) -> tuple[Dom0Attachment, ...]:
        """Return what certainly nobody uses."""
        return tuple(each for each in self.held if each.in_use is False)


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftVerdict:
    """The case of the text ("" for the plain one), how sure, and which attachments it is about."""

    case: str
    confidence: Confidence
    held: tuple[Dom0Attachment, ...]


def held_disks(case: Case) -> Iterator[HeldDisk]:
    """Yield each disk that a control domain holds, with the calls that this stood in the way of."""
    for vdi, group in groupby(
        sorted(dom0_attachments(case), key=lambda each: each.vdi), key=lambda each: each.vdi
    ):
        held = tuple(group)
        known = case.world.vdi(vdi)
        calls = blocked(case).get(vdi, ())
        # Whether a disk may have been attached when a call was made.
        # When the newest report was made that shows the disk attached.
        bundles = {evidence.source.bundle for each in held for evidence in each.evidence}
        times_ = [r.captured_at for r in case.hosts if r.bundle in bundles and r.captured_at]
        newest_report_of = max(times_, key=lambda moment: moment.at, default=None)
        yield HeldDisk(
            vdi=vdi,
            held=held,
            calls=tuple(
                call
                for call in calls
                if any(
                    (each.since is None or not call.moment.certainly_before(each.since))
                    for each in held
                )
            ),
            taken=newest_report_of,
            snapshot=known.is_a_snapshot if known else None,
        )


def deliberate(disk: HeldDisk) -> bool:
    """Tell whether somebody may have attached a disk that is no snapshot for good."""
    plain = (each.by is Holder.UNKNOWN and not each.leaked for each in disk.held)
    return disk.snapshot is not True and not disk.calls and all(plain)


def verdict_of(disk: HeldDisk) -> LeftVerdict | None:
    """Return what may be said of a disk, None where it was in use or that is not known."""
    if disk.left:
        kind = _kind_of_leftover(disk.left)
        # Whether what was left is what a call failed of: all VBDs count for data_destroy only.
        sure = (
            Confidence.CERTAIN
            if any(
                (kind == "" or (kind == "unplugged" and e.fields["method"] == "data_destroy"))
                for e in disk.calls
            )
            else Confidence.LIKELY
        )
        return LeftVerdict(case=kind, confidence=sure, held=disk.left)
    if logged := tuple(each for each in disk.held if each.plugged is None):
        return LeftVerdict(case="logged", confidence=Confidence.POSSIBLE, held=logged)
    stayed = disk.calls and _certainly_apart(disk.calls[-1].moment, disk.taken, _GAVE_UP)
    unknown = tuple(each for each in disk.held if each.in_use is None)
    if unknown and stayed:
        return LeftVerdict(
            case=_kind_of_leftover(unknown), confidence=Confidence.LIKELY, held=unknown
        )
    old = tuple(e for e in unknown if _certainly_apart(e.since or e.before, disk.taken, _OLD))
    if old or (unknown and disk.calls):
        return LeftVerdict(case="possible", confidence=Confidence.POSSIBLE, held=old or unknown)
    if stayed:
        return LeftVerdict(case="used", confidence=Confidence.POSSIBLE, held=disk.held)
    return None


def _kind_of_leftover(left: Sequence[Dom0Attachment]) -> str:
    """Return the case of the text: what a disk that was left stands in the way of."""
    if all(each.vbd is None for each in left):
        return "leaked"
    return "unplugged" if all(each.plugged is False for each in left) else ""


def _certainly_apart(first: Moment | None, then: Moment | None, distance: timedelta) -> bool:
    """Tell whether certainly more than `distance` lies between two times."""
    return first is not None and then is not None and then.earliest - first.latest > distance
