"""What may happen to a packed archive: cut, bits flipped, blocks zeroed, in each form it comes in."""

import io
import random
import tarfile
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

from analyzer.bundle._fates import owns
from analyzer.sources import SOURCES
from tests.mutate.damage import Kind, Reports
from tests.world.pack import Packed, compressed, tar, zipped

SHAPES = ("tar", "tar.gz", "tar.bz2", "zip")
PERCENTS = range(2, 100, 2)
FLIPS = 300
BLOCKS = 150
BLOCK = 4096
_TEXT = frozenset({*b"\t\n\r", *range(0x20, 0x7F)})
_HEADS = {"tar.gz": 10, "tar.bz2": 4}  # what a bit means there changes no byte of any member


@dataclass(frozen=True, slots=True, kw_only=True)
class Blow:
    """Damage at a byte of an archive: cut there, or a bit or a block changed.

    ``bit`` is the number of the bit that is flipped.
    """

    kind: Kind
    shape: str
    at: int
    bit: int = 0

    def strike(self, archive: bytes) -> bytes:
        """Return the damaged archive."""
        match self.kind:
            case Kind.CUT:
                return archive[: self.at]
            case Kind.ZEROED:
                after = archive[self.at + BLOCK :]
                return archive[: self.at] + bytes(len(archive) - self.at - len(after)) + after
            case _:
                changed = bytes([archive[self.at] ^ 1 << self.bit])
                return archive[: self.at] + changed + archive[self.at + 1 :]

    @property
    def where(self) -> str:
        """Return what is printed of it."""
        return f"{self.shape} {self.kind.value} at {self.at:,}.{self.bit}"


def packed(reports: Reports, shape: str) -> bytes:
    """Pack reports into one archive of a shape."""
    files = _files(reports)
    if shape == "zip":
        return zipped(files)
    _, _, compression = shape.partition(".")
    match compression:
        case "gz" | "bz2":
            return compressed(tar(files), compression)
        case _:
            return tar(files)


def _files(reports: Reports) -> list[Packed]:
    alone = len(reports) == 1
    return [
        file
        for report in reports
        for file in report.packed("" if alone else f"bugtool-{report.host}/")
    ]


def blows(sample: str, reports: Reports) -> Iterator[Blow]:
    """Yield every blow that is dealt to a sample, in a fixed order."""
    for shape in SHAPES:
        archive = packed(reports, shape)
        places = _places(archive, shape)
        chance = random.Random(f"{sample} {shape}")  # noqa: S311 - nothing here is secret
        cuts = {len(archive) * percent // 100 for percent in PERCENTS}
        borders = _borders(archive, shape)
        cuts |= {border + step for border in borders for step in (-1, 0, 1)}
        for at in sorted(cut for cut in cuts if 0 < cut < len(archive) - 1):
            yield Blow(kind=Kind.CUT, shape=shape, at=at)
        for at in sorted(chance.sample(places, FLIPS)):
            yield Blow(kind=Kind.FLIPPED, shape=shape, at=at, bit=chance.randrange(8))
        for at in sorted(chance.sample(places, BLOCKS)):
            yield Blow(kind=Kind.ZEROED, shape=shape, at=at)


def is_told(blow: Blow, archive: bytes) -> bool:
    """Tell whether anything in an archive can tell of a blow.

    A tar has no checksum over what files hold: where one letter becomes another, only the sums
    of ``inventory.xml`` can tell, and for the live logs and the files of /etc there are none.
    What stands in a file that nobody reads, nobody misses.
    """
    if blow.kind is Kind.CUT or blow.shape not in ("tar", "zip"):
        return True
    if blow.shape == "zip":
        return is_read(_member_of_zip_at(blow.at, archive))
    path = _member_at(blow.at, archive)
    if not is_read(path):
        return False
    if blow.kind is Kind.ZEROED or archive[blow.at] ^ 1 << blow.bit not in _TEXT:
        return True
    return "/" not in path and path not in ("inventory.xml", "xen-bugtool.log")


def is_read(path: str) -> bool:
    """Tell whether a member is of a source."""
    return any(owns(kind, path) for kind in SOURCES)


def _member_at(at: int, archive: bytes) -> str:
    """Return the path in its report of the member that a byte of a tar belongs to."""
    with tarfile.open(fileobj=io.BytesIO(archive)) as opened:
        return next(
            info.name.partition("bug-report-")[2].partition("/")[2]
            for info in opened
            if info.offset_data <= at < info.offset_data + info.size
        )


def _member_of_zip_at(at: int, archive: bytes) -> str:
    """Return the path in its report of the member that a byte of a zip belongs to."""
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        before = [info for info in opened.infolist() if info.header_offset <= at]
    return (
        max(before, key=lambda info: info.header_offset)
        .filename.partition("bug-report-")[2]
        .partition("/")[2]
    )


def _places(archive: bytes, shape: str) -> Sequence[int]:
    """Return the bytes of which each belongs to what some file holds."""
    if shape == "tar":
        with tarfile.open(fileobj=io.BytesIO(archive)) as opened:
            spans = [(info.offset_data, info.size) for info in opened]
    elif shape == "zip":
        with zipfile.ZipFile(io.BytesIO(archive)) as opened_zip:
            heads = [
                (i.header_offset + 30, i.filename, i.compress_size) for i in opened_zip.infolist()
            ]
        spans = [(at + len(name.encode()), size) for at, name, size in heads]
    else:
        spans = [(_HEADS[shape], len(archive) - _HEADS[shape] - 1)]
    return list(chain.from_iterable(range(at, at + size) for at, size in spans))


def _borders(archive: bytes, shape: str) -> Sequence[int]:
    if shape == "tar":
        with tarfile.open(fileobj=io.BytesIO(archive)) as opened:
            return [info.offset for info in opened]
    if shape == "zip":
        with zipfile.ZipFile(io.BytesIO(archive)) as opened_zip:
            return [info.header_offset for info in opened_zip.infolist()]
    return []
