"""Limits that end a hostile or runaway archive; every limit that bites becomes an omission."""

from dataclasses import dataclass

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """What one run may read. Sizes in bytes; the defaults fit bundles of a large pool.

    ``ratio`` is decompressed by compressed size and counts only past ``ratio_floor`` bytes,
    because a log of one repeated line honestly compresses a thousandfold.
    """

    total: int = 64 * 1024 * MIB
    member: int = 8 * 1024 * MIB
    document: int = 512 * MIB
    ratio: int = 2000
    ratio_floor: int = 1024 * MIB
    members: int = 200_000
    depth: int = 4
    line: int = MIB
