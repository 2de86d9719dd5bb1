"""The NBD purposes of a pool's networks, as the database has them."""

from dataclasses import dataclass

from analyzer.checks._finding import quote_row, reports_of
from analyzer.model.finding import Evidence, Gap, Subject
from analyzer.model.xapi import Network
from analyzer.state.case import Case
from analyzer.state.pool import PoolState

SECURE = "nbd"
INSECURE = "insecure_nbd"
# The first schema with the field: CBT and NBD came with the same release, XenServer 7.3.
FIRST_SCHEMA_WITH_NBD = 133


@dataclass(frozen=True, slots=True, kw_only=True)
class Purposes:
    """Networks by purpose; one with both is in both.

    ``known`` is True when the whole table was read and every row has the field: only then does
    an empty tuple mean that there is none.
    """

    secure: tuple[Network, ...]
    insecure: tuple[Network, ...]
    known: bool

    @property
    def any(self) -> tuple[Network, ...]:
        """Return the networks with a purpose, each once."""
        return tuple({net.uuid: net for net in (*self.secure, *self.insecure)}.values())

    @property
    def mixed(self) -> bool:
        """Tell whether both purposes exist side by side."""
        return bool(self.secure and self.insecure)


NO_PURPOSES = Purposes(secure=(), insecure=(), known=False)


def purposes_of(pool: PoolState) -> Purposes:
    """Return the purposes that the database shows."""
    return Purposes(
        secure=tuple(net for net in pool.networks if SECURE in (net.purpose or ())),
        insecure=tuple(net for net in pool.networks if INSECURE in (net.purpose or ())),
        known=pool.complete and all(net.purpose is not None for net in pool.networks),
    )


def before_nbd(pool: PoolState) -> bool:
    """Tell whether this release had no NBD server yet."""
    return pool.schema_minor is not None and pool.schema_minor < FIRST_SCHEMA_WITH_NBD


def called(network: Network) -> str:
    """Return a network's name, else its bridge, else its uuid."""
    return network.name_label or network.bridge or network.uuid


def network_subject(network: Network) -> Subject:
    """Return a network as the subject of a finding."""
    return Subject(type="Network", uuid=network.uuid, name=network.name_label or network.bridge)


def quote_purpose(network: Network) -> Evidence:
    """Return the row's purpose as evidence."""
    return quote_row(network, "purpose")


def purposes_gap(case: Case, pool: PoolState) -> Gap:
    """Say that the purposes of a pool's networks were not all read."""
    reports = reports_of(case, pool)
    return Gap(
        need="xapi_db",
        host=reports[0].name if reports else "",
        why=f"{pool.source.member} does not show the purpose of every network",
        settle_with="xe network-list params=uuid,name-label,purpose",
    )


def unused(case: Case) -> bool:
    """Tell whether certainly no network of any pool has an NBD purpose."""
    return bool(case.pools) and all(
        before_nbd(pool) or (purposes.known and not purposes.any)
        for pool in case.pools
        for purposes in (purposes_of(pool),)
    )
