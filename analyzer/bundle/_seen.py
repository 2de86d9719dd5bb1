"""What is remembered of a member once it was read."""

from dataclasses import field

from analyzer.bundle._trust import Trust
from analyzer.bundle.member import ConcreteMember, Member
from analyzer.bundle.names import LogName
from analyzer.values import dataclass

_LINE_ENDS = (b"\n", b"\r")
_TIMEOUT = b"** timeout **"  # run_proc_group() in xen-bugtool ends the output so


def is_output(path: str) -> bool:
    """Tell whether a path in a report is that of what a command printed."""
    return "/" not in path and path.endswith(".out")


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenMember:
    """What is left of a member once it was read; ``empty`` also when it held only white space.

    ``unfinished`` tells that a rotated log or a command's output ends inside a line: syslog and
    the commands write whole lines, so only the live log may. ``zeros`` counts the zero bytes,
    ``foreign`` the other bytes that syslog writes to no log, ``doubled`` tells that the archive
    has a second member of its name, ``mismatch`` that its own checksum is wrong. ``md5`` is of the
    bytes as stored, "" where it is not known.
    """

    bundle: str
    path: str
    log: LogName | None = None
    size_read: int = 0
    damage: str = ""
    timed_out: bool = False
    empty: bool = False
    over_budget: bool = False
    unfinished: bool = False
    zeros: int = 0
    foreign: int = 0
    doubled: bool = False
    mismatch: bool = False
    md5: str = ""
    trust: Trust | None = field(default=None, compare=False)

    @property
    def changed(self) -> str:
        """Say why its bytes may be other than those that were packed, "" if nothing tells so.

        That is known only once all of the archive was read: ask then.
        """
        return self.trust.why if self.trust is not None else ""

    @classmethod
    def of(cls, member: Member) -> "SeenMember":
        """Return the traces of a member that was read, or passed over."""
        ours = member if isinstance(member, ConcreteMember) else None
        blank = ours.blank if ours is not None else not member.tail.strip()
        ended = member.log.rotation > 0 if member.log is not None else is_output(member.path)
        return cls(
            bundle=member.bundle,
            path=member.path,
            log=member.log,
            size_read=member.size_read,
            damage=member.damage,
            timed_out=member.tail.rstrip().endswith(_TIMEOUT),
            empty=blank and not member.damage and not member.head(1),
            over_budget=ours is not None and ours.over_budget,
            unfinished=ended and bool(member.tail) and not member.tail.endswith(_LINE_ENDS),
            zeros=ours.zeros if ours is not None else 0,
            foreign=ours.foreign if ours is not None else 0,
            mismatch=ours is not None and ours.loss is not None and ours.loss.changed,
            md5=ours.md5 if ours is not None else "",
            trust=ours.trust if ours is not None else None,
        )
