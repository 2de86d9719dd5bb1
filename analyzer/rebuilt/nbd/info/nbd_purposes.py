"""The NBD purposes of a pool's networks, as the database has them."""

from analyzer.case.pool import PoolState
from analyzer.model.xapi import Network
from analyzer.values import dataclass

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
