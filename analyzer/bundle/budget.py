"""Limits that end a hostile or runaway archive; every limit that bites becomes an omission."""

import os

from analyzer.values import dataclass

MIB = 1024 * 1024
# Of a pool that uses CBT and NBD all day every sixth line is kept, of a tar.bz2 a row in 45 bytes.
BYTES_OF_A_ROW = 40
LINES_OF_A_ROW = 4
TEXT_OF_A_ROW = 512  # characters; a text of twice as many counts as two rows, and so on


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """What one run may read. Sizes in bytes; the defaults fit bundles of a large pool.

    Attributes:
        total: decompressed bytes of one archive over all its layers, skipped members included;
            a whole pool's reports are a few GB (``--max-total``).
        member: decompressed bytes of one member; syslog turns a log over at 100 MiB, so only a
            runaway log comes near it (``--max-member``).
        packed: decompressed bytes of a log that is compressed by itself, as rotated ones are; a
            bomb in one costs no other member its reading (``--max-packed``).
        document: bytes of a member that is read whole, such as ``xapi-db.xml``
            (``--max-document``).
        ratio: decompressed by compressed size of the archive as given (``--max-ratio``). It
            counts only past `ratio_floor`, because a log of one repeated line honestly
            compresses a thousandfold.
        ratio_floor: bytes that are always read, whatever the ratio.
        members: entries of one archive, nested archives and skipped ones included; a report has
            a few thousand (``--max-members``).
        depth: archives inside each other; 4 is a ticket's zip, XenCenter's zip, a host's tar,
            and the sub-archive of ``/etc/systemd`` in it (``--max-depth``).
        archives: archives opened inside one archive: a pool has at most 64 hosts, each with its
            own and one sub-archive (``--max-archives``).
        name: characters of a member's name; no path of a host is longer (``--max-name``).
        reports: status reports in all; a pool has at most 64 hosts (``--max-reports``).
        disks: disks with CBT that are told one by one, those with findings first; rules judge all
            of them (``--max-disks``).
        rows: lines of logs that are kept, and one more for each `BYTES_OF_A_ROW` of the input. A
            row takes about 2 kB of memory and 0.2 ms; so do `LINES_OF_A_ROW` lines that are looked
            at and not kept. A line counts once for each `TEXT_OF_A_ROW` characters. One log has at
            most half of them, so that a storm in one leaves room for the others (``--max-rows``).
        line: bytes of one line that are kept; the rest of it is counted and dropped
            (``--max-line``).
    """

    total: int = 64 * 1024 * MIB
    member: int = 8 * 1024 * MIB
    packed: int = 512 * MIB
    document: int = 512 * MIB
    ratio: int = 2000
    ratio_floor: int = 1024 * MIB
    members: int = 200_000
    depth: int = 4
    archives: int = 256
    name: int = 4096
    reports: int = 256
    disks: int = 20_000
    rows: int = 300_000
    line: int = MIB


def cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
