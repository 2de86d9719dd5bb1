"""Whether what came out of an archive is what was put in."""

from analyzer.values import dataclass


@dataclass(slots=True, kw_only=True)
class Trust:
    """Shared by all members of an archive, because it is told only at the archive's end.

    ``lost`` is "" until a checksum of this archive was wrong; ``outer`` is that of the archive
    which this one lies in. ``bare`` tells that this archive has no checksum over what its
    members hold: a tar that is not compressed.
    """

    outer: "Trust | None" = None
    lost: str = ""
    bare: bool = False

    @property
    def is_bare(self) -> bool:
        """Tell whether no checksum would tell of a bit that was flipped on the way."""
        return self.bare and (self.outer is None or self.outer.is_bare)

    @property
    def why(self) -> str:
        """Say why no byte of it can be relied on, "" as long as nothing speaks against it."""
        return self.lost or (self.outer.why if self.outer is not None else "")
