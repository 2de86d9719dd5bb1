"""The objects of a made-up pool: what the emitters change and the writers show."""

from dataclasses import dataclass, field

from tests.support.clock import Clock
from tests.support.journal import Journal
from tests.support.releases import Release

MIB = 1024 * 1024
GIB = 1024 * MIB


def bitmap(size: int) -> int:
    """Return the bytes of a CBT log's bitmap: a bit per 64 KiB of the disk."""
    blocks = (size + 65535) // 65536
    return (blocks + 7) // 8


@dataclass(slots=True, kw_only=True)
class Host:
    """A member of the pool. ``number`` is the last part of its addresses on all networks."""

    uuid: str
    ref: str
    name: str
    number: int
    release: Release
    journal: Journal
    dom0_uuid: str
    dom0_ref: str
    master: bool = True


@dataclass(slots=True, kw_only=True)
class Storage:
    """An SR. ``type``: lvm, lvmoiscsi (volumes) or ext, nfs (files). Sizes in bytes."""

    uuid: str
    ref: str
    name: str
    type: str
    size: int = 500 * GIB
    free: int = 200 * GIB
    shared: bool = False

    @property
    def volumes(self) -> bool:
        """Tell whether disks are logical volumes."""
        return self.type.startswith("lvm")

    @property
    def group(self) -> str:
        """Return the volume group's name."""
        return f"VG_XenStorage-{self.uuid}"

    @property
    def folder(self) -> str:
        """Return where disks and logs are, as SM 3.x writes it."""
        return f"/dev/{self.group}" if self.volumes else f"/var/run/sr-mount/{self.uuid}"

    def log(self, disk: str) -> str:
        """Return the path of a disk's CBT log."""
        return f"{self.folder}/{disk}.cbtlog"

    def image(self, disk: str) -> str:
        """Return the path of a disk's VHD."""
        return f"{self.folder}/VHD-{disk}" if self.volumes else f"{self.folder}/{disk}.vhd"


@dataclass(slots=True, kw_only=True)
class Log:
    """A CBT log as it is on the storage; ``active_on`` are hosts that have its volume active."""

    parent: str | None = None
    child: str | None = None
    consistent: bool = True
    active_on: set[str] = field(default_factory=set)


@dataclass(slots=True, kw_only=True)
class Disk:
    """A VDI. ``image`` is False once the data is destroyed; ``log`` is its CBT log, if any."""

    uuid: str
    ref: str
    name: str
    storage: Storage
    size: int
    type: str = "user"
    cbt_enabled: bool = False
    managed: bool = True
    image: bool = True
    snapshot_of: "Disk | None" = None
    snapshot_time: str = "19700101T00:00:00Z"
    vhd_parent: str | None = None
    log: Log | None = None
    attached: dict[str, str] = field(default_factory=dict)  # host ref: RW or RO
    tapdisk: tuple[str, str] = ("", "")  # pid and minor, while attached

    @property
    def is_a_snapshot(self) -> bool:
        """Tell whether this is a snapshot of another disk."""
        return self.snapshot_of is not None


@dataclass(slots=True, kw_only=True)
class Machine:
    """A VM; ``disks`` in the order of their devices, ``host`` where it runs."""

    uuid: str
    ref: str
    name: str
    disks: list[Disk] = field(default_factory=list)
    host: Host | None = None
    snapshot_of: "Machine | None" = None


@dataclass(slots=True, kw_only=True)
class Network:
    """A network with one interface per host; ``subnet`` like ``192.0.2``, "" for no address."""

    uuid: str
    ref: str
    name: str
    bridge: str
    device: str
    subnet: str
    purpose: tuple[str, ...] = ()


@dataclass(slots=True, kw_only=True)
class Pool:
    """A pool at this moment; the first host is the master. ``disks`` by uuid."""

    uuid: str
    ref: str
    name: str
    clock: Clock
    hosts: list[Host] = field(default_factory=list)
    storages: list[Storage] = field(default_factory=list)
    machines: list[Machine] = field(default_factory=list)
    networks: list[Network] = field(default_factory=list)
    disks: dict[str, Disk] = field(default_factory=dict)

    @property
    def master(self) -> Host:
        """Return the master."""
        return self.hosts[0]
