"""What is remembered of a member once it was read."""

from dataclasses import dataclass

from analyzer.bundle.member import ConcreteMember, Member
from analyzer.bundle.names import LogName

_TIMEOUT = b"** timeout **"  # run_proc_group() in xen-bugtool ends the output so


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenMember:
    """What is left of a member once it was read; ``empty`` also when it held only white space."""

    bundle: str
    path: str
    log: LogName | None = None
    size_read: int = 0
    damage: str = ""
    timed_out: bool = False
    empty: bool = False
    over_budget: bool = False

    @classmethod
    def of(cls, member: Member) -> "SeenMember":
        """Return the traces of a member that was read, or passed over."""
        ours = member if isinstance(member, ConcreteMember) else None
        blank = ours.blank if ours is not None else not member.tail.strip()
        return cls(
            bundle=member.bundle,
            path=member.path,
            log=member.log,
            size_read=member.size_read,
            damage=member.damage,
            timed_out=member.tail.rstrip().endswith(_TIMEOUT),
            empty=blank and not member.damage and not member.head(1),
            over_budget=ours is not None and ours.over_budget,
        )
