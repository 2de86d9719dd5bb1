"""World: a made-up pool that runs; what happens in it is logged, and its state is kept.

A recipe calls the verbs of this class in order of time and then asks for the status reports:
the logs, the database, the volumes and the alerts agree, because they tell of one pool.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone, tzinfo
from types import MappingProxyType
from typing import TypeVar

from tests.support.bundle import BundleBuilder
from tests.support.calls import Calls, Comparison
from tests.support.clock import Clock, Dial, Ids
from tests.world import emit_disk, emit_scan, emit_snapshot
from tests.world.emit_nbd import Nbd
from tests.world.emit_network import change_purpose, update_firewall, watch_networks
from tests.world.emit_scan import Differences
from tests.world.emit_snapshot import LogFault
from tests.world.emit_system import boot, collect, everyday, halt
from tests.world.emit_xapi import Api
from tests.world.exports import Exports, Refusal
from tests.world.journal import Journal
from tests.world.objects import GIB, Disk, Host, Machine, Network, Pool, Storage
from tests.world.releases import XCP_NG_8_3, Release
from tests.world.status_report import status_report

Outcome = TypeVar("Outcome")
_IDLE = timedelta(minutes=20)


class World:
    """One pool, from `start` (UTC) on; the first host is the master.

    `zones` are the zones of hosts that are not in that of the pool, `ahead` says whose clock is
    not right, by their names. In an `untidy` one hosts keep house between any two calls, and scans
    say of disks in use only that their images grew.
    """

    def __init__(
        self,
        seed: str,
        start: datetime,
        *,
        hosts: Sequence[str] = ("jupiter",),
        release: Release = XCP_NG_8_3,
        utc_offset: timedelta = timedelta(hours=1),
        zones: Mapping[str, tzinfo] = MappingProxyType({}),
        ahead: Mapping[str, timedelta] = MappingProxyType({}),
        untidy: bool = False,
    ) -> None:
        self.untidy = untidy
        self.ids = Ids(seed)
        self.clock = Clock(now=start)
        self._dials = {
            name: Dial(
                clock=self.clock,
                zone=zones.get(name, timezone(utc_offset)),
                ahead=ahead.get(name, timedelta(0)),
            )
            for name in hosts
        }
        self.hosts = [self._host(name, number, release) for number, name in enumerate(hosts)]
        self.state = Pool(
            uuid=self.ids.uuid(),
            ref=self.ids.ref(),
            name="orion",
            clock=self.clock,
            hosts=self.hosts,
        )
        self.storages, self.machines = self.state.storages, self.state.machines
        self.networks, self.disks = self.state.networks, self.state.disks
        self.apis = {host.name: Api(host, self.ids) for host in self.hosts}
        self.api = self.apis[self.master.name]
        self.calls = Calls(self.state, self.api)
        self.nbd = {host.name: Nbd(host, self.state.servers) for host in self.hosts}
        self.exports = Exports(self.state, self.apis, self.nbd, self.ids)
        self.network("Pool-wide network associated with eth0", "xenbr0", "eth0", "192.0.2")

    @property
    def master(self) -> Host:
        """Return the pool's master."""
        return self.hosts[0]

    @property
    def by_ref(self) -> dict[str, Host]:
        """Return the hosts by reference."""
        return {host.ref: host for host in self.hosts}

    def storage(self, name: str, type_: str, *, free: int = 200 * GIB) -> Storage:
        """Add an SR; the network ones are shared."""
        made = Storage(
            uuid=self.ids.uuid(),
            ref=self.ids.ref(),
            name=name,
            type=type_,
            free=free,
            shared=type_ in {"nfs", "lvmoiscsi"},
            mounts="/run/sr-mount" if self.master.release.sm_major > 3 else "/var/run/sr-mount",
        )
        self.storages.append(made)
        return made

    def network(
        self,
        name: str,
        bridge: str,
        device: str,
        subnet: str,
        purpose: tuple[str, ...] = (),
        *,
        tag: int = -1,
        members: tuple[str, ...] = (),
        ipv6: str = "",
    ) -> Network:
        """Add a network with an interface on every host, a VLAN with a `tag`, a bond of `members`."""
        made = Network(
            uuid=self.ids.uuid(),
            ref=self.ids.ref(),
            name=name,
            bridge=bridge,
            device=device,
            subnet=subnet,
            purpose=purpose,
            tag=tag,
            members=members,
            ipv6=ipv6,
        )
        self.networks.append(made)
        return made

    def serve(self) -> None:
        """Let xapi-nbd run on every host, and xapi open the firewall for it."""
        for host in self.hosts:
            watch_networks(self.state, host, self.apis[host.name])
            self.exports.start(host)

    def set_purpose(self, net: Network, *purpose: str) -> None:
        """Give a network other purposes, as a user does; every host's firewall follows."""
        for added in sorted(set(purpose) - set(net.purpose)):
            change_purpose(self.api, net, "network.add_purpose", added)
        for gone in sorted(set(net.purpose) - set(purpose)):
            change_purpose(self.api, net, "network.remove_purpose", gone)
        net.purpose = purpose
        for host in self.hosts:
            update_firewall(self.state, host, self.apis[host.name])

    def machine(self, name: str, storage: Storage, sizes: Sequence[int]) -> Machine:
        """Add a VM, halted, with a disk per size (bytes)."""
        disks = [self.disk(f"{name} disk {n}", storage, size) for n, size in enumerate(sizes)]
        made = Machine(uuid=self.ids.uuid(), ref=self.ids.ref(), name=name, disks=disks)
        self.machines.append(made)
        return made

    def disk(self, name: str, storage: Storage, size: int, image_format: str = "vhd") -> Disk:
        """Add a disk."""
        made = Disk(
            uuid=self.ids.uuid(),
            ref=self.ids.ref(),
            name=name,
            storage=storage,
            size=size,
            format=image_format,
        )
        self.disks[made.uuid] = made
        return made

    @property
    def local(self) -> datetime:
        """Return what the master's wall clock shows."""
        return self.master.journal.clock.local

    def dial(self, host: Host) -> Dial:
        """Return what shows a host the time: set `ahead` to set its clock."""
        return self._dials[host.name]

    def until(self, moment: datetime) -> None:
        """Let time pass, with what idle hosts log now and then."""
        while self.clock.now + _IDLE < moment:
            self.clock.tick(_IDLE.total_seconds())
            for host in self.hosts:
                everyday(host, self.apis[host.name])
            for storage in self.storages:
                self.scan(storage)
                for host in self.hosts[1:]:
                    emit_scan.update(host, storage)
        self.clock.until(moment)

    def start(self, machine: Machine, host: Host | None = None) -> list[Disk]:
        """Start a VM; returns the disks whose CBT log was found unclosed."""
        machine.host = host or self.master
        task = self.api.call("VM.start")
        self.api.log(task, "xapi_vm", f"VM.start: VM = '{machine.name}'", level="info")
        self.api.hand_on(task, self.apis[machine.host.name])
        dropped: list[Disk] = []
        for disk in machine.disks:
            emit_disk.attach(machine.host, disk, writable=True)
            if not emit_disk.activate(machine.host, disk, writable=True):
                body = f"Changed Block Tracking metadata is inconsistent for disk {disk.uuid}."
                self._dropped(disk, "VDI_CBT_METADATA_INCONSISTENT", body)
                dropped.append(disk)
        for api in {id(api): api for api in (self.apis[machine.host.name], self.api)}.values():
            api.audit(task, ())
        return dropped

    def shut_down(self, machine: Machine) -> None:
        """Shut a VM down in order."""
        assert machine.host is not None, f"{machine.name} does not run"
        task = self.api.call("VM.clean_shutdown")
        for disk in machine.disks:
            emit_disk.deactivate(machine.host, disk)
            emit_disk.detach(machine.host, disk)
        machine.host = None
        self.api.audit(task, ())

    def crash(self, host: Host, *, minutes: float = 4) -> None:
        """Let a host lose power: nothing is closed, nothing logged, then it boots."""
        self.clock.tick(60 * minutes)
        boot(host)
        for disk in self.disks.values():
            disk.attached.pop(host.ref, None)
            if disk.log is not None:
                disk.log.active_on.discard(host.name)
        for machine in self.machines:
            if machine.host is host:
                machine.host = None
        self._cut(host)

    def upgrade(self, host: Host, release: Release) -> None:
        """Shut a host down in order, with its VMs halted before, and boot a newer release."""
        self.exports.stop(host)
        halt(host)
        self.clock.tick(2400)
        host.release = release
        boot(host)
        self.exports.start(host)

    def enable_cbt(self, disk: Disk) -> str:
        """Turn CBT on for a disk; returns the code of the error, "" if there is none."""
        return self._tidied(disk, self.calls.enable_cbt(disk))

    def disable_cbt(self, disk: Disk) -> str:
        """Turn CBT off for a disk, as a user does."""
        return self._tidied(disk, self.calls.disable_cbt(disk))

    def snapshot(self, disk: Disk, *, fault: LogFault = LogFault.NONE) -> Disk:
        """Take a snapshot; with a fault of the log the alert of its kind follows."""
        new, base = self._copy(disk, disk.name), self._copy(disk, "base copy")
        new.snapshot_of, new.snapshot_time = disk, self.master.journal.clock.compact
        new.cbt_enabled = disk.log is not None
        base.managed = False
        task = self.api.begin("VDI.snapshot", disk)
        manager = self._manager(disk)
        whole = emit_snapshot.snapshot(
            manager, disk, (new, base), self.state.stored, self.by_ref, fault=fault
        )
        if not whole:
            body = (
                f"Creating CBT snapshot for {disk.uuid} failed"
                if fault is LogFault.SUPPORTER
                else f"Creating CBT metadata log for disk {disk.uuid} failed."
            )
            self._dropped(disk, "VDI_CBT_SNAPSHOT_FAILED", body)
        self.api.end(task, disk)
        return self._tidied(disk, new)

    def resize(self, disk: Disk, size: int, *, fails: bool = False) -> str:
        """Grow a disk; xapi refuses that while a VM runs with it."""
        task = self.api.forward("VDI.resize", disk, f"VDI = '{{v}}'; size = {size}")
        if "RW" in disk.attached.values():
            return self.api.refuse(task, disk, "VDI_IN_USE", disk.ref, "resize")
        self.api.reach(task, disk)
        if not emit_snapshot.resize(self._manager(disk), disk, size, fails=fails):
            body = f"Resizing of CBT metadata for disk {disk.uuid} failed."
            self._dropped(disk, "VDI_CBT_RESIZE_FAILED", body)
        self.api.end(task, disk)
        return ""

    def data_destroy(self, snapshot: Disk) -> str:
        """Keep of a snapshot the CBT log only."""
        return self._tidied(snapshot, self.calls.data_destroy(snapshot))

    def list_changed_blocks(self, older: Disk, newer: Disk) -> Comparison:
        """Compare two disks."""
        return self._tidied(older, self.calls.list_changed_blocks(older, newer))

    def destroy(self, disk: Disk) -> str:
        """Delete a disk; xapi refuses that while it is attached."""
        return self._tidied(disk, self.calls.destroy(disk))

    def write(self, disk: Disk, name: str) -> None:
        """Let the VM write something; the log of a disk in use knows of it, if there is one."""
        assert "RW" in disk.attached.values(), f"{disk.name} is not in use"
        if disk.log is not None:
            disk.log.bits |= {name}

    def copy_of(self, machine: Machine, name: str) -> Machine:
        """Take a snapshot of a VM: its VBDs name the snapshots of its disks."""
        taken = [self.snapshot(disk) for disk in machine.disks]
        made = Machine(
            uuid=self.ids.uuid(),
            ref=self.ids.ref(),
            name=name,
            disks=taken,
            snapshot_of=machine,
        )
        self.machines.append(made)
        return made

    def collect_garbage(self, storage: Storage) -> None:
        """Merge base copies that no longer have two children, as SM's GC does."""
        here = [disk for disk in self.disks.values() if disk.storage is storage]
        for base in [disk for disk in here if not disk.managed]:
            children = [disk for disk in here if disk.vhd_parent == base.uuid and disk.image]
            if len(children) < 2 and base.uuid in self.disks:
                for child in children:
                    child.vhd_parent = base.vhd_parent
                collect(self._manager(base), base)
                del self.disks[base.uuid]

    def scan(self, storage: Storage) -> None:
        """Scan an SR: the database follows the storage, without a word to anybody."""
        found = self._differences(storage)
        emit_scan.scan(self.master, storage, {"subtask_of": "DummyRef:|SR.scan"}, found)
        for disk in found.new:
            self.disks[disk.uuid] = self.state.orphans.pop(disk.uuid)
            disk.type, disk.snapshot_of, disk.cbt_enabled = "cbt_metadata", None, True
        for disk in found.gone:
            del self.disks[disk.uuid]
        for disk in found.changed:
            disk.recorded = None
            self.api.set_cbt(disk, enabled=disk.log is not None)

    @contextmanager
    def exported(self, disk: Disk, host: Host | None = None) -> Iterator[None]:
        """Let a client read a disk over NBD, through the dom0 of `host`."""
        self.exports.info(disk)
        held = self.exports.open(disk, host or self.master)
        yield
        self.exports.close(held)

    def bundle(self, host: Host, *, nbd: str = "") -> BundleBuilder:
        """Return the status report of a host, made now; `nbd` is systemctl's word on xapi-nbd."""
        return status_report(self.state, host, self.api.messages, nbd)

    def _host(self, name: str, number: int, release: Release) -> Host:
        return Host(
            uuid=self.ids.uuid(),
            ref=self.ids.ref(),
            name=name,
            number=11 + number,
            release=release,
            journal=Journal(name, self._dials[name], first_pid=2400 + 3000 * number),
            dom0_uuid=self.ids.uuid(),
            dom0_ref=self.ids.ref(),
            master=number == 0,
        )

    def _cut(self, host: Host) -> None:
        """Start xapi-nbd after a loss of power: what it held is not plugged any more."""
        held = self.exports.held(host)
        for vbd in held:
            vbd.plugged, vbd.client = False, ""
        gone = Refusal(code="DEVICE_ALREADY_DETACHED", params=(held[0].ref,)) if held else None
        self.exports.start(host, gone)

    def _differences(self, storage: Storage) -> Differences:
        here = [disk for disk in self.disks.values() if disk.storage is storage]
        tracked = {disk.uuid: disk.log is not None for disk in here}
        orphans = self.state.orphans.values()
        return Differences(
            new=[disk for disk in orphans if disk.storage is storage],
            gone=[disk for disk in here if not (disk.image or tracked[disk.uuid])],
            changed=[
                disk
                for disk in here
                if disk.recorded or (disk.image and disk.cbt_enabled != tracked[disk.uuid])
            ],
            grown=[disk for disk in here if self.untidy and "RW" in disk.attached.values()],
        )

    def _tidied(self, disk: Disk, outcome: Outcome) -> Outcome:
        """Return what a call came to, after what SM and xapi do by themselves."""
        if self.untidy:
            self.scan(disk.storage)
            everyday(self.master, self.api)
        return outcome

    def _copy(self, disk: Disk, name: str) -> Disk:
        return self.disk(name, disk.storage, disk.size)

    def _manager(self, disk: Disk) -> Host:
        """Return the host that runs SM's master calls on the disk's SR."""
        assert disk.storage in self.storages
        return self.master

    def _dropped(self, disk: Disk, name: str, body: str) -> None:
        self.api.set_cbt(disk, enabled=False)
        self.api.alert(name, disk, body)
