"""What a host saw of its storage when the bundle was made."""

from analyzer.model.source import Source
from analyzer.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class LogicalVolume:
    """A row of ``lvs.out``; ``size`` in bytes, rounded as lvs printed it."""

    source: Source
    text: str
    name: str
    vg: str
    attr: str
    size: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LvmVolumes:
    """``lvs.out`` of one host; ``complete`` is False after a timeout, a cut or no header."""

    source: Source
    header: str
    complete: bool
    volumes: tuple[LogicalVolume, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class VolumeGroup:
    """A row of ``vgs.out``; sizes in bytes, rounded as vgs printed them."""

    source: Source
    text: str
    name: str
    size: int | None
    free: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class VolumeGroups:
    """``vgs.out`` of one host."""

    source: Source
    complete: bool
    groups: tuple[VolumeGroup, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PhysicalVolumes:
    """``pvs.out`` of one host: (device, volume group) pairs."""

    source: Source
    complete: bool
    volumes: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedFile:
    """A file in a listing; ``size`` in bytes, None when the listing does not show it."""

    source: Source
    text: str
    name: str
    size: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SrListing:
    """A listing of an SR's mount point that somebody added to the bundle.

    ``sr`` is the SR's uuid, or None when the listing does not name its folder. ``complete`` is
    False when the text ends inside the folder (a cut, a timeout, an error line).
    """

    source: Source
    header: str
    sr: str | None
    complete: bool
    files: tuple[ListedFile, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceLinks:
    """Device names of volumes that were active: ``ls-lR-%dev.out`` or ``dmsetup-table.out``."""

    source: Source
    complete: bool
    volumes: tuple[tuple[str, str], ...]  # (volume group, logical volume)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mount:
    """A row of ``df-alT.out``; sizes in bytes."""

    source: Source
    text: str
    device: str
    type: str
    size: int | None
    available: int | None
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Mounts:
    """``df-alT.out`` of one host."""

    source: Source
    complete: bool
    mounts: tuple[Mount, ...]
