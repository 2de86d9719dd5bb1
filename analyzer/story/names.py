"""What may be asked for by name: every disk, VM, host, SR and network that a run tells of."""

from collections.abc import Iterable, Iterator

from analyzer.case.case import Case
from analyzer.case.pool import PoolState
from analyzer.model.names import Known, Names
from analyzer.model.sentence import joined, say
from analyzer.model.terms import CBT_METADATA
from analyzer.model.xapi import Vbd, Vdi
from analyzer.rebuilt.calls.attachments import disk_attachments
from analyzer.rebuilt.calls.operations import sm_operations
from analyzer.rebuilt.cbt.history import cbt_history
from analyzer.story.disks.index import DiskIndex
from analyzer.story.disks.life import snapshot_time
from analyzer.story.objects.host import KnownHost, known_hosts


def names_of(case: Case, disks: DiskIndex) -> Names:
    """Return all that may be asked for in a run."""
    rows = {vm.uuid: (pool, vm) for pool in case.pools for vm in pool.vms}
    vms_disks = disks_of_vms(case.pools)
    vm_known: list[Known] = []
    for uuid in sorted(rows):
        if not rows[uuid][1].is_control_domain:
            known_vm = rows[uuid][1]
            state = known_vm.power_state or "whether it runs is not known"
            kind = (
                "snapshot"
                if known_vm.is_a_snapshot
                else "template"
                if known_vm.is_a_template
                else state
            )
            vm_known.append(
                Known(
                    type="VM",
                    uuid=known_vm.uuid,
                    name=known_vm.name_label or "",
                    words=kind,
                    first=not (known_vm.is_a_snapshot or known_vm.is_a_template),
                    parts=vms_disks.get(uuid, ()),
                )
            )
    vms_known = tuple(vm_known)
    return Names(
        disks=known_disks(case, disks),
        vms=vms_known,
        hosts=tuple(_host_of_place(place, host) for place, host in enumerate(known_hosts(case))),
        srs=_srs_known(case),
        networks=_networks_known(case),
    )


def known_disks(case: Case, disks: DiskIndex) -> tuple[Known, ...]:
    """Return every disk that a database, a log or a call tells of, ordered by uuid."""
    found = {vdi.uuid: _disk_of_vdi(pool, vdi) for pool in case.pools for vdi in pool.vdis}
    for uuid, sr, words in _without_row(case):
        if uuid not in found:
            where = case.world.subject("SR", sr).called if sr else "unknown"
            told = say("{words}, SR {sr}", words=words, sr=where)
            found[uuid] = Known(type="VDI", uuid=uuid, name="", words=told)
    return tuple(_known_with_owner(found[uuid], disks.owner(uuid)) for uuid in sorted(found))


def uuids_known(case: Case) -> frozenset[str]:
    """Return the uuids of the disks, VMs and SRs that may be asked for."""
    rows = (row.uuid for pool in case.pools for row in (*pool.vdis, *pool.srs))
    vms = (vm.uuid for pool in case.pools for vm in pool.vms if not vm.is_control_domain)
    return frozenset((*rows, *vms, *(uuid for uuid, _, _ in _without_row(case))))


def _known_with_owner(disk: Known, owner: str) -> Known:
    return Known(
        type=disk.type,
        uuid=disk.uuid,
        name=disk.name,
        words=disk.words,
        first=disk.first,
        taken=disk.taken,
        owner=owner,
    )


def _without_row(case: Case) -> Iterator[tuple[str, str, str]]:
    """Yield (uuid, SR, what it is) of what logs tell of, whether a database has it or not."""
    yield from ((uuid, sr, "only a CBT log") for sr, uuid in sorted(cbt_history(case).now))
    for operation in sm_operations(case):
        if operation.vdi:
            yield operation.vdi, operation.sr or "", "only calls of SM name it"
    yield from ((each.vdi, "", "only attachments of it") for each in disk_attachments(case))


def _disk_of_vdi(pool: PoolState, vdi: Vdi) -> Known:
    disk = pool.vdi(vdi.snapshot_of)
    of = f" of {disk.name_label or disk.uuid}" if disk else ""
    kind = CBT_METADATA if vdi.type == CBT_METADATA else "snapshot" if vdi.is_a_snapshot else "live"
    if vdi.managed is False:  # what a coalesce left as the parent of others; nobody's disk
        kind = "base copy"
    taken = snapshot_time(vdi) if vdi.is_a_snapshot else None
    vms = (vm for vbd in pool.vbds_of(disk or vdi) if (vm := pool.vm(vbd.vm)))
    names = sorted({vm.name_label or vm.uuid for vm in vms if not vm.is_control_domain})
    sr = pool.sr(vdi.sr)
    parts = [
        f"{kind}{of}",
        *([say("{taken}", taken=taken)] if taken else []),
        *([f"VM {', '.join(names)}"] if names else []),
        f"SR {(sr.name_label or sr.uuid) if sr else 'unknown'}",
    ]
    return Known(
        type="VDI",
        uuid=vdi.uuid,
        name=vdi.name_label or "",
        words=joined(parts, ", "),
        first=kind == "live",
        taken=taken,
    )


def disks_of_vms(pools: Iterable[PoolState]) -> dict[str, tuple[str, ...]]:
    """Return the uuids of each VM's disks, in the order of their devices, by the VM's uuid."""
    found: dict[str, tuple[str, ...]] = {}
    for pool in pools:
        own: dict[str, list[Vbd]] = {}
        for vbd in pool.vbds:
            if vm := pool.vm(vbd.vm):
                own.setdefault(vm.uuid, []).append(vbd)
        for uuid, vbds in own.items():
            vbds.sort(key=lambda vbd: (len(vbd.userdevice or ""), vbd.userdevice or "", vbd.uuid))
            disks = (pool.vdi(vbd.vdi) for vbd in vbds)
            found[uuid] = tuple(dict.fromkeys(disk.uuid for disk in disks if disk))
    return found


def _host_of_place(place: int, host: KnownHost) -> Known:
    own = {host.name.split(".")[0]}
    if host.row and host.row.hostname:
        own |= {host.row.hostname, host.row.hostname.split(".")[0]}
    return Known(
        type="Host",
        uuid=host.uuid,
        name=host.name,
        also=tuple(sorted(own - {""})),
        words="host" if host.bundles else "host, of which no status report was given",
        bundles=host.bundles,
        place=place,
    )


def _srs_known(case: Case) -> tuple[Known, ...]:
    """Return the SRs in the order of `sr_views`."""
    rows = [(pool, sr) for pool in case.pools for sr in pool.srs]
    rows.sort(key=lambda row: (_pool_called(row[0]), row[1].name_label or "", row[1].uuid))
    # The disks of each SR by its uuid, in whichever pool's database they stand.
    found: dict[str, set[str]] = {}
    for disks_pool in case.pools:
        for vdi in disks_pool.vdis:
            if disks_sr := disks_pool.sr(vdi.sr):
                found.setdefault(disks_sr.uuid, set()).add(vdi.uuid)
    disks = found
    return tuple(
        Known(
            type="SR",
            uuid=sr.uuid,
            name=sr.name_label or "",
            words=f"{sr.type or 'type not known'}, pool {_pool_called(pool) or 'unknown'}",
            parts=tuple(sorted(disks.get(sr.uuid, ()))),
            place=place,
        )
        for place, (pool, sr) in enumerate(rows)
    )


def _networks_known(case: Case) -> tuple[Known, ...]:
    """Return the networks in the order of `network_views`."""
    rows = [(pool, network) for pool in case.pools for network in pool.networks]
    rows.sort(
        key=lambda row: (
            _pool_called(row[0]),
            not row[1].purpose,
            row[1].name_label or "",
            row[1].uuid,
        )
    )
    return tuple(
        Known(
            type="Network",
            uuid=network.uuid,
            name=network.name_label or "",
            also=(network.bridge,) if network.bridge else (),
            words=f"bridge {network.bridge or 'not known'}, pool {_pool_called(pool) or 'unknown'}",
            place=place,
        )
        for place, (pool, network) in enumerate(rows)
    )


def _pool_called(pool: PoolState) -> str:
    return pool.subject.called if pool.subject else ""
