"""A network of a pool in full: who is on it, with which address, and whether NBD gets through."""

from analyzer.model.finding import Evidence, Subject
from analyzer.model.nbd import InfoWarning
from analyzer.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class InterfaceView:
    """A host's PIF on a network; None is what was not read.

    ``kind`` says in words what it is made of (``VLAN 40 on eth1``, ``bond of eth0, eth1``).
    ``link`` is whether it was up, ``firewall`` what became of NBD connections (open, closed),
    None where it is not known. ``named`` tells whether get_nbd_info gives its addresses for any
    SR, ``warnings`` what then speaks against them. ``reported`` is False for a host whose
    report was not given.
    """

    host: Subject
    pif: Subject
    kind: str
    attached: bool | None
    mode: str | None
    addresses: tuple[str, ...]
    netmask: str | None
    gateway: str | None
    management: bool | None
    link: bool | None
    firewall: str | None
    named: bool
    reported: bool
    evidence: Evidence
    warnings: tuple[InfoWarning, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkView:
    """A network; ``serves`` are the SRs that get_nbd_info offers on it.

    ``purpose`` is None where not known; ``clients`` are the subnets from which the addresses are
    reached without a router; ``findings`` the ids of those about it or a host's PIF on it.
    """

    pool: Subject | None
    network: Subject
    bridge: str | None
    managed: bool | None
    purpose: tuple[str, ...] | None
    interfaces: tuple[InterfaceView, ...]
    serves: tuple[Subject, ...]
    clients: tuple[str, ...]
    evidence: Evidence
    findings: tuple[str, ...] = ()

    @property
    def key(self) -> tuple[str, bool, str, str]:
        """Return what networks are sorted by: pool, those for NBD first, name, uuid."""
        return (
            self.pool.called if self.pool else "",
            not self.purpose,
            self.network.name or "",
            self.network.uuid,
        )
