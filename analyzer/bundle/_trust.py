"""Whether what came out of an archive is what was put in."""

from dataclasses import dataclass


@dataclass(slots=True, kw_only=True)
class Trust:
    """Shared by all members of an archive, because it is told only at the archive's end.

    ``lost`` is "" until a checksum of this archive was wrong; ``outer`` is that of the archive
    which this one lies in.
    """

    outer: "Trust | None" = None
    lost: str = ""

    @property
    def why(self) -> str:
        """Say why no byte of it can be relied on, "" as long as nothing speaks against it."""
        return self.lost or (self.outer.why if self.outer is not None else "")
