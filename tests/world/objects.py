"""The objects of a made-up pool: what the emitters change and the writers show."""

from dataclasses import dataclass, field

from tests.support.clock import Clock
from tests.world.journal import Journal
from tests.world.releases import Release

MIB = 1024 * 1024
GIB = 1024 * MIB


def bitmap(size: int) -> int:
    """Return the bytes of a CBT log's bitmap: a bit per 64 KiB of the disk."""
    blocks = (size + 65535) // 65536
    return (blocks + 7) // 8


def device_of(number: int) -> str:
    """Return the device of a guest's disk: xvda to xvdz, xvdaa, and on."""
    more, last = divmod(number, 26)
    return (device_of(more - 1) if more else "xvd") + chr(ord("a") + last)


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
    live: bool = True
    operations: dict[str, str] = field(default_factory=dict)  # of its control domain


@dataclass(slots=True, kw_only=True)
class Storage:
    """An SR. ``type``: lvm, lvmoiscsi (volumes) or ext, nfs (files). Sizes in bytes.

    ``mounts`` is where SM of this pool says that file systems are mounted.
    """

    uuid: str
    ref: str
    name: str
    type: str
    size: int = 500 * GIB
    free: int = 200 * GIB
    shared: bool = False
    mounts: str = "/var/run/sr-mount"
    unplugged: set[str] = field(default_factory=set)  # names of hosts whose PBD is not plugged
    operations: dict[str, str] = field(default_factory=dict)

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
        """Return where disks and logs are, as SM writes it."""
        return f"/dev/{self.group}" if self.volumes else f"{self.mounts}/{self.uuid}"

    def log(self, disk: str) -> str:
        """Return the path of a disk's CBT log."""
        return f"{self.folder}/{disk}.cbtlog"

    def image(self, disk: str, image_format: str = "vhd") -> str:
        """Return the path of a disk's image; raw volumes are named ``LV-``."""
        if not self.volumes:
            return f"{self.folder}/{disk}.{image_format}"
        prefix = "LV" if image_format == "raw" else image_format.upper()
        return f"{self.folder}/{prefix}-{disk}"


@dataclass(slots=True, kw_only=True)
class Log:
    """A CBT log as it is on the storage; ``active_on`` are hosts that have its volume active.

    ``size`` is the disk's as the log's header has it, ``volume`` the log volume's, both in bytes.
    ``bits`` stands for the bitmap: the names of the writes it knows of. A ``short`` log lost the
    end of its bitmap, because the file system was full.
    """

    size: int = 0
    parent: str | None = None
    child: str | None = None
    consistent: bool = True
    bits: frozenset[str] = frozenset()
    short: bool = False
    volume: int = 4 * MIB
    active_on: set[str] = field(default_factory=set)

    @property
    def length(self) -> int:
        """Return the bytes of the log where it is a file."""
        whole = 48 + bitmap(self.size)
        return whole // 4096 * 4096 if self.short else whole


@dataclass(slots=True, kw_only=True)
class Disk:
    """A VDI. ``image`` is False once the data is destroyed; ``log`` is its CBT log, if any.

    ``format``: vhd, raw or qcow2. ``recorded`` is the size in the database where that differs.
    """

    uuid: str
    ref: str
    name: str
    storage: Storage
    size: int
    type: str = "user"
    format: str = "vhd"
    recorded: int | None = None
    cbt_enabled: bool = False
    managed: bool = True
    image: bool = True
    snapshot_of: "Disk | None" = None
    snapshot_time: str = "19700101T00:00:00Z"
    vhd_parent: str | None = None
    log: Log | None = None
    attached: dict[str, str] = field(default_factory=dict)  # host ref: RW or RO
    tapdisk: tuple[str, str] = ("", "")  # pid and minor, while attached
    operations: dict[str, str] = field(default_factory=dict)
    other_config: dict[str, str] = field(default_factory=dict)
    marks: dict[str, str] = field(default_factory=dict)  # keys of sm_config that stayed
    orphaned: str = ""  # reference of the deleted disk that this is a snapshot of
    stamped: str = ""  # what a live disk is wrongly said to be a snapshot of

    @property
    def is_a_snapshot(self) -> bool:
        """Tell whether this is a snapshot of another disk."""
        return self.snapshot_of is not None or bool(self.orphaned)

    @property
    def path(self) -> str:
        """Return the path of the image."""
        return self.storage.image(self.uuid, self.format)


@dataclass(slots=True, kw_only=True)
class Machine:
    """A VM; ``disks`` in the order of their devices, ``host`` where it runs."""

    uuid: str
    ref: str
    name: str
    disks: list[Disk] = field(default_factory=list)
    host: Host | None = None
    snapshot_of: "Machine | None" = None
    operations: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class Network:
    """A network with one interface per host; ``subnet`` like ``192.0.2``, "" for no address.

    ``tag`` is its VLAN on top of ``device``; ``members`` are the devices of the bond ``device``.
    ``ipv6`` is a prefix like ``2001:db8:1::``. The sets hold the names of hosts whose interface
    is not attached, has no address, has no carrier, or is not let through their firewall.
    """

    uuid: str
    ref: str
    name: str
    bridge: str
    device: str
    subnet: str
    purpose: tuple[str, ...] = ()
    tag: int = -1
    members: tuple[str, ...] = ()
    ipv6: str = ""
    managed: bool = True
    shift: int = 0  # what its addresses have more in their last part
    unplugged: set[str] = field(default_factory=set)
    bare: set[str] = field(default_factory=set)
    down: set[str] = field(default_factory=set)
    closed: set[str] = field(default_factory=set)

    def address(self, host: Host) -> str:
        """Return the IPv4 address of a host on this network, "" without one."""
        gone = host.name in self.unplugged | self.bare
        return f"{self.subnet}.{host.number + self.shift}" if self.subnet and not gone else ""

    def address6(self, host: Host) -> str:
        """Return the IPv6 address of a host on this network, with its prefix, "" without one."""
        gone = host.name in self.unplugged | self.bare
        return f"{self.ipv6}{host.number}/64" if self.ipv6 and not gone else ""


@dataclass(slots=True, kw_only=True)
class Loopback:
    """A VBD of a control domain: a disk that xapi attached to dom0 itself.

    ``number`` is its userdevice, ``device`` below /dev. ``client`` is the NBD client's address
    and port while it is connected, "" otherwise.
    """

    uuid: str
    ref: str
    host: Host
    disk: Disk
    number: int
    device: str
    plugged: bool = True
    leaked: bool = False
    client: str = ""
    operations: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class Pool:
    """A pool at this moment; the first host is the master. ``disks`` by uuid.

    ``orphans`` are deleted disks whose CBT log is still on the storage; the next scan finds them.
    ``loopbacks`` are the disks that control domains hold.
    """

    uuid: str
    ref: str
    name: str
    clock: Clock
    hosts: list[Host] = field(default_factory=list)
    storages: list[Storage] = field(default_factory=list)
    machines: list[Machine] = field(default_factory=list)
    networks: list[Network] = field(default_factory=list)
    disks: dict[str, Disk] = field(default_factory=dict)
    orphans: dict[str, Disk] = field(default_factory=dict)
    loopbacks: list[Loopback] = field(default_factory=list)
    servers: dict[str, int] = field(default_factory=dict)  # host: pid of xapi-nbd, if it listens
    other_config: dict[str, str] = field(default_factory=dict)

    @property
    def stored(self) -> dict[str, Disk]:
        """Return what the storage has: the disks, and logs that no disk of the database has."""
        return {**self.disks, **self.orphans}

    @property
    def master(self) -> Host:
        """Return the master."""
        return self.hosts[0]
