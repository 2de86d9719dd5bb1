"""Stories of NBD addresses: none, half of them, on the wrong network, behind a closed door."""

from datetime import timedelta

from tests.world.outputs_xapi import certificate
from tests.world.pool_nbd import backups
from tests.world.releases import XCP_NG_8_2, XENSERVER_9
from tests.world.sample import OFFERED, UNASKED, Sample

_SERVED = frozenset(
    {
        "nbd-attach-refused",
        "nbd-client-in-dom0",
        "nbd-connection-limit",
        "nbd-read-failed",
        "nbd-service-crashed",
        "nbd-session-invalid",
    }
)
_XO = frozenset({"nbd-never-used-purge-on"})
_HELLO = "tls_post_process_client_hello"
_ORCHESTRA = {"xo:backup:job": "3f0f6e2a-71ac-4b2c-9d15-1d6a0b9f77c4"}


def nbd_no_address() -> Sample:
    """The purpose is on a VLAN on which no host has an address."""
    pool = backups("nbd-no-address", tag=40, subnet="")
    for snapshot in pool.snapshots:
        pool.world.exports.info(snapshot)
    return pool.told({"nbd-info-no-pif-address": ((pool.storage.uuid,),)})


def nbd_pif_unplugged() -> Sample:
    """The interfaces of the backup network are not attached, on any host."""
    pool = backups("nbd-pif-unplugged", release=XENSERVER_9)
    pool.net.unplugged |= {"jupiter", "saturn"}
    pool.world.exports.info(pool.snapshots[0])
    return pool.told({"nbd-info-no-pif-address": ((pool.storage.uuid,),)})


def nbd_sr_elsewhere() -> Sample:
    """Only the host that has the SR unplugged has an address for NBD."""
    pool = backups("nbd-sr-elsewhere")
    pool.net.bare.add("jupiter")
    pool.storage.unplugged.add("saturn")
    pool.world.exports.info(pool.snapshots[0])
    return pool.told({"nbd-info-sr-not-connected": ((pool.storage.uuid,),)})


def nbd_host_bare() -> Sample:
    """One of two hosts has no address on the backup network."""
    pool = backups("nbd-host-bare")
    pool.net.bare.add("saturn")
    for snapshot in pool.snapshots:
        with pool.world.exported(snapshot):
            pool.world.clock.tick(60)
    return pool.told({"nbd-host-without-address": ((pool.hosts[1].uuid,),)})


def nbd_backup_network() -> Sample:
    """Xen Orchestra is told to use the one network that has no purpose."""
    pool = backups("nbd-backup-network")
    other = pool.world.network("Storage", "xenbr2", "eth2", "203.0.113")
    pool.world.state.other_config["xo:backupNetwork"] = other.uuid
    pool.world.exports.info(pool.snapshots[0])
    found = {"nbd-backup-network-without-purpose": ((other.uuid,),)}
    return pool.told(found, meaningless=_XO)


def nbd_backup_network_gone() -> Sample:
    """Xen Orchestra is told to use a network that was deleted."""
    pool = backups("nbd-backup-network-gone")
    pool.world.state.other_config["xo:backupNetwork"] = pool.world.ids.uuid()
    pool.world.exports.info(pool.snapshots[0])
    found = {"nbd-backup-network-without-purpose": ((pool.world.state.uuid,),)}
    return pool.told(found, meaningless=_XO)


def nbd_purge_in_vain() -> Sample:
    """The data of snapshots is destroyed after every backup, and NBD was never possible."""
    pool = backups("nbd-purge-in-vain", purpose=())
    for disk, snapshot in zip(pool.disks, pool.snapshots, strict=True):
        snapshot.other_config |= _ORCHESTRA
        disk.other_config |= {"xo:backup:schedule": _ORCHESTRA["xo:backup:job"]}
        held = pool.world.exports.take(snapshot, pool.world.master)
        pool.world.clock.tick(900)
        pool.world.exports.give_back(held)
        assert not pool.world.data_destroy(snapshot)
    found = {"nbd-never-used-purge-on": ((pool.world.state.uuid,),)}
    unused = {"nbd-info-no-nbd-network", "nbd-option-unknown"}
    meaningless = (UNASKED | OFFERED | _SERVED | unused) - _XO
    return pool.told(found, meaningless=meaningless)


def nbd_cable_out() -> Sample:
    """The cable of one host's backup interface is out."""
    pool = backups("nbd-cable-out")
    pool.net.down.add("saturn")
    pool.read()
    return pool.told({"nbd-address-unreachable-network": ((pool.hosts[1].uuid,),)})


def nbd_shared_subnet() -> Sample:
    """Two networks of the hosts are one subnet, NBD is allowed on one of them."""
    pool = backups("nbd-shared-subnet", release=XCP_NG_8_2)
    storage = pool.world.network("Storage", "xenbr2", "eth2", "198.51.100")
    storage.shift = 100
    pool.read()
    return pool.told(
        {"nbd-address-shared-subnet": (tuple(host.uuid for host in pool.hosts),)},
    )


def nbd_two_networks() -> Sample:
    """Two networks of the hosts are one subnet, and NBD is allowed on both: healthy."""
    pool = backups("nbd-two-networks", release=XCP_NG_8_2)
    other = pool.world.network("Storage", "xenbr2", "eth2", "198.51.100")
    other.shift = 100
    pool.world.set_purpose(other, "nbd")
    pool.read()
    return pool.told({})


def nbd_firewall_closed() -> Sample:
    """The firewall of one host has no rule for the backup network's bridge."""
    pool = backups("nbd-firewall-closed")
    pool.net.closed.add("saturn")
    pool.read(1)
    return pool.told({"nbd-address-configuration": ((pool.hosts[1].uuid,),)})


def nbd_firewalld_closed() -> Sample:
    """The same on XenServer 9, where firewalld has no service nbd."""
    pool = backups("nbd-firewalld-closed", release=XENSERVER_9)
    pool.net.closed.add("saturn")
    pool.read(1)
    return pool.told({"nbd-address-configuration": ((pool.hosts[1].uuid,),)})


def nbd_unmanaged() -> Sample:
    """The purpose is on a network that xapi does not manage; its firewall has no rule for it."""
    pool = backups("nbd-unmanaged", release=XCP_NG_8_2)
    pool.net.managed = False
    pool.net.closed |= {"jupiter", "saturn"}
    pool.world.exports.info(pool.snapshots[0])
    found = tuple((pool.net.uuid, host.uuid) for host in pool.hosts)
    return pool.told({"nbd-address-configuration": found})


def nbd_tls() -> Sample:
    """Clients that cannot do TLS as the server does: every night, several each."""
    pool = backups("nbd-tls")
    nbd = pool.world.nbd["jupiter"]
    pool.read()
    for exception in (
        'Failure("Client requested export over cleartext channel but server is in FORCEDTLS mode.")',
        "SSL accept() error: error:1408F10B:SSL routines:ssl3_get_record:wrong version number",
        f"SSL accept() error: error:1417A0C1:SSL routines:{_HELLO}:no shared cipher",
        "Ssl.Accept_error(Ssl.Error_ssl)",
        'Failure("Client requested abort (before negotiating TLS).")',
    ):
        for _ in range(3):
            nbd.refused(exception)
            pool.world.clock.tick(60)
    plain, encrypted = (pool.hosts[0].uuid,), (pool.hosts[0].uuid,)
    return pool.told({"nbd-tls-mismatch": (plain, encrypted)})


def nbd_tls_wanted() -> Sample:
    """Clients that insist on TLS where the network is insecure_nbd."""
    pool = backups("nbd-tls-wanted", release=XENSERVER_9, purpose=("insecure_nbd",))
    pool.read()
    for _ in range(4):
        pool.world.nbd["saturn"].refused("Nbd.Server.Client_requested_abort")
        pool.world.clock.tick(60)
    return pool.told({"nbd-tls-mismatch": ((pool.hosts[1].uuid,),)})


def nbd_certificate_over() -> Sample:
    """The certificate that one host shows its NBD clients is past its date."""
    pool = backups("nbd-certificate-over")
    sample = pool.told({"nbd-tls-mismatch": ((pool.hosts[0].uuid,),)})
    over = certificate(pool.world.state, pool.hosts[0], life=timedelta(days=200))
    sample.reports[0].file("xapi_cert.out", over)
    return sample


def nbd_ipv6_only() -> Sample:
    """The hosts have IPv6 addresses only on the backup network; xapi-nbd listens on IPv4."""
    pool = backups("nbd-ipv6-only", subnet="")
    pool.net.ipv6 = "2001:db8:1::"
    pool.world.exports.info(pool.snapshots[0])
    found = tuple((host.uuid, pool.net.uuid) for host in pool.hosts)
    return pool.told({"nbd-address-unreachable-network": found})


def nbd_mixed_purposes() -> Sample:
    """A pool of which an old database was restored has both purposes."""
    pool = backups("nbd-mixed-purposes", release=XENSERVER_9)
    other = pool.world.network("Lab", "xenbr2", "eth2", "203.0.113", ("insecure_nbd",))
    for _ in range(3):
        pool.world.nbd["jupiter"].contradictory()
        pool.world.clock.tick(60)
    return pool.told({"nbd-network-purpose-mixed": ((pool.net.uuid, other.uuid),)})


def nbd_near_misses() -> Sample:
    """An SR plugged nowhere, a bare network on the same subnet, an unplugged one: healthy."""
    pool = backups("nbd-near-misses")
    unused = pool.world.storage("Old NFS", "nfs")
    unused.unplugged |= {"jupiter", "saturn"}
    pool.world.disk("left from long ago", unused, 1024**3)
    bare = pool.world.network("Storage", "xenbr2", "eth2", "198.51.100")
    bare.bare |= {"jupiter", "saturn"}
    away = pool.world.network("Spare", "xenbr3", "eth3", "198.51.100")
    away.unplugged |= {"jupiter", "saturn"}
    away.down |= {"jupiter", "saturn"}
    pool.read(4)
    return pool.told({})


def nbd_supporter_off() -> Sample:
    """Xapi has lost sight of a supporter that still counts for get_nbd_info: the call fails."""
    pool = backups("nbd-supporter-off", hosts=("jupiter", "saturn", "titan"))
    pool.read(2)
    pool.hosts[2].live = False
    pool.world.exports.stop(pool.hosts[2])
    return pool.told(
        {"nbd-address-unreachable-network": ((pool.hosts[2].uuid, pool.storage.uuid),)}
    )


def nbd_scanned() -> Sample:
    """A port scanner and a health check come by all night: nobody's fault."""
    pool = backups("nbd-scanned")
    pool.read()
    for _ in range(40):
        pool.world.nbd["jupiter"].gone()
        pool.world.clock.tick(300)
    return pool.told({})
